// The engine's view of a rocksdb::Cache.
//
// One of our own caches is opened: the engine works on the cache inside it. A user's subclass is adapted, call by call.
//
// Owner:   the result shares ownership of `cache`.
// Threads: plain function; the result is as safe as `cache`.
#pragma once

#include <rocksdb/cache.h>

#include <memory>
#include <optional>

#include "engine/cache/cache.h"
#include "engine/cache/cache_role.h"

namespace gneiss::compat {

// Null for null.
std::shared_ptr<gneiss::Cache> EngineCacheOf(const std::shared_ptr<rocksdb::Cache>& cache);

// NotSupported when `cache` was asked for something that is not built. DB::Open asks, as making a cache cannot fail.
rocksdb::Status CheckCacheSupported(const std::shared_ptr<rocksdb::Cache>& cache);

// What an entry of a user's cache is for. Nothing when the engine did not put it there.
std::optional<CacheRole> EngineRoleOf(const void* value, rocksdb::Cache::DeleterFn deleter);

}  // namespace gneiss::compat
