#include "compat/options/task_limiter.h"

namespace gneiss::compat {

std::unique_ptr<TaskLimiter::Token> TaskLimiter::Take(bool force) {
  const int32_t limit = limit_.load(std::memory_order_relaxed);
  int32_t running = running_.load(std::memory_order_relaxed);
  while (force || limit < 0 || running < limit) {
    if (running_.compare_exchange_weak(running, running + 1, std::memory_order_acq_rel)) {
      return std::make_unique<Token>(this);
    }
  }
  return nullptr;
}

}  // namespace gneiss::compat

namespace rocksdb {

ConcurrentTaskLimiter* NewConcurrentTaskLimiter(const std::string& name, int32_t limit) {
  return new gneiss::compat::TaskLimiter(name, limit);
}

}  // namespace rocksdb
