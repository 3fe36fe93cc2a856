// An EntryPool holds a shard's cache entries, numbered from 0, at addresses that never change.
//
// Owner:   entries lie in slabs, each twice as large as the one before, that are freed with the pool.
// Threads: At is safe for any number that a reader got through an acquire load; the rest needs the shard's lock.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <new>

#include "engine/base/check.h"
#include "engine/cache/cache_entry.h"

namespace gneiss {

class EntryPool {
 public:
  EntryPool() = default;
  ~EntryPool() {
    for (auto& slab : slabs_) {
      ::operator delete (slab.load(std::memory_order_relaxed), std::align_val_t{alignof(CacheEntry)});
    }
  }
  EntryPool(const EntryPool&) = delete;
  EntryPool& operator=(const EntryPool&) = delete;

  CacheEntry* At(uint32_t number) const {
    const int slab = SlabOf(number);
    return slabs_[slab].load(std::memory_order_relaxed) + (number - SlabBegin(slab));
  }
  // One more than the highest number ever taken: those are the entries that At knows.
  uint32_t NumberCount() const { return number_count_; }

  CacheEntry* Take() {
    if (free_ != nullptr) {
      CacheEntry* const entry = free_;
      free_ = static_cast<CacheEntry*>(entry->item.value);
      return entry;
    }
    const uint32_t number = number_count_;
    const int slab = SlabOf(number);
    if (number == SlabBegin(slab)) {
      GNEISS_CHECK(slab < kSlabs);
      const size_t bytes = sizeof(CacheEntry) << (kFirstSlabShift + slab);
      auto* const entries = static_cast<CacheEntry*>(::operator new (bytes, std::align_val_t{alignof(CacheEntry)}));
      slabs_[slab].store(entries, std::memory_order_relaxed);
    }
    auto* const entry = new (At(number)) CacheEntry;
    entry->item.number = number;
    ++number_count_;
    return entry;
  }
  // The entry must be invisible and without pins.
  void Give(CacheEntry* entry) {
    entry->item.value = free_;
    free_ = entry;
  }

 private:
  static constexpr int kFirstSlabShift = 6;
  static constexpr int kSlabs = 26;  // 4 thousand million entries

  static int SlabOf(uint32_t number) { return std::bit_width((number >> kFirstSlabShift) + 1) - 1; }
  static uint32_t SlabBegin(int slab) { return ((uint32_t{1} << slab) - 1) << kFirstSlabShift; }

  std::atomic<CacheEntry*> slabs_[kSlabs] = {};
  uint32_t number_count_ = 0;
  CacheEntry* free_ = nullptr;  // the first of a list through the items' values
};

}  // namespace gneiss
