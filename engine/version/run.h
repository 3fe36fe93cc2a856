// A Run is a set of tables with disjoint key ranges in key order: a reader opens at most one of them for a key.
//
// Disjoint means by internal key: neighbours may share a user key, the older entries then lie in the later table.
// Owner:   shared_ptr<const Run>; neighbouring Versions share their unchanged runs.
// Threads: immutable, so safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/iter/internal_iterator.h"
#include "engine/version/table_file.h"

namespace gneiss {

class Run {
 public:
  // At least one table, in key order.
  Run(const KeyOrder& order, std::vector<TableFilePtr> tables);
  ~Run();

  const std::vector<TableFilePtr>& tables() const { return tables_; }
  uint64_t Bytes() const { return bytes_; }

  // The index of the first table whose largest key is >= the key (by user key for FindUserKey); tables().size() if
  // none.
  size_t FindInternalKey(const KeyOrder& order, Slice internal_key) const;
  size_t FindUserKey(const KeyOrder& order, Slice user_key) const;

  // The tables that may hold entries of the key's user key at or below its seq: [first, last), nearly always at most
  // one.
  struct Span {
    size_t first = 0;
    size_t last = 0;
  };
  Span TablesFor(const KeyOrder& order, const SeekKey& key) const;

  // The tables that hold range tombstones, or null while some table was never opened.
  const std::vector<const TableFile*>* TablesWithTombstones() const;

  void CheckInvariants(const KeyOrder& order) const;

 private:
  // Where a user key lies as seen from the shared prefix of the run's keys, and the eight bytes behind that prefix.
  struct Probe {
    int side = 0;  // -1: before every key of the run, 1: behind, 0: shares the prefix
    uint64_t head = 0;
  };
  Probe ProbeOf(Slice user_key) const;
  void BuildHeads();
  size_t FindHead(uint64_t head) const;
  template <typename IsLargestBelow>
  size_t FindTable(Slice user_key, IsLargestBelow is_largest_below) const;
  bool StartsAfter(const KeyOrder& order, size_t index, Slice user_key) const;
  bool EndsWith(const KeyOrder& order, size_t index, Slice user_key) const;

  const std::vector<TableFilePtr> tables_;
  uint64_t bytes_ = 0;
  // For the bytewise order only, else empty. Heads are KeyOrder::HeadOf(user key without prefix_): most searches end
  // without touching a key.
  std::string prefix_;
  std::vector<uint64_t> smallest_heads_;
  std::vector<uint64_t> largest_heads_;
  mutable std::atomic<const std::vector<const TableFile*>*> with_tombstones_{nullptr};
};

// One iterator over a run: opens tables as it reaches them, shares the ownership of the run.
std::unique_ptr<InternalIterator> NewRunIterator(const KeyOrder& order, std::shared_ptr<const Run> run, int level,
                                                 const ReadParams& params);

}  // namespace gneiss
