// What the entries of a rocksdb::Cache are for, told by their deleters.
//
// Owner:   nothing.
// Threads: safe from any thread.
// Errors:  none. Values that programs put into the cache themselves are kMisc.
#pragma once

#include <rocksdb/cache.h>

#include "engine/cache/cache_role.h"

namespace gneiss::compat {

rocksdb::CacheEntryRole RocksRoleOf(CacheRole role);

// Functions that do nothing, another one for each role: the deleters of entries that only charge the cache, and what a
// listing shows for the engine's own entries, which the engine frees.
rocksdb::Cache::DeleterFn StandInDeleter(rocksdb::CacheEntryRole role);

// Of an entry as ApplyToAllEntries shows it.
rocksdb::CacheEntryRole RoleOfEntry(const void* value, rocksdb::Cache::DeleterFn deleter);

}  // namespace gneiss::compat
