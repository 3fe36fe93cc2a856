// FIFO: the oldest tables are dropped once they are past their ttl or the whole is too large. Optionally small tables
// of level 0 are merged, to keep their number down.
#include <algorithm>

#include "engine/compaction/styles.h"

namespace gneiss {

namespace {

// Merged tables would outgrow the ttl's grain, so only tables of about one memtable take part.
constexpr double kMergeMemtables = 1.1;

CompactionWork Drop(const WorkContext& context, int level, Tables tables, CompactionReason reason) {
  CompactionWork work;
  work.type = CompactionWork::Type::kDrop;
  work.inputs.push_back({level, std::move(tables)});
  work.output_level = level;
  work.is_full = work.InputTableCount() == context.version.TableCount();
  work.score = context.state.scores.front().score;
  SetReason(&work, reason);
  return work;
}

// The oldest tables that are past the ttl. Not when the rest would still be too large: then size decides.
Tables ExpiredTables(const WorkContext& context, const Tables& level0, uint64_t now_unix_seconds) {
  Tables expired;
  const uint64_t ttl = context.config.ttl_seconds;
  if (ttl == 0 || now_unix_seconds <= ttl) return expired;
  uint64_t bytes_left = context.version.TotalBytes();
  for (size_t i = level0.size(); i-- > 0;) {
    const uint64_t born = level0[i]->meta().oldest_ancestor_unix_seconds;
    if (born == 0 || born >= now_unix_seconds - ttl) break;
    bytes_left -= level0[i]->meta().file_bytes;
    expired.insert(expired.begin(), level0[i]);
  }
  if (bytes_left > context.config.fifo_max_table_bytes) expired.clear();
  return expired;
}

// The oldest tables: the last of level 0, or, in a database that used another style before, the first keys of the last
// level. As many as bring the whole back to the limit.
Tables TablesTooMany(const WorkContext& context, int level, Tables oldest_first) {
  uint64_t bytes_left = context.version.TotalBytes();
  Tables dropped;
  for (TableFilePtr& table : oldest_first) {
    if (bytes_left <= context.config.fifo_max_table_bytes) break;
    bytes_left -= table->meta().file_bytes;
    dropped.push_back(std::move(table));
  }
  if (level == 0) std::reverse(dropped.begin(), dropped.end());
  return dropped;
}

}  // namespace

std::optional<CompactionWork> ChooseFifo(const WorkContext& context, uint64_t now_unix_seconds) {
  const Version& version = context.version;
  const Tables level0 = Level0Tables(version);
  const int last_level = version.LastNonEmptyLevel();
  if (last_level < 0 || IsBusy(level0)) return std::nullopt;
  if (last_level == 0) {
    Tables expired = ExpiredTables(context, level0, now_unix_seconds);
    if (!expired.empty()) return Drop(context, 0, std::move(expired), CompactionReason::kFifoTtl);
  }
  if (version.TotalBytes() > context.config.fifo_max_table_bytes) {
    Tables oldest_first = last_level == 0 ? Tables(level0.rbegin(), level0.rend()) : TablesBelow(version, last_level);
    if (IsBusy(oldest_first)) return std::nullopt;
    Tables dropped = TablesTooMany(context, last_level, std::move(oldest_first));
    return Drop(context, last_level, std::move(dropped), CompactionReason::kFifoMaxSize);
  }
  if (!context.config.fifo_allow_compaction || last_level > 0) return std::nullopt;
  const auto bytes_per_table_max =
      static_cast<uint64_t>(static_cast<double>(context.config.write_buffer_bytes) * kMergeMemtables);
  const auto tables_min = static_cast<size_t>(std::max(context.config.level0_compaction_trigger, 2));
  Tables row = ChooseLevel0Row(context, tables_min, bytes_per_table_max);
  if (row.empty()) return std::nullopt;
  CompactionWork work = RewriteInPlace(context, 0, std::move(row));
  work.score = context.state.scores.front().score;
  SetReason(&work, CompactionReason::kFifoReduceNumFiles);
  return work;
}

}  // namespace gneiss
