#pragma once

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstdint>

#include "db_bench_port/flags/flags.h"

namespace bench {

// When a loop ends: after so many operations, or with --duration after so many seconds. The clock is looked at seldom.
class Duration {
 public:
  Duration(rocksdb::SystemClock* clock, int64_t seconds, int64_t operations, int64_t operations_per_stage = 0)
      : clock_(clock),
        seconds_(seconds),
        operations_(operations),
        operations_per_stage_(operations_per_stage > 0 ? operations_per_stage : operations),
        started_(clock->NowMicros()) {}

  // To be asked before each operation, or each `count` of them.
  bool IsOver(int64_t count) {
    count = std::max<int64_t>(count, 1);
    done_ += count;
    if (seconds_ == 0) return done_ > operations_;
    const int64_t step = std::max(1, FLAGS_ops_between_duration_checks);
    if (done_ / step == (done_ - count) / step) return false;
    return clock_->NowMicros() - started_ >= static_cast<uint64_t>(seconds_) * 1000000;
  }

  // Which part of the run this is; each stage writes to column families of its own.
  int64_t stage() const { return std::min(done_, operations_ - 1) / operations_per_stage_; }

 private:
  rocksdb::SystemClock* clock_;
  int64_t seconds_;
  int64_t operations_;
  int64_t operations_per_stage_;
  int64_t done_ = 0;
  uint64_t started_;
};

}  // namespace bench
