// A Memtable holds recent writes in memory, sorted by internal key, until they are flushed to a table.
//
// Units:   bytes.
// Owner:   entries lie in the memtable's arena and never move: slices into them live as long as the memtable.
// Threads: readers are never blocked and need no lock. Add may be called from several threads at once when
//          `is_concurrent`; else from one thread at a time. An entry is visible to readers once Add returned; readers
//          filter by sequence number anyway. A positioned iterator may miss what is added later until its next seek.
// Errors:  none (std::bad_alloc apart).
#pragma once

#include <atomic>
#include <memory>

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/iter/internal_iterator.h"
#include "engine/iter/point_lookup.h"
#include "engine/key/key_order.h"
#include "engine/memtable/filter.h"

namespace gneiss {

class MemtableIndex;   // the sorted structure: memtable/index.h
class TombstoneCover;  // range tombstones for readers: memtable/tombstone_cover.h

class Memtable {
 public:
  struct Config {
    KeyOrder order;
    // How much it will take, about: the size of its filter. 0: it has none, which suits one that is only written.
    size_t expected_bytes = 0;
    size_t arena_block_bytes = size_t{1} << 20;
    std::shared_ptr<BlockPool> blocks = nullptr;  // what one memtable leaves serves the next; null: from the system
    Clock* clock = Clock::System();
    std::shared_ptr<MemoryBudget> budget = nullptr;  // counts its memory; null: nobody does
  };
  Memtable(const Config& config, uint64_t id, SeqNo earliest_seq);
  ~Memtable();
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  uint64_t id() const { return id_; }
  // No entry below this was written here: older data lies in older memtables and tables.
  SeqNo earliest_seq() const { return earliest_seq_; }

  // No more is added: its memory counts as on its way out.
  void Seal() { share_.Seal(); }

  void Add(SeqNo seq, Kind kind, Slice user_key, Slice value, bool is_concurrent);

  // Offers the lookup its entries, newest first, until it is done. Values are copied.
  void Get(const SeekKey& key, PointLookup* lookup, bool ignore_range_deletions = false) const;

  // How many of the key's newest entries with seq <= `seq` are merge operands, up to the first that is none; no more
  // than `most` are counted.
  size_t CountMerges(Slice user_key, SeqNo seq, size_t most) const;

  std::unique_ptr<InternalIterator> NewIterator() const;
  // Range tombstones, sorted; null when there are none.
  std::unique_ptr<InternalIterator> NewRangeTombstoneIterator() const;
  // The highest range tombstone seq <= read_seq that covers the key; 0: none. O(log n), no lock.
  SeqNo CoveringSeq(Slice user_key, SeqNo read_seq) const;  // for keys without timestamps
  // Of its point entries, by Xxph3 of their user keys; null: there is none.
  std::shared_ptr<const MemtableFilter> filter() const { return filter_; }
  bool HasRangeTombstones() const { return range_tombstones_.load(std::memory_order_acquire) != 0; }

  bool empty() const { return EntryCount() == 0; }
  uint64_t EntryCount() const { return entries_.load(std::memory_order_relaxed); }
  uint64_t DeletionCount() const { return deletions_.load(std::memory_order_relaxed); }
  uint64_t DataBytes() const { return data_bytes_.load(std::memory_order_relaxed); }
  bool was_read() const { return was_read_.load(std::memory_order_relaxed); }  // by Get
  size_t MemoryUsage() const;  // arena and index, as reserved; not the filter, at most a hundredth of them
  // The same without the rest of the arena's current block: when this reaches write_buffer_bytes, the memtable is full.
  size_t UsedBytes() const { return arena_.UsedBytes(); }
  SeqNo first_seq() const { return first_seq_.load(std::memory_order_relaxed); }
  // When the first entry was added; 0: there is none.
  uint64_t oldest_unix_seconds() const { return oldest_unix_seconds_.load(std::memory_order_relaxed); }
  // Entries between two user keys, estimated: {count, bytes}.
  struct RangeEstimate {
    uint64_t entries = 0;
    uint64_t bytes = 0;
  };
  RangeEstimate EstimateRange(Slice start_user_key, Slice end_user_key) const;

 private:
  void GetVersion(const SeekKey& key, PointLookup* lookup, bool ignore_range_deletions) const;
  void NoteTimeOfFirst();

  const Config config_;
  const uint64_t id_;
  const SeqNo earliest_seq_;
  BudgetShare share_;  // before the arena, which it outlives
  Arena arena_;
  const std::shared_ptr<MemtableFilter> filter_;
  std::unique_ptr<MemtableIndex> index_;
  std::unique_ptr<MemtableIndex> range_tombstone_index_;
  std::unique_ptr<TombstoneCover> tombstone_cover_;
  std::atomic<uint64_t> range_tombstones_{0};
  mutable std::atomic<bool> was_read_{false};

  // Written by every Add, so kept off the lines that every reader reads.
  alignas(64) std::atomic<uint64_t> entries_{0};
  std::atomic<uint64_t> deletions_{0};
  std::atomic<uint64_t> data_bytes_{0};
  std::atomic<SeqNo> first_seq_{kSeqMax};
  std::atomic<uint64_t> oldest_unix_seconds_{0};
};

using MemtablePtr = std::shared_ptr<Memtable>;

}  // namespace gneiss
