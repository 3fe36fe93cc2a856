#include "engine/blob/blob_cache.h"

#include <cstring>
#include <utility>

#include "engine/base/perf.h"
#include "engine/cache/cache_role.h"

namespace gneiss {

namespace {

void DeleteBytes(Slice /*key*/, void* value) { delete static_cast<BlobBytes*>(value); }
const CacheRoleMark kBlobMark(&DeleteBytes, CacheRole::kBlob);

void PinCached(Cache* cache, Cache::Handle* handle, PinnedValue* value) {
  const auto release = [](void* in_cache, void* held) {
    static_cast<Cache*>(in_cache)->Release(static_cast<Cache::Handle*>(held));
  };
  const auto* const bytes = static_cast<const BlobBytes*>(cache->Value(handle));
  value->PinBytes(bytes->value, {.release = release, .argument1 = cache, .argument2 = handle});
}

// False: the caller keeps the bytes. The priority is the lowest, as RocksDB gives it to blobs.
bool Insert(Cache* cache, const BlobCacheKey& key, StatsSink* stats, std::unique_ptr<BlobBytes>* bytes,
            Cache::Handle** handle) {
  const size_t charge = (*bytes)->memory_bytes + sizeof(BlobBytes);
  const size_t value_bytes = (*bytes)->value.size();
  if (!cache->Insert(key.AsSlice(), bytes->get(), charge, &DeleteBytes, Cache::Priority::kBottom, handle).ok()) {
    AddTicker(stats, Ticker::kBlobCacheAddFailures);
    return false;
  }
  bytes->release();
  AddTicker(stats, Ticker::kBlobCacheAdd);
  AddTicker(stats, Ticker::kBlobCacheBytesWrite, value_bytes);
  return true;
}

}  // namespace

bool FindCachedBlob(Cache* cache, const BlobCacheKey& key, StatsSink* stats, PinnedValue* value) {
  Cache::Handle* const handle = cache->Lookup(key.AsSlice());
  if (handle == nullptr) {
    AddTicker(stats, Ticker::kBlobCacheMiss);
    return false;
  }
  PinCached(cache, handle, value);
  PerfAdd(&PerfCounters::blob_cache_hit_count);
  AddTicker(stats, Ticker::kBlobCacheHit);
  AddTicker(stats, Ticker::kBlobCacheBytesRead, value->slice().size());
  return true;
}

void CacheAndPinBlob(Cache* cache, const BlobCacheKey& key, StatsSink* stats, BlobBytes bytes, PinnedValue* value) {
  auto owned = std::make_unique<BlobBytes>(std::move(bytes));
  Cache::Handle* handle = nullptr;
  if (Insert(cache, key, stats, &owned, &handle)) {
    PinCached(cache, handle, value);
  } else {
    PinBlob(std::move(*owned), value);
  }
}

void WarmBlobCache(Cache* cache, const BlobCacheKey& key, StatsSink* stats, Slice blob) {
  auto owned = std::make_unique<BlobBytes>();
  owned->memory = RecycledBuffer(blob.size());
  owned->memory_bytes = blob.size();
  blob.copy(owned->memory.get(), blob.size());
  owned->value = Slice(owned->memory.get(), blob.size());
  Insert(cache, key, stats, &owned, nullptr);
}

void PinBlob(BlobBytes bytes, PinnedValue* value) {
  const auto release = [](void* memory, void* capacity) {
    RecycledBuffer::Free(static_cast<char*>(memory), reinterpret_cast<size_t>(capacity));
  };
  void* const capacity = reinterpret_cast<void*>(bytes.memory.capacity_bytes());
  value->PinBytes(bytes.value, {.release = release, .argument1 = bytes.memory.Release(), .argument2 = capacity});
}

}  // namespace gneiss
