// A RangeTombstoneList holds the range tombstones of one table or memtable, cut into disjoint pieces.
//
// Tombstones may overlap in any way. The list cuts them at each other's bounds: within a piece the same tombstones
// cover every key, so a piece is a range and the seqs of its tombstones, newest first.
//
// Owner:   the list owns copies of all keys.
// Threads: immutable once built.
// Cost:    a lookup is two binary searches. Many tombstones over the same keys make many seqs per piece.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/key/key_order.h"

namespace gneiss {

// Deletes the user keys in [start, end) that are older than seq. Where keys have timestamps, both bounds have that of
// the tombstone.
struct RangeTombstone {
  Slice start;
  Slice end;
  SeqNo seq = 0;
};

class RangeTombstoneList {
 public:
  // Takes the tombstones in any order; those with start >= end cover nothing and are left out.
  RangeTombstoneList(const KeyOrder& order, const std::vector<RangeTombstone>& tombstones);
  // Pieces point into keys_, which a move of the list would break.
  RangeTombstoneList(const RangeTombstoneList&) = delete;
  RangeTombstoneList& operator=(const RangeTombstoneList&) = delete;

  bool empty() const { return pieces_.empty(); }

  // The highest tombstone seq <= read_seq that covers the key; 0: none.
  SeqNo CoveringSeq(Slice user_key, SeqNo read_seq) const;
  // Likewise, of those that are not newer than the timestamp; *timestamp (may be null) becomes the tombstone's.
  SeqNo CoveringSeqAt(Slice user_key, SeqNo read_seq, Slice read_timestamp, Slice* timestamp) const;

  // Pieces are numbered in key order.
  struct Piece {
    Slice start;
    Slice end;
    std::span<const SeqNo> seqs;  // newest first, none twice
    Slice timestamps;             // of those tombstones, one behind the other; start and end may have others

    // The highest seq <= read_seq; 0: none.
    SeqNo NewestUpTo(SeqNo read_seq) const;
  };
  size_t PieceCount() const { return pieces_.size(); }
  Piece PieceAt(size_t i) const;
  // The first piece that ends after the key: the one that covers it or the next one; PieceCount() when there is none.
  size_t FirstEndingAfter(Slice user_key) const;

 private:
  struct StoredPiece {
    Slice start;
    Slice end;
    size_t seqs_begin;
    size_t seqs_end;
  };

  const KeyOrder order_;
  std::string keys_;
  std::vector<SeqNo> seqs_;
  std::string timestamps_;  // in the order of seqs_
  std::vector<StoredPiece> pieces_;
};

}  // namespace gneiss
