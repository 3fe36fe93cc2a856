// How a column family compacts: resolved from its options, replaced whole when SetOptions changes one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/compression.h"
#include "engine/key/key_order.h"
#include "engine/key/merge_operator.h"

namespace gneiss {

enum class CompactionStyle : uint8_t { kLevel = 0, kUniversal = 1, kFifo = 2, kNone = 3 };  // rocksdb's numbers
enum class CompactionPriority : uint8_t {
  kByCompensatedSize = 0,
  kOldestLargestSeqFirst = 1,
  kOldestSmallestSeqFirst = 2,
  kMinOverlappingRatio = 3,
  kRoundRobin = 4
};

// Decides per entry while compacting; the user's rocksdb::CompactionFilter behind compat/adapters.
class EntryFilter {
 public:
  // The last three are no answers to a compaction: kUndetermined only to FilterBlobByKey, the others to none.
  enum class Decision : uint8_t {
    kKeep,
    kRemove,
    kChangeValue,
    kRemoveAndSkipUntil,
    kUndetermined,
    kChangeBlobIndex,
    kIoError
  };
  virtual ~EntryFilter() = default;
  // `is_merge_operand` false: a Put. Fills *new_value for kChangeValue and *skip_until for kRemoveAndSkipUntil.
  virtual Decision Filter(int level, Slice user_key, bool is_merge_operand, Slice value, std::string* new_value,
                          std::string* skip_until) = 0;
  // Asked first for a value that lies in a blob file. kUndetermined: Filter is asked too, with the value read.
  virtual Decision FilterBlobByKey(int /*level*/, Slice /*user_key*/, std::string* /*new_value*/,
                                   std::string* /*skip_until*/) {
    return Decision::kUndetermined;
  }
};
struct EntryFilterContext {
  bool is_full_compaction = false;
  bool is_manual_compaction = false;
  uint32_t column_family_id = 0;
  bool is_flush = false;
};
class EntryFilterFactory {
 public:
  virtual ~EntryFilterFactory() = default;
  virtual std::unique_ptr<EntryFilter> Create(const EntryFilterContext& context) = 0;  // null: no filter this time
};

// Which values lie in blob files, and when old blob files are emptied: rocksdb's options of these names.
struct BlobConfig {
  bool writes_files = false;                      // enable_blob_files
  uint64_t value_bytes_min = 0;                   // min_blob_size
  uint64_t file_bytes_max = uint64_t{256} << 20;  // blob_file_size
  Compression compression = Compression::kNone;   // blob_compression_type
  int starting_level = 0;                         // blob_file_starting_level
  bool warms_cache_at_flush = false;              // prepopulate_blob_cache
  bool collects_garbage = false;                  // enable_blob_garbage_collection
  double age_cutoff = 0.25;                       // of all files, so large a part counts as old
  double force_threshold = 1;                     // garbage in the oldest ones that makes a compaction worth while
  uint64_t readahead_bytes = 0;                   // blob_compaction_readahead_size
};

// Decides where the tables of a compaction end, besides their size; the user's rocksdb::SstPartitioner behind
// compat/adapters. Belongs to one compaction, or one part of it.
class TablePartitioner {
 public:
  virtual ~TablePartitioner() = default;
  virtual bool MustCutBetween(Slice user_key, Slice next_user_key, uint64_t file_bytes) = 0;
  // May a table with this range be moved as it is?
  virtual bool CanMove(Slice first_user_key, Slice last_user_key) = 0;
};
struct TablePartitionerContext {
  bool is_full_compaction = false;
  bool is_manual_compaction = false;
  int output_level = 0;
  Slice first_user_key;
  Slice last_user_key;
};
class TablePartitionerFactory {
 public:
  virtual ~TablePartitionerFactory() = default;
  virtual std::unique_ptr<TablePartitioner> Create(const TablePartitionerContext& context) = 0;  // null: none
};

struct CompactionConfig {
  CompactionStyle style = CompactionStyle::kLevel;
  CompactionPriority priority = CompactionPriority::kMinOverlappingRatio;
  bool disable_auto_compactions = false;
  int level_count = 7;
  int level0_compaction_trigger = 4;  // files
  int level0_slowdown_trigger = 20;
  int level0_stop_trigger = 36;
  uint64_t pending_bytes_soft_limit = uint64_t{64} << 30;
  uint64_t pending_bytes_hard_limit = uint64_t{256} << 30;
  bool level_compaction_dynamic_level_bytes = false;
  uint64_t level_base_bytes_max = uint64_t{256} << 20;
  double level_bytes_multiplier = 10;
  std::vector<int> level_bytes_multiplier_additional;
  uint64_t target_file_bytes_base = uint64_t{64} << 20;
  int target_file_bytes_multiplier = 1;
  uint64_t compaction_bytes_max = 0;  // 0: 25 times the target file size
  uint64_t ttl_seconds = 0;
  uint64_t periodic_seconds = 0;
  int subcompactions_max = 1;
  uint64_t readahead_bytes = 0;  // 0: the table reader's default for compactions
  bool force_consistency_checks = true;
  bool rereads_new_tables = false;               // paranoid_file_checks
  bool enforces_single_delete_contracts = true;  // else a Delete under a SingleDelete is only logged
  // Compression of an output table: per level when the list is not empty, and for the bottommost level when set.
  Compression compression = Compression::kSnappy;
  std::vector<Compression> compression_per_level;
  bool has_bottommost_compression = false;
  Compression bottommost_compression = Compression::kNone;
  CompressionConfig compression_config;
  CompressionConfig bottommost_compression_config;  // a copy of compression_config unless the user enabled one
  std::shared_ptr<const MergeOperator> merge_operator;
  bool leaves_out_bottommost_filters = false;  // optimize_filters_for_hits
  BlobConfig blob;
  std::shared_ptr<EntryFilterFactory> filter_factory;            // null: none
  std::shared_ptr<TablePartitionerFactory> partitioner_factory;  // null: none
  // How many bytes of tables each of the family's directories should hold, by path_id; the last one takes the rest.
  // Empty: there is one.
  std::vector<uint64_t> path_target_bytes;
  // Universal.
  unsigned universal_size_ratio = 1;
  unsigned universal_min_merge_width = 2;
  unsigned universal_max_merge_width = UINT32_MAX;
  unsigned universal_max_size_amplification_percent = 200;
  int universal_compression_size_percent = -1;
  bool universal_allow_trivial_move = false;
  // FIFO.
  uint64_t fifo_max_table_bytes = uint64_t{1} << 30;
  bool fifo_allow_compaction = false;
  uint64_t write_buffer_bytes = uint64_t{64} << 20;  // FIFO merges only tables of about this size
};

// The path_id of the tables that an automatic compaction writes: each directory takes whole levels (universal: tables
// of a size) until it is full. `bytes`: of the inputs.
uint32_t PathFor(const CompactionConfig& config, int level, uint64_t bytes);

// The compression of a table written to `level`, where `base_level` is the first level below 0 that holds data and
// `is_bottommost` says that no deeper level than `level` holds any.
Compression CompressionFor(const CompactionConfig& config, int level, int base_level, bool is_bottommost);
const CompressionConfig& CompressionConfigFor(const CompactionConfig& config, bool is_bottommost);

}  // namespace gneiss
