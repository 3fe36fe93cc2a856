// The option structs: how they start, and the functions that tune several fields at once.
//
// Debian builds RocksDB without NDEBUG, and options.h takes the default log level from that; so do the constructors
// here, whatever this library's own flags are. They run before main() too and use only function-local statics.
#undef NDEBUG
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/leveldb_options.h>
#include <rocksdb/utilities/object_registry.h>

#include <limits>

#include "compat/options/enum_names.h"

namespace rocksdb {

using gneiss::compat::CompressionIsAvailable;

namespace {

// True for releases before `major`.`minor`.
bool IsBefore(int major, int minor, int than_major, int than_minor) {
  return major < than_major || (major == than_major && minor < than_minor);
}

CompressionType FirstAvailable(std::initializer_list<CompressionType> wanted) {
  for (const CompressionType type : wanted) {
    if (CompressionIsAvailable(type)) return type;
  }
  return kNoCompression;
}

// What both write-heavy presets share: four write buffers' worth of memory, two merged per flush.
void UseMemtableBudget(ColumnFamilyOptions* options, uint64_t budget_bytes) {
  options->write_buffer_size = static_cast<size_t>(budget_bytes / 4);
  options->min_write_buffer_number_to_merge = 2;
  options->max_write_buffer_number = 6;
}

}  // namespace

const char* kHostnameForDbHostId = "__hostname__";

// ---- constructors ----

AdvancedColumnFamilyOptions::AdvancedColumnFamilyOptions() = default;

AdvancedColumnFamilyOptions::AdvancedColumnFamilyOptions(const Options& options)
    : AdvancedColumnFamilyOptions(static_cast<const AdvancedColumnFamilyOptions&>(options)) {
  if (max_bytes_for_level_multiplier_additional.size() < static_cast<size_t>(num_levels)) {
    max_bytes_for_level_multiplier_additional.resize(static_cast<size_t>(num_levels), 1);
  }
}

ColumnFamilyOptions::ColumnFamilyOptions()
    : compression(FirstAvailable({kSnappyCompression})), table_factory(NewBlockBasedTableFactory()) {}

ColumnFamilyOptions::ColumnFamilyOptions(const Options& options)
    : ColumnFamilyOptions(static_cast<const ColumnFamilyOptions&>(options)) {}

DBOptions::DBOptions() = default;

DBOptions::DBOptions(const Options& options) : DBOptions(static_cast<const DBOptions&>(options)) {}

ReadOptions::ReadOptions() : ReadOptions(/*cksum=*/true, /*cache=*/true) {}

ReadOptions::ReadOptions(bool cksum, bool cache)
    : snapshot(nullptr),
      iterate_lower_bound(nullptr),
      iterate_upper_bound(nullptr),
      readahead_size(0),
      max_skippable_internal_keys(0),
      read_tier(kReadAllTier),
      verify_checksums(cksum),
      fill_cache(cache),
      tailing(false),
      managed(false),
      total_order_seek(false),
      auto_prefix_mode(false),
      prefix_same_as_start(false),
      pin_data(false),
      background_purge_on_iterator_cleanup(false),
      ignore_range_deletions(false),
      timestamp(nullptr),
      iter_start_ts(nullptr),
      deadline(std::chrono::microseconds::zero()),
      io_timeout(std::chrono::microseconds::zero()),
      value_size_soft_limit(std::numeric_limits<uint64_t>::max()),
      adaptive_readahead(false),
      async_io(false),
      optimize_multiget_for_io(true) {}

ConfigOptions::ConfigOptions() : registry(ObjectRegistry::NewInstance()) {}

ConfigOptions::ConfigOptions(const DBOptions& db_options)
    : env(db_options.env), registry(ObjectRegistry::NewInstance()) {}

LevelDBOptions::LevelDBOptions()
    : comparator(BytewiseComparator()),
      create_if_missing(false),
      error_if_exists(false),
      paranoid_checks(false),
      env(Env::Default()),
      info_log(nullptr),
      write_buffer_size(4 << 20),
      max_open_files(1000),
      block_cache(nullptr),
      block_size(4096),
      block_restart_interval(16),
      compression(kSnappyCompression),
      filter_policy(nullptr) {}

Options ConvertOptions(const LevelDBOptions& leveldb_options) {
  BlockBasedTableOptions table;
  table.block_cache.reset(leveldb_options.block_cache);
  table.block_size = leveldb_options.block_size;
  table.block_restart_interval = leveldb_options.block_restart_interval;
  table.filter_policy.reset(leveldb_options.filter_policy);

  Options options;
  options.create_if_missing = leveldb_options.create_if_missing;
  options.error_if_exists = leveldb_options.error_if_exists;
  options.paranoid_checks = leveldb_options.paranoid_checks;
  options.env = leveldb_options.env;
  options.info_log.reset(leveldb_options.info_log);
  options.write_buffer_size = leveldb_options.write_buffer_size;
  options.max_open_files = leveldb_options.max_open_files;
  options.compression = leveldb_options.compression;
  options.table_factory.reset(NewBlockBasedTableFactory(table));
  return options;
}

// ---- what older releases started with ----

Options* Options::OldDefaults(int rocksdb_major_version, int rocksdb_minor_version) {
  ColumnFamilyOptions::OldDefaults(rocksdb_major_version, rocksdb_minor_version);
  DBOptions::OldDefaults(rocksdb_major_version, rocksdb_minor_version);
  return this;
}

DBOptions* DBOptions::OldDefaults(int rocksdb_major_version, int rocksdb_minor_version) {
  const auto before = [&](int major, int minor) {
    return IsBefore(rocksdb_major_version, rocksdb_minor_version, major, minor);
  };
  if (before(4, 7)) {
    max_file_opening_threads = 1;
    table_cache_numshardbits = 4;
  }
  if (before(5, 2)) {
    delayed_write_rate = 2 << 20;
  } else if (before(5, 6)) {
    delayed_write_rate = 16 << 20;
  }
  max_open_files = 5000;
  wal_recovery_mode = WALRecoveryMode::kTolerateCorruptedTailRecords;
  return this;
}

ColumnFamilyOptions* ColumnFamilyOptions::OldDefaults(int rocksdb_major_version, int rocksdb_minor_version) {
  const auto before = [&](int major, int minor) {
    return IsBefore(rocksdb_major_version, rocksdb_minor_version, major, minor);
  };
  if (before(5, 19)) compaction_pri = kByCompensatedSize;
  if (before(4, 7)) {
    write_buffer_size = 4 << 20;
    target_file_size_base = 2 << 20;
    max_bytes_for_level_base = 10 << 20;
    soft_pending_compaction_bytes_limit = 0;
    hard_pending_compaction_bytes_limit = 0;
  }
  if (before(5, 0)) {
    level0_stop_writes_trigger = 24;
  } else if (before(5, 2)) {
    level0_stop_writes_trigger = 30;
  }
  return this;
}

// ---- presets ----

Options* Options::OptimizeForSmallDb() {
  std::shared_ptr<Cache> cache = NewLRUCache(16 << 20);
  ColumnFamilyOptions::OptimizeForSmallDb(&cache);
  DBOptions::OptimizeForSmallDb(&cache);
  return this;
}

// Memtables are charged to the block cache, so that one number bounds the memory.
DBOptions* DBOptions::OptimizeForSmallDb(std::shared_ptr<Cache>* cache) {
  max_file_opening_threads = 1;
  max_open_files = 5000;
  write_buffer_manager = std::make_shared<WriteBufferManager>(0, cache == nullptr ? std::shared_ptr<Cache>() : *cache);
  return this;
}

ColumnFamilyOptions* ColumnFamilyOptions::OptimizeForSmallDb(std::shared_ptr<Cache>* cache) {
  write_buffer_size = 2 << 20;
  target_file_size_base = 2 << 20;
  max_bytes_for_level_base = 10 << 20;
  soft_pending_compaction_bytes_limit = 256ull << 20;
  hard_pending_compaction_bytes_limit = 1ull << 30;

  BlockBasedTableOptions table;
  if (cache != nullptr) table.block_cache = *cache;
  table.cache_index_and_filter_blocks = true;
  table.index_type = BlockBasedTableOptions::kTwoLevelIndexSearch;
  table_factory.reset(NewBlockBasedTableFactory(table));
  return this;
}

ColumnFamilyOptions* ColumnFamilyOptions::OptimizeForPointLookup(uint64_t block_cache_size_mb) {
  BlockBasedTableOptions table;
  table.data_block_index_type = BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.data_block_hash_table_util_ratio = 0.75;
  table.filter_policy.reset(NewBloomFilterPolicy(10));
  table.block_cache = NewLRUCache(static_cast<size_t>(block_cache_size_mb << 20));
  table_factory.reset(NewBlockBasedTableFactory(table));
  memtable_prefix_bloom_size_ratio = 0.02;
  memtable_whole_key_filtering = true;
  return this;
}

// A file of level 0 holds two write buffers and two such files start a compaction into a level 1 of the same size.
ColumnFamilyOptions* ColumnFamilyOptions::OptimizeLevelStyleCompaction(uint64_t memtable_memory_budget) {
  UseMemtableBudget(this, memtable_memory_budget);
  compaction_style = kCompactionStyleLevel;
  level0_file_num_compaction_trigger = 2;
  target_file_size_base = memtable_memory_budget / 8;
  max_bytes_for_level_base = memtable_memory_budget;
  compression_per_level.assign(static_cast<size_t>(num_levels), FirstAvailable({kLZ4Compression, kSnappyCompression}));
  for (size_t level = 0; level < compression_per_level.size() && level < 2; ++level) {
    compression_per_level[level] = kNoCompression;
  }
  return this;
}

ColumnFamilyOptions* ColumnFamilyOptions::OptimizeUniversalStyleCompaction(uint64_t memtable_memory_budget) {
  UseMemtableBudget(this, memtable_memory_budget);
  compaction_style = kCompactionStyleUniversal;
  compaction_options_universal.compression_size_percent = 80;
  return this;
}

DBOptions* DBOptions::IncreaseParallelism(int total_threads) {
  max_background_jobs = total_threads;
  env->SetBackgroundThreads(total_threads, Env::LOW);
  env->SetBackgroundThreads(1, Env::HIGH);
  return this;
}

// Everything goes to level 0 without a brake; one manual compaction then makes level 1 of large files.
Options* Options::PrepareForBulkLoad() {
  constexpr int kNever = 1 << 30;
  level0_file_num_compaction_trigger = kNever;
  level0_slowdown_writes_trigger = kNever;
  level0_stop_writes_trigger = kNever;
  soft_pending_compaction_bytes_limit = 0;
  hard_pending_compaction_bytes_limit = 0;
  disable_auto_compactions = true;
  max_compaction_bytes = 1ull << 60;
  num_levels = 2;
  max_write_buffer_number = 6;
  min_write_buffer_number_to_merge = 1;
  max_background_flushes = 4;
  max_background_compactions = 2;
  target_file_size_base = 256 << 20;
  return this;
}

Options* Options::DisableExtraChecks() {
  force_consistency_checks = false;
  return this;
}

}  // namespace rocksdb
