#include "engine/base/clock.h"

#include <cerrno>
#include <ctime>

namespace gneiss {

namespace {

class SystemClock final : public Clock {
 public:
  uint64_t NowMicros() override { return NowNanos() / 1000; }
  uint64_t NowNanos() override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }
  int64_t UnixSeconds() override { return static_cast<int64_t>(time(nullptr)); }
  void SleepMicros(uint64_t micros) override {
    timespec left = {.tv_sec = static_cast<time_t>(micros / 1'000'000),
                     .tv_nsec = static_cast<long>(micros % 1'000'000 * 1000)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
};

}  // namespace

Clock* Clock::System() {
  static SystemClock* const clock = new SystemClock;
  return clock;
}

}  // namespace gneiss
