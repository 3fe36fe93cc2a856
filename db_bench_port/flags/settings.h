#pragma once

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "db_bench_port/database/counting_file_system.h"

namespace bench {

enum class ValueSizes { kFixed, kUniform, kNormal };

// What the flags mean: enumerations for words, objects for URIs, a seed for the clock. Read once, before anything runs.
struct Settings {
  rocksdb::Env* env = nullptr;
  std::shared_ptr<rocksdb::Env> env_guard;
  std::shared_ptr<CountingFileSystem> file_counts;  // null unless --report_file_operations
  std::shared_ptr<rocksdb::Statistics> statistics;  // null unless a flag asks for it
  uint64_t seed = 0;
  rocksdb::CompressionType compression = rocksdb::kSnappyCompression;
  rocksdb::CompressionType wal_compression = rocksdb::kNoCompression;
  rocksdb::CompressionType blob_compression = rocksdb::kNoCompression;
  rocksdb::CompressionType secondary_cache_compression = rocksdb::kLZ4Compression;
  rocksdb::DBOptions::AccessHint compaction_fadvice = rocksdb::DBOptions::NORMAL;
  ValueSizes value_sizes = ValueSizes::kFixed;
  std::vector<int> level_fanout;
};

// Checks the flags together, fills those that have a default only at run time (--db, --backup_dir ...), and ends the
// program with a message when they make no sense or need what the public headers do not offer.
Settings ReadSettings();

}  // namespace bench
