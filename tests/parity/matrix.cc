#include "tests/parity/matrix.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

namespace gneiss::parity {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;
using rocksdb::CompressionType;
using rocksdb::DBOptions;

constexpr uint64_t kHugeBytes = uint64_t{1} << 40;

CompressionType DrawCompression(Dice* dice) {
  return dice->Pick({rocksdb::kNoCompression, rocksdb::kSnappyCompression, rocksdb::kZlibCompression,
                     rocksdb::kBZip2Compression, rocksdb::kLZ4Compression, rocksdb::kLZ4HCCompression, rocksdb::kZSTD});
}

void DrawCompressions(Dice* dice, ColumnFamilyOptions* options) {
  options->compression = DrawCompression(dice);
  if (dice->OneIn(3)) options->bottommost_compression = DrawCompression(dice);
  if (dice->OneIn(4)) {
    for (int i = 0; i < options->num_levels; ++i) options->compression_per_level.push_back(DrawCompression(dice));
  }
  for (rocksdb::CompressionOptions* each : {&options->compression_opts, &options->bottommost_compression_opts}) {
    each->enabled = dice->Coin();
    if (dice->OneIn(3)) each->level = static_cast<int>(dice->Between(1, 9));
    if (dice->Coin()) {
      each->max_dict_bytes = dice->Pick({512u, 4096u, 16384u});
      each->zstd_max_train_bytes = dice->Pick({0u, 65536u});
      each->max_dict_buffer_bytes = dice->Pick({uint64_t{0}, uint64_t{65536}});
      each->use_zstd_dict_trainer = dice->Coin();
    }
    if (dice->OneIn(4)) each->parallel_threads = 2;
  }
  if (dice->OneIn(6)) options->sample_for_compression = 3;
}

std::shared_ptr<const rocksdb::FilterPolicy> DrawFilter(Dice* dice) {
  const double bits = dice->Pick({1.0, 4.5, 10.0, 15.0});
  switch (dice->Below(6)) {
    case 0:
      return nullptr;
    case 1:
      return std::shared_ptr<const rocksdb::FilterPolicy>(rocksdb::NewRibbonFilterPolicy(bits));
    case 2:
      return std::shared_ptr<const rocksdb::FilterPolicy>(
          rocksdb::NewRibbonFilterPolicy(bits, static_cast<int>(dice->Between(0, 3)) - 1));
    case 3: {  // a layout by its name, whatever the format_version
      std::shared_ptr<const rocksdb::FilterPolicy> policy;
      const std::string name =
          dice->Pick<const char*>({"rocksdb.internal.LegacyBloomFilter", "rocksdb.internal.FastLocalBloomFilter",
                                   "rocksdb.internal.Standard128RibbonFilter"});
      rocksdb::FilterPolicy::CreateFromString(rocksdb::ConfigOptions(), name + ":" + std::to_string(bits), &policy)
          .PermitUncheckedError();
      return policy;
    }
    default:  // format_version decides between the legacy and the fast local layout
      return std::shared_ptr<const rocksdb::FilterPolicy>(rocksdb::NewBloomFilterPolicy(bits));
  }
}

BlockBasedTableOptions DrawTable(Dice* dice, const FamilyPlan& plan, ColumnFamilyOptions* family) {
  BlockBasedTableOptions table;
  const bool is_old = plan.may_have_old_tables && dice->OneIn(4);
  table.format_version = static_cast<uint32_t>(is_old ? dice->Below(2) : dice->Between(2, 5));
  table.checksum =
      dice->Pick({rocksdb::kNoChecksum, rocksdb::kCRC32c, rocksdb::kxxHash, rocksdb::kxxHash64, rocksdb::kXXH3});
  if (table.format_version == 0) table.checksum = rocksdb::kCRC32c;
  table.index_type =
      dice->Pick({BlockBasedTableOptions::kBinarySearch, BlockBasedTableOptions::kHashSearch,
                  BlockBasedTableOptions::kTwoLevelIndexSearch, BlockBasedTableOptions::kBinarySearchWithFirstKey});
  // The reference asserts on first keys that are deletions with timestamps.
  if (table.index_type == BlockBasedTableOptions::kBinarySearchWithFirstKey && plan.order == Order::kTimed) {
    table.index_type = BlockBasedTableOptions::kBinarySearch;
  }
  // A hash index asks that every key has a prefix.
  if (table.index_type == BlockBasedTableOptions::kHashSearch &&
      (family->prefix_extractor == nullptr || !family->prefix_extractor->InDomain(""))) {
    table.index_type = BlockBasedTableOptions::kBinarySearch;
  }
  table.index_shortening = dice->Pick({BlockBasedTableOptions::IndexShorteningMode::kNoShortening,
                                       BlockBasedTableOptions::IndexShorteningMode::kShortenSeparators,
                                       BlockBasedTableOptions::IndexShorteningMode::kShortenSeparatorsAndSuccessor});
  table.data_block_index_type =
      dice->Pick({BlockBasedTableOptions::kDataBlockBinarySearch, BlockBasedTableOptions::kDataBlockBinaryAndHash});
  table.data_block_hash_table_util_ratio = dice->Pick({0.3, 0.75, 1.0});
  table.block_size = dice->Pick({256u, 1024u, 4096u, 16384u});
  table.block_size_deviation = static_cast<int>(dice->Pick({0, 10, 50}));
  table.block_restart_interval = static_cast<int>(dice->Pick({1, 2, 16, 100}));
  table.index_block_restart_interval = static_cast<int>(dice->Pick({1, 1, 3, 16}));
  if (table.index_type == BlockBasedTableOptions::kHashSearch) table.index_block_restart_interval = 1;
  table.use_delta_encoding = !dice->OneIn(4);
  table.enable_index_compression = dice->Coin();
  table.metadata_block_size = dice->Pick({128u, 1024u, 4096u});
  table.filter_policy = DrawFilter(dice);
  table.whole_key_filtering = dice->Coin();
  table.partition_filters = table.index_type == BlockBasedTableOptions::kTwoLevelIndexSearch && dice->Coin();
  table.optimize_filters_for_memory = dice->Coin();
  table.detect_filter_construct_corruption = dice->OneIn(4);
  table.verify_compression = dice->OneIn(4);
  if (dice->OneIn(8)) table.read_amp_bytes_per_bit = 32;
  if (dice->OneIn(10)) {
    table.block_align = true;
    family->compression = family->bottommost_compression = rocksdb::kNoCompression;
    family->compression_per_level.clear();
  }
  // How tables are read and cached.
  table.cache_index_and_filter_blocks = dice->Coin();
  table.no_block_cache = !table.cache_index_and_filter_blocks && dice->OneIn(4);
  table.pin_l0_filter_and_index_blocks_in_cache = !table.no_block_cache && dice->Coin();
  table.pin_top_level_index_and_filter = dice->Coin();
  if (!table.no_block_cache && dice->OneIn(3)) table.block_cache = rocksdb::NewLRUCache(dice->Pick({4096u, 1u << 20}));
  return table;
}

void DrawPrefix(Dice* dice, ColumnFamilyOptions* options) {
  if (dice->Coin()) return;
  const size_t length = dice->Between(1, 5);
  switch (dice->Below(3)) {
    case 0:
      options->prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(length));
      break;
    case 1:
      options->prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(length));
      break;
    default:
      options->prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(3));
      break;
  }
}

