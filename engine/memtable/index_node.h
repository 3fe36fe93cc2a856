// The nodes of a memtable's index, a B+-tree of pointers to entries.
//
// Each node holds a sorted array of entry pointers and beside it their heads: the first bytes of each user key as a
// number that orders as the keys do, so that a search rarely looks at an entry. All keys that may ever come to a node
// share their first `head_at` bytes, because the node's two bounds do; heads are taken from there. A leaf has narrow
// bounds, so four bytes tell its keys apart; inner nodes, which are few, take eight.
//
// Owner:   nodes lie in the memtable's arena and are never freed or reused, so a pointer read from one is always good.
// Threads: a node's version is odd while its writer changes it. A reader notes the version, reads, and trusts what it
//          read only if the version is still the same. Every field that changes is atomic: stores release and loads
//          acquire, so a reader that saw any part of a change also sees the version change, without a fence.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>

#include "engine/base/prefetch.h"

namespace gneiss {

class NodeVersion {
 public:
  // Waits out a change in progress, which is some hundred stores.
  uint64_t BeginRead() const {
    for (int spins = 0;; ++spins) {
      const uint64_t version = version_.load(std::memory_order_acquire);
      if ((version & 1) == 0) [[likely]]
        return version;
      if (spins >= 100) std::this_thread::yield();  // the writer may have lost its processor
    }
  }
  bool IsStill(uint64_t version) const { return version_.load(std::memory_order_relaxed) == version; }

  // Locks when nothing changed since BeginRead gave `version`.
  bool TryLock(uint64_t version) {
    return version_.compare_exchange_strong(version, version + 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  // For callers that know themselves to be the only writer.
  void LockAlone() { version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  void Unlock() { version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  std::atomic<uint64_t> version_{0};
};

struct IndexLeaf;

// What all nodes have.
struct alignas(kCacheLineBytes) IndexNode {
  explicit IndexNode(uint32_t node_level) : level(node_level) {}

  uint32_t CountNow() const { return count.load(std::memory_order_acquire); }

  NodeVersion version;
  const uint32_t level;  // 0: an IndexLeaf, else an IndexInner
  std::atomic<uint32_t> count{0};
  std::atomic<uint32_t> head_at{0};
  // The node's keys lie in (low, high]; null: no bound.
  std::atomic<const char*> low{nullptr};
  std::atomic<const char*> high{nullptr};
  std::atomic<IndexLeaf*> next{nullptr};  // leaves only: the leaf to the right
};

template <typename HeadType, uint32_t entries_max>
struct IndexEntries : IndexNode {
  using Head = HeadType;
  static constexpr uint32_t kEntriesMax = entries_max;
  // A key may have it too: heads decide nothing where they tie.
  static constexpr Head kHeadUnused = std::numeric_limits<Head>::max();

  explicit IndexEntries(uint32_t node_level) : IndexNode(node_level) {
    for (auto& head : heads) head.store(kHeadUnused, std::memory_order_relaxed);
  }

  const char* EntryAt(uint32_t i) const { return entries[i].load(std::memory_order_acquire); }
  bool IsFull() const { return CountNow() == kEntriesMax; }
  Head HeadAt(uint32_t i) const { return heads[i].load(std::memory_order_acquire); }
  void SetAt(uint32_t i, Head head, const char* entry) {
    heads[i].store(head, std::memory_order_release);
    entries[i].store(entry, std::memory_order_release);
  }
  // Moves the entries from `at` on up by one.
  void OpenGap(uint32_t at) {
    const uint32_t end = count.load(std::memory_order_relaxed);
#pragma GCC unroll 4
    for (uint32_t i = end; i > at; --i)
      heads[i].store(heads[i - 1].load(std::memory_order_relaxed), std::memory_order_release);
#pragma GCC unroll 4
    for (uint32_t i = end; i > at; --i)
      entries[i].store(entries[i - 1].load(std::memory_order_relaxed), std::memory_order_release);
  }

  alignas(kCacheLineBytes) std::atomic<Head> heads[kEntriesMax];
  std::atomic<const char*> entries[kEntriesMax];
};

// Its size is a compromise: larger ones take fewer bytes per entry, smaller ones fewer moves per insert.
struct IndexLeaf : IndexEntries<uint32_t, 96> {
  using IndexEntries::IndexEntries;

  // A search brings the heads from memory side by side; the entry pointers come along if asked for early.
  void PrefetchEntries() const { PrefetchLines(entries, sizeof(entries) / kCacheLineBytes); }
};

// An inner node's entries divide its children: child i holds the keys above entry i - 1, up to and including entry i.
struct IndexInner : IndexEntries<uint64_t, 64> {
  using IndexEntries::IndexEntries;

  IndexNode* ChildAt(uint32_t i) const { return children[i].load(std::memory_order_acquire); }

  std::atomic<IndexNode*> children[kEntriesMax + 1];
};

}  // namespace gneiss
