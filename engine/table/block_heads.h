// BlockHeads let a search in a cached block touch a few cache lines instead of all keys: for every entry (in blocks of
// small entries: for every restart point) four bytes of its user key as a number, and its offset.
//
// Algorithm: the heads are taken behind the prefix that all user keys of the block share. An entry whose head is below
//          the sought one's comes before it; one above, behind; only equal heads ask for the key itself.
// Units:   six bytes per entry; made when a block enters the cache, for blocks of up to 64 KiB.
// Owner:   the arrays belong to the Block, right behind it in memory.
// Threads: immutable once built. Errors: none; a block with damaged entries gets no heads.
#pragma once

#include <cstdint>

#include "engine/base/slice.h"

namespace gneiss {

class BlockHeads {
 public:
  // What Plan finds on its one way through the entries, for Build.
  class Draft;

  // The bytes that Build wants for these entries; zero: no heads, also where the entries are not in order. `restarts`
  // are `restart_count` u32. Fills *this but for the arrays.
  size_t Plan(Slice entries, const char* restarts, uint32_t restart_count, Draft* draft);
  // After Plan, with memory of that size, aligned to 4.
  void Build(Slice entries, const char* restarts, const Draft& draft, char* memory);

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }
  // Whether each entry has a head; else each restart point has.
  bool covers_entries() const { return covers_entries_; }
  // The number of entries from one restart point to the next; zero: it varies.
  uint32_t entries_per_restart() const { return entries_per_restart_; }
  uint32_t prefix_bytes() const { return prefix_bytes_; }
  Slice prefix() const { return Slice(memory_, prefix_bytes_); }
  uint32_t offset(uint32_t i) const { return offsets()[i]; }
  uint32_t head(uint32_t i) const { return heads()[i]; }
  // Writes the prefix and the head of an entry, as key bytes: prefix_bytes() + 4 of them.
  void CopyKeyStart(uint32_t i, char* to) const;
  uint32_t HeadOf(Slice user_key) const;  // user_key begins with prefix()
  // The first one with a head at or above this; count() when there is none.
  uint32_t LowerBound(uint32_t head) const;
  size_t MemoryBytes() const { return memory_ == nullptr ? 0 : PaddedPrefixBytes() + count_ * kBytesPerHead; }

 private:
  static constexpr size_t kBytesPerHead = sizeof(uint32_t) + sizeof(uint16_t);
  static constexpr size_t kEntriesBytesMax = 0xffff;  // offsets are 16 bits
  // Below this, heads for every entry would cost too much of the cache.
  static constexpr size_t kEntryBytesForFullCover = 40;

  bool SetPrefix(Slice entries, uint32_t last_restart);
  void BuildAtRestarts(Slice entries, const char* restarts);
  void Clear() {
    memory_ = nullptr;
    count_ = 0;
  }
  size_t PaddedPrefixBytes() const { return (size_t{prefix_bytes_} + 3) & ~size_t{3}; }
  uint32_t* heads() { return reinterpret_cast<uint32_t*>(memory_ + PaddedPrefixBytes()); }
  uint16_t* offsets() { return reinterpret_cast<uint16_t*>(heads() + count_); }
  const uint32_t* heads() const { return reinterpret_cast<const uint32_t*>(memory_ + PaddedPrefixBytes()); }
  const uint16_t* offsets() const { return reinterpret_cast<const uint16_t*>(heads() + count_); }

  char* memory_ = nullptr;  // prefix, heads, offsets
  uint32_t count_ = 0;
  uint16_t prefix_bytes_ = 0;
  uint16_t entries_per_restart_ = 0;
  bool covers_entries_ = false;
};

// About ten kilobytes, for the stack.
class BlockHeads::Draft {
 private:
  friend class BlockHeads;
  static constexpr size_t kCountMax = kEntriesBytesMax / kEntryBytesForFullCover;

  uint32_t heads_[kCountMax];
  uint16_t offsets_[kCountMax];
};

}  // namespace gneiss
