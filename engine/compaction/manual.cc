// A manual compaction of a key range, one level at a time, in pieces of bounded size.
#include <algorithm>

#include "engine/compaction/styles.h"

namespace gneiss {

namespace {

// The level-0 tables that touch the range or, through others, must go along: a table left behind must not overlap one
// that goes down.
Tables Level0Touching(const KeyOrder& order, const Tables& level0, KeyRange range) {
  std::vector<bool> is_taken(level0.size(), false);
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (size_t i = 0; i < level0.size(); ++i) {
      if (is_taken[i] || !DoesOverlap(order, *level0[i], range)) continue;
      is_taken[i] = true;
      has_grown = true;
      range = UnionOf(order, range, RangeOf(*level0[i]));
    }
  }
  Tables taken;
  for (size_t i = 0; i < level0.size(); ++i) {
    if (is_taken[i]) taken.push_back(level0[i]);
  }
  return taken;
}

// The first tables of the span, until they and what they overlap in the output level reach the limit.
Span FirstPiece(const WorkContext& context, const Tables& tables, Span span, const Tables& output_tables) {
  Span piece{span.first, span.first};
  size_t next_output = Overlapping(context.order(), output_tables, RangeOf(tables, span)).first;
  uint64_t bytes = 0;
  while (piece.limit < span.limit && bytes < context.compaction_bytes_max) {
    bytes += tables[piece.limit++]->meta().file_bytes;
    const size_t output_limit = Overlapping(context.order(), output_tables, RangeOf(tables, piece)).limit;
    for (; next_output < output_limit; ++next_output) bytes += output_tables[next_output]->meta().file_bytes;
  }
  return piece;
}

std::optional<CompactionWork> ChooseLevel0Range(const WorkContext& context, const ManualRequest& request,
                                                const KeyRange& range, bool* conflict) {
  const Tables level0 = Level0Tables(context.version);
  Tables taken = Level0Touching(context.order(), level0, range);
  if (taken.empty()) return std::nullopt;
  *conflict = IsBusy(level0);
  if (*conflict) return std::nullopt;
  auto work = MergeLevel0Down(context, std::move(taken), request.output_level);
  *conflict = !work;
  return work;
}

// Narrows the span to its first row of tables that this manual compaction did not write itself.
Span WithoutIgnored(const Tables& tables, Span span, uint64_t ignored_from_number) {
  const auto is_ignored = [&](size_t i) { return tables[i]->meta().number >= ignored_from_number; };
  while (!span.empty() && is_ignored(span.first)) ++span.first;
  size_t limit = span.first;
  while (limit < span.limit && !is_ignored(limit)) ++limit;
  return {span.first, limit};
}

std::optional<CompactionWork> ChooseDeeperRange(const WorkContext& context, const ManualRequest& request,
                                                const KeyRange& range, std::optional<InternalKey>* resume_from,
                                                bool* conflict) {
  static const Tables kNone;
  const KeyOrder& order = context.order();
  const bool is_in_place = request.input_level == request.output_level;
  const Tables& tables = TablesBelow(context.version, request.input_level);
  const Tables& output_tables = is_in_place ? kNone : TablesBelow(context.version, request.output_level);
  const Span wanted = Overlapping(order, tables, range);
  Span span = wanted;
  if (is_in_place) span = WithoutIgnored(tables, span, request.ignored_tables_from_number);
  if (span.empty()) return std::nullopt;
  span = ExpandToCleanCut(order, tables, FirstPiece(context, tables, span, output_tables));
  if (span.limit < wanted.limit) *resume_from = tables[span.limit]->meta().smallest;
  *conflict = IsBusy(tables, span);
  if (*conflict) return std::nullopt;
  if (is_in_place) return RewriteInPlace(context, request.input_level, TablesOf(tables, span));
  auto work = MergeDown(context, request.input_level, span, request.output_level);
  *conflict = !work;
  return work;
}

bool IsAnyBusy(const Version& version) {
  bool is_any_busy = IsBusy(Level0Tables(version));
  for (int level = 1; level < version.LevelCount(); ++level) {
    is_any_busy = is_any_busy || IsBusy(TablesBelow(version, level));
  }
  return is_any_busy;
}

}  // namespace

std::optional<CompactionWork> ChooseManual(const Version& version, const CompactionConfig& config,
                                           const CompactionState& state, const ManualRequest& request,
                                           std::optional<InternalKey>* resume_from, bool* conflict) {
  resume_from->reset();
  *conflict = false;
  WorkContext context(version, config, state);
  context.is_manual = true;
  context.manual_path_id = request.path_id;
  context.may_move = request.allow_trivial_move && config.filter_factory == nullptr;
  if (request.compaction_bytes_max != 0) context.compaction_bytes_max = request.compaction_bytes_max;
  KeyRange range;
  if (request.begin_user_key != nullptr) range.begin = *request.begin_user_key;
  if (request.end_user_key != nullptr) range.end = *request.end_user_key;

  std::optional<CompactionWork> work;
  if (config.style == CompactionStyle::kUniversal) {
    *conflict = IsAnyBusy(version);
    if (!*conflict) work = MergeAllRuns(context, CompactionReason::kManualCompaction);
  } else if (config.style == CompactionStyle::kFifo) {
    work = NeedsCompaction(version, state, config) ? ChooseFifo(context, state.now_unix_seconds) : std::nullopt;
  } else if (request.input_level == 0) {
    work = ChooseLevel0Range(context, request, range, conflict);
  } else {
    work = ChooseDeeperRange(context, request, range, resume_from, conflict);
  }
  if (!work) {
    if (*conflict) resume_from->reset();
    return work;
  }
  work->score = -1;  // as RocksDB reports a manual one
  SetReason(&*work, CompactionReason::kManualCompaction);
  return work;
}

}  // namespace gneiss
