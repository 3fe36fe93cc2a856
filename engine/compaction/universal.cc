// Universal compaction: few sorted runs, newest first: each table of level 0, then each deeper level. Neighbouring runs
// are merged into one; the result lies just above the next older run, in the last level when there is none. What would
// come to lie in level 0 must begin with a run that may (Level0RowStarts).
//
//   1. Periodic: everything from the newest run that no busy run separates from the oldest.
//   2. Size amplification: all runs, when the newer ones together have grown to a given percentage of the oldest.
//   3. Size ratio: a row of runs where each is at most a little larger than those before it together.
//   4. Number of runs: the newest ones, as many as bring the count back to the trigger.
//   5. Tables marked for compaction, with what they overlap below.
#include <algorithm>
#include <climits>

#include "engine/compaction/styles.h"

namespace gneiss {

namespace {

struct SortedRun {
  int level = 0;
  Tables tables;
  uint64_t bytes = 0;
  uint64_t weight = 0;
  bool is_busy = false;
  bool may_begin_in_level0 = true;  // Level0RowStarts
};

SortedRun MakeRun(int level, Tables tables) {
  SortedRun run;
  run.level = level;
  run.bytes = BytesOf(tables);
  for (const TableFilePtr& table : tables) run.weight += WeightOf(*table);
  run.is_busy = IsBusy(tables);
  run.tables = std::move(tables);
  return run;
}

std::vector<SortedRun> RunsOf(const WorkContext& context) {
  const Version& version = context.version;
  const Tables level0 = Level0Tables(version);
  const std::vector<bool> starts = Level0RowStarts(context, level0);
  std::vector<SortedRun> runs;
  for (size_t i = 0; i < level0.size(); ++i) {
    runs.push_back(MakeRun(0, {level0[i]}));
    runs.back().may_begin_in_level0 = starts[i];
  }
  for (int level = 1; level < version.LevelCount(); ++level) {
    const Tables& tables = TablesBelow(version, level);
    if (!tables.empty()) runs.push_back(MakeRun(level, tables));
  }
  return runs;
}

class UniversalChooser {
 public:
  explicit UniversalChooser(const WorkContext& context) : context_(context), runs_(RunsOf(context)) {}

  std::optional<CompactionWork> Choose() const;
  std::optional<CompactionWork> MergeAll(CompactionReason reason) const;

 private:
  std::optional<CompactionWork> ForPeriod() const;
  std::optional<CompactionWork> ForSizeAmplification() const;
  std::optional<CompactionWork> ForRatio(unsigned percent, size_t runs_max, CompactionReason reason) const;
  std::optional<CompactionWork> ForRunCount() const;
  std::optional<CompactionWork> ForMarked() const;
  bool MayMerge(size_t first, size_t limit) const;
  int OutputLevel(size_t limit) const;
  CompactionWork Merge(size_t first, size_t limit, CompactionReason reason) const;
  size_t RowLength(size_t first, unsigned percent, size_t runs_max) const;
  bool DisablesCompression(size_t limit) const;

