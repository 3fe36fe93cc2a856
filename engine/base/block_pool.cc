#include "engine/base/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace gneiss {

namespace {

// The system may take the pages when memory is short; until then the next store has them back without a fault.
void OfferToSystem([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
#if defined(MADV_FREE)
  madvise(block, bytes, MADV_FREE);
#endif
}

}  // namespace

BlockPool::~BlockPool() {
  for (const Kept& kept : kept_) UnmapHugePages(kept.block, kept.bytes);
}

void BlockPool::Expect(size_t bytes) {
  std::vector<Kept> surplus;
  {
    MutexLock lock(&mutex_);
    expected_bytes_ = bytes;
    while (kept_bytes_ > expected_bytes_) {
      surplus.push_back(kept_.back());
      kept_bytes_ -= kept_.back().bytes;
      kept_.pop_back();
    }
  }
  for (const Kept& kept : surplus) UnmapHugePages(kept.block, kept.bytes);
}

void* BlockPool::Take(size_t bytes) {
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
  }
  return MapHugePages(bytes);
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
  UnmapHugePages(block, bytes);
}

size_t BlockPool::KeptBytes() const {
  MutexLock lock(&mutex_);
  return kept_bytes_;
}

void* MapHugePages(size_t bytes) {
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

void UnmapHugePages(void* memory, size_t bytes) { munmap(memory, bytes); }

}  // namespace gneiss
