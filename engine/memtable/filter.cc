#include "engine/memtable/filter.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace gneiss {
namespace {

constexpr size_t kBufferBytesPerWord = 1024;
constexpr size_t kWordsMin = 512;  // a page
constexpr size_t kWordsMax = size_t{1} << 20;

size_t WordsFor(size_t write_buffer_bytes) {
  return std::clamp(write_buffer_bytes / kBufferBytesPerWord, kWordsMin, kWordsMax);
}

}  // namespace

MemtableFilter::MemtableFilter(size_t write_buffer_bytes) : word_count_(WordsFor(write_buffer_bytes)) {}

MemtableFilter::~MemtableFilter() {
  if (words_.load(std::memory_order_relaxed) != nullptr) munmap(words_.load(), MemoryBytes());
}

// Zero pages of the system: a memtable that takes little touches few of them.
MemtableFilter::Word* MemtableFilter::TakeMemory() {
  void* const memory = mmap(nullptr, MemoryBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  Word* taken = nullptr;
  if (words_.compare_exchange_strong(taken, static_cast<Word*>(memory), std::memory_order_acq_rel)) {
    return static_cast<Word*>(memory);
  }
  munmap(memory, MemoryBytes());  // another thread was first
  return taken;
}

}  // namespace gneiss
