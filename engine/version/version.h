// A Version is the immutable set of a column family's tables: levels of runs of tables. A change builds the next
// Version.
//
// Nouns:   a Run holds tables with disjoint key ranges in key order; a Level holds runs, newest first. Level 0 has one
// run
//          per table, deeper levels at most one run.
// Units:   bytes.
// Owner:   shared_ptr<const Version>; a Version shares its TableFiles with its neighbours.
// Threads: immutable, so safe from any thread.
// Errors:  Apply answers Corruption for an edit that does not fit (a deleted table that is not there, overlap in a
// run).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/iter/internal_iterator.h"
#include "engine/iter/point_lookup.h"
#include "engine/version/table_file.h"
#include "engine/version/version_edit.h"

namespace gneiss {

inline constexpr int kLevelsDefault = 7;

class Run {
 public:
  Run(const KeyOrder& order, std::vector<TableFilePtr> tables);

  const std::vector<TableFilePtr>& tables() const { return tables_; }
  uint64_t Bytes() const { return bytes_; }
  // The index of the first table whose largest key is >= the key (by user key for FindUserKey); tables().size() if
  // none. Uses 8-byte fences for the bytewise order.
  size_t FindInternalKey(const KeyOrder& order, Slice internal_key) const;
  size_t FindUserKey(const KeyOrder& order, Slice user_key) const;
  void CheckInvariants(const KeyOrder& order) const;

 private:
  std::vector<TableFilePtr> tables_;
  std::vector<uint64_t> largest_heads_;  // KeyOrder::HeadOf(largest user key), bytewise order only
  uint64_t bytes_ = 0;
};

struct Level {
  std::vector<std::shared_ptr<const Run>> runs;  // newest first
  uint64_t bytes = 0;
  size_t table_count = 0;

  // All tables, newest run first; within a run in key order.
  void ForEachTable(const std::function<void(const TableFilePtr&)>& visit) const;
};

class Version {
 public:
  // An empty Version with `level_count` levels.
  Version(const KeyOrder& order, int level_count);

  // The next Version: this one less the edit's deleted tables plus its added ones (as made by `make_table`).
  // Runs of untouched levels are shared.
  Status Apply(const VersionEdit& edit, const std::function<TableFilePtr(const TableMeta&)>& make_table,
               std::shared_ptr<const Version>* next) const;
  // The edit that builds this Version from an empty one: for a new MANIFEST.
  void AppendTo(VersionEdit* edit) const;

  const KeyOrder& order() const { return order_; }
  int LevelCount() const { return static_cast<int>(levels_.size()); }
  const Level& level(int number) const { return levels_[static_cast<size_t>(number)]; }
  int LastNonEmptyLevel() const;  // -1 when there is no table
  size_t TableCount() const;
  uint64_t TotalBytes() const;

  // Offers the lookup this Version's entries of its key, newest first, level by level, until it is done.
  void Get(const ReadParams& params, const SeekKey& key, PointLookup* lookup) const;

  // Adds iterators that together show every entry: one per level-0 table, one per deeper run. Newest first.
  void AddIterators(const ReadParams& params, std::vector<std::unique_ptr<InternalIterator>>* iterators) const;
  bool HasRangeTombstones() const;  // false only when it is certain
  void AddRangeTombstones(const ReadParams& params, const std::function<void(Slice start, Slice end, SeqNo seq)>& add,
                          Status* status) const;

  // Tables of a level that overlap [begin, end] by user key; null means unbounded. For level 0 the result is grown
  // until no other level-0 table overlaps it when `expand_level0`.
  std::vector<TableFilePtr> Overlapping(int level, const Slice* begin_user_key, const Slice* end_user_key,
                                        bool expand_level0 = false) const;
  // Does any table at `level` or deeper overlap the user-key range?
  bool AnyOverlap(int from_level, Slice begin_user_key, Slice end_user_key) const;

  // About how many bytes of tables lie in [start, end).
  uint64_t ApproximateBytes(Slice start_user_key, Slice end_user_key, const ReadParams& params) const;

  void CheckInvariants() const;
  std::string DebugString() const;

 private:
  KeyOrder order_;
  std::vector<Level> levels_;
};

using VersionPtr = std::shared_ptr<const Version>;

// One iterator over a run: opens tables as it reaches them.
std::unique_ptr<InternalIterator> NewRunIterator(const KeyOrder& order, std::shared_ptr<const Run> run, int level,
                                                 const ReadParams& params);

}  // namespace gneiss
