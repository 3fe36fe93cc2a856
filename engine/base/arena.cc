#include "engine/base/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace gneiss {

namespace {
constexpr size_t kFirstBlockBytes = 4096;

// Whole huge pages, which take one page fault instead of 512 and spare a search through a large memtable most TLB
// misses. Only blocks that are made of them ask for them.
constexpr size_t kHugePageBytes = size_t{2} << 20;

bool IsHuge(size_t bytes) { return bytes % kHugePageBytes == 0; }

void* MapHuge(size_t bytes) {
  const auto map = [](size_t size) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  void* memory = map(bytes);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  if (reinterpret_cast<uintptr_t>(memory) % kHugePageBytes != 0) {
    munmap(memory, bytes);
    memory = map(bytes + kHugePageBytes);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    const size_t before = kHugePageBytes - reinterpret_cast<uintptr_t>(memory) % kHugePageBytes;
    char* const begin = static_cast<char*>(memory) + before;
    munmap(memory, before);
    if (before < kHugePageBytes) munmap(begin + bytes, kHugePageBytes - before);
    memory = begin;
  }
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);  // small pages serve as well where it is not to be had
#endif
  return memory;
}

void* AllocateBlock(size_t bytes) { return IsHuge(bytes) ? MapHuge(bytes) : ::operator new(bytes); }

void FreeBlock(void* memory, size_t bytes) {
  if (IsHuge(bytes)) {
    munmap(memory, bytes);
  } else {
    ::operator delete(memory);
  }
}

}  // namespace

Arena::Arena(size_t block_bytes)
    : block_bytes_(std::max(block_bytes, kFirstBlockBytes)), next_block_bytes_(kFirstBlockBytes) {}

Arena::~Arena() {
  MutexLock lock(&mutex_);
  for (Block* block = newest_; block != nullptr;) {
    Block* const previous = block->previous;
    FreeBlock(block, sizeof(Block) + block->size_bytes);
    block = previous;
  }
}

Arena::Block* Arena::NewBlock(size_t size_bytes) {
  void* const memory = AllocateBlock(sizeof(Block) + size_bytes);
  reserved_bytes_.fetch_add(sizeof(Block) + size_bytes, std::memory_order_relaxed);
  newest_ = new (memory) Block{.previous = newest_, .size_bytes = size_bytes, .used_bytes = 0};
  return newest_;
}

char* Arena::AllocateSlow(size_t bytes) {
  MutexLock lock(&mutex_);
  // A request that would waste much of a block gets memory of its own, and the current block stays.
  if (bytes > block_bytes_ / 4) {
    return Take(NewBlock(bytes), bytes);
  }
  // Another thread may have brought a new block while this one waited for the lock.
  if (Block* block = current_.load(std::memory_order_relaxed); block != nullptr) {
    if (char* place = Take(block, bytes); place != nullptr) return place;
  }
  // The size counts the block's own header, so that a block is a round number of pages.
  Block* const block = NewBlock(std::max(next_block_bytes_, bytes + sizeof(Block)) - sizeof(Block));
  next_block_bytes_ = std::min(next_block_bytes_ * 2, block_bytes_);
  char* const place = Take(block, bytes);
  current_.store(block, std::memory_order_release);
  return place;
}

}  // namespace gneiss
