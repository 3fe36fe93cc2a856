#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace bench {

// Writes how many operations each interval finished to a CSV file, as db_bench does: `secs_elapsed,interval_qps`.
//
// Owner:   one per run of a benchmark; the destructor stops the thread.
// Threads: Add is safe from any thread.
class IntervalReporter {
 public:
  IntervalReporter(const std::string& file, uint64_t interval_seconds);
  ~IntervalReporter();

  void Add(int64_t operations) { done_.fetch_add(operations, std::memory_order_relaxed); }

 private:
  void Run();

  const uint64_t interval_seconds_;
  std::FILE* file_;
  std::atomic<int64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace bench
