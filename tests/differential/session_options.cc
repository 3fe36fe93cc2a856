// The options of a session: some are drawn once, because the files depend on them, others anew at each opening.

#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "session.h"

namespace differential {

namespace {

// An order of the user's own: by length, then bytes. Its neighbours are not the bytewise ones, so keys stay as they
// are.
class ByLength : public Comparator {
 public:
  const char* Name() const override { return "differential.ByLength"; }
  int Compare(const Slice& a, const Slice& b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

const Comparator* UserOrder() {
  static const ByLength order;
  return &order;
}

// The order of families with timestamps has no function in the public headers, but a name.
const Comparator* OrderWithTimestamps() {
  const Comparator* order = nullptr;
  Comparator::CreateFromString(ConfigOptions(), "leveldb.BytewiseComparator.u64ts", &order).PermitUncheckedError();
  return order;
}

}  // namespace

void Session::ChooseOptions() {
  options_.create_if_missing = options_.create_missing_column_families = true;
  has_entities_ = !IsTimed() && OneIn(3);
  has_range_deletes_ = !IsTimed() && !OneIn(4);  // with timestamps RocksDB's compactions fail over them
  has_history_start_ = IsTimed() && OneIn(2);
  has_blobs_ = !IsTimed() && OneIn(2);  // with timestamps RocksDB's MultiGet cannot read blobs
  has_fifo_ = !IsTimed() && OneIn(4);
  writes_without_log_ = OneIn(4);
  options_.atomic_flush = IsArranged() && OneIn(3);  // RocksDB's do not bear flushes for two reasons at once
  options_.manual_wal_flush = OneIn(8);
  if (!writes_without_log_) options_.WAL_ttl_seconds = 1000000;  // logs stay, for GetUpdatesSince
  ChooseChangingOptions();
  for (const char* name : {"default", "other"}) families_.push_back({name, ChooseFamilyOptions(), nullptr, false, {}});
}

void Session::ChooseChangingOptions() {
  options_.avoid_flush_during_recovery = OneIn(2);
  options_.avoid_flush_during_shutdown = !writes_without_log_ && OneIn(4);
  options_.max_subcompactions = static_cast<uint32_t>(1 + Draw(3));
  options_.max_background_jobs = static_cast<int>(2 + Draw(3));
  options_.max_open_files = !has_fifo_ && OneIn(3) ? 20 : -1;
  options_.enable_pipelined_write = !options_.atomic_flush && OneIn(4);
  options_.allow_concurrent_memtable_write = OneIn(2);
  options_.paranoid_checks = !OneIn(5);
  // RocksDB may not find the updates in logs that are compressed.
  options_.wal_compression = options_.WAL_ttl_seconds == 0 && OneIn(2) ? kZSTD : kNoCompression;
  options_.track_and_verify_wals_in_manifest = OneIn(5);
  options_.max_total_wal_size = OneIn(4) && !IsArranged() ? 100000 : 0;
  options_.max_manifest_file_size = OneIn(4) ? 2000 : 1 << 30;
  options_.write_dbid_to_manifest = OneIn(4);
  const WALRecoveryMode modes[] = {WALRecoveryMode::kPointInTimeRecovery, WALRecoveryMode::kAbsoluteConsistency,
                                   WALRecoveryMode::kTolerateCorruptedTailRecords};
  options_.wal_recovery_mode = modes[Draw(3)];
  options_.allow_mmap_reads = !has_blobs_ && OneIn(6);  // RocksDB shows bytes of blobs that are gone
  options_.use_fsync = OneIn(4);
  // Space that is allocated ahead costs more than all the rest where files lie in memory.
  options_.allow_fallocate = OneIn(10);
  options_.manifest_preallocation_size = 4096;
}

ColumnFamilyOptions Session::ChooseFamilyOptions() {
  ColumnFamilyOptions options;
  const Comparator* const orders[] = {BytewiseComparator(), ReverseBytewiseComparator(), UserOrder(),
                                      BytewiseComparator()};
  options.comparator = IsTimed() ? OrderWithTimestamps() : orders[Draw(4)];
  options.num_levels = static_cast<int>(3 + Draw(5));
  const CompactionStyle styles[] = {kCompactionStyleLevel, kCompactionStyleLevel, kCompactionStyleUniversal,
                                    kCompactionStyleFIFO};
  options.compaction_style = styles[Draw(has_fifo_ ? 4 : 3)];
  if (options.compaction_style == kCompactionStyleFIFO) {
    options.num_levels = 1;
    options.compaction_options_fifo.max_table_files_size = uint64_t{1} << 40;  // nothing is dropped
    options.compaction_options_fifo.allow_compaction = OneIn(2);
  }
  options.level_compaction_dynamic_level_bytes = OneIn(2);
  ChooseMergeOperator(&options);
  ChooseChangingOptions(&options);
  return options;
}

void Session::ChooseMergeOperator(ColumnFamilyOptions* options) {
  const char* const operators[] = {"stringappend", "stringappendtest", "uint64add",    "max",
                                   "put",          "bytesxor",         "stringappend", ""};
  const std::string name = has_entities_ ? "" : operators[Draw(8)];
  // RocksDB's iterators show a blob that "max" chose after it is gone.
  if (name.empty() || (has_blobs_ && name == "max")) return;
  MergeOperator::CreateFromString(ConfigOptions(), name, &options->merge_operator).PermitUncheckedError();
}

void Session::ChooseChangingOptions(ColumnFamilyOptions* options) {
  options->write_buffer_size = IsArranged() ? size_t{4} << 20 : size_t{64} << (10 + Draw(4));
  options->max_write_buffer_number = static_cast<int>(2 + Draw(4));
  options->disable_auto_compactions = IsArranged();
  options->level0_file_num_compaction_trigger = static_cast<int>(2 + Draw(3));
  if (IsArranged()) {
    options->level0_slowdown_writes_trigger = options->level0_stop_writes_trigger = 1000;
    options->soft_pending_compaction_bytes_limit = options->hard_pending_compaction_bytes_limit = 0;
  } else {
    options->target_file_size_base = 8 << 10;
    options->max_bytes_for_level_base = 32 << 10;
    const CompactionPri priorities[] = {kByCompensatedSize, kOldestLargestSeqFirst, kOldestSmallestSeqFirst,
                                        kMinOverlappingRatio, kRoundRobin};
    options->compaction_pri = priorities[Draw(5)];
  }
  const CompressionType kinds[] = {
      kNoCompression, kSnappyCompression, kZlibCompression, kBZip2Compression, kLZ4Compression, kLZ4HCCompression,
      kZSTD};
  options->compression = kinds[Draw(7)];
  options->bottommost_compression = OneIn(3) ? kinds[Draw(7)] : kDisableCompressionOption;
  options->compression_opts.max_dict_bytes = OneIn(4) ? 1000 : 0;
  // FIFO takes no blob files with compactions inside level 0.
  options->enable_blob_files = has_blobs_ && options->compaction_style != kCompactionStyleFIFO && OneIn(3);
  options->min_blob_size = 100;
  options->blob_file_size = OneIn(2) ? 5000 : 1 << 28;
  const CompressionType blob_kinds[] = {kNoCompression, kSnappyCompression, kLZ4Compression, kZSTD};
  options->blob_compression_type = blob_kinds[Draw(4)];  // RocksDB cannot compress all blobs with the others
  options->enable_blob_garbage_collection = OneIn(2);
  options->blob_garbage_collection_age_cutoff = static_cast<double>(Draw(5)) / 4;
  options->max_sequential_skip_in_iterations = 1 + Draw(8);
  options->paranoid_file_checks = OneIn(8);
  options->optimize_filters_for_hits = OneIn(4);
  options->memtable_whole_key_filtering = OneIn(4);
  options->memtable_prefix_bloom_size_ratio = OneIn(4) ? 0.1 : 0;
  options->prefix_extractor.reset();
  if (options->comparator != UserOrder() && OneIn(3)) {
    options->prefix_extractor.reset(OneIn(2) ? NewFixedPrefixTransform(2) : NewCappedPrefixTransform(3));
  }
  ChooseTableOptions(options);
}

void Session::ChooseTableOptions(ColumnFamilyOptions* options) {
  BlockBasedTableOptions table;
  table.block_size = 128 << Draw(6);
  table.block_restart_interval = static_cast<int>(1 + Draw(20));
  table.index_block_restart_interval = static_cast<int>(1 + Draw(4));
  table.metadata_block_size = 256;
  table.format_version = static_cast<uint32_t>(2 + Draw(4));
  const ChecksumType checksums[] = {kCRC32c, kxxHash, kxxHash64, kXXH3};
  table.checksum = checksums[Draw(4)];
  if (OneIn(2)) table.filter_policy.reset(OneIn(3) ? NewRibbonFilterPolicy(10) : NewBloomFilterPolicy(10));
  table.whole_key_filtering = !OneIn(4);
  table.cache_index_and_filter_blocks = OneIn(2);
  table.pin_l0_filter_and_index_blocks_in_cache = OneIn(2);
  table.index_type = static_cast<BlockBasedTableOptions::IndexType>(
      std::vector<int>{BlockBasedTableOptions::kBinarySearch, BlockBasedTableOptions::kTwoLevelIndexSearch,
                       BlockBasedTableOptions::kBinarySearchWithFirstKey}[Draw(3)]);
  table.partition_filters = table.index_type == BlockBasedTableOptions::kTwoLevelIndexSearch && OneIn(2);
  if (options->comparator == BytewiseComparator() && OneIn(3)) {
    table.data_block_index_type = BlockBasedTableOptions::kDataBlockBinaryAndHash;
  }
  table.index_shortening = static_cast<BlockBasedTableOptions::IndexShorteningMode>(Draw(3));
  table.use_delta_encoding = !OneIn(4);
  table.enable_index_compression = OneIn(2);
  table.verify_compression = OneIn(8);
  table.no_block_cache =
      !table.cache_index_and_filter_blocks && !table.pin_l0_filter_and_index_blocks_in_cache && OneIn(2);
  if (!table.no_block_cache && OneIn(3)) table.block_cache = NewLRUCache(4000, 0);
  options->table_factory.reset(NewBlockBasedTableFactory(table));
}

}  // namespace differential
