// The handles of c.h that only options take: small structs and shared objects.
//
// Owner:   rocksdb_ratelimiter_t and its like hold one reference; the options they are given to take another.
// Threads: plain values.
// Errors:  none.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/memory_allocator.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/table.h>

#include <memory>

struct rocksdb_dbpath_t {
  rocksdb::DbPath rep;
};
struct rocksdb_logger_t {
  std::shared_ptr<rocksdb::Logger> rep;
};
struct rocksdb_ratelimiter_t {
  std::shared_ptr<rocksdb::RateLimiter> rep;
};
struct rocksdb_memory_allocator_t {
  std::shared_ptr<rocksdb::MemoryAllocator> rep;
};
struct rocksdb_lru_cache_options_t {
  rocksdb::LRUCacheOptions rep;
};
struct rocksdb_cuckoo_table_options_t {
  rocksdb::CuckooTableOptions rep;
};
struct rocksdb_universal_compaction_options_t {
  rocksdb::CompactionOptionsUniversal rep;
};
struct rocksdb_fifo_compaction_options_t {
  rocksdb::CompactionOptionsFIFO rep;
};
struct rocksdb_envoptions_t {
  rocksdb::EnvOptions rep;
};
