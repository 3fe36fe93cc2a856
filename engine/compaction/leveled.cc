// Leveled compaction: level 0 holds whole flushes; each deeper level is one sorted run, larger than the one above.
//
//   1. The level with the highest score of 1 or more goes first. From level 0 all tables merge into the base level (or
//      the oldest ones move there, where nothing overlaps); from level n the best idle table merges into level n + 1.
//   2. Where level 0 is blocked because it or the base level is busy, some of its tables merge among themselves, and
//   the
//      base level waits so that level 0 gets its turn.
//   3. Then come tables marked for compaction, rewritable bottommost tables, those past their ttl, periodic ones,
//      and those that keep blob files of mostly garbage alive.
#include <algorithm>

#include "engine/compaction/styles.h"

namespace gneiss {

namespace {

constexpr size_t kLevel0RowTablesMin = 4;

class LeveledChooser {
 public:
  LeveledChooser(const WorkContext& context, CompactCursors* cursors)
      : context_(context), order_(context.order()), cursors_(cursors), level0_(Level0Tables(context.version)) {}

  std::optional<CompactionWork> Choose();

 private:
  std::optional<CompactionWork> ChooseByScore();
  std::optional<CompactionWork> FromLevel0();
  std::optional<CompactionWork> MoveOldestOfLevel0();
  std::optional<CompactionWork> WithinLevel0();
  std::optional<CompactionWork> FromLevel(int level);
  std::optional<CompactionWork> FromTable(const LevelTable& candidate);
  std::optional<CompactionWork> RewriteTable(const LevelTable& candidate);

  std::vector<size_t> ByPriority(int level) const;
  std::vector<uint64_t> OverlapRatios(int level) const;
  void RotateToCursor(int level, std::vector<size_t>* indexes) const;
  void MoveCursor(const CompactionWork& work);

