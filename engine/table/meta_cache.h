// A MetaCache gives what a table needs besides its data blocks (index, filter, dictionary) in the form in which it is
// used, from the block cache, where it is charged with its memory, or loads it and puts it there.
//
// Units:   bytes.
// Owner:   borrows the cache; a MetaRef keeps its value alive.
// Threads: every method is safe from any thread; a MetaRef belongs to one.
// Errors:  those of loading; Incomplete when only the cache may be asked and the value is not there.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "engine/base/perf.h"
#include "engine/base/stats.h"
#include "engine/cache/cache.h"
#include "engine/table/table_options.h"

namespace gneiss {

// The key under which a block of a table lies in the cache.
struct BlockCacheKey {
  uint64_t cache_id;
  uint64_t offset;
  Slice AsSlice() const { return Slice(reinterpret_cast<const char*>(this), sizeof(*this)); }
};
static_assert(sizeof(BlockCacheKey) == 16);

// Keeps such a value alive: held by the reader, or pinned in the cache, or owned because the cache took it not.
template <typename T>
class MetaRef {
 public:
  MetaRef() = default;
  explicit MetaRef(const T* held) : value_(held) {}
  explicit MetaRef(std::unique_ptr<const T> owned) : value_(owned.get()), owned_(std::move(owned)) {}
  MetaRef(Cache* cache, Cache::Handle* handle)
      : value_(static_cast<const T*>(cache->Value(handle))), cache_(cache), handle_(handle) {}
  MetaRef(MetaRef&& other) noexcept { *this = std::move(other); }
  MetaRef& operator=(MetaRef&& other) noexcept {
    std::swap(value_, other.value_);
    std::swap(owned_, other.owned_);
    std::swap(cache_, other.cache_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~MetaRef() {
    if (handle_ != nullptr) cache_->Release(handle_);
  }
  const T* get() const { return value_; }
  bool owns() const { return owned_ != nullptr; }
  const T* operator->() const { return value_; }

 private:
  const T* value_ = nullptr;
  std::unique_ptr<const T> owned_;
  Cache* cache_ = nullptr;
  Cache::Handle* handle_ = nullptr;
};

template <typename T>
void DeleteMeta(Slice /*key*/, void* value) {
  delete static_cast<T*>(value);
}

// What is counted besides the counters of all blocks.
struct MetaTickers {
  Ticker hit;
  Ticker miss;
  Ticker add;
  Ticker bytes;
  uint64_t PerfCounters::*perf_hit;  // null: none
};
inline constexpr MetaTickers kIndexTickers = {.hit = Ticker::kBlockCacheIndexHit,
                                              .miss = Ticker::kBlockCacheIndexMiss,
                                              .add = Ticker::kBlockCacheIndexAdd,
                                              .bytes = Ticker::kBlockCacheIndexBytesInsert,
                                              .perf_hit = &PerfCounters::block_cache_index_hit_count};
inline constexpr MetaTickers kFilterTickers = {.hit = Ticker::kBlockCacheFilterHit,
                                               .miss = Ticker::kBlockCacheFilterMiss,
                                               .add = Ticker::kBlockCacheFilterAdd,
                                               .bytes = Ticker::kBlockCacheFilterBytesInsert,
                                               .perf_hit = &PerfCounters::block_cache_filter_hit_count};
inline constexpr MetaTickers kDictionaryTickers = {.hit = Ticker::kBlockCacheDictionaryHit,
                                                   .miss = Ticker::kBlockCacheDictionaryMiss,
                                                   .add = Ticker::kBlockCacheDictionaryAdd,
                                                   .bytes = Ticker::kBlockCacheDictionaryBytesInsert,
                                                   .perf_hit = nullptr};

class MetaCache {
 public:
  struct Config {
    Cache* cache = nullptr;  // null: nothing may be asked for
    uint64_t cache_id = 0;
    StatsSink* stats = nullptr;
    int level = -1;  // of the table, for counters; -1: unknown
    bool has_high_priority = false;
  };
  explicit MetaCache(const Config& config) : config_(config) {}

  // From the cache, or by load(&value) and into the cache.
  template <typename T, typename Load>
  Status Get(const ReadParams& params, uint64_t offset, const MetaTickers* tickers, Load load, MetaRef<T>* ref) const;
  // What the cache has, without being counted as asked for; else an empty ref.
  template <typename T>
  MetaRef<T> Peek(uint64_t offset) const;
  // Into the cache if that takes it. The result keeps it alive in either case.
  template <typename T>
  MetaRef<T> Put(uint64_t offset, const MetaTickers* tickers, std::unique_ptr<T> value) const;

 private:
  const Config config_;
};

template <typename T>
MetaRef<T> MetaCache::Peek(uint64_t offset) const {
  const BlockCacheKey key = {.cache_id = config_.cache_id, .offset = offset};
  Cache::Handle* const found = config_.cache == nullptr ? nullptr : config_.cache->Lookup(key.AsSlice());
  return found == nullptr ? MetaRef<T>() : MetaRef<T>(config_.cache, found);
}

template <typename T, typename Load>
Status MetaCache::Get(const ReadParams& params, uint64_t offset, const MetaTickers* tickers, Load load,
                      MetaRef<T>* ref) const {
  Cache* const cache = config_.cache;
  StatsSink* const stats = config_.stats;
  const BlockCacheKey key = {.cache_id = config_.cache_id, .offset = offset};
  if (Cache::Handle* found = cache->Lookup(key.AsSlice()); found != nullptr) {
    AddTicker(stats, Ticker::kBlockCacheHit);
    AddTicker(stats, tickers->hit);
    if (tickers->perf_hit != nullptr) PerfAdd(tickers->perf_hit);
    PerfCount(&PerfCounters::block_cache_hit_count, config_.level, LevelPerf::kBlockCacheHit);
    AddTicker(stats, Ticker::kBlockCacheBytesRead, stats == nullptr ? 0 : cache->Charge(found));
    *ref = MetaRef<T>(cache, found);
    return Status::Ok();
  }
  AddTicker(stats, Ticker::kBlockCacheMiss);
  AddTicker(stats, tickers->miss);
  PerfAddAt(config_.level, LevelPerf::kBlockCacheMiss);
  if (params.cache_only) return Status::Incomplete("no blocking io");
  std::unique_ptr<T> value;
  GNEISS_RETURN_IF_ERROR(load(&value));
  *ref = params.fill_cache ? Put(offset, tickers, std::move(value))
                           : MetaRef<T>(std::unique_ptr<const T>(std::move(value)));
  return Status::Ok();
}

template <typename T>
MetaRef<T> MetaCache::Put(uint64_t offset, const MetaTickers* tickers, std::unique_ptr<T> value) const {
  StatsSink* const stats = config_.stats;
  const BlockCacheKey key = {.cache_id = config_.cache_id, .offset = offset};
  const auto priority = config_.has_high_priority ? Cache::Priority::kHigh : Cache::Priority::kLow;
  const size_t charge = value->MemoryBytes();
  Cache::Handle* inserted = nullptr;
  if (!config_.cache->Insert(key.AsSlice(), value.get(), charge, &DeleteMeta<T>, priority, &inserted).ok()) {
    AddTicker(stats, Ticker::kBlockCacheAddFailures);
    return MetaRef<T>(std::unique_ptr<const T>(std::move(value)));
  }
  AddTicker(stats, Ticker::kBlockCacheAdd);
  AddTicker(stats, Ticker::kBlockCacheBytesWrite, charge);
  AddTicker(stats, tickers->add);
  AddTicker(stats, tickers->bytes, charge);
  value.release();
  return MetaRef<T>(config_.cache, inserted);
}

}  // namespace gneiss
