// The engine's view of a rocksdb::Cache.
//
// One of our own caches is opened: the engine works on the cache inside it. A user's subclass is adapted, call by call.
//
// Owner:   the result shares ownership of `cache`.
// Threads: plain function; the result is as safe as `cache`.
#pragma once

#include <rocksdb/cache.h>

#include <memory>

#include "engine/cache/cache.h"

namespace gneiss::compat {

// Null for null.
std::shared_ptr<gneiss::Cache> EngineCacheOf(const std::shared_ptr<rocksdb::Cache>& cache);

// NotSupported when `cache` was asked for something that is not built. DB::Open asks, as making a cache cannot fail.
rocksdb::Status CheckCacheSupported(const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace gneiss::compat
