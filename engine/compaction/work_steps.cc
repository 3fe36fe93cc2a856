#include "engine/compaction/work_steps.h"

#include <algorithm>

namespace gneiss {

namespace {

constexpr uint64_t kCompactionTargetsMax = 25;  // of target_file_bytes_base, when no limit is set
constexpr size_t kMoveTablesMax = 4;            // at a time, not to press on the next level all at once

// Takes more tables of the input level if the span of the output level stays the same. First all that overlap what is
// being merged anyway; if that reaches too far, only those that lie inside it.
Span GrowInput(const WorkContext& context, const Tables& tables, Span span, const Tables& output_tables,
               Span output_span) {
  const KeyOrder& order = context.order();
  const KeyRange merged = UnionOf(order, RangeOf(tables, span), RangeOf(output_tables, output_span));
  const uint64_t output_bytes = BytesOf(output_tables, output_span);
  const auto is_better = [&](const Span& wider) {
    return wider.size() > span.size() && wider.first <= span.first && span.limit <= wider.limit &&
           output_bytes + BytesOf(tables, wider) < context.compaction_bytes_max && !IsBusy(tables, wider);
  };
  const auto output_of = [&](const Span& wider) {
    return ExpandToCleanCut(order, output_tables, Overlapping(order, output_tables, RangeOf(tables, wider)));
  };

  const Span overlapping = ExpandToCleanCut(order, tables, Overlapping(order, tables, merged));
  if (is_better(overlapping) && output_of(overlapping) == output_span) return overlapping;

  Span inside = Within(order, tables, merged);
  while (inside.first < span.first && inside.first > 0 &&
         !IsCleanCut(order, *tables[inside.first - 1], *tables[inside.first])) {
    ++inside.first;
  }
  while (inside.limit > span.limit && inside.limit < tables.size() &&
         !IsCleanCut(order, *tables[inside.limit - 1], *tables[inside.limit])) {
    --inside.limit;
  }
  if (is_better(inside) && output_of(inside) == output_span) return inside;
  return span;
}

// Where nothing overlaps in the output level the tables can move: takes the next ones along.
Span GrowMove(const WorkContext& context, const Tables& tables, Span span, const Tables& output_tables) {
  if (span.size() != 1) return span;
  const KeyOrder& order = context.order();
  uint64_t bytes = BytesOf(tables, span);
  while (span.limit < tables.size() && span.size() < kMoveTablesMax) {
    const Span wider{span.first, span.limit + 1};
    bytes += tables[span.limit]->meta().file_bytes;
    if (tables[span.limit]->is_being_compacted || bytes > context.compaction_bytes_max ||
        ExpandToCleanCut(order, tables, wider) != wider ||
        !Overlapping(order, output_tables, RangeOf(tables, wider)).empty()) {
      break;
    }
    span = wider;
  }
  return span;
}

Compression CompressionAt(const WorkContext& context, int level) {
  const bool is_bottommost = level >= context.version.LastNonEmptyLevel();
  return CompressionFor(context.config, level, context.state.base_level, is_bottommost);
}

bool PartitionerAllowsMove(const WorkContext& context, const CompactionWork& work, const Tables& tables) {
  const std::unique_ptr<TablePartitioner> partitioner = NewPartitioner(context.config, context.order(), work);
  return partitioner == nullptr || std::all_of(tables.begin(), tables.end(), [&](const TableFilePtr& table) {
           return partitioner->CanMove(table->smallest_user_key(), table->largest_user_key());
         });
}

// A move only renames the level of tables in the manifest.
bool CanMove(const WorkContext& context, const CompactionWork& work) {
  if (!context.may_move || work.output_level == 0) return false;
  for (const CompactionInput& input : work.inputs) {
    const auto lies_elsewhere = [&](const TableFilePtr& table) { return table->meta().path_id != work.path_id; };
    if (std::any_of(input.tables.begin(), input.tables.end(), lies_elsewhere)) return false;
  }
  const KeyOrder& order = context.order();
  if (context.config.style == CompactionStyle::kUniversal) {
    if (!context.config.universal_allow_trivial_move) return false;
    Tables all;
    for (const CompactionInput& input : work.inputs) all.insert(all.end(), input.tables.begin(), input.tables.end());
    return AreDisjoint(order, std::move(all));
  }
  const CompactionInput& input = work.inputs.front();
  if (work.inputs.size() != 1 || input.level == work.output_level) return false;
  if (!PartitionerAllowsMove(context, work, input.tables)) return false;
  if (CompressionAt(context, input.level) != CompressionAt(context, work.output_level)) return false;
  if (!AreDisjoint(order, input.tables)) return false;
  if (work.output_level + 1 >= context.version.LevelCount()) return true;
  // Not where the moved table would later cost too large a merge.
  const Tables& next = TablesBelow(context.version, work.output_level + 1);
  return std::all_of(input.tables.begin(), input.tables.end(), [&](const TableFilePtr& table) {
    const Span overlap = Overlapping(order, next, RangeOf(*table));
    return table->meta().file_bytes + BytesOf(next, overlap) <= context.compaction_bytes_max;
  });
}

Tables GrandparentsOf(const WorkContext& context, const CompactionWork& work, const KeyRange& range) {
  for (int level = work.output_level + 1; level < context.version.LevelCount(); ++level) {
    const Tables& tables = TablesBelow(context.version, level);
    const Span span = Overlapping(context.order(), tables, range);
    if (!span.empty()) return TablesOf(tables, span);
  }
  return {};
}

// Can anything older than the output hold a key of the range?
bool IsBottommost(const WorkContext& context, const CompactionWork& work, const KeyRange& range) {
  if (AnyOverlapBelow(context.version, work.output_level, range)) return false;
  if (work.output_level > 0) return true;
  return work.inputs.front().tables.back() == Level0Tables(context.version).back();
}

}  // namespace

WorkContext::WorkContext(const Version& of_version, const CompactionConfig& of_config, const CompactionState& of_state)
    : version(of_version), config(of_config), state(of_state), compaction_bytes_max(CompactionBytesMax(of_config)) {}

uint64_t CompactionBytesMax(const CompactionConfig& config) {
  if (config.compaction_bytes_max != 0) return config.compaction_bytes_max;
  return config.target_file_bytes_base > UINT64_MAX / kCompactionTargetsMax
             ? UINT64_MAX
             : config.target_file_bytes_base * kCompactionTargetsMax;
}

uint64_t TargetFileBytes(const CompactionConfig& config, int level, int base_level) {
  if (level == 0) return UINT64_MAX;
  const bool counts_from_base =
      config.style == CompactionStyle::kLevel && config.level_compaction_dynamic_level_bytes && level >= base_level;
  uint64_t bytes = config.target_file_bytes_base;
  const auto multiplier = static_cast<uint64_t>(std::max(config.target_file_bytes_multiplier, 1));
  for (int i = counts_from_base ? level - base_level : level; i > 1; --i) {
    if (bytes > UINT64_MAX / multiplier) return UINT64_MAX;
    bytes *= multiplier;
  }
  return bytes;
}

void SetReason(CompactionWork* work, CompactionReason reason) {
  work->reason = CompactionReasonName(reason);
  work->reason_number = static_cast<int>(reason);
}

std::optional<CompactionWork> MergeDown(const WorkContext& context, int level, Span span, int output_level) {
  const KeyOrder& order = context.order();
  const Tables& tables = TablesBelow(context.version, level);
  const Tables& output_tables = TablesBelow(context.version, output_level);
  const KeyRange range = RangeOf(tables, span);
  const Span output_span = ExpandToCleanCut(order, output_tables, Overlapping(order, output_tables, range));
  if (IsBusy(output_tables, output_span)) return std::nullopt;
  if (!output_span.empty()) {
    span = GrowInput(context, tables, span, output_tables, output_span);
  } else if (!context.is_manual && context.config.compression_per_level.empty()) {
    span = GrowMove(context, tables, span, output_tables);
  }

  CompactionWork work;
  work.output_level = output_level;
  work.inputs.push_back({level, TablesOf(tables, span)});
  if (!output_span.empty()) work.inputs.push_back({output_level, TablesOf(output_tables, output_span)});
  Complete(context, &work);
  return work;
}

std::optional<CompactionWork> MergeLevel0Down(const WorkContext& context, Tables tables, int output_level) {
  const KeyOrder& order = context.order();
  const Tables& output_tables = TablesBelow(context.version, output_level);
  const Span output_span =
      ExpandToCleanCut(order, output_tables, Overlapping(order, output_tables, RangeOf(order, tables)));
  if (IsBusy(output_tables, output_span)) return std::nullopt;

  CompactionWork work;
  work.output_level = output_level;
  work.inputs.push_back({0, std::move(tables)});
  if (!output_span.empty()) work.inputs.push_back({output_level, TablesOf(output_tables, output_span)});
  Complete(context, &work);
  return work;
}

std::vector<bool> Level0RowStarts(const WorkContext& context, const Tables& level0) {
  std::vector<bool> starts;
  SeqNo oldest_above = context.state.limits.earliest_unflushed;
  for (const TableFilePtr& table : level0) {
    const TableMeta& meta = table->meta();
    starts.push_back(meta.largest_seq < oldest_above || meta.largest_seq == 0);
    oldest_above = std::min(oldest_above, meta.smallest_seq);
  }
  return starts;
}

CompactionWork RewriteInPlace(const WorkContext& context, int level, Tables tables) {
  CompactionWork work;
  work.output_level = level;
  work.inputs.push_back({level, std::move(tables)});
  Complete(context, &work);
  return work;
}

void Complete(const WorkContext& context, CompactionWork* work) {
  const KeyOrder& order = context.order();
  const KeyRange range = RangeOf(order, *work);
  work->base_level = context.state.base_level;
  work->is_manual = context.is_manual;
  work->is_full = work->InputTableCount() == context.version.TableCount();
  work->is_bottommost = IsBottommost(context, *work, range);
  work->output_file_bytes_max = TargetFileBytes(context.config, work->output_level, context.state.base_level);
  work->grandparent_overlap_bytes_max = context.compaction_bytes_max;
  if (work->output_level > 0 && context.config.style == CompactionStyle::kLevel) {
    work->grandparents = GrandparentsOf(context, *work, range);
  }
  work->path_id =
      context.is_manual ? context.manual_path_id : PathFor(context.config, work->output_level, work->InputBytes());
  work->type = CanMove(context, *work) ? CompactionWork::Type::kMove : CompactionWork::Type::kMerge;
}

}  // namespace gneiss
