// A ReadGuard lets a thread use objects that others may replace meanwhile, without a lock or a shared counter:
// epoch-based reclamation. What a writer replaced is freed only when no guard that could still see it is left.
//
// Use:     readers: { ReadGuard guard; auto* p = pointer.load(acquire); use p }
//          writers: swap the pointer, Retire(free), and Reclaim() once no lock is held.
// Cost:    opening a guard is one exchange on memory that only this thread writes; closing it is one store.
// Owner:   Retire takes over the closure. It runs inside a Reclaim or ReclaimAll of some thread, never inside Retire:
//          a lock held while retiring may be taken by the closure. Closures may Retire but not Reclaim.
// Threads: every function is safe from any thread, also while thread_local objects are destroyed. Guards nest.
//          A guard must not wait for a Reclaim.
#pragma once

#include <chrono>
#include <functional>

namespace gneiss {

class ReadGuard {
 public:
  ReadGuard();
  ~ReadGuard();
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  friend struct ReclaimDomain;
  struct Slot;
  Slot* const slot_;
};

// Runs `free`, in a later Reclaim, once every guard that was open at this call has closed.
void Retire(std::function<void()> free);
// Frees what can be freed now; true when nothing is left waiting. Inside a guard, or while another thread reclaims, it
// frees nothing.
bool Reclaim();
// As Reclaim, again until nothing is left or the time is over: for what is too large to wait for the next occasion.
bool ReclaimWithin(std::chrono::microseconds time);
// Waits until everything retired before this call was freed. The caller must hold no guard.
void ReclaimAll();

}  // namespace gneiss
