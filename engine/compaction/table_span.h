// Which tables a key range touches, and where a row of tables can be cut off from its neighbours.
//
// Terms:   a span is a row of neighbouring tables of one deeper level. A cut between two tables is clean when they
// share
//          no user key. A busy table is an input of a running compaction.
// Owner:   a KeyRange borrows the keys of its tables.
// Threads: plain functions; AnyBusy under the database's state mutex.
#pragma once

#include <optional>
#include <vector>

#include "engine/version/version.h"

namespace gneiss {

using Tables = std::vector<TableFilePtr>;

// User keys from begin to end; unbounded where there is none.
struct KeyRange {
  std::optional<Slice> begin;
  std::optional<Slice> end;
  bool is_end_excluded = false;
};

struct Span {
  size_t first = 0;
  size_t limit = 0;
  bool empty() const { return first == limit; }
  size_t size() const { return limit - first; }
  bool operator==(const Span&) const = default;
};

const Tables& TablesBelow(const Version& version, int level);  // level > 0, in key order
Tables Level0Tables(const Version& version);                   // newest first
Tables TablesOf(const Tables& tables, const Span& span);

// Of one table or more: in any order, or a span in key order.
KeyRange RangeOf(const KeyOrder& order, const Tables& tables);
KeyRange RangeOf(const Tables& tables, const Span& span);
KeyRange RangeOf(const TableFile& table);
KeyRange UnionOf(const KeyOrder& order, const KeyRange& a, const KeyRange& b);
bool DoesOverlap(const KeyOrder& order, const TableFile& table, const KeyRange& range);
Span Overlapping(const KeyOrder& order, const Tables& tables, const KeyRange& range);
// The tables that lie wholly inside the range.
Span Within(const KeyOrder& order, const Tables& tables, const KeyRange& range);
bool IsCleanCut(const KeyOrder& order, const TableFile& left, const TableFile& right);
Span ExpandToCleanCut(const KeyOrder& order, const Tables& tables, Span span);
bool AreDisjoint(const KeyOrder& order, Tables tables);  // share no user key
// Does any table below `level` overlap the range?
bool AnyOverlapBelow(const Version& version, int level, const KeyRange& range);

bool IsBusy(const Tables& tables);
bool IsBusy(const Tables& tables, const Span& span);
uint64_t BytesOf(const Tables& tables);
uint64_t BytesOf(const Tables& tables, const Span& span);
// Bytes with weight for tombstones.
uint64_t WeightOf(const TableFile& table);

}  // namespace gneiss
