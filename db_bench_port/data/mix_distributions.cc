#include "db_bench_port/data/mix_distributions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bench {

int64_t ParetoInverse(double u, double theta, double k, double sigma) {
  const double x = k == 0.0 ? theta - sigma * std::log(u) : theta + sigma * (std::pow(u, -k) - 1) / k;
  return static_cast<int64_t>(std::ceil(x));
}

int64_t PowerInverse(double u, double a, double b) { return static_cast<int64_t>(std::ceil(std::pow(u / a, 1 / b))); }

ShareChooser::ShareChooser(const std::vector<double>& shares) {
  constexpr double kParts = 1000;
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  int64_t end = 0;
  for (const double share : shares) {
    end += static_cast<int64_t>(std::ceil(kParts * share / sum));
    ends_.push_back(end);
    shares_.push_back(share / sum);
  }
}

size_t ShareChooser::Choose(int64_t number) const {
  const int64_t place = std::abs(number) % ends_.back();
  return std::upper_bound(ends_.begin(), ends_.end(), place) - ends_.begin();
}

KeyRanges::KeyRanges(int64_t keys, int64_t ranges, const Heat& heat) {
  const int64_t count = std::max<int64_t>(1, ranges);
  keys_per_range_ = keys / count;
  // 1. From the last range, the coldest as a rule, to the first: how many places each gets, so that the coldest that is
  // read at all
  //    still gets one.
  constexpr double kNever = 1e-16;
  int64_t places_per_unit = 0;
  int64_t total = 0;
  for (int64_t i = count; i >= 1; --i) {
    const double at = static_cast<double>(i);
    const double probability = heat.a * std::exp(heat.b * at) + heat.c * std::exp(heat.d * at);
    const bool is_read = probability >= kNever;
    if (places_per_unit == 0 && is_read) places_per_unit = static_cast<int64_t>(std::floor(1 / probability)) + 1;
    const int64_t width =
        is_read ? static_cast<int64_t>(std::floor(static_cast<double>(places_per_unit) * probability)) : 0;
    ranges_.push_back({total, width});
    total += width;
  }
  // 2. Spread them, by a random order that only depends on the heat.
  Random64 order(static_cast<uint64_t>(total));
  for (auto& range : ranges_) std::swap(range, ranges_[order.Next() % ranges_.size()]);
  // 3. Their places, one behind the other.
  for (auto& range : ranges_) {
    range.start = places_;
    places_ += range.width;
  }
  places_ = std::max<int64_t>(1, places_);
}

size_t KeyRanges::RangeOf(int64_t place) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), place,
                                      [](int64_t wanted, const Range& range) { return wanted < range.start; });
  return after == ranges_.begin() ? 0 : after - ranges_.begin() - 1;
}

int64_t KeyRanges::Key(int64_t number, double key_a, double key_b) const {
  int64_t offset = number % keys_per_range_;
  if (key_a != 0.0 && key_b != 0.0) {
    const double u = static_cast<double>(offset) / static_cast<double>(keys_per_range_);
    offset = Random64(static_cast<uint64_t>(PowerInverse(u, key_a, key_b))).Below(keys_per_range_);
  }
  return keys_per_range_ * static_cast<int64_t>(RangeOf(number % places_)) + offset;
}

}  // namespace bench