void DrawMemtable(Dice* dice, const Features& features, ColumnFamilyOptions* options) {
  options->write_buffer_size = dice->Pick({64u << 10, 100u << 10, 1u << 20});
  options->max_write_buffer_number = static_cast<int>(dice->Between(2, 5));
  options->min_write_buffer_number_to_merge = dice->OneIn(3) && features.may_merge_memtables ? 2 : 1;
  if (dice->OneIn(4)) options->max_write_buffer_size_to_maintain = 200'000;
  options->memtable_prefix_bloom_size_ratio = dice->Pick({0.0, 0.1});
  options->memtable_whole_key_filtering = dice->Coin();
  if (dice->OneIn(5)) options->memtable_protection_bytes_per_key = 8;
  if (dice->OneIn(5)) options->arena_block_size = 8192;
  if (dice->OneIn(5)) options->bloom_locality = 1;
}

void DrawCompactions(Dice* dice, const FamilyPlan& plan, ColumnFamilyOptions* options) {
  options->num_levels = plan.levels;
  options->level_compaction_dynamic_level_bytes = plan.is_dynamic;
  options->level0_file_num_compaction_trigger = static_cast<int>(dice->Between(2, 4));
  // No write may wait for a compaction that nobody runs.
  options->level0_slowdown_writes_trigger = options->level0_stop_writes_trigger = 100'000;
  options->target_file_size_base = dice->Pick({8u << 10, 32u << 10, 256u << 10});
  options->target_file_size_multiplier = static_cast<int>(dice->Between(1, 2));
  options->max_bytes_for_level_base = dice->Pick({32u << 10, 128u << 10, 1u << 20});
  options->max_bytes_for_level_multiplier = dice->Pick({2.0, 4.0, 10.0});
  options->disable_auto_compactions = dice->OneIn(8);
  options->compaction_pri =
      dice->Pick({rocksdb::kByCompensatedSize, rocksdb::kOldestLargestSeqFirst, rocksdb::kOldestSmallestSeqFirst,
                  rocksdb::kMinOverlappingRatio, rocksdb::kRoundRobin});
  if (plan.style == Style::kFifo) {
    options->compaction_style = rocksdb::kCompactionStyleFIFO;
    options->compaction_options_fifo.max_table_files_size = kHugeBytes;
    options->compaction_options_fifo.allow_compaction = dice->Coin();
    options->ttl = options->periodic_compaction_seconds = 0;
    return;
  }
  // Leveled and universal may take turns: whatever one leaves is in order for the other.
  if ((plan.style == Style::kUniversal) != dice->OneIn(4)) {
    options->compaction_style = rocksdb::kCompactionStyleUniversal;
    options->level_compaction_dynamic_level_bytes = false;
    rocksdb::CompactionOptionsUniversal& universal = options->compaction_options_universal;
    universal.size_ratio = static_cast<unsigned>(dice->Pick({1, 10, 100}));
    universal.min_merge_width = 2;
    universal.max_size_amplification_percent = static_cast<unsigned>(dice->Pick({25, 200}));
    universal.compression_size_percent = static_cast<int>(dice->Pick({-1, 0, 50}));
    universal.stop_style =
        dice->Pick({rocksdb::kCompactionStopStyleSimilarSize, rocksdb::kCompactionStopStyleTotalSize});
    universal.allow_trivial_move = dice->Coin();
  }
}

}  // namespace

