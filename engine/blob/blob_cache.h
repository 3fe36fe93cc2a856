// Values of blob files kept in memory, uncompressed, in a Cache that the user gave for them (it may be the block
// cache).
//
// Units:   charges count bytes.
// Owner:   the cache owns what is in it; a PinnedValue that came from it keeps one value alive.
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/recycled_buffer.h"
#include "engine/base/stats.h"
#include "engine/cache/cache.h"
#include "engine/key/pinned_value.h"

namespace gneiss {

// A value in memory of its own; `value` lies somewhere inside.
struct BlobBytes {
  RecycledBuffer memory;
  size_t memory_bytes = 0;
  Slice value;
};

// `file_id` is the cache's NewId(), drawn once per file.
struct BlobCacheKey {
  uint64_t file_id = 0;
  uint64_t offset = 0;
  Slice AsSlice() const { return Slice(reinterpret_cast<const char*>(this), sizeof(*this)); }
};

// True when the value was there: it is pinned.
bool FindCachedBlob(Cache* cache, const BlobCacheKey& key, StatsSink* stats, PinnedValue* value);
// Hands the bytes to the cache and pins them there. Without room they stay outside and are pinned all the same.
void CacheAndPinBlob(Cache* cache, const BlobCacheKey& key, StatsSink* stats, BlobBytes bytes, PinnedValue* value);
// Only puts a copy into the cache, for readers to come.
void WarmBlobCache(Cache* cache, const BlobCacheKey& key, StatsSink* stats, Slice blob);
// Without a cache: the PinnedValue owns them.
void PinBlob(BlobBytes bytes, PinnedValue* value);

}  // namespace gneiss