  const WorkContext& context_;
  const KeyOrder& order_;
  CompactCursors* const cursors_;
  const Tables level0_;  // newest first
};

std::optional<CompactionWork> LeveledChooser::Choose() {
  if (auto work = ChooseByScore()) return work;
  const CompactionState& state = context_.state;
  for (const LevelTable& candidate : state.marked) {
    if (auto work = FromTable(candidate)) {
      SetReason(&*work, CompactionReason::kFilesMarkedForCompaction);
      return work;
    }
  }
  for (const LevelTable& candidate : state.bottommost) {
    auto work = RewriteTable(candidate);
    if (work && work->is_bottommost) {  // else nothing would come of it, again and again
      SetReason(&*work, CompactionReason::kBottommostFiles);
      return work;
    }
  }
  for (const LevelTable& candidate : state.expired) {
    if (auto work = FromTable(candidate)) {
      SetReason(&*work, CompactionReason::kTtl);
      return work;
    }
  }
  for (const LevelTable& candidate : state.periodic) {
    if (auto work = RewriteTable(candidate)) {
      SetReason(&*work, CompactionReason::kPeriodicCompaction);
      return work;
    }
  }
  for (const LevelTable& candidate : state.blob_garbage) {
    if (auto work = RewriteTable(candidate)) {
      SetReason(&*work, CompactionReason::kForcedBlobGarbageCollection);
      return work;
    }
  }
  return std::nullopt;
}

std::optional<CompactionWork> LeveledChooser::ChooseByScore() {
  bool is_level0_waiting = false;
  for (const LevelScore& level : context_.state.scores) {
    if (level.score < 1) break;
    if (is_level0_waiting && level.level == context_.state.base_level) continue;
    std::optional<CompactionWork> work;
    if (level.level == 0) {
      work = FromLevel0();
      is_level0_waiting = !work;
      if (!work) work = WithinLevel0();
      if (work) SetReason(&*work, CompactionReason::kLevelL0FilesNum);
    } else {
      work = FromLevel(level.level);
      if (work) SetReason(&*work, CompactionReason::kLevelMaxLevelSize);
    }
    if (work) {
      work->score = level.score;
      return work;
    }
  }
  return std::nullopt;
}

std::optional<CompactionWork> LeveledChooser::FromLevel0() {
  if (level0_.empty() || IsBusy(level0_) || context_.version.LevelCount() == 1) return std::nullopt;
  if (auto work = MoveOldestOfLevel0()) return work;
  return MergeLevel0Down(context_, level0_, context_.state.base_level);
}

// The oldest tables, as long as each overlaps neither those taken before it nor the base level.
std::optional<CompactionWork> LeveledChooser::MoveOldestOfLevel0() {
  const int base_level = context_.state.base_level;
  const Tables& base = TablesBelow(context_.version, base_level);
  if (base.empty()) return std::nullopt;  // then all of level 0 can have the base level to itself
  Tables moved;
  for (size_t i = level0_.size(); i-- > 0;) {
    const TableFilePtr& table = level0_[i];
    const KeyRange range = RangeOf(*table);
    const bool is_free = Overlapping(order_, base, range).empty() &&
                         std::none_of(moved.begin(), moved.end(),
                                      [&](const TableFilePtr& other) { return DoesOverlap(order_, *other, range); });
    if (!is_free) break;
    moved.insert(moved.begin(), table);
  }
  if (moved.empty()) return std::nullopt;
  auto work = MergeLevel0Down(context_, std::move(moved), base_level);
  if (work && work->type == CompactionWork::Type::kMove) return work;
  return std::nullopt;
}

std::optional<CompactionWork> LeveledChooser::WithinLevel0() {
  const auto trigger = static_cast<size_t>(std::max(context_.config.level0_compaction_trigger, 1));
  if (level0_.size() < trigger + 2 || level0_.front()->is_being_compacted) return std::nullopt;
  Tables row = ChooseLevel0Row(context_, kLevel0RowTablesMin, UINT64_MAX);
  if (row.empty()) return std::nullopt;
  return RewriteInPlace(context_, 0, std::move(row));
}

std::optional<CompactionWork> LeveledChooser::FromLevel(int level) {
  const Tables& tables = TablesBelow(context_.version, level);
  for (const size_t index : ByPriority(level)) {
    const Span span = ExpandToCleanCut(order_, tables, {index, index + 1});
    if (IsBusy(tables, span)) continue;
    if (auto work = MergeDown(context_, level, span, level + 1)) {
      if (context_.config.priority == CompactionPriority::kRoundRobin) MoveCursor(*work);
      return work;
    }
  }
  return std::nullopt;
}

std::optional<CompactionWork> LeveledChooser::FromTable(const LevelTable& candidate) {
  if (candidate.level == 0) return FromLevel0();
  if (candidate.level + 1 >= context_.version.LevelCount()) return std::nullopt;
  const Tables& tables = TablesBelow(context_.version, candidate.level);
  const Span own = Overlapping(order_, tables, RangeOf(*candidate.table));
  const Span span = ExpandToCleanCut(order_, tables, own);
  if (IsBusy(tables, span)) return std::nullopt;
  return MergeDown(context_, candidate.level, span, candidate.level + 1);
}

std::optional<CompactionWork> LeveledChooser::RewriteTable(const LevelTable& candidate) {
  if (candidate.level == 0) {
    if (IsBusy(level0_)) return std::nullopt;
    return RewriteInPlace(context_, 0, {candidate.table});
  }
  const Tables& tables = TablesBelow(context_.version, candidate.level);
  const Span own = Overlapping(order_, tables, RangeOf(*candidate.table));
  const Span span = ExpandToCleanCut(order_, tables, own);
  if (IsBusy(tables, span)) return std::nullopt;
  return RewriteInPlace(context_, candidate.level, TablesOf(tables, span));
}

// Indexes of the level's idle tables, best first.
std::vector<size_t> LeveledChooser::ByPriority(int level) const {
  const Tables& tables = TablesBelow(context_.version, level);
  std::vector<size_t> indexes;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (!tables[i]->is_being_compacted) indexes.push_back(i);
  }
  const auto sort_by = [&indexes](const auto& rank_of) {
    std::stable_sort(indexes.begin(), indexes.end(), [&](size_t a, size_t b) { return rank_of(a) < rank_of(b); });
  };
  switch (context_.config.priority) {
    case CompactionPriority::kByCompensatedSize:
      sort_by([&](size_t i) { return UINT64_MAX - WeightOf(*tables[i]); });
      break;
    case CompactionPriority::kOldestLargestSeqFirst:
      sort_by([&](size_t i) { return tables[i]->meta().largest_seq; });
      break;
    case CompactionPriority::kOldestSmallestSeqFirst:
      sort_by([&](size_t i) { return tables[i]->meta().smallest_seq; });
      break;
    case CompactionPriority::kMinOverlappingRatio: {
      const std::vector<uint64_t> ratios = OverlapRatios(level);
      sort_by([&](size_t i) { return ratios[i]; });
      break;
    }
    case CompactionPriority::kRoundRobin:
      RotateToCursor(level, &indexes);
      break;
  }
  return indexes;
}

// For each table of the level: bytes of the next level that it overlaps, in 1/1024 of its own. One pass over both.
std::vector<uint64_t> LeveledChooser::OverlapRatios(int level) const {
  const Tables& tables = TablesBelow(context_.version, level);
  const Tables& next = TablesBelow(context_.version, level + 1);
  std::vector<uint64_t> ratios(tables.size());
  size_t first = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    const TableFile& table = *tables[i];
    while (first < next.size() && order_.Compare(next[first]->largest_user_key(), table.smallest_user_key()) < 0) {
      ++first;
    }
    uint64_t overlap = 0;
    for (size_t j = first; j < next.size(); ++j) {
      if (order_.Compare(next[j]->smallest_user_key(), table.largest_user_key()) > 0) break;
      overlap += next[j]->meta().file_bytes;
    }
    ratios[i] = overlap * 1024 / std::max<uint64_t>(WeightOf(table), 1);
  }
  return ratios;
}

