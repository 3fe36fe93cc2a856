// One function per way of choosing; choose.cc picks among them.
// Threads: under the database's state mutex.
#pragma once

#include "engine/compaction/work_steps.h"

namespace gneiss {

std::optional<CompactionWork> ChooseLeveled(const WorkContext& context, CompactCursors* cursors);
std::optional<CompactionWork> ChooseUniversal(const WorkContext& context);
std::optional<CompactionWork> ChooseFifo(const WorkContext& context, uint64_t now_unix_seconds);

// The merge of level-0 tables among themselves that removes most tables for its bytes: a row that begins with the
// newest eligible table. Empty when fewer than `tables_min` would go or each would cost `bytes_per_table_max` or more.
Tables ChooseLevel0Row(const WorkContext& context, size_t tables_min, uint64_t bytes_per_table_max);

// Universal: everything in one merge to the last level; none may be busy. With one level only, without the ingested
// tables that are newer than what is in memory.
std::optional<CompactionWork> MergeAllRuns(const WorkContext& context, CompactionReason reason);

}  // namespace gneiss
