#include "db_bench_port/stats/interval_reporter.h"

#include <chrono>
#include <cinttypes>
#include <cmath>

#include "db_bench_port/errors.h"

namespace bench {

IntervalReporter::IntervalReporter(const std::string& file, uint64_t interval_seconds)
    : interval_seconds_(interval_seconds), file_(std::fopen(file.c_str(), "w")) {
  if (file_ == nullptr) Fail("Can't open %s", file.c_str());
  std::fprintf(file_, "secs_elapsed,interval_qps\n");
  std::fflush(file_);
  thread_ = std::thread([this] { Run(); });
}

IntervalReporter::~IntervalReporter() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  std::fclose(file_);
}

void IntervalReporter::Run() {
  const auto started = std::chrono::steady_clock::now();
  int64_t reported = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::seconds(interval_seconds_), [this] { return is_stopping_; })) {
    const int64_t done = done_.load(std::memory_order_relaxed);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started;
    std::fprintf(file_, "%ld,%" PRId64 "\n", std::lround(elapsed.count()), done - reported);
    std::fflush(file_);
    reported = done;
  }
}

}  // namespace bench
