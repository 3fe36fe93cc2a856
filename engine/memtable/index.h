// A Memtable::Index keeps pointers to entries in internal-key order: a skip list.
//
// Owner:   entries and nodes lie in the memtable's arena.
// Threads: Insert calls are serialized by a lock; readers need none.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/arena.h"
#include "engine/base/mutex.h"
#include "engine/base/random.h"
#include "engine/key/key_order.h"
#include "engine/memtable/memtable.h"

namespace gneiss {

// An entry: u32 user key size, u32 value size, user key, trailer, value. It never moves and never changes.
class MemtableEntry {
 public:
  static size_t BytesFor(Slice user_key, Slice value) { return 8 + user_key.size() + kTrailerBytes + value.size(); }
  static void Write(char* at, Slice user_key, uint64_t trailer, Slice value) {
    EncodeU32(at, static_cast<uint32_t>(user_key.size()));
    EncodeU32(at + 4, static_cast<uint32_t>(value.size()));
    user_key.copy(at + 8, user_key.size());
    EncodeU64(at + 8 + user_key.size(), trailer);
    value.copy(at + 16 + user_key.size(), value.size());
  }
  static Slice Key(const char* at) { return Slice(at + 8, DecodeU32(at) + kTrailerBytes); }
  static Slice Value(const char* at) { return Slice(at + 16 + DecodeU32(at), DecodeU32(at + 4)); }
};

class Memtable::Index {
 public:
  struct Node {
    const char* entry;
    int height;
    std::atomic<Node*> next[1];  // really `height` of them

    Slice Key() const { return MemtableEntry::Key(entry); }
    Node* Next(int level) const { return next[level].load(std::memory_order_acquire); }
  };

  Index(const KeyOrder& order, Arena* arena);

  void Insert(const char* entry) EXCLUDES(mutex_);
  Node* First() const { return head_->Next(0); }
  Node* Last() const;
  Node* FirstNotBelow(Slice internal_key) const;
  Node* LastBelow(Slice internal_key) const;

 private:
  static constexpr int kHeightMax = 16;

  Node* NewNode(const char* entry, int height);
  // The last node before the key at each level; the head where there is none.
  void FindBefore(Slice internal_key, Node** before) const;

  const KeyOrder order_;
  Arena* const arena_;
  Node* const head_;
  Mutex mutex_;
  Random random_ GUARDED_BY(mutex_){0x5eed};
};

}  // namespace gneiss
