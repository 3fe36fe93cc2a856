// A MemtableIndex keeps a memtable's entries in internal-key order: a B+-tree with optimistic lock coupling.
//
// Writers: an insert finds its leaf as a reader does, then locks that leaf alone. Splits, one in some fifty inserts,
//          take turns under `structure_mutex_`; nobody else changes inner nodes. Keys that arrive in order go straight
//          to the leaf of the one before and leave full leaves behind.
// Readers: take no lock. Going down, a reader checks a node's version after it found the child and noted the child's
//          version; whatever changed in between sends it back to the root.
// Cost:    64 MiB of random 16 + 100 byte entries, one thread, ns per operation, beside a skip list whose links carry
//          the heads of the nodes they point to, measured together: insert 230 (1600), lookup 390 (2000), lookup of an
//          absent key 120 (2000), next 25 (180); sequential keys: insert 98 (117), two thirds of which are page faults,
//          next 7 (7). The index itself takes 19 bytes per entry, 13 where keys came in order.
// Owner:   entries and nodes lie in the memtable's arena.
// Threads: Insert with `is_concurrent` may run in several threads at once, without it in one; readers run at any time.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/arena.h"
#include "engine/base/mutex.h"
#include "engine/key/key_order.h"
#include "engine/memtable/entry.h"
#include "engine/memtable/index_node.h"

namespace gneiss {

class MemtableIndex {
 public:
  MemtableIndex(const KeyOrder& order, Arena* arena)
      : order_(order), head_flip_(order.type() == KeyOrder::Type::kReverseBytewise ? ~uint64_t{0} : 0), arena_(arena) {}

  // Of two entries with the same internal key the one inserted last comes first.
  void Insert(const char* entry, bool is_concurrent);

  // The first entry >= internal_key if it has the same user key, else null.
  const char* NewestOf(Slice internal_key) const;
  // About how many of `entry_count` entries lie in [from, to); exact where the range touches few leaves.
  uint64_t EstimateBetween(Slice from, Slice to, uint64_t entry_count) const;

  const KeyOrder& order() const { return order_; }

 private:
  friend class MemtableCursor;

  // A leaf as a reader found it, and where in it the first entry >= key is. That is past the leaf's end only in the
  // last leaf, because every other one holds its own upper bound. The leaf is null when the tree is empty.
  struct Place {
    IndexLeaf* leaf = nullptr;
    uint64_t version = 0;
    uint32_t at = 0;
  };

  // The head that the node, a leaf or an inner one, has for the key.
  template <typename Node>
  typename Node::Head HeadFor(const Node* node, Slice user_key) const;
  // How many of the node's entries come before the key.
  template <typename Node>
  uint32_t CountBelow(const Node* node, Slice internal_key) const;
  template <typename Node>
  uint32_t CountBelowAmongTies(const Node* node, uint32_t begin, uint32_t end, Slice internal_key) const;
  Place Find(Slice internal_key) const;
  // The outermost leaves.
  Place FindFirst() const;
  Place FindLast() const;
  template <typename Choose>
  Place Descend(const Choose& choose) const;

  bool InsertBesidePrevious(const char* entry);
  void InsertInto(IndexLeaf* leaf, uint32_t at, const char* entry);
  void MakeRoomFor(Slice internal_key) EXCLUDES(structure_mutex_);
  template <typename Node>
  void SplitChild(IndexInner* parent, uint32_t child_at, Slice internal_key) REQUIRES(structure_mutex_);
  template <typename Node>
  void MoveUpperPart(Node* from, uint32_t kept, Node* to) REQUIRES(structure_mutex_);
  template <typename Node>
  void RefineHeads(Node* node) REQUIRES(structure_mutex_);
  void LinkChild(IndexInner* parent, uint32_t at, const char* divider, IndexNode* child) const;
  IndexLeaf* NewLeaf() REQUIRES(structure_mutex_);
  IndexInner* NewInner(uint32_t level) REQUIRES(structure_mutex_);

  uint64_t CountInRange(const IndexNode* node, const Slice* from, const Slice* to, uint64_t usual_leaf) const;

  const KeyOrder order_;
  const uint64_t head_flip_;
  Arena* const arena_;
  std::atomic<IndexNode*> root_{nullptr};

  // What writers write is kept off the line that every reader reads.
  alignas(64) std::atomic<uint64_t> leaf_count_{0};
  Mutex structure_mutex_;
  char* next_leaf_ GUARDED_BY(structure_mutex_) = nullptr;
  uint32_t leaves_left_ GUARDED_BY(structure_mutex_) = 0;
  uint32_t next_chunk_leaves_ GUARDED_BY(structure_mutex_) = 1;

  // Where the single writer inserted last, and whether the insert before it went to the same leaf.
  std::atomic<IndexLeaf*> previous_leaf_{nullptr};
  std::atomic<bool> is_run_{false};
};

}  // namespace gneiss
