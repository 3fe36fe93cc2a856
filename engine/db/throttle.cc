#include "engine/db/throttle.h"

#include <algorithm>

namespace gneiss {

namespace {
constexpr uint64_t kRateMin = 256 << 10;
}  // namespace

void Throttle::Update(Mode mode, double depth) {
  const uint64_t drain = drain_bytes_per_second_.load(std::memory_order_relaxed);
  const double full = static_cast<double>(std::max(drain, delayed_bytes_per_second_.load(std::memory_order_relaxed)));
  const double allowed = full * (1.0 - 0.9 * std::clamp(depth, 0.0, 1.0));
  rate_.store(std::max(kRateMin, static_cast<uint64_t>(allowed)), std::memory_order_relaxed);
  mode_.store(mode, std::memory_order_release);
}

void Throttle::NoteDrained(uint64_t bytes, uint64_t micros) {
  if (micros == 0 || bytes == 0) return;
  const auto now = static_cast<uint64_t>(static_cast<double>(bytes) * 1e6 / static_cast<double>(micros));
  const uint64_t before = drain_bytes_per_second_.load(std::memory_order_relaxed);
  drain_bytes_per_second_.store(before == 0 ? now : (3 * before + now) / 4, std::memory_order_relaxed);
}

uint64_t Throttle::DelayMicros(uint64_t bytes) {
  if (mode() != Mode::kDelayed) return 0;
  const uint64_t rate = rate_.load(std::memory_order_relaxed);
  const uint64_t now = clock_->NowMicros();
  if (next_free_us_ < now) next_free_us_ = now;
  const uint64_t wait = next_free_us_ - now;
  next_free_us_ += bytes * 1'000'000 / rate;
  return wait;
}

}  // namespace gneiss
