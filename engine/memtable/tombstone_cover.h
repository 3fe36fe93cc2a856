// A TombstoneCover answers which of a memtable's range tombstones covers a key, without a lock for readers.
//
// It holds the boundaries of all tombstones, and with each the seqs of the tombstones that cover the keys from there to
// the next boundary, newest first. A tombstone adds at most two boundaries, which first repeat what held there before,
// and then its seq to every boundary it spans; a reader whose snapshot is older never sees a difference.
//
// Versions: keys with timestamps are cut at bare keys: a boundary has the newest timestamp, whatever its tombstones'
// are.
//
// Owner:   everything lies in the memtable's arena.
// Threads: Add calls take turns; CoveringSeq runs at any time. Cost: O(log n), and O(log n + boundaries spanned) to
// add.
#pragma once

#include <atomic>

#include "engine/base/arena.h"
#include "engine/base/mutex.h"
#include "engine/memtable/cursor.h"
#include "engine/memtable/index.h"

namespace gneiss {

class TombstoneCover {
 public:
  TombstoneCover(const KeyOrder& order, Arena* arena) : arena_(arena), boundaries_(order, arena) {}

  // The keys, with their timestamps, stay where they are as long as the arena does.
  void Add(Slice start_user_key, Slice end_user_key, SeqNo seq) EXCLUDES(mutex_);

  // The highest tombstone seq <= read_seq that covers the key; 0: none.
  SeqNo CoveringSeq(Slice user_key, SeqNo read_seq) const;
  // Likewise, of those that are not newer than the timestamp; *timestamp becomes the tombstone's.
  SeqNo CoveringSeqAt(Slice user_key, SeqNo read_seq, Slice read_timestamp, Slice* timestamp) const;

 private:
  // A list never changes once it is published: lists share their tails.
  struct Seqs {
    SeqNo newest;
    const char* timestamp;  // of the newest; null: keys have none
    const Seqs* older;
  };
  using SeqsPtr = std::atomic<const Seqs*>;

  // A boundary is an index entry with a SeqsPtr right before it.
  static SeqsPtr* SeqsAt(const char* boundary);
  const Seqs* NewestOver(Slice user_key) const;
  const char* BoundaryAt(Slice user_key) REQUIRES(mutex_);
  const Seqs* With(const Seqs* seqs, SeqNo seq, const char* timestamp) REQUIRES(mutex_);

  Arena* const arena_;
  MemtableIndex boundaries_;
  Mutex mutex_;
};

}  // namespace gneiss