  const WorkContext& context_;
  const std::vector<SortedRun> runs_;
};

std::optional<CompactionWork> UniversalChooser::Choose() const {
  if (runs_.empty()) return std::nullopt;
  if (!context_.state.periodic.empty()) {
    if (auto work = ForPeriod()) return work;
  }
  const CompactionConfig& config = context_.config;
  if (runs_.size() >= static_cast<size_t>(std::max(config.level0_compaction_trigger, 1))) {
    if (auto work = ForSizeAmplification()) return work;
    if (auto work = ForRatio(config.universal_size_ratio, SIZE_MAX, CompactionReason::kUniversalSizeRatio)) return work;
    if (auto work = ForRunCount()) return work;
  }
  return ForMarked();
}

std::optional<CompactionWork> UniversalChooser::MergeAll(CompactionReason reason) const {
  size_t first = 0;
  while (first < runs_.size() && !MayMerge(first, runs_.size())) ++first;
  if (first == runs_.size()) return std::nullopt;
  return Merge(first, runs_.size(), reason);
}

std::optional<CompactionWork> UniversalChooser::ForPeriod() const {
  size_t first = runs_.size();
  while (first > 0 && !runs_[first - 1].is_busy) --first;
  while (first < runs_.size() && !MayMerge(first, runs_.size())) ++first;
  if (first == runs_.size()) return std::nullopt;
  const bool has_periodic =
      std::any_of(context_.state.periodic.begin(), context_.state.periodic.end(), [&](const LevelTable& wanting) {
        return std::any_of(runs_.begin() + static_cast<ptrdiff_t>(first), runs_.end(), [&](const SortedRun& run) {
          return std::find(run.tables.begin(), run.tables.end(), wanting.table) != run.tables.end();
        });
      });
  if (!has_periodic) return std::nullopt;
  CompactionWork work = Merge(first, runs_.size(), CompactionReason::kPeriodicCompaction);
  work.type = CompactionWork::Type::kMerge;  // a move would not renew the tables
  return work;
}

std::optional<CompactionWork> UniversalChooser::ForSizeAmplification() const {
  if (runs_.back().is_busy) return std::nullopt;
  size_t first = 0;
  while (first + 1 < runs_.size() && (runs_[first].is_busy || !MayMerge(first, runs_.size()))) ++first;
  uint64_t newer_weight = 0;
  for (size_t i = first; i + 1 < runs_.size(); ++i) {
    if (runs_[i].is_busy) return std::nullopt;
    newer_weight += runs_[i].weight;
  }
  const uint64_t percent = context_.config.universal_max_size_amplification_percent;
  if (newer_weight == 0 || newer_weight * 100 < percent * runs_.back().bytes) return std::nullopt;
  return Merge(first, runs_.size(), CompactionReason::kUniversalSizeAmplification);
}

// How many runs from `first` on may be merged: each next one at most `percent` larger than those before it together.
size_t UniversalChooser::RowLength(size_t first, unsigned percent, size_t runs_max) const {
  uint64_t weight = runs_[first].weight;
  size_t length = 1;
  for (size_t i = first + 1; i < runs_.size() && length < runs_max && !runs_[i].is_busy; ++i, ++length) {
    const double allowed = static_cast<double>(weight) * (100.0 + percent) / 100.0;
    if (allowed < static_cast<double>(runs_[i].bytes)) break;
    weight += runs_[i].weight;
  }
  return length;
}

std::optional<CompactionWork> UniversalChooser::ForRatio(unsigned percent, size_t runs_max,
                                                         CompactionReason reason) const {
  const size_t length_min = std::max(context_.config.universal_min_merge_width, 2u);
  const size_t length_max = std::min<size_t>(context_.config.universal_max_merge_width, runs_max);
  for (size_t first = 0; first < runs_.size(); ++first) {
    if (runs_[first].is_busy) continue;
    const size_t length = RowLength(first, percent, length_max);
    if (length < length_min || !MayMerge(first, first + length)) continue;
    CompactionWork work = Merge(first, first + length, reason);
    work.disables_compression = DisablesCompression(first + length);
    return work;
  }
  return std::nullopt;
}

std::optional<CompactionWork> UniversalChooser::ForRunCount() const {
  const auto idle =
      static_cast<size_t>(std::count_if(runs_.begin(), runs_.end(), [](const SortedRun& run) { return !run.is_busy; }));
  const auto trigger = static_cast<size_t>(std::max(context_.config.level0_compaction_trigger, 1));
  if (idle <= trigger) return std::nullopt;
  return ForRatio(UINT_MAX, idle - trigger + 1, CompactionReason::kUniversalSortedRunNum);
}

// While the runs older than the merged ones hold the configured share of all data, those are the compressed ones.
bool UniversalChooser::DisablesCompression(size_t limit) const {
  const int percent = context_.config.universal_compression_size_percent;
  if (percent < 0) return false;
  uint64_t total = 0;
  uint64_t older = 0;
  for (size_t i = 0; i < runs_.size(); ++i) {
    total += runs_[i].weight;
    if (i >= limit) older += runs_[i].bytes;
  }
  return limit < runs_.size() && older * 100 >= total * static_cast<uint64_t>(percent);
}

std::optional<CompactionWork> UniversalChooser::ForMarked() const {
  for (const LevelTable& candidate : context_.state.marked) {
    if (context_.version.LevelCount() == 1) {
      // One level: the marked table, all older runs, and the newer ones that it cannot go without.
      const auto is_marked = [&](const SortedRun& run) { return run.tables.front() == candidate.table; };
      auto first = static_cast<size_t>(std::find_if(runs_.begin(), runs_.end(), is_marked) - runs_.begin());
      size_t limit = first;
      while (limit < runs_.size() && !runs_[limit].is_busy) ++limit;
      while (first > 0 && !MayMerge(first, limit) && !runs_[first - 1].is_busy) --first;
      if (limit - first >= 2 && MayMerge(first, limit))
        return Merge(first, limit, CompactionReason::kFilesMarkedForCompaction);
      continue;
    }
    int output_level = candidate.level + 1;
    while (output_level < context_.version.LevelCount() && TablesBelow(context_.version, output_level).empty()) {
      ++output_level;
    }
    const bool is_lowest = output_level == context_.version.LevelCount();
    if (is_lowest && candidate.level > 0) continue;  // it would only move
    std::optional<CompactionWork> work;
    if (candidate.level == 0) {
      const Tables level0 = Level0Tables(context_.version);
      if (!IsBusy(level0)) work = MergeLevel0Down(context_, level0, is_lowest ? output_level - 1 : output_level);
    } else {
      const Tables& tables = TablesBelow(context_.version, candidate.level);
      const Span own = Overlapping(context_.order(), tables, RangeOf(*candidate.table));
      const Span span = ExpandToCleanCut(context_.order(), tables, own);
      if (!IsBusy(tables, span)) work = MergeDown(context_, candidate.level, span, output_level);
    }
    if (work) {
      SetReason(&*work, CompactionReason::kFilesMarkedForCompaction);
      return work;
    }
  }
  return std::nullopt;
}

bool UniversalChooser::MayMerge(size_t first, size_t limit) const {
  return runs_[first].may_begin_in_level0 || OutputLevel(limit) > 0;
}

int UniversalChooser::OutputLevel(size_t limit) const {
  if (limit == runs_.size()) return context_.version.LevelCount() - 1;
  return std::max(runs_[limit].level - 1, 0);
}

CompactionWork UniversalChooser::Merge(size_t first, size_t limit, CompactionReason reason) const {
  CompactionWork work;
  for (size_t i = first; i < limit; ++i) {
    const SortedRun& run = runs_[i];
    if (work.inputs.empty() || work.inputs.back().level != run.level) work.inputs.push_back({run.level, {}});
    Tables& tables = work.inputs.back().tables;
    tables.insert(tables.end(), run.tables.begin(), run.tables.end());
  }
  work.output_level = OutputLevel(limit);
  work.score = context_.state.scores.empty() ? 0 : context_.state.scores.front().score;
  Complete(context_, &work);
  work.grandparent_overlap_bytes_max = UINT64_MAX;
  SetReason(&work, reason);
  return work;
}

}  // namespace

std::optional<CompactionWork> ChooseUniversal(const WorkContext& context) { return UniversalChooser(context).Choose(); }

std::optional<CompactionWork> MergeAllRuns(const WorkContext& context, CompactionReason reason) {
  return UniversalChooser(context).MergeAll(reason);
}

}  // namespace gneiss
