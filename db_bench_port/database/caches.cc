#include "db_bench_port/database/caches.h"

#include <rocksdb/convenience.h>
#include <rocksdb/memory_allocator.h>
#include <rocksdb/secondary_cache.h>
#include <rocksdb/utilities/sim_cache.h>

#include <algorithm>
#include <string>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

std::shared_ptr<rocksdb::MemoryAllocator> CacheAllocator() {
  if (!FLAGS_use_cache_jemalloc_no_dump_allocator) return nullptr;
  std::shared_ptr<rocksdb::MemoryAllocator> allocator;
  rocksdb::JemallocAllocatorOptions options;
  CheckOk("jemalloc allocator", rocksdb::NewJemallocNodumpAllocator(options, &allocator));
  return allocator;
}

std::shared_ptr<rocksdb::SecondaryCache> Secondary(const Settings& settings) {
  std::shared_ptr<rocksdb::SecondaryCache> secondary;
  if (!FLAGS_secondary_cache_uri.empty()) {
    CheckOk("secondary cache",
            rocksdb::SecondaryCache::CreateFromString(rocksdb::ConfigOptions(), FLAGS_secondary_cache_uri, &secondary));
  }
  if (FLAGS_use_compressed_secondary_cache) {
    rocksdb::CompressedSecondaryCacheOptions options;
    options.capacity = FLAGS_compressed_secondary_cache_size;
    options.num_shard_bits = FLAGS_compressed_secondary_cache_numshardbits;
    options.high_pri_pool_ratio = FLAGS_compressed_secondary_cache_high_pri_pool_ratio;
    options.low_pri_pool_ratio = FLAGS_compressed_secondary_cache_low_pri_pool_ratio;
    options.compression_type = settings.secondary_cache_compression;
    options.compress_format_version = FLAGS_compressed_secondary_cache_compress_format_version;
    secondary = rocksdb::NewCompressedSecondaryCache(options);
  }
  return secondary;
}

std::shared_ptr<rocksdb::Cache> MakeCache(const Settings& settings, int64_t capacity) {
  if (capacity <= 0) return nullptr;
  if (FLAGS_cache_type == "hyper_clock_cache") {
    return rocksdb::HyperClockCacheOptions(capacity, FLAGS_block_size, FLAGS_cache_numshardbits).MakeSharedCache();
  }
  if (FLAGS_cache_type != "lru_cache") Fail("Cache type not supported: %s", FLAGS_cache_type.c_str());
  if (FLAGS_cache_high_pri_pool_ratio + FLAGS_cache_low_pri_pool_ratio > 1.0) {
    Fail("Sum of high_pri_pool_ratio and low_pri_pool_ratio cannot exceed 1.0.");
  }
  rocksdb::LRUCacheOptions options(capacity, FLAGS_cache_numshardbits, false, FLAGS_cache_high_pri_pool_ratio,
                                   CacheAllocator(), rocksdb::kDefaultToAdaptiveMutex,
                                   rocksdb::kDefaultCacheMetadataChargePolicy, FLAGS_cache_low_pri_pool_ratio);
  options.secondary_cache = Secondary(settings);
  return rocksdb::NewLRUCache(options);
}

std::shared_ptr<rocksdb::Cache> MakeRowCache() {
  if (FLAGS_row_cache_size == 0) return nullptr;
  return FLAGS_cache_numshardbits >= 1 ? rocksdb::NewLRUCache(FLAGS_row_cache_size, FLAGS_cache_numshardbits)
                                       : rocksdb::NewLRUCache(FLAGS_row_cache_size);
}

std::shared_ptr<rocksdb::Cache> MakeBlobCache(const Caches& caches) {
  if (!FLAGS_use_blob_cache) return nullptr;
  if (FLAGS_use_shared_block_and_blob_cache) return caches.block;
  if (FLAGS_blob_cache_size == 0) Fail("Unable to create a standalone blob cache if blob_cache_size <= 0.");
  rocksdb::LRUCacheOptions options;
  options.capacity = FLAGS_blob_cache_size;
  options.num_shard_bits = FLAGS_blob_cache_numshardbits;
  options.memory_allocator = CacheAllocator();
  return rocksdb::NewLRUCache(options);
}

}  // namespace

Caches MakeCaches(const Settings& settings) {
  Caches caches;
  caches.block = MakeCache(settings, FLAGS_cache_size);
  if (FLAGS_simcache_size >= 0) {
    caches.block = rocksdb::NewSimCache(caches.block, FLAGS_simcache_size, std::max(0, FLAGS_cache_numshardbits));
  }
  caches.compressed = MakeCache(settings, FLAGS_compressed_cache_size);
  caches.rows = MakeRowCache();
  caches.blobs = MakeBlobCache(caches);
  return caches;
}

std::string SimulatedCacheReport(const Caches& caches) {
  if (FLAGS_simcache_size < 0) return "";
  return static_cast<rocksdb::SimCache*>(caches.block.get())->ToString();
}

}  // namespace bench
