// The Throttle slows writers down smoothly when flushes and compactions fall behind, and stops them at the hard limits.
//
// Idea:    each install reports how deep the database stands in the zone between "slow down" and "stop" (0 to 1) and
// how fast
//          level 0 drains. The allowed rate falls from the drain rate (at least the configured delayed write rate) to a
//          tenth of it across the zone. The commit leader sleeps for its group.
// Units:   bytes and microseconds.
// Threads: Update under the state mutex; Delay by the commit leader; the readings are atomic.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/clock.h"

namespace gneiss {

// One thing that writers are slowed down for, and from some point on stopped: too many memtables, tables, bytes.
struct StallMeasure {
  double value = 0;
  double slowdown = 0;  // 0: no such limit
  double stop = 0;      // likewise

  bool IsStop() const { return stop > 0 && value >= stop; }
  bool IsSlowdown() const { return !IsStop() && slowdown > 0 && value >= slowdown; }
  double Depth() const { return IsSlowdown() ? (value - slowdown) / (stop - slowdown > 1 ? stop - slowdown : 1) : 0; }
};

class Throttle {
 public:
  enum class Mode : uint8_t { kFree, kDelayed, kStopped };

  Throttle(Clock* clock, uint64_t delayed_bytes_per_second)
      : clock_(clock), delayed_bytes_per_second_(delayed_bytes_per_second) {}

  void Update(Mode mode, double depth);
  // From the next Update on.
  void SetDelayedRate(uint64_t bytes_per_second) {
    delayed_bytes_per_second_.store(bytes_per_second, std::memory_order_relaxed);
  }
  // `bytes` left level 0 (or the memtables) within `micros`.
  void NoteDrained(uint64_t bytes, uint64_t micros);

  Mode mode() const { return mode_.load(std::memory_order_acquire); }
  uint64_t BytesPerSecond() const { return mode() == Mode::kDelayed ? rate_.load(std::memory_order_relaxed) : 0; }

  // How long the leader must wait before it writes `bytes` more; books them.
  uint64_t DelayMicros(uint64_t bytes);

 private:
  Clock* const clock_;
  std::atomic<uint64_t> delayed_bytes_per_second_;
  std::atomic<Mode> mode_{Mode::kFree};
  std::atomic<uint64_t> rate_{0};
  std::atomic<uint64_t> drain_bytes_per_second_{0};
  uint64_t next_free_us_ = 0;  // the commit leader's
};

}  // namespace gneiss
