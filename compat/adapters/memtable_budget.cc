#include "compat/adapters/memtable_budget.h"

#include <utility>

namespace gneiss::compat {

namespace {

// One writer that waits.
class WaitingWriter final : public rocksdb::StallInterface {
 public:
  void Block() override {
    MutexLock lock(&mutex_);
    while (!is_signalled_) signalled_.Wait(&mutex_);
  }
  void BlockFor(uint64_t micros_max) {
    MutexLock lock(&mutex_);
    if (!is_signalled_) signalled_.WaitFor(&mutex_, micros_max);
  }
  void Signal() override {
    MutexLock lock(&mutex_);
    is_signalled_ = true;
    signalled_.SignalAll();
  }

 private:
  Mutex mutex_;
  CondVar signalled_;
  bool is_signalled_ GUARDED_BY(mutex_) = false;
};

class WriteBufferBudget final : public MemoryBudget {
 public:
  explicit WriteBufferBudget(std::shared_ptr<rocksdb::WriteBufferManager> manager) : manager_(std::move(manager)) {}

  bool IsCounting() const override { return manager_->enabled() || manager_->cost_to_cache(); }
  void Reserve(size_t bytes) override { manager_->ReserveMem(bytes); }
  void Seal(size_t bytes) override { manager_->ScheduleFreeMem(bytes); }
  void Free(size_t bytes) override { manager_->FreeMem(bytes); }

  bool WantsRelief() const override { return manager_->ShouldFlush() || manager_->ShouldStall(); }
  bool WantsFlush() const override { return manager_->ShouldFlush(); }
  bool IsExhausted() const override { return manager_->ShouldStall(); }
  void WaitForRoom(uint64_t micros_max) override {
    WaitingWriter writer;
    manager_->BeginWriteStall(&writer);
    writer.BlockFor(micros_max);
    manager_->RemoveDBFromQueue(&writer);
  }

 private:
  const std::shared_ptr<rocksdb::WriteBufferManager> manager_;
};

}  // namespace

std::shared_ptr<MemoryBudget> MemtableBudgetOf(std::shared_ptr<rocksdb::WriteBufferManager> manager) {
  return std::make_shared<WriteBufferBudget>(std::move(manager));
}

}  // namespace gneiss::compat
