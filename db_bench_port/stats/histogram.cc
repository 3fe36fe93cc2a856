#include "db_bench_port/stats/histogram.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>

namespace bench {
namespace {

// Keeps the two most significant digits: 172 becomes 170.
uint64_t TwoDigits(uint64_t value) {
  uint64_t scale = 1;
  while (value / scale >= 110) scale *= 10;
  return value / scale * scale;
}

// The largest value of each bucket.
const std::vector<uint64_t>& Limits() {
  static const std::vector<uint64_t> limits = [] {
    std::vector<uint64_t> made = {1, 2};
    constexpr double kLast = 18446744073709551615.0;
    for (double exact = 3; exact <= kLast; exact *= 1.5) made.push_back(TwoDigits(static_cast<uint64_t>(exact)));
    return made;
  }();
  return limits;
}

size_t BucketOf(uint64_t value) {
  const auto& limits = Limits();
  const auto found = std::lower_bound(limits.begin(), limits.end(), value);
  return found == limits.end() ? limits.size() - 1 : found - limits.begin();
}

uint64_t LowerLimit(size_t bucket) { return bucket == 0 ? 0 : Limits()[bucket - 1]; }

}  // namespace

Histogram::Histogram() : counts_(Limits().size()) {}

void Histogram::Add(uint64_t value) {
  ++counts_[BucketOf(value)];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  const double exact = static_cast<double>(value);
  sum_ += exact;
  sum_of_squares_ += exact * exact;
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
}

double Histogram::Average() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

double Histogram::StandardDeviation() const {
  if (count_ == 0) return 0;
  const double average = Average();
  return std::sqrt(std::max(0.0, sum_of_squares_ / static_cast<double>(count_) - average * average));
}

double Histogram::Percentile(double percent) const {
  const double wanted = static_cast<double>(count_) * percent / 100;
  double before = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    const double here = static_cast<double>(counts_[i]);
    if (counts_[i] != 0 && before + here >= wanted) {
      const double low = static_cast<double>(LowerLimit(i));
      const double value = low + (static_cast<double>(Limits()[i]) - low) * (wanted - before) / here;
      return std::clamp(value, static_cast<double>(min()), static_cast<double>(max_));
    }
    before += here;
  }
  return static_cast<double>(max_);
}

std::string Histogram::ToString() const {
  char line[256];
  std::snprintf(line, sizeof(line), "Count: %" PRIu64 " Average: %.4f  StdDev: %.2f\n", count_, Average(),
                StandardDeviation());
  std::string table = line;
  std::snprintf(line, sizeof(line), "Min: %" PRIu64 "  Median: %.4f  Max: %" PRIu64 "\n", min(), Percentile(50), max_);
  table += line;
  std::snprintf(line, sizeof(line), "Percentiles: P50: %.2f P75: %.2f P99: %.2f P99.9: %.2f P99.99: %.2f\n",
                Percentile(50), Percentile(75), Percentile(99), Percentile(99.9), Percentile(99.99));
  table += line;
  table += std::string(54, '-') + "\n";
  uint64_t so_far = 0;
  for (size_t i = 0; i < counts_.size() && count_ != 0; ++i) {
    if (counts_[i] == 0) continue;
    so_far += counts_[i];
    const double share = static_cast<double>(counts_[i]) / static_cast<double>(count_);
    std::snprintf(line, sizeof(line), "%c %7" PRIu64 ", %7" PRIu64 " ] %8" PRIu64 " %7.3f%% %7.3f%% ",
                  i == 0 ? '[' : '(', LowerLimit(i), Limits()[i], counts_[i], share * 100,
                  100.0 * static_cast<double>(so_far) / static_cast<double>(count_));
    table += line + std::string(static_cast<size_t>(share * 20 + 0.5), '#') + "\n";
  }
  return table;
}

}  // namespace bench
