#include "compat/adapters/engine_clock.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gneiss::compat {

namespace {

class EngineClock final : public gneiss::Clock {
 public:
  explicit EngineClock(std::shared_ptr<rocksdb::SystemClock> clock) : clock_(std::move(clock)) {}

  uint64_t NowMicros() override { return clock_->NowMicros(); }
  uint64_t NowNanos() override { return clock_->NowNanos(); }
  int64_t UnixSeconds() override {
    int64_t seconds = 0;
    return clock_->GetCurrentTime(&seconds).ok() ? seconds : 0;
  }
  // rocksdb's clock takes an int, so long sleeps are cut into pieces.
  void SleepMicros(uint64_t micros) override {
    while (micros > 0) {
      const uint64_t piece = std::min<uint64_t>(micros, std::numeric_limits<int>::max());
      clock_->SleepForMicroseconds(static_cast<int>(piece));
      micros -= piece;
    }
  }

 private:
  const std::shared_ptr<rocksdb::SystemClock> clock_;
};

}  // namespace

std::unique_ptr<gneiss::Clock> NewEngineClock(const std::shared_ptr<rocksdb::SystemClock>& clock) {
  if (clock == rocksdb::SystemClock::Default()) return nullptr;
  return std::make_unique<EngineClock>(clock);
}

}  // namespace gneiss::compat
