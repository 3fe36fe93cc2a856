// A ThreadPool runs background jobs: flushes in one pool, compactions in another.
//
// Owner:   the pool owns its threads; jobs are closures. The destructor drops what has not begun and joins what has.
// Threads: every method is safe from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"

namespace gneiss {

class ThreadPool {
 public:
  // Beside the thread that makes the pool: its equal; yielding; taking what nobody else wants.
  enum class CpuPriority : uint8_t { kNormal, kLow, kIdle };
  struct Config {
    int threads_max = 1;
    CpuPriority priority = CpuPriority::kLow;
    const char* name = "gneiss:bg";  // at most 15 characters, shown by ps -T
  };
  explicit ThreadPool(const Config& config);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Starts threads as they are needed, up to threads_max.
  // False when there is no memory for the few bytes of a job, or no thread for the first one.
  template <typename Job>
  bool TrySubmit(const Job& job) EXCLUDES(mutex_) {
    try {
      Enqueue(std::function<void()>(job));
      return true;
    } catch (const std::exception&) {  // std::bad_alloc; std::system_error from a thread that does not start
      return false;
    }
  }
  // Waits instead, for jobs that nobody could do without.
  template <typename Job>
  void Submit(const Job& job) EXCLUDES(mutex_) {
    while (!TrySubmit(job)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void SetThreadsMax(int threads_max) EXCLUDES(mutex_);
  // Waits until no job is queued or running.
  void WaitIdle() EXCLUDES(mutex_);
  size_t QueueLength() EXCLUDES(mutex_);

 private:
  void Enqueue(std::function<void()> job) EXCLUDES(mutex_);
  void RunThread();
  void StartMissingThreads() REQUIRES(mutex_);

  const Config config_;
  const int background_nice_;
  Mutex mutex_;
  CondVar work_or_stop_;
  CondVar idle_;
  int threads_max_ GUARDED_BY(mutex_);
  int running_ GUARDED_BY(mutex_) = 0;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::list<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace gneiss
