// Small classes that Debian's db_bench allocates with RocksDB 7.8.3's layout and whose vtables it copies from the
// library.
//
// Layout:  as upstream; the sizes are asserted below. The library itself never uses these classes.
// Owner:   the program.
// Threads: as the public base classes.
// Errors:  none.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>

#include <cstdarg>
#include <cstdint>
#include <string>
#include <vector>

namespace rocksdb {

// A Logger that prints to stderr.
class StderrLogger : public Logger {
 public:
  ~StderrLogger() override;
  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
};
static_assert(sizeof(StderrLogger) == 24);

// Merges values by xor, byte by byte; the longer value's tail stays as it is.
class BytesXOROperator : public AssociativeMergeOperator {
 public:
  bool Merge(const Slice& key, const Slice* existing_value, const Slice& value, std::string* new_value,
             Logger* logger) const override;
  const char* NickName() const override { return "bytesxor"; }
  const char* Name() const override { return "BytesXOR"; }
  void XOR(const Slice* existing_value, const Slice& value, std::string* new_value) const;
};
static_assert(sizeof(BytesXOROperator) == 32);

// Merges comma-separated sorted integers. Only MakeVector lives here: merging is the stock operator "sortlist".
class SortList : public MergeOperator {
 public:
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override;
  bool PartialMerge(const Slice& key, const Slice& left_operand, const Slice& right_operand, std::string* new_value,
                    Logger* logger) const override;
  bool PartialMergeMulti(const Slice& key, const std::deque<Slice>& operand_list, std::string* new_value,
                         Logger* logger) const override;
  const char* Name() const override { return "MergeSortOperator"; }
  const char* NickName() const override { return "sortlist"; }
  // Appends the numbers of "1,2,3" to *operand.
  void MakeVector(std::vector<int>& operand, Slice text) const;
};
static_assert(sizeof(SortList) == 32);

// The column family options that may change while a database is open, in RocksDB's order.
struct MutableCFOptions {
  explicit MutableCFOptions(const Options& options);

  size_t write_buffer_size;
  int max_write_buffer_number;
  size_t arena_block_size;
  double memtable_prefix_bloom_size_ratio;
  bool memtable_whole_key_filtering;
  size_t memtable_huge_page_size;
  size_t max_successive_merges;
  size_t inplace_update_num_locks;
  std::shared_ptr<const SliceTransform> prefix_extractor;
  double experimental_mempurge_threshold;
  bool disable_auto_compactions;
  uint64_t soft_pending_compaction_bytes_limit;
  uint64_t hard_pending_compaction_bytes_limit;
  int level0_file_num_compaction_trigger;
  int level0_slowdown_writes_trigger;
  int level0_stop_writes_trigger;
  uint64_t max_compaction_bytes;
  bool ignore_max_compaction_bytes_for_input;
  uint64_t target_file_size_base;
  int target_file_size_multiplier;
  uint64_t max_bytes_for_level_base;
  double max_bytes_for_level_multiplier;
  uint64_t ttl;
  uint64_t periodic_compaction_seconds;
  std::vector<int> max_bytes_for_level_multiplier_additional;
  CompactionOptionsFIFO compaction_options_fifo;
  CompactionOptionsUniversal compaction_options_universal;
  bool enable_blob_files;
  uint64_t min_blob_size;
  uint64_t blob_file_size;
  CompressionType blob_compression_type;
  bool enable_blob_garbage_collection;
  double blob_garbage_collection_age_cutoff;
  double blob_garbage_collection_force_threshold;
  uint64_t blob_compaction_readahead_size;
  int blob_file_starting_level;
  PrepopulateBlobCache prepopulate_blob_cache;
  uint64_t max_sequential_skip_in_iterations;
  bool check_flush_compaction_key_order;
  bool paranoid_file_checks;
  bool report_bg_io_stats;
  CompressionType compression;
  CompressionType bottommost_compression;
  CompressionOptions compression_opts;
  CompressionOptions bottommost_compression_opts;
  Temperature last_level_temperature;
  uint32_t memtable_protection_bytes_per_key;
  uint64_t sample_for_compression;
  std::vector<CompressionType> compression_per_level;
  std::vector<uint64_t> max_file_size;  // per level, from the target file size
};
static_assert(sizeof(MutableCFOptions) == 504);

uint64_t MaxFileSizeForLevel(const MutableCFOptions& options, int level, CompactionStyle style, int base_level,
                             bool level_compaction_dynamic_level_bytes);

}  // namespace rocksdb
