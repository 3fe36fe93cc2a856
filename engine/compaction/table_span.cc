#include "engine/compaction/table_span.h"

#include <algorithm>

namespace gneiss {

namespace {

bool EndsBefore(const KeyOrder& order, const TableFile& table, Slice user_key) {
  const int compared = order.Compare(table.largest_user_key(), user_key);
  return compared < 0 || (compared == 0 && table.EndsBeforeLargest());
}

bool BeginsBehind(const KeyOrder& order, const TableFile& table, const KeyRange& range) {
  if (!range.end) return false;
  const int compared = order.Compare(table.smallest_user_key(), *range.end);
  return compared > 0 || (compared == 0 && range.is_end_excluded);
}

bool IsEndBefore(const KeyOrder& order, const KeyRange& a, const KeyRange& b) {
  if (!b.end) return a.end.has_value();
  if (!a.end) return false;
  const int compared = order.Compare(*a.end, *b.end);
  return compared < 0 || (compared == 0 && a.is_end_excluded && !b.is_end_excluded);
}

}  // namespace

const Tables& TablesBelow(const Version& version, int level) {
  static const Tables kNone;
  const Level& tables = version.level(level);
  return tables.runs.empty() ? kNone : tables.runs.front()->tables();
}

Tables Level0Tables(const Version& version) {
  Tables tables;
  for (const auto& run : version.level(0).runs) tables.insert(tables.end(), run->tables().begin(), run->tables().end());
  return tables;
}

Tables TablesOf(const Tables& tables, const Span& span) {
  const auto begin = tables.begin();
  return Tables(begin + static_cast<ptrdiff_t>(span.first), begin + static_cast<ptrdiff_t>(span.limit));
}

KeyRange UnionOf(const KeyOrder& order, const KeyRange& a, const KeyRange& b) {
  KeyRange both = IsEndBefore(order, a, b) ? b : a;
  both.begin = !a.begin || !b.begin ? std::nullopt : (order.Compare(*a.begin, *b.begin) < 0 ? a.begin : b.begin);
  return both;
}

KeyRange RangeOf(const TableFile& table) {
  return {.begin = table.smallest_user_key(),
          .end = table.largest_user_key(),
          .is_end_excluded = table.EndsBeforeLargest()};
}

KeyRange RangeOf(const Tables& tables, const Span& span) {
  KeyRange range = RangeOf(*tables[span.limit - 1]);
  range.begin = tables[span.first]->smallest_user_key();
  return range;
}

KeyRange RangeOf(const KeyOrder& order, const Tables& tables) {
  KeyRange range = RangeOf(*tables.front());
  for (const TableFilePtr& table : tables) range = UnionOf(order, range, RangeOf(*table));
  return range;
}

bool DoesOverlap(const KeyOrder& order, const TableFile& table, const KeyRange& range) {
  return !(range.begin && EndsBefore(order, table, *range.begin)) && !BeginsBehind(order, table, range);
}

Span Overlapping(const KeyOrder& order, const Tables& tables, const KeyRange& range) {
  const auto first = std::partition_point(tables.begin(), tables.end(), [&](const TableFilePtr& table) {
    return range.begin && EndsBefore(order, *table, *range.begin);
  });
  const auto limit = std::partition_point(
      first, tables.end(), [&](const TableFilePtr& table) { return !BeginsBehind(order, *table, range); });
  return {static_cast<size_t>(first - tables.begin()), static_cast<size_t>(limit - tables.begin())};
}

Span Within(const KeyOrder& order, const Tables& tables, const KeyRange& range) {
  Span span = Overlapping(order, tables, range);
  while (!span.empty() && range.begin && order.Compare(tables[span.first]->smallest_user_key(), *range.begin) < 0) {
    ++span.first;
  }
  while (!span.empty() && IsEndBefore(order, range, RangeOf(*tables[span.limit - 1]))) --span.limit;
  return span;
}

bool IsCleanCut(const KeyOrder& order, const TableFile& left, const TableFile& right) {
  return EndsBefore(order, left, right.smallest_user_key());
}

Span ExpandToCleanCut(const KeyOrder& order, const Tables& tables, Span span) {
  if (span.empty()) return span;
  while (span.first > 0 && !IsCleanCut(order, *tables[span.first - 1], *tables[span.first])) --span.first;
  while (span.limit < tables.size() && !IsCleanCut(order, *tables[span.limit - 1], *tables[span.limit])) ++span.limit;
  return span;
}

bool AreDisjoint(const KeyOrder& order, Tables tables) {
  std::sort(tables.begin(), tables.end(), [&order](const TableFilePtr& a, const TableFilePtr& b) {
    return order.CompareInternal(a->meta().smallest.Encode(), b->meta().smallest.Encode()) < 0;
  });
  for (size_t i = 1; i < tables.size(); ++i) {
    if (!IsCleanCut(order, *tables[i - 1], *tables[i])) return false;
  }
  return true;
}

bool AnyOverlapBelow(const Version& version, int level, const KeyRange& range) {
  for (int below = level + 1; below < version.LevelCount(); ++below) {
    if (!Overlapping(version.order(), TablesBelow(version, below), range).empty()) return true;
  }
  return false;
}

bool IsBusy(const Tables& tables) { return IsBusy(tables, {0, tables.size()}); }

bool IsBusy(const Tables& tables, const Span& span) {
  for (size_t i = span.first; i < span.limit; ++i) {
    if (tables[i]->is_being_compacted) return true;
  }
  return false;
}

uint64_t BytesOf(const Tables& tables) { return BytesOf(tables, {0, tables.size()}); }

uint64_t BytesOf(const Tables& tables, const Span& span) {
  uint64_t bytes = 0;
  for (size_t i = span.first; i < span.limit; ++i) bytes += tables[i]->meta().file_bytes;
  return bytes;
}

uint64_t WeightOf(const TableFile& table) { return std::max(table.CompensatedBytes(), table.meta().file_bytes); }

}  // namespace gneiss
