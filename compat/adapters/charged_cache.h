// A cache whose contents count against another cache too: a blob cache, where cache_usage_options charge the block
// cache for CacheEntryRole::kBlobCache.
//
// Owner:   the result shares both caches. Families that name the same two share one, so that nothing is charged twice;
//          the charge ends with the last of them.
// Threads: safe from any thread.
// Errors:  a block cache without room takes as much of the charge as it can; the cached values are in memory anyway.
#pragma once

#include <rocksdb/cache.h>

#include <memory>

#include "engine/cache/cache.h"

namespace gneiss::compat {

std::shared_ptr<gneiss::Cache> ChargedCacheOf(const std::shared_ptr<rocksdb::Cache>& cache,
                                              const std::shared_ptr<rocksdb::Cache>& charged,
                                              rocksdb::CacheEntryRole role);

}  // namespace gneiss::compat
