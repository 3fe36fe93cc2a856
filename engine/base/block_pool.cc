#include "engine/base/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace gneiss {

namespace {

void* MapBlock(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

void UnmapBlock(void* block, size_t bytes) { munmap(block, bytes); }

// Small pages serve as well where the system has no huge ones to give.
void* MapHugePages(size_t bytes) {
  void* memory = MapBlock(bytes);
  if (reinterpret_cast<uintptr_t>(memory) % kHugePageBytes != 0) {
    UnmapBlock(memory, bytes);
    memory = MapBlock(bytes + kHugePageBytes);
    const size_t before = kHugePageBytes - reinterpret_cast<uintptr_t>(memory) % kHugePageBytes;
    char* const begin = static_cast<char*>(memory) + before;
    UnmapBlock(memory, before);
    if (before < kHugePageBytes) UnmapBlock(begin + bytes, kHugePageBytes - before);
    memory = begin;
  }
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

// The system may take the pages when memory is short; until then the next store has them back without a fault.
void OfferToSystem([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
#if defined(MADV_FREE)
  madvise(block, bytes, MADV_FREE);
#endif
}

}  // namespace

BlockPool::~BlockPool() {
  for (const Kept& kept : kept_) UnmapBlock(kept.block, kept.bytes);
}

void BlockPool::Expect(size_t bytes, bool wants_huge_pages) {
  std::vector<Kept> surplus;
  {
    MutexLock lock(&mutex_);
    expected_bytes_ = bytes;
    wants_huge_pages_ = wants_huge_pages;
    while (kept_bytes_ > expected_bytes_) {
      surplus.push_back(kept_.back());
      kept_bytes_ -= kept_.back().bytes;
      kept_.pop_back();
    }
  }
  for (const Kept& kept : surplus) UnmapBlock(kept.block, kept.bytes);
}

void* BlockPool::Take(size_t bytes) {
  bool is_huge = false;
  {
    MutexLock lock(&mutex_);
    expected_bytes_ -= std::min(expected_bytes_, bytes);
    const auto at =
        std::find_if(kept_.rbegin(), kept_.rend(), [bytes](const Kept& kept) { return kept.bytes == bytes; });
    if (at != kept_.rend()) {
      void* const block = at->block;
      kept_bytes_ -= bytes;
      kept_.erase(std::next(at).base());
      return block;
    }
    is_huge = wants_huge_pages_ && bytes % kHugePageBytes == 0;
  }
  return is_huge ? MapHugePages(bytes) : MapBlock(bytes);
}

void BlockPool::Give(void* block, size_t bytes) {
  {
    MutexLock lock(&mutex_);
    if (kept_bytes_ + bytes <= expected_bytes_) {
      OfferToSystem(block, bytes);
      kept_.push_back({block, bytes});
      kept_bytes_ += bytes;
      return;
    }
  }
  UnmapBlock(block, bytes);
}

size_t BlockPool::KeptBytes() const {
  MutexLock lock(&mutex_);
  return kept_bytes_;
}

}  // namespace gneiss
