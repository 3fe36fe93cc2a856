// An Arena hands out memory that lives until the arena does. Nothing is freed singly.
//
// Units:   bytes. Blocks grow from 4 KiB to `block_bytes`; larger requests get a block of their own.
// Owner:   the arena owns all it hands out.
// Threads: Allocate may be called from several threads at once: it is one atomic addition to the current block, and
//          only the thread that finds the block full takes the lock. MemoryUsage and UsedBytes are relaxed readings.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/base/block_pool.h"
#include "engine/base/memory_budget.h"
#include "engine/base/mutex.h"

namespace gneiss {

class Arena {
 public:
  // Blocks of the full size, where that is worth a mapping, come from `pool` and go back there, so that they serve one
  // arena after the other (block_pool.h); null: from the heap as all others. Each block is told to `share` (may be
  // null), which the caller keeps alive.
  explicit Arena(size_t block_bytes = size_t{1} << 20, std::shared_ptr<BlockPool> pool = nullptr,
                 BudgetShare* share = nullptr);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Anywhere, one behind the other. Never null (throws std::bad_alloc as operator new does).
  char* Allocate(size_t bytes);
  // `alignment`: a power of two.
  char* AllocateAligned(size_t bytes, uintptr_t alignment = 8) {
    const uintptr_t place = reinterpret_cast<uintptr_t>(Allocate(bytes + alignment - 1));
    return reinterpret_cast<char*>((place + alignment - 1) & ~(alignment - 1));
  }

  // Bytes taken from the system so far.
  size_t MemoryUsage() const { return reserved_bytes_.load(std::memory_order_relaxed); }
  // The same without what the current block still has to give.
  size_t UsedBytes() const;

 private:
  // Lies at the start of its own memory; the payload follows.
  struct Block {
    Block* previous;
    size_t size_bytes;
    std::atomic<size_t> used_bytes;  // may run past size_bytes: what did not fit was not handed out
    char* payload() { return reinterpret_cast<char*>(this + 1); }
  };

  // A request so large may waste much of a block where it does not fit.
  static bool IsLarge(size_t bytes, size_t block_bytes) { return bytes > block_bytes / 4; }
  // Null: it does not fit, and what was left of the block is lost.
  static char* Take(Block* block, size_t bytes) {
    const size_t at = block->used_bytes.fetch_add(bytes, std::memory_order_relaxed);
    return at + bytes <= block->size_bytes ? block->payload() + at : nullptr;
  }
  // Null: it does not fit, and nothing changed.
  static char* TakeIfItFits(Block* block, size_t bytes);
  char* AllocateSlow(size_t bytes) EXCLUDES(mutex_);
  Block* NewBlock(size_t size_bytes) REQUIRES(mutex_);
  bool IsPooled(size_t bytes) const;
  void* AllocateBlock(size_t bytes);
  void FreeBlock(void* memory, size_t bytes);

  const size_t block_bytes_;
  const std::shared_ptr<BlockPool> pool_;
  BudgetShare* const share_;
  std::atomic<Block*> current_{nullptr};
  std::atomic<size_t> reserved_bytes_{0};
  Mutex mutex_;
  Block* newest_ GUARDED_BY(mutex_) = nullptr;  // all blocks, linked by `previous`
  size_t next_block_bytes_ GUARDED_BY(mutex_);
};

inline size_t Arena::UsedBytes() const {
  const Block* const block = current_.load(std::memory_order_acquire);
  if (block == nullptr) return MemoryUsage();
  const size_t used_bytes = block->used_bytes.load(std::memory_order_relaxed);
  return MemoryUsage() - (block->size_bytes - std::min(used_bytes, block->size_bytes));
}

inline char* Arena::Allocate(size_t bytes) {
  if (Block* block = current_.load(std::memory_order_acquire); block != nullptr && !IsLarge(bytes, block->size_bytes)) {
    if (char* place = Take(block, bytes); place != nullptr) [[likely]]
      return place;
  }
  return AllocateSlow(bytes);
}

}  // namespace gneiss
