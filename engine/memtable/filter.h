// A MemtableFilter tells which keys a memtable certainly does not hold, from one word of memory: a Bloom filter of four
// bits per key, all in the same 64.
//
// A reader that finds no entry in memory, as most do, else pays for the way down an index whose lines the writer has
// just changed on another processor. The table made of the memtable may keep its filter.
// Cost:    eight bytes per kibibyte of write buffer; with entries of 130 bytes 3 % of absent keys get through. 450,000
//          such entries, read while written: readwhilewriting 3.07 -> 2.13 us. Adding costs 14 ns.
// Owner:   owns its memory, which the system gives page by page as keys are added.
// Threads: Add from several threads at once when `is_concurrent`, else from one; MayContain at any time. What was added
//          before an entry was published is seen by whoever sees the entry.
// Errors:  Add throws std::bad_alloc before it changed anything.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gneiss {

class MemtableFilter {
 public:
  explicit MemtableFilter(size_t write_buffer_bytes);
  ~MemtableFilter();
  MemtableFilter(const MemtableFilter&) = delete;
  MemtableFilter& operator=(const MemtableFilter&) = delete;

  size_t MemoryBytes() const { return word_count_ * sizeof(Word); }  // when all of it is used
  // hash = Xxph3(user key).
  void Add(uint64_t hash, bool is_concurrent) {
    Word* words = words_.load(std::memory_order_acquire);
    if (words == nullptr) [[unlikely]]
      words = TakeMemory();
    Word* const word = words + IndexOf(hash);
    const uint64_t bits = BitsOf(hash);
    if (is_concurrent) {
      word->fetch_or(bits, std::memory_order_relaxed);
    } else {
      word->store(word->load(std::memory_order_relaxed) | bits, std::memory_order_relaxed);
    }
  }
  bool MayContain(uint64_t hash) const {
    const Word* const words = words_.load(std::memory_order_acquire);
    const uint64_t bits = BitsOf(hash);
    return words != nullptr && (words[IndexOf(hash)].load(std::memory_order_relaxed) & bits) == bits;
  }

 private:
  using Word = std::atomic<uint64_t>;

  Word* TakeMemory();
  // By the upper half of the hash, the bits by the lower one.
  size_t IndexOf(uint64_t hash) const { return (hash >> 32) * word_count_ >> 32; }
  static uint64_t BitsOf(uint64_t hash) {
    uint64_t bits = 0;
    for (int i = 0; i < 4; ++i) bits |= uint64_t{1} << (hash >> (6 * i) & 63);
    return bits;
  }

  const size_t word_count_;
  std::atomic<Word*> words_{nullptr};
};

}  // namespace gneiss
