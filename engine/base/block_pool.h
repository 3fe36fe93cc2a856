// A BlockPool keeps the large blocks that an arena gave back for the arena that grows next.
//
// A fresh page costs the system a fault and its zeroing, on virtual machines often one in the host as well: filling a
// memtable of 64 MiB with new pages took longer than all else that its writers do. The pool holds what one arena takes
// at most, and gives that before it asks the system: what is kept and what is in use come to what was in use at once
// before, and a writer who keeps its flushes busy needs hardly a fresh page from the third memtable on. The system may
// have the pages back when memory is short (MADV_FREE): an idle database keeps none from others.
// Where it has nothing to give, an idle processor meanwhile makes the next two blocks ready, so that the writer who
// gets there does not wait for the pages: a third of its time else.
//
// Units:   bytes.
// Owner:   the pool owns what it keeps; shared by the arenas, which may outlive who made it.
// Threads: all methods are safe from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/mutex.h"

namespace gneiss {

class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  // Runs the job elsewhere, soon, and only where nobody has more pressing work. False: it will not.
  using Background = std::function<bool(const std::function<void()>& job)>;

  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // Before the first Take, for a pool that a shared_ptr owns; without it nothing is made ready ahead.
  void SetBackground(Background background) { background_ = std::move(background); }

  // An arena begins that will take about so much. Fresh blocks of a multiple of kHugePageBytes are whole huge pages
  // from here on, or no longer.
  void Expect(size_t bytes, bool wants_huge_pages = false) EXCLUDES(mutex_);

  // A block of the size, which holds anything. Throws std::bad_alloc.
  void* Take(size_t bytes) EXCLUDES(mutex_);

  void Give(void* block, size_t bytes) EXCLUDES(mutex_);

  size_t KeptBytes() const EXCLUDES(mutex_);

 private:
  struct Kept {
    void* block;
    size_t bytes;
  };

  void AskForReadyBlock(size_t bytes, bool is_huge) EXCLUDES(mutex_);
  void MakeReady(size_t bytes, bool is_huge) EXCLUDES(mutex_);
  bool Keep(void* block, size_t bytes) REQUIRES(mutex_);

  Background background_;
  mutable Mutex mutex_;
  bool is_making_ready_ GUARDED_BY(mutex_) = false;
  std::vector<Kept> kept_ GUARDED_BY(mutex_);
  size_t kept_bytes_ GUARDED_BY(mutex_) = 0;
  size_t arena_bytes_ GUARDED_BY(mutex_) = 0;     // what an arena takes; kept_bytes_ stays below
  size_t expected_bytes_ GUARDED_BY(mutex_) = 0;  // what the arena that grows may still take
  bool wants_huge_pages_ GUARDED_BY(mutex_) = false;
};

// A huge page takes one page fault instead of 512 and spares a search through a large memtable most TLB misses. But the
// writer that takes the fault waits for 2 MiB to be cleared, and for the system to make room or, on a virtual machine,
// for the host to find the memory: 0.2 to 5 ms, where a small page takes 2 us. So small pages are the rule.
constexpr size_t kHugePageBytes = size_t{2} << 20;

}  // namespace gneiss
