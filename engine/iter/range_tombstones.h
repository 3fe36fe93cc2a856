// A RangeTombstoneList answers which range tombstone covers a key at a sequence number.
//
// Idea:    overlapping tombstones are cut at each other's ends into disjoint fragments; a fragment keeps the seqs of
// all tombstones
//          over it, newest first. A look-up is a binary search for the fragment, then one for the seq.
// Owner:   copies the keys it is given.
// Threads: Add and Build by one thread; after Build every method is safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/key/key_order.h"

namespace gneiss {

class RangeTombstoneList {
 public:
  struct Fragment {
    std::string start;        // inclusive
    std::string end;          // exclusive
    std::vector<SeqNo> seqs;  // newest first
  };

  explicit RangeTombstoneList(const KeyOrder& order) : order_(order) {}

  // Deletes [start, end) as of seq; nothing when start >= end.
  void Add(Slice start_user_key, Slice end_user_key, SeqNo seq);
  // Cuts what was added into fragments. Must come before the look-ups.
  void Build();

  bool empty() const { return fragments_.empty(); }
  const std::vector<Fragment>& fragments() const { return fragments_; }  // in key order

  // The highest seq <= read_seq of a tombstone over the key; 0 when there is none.
  SeqNo CoveringSeq(Slice user_key, SeqNo read_seq) const;

 private:
  struct Tombstone {
    std::string start;
    std::string end;
    SeqNo seq;
  };

  KeyOrder order_;
  std::vector<Tombstone> added_;
  std::vector<Fragment> fragments_;
};

}  // namespace gneiss
