#include "engine/base/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "engine/base/no_memory.h"

namespace gneiss {

namespace {

// The second block ahead is begun before the first one is taken.
constexpr size_t kReadyBlocks = 2;

void* MapPages(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

void UnmapBlock(void* block, size_t bytes) { munmap(block, bytes); }

// Small pages serve as well where the system has no huge ones to give.
void* MapHugePages(size_t bytes) {
  void* memory = MapPages(bytes);
  if (reinterpret_cast<uintptr_t>(memory) % kHugePageBytes != 0) {
    UnmapBlock(memory, bytes);
    memory = MapPages(bytes + kHugePageBytes);
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

void* MapBlock(size_t bytes, bool is_huge) { return is_huge ? MapHugePages(bytes) : MapPages(bytes); }

// Has the system give the pages now instead of at the first stores to them; where it cannot, those get them. A part at
// a time, because who unmaps or maps something meanwhile waits.
void GetPages([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
#if defined(MADV_POPULATE_WRITE)
  constexpr size_t kPartBytes = size_t{128} << 10;
  for (size_t at = 0; at < bytes; at += kPartBytes) {
    if (madvise(static_cast<char*>(block) + at, std::min(kPartBytes, bytes - at), MADV_POPULATE_WRITE) != 0) return;
  }
#endif
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
    arena_bytes_ = expected_bytes_ = bytes;
    wants_huge_pages_ = wants_huge_pages;
    while (kept_bytes_ > arena_bytes_) {
      surplus.push_back(kept_.back());
      kept_bytes_ -= kept_.back().bytes;
      kept_.pop_back();
    }
  }
  for (const Kept& kept : surplus) UnmapBlock(kept.block, kept.bytes);
}

void* BlockPool::Take(size_t bytes) {
  void* block = nullptr;
  bool is_huge = false;
  {
    MutexLock lock(&mutex_);
    expected_bytes_ -= std::min(expected_bytes_, bytes);
    const auto at =
        std::find_if(kept_.rbegin(), kept_.rend(), [bytes](const Kept& kept) { return kept.bytes == bytes; });
    if (at != kept_.rend()) {
      block = at->block;
      kept_bytes_ -= bytes;
      kept_.erase(std::next(at).base());
    }
    is_huge = wants_huge_pages_ && bytes % kHugePageBytes == 0;
  }
  AskForReadyBlock(bytes, is_huge);
  return block != nullptr ? block : MapBlock(bytes, is_huge);
}

void BlockPool::AskForReadyBlock(size_t bytes, bool is_huge) {
  if (background_ == nullptr) return;
  {
    MutexLock lock(&mutex_);
    if (is_making_ready_ || kept_bytes_ + bytes > std::min(expected_bytes_, kReadyBlocks * bytes)) return;
    is_making_ready_ = true;
  }
  if (background_([self = shared_from_this(), bytes, is_huge] { self->MakeReady(bytes, is_huge); })) return;
  MutexLock lock(&mutex_);
  is_making_ready_ = false;
}

void BlockPool::MakeReady(size_t bytes, bool is_huge) {
  void* block = nullptr;
  DropBadAlloc([&] {
    block = MapBlock(bytes, is_huge);
    GetPages(block, bytes);
  });
  {
    MutexLock lock(&mutex_);
    is_making_ready_ = false;
    if (block == nullptr || Keep(block, bytes)) return;
  }
  UnmapBlock(block, bytes);
}

void BlockPool::Give(void* block, size_t bytes) {
  {
    MutexLock lock(&mutex_);
    if (Keep(block, bytes)) {
      OfferToSystem(block, bytes);
      return;
    }
  }
  UnmapBlock(block, bytes);
}

bool BlockPool::Keep(void* block, size_t bytes) {
  // What has another size may never serve again.
  while (kept_bytes_ + bytes > arena_bytes_ && !kept_.empty() && kept_.front().bytes != bytes) {
    UnmapBlock(kept_.front().block, kept_.front().bytes);
    kept_bytes_ -= kept_.front().bytes;
    kept_.erase(kept_.begin());
  }
  if (kept_bytes_ + bytes > arena_bytes_) return false;
  try {
    kept_.push_back({block, bytes});
  } catch (const std::bad_alloc&) {  // arenas give their blocks back as they end, and have nobody to tell
    return false;
  }
  kept_bytes_ += bytes;
  return true;
}

size_t BlockPool::KeptBytes() const {
  MutexLock lock(&mutex_);
  return kept_bytes_;
}

}  // namespace gneiss
