// Options of integrated blob files.
#include <cinttypes>
#include <cstdio>

#include "db_bench_port/database/options.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

void PrintBlobCache() {
  if (!FLAGS_use_blob_cache) {
    std::printf("Integrated BlobDB: blob cache disabled\n");
    return;
  }
  std::printf("Integrated BlobDB: blob cache enabled, block and blob caches shared: %d",
              FLAGS_use_shared_block_and_blob_cache);
  if (!FLAGS_use_shared_block_and_blob_cache) {
    std::printf(", blob cache size %" PRIu64 ", blob cache num shard bits: %d", FLAGS_blob_cache_size,
                FLAGS_blob_cache_numshardbits);
  }
  std::printf(", blob cache prepopulated: %d\n", FLAGS_prepopulate_blob_cache);
}

}  // namespace

void SetBlobOptions(const Settings& settings, const Caches& caches, rocksdb::Options* options) {
  options->enable_blob_files = FLAGS_enable_blob_files;
  options->min_blob_size = FLAGS_min_blob_size;
  options->blob_file_size = FLAGS_blob_file_size;
  options->blob_compression_type = settings.blob_compression;
  options->enable_blob_garbage_collection = FLAGS_enable_blob_garbage_collection;
  options->blob_garbage_collection_age_cutoff = FLAGS_blob_garbage_collection_age_cutoff;
  options->blob_garbage_collection_force_threshold = FLAGS_blob_garbage_collection_force_threshold;
  options->blob_compaction_readahead_size = FLAGS_blob_compaction_readahead_size;
  options->blob_file_starting_level = FLAGS_blob_file_starting_level;
  options->blob_cache = caches.blobs;
  if (FLAGS_prepopulate_blob_cache < 0 || FLAGS_prepopulate_blob_cache > 1) Fail("Unknown prepopulate blob cache mode");
  if (FLAGS_prepopulate_blob_cache == 1 && FLAGS_use_blob_cache) {
    options->prepopulate_blob_cache = rocksdb::PrepopulateBlobCache::kFlushOnly;
  }
  PrintBlobCache();
}

}  // namespace bench
