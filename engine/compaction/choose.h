// What to compact: a pure choice over a Version. Nothing here does I/O or keeps state, but for the cursors passed in.
//
// Owner:   the work shares the tables it names.
// Threads: called under the database's state mutex, because it reads TableFile::is_being_compacted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/compaction/compaction_config.h"
#include "engine/compaction/table_span.h"
#include "engine/version/version.h"

namespace gneiss {

struct CompactionInput {
  int level = 0;
  std::vector<TableFilePtr> tables;  // in run order; level 0: newest first
};

// Why a compaction was chosen: rocksdb::CompactionReason's numbers.
enum class CompactionReason : int {
  kUnknown = 0,
  kLevelL0FilesNum = 1,
  kLevelMaxLevelSize = 2,
  kUniversalSizeAmplification = 3,
  kUniversalSizeRatio = 4,
  kUniversalSortedRunNum = 5,
  kFifoMaxSize = 6,
  kFifoReduceNumFiles = 7,
  kFifoTtl = 8,
  kManualCompaction = 9,
  kFilesMarkedForCompaction = 10,
  kBottommostFiles = 11,
  kTtl = 12,
  kPeriodicCompaction = 15,
  kForcedBlobGarbageCollection = 17,
};
const char* CompactionReasonName(CompactionReason reason);  // as RocksDB logs it: "LevelL0FilesNum" ...

struct CompactionWork {
  enum class Type : uint8_t {
    kMerge,
    kMove,
    kDrop
  };  // kMove: same files, deeper level; kDrop: delete the files (FIFO)
  Type type = Type::kMerge;
  std::vector<CompactionInput> inputs;  // shallowest level first; never empty
  int output_level = 0;
  uint32_t path_id = 0;  // of the outputs
  int base_level = 1;
  std::vector<TableFilePtr> grandparents;  // of output_level + 1, to cut outputs at their borders
  uint64_t output_file_bytes_max = 0;
  uint64_t grandparent_overlap_bytes_max = 0;
  bool is_bottommost = false;  // no deeper table overlaps: tombstones may go, seqs become zero
  bool is_manual = false;
  bool is_full = false;               // every table of the family is an input
  bool disables_compression = false;  // universal: while too little of the data is in older runs
  const char* reason = "";            // CompactionReasonName
  int reason_number = 0;              // CompactionReason
  double score = 0;

  uint64_t InputBytes() const;
  size_t InputTableCount() const;
  void MarkInputs(bool is_being_compacted) const;
};

struct LevelScore {
  int level = 0;
  double score = 0;
};
struct LevelTable {
  int level = 0;
  TableFilePtr table;
};
// What the choice must know of sequence numbers outside of the tables.
struct SeqLimits {
  SeqNo oldest_snapshot = 0;  // or the newest seq when none is open; 0: do not look for rewritable bottommost tables
  SeqNo earliest_unflushed = kSeqMax;  // of the entries in memory: newer (ingested) tables stay out of level-0 merges
};
// Target sizes and scores of the levels, and what is still to be compacted: properties, throttling and the choice use
// them.
struct CompactionState {
  int base_level = 1;
  std::vector<uint64_t> level_target_bytes;
  std::vector<LevelScore> scores;  // highest first; >= 1 wants compaction
  uint64_t pending_bytes = 0;      // rocksdb.estimate-pending-compaction-bytes
  SeqLimits limits;
  uint64_t now_unix_seconds = 0;
  // Idle tables that want compaction for reasons of their own.
  std::vector<LevelTable> marked;      // TableMeta::is_marked_for_compaction
  std::vector<LevelTable> bottommost;  // every snapshot sees all of it, so seqs and tombstones may go
  std::vector<LevelTable> expired;     // ttl
  std::vector<LevelTable> periodic;
  std::vector<LevelTable> blob_garbage;  // rewriting them lets the oldest blob files go, which are mostly garbage
};
CompactionState ComputeCompactionState(const Version& version, const CompactionConfig& config,
                                       uint64_t now_unix_seconds, const SeqLimits& limits = {});
bool NeedsCompaction(const Version& version, const CompactionState& state, const CompactionConfig& config);

// Where the last compaction of each level ended, so that the next goes on from there.
using CompactCursors = std::vector<InternalKey>;

// The next automatic compaction, or nothing. Its inputs are idle tables; the caller marks them (MarkInputs) and
// computes the state anew before the next choice.
std::optional<CompactionWork> ChooseCompaction(const Version& version, const CompactionState& state,
                                               const CompactionConfig& config, uint64_t now_unix_seconds,
                                               CompactCursors* cursors);

// A manual compaction of [begin, end] (null: unbounded) from input_level to output_level (equal: rewrite in place).
// Takes as much as compaction_bytes_max allows: *resume_from is set (else cleared) to where the next piece begins.
// *conflict is set when a table needed is being compacted: wait and ask again. Universal style takes all tables of all
// levels at once, whatever the range; FIFO drops what it would drop by itself.
struct ManualRequest {
  int input_level = 0;
  int output_level = 1;
  const Slice* begin_user_key = nullptr;
  const Slice* end_user_key = nullptr;
  bool allow_trivial_move = true;
  uint64_t compaction_bytes_max = 0;                 // 0: the config's
  uint32_t path_id = 0;                              // where the outputs go
  uint64_t ignored_tables_from_number = UINT64_MAX;  // in place: skip tables that this manual compaction wrote
};
std::optional<CompactionWork> ChooseManual(const Version& version, const CompactionConfig& config,
                                           const CompactionState& state, const ManualRequest& request,
                                           std::optional<InternalKey>* resume_from, bool* conflict);

// A merge of tables that the caller names, with all that must join them. Aborted when one of those is being compacted,
// InvalidArgument for what cannot be done, both with RocksDB's texts.
struct FilesRequest {
  std::string family_name;  // for messages
  std::vector<uint64_t> table_numbers;
  int output_level = 0;
  uint32_t path_id = 0;
  uint64_t output_file_bytes_max = UINT64_MAX;
};
Status ChooseFiles(const Version& version, const CompactionConfig& config, const CompactionState& state,
                   const FilesRequest& request, CompactionWork* work);

// The config's partitioner for a work; null when there is none.
std::unique_ptr<TablePartitioner> NewPartitioner(const CompactionConfig& config, const KeyOrder& order,
                                                 const CompactionWork& work);

// The user keys of everything that a work reads, and so of everything that it writes.
KeyRange RangeOf(const KeyOrder& order, const CompactionWork& work);

}  // namespace gneiss
