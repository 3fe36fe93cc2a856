#pragma once

#include <rocksdb/rate_limiter.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace bench {

// What the threads of one run share: the common start, who has finished, and the rate limits.
//
// Threads: every method is safe from any thread.
class SharedRun {
 public:
  SharedRun(int threads, uint64_t write_bytes_per_second, uint64_t reads_per_second);

  // A thread is ready; returns when all are.
  void WaitForStart();
  void ThreadIsDone() { done_.fetch_add(1); }

  int threads() const { return threads_; }
  int done() const { return done_.load(); }
  // Whether everyone else has finished, which ends a thread that only disturbs.
  bool OnlyOneIsLeft() const { return done() + 1 >= threads_; }

  // Each waits as long as the rate asks for; at once without a limit. Return whether there is a limit.
  bool LimitWrites(int64_t bytes);
  bool LimitReads(int64_t reads);
  void SetWriteRate(int64_t bytes_per_second);
  void SetReadRate(int64_t reads_per_second);

 private:
  const int threads_;
  std::mutex mutex_;
  std::condition_variable all_ready_;
  int ready_ = 0;
  std::atomic<int> done_{0};
  std::unique_ptr<rocksdb::RateLimiter> write_limiter_;
  std::unique_ptr<rocksdb::RateLimiter> read_limiter_;
};

std::unique_ptr<rocksdb::RateLimiter> NewLimiter(uint64_t per_second, rocksdb::RateLimiter::Mode mode);

}  // namespace bench
