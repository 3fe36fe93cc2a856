// The steps from "these tables of this level" to a whole CompactionWork, shared by all ways of choosing.
//
// Owner:   borrows everything for one choice.
// Threads: under the database's state mutex.
#pragma once

#include "engine/compaction/choose.h"
#include "engine/compaction/table_span.h"

namespace gneiss {

struct WorkContext {
  const Version& version;
  const CompactionConfig& config;
  const CompactionState& state;
  uint64_t compaction_bytes_max;  // how much one compaction should read
  bool is_manual = false;
  bool may_move = true;
  uint32_t manual_path_id = 0;  // a manual compaction's outputs go there

  WorkContext(const Version& of_version, const CompactionConfig& of_config, const CompactionState& of_state);
  const KeyOrder& order() const { return version.order(); }
};

uint64_t CompactionBytesMax(const CompactionConfig& config);
// How large tables of a level should become.
uint64_t TargetFileBytes(const CompactionConfig& config, int level, int base_level);
void SetReason(CompactionWork* work, CompactionReason reason);

// Merges a clean-cut span of `level` > 0 into the next level given; takes more of `level` where that costs nothing in
// the output level. Nothing when an output table is busy.
std::optional<CompactionWork> MergeDown(const WorkContext& context, int level, Span span, int output_level);
// Merges tables of level 0 that no other level-0 table must join into `output_level` > 0. Likewise.
std::optional<CompactionWork> MergeLevel0Down(const WorkContext& context, Tables tables, int output_level);
// For each table of level 0 (newest first): may a row of neighbours that is merged within level 0 begin with it? What
// stays above the row, in level 0 or in memory, must be newer than all of it, or level 0 would lose its order. Only an
// ingested table can be newer than the first entries of what lies above it.
std::vector<bool> Level0RowStarts(const WorkContext& context, const Tables& level0);
// Rewrites tables into their own level.
CompactionWork RewriteInPlace(const WorkContext& context, int level, Tables tables);
// All fields of a work that follow from its inputs and output level; finds out whether it is a mere move.
void Complete(const WorkContext& context, CompactionWork* work);

}  // namespace gneiss
