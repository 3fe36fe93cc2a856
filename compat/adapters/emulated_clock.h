// A SystemClock on which only sleeping passes time, and sleeping returns at once: the clock of NewMemEnv.
//
// Owner:   shares the clock that gives its start.
// Threads: every method is safe from any thread.
#pragma once

#include <rocksdb/system_clock.h>

#include <atomic>
#include <memory>

namespace gneiss::compat {

class EmulatedClock final : public rocksdb::SystemClockWrapper {
 public:
  // Without `only_sleep_passes_time` it is `base` itself.
  EmulatedClock(const std::shared_ptr<rocksdb::SystemClock>& base, bool only_sleep_passes_time)
      : SystemClockWrapper(base), only_sleep_passes_time_(only_sleep_passes_time) {
    if (!base->GetCurrentTime(&start_unix_seconds_).ok()) start_unix_seconds_ = 0;
  }

  static const char* kClassName() { return "TimeEmulatedSystemClock"; }
  const char* Name() const override { return kClassName(); }

  void SleepForMicroseconds(int micros) override {
    if (!only_sleep_passes_time_) return SystemClockWrapper::SleepForMicroseconds(micros);
    slept_micros_.fetch_add(static_cast<uint64_t>(micros), std::memory_order_relaxed);
  }
  uint64_t NowMicros() override { return only_sleep_passes_time_ ? SleptMicros() : SystemClockWrapper::NowMicros(); }
  uint64_t NowNanos() override {
    return only_sleep_passes_time_ ? SleptMicros() * 1000 : SystemClockWrapper::NowNanos();
  }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override {
    if (!only_sleep_passes_time_) return SystemClockWrapper::GetCurrentTime(unix_time);
    *unix_time = start_unix_seconds_ + static_cast<int64_t>(SleptMicros() / 1'000'000);
    return rocksdb::Status::OK();
  }

 private:
  uint64_t SleptMicros() const { return slept_micros_.load(std::memory_order_relaxed); }

  const bool only_sleep_passes_time_;
  int64_t start_unix_seconds_ = 0;
  std::atomic<uint64_t> slept_micros_{0};
};

}  // namespace gneiss::compat
