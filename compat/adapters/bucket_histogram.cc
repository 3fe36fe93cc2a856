#include "compat/adapters/bucket_histogram.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>

namespace gneiss::compat {

namespace {

constexpr uint64_t KeepTwoDigits(uint64_t value) {
  uint64_t power = 1;
  while (value / 10 > 10) {
    value /= 10;
    power *= 10;
  }
  return value * power;
}

// The growth is computed in double from the uncut limit, as the formula in the header asks, until it leaves 64 bits.
constexpr std::array<uint64_t, BucketHistogram::kBuckets> MakeBucketLimits() {
  std::array<uint64_t, BucketHistogram::kBuckets> limits{1, 2};
  double exact = 2;
  for (size_t i = 2; i < limits.size(); ++i) {
    exact *= 1.5;
    limits[i] = KeepTwoDigits(static_cast<uint64_t>(exact));
  }
  return limits;
}

constexpr std::array<uint64_t, BucketHistogram::kBuckets> kBucketLimits = MakeBucketLimits();

// A value of b bits is searched for only among the buckets whose limits bound such values.
struct BucketRange {
  uint8_t first;
  uint8_t last;
};

constexpr size_t FirstBucketNotBelow(uint64_t value) {
  size_t bucket = 0;
  while (bucket + 1 < kBucketLimits.size() && kBucketLimits[bucket] < value) ++bucket;
  return bucket;
}

constexpr std::array<BucketRange, 65> MakeRangesByBitLength() {
  std::array<BucketRange, 65> ranges{};
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t smallest = bits == 0 ? 0 : uint64_t{1} << (bits - 1);
    const uint64_t largest = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
    ranges[bits] = {static_cast<uint8_t>(FirstBucketNotBelow(smallest)),
                    static_cast<uint8_t>(FirstBucketNotBelow(largest))};
  }
  return ranges;
}

constexpr std::array<BucketRange, 65> kRangesByBitLength = MakeRangesByBitLength();

uint64_t Load(const std::atomic<uint64_t>& value) { return value.load(std::memory_order_relaxed); }

void AddTo(std::atomic<uint64_t>* total, uint64_t value) { total->fetch_add(value, std::memory_order_relaxed); }

void LowerTo(std::atomic<uint64_t>* least, uint64_t value) {
  uint64_t seen = Load(*least);
  while (value < seen && !least->compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

void RaiseTo(std::atomic<uint64_t>* greatest, uint64_t value) {
  uint64_t seen = Load(*greatest);
  while (value > seen && !greatest->compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

template <typename... Arguments>
void AppendFormat(std::string* text, const char* format, Arguments... arguments) {
  char buffer[300];
  const int size = snprintf(buffer, sizeof(buffer), format, arguments...);
  text->append(buffer, std::min<size_t>(std::max(size, 0), sizeof(buffer) - 1));
}

}  // namespace

uint64_t BucketHistogram::BucketLimit(size_t bucket) { return kBucketLimits[bucket]; }

size_t BucketHistogram::BucketOf(uint64_t value) {
  const BucketRange range = kRangesByBitLength[value == 0 ? 0 : 64 - __builtin_clzll(value)];
  size_t bucket = range.first;
  while (bucket < range.last && kBucketLimits[bucket] < value) ++bucket;
  return bucket;
}

void BucketHistogram::Add(uint64_t value) {
  AddTo(&buckets_[BucketOf(value)], 1);
  AddTo(&sum_, value);
  AddTo(&sum_of_squares_, value * value);
  LowerTo(&min_, value);
  RaiseTo(&max_, value);
}

void BucketHistogram::Merge(const BucketHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) AddTo(&buckets_[i], Load(other.buckets_[i]));
  AddTo(&sum_, other.Sum());
  AddTo(&sum_of_squares_, Load(other.sum_of_squares_));
  LowerTo(&min_, other.Min());
  RaiseTo(&max_, other.Max());
}

void BucketHistogram::Clear() {
  for (auto& bucket : buckets_) bucket.store(0, std::memory_order_relaxed);
  min_.store(kBucketLimits.back(), std::memory_order_relaxed);
  max_.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
  sum_of_squares_.store(0, std::memory_order_relaxed);
}

uint64_t BucketHistogram::Count() const {
  uint64_t count = 0;
  for (const auto& bucket : buckets_) count += Load(bucket);
  return count;
}

double BucketHistogram::Percentile(double percent) const {
  const double threshold = static_cast<double>(Count()) * (percent / 100.0);
  uint64_t counted = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    const uint64_t here = Load(buckets_[i]);
    const uint64_t before = counted;
    counted += here;
    if (static_cast<double>(counted) < threshold) continue;
    const uint64_t left = i == 0 ? 0 : kBucketLimits[i - 1];
    const double share = here == 0 ? 0 : (threshold - static_cast<double>(before)) / static_cast<double>(here);
    const double value = static_cast<double>(left) + static_cast<double>(kBucketLimits[i] - left) * share;
    return std::min(std::max(value, static_cast<double>(Min())), static_cast<double>(Max()));
  }
  return static_cast<double>(Max());
}

double BucketHistogram::Average() const {
  const uint64_t count = Count();
  return count == 0 ? 0 : static_cast<double>(Sum()) / static_cast<double>(count);
}

double BucketHistogram::StandardDeviation() const {
  const auto count = static_cast<double>(Count());
  if (count == 0) return 0;
  const auto sum = static_cast<double>(Sum());
  const double variance = (static_cast<double>(Load(sum_of_squares_)) * count - sum * sum) / (count * count);
  return std::sqrt(std::max(variance, 0.0));
}

void BucketHistogram::Data(rocksdb::HistogramData* data) const {
  data->median = Percentile(50);
  data->percentile95 = Percentile(95);
  data->percentile99 = Percentile(99);
  data->max = static_cast<double>(Max());
  data->average = Average();
  data->standard_deviation = StandardDeviation();
  data->count = Count();
  data->sum = Sum();
  data->min = static_cast<double>(Min());
}

std::string BucketHistogram::ToString() const {
  const uint64_t count = Count();
  std::string text;
  AppendFormat(&text, "Count: %" PRIu64 " Average: %.4f  StdDev: %.2f\n", count, Average(), StandardDeviation());
  AppendFormat(&text, "Min: %" PRIu64 "  Median: %.4f  Max: %" PRIu64 "\n", count == 0 ? 0 : Min(), Percentile(50),
               count == 0 ? 0 : Max());
  AppendFormat(&text, "Percentiles: P50: %.2f P75: %.2f P99: %.2f P99.9: %.2f P99.99: %.2f\n", Percentile(50),
               Percentile(75), Percentile(99), Percentile(99.9), Percentile(99.99));
  text.append(54, '-').append(1, '\n');
  if (count == 0) return text;

  const double percent_per_value = 100.0 / static_cast<double>(count);
  uint64_t counted = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    const uint64_t here = Load(buckets_[i]);
    if (here == 0) continue;
    counted += here;
    const double percent = percent_per_value * static_cast<double>(here);
    AppendFormat(&text, "%c %7" PRIu64 ", %7" PRIu64 " ] %8" PRIu64 " %7.3f%% %7.3f%% ", i == 0 ? '[' : '(',
                 i == 0 ? 0 : kBucketLimits[i - 1], kBucketLimits[i], here, percent,
                 percent_per_value * static_cast<double>(counted));
    // Twenty marks stand for all values.
    text.append(static_cast<size_t>(percent / 5 + 0.5), '#').append(1, '\n');
  }
  return text;
}

}  // namespace gneiss::compat
