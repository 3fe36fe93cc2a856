// An EntryTable finds the numbers of a shard's entries by hash.
//
// Format:  lines of a cache line each: seven slots and a link to further lines. A slot is 0 or (tag << 32 | number +
// 1),
//          where the tag is the upper half of the entry's hash; the lower half chooses the line.
// Owner:   lines belong to the table. A shard that outgrows its table makes a larger one and keeps the old: readers may
//          still be in it. All old ones together are smaller than the new one.
// Threads: ForEachMatch runs at any time and may miss or show entries that are coming or going just then; the rest
//          needs the shard's lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace gneiss {

class EntryTable {
 public:
  explicit EntryTable(size_t line_count) : mask_(line_count - 1), lines_(new Line[line_count]) {}

  size_t LineCount() const { return mask_ + 1; }

  // Calls visit(number) for entries whose hash may be this one until it returns true.
  template <typename Visit>
  bool ForEachMatch(uint64_t hash, const Visit& visit) const {
    const uint64_t tag = hash >> 32;
    for (const Line* line = &lines_[hash & mask_]; line != nullptr; line = line->more.load(std::memory_order_acquire)) {
      for (const auto& slot : line->slots) {
        const uint64_t word = slot.load(std::memory_order_acquire);
        const bool is_match = (word >> 32) == tag && static_cast<uint32_t>(word) != 0;
        if (is_match && visit(static_cast<uint32_t>(word) - 1)) return true;
      }
    }
    return false;
  }

  void Add(uint64_t hash, uint32_t number) {
    FindSlot(hash, 0)->store(WordOf(hash, number), std::memory_order_release);
  }
  void Remove(uint64_t hash, uint32_t number) {
    FindSlot(hash, WordOf(hash, number))->store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr uint32_t kSlots = 7;

  struct alignas(64) Line {
    std::atomic<uint64_t> slots[kSlots] = {};
    std::atomic<Line*> more{nullptr};
  };

  static uint64_t WordOf(uint64_t hash, uint32_t number) { return (hash >> 32 << 32) | (number + 1); }

  // The slot that holds `word`; for 0 a free one, in a new line if need be.
  std::atomic<uint64_t>* FindSlot(uint64_t hash, uint64_t word) {
    for (Line* line = &lines_[hash & mask_];; line = line->more.load(std::memory_order_relaxed)) {
      for (auto& slot : line->slots) {
        if (slot.load(std::memory_order_relaxed) == word) return &slot;
      }
      if (line->more.load(std::memory_order_relaxed) == nullptr) {
        more_lines_.push_back(std::make_unique<Line>());
        line->more.store(more_lines_.back().get(), std::memory_order_release);
      }
    }
  }

  const size_t mask_;
  const std::unique_ptr<Line[]> lines_;
  std::vector<std::unique_ptr<Line>> more_lines_;
};

}  // namespace gneiss
