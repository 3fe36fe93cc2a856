// A MemoryBudget is told what memtables take, of one database or of several, and says when that is too much.
//
// Units:   bytes, as taken from the system.
// Owner:   shared by databases and their memtables, which may outlive them.
// Threads: all methods are safe from any thread. Reserve and Seal may be called under locks, so they call nobody back.
// Errors:  none: memory is counted when it was taken already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/base/mutex.h"

namespace gneiss {

class MemoryBudget {
 public:
  virtual ~MemoryBudget() = default;

  // False: nothing is counted for the time being.
  virtual bool IsCounting() const = 0;
  virtual void Reserve(size_t bytes) = 0;
  // So much of what was reserved belongs to memtables that take no more writes: it will be freed.
  virtual void Seal(size_t bytes) = 0;
  virtual void Free(size_t bytes) = 0;

  // Asked before every write: WantsFlush or IsExhausted.
  virtual bool WantsRelief() const = 0;
  // Whoever writes shall flush a memtable first.
  virtual bool WantsFlush() const = 0;
  // Writers shall wait until memory was freed.
  virtual bool IsExhausted() const = 0;
  // Blocks until the budget is not exhausted, or the time is over.
  virtual void WaitForRoom(uint64_t micros_max) = 0;
};

// What one memtable takes of a budget, and gives back at its end. Without a budget nothing is counted.
class BudgetShare {
 public:
  explicit BudgetShare(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  ~BudgetShare();
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;

  void Reserve(size_t bytes) EXCLUDES(mutex_);
  // Once. What is reserved later counts as sealed at once.
  void Seal() EXCLUDES(mutex_);

 private:
  const std::shared_ptr<MemoryBudget> budget_;
  Mutex mutex_;
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  bool is_sealed_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss
