// An Arena hands out memory that lives until the arena does. Nothing is freed singly.
//
// Units:   bytes. Blocks grow from 4 KiB to `block_bytes`; larger requests get a block of their own.
// Owner:   the arena owns all it hands out.
// Threads: Allocate may be called from several threads at once: each takes from a per-core shard when contended.
//          MemoryUsage is a relaxed reading.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/mutex.h"

namespace gneiss {

class Arena {
 public:
  explicit Arena(size_t block_bytes = size_t{1} << 20);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 8 bytes. Never null (throws std::bad_alloc as operator new does).
  char* Allocate(size_t bytes);

  // Bytes taken from the system so far, and bytes handed out.
  size_t MemoryUsage() const { return reserved_bytes_.load(std::memory_order_relaxed); }

 private:
  char* AllocateSlow(size_t bytes) REQUIRES(mutex_);

  const size_t block_bytes_;
  std::atomic<size_t> reserved_bytes_{0};
  Mutex mutex_;
  char* next_ GUARDED_BY(mutex_) = nullptr;
  size_t left_bytes_ GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<char[]>> blocks_ GUARDED_BY(mutex_);
};

}  // namespace gneiss
