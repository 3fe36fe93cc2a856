// Adds the time until the end of the scope to a counter of the calling thread's IOStatsContext or PerfContext, when the
// thread's PerfLevel asks for times.
//
// Units:   nanoseconds.
// Threads: a timer belongs to the thread that made it.
#pragma once

#include <rocksdb/iostats_context.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <time.h>

#include <cstdint>

namespace gneiss::compat {

class ScopedTimer {
 public:
  explicit ScopedTimer(uint64_t rocksdb::IOStatsContext::*counter)
      : counter_(IsTiming() && !rocksdb::get_iostats_context()->disable_iostats
                     ? &(rocksdb::get_iostats_context()->*counter)
                     : nullptr),
        start_ns_(counter_ == nullptr ? 0 : Now()) {}
  explicit ScopedTimer(uint64_t rocksdb::PerfContext::*counter)
      : counter_(IsTiming() ? &(rocksdb::get_perf_context()->*counter) : nullptr),
        start_ns_(counter_ == nullptr ? 0 : Now()) {}
  ~ScopedTimer() {
    if (counter_ != nullptr) *counter_ += Now() - start_ns_;
  }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

 private:
  static bool IsTiming() { return rocksdb::GetPerfLevel() >= rocksdb::kEnableTimeExceptForMutex; }
  static uint64_t Now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  uint64_t* const counter_;
  const uint64_t start_ns_;
};

}  // namespace gneiss::compat
