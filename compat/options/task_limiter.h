// Bounds how many compactions run at once over several column families or databases.
//
// Owner:   shared by the options that name it; a Token gives its place back when destroyed and must not outlive it.
// Threads: every method is safe from any thread.
#pragma once

#include <rocksdb/concurrent_task_limiter.h>

#include <atomic>
#include <memory>
#include <string>

namespace gneiss::compat {

class TaskLimiter : public rocksdb::ConcurrentTaskLimiter {
 public:
  // A place taken.
  class Token {
   public:
    explicit Token(TaskLimiter* limiter) : limiter_(limiter) {}
    ~Token() { limiter_->running_.fetch_sub(1, std::memory_order_acq_rel); }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

   private:
    TaskLimiter* const limiter_;
  };

  // A negative limit is none.
  TaskLimiter(std::string name, int32_t limit) : name_(std::move(name)), limit_(limit) {}

  const std::string& GetName() const override { return name_; }
  void SetMaxOutstandingTask(int32_t limit) override { limit_.store(limit, std::memory_order_relaxed); }
  void ResetMaxOutstandingTask() override { SetMaxOutstandingTask(-1); }
  int32_t GetOutstandingTask() const override { return running_.load(std::memory_order_relaxed); }

  // Null when all places are taken. `force` takes one over the limit, for work that cannot wait.
  std::unique_ptr<Token> Take(bool force);

 private:
  const std::string name_;
  std::atomic<int32_t> limit_;
  std::atomic<int32_t> running_{0};
};

}  // namespace gneiss::compat
