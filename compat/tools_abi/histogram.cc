#include "compat/tools_abi/histogram.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "compat/adapters/bucket_histogram.h"

namespace rocksdb {

using gneiss::compat::BucketHistogram;

namespace {

static_assert(BucketHistogram::kBuckets == 109);

uint64_t Load(const std::atomic_uint_fast64_t& value) { return value.load(std::memory_order_relaxed); }

void Store(std::atomic_uint_fast64_t* value, uint64_t to) { value->store(to, std::memory_order_relaxed); }

void Raise(std::atomic_uint_fast64_t* value, uint64_t by) { Store(value, Load(*value) + by); }

void Reset(HistogramStat* stats) {
  Store(&stats->min_, BucketHistogram::BucketLimit(BucketHistogram::kBuckets - 1));
  for (auto* total : {&stats->max_, &stats->num_, &stats->sum_, &stats->sum_squares_}) Store(total, 0);
  for (auto& bucket : stats->buckets_) Store(&bucket, 0);
}

uint64_t LeftEdge(size_t bucket) { return bucket == 0 ? 0 : BucketHistogram::BucketLimit(bucket - 1); }

template <class... Arguments>
void AppendFormat(std::string* text, const char* format, Arguments... arguments) {
  char line[200];
  snprintf(line, sizeof(line), format, arguments...);
  text->append(line);
}

}  // namespace

HistogramStat::HistogramStat() : num_buckets_(BucketHistogram::kBuckets) { Reset(this); }

void HistogramImpl::Clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  Reset(&stats_);
}

bool HistogramImpl::Empty() const { return num() == 0; }

void HistogramImpl::Add(uint64_t value) {
  Raise(&stats_.buckets_[BucketHistogram::BucketOf(value)], 1);
  if (value < min()) Store(&stats_.min_, value);
  if (value > max()) Store(&stats_.max_, value);
  Raise(&stats_.num_, 1);
  Raise(&stats_.sum_, value);
  Raise(&stats_.sum_squares_, value * value);
}

void HistogramImpl::Merge(const Histogram& other) {
  if (strcmp(Name(), other.Name()) == 0) Merge(static_cast<const HistogramImpl&>(other));
}

void HistogramImpl::Merge(const HistogramImpl& other) {
  std::lock_guard<std::mutex> lock(mutex_);
  Store(&stats_.min_, std::min(min(), other.min()));
  Store(&stats_.max_, std::max(max(), other.max()));
  Raise(&stats_.num_, other.num());
  Raise(&stats_.sum_, Load(other.stats_.sum_));
  Raise(&stats_.sum_squares_, Load(other.stats_.sum_squares_));
  for (size_t i = 0; i < BucketHistogram::kBuckets; ++i) Raise(&stats_.buckets_[i], Load(other.stats_.buckets_[i]));
}

uint64_t HistogramImpl::min() const { return Load(stats_.min_); }

uint64_t HistogramImpl::max() const { return Load(stats_.max_); }

uint64_t HistogramImpl::num() const { return Load(stats_.num_); }

double HistogramImpl::Median() const { return Percentile(50); }

// Linear within the bucket that holds the wanted value, and never outside the values seen.
double HistogramImpl::Percentile(double percent) const {
  const double wanted = static_cast<double>(num()) * (percent / 100);
  double before = 0;
  for (size_t i = 0; i < BucketHistogram::kBuckets; ++i) {
    const auto here = static_cast<double>(Load(stats_.buckets_[i]));
    if (before + here < wanted) {
      before += here;
      continue;
    }
    const double share = here == 0 ? 0 : (wanted - before) / here;
    const auto left = static_cast<double>(LeftEdge(i));
    const auto right = static_cast<double>(BucketHistogram::BucketLimit(i));
    const double value = left + (right - left) * share;
    return std::min(std::max(value, static_cast<double>(min())), static_cast<double>(max()));
  }
  return static_cast<double>(max());
}

double HistogramImpl::Average() const {
  return Empty() ? 0 : static_cast<double>(Load(stats_.sum_)) / static_cast<double>(num());
}

double HistogramImpl::StandardDeviation() const {
  if (Empty()) return 0;
  const auto count = static_cast<double>(num());
  const auto sum = static_cast<double>(Load(stats_.sum_));
  const double variance = (static_cast<double>(Load(stats_.sum_squares_)) * count - sum * sum) / (count * count);
  return std::sqrt(std::max(variance, 0.0));
}

void HistogramImpl::Data(HistogramData* data) const {
  data->median = Median();
  data->percentile95 = Percentile(95);
  data->percentile99 = Percentile(99);
  data->max = static_cast<double>(max());
  data->average = Average();
  data->standard_deviation = StandardDeviation();
  data->count = num();
  data->sum = Load(stats_.sum_);
  data->min = static_cast<double>(min());
}

std::string HistogramImpl::ToString() const {
  std::string text;
  const uint64_t count = num();
  AppendFormat(&text, "Count: %" PRIu64 " Average: %.4f  StdDev: %.2f\n", count, Average(), StandardDeviation());
  AppendFormat(&text, "Min: %" PRIu64 "  Median: %.4f  Max: %" PRIu64 "\n", count == 0 ? 0 : min(), Median(),
               count == 0 ? 0 : max());
  AppendFormat(&text, "Percentiles: P50: %.2f P75: %.2f P99: %.2f P99.9: %.2f P99.99: %.2f\n", Percentile(50),
               Percentile(75), Percentile(99), Percentile(99.9), Percentile(99.99));
  text.append(54, '-').append("\n");
  double percent_so_far = 0;
  for (size_t i = 0; i < BucketHistogram::kBuckets; ++i) {
    const uint64_t here = Load(stats_.buckets_[i]);
    if (here == 0) continue;
    const double percent = 100.0 * static_cast<double>(here) / static_cast<double>(count);
    percent_so_far += percent;
    AppendFormat(&text, "%c %7" PRIu64 ", %7" PRIu64 " ] %8" PRIu64 " %7.3f%% %7.3f%% ", i == 0 ? '[' : '(',
                 LeftEdge(i), BucketHistogram::BucketLimit(i), here, percent, percent_so_far);
    text.append(static_cast<size_t>(percent / 5 + 0.5), '#').append("\n");  // twenty marks are 100 %
  }
  return text;
}

}  // namespace rocksdb
