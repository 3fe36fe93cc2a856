#pragma once

#include <rocksdb/system_clock.h>

#include <cmath>
#include <cstdint>

#include "db_bench_port/flags/flags.h"

namespace bench {

// A rate that follows a*sin(b*x + c) + d, x in seconds since the start, set anew at intervals.
class SineRate {
 public:
  SineRate(rocksdb::SystemClock* clock, uint64_t start_micros, uint64_t interval_milliseconds)
      : clock_(clock), start_(start_micros), last_(start_micros), interval_(interval_milliseconds * 1000) {}

  bool IsDue() const { return clock_->NowMicros() > last_ + interval_; }

  double Next() {
    last_ = clock_->NowMicros();
    return At(static_cast<double>(last_ - start_) * 1e-6);
  }

  static double At(double seconds) {
    return FLAGS_sine_a * std::sin(FLAGS_sine_b * seconds + FLAGS_sine_c) + FLAGS_sine_d;
  }

 private:
  rocksdb::SystemClock* clock_;
  uint64_t start_;
  uint64_t last_;
  uint64_t interval_;
};

}  // namespace bench
