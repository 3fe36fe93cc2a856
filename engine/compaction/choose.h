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
#include "engine/version/version.h"

namespace gneiss {

struct CompactionInput {
  int level = 0;
  std::vector<TableFilePtr> tables;  // in run order
};

struct CompactionWork {
  enum class Type : uint8_t {
    kMerge,
    kMove,
    kDrop
  };  // kMove: same files, deeper level; kDrop: delete the files (FIFO)
  Type type = Type::kMerge;
  std::vector<CompactionInput> inputs;  // shallowest level first; never empty
  int output_level = 0;
  int base_level = 1;
  std::vector<TableFilePtr> grandparents;  // of output_level + 1, to cut outputs at their borders
  uint64_t output_file_bytes_max = 0;
  uint64_t grandparent_overlap_bytes_max = 0;
  bool is_bottommost = false;  // no deeper table overlaps: tombstones may go, seqs become zero
  bool is_manual = false;
  bool is_full = false;  // every table of the family is an input
  const char* reason =
      "";  // as RocksDB's CompactionReason names it: "LevelL0FilesNum", "LevelMaxLevelSize", "ManualCompaction" ...
  int reason_number = 0;  // rocksdb::CompactionReason's number
  double score = 0;

  uint64_t InputBytes() const;
  size_t InputTableCount() const;
  void MarkInputs(bool is_being_compacted) const;
};

struct LevelScore {
  int level = 0;
  double score = 0;
};
// Target sizes and scores of the levels, and what is still to be compacted: properties, throttling and the choice use
// them.
struct CompactionState {
  int base_level = 1;
  std::vector<uint64_t> level_target_bytes;
  std::vector<LevelScore> scores;  // highest first; >= 1 wants compaction
  uint64_t pending_bytes = 0;      // rocksdb.estimate-pending-compaction-bytes
};
CompactionState ComputeCompactionState(const Version& version, const CompactionConfig& config,
                                       uint64_t now_unix_seconds);
bool NeedsCompaction(const Version& version, const CompactionState& state, const CompactionConfig& config);

// Where the last compaction of each level ended, so that the next goes on from there.
using CompactCursors = std::vector<InternalKey>;

// The next automatic compaction, or nothing.
std::optional<CompactionWork> ChooseCompaction(const Version& version, const CompactionState& state,
                                               const CompactionConfig& config, uint64_t now_unix_seconds,
                                               CompactCursors* cursors);

// A manual compaction of [begin, end] (null: unbounded) from input_level to output_level (equal: rewrite in place).
// Takes as much as compaction_bytes_max allows: *resume_from is set (else cleared) to where the next piece begins.
// *conflict is set when a table needed is being compacted: wait and ask again.
struct ManualRequest {
  int input_level = 0;
  int output_level = 1;
  const Slice* begin_user_key = nullptr;
  const Slice* end_user_key = nullptr;
  bool allow_trivial_move = true;
  uint64_t compaction_bytes_max = 0;  // 0: the config's
};
std::optional<CompactionWork> ChooseManual(const Version& version, const CompactionConfig& config,
                                           const CompactionState& state, const ManualRequest& request,
                                           std::optional<InternalKey>* resume_from, bool* conflict);

}  // namespace gneiss