void LeveledChooser::RotateToCursor(int level, std::vector<size_t>* indexes) const {
  if (cursors_ == nullptr || static_cast<size_t>(level) >= cursors_->size()) return;
  const InternalKey& cursor = (*cursors_)[static_cast<size_t>(level)];
  if (cursor.empty()) return;
  const Tables& tables = TablesBelow(context_.version, level);
  const auto next = std::find_if(indexes->begin(), indexes->end(), [&](size_t i) {
    return order_.CompareInternal(cursor.Encode(), tables[i]->meta().smallest.Encode()) < 0;
  });
  std::rotate(indexes->begin(), next, indexes->end());
}

void LeveledChooser::MoveCursor(const CompactionWork& work) {
  if (cursors_ == nullptr) return;
  const CompactionInput& input = work.inputs.front();
  const auto level = static_cast<size_t>(input.level);
  if (cursors_->size() <= level) cursors_->resize(level + 1);
  (*cursors_)[level] = input.tables.back()->meta().largest;
}

}  // namespace

std::optional<CompactionWork> ChooseLeveled(const WorkContext& context, CompactCursors* cursors) {
  return LeveledChooser(context, cursors).Choose();
}

Tables ChooseLevel0Row(const WorkContext& context, size_t tables_min, uint64_t bytes_per_table_max) {
  const Tables tables = Level0Tables(context.version);
  const std::vector<bool> starts = Level0RowStarts(context, tables);
  size_t first = 0;
  while (first < tables.size() && !tables[first]->is_being_compacted && !starts[first]) ++first;
  if (first == tables.size() || tables[first]->is_being_compacted) return {};

  // Merging n tables leaves one, so n - 1 go. Goes on while that gets cheaper per table gone.
  uint64_t bytes = tables[first]->meta().file_bytes;
  uint64_t bytes_per_table = UINT64_MAX;
  size_t limit = first + 1;
  for (; limit < tables.size() && !tables[limit]->is_being_compacted; ++limit) {
    bytes += tables[limit]->meta().file_bytes;
    const uint64_t cost = bytes / (limit - first);
    if (cost > bytes_per_table || bytes > context.compaction_bytes_max) break;
    bytes_per_table = cost;
  }
  if (limit - first < tables_min || bytes_per_table >= bytes_per_table_max) return {};
  return TablesOf(tables, {first, limit});
}

}  // namespace gneiss
