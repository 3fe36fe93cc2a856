// A ReadGuard lets a thread use objects that others may replace meanwhile, without a lock or a shared counter:
// epoch-based reclamation. What a writer replaced is freed only when no guard that could still see it is left.
//
// Use:     readers: { ReadGuard guard; auto* p = pointer.load(acquire); use p }   writers: swap the pointer, then
// Retire(free). Cost:    a guard is one store and one fence to memory that only this thread writes. Owner:   Retire
// takes over the closure; it runs on the thread of some later Retire or Reclaim, never inside a guard of its own.
// Threads: every function is safe from any thread. Guards nest. A guard must not wait for a Reclaim.
#pragma once

#include <functional>

namespace gneiss {

class ReadGuard {
 public:
  ReadGuard();
  ~ReadGuard();
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  struct Slot;
  friend struct ReclaimDomain;
  Slot* const slot_;
};

// Runs `free` once every guard that was open at this call has closed.
void Retire(std::function<void()> free);
// Frees what can be freed now; true when nothing is left waiting.
bool Reclaim();
// Waits until everything retired before this call was freed. The caller must hold no guard.
void ReclaimAll();

}  // namespace gneiss