Features FeaturesOf(const std::string& words) {
  const auto has = [&](const char* word) { return words.find(word) != std::string::npos; };
  return {.has_blobs = has("blobs"),
          .has_compressed_logs = has("compressed_logs"),
          .has_stats_family = has("stats_family"),
          .may_flush_atomically = has("atomic_flush"),
          .may_merge_memtables = has("merged_memtables")};
}

DBOptions DrawDbOptions(Dice* dice, const std::string& directory, const Model& model, const TurnTraits& traits,
                        const Features& features, bool is_after_kill) {
  DBOptions options;
  options.create_if_missing = true;
  if (model.has_wal_dir) options.wal_dir = directory + "/logs";
  if (model.has_db_paths) options.db_paths = {{directory, 50'000}, {directory + "/more", kHugeBytes}};
  // Logs.
  options.wal_recovery_mode = dice->Pick(
      {rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords, rocksdb::WALRecoveryMode::kPointInTimeRecovery,
       rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords, rocksdb::WALRecoveryMode::kAbsoluteConsistency});
  // The last record of a killed process may be cut short, which this mode refuses by design.
  if (is_after_kill && options.wal_recovery_mode == rocksdb::WALRecoveryMode::kAbsoluteConsistency) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  }
  // The reference reads a recycled log for ever in the mode that skips damage.
  if (model.may_recycle_logs) {
    options.recycle_log_file_num = dice->Pick({0u, 2u});
    if (options.wal_recovery_mode == rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords) {
      options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    }
  }
  options.manual_wal_flush = traits.has_manual_wal_flush;
  options.max_total_wal_size = dice->Pick({uint64_t{0}, uint64_t{50'000}});
  options.avoid_flush_during_recovery = dice->Coin();
  options.avoid_flush_during_shutdown = !traits.may_skip_wal && dice->Coin();
  options.track_and_verify_wals_in_manifest = dice->OneIn(6);
  if (features.has_compressed_logs && dice->OneIn(6)) options.wal_compression = rocksdb::kZSTD;
  if (dice->OneIn(8)) options.WAL_ttl_seconds = 3600;
  options.wal_bytes_per_sync = dice->Pick({0u, 4096u});
  // MANIFEST.
  options.max_manifest_file_size = dice->Pick({uint64_t{1} << 30, uint64_t{2000}});
  options.write_dbid_to_manifest = dice->Coin();
  if (dice->OneIn(6)) options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.verify_sst_unique_id_in_manifest = dice->Coin();
  options.persist_stats_to_disk = features.has_stats_family && dice->OneIn(12);
  // How writes and jobs run.
  options.atomic_flush = features.may_flush_atomically && dice->OneIn(3);
  options.enable_pipelined_write = !options.atomic_flush && dice->OneIn(4);
  options.allow_concurrent_memtable_write = dice->Coin();
  // The reference locks itself out when it writes the log alone and does not flush it.
  if (!options.enable_pipelined_write && !options.manual_wal_flush) {
    options.unordered_write = options.allow_concurrent_memtable_write && dice->OneIn(6);
    options.two_write_queues = !options.unordered_write && dice->OneIn(8);
  }
  options.max_subcompactions = static_cast<uint32_t>(dice->Between(1, 3));
  options.max_background_jobs = static_cast<int>(dice->Between(1, 4));
  options.max_open_files = dice->Pick({-1, -1, 25});
  for (const Family& family : model.families) {
    if (family.plan.style == Style::kFifo) options.max_open_files = -1;
  }
  options.paranoid_checks = !dice->OneIn(4);
  options.skip_stats_update_on_db_open = dice->Coin();
  options.allow_mmap_reads = dice->OneIn(6);
  options.allow_fallocate = dice->Coin();
  options.compaction_readahead_size = dice->Pick({0u, 65536u});
  options.db_write_buffer_size = dice->Pick({0u, 0u, 200'000u});
  options.delete_obsolete_files_period_micros = dice->Pick({uint64_t{0}, uint64_t{6} * 3600 * 1'000'000});
  return options;
}

ColumnFamilyOptions DrawFamilyOptions(Dice* dice, const std::string& directory, const FamilyPlan& plan,
                                      const Features& features, const DBOptions& db) {
  ColumnFamilyOptions options;
  options.comparator = ComparatorOf(plan.order);
  options.merge_operator = MergeOperatorOf(plan.merge);
  if (plan.has_paths) options.cf_paths = {{directory + "/" + plan.name, 30'000}, {directory + "/more", kHugeBytes}};
  DrawPrefix(dice, &options);
  DrawMemtable(dice, features, &options);
  if (!db.unordered_write && dice->OneIn(4)) options.max_successive_merges = 3;
  DrawCompactions(dice, plan, &options);
  DrawCompressions(dice, &options);
  options.optimize_filters_for_hits = dice->OneIn(4);
  options.paranoid_file_checks = dice->OneIn(4);
  options.report_bg_io_stats = dice->OneIn(8);
  // The reference asks for a blob under the key with the timestamp that it reads at, not with the value's.
  if (features.has_blobs && dice->OneIn(6) && plan.order != Order::kTimed) {
    options.enable_blob_files = true;
    options.min_blob_size = dice->Pick({1u, 100u});  // the reference cannot read an empty value from LZ4
    options.blob_file_size = dice->Pick({10'000u, 1u << 20});
    // The reference fails where zlib or bzip2 makes a value longer.
    options.blob_compression_type =
        dice->Pick({rocksdb::kNoCompression, rocksdb::kSnappyCompression, rocksdb::kLZ4Compression, rocksdb::kZSTD});
    options.enable_blob_garbage_collection = dice->Coin();
    options.blob_garbage_collection_age_cutoff = dice->Pick({0.25, 1.0});
    options.blob_file_starting_level = static_cast<int>(dice->Below(2));
  }
  BlockBasedTableOptions table = DrawTable(dice, plan, &options);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace gneiss::parity
