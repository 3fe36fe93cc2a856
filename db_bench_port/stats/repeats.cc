#include "db_bench_port/stats/repeats.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace bench {

double Mean(const std::vector<double>& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double Median(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

double Confidence95(const std::vector<double>& samples) {
  const double mean = Mean(samples);
  double squares = 0;
  for (double sample : samples) squares += (sample - mean) * (sample - mean);
  const double count = static_cast<double>(samples.size());
  constexpr double kNormalQuantile = 1.959964;  // 97.5 % of a normal distribution lie below
  return kNormalQuantile * std::sqrt(squares / (count - 1)) / std::sqrt(count);
}

void Repeats::Add(const ThreadStats& stats) {
  operations_per_second_.push_back(static_cast<double>(stats.operations()) / stats.elapsed_seconds());
  if (stats.bytes() > 0) {
    megabytes_per_second_.push_back(static_cast<double>(stats.bytes()) / 1048576.0 / stats.elapsed_seconds());
  }
}

void Repeats::PrintSoFar(const std::string& benchmark) const {
  const auto& operations = operations_per_second_;
  if (operations.size() < 2) return;
  std::printf("%s [AVG %zu runs] : %d (\u00b1 %d) ops/sec", benchmark.c_str(), operations.size(),
              static_cast<int>(Mean(operations)), static_cast<int>(Confidence95(operations)));
  if (has_bytes()) {
    std::printf("; %6.1f (\u00b1 %.1f) MB/sec", Mean(megabytes_per_second_), Confidence95(megabytes_per_second_));
  }
  std::printf("\n");
}

void Repeats::PrintConfidence(const std::string& benchmark) const {
  const auto& operations = operations_per_second_;
  if (operations.size() < 2) return;
  const int mean = static_cast<int>(Mean(operations));
  const int half = static_cast<int>(Confidence95(operations));
  std::printf("%s [CI95 %zu runs] : (%d, %d) ops/sec", benchmark.c_str(), operations.size(), mean - half, mean + half);
  if (has_bytes()) {
    const double bytes_mean = Mean(megabytes_per_second_), bytes_half = Confidence95(megabytes_per_second_);
    std::printf("; (%.1f, %.1f) MB/sec", bytes_mean - bytes_half, bytes_mean + bytes_half);
  }
  std::printf("\n");
}

void Repeats::PrintFinal(const std::string& benchmark) const {
  const auto& operations = operations_per_second_;
  if (operations.size() < 2) return;
  std::printf("%s [AVG    %zu runs] : %d (\u00b1 %d) ops/sec", benchmark.c_str(), operations.size(),
              static_cast<int>(Mean(operations)), static_cast<int>(Confidence95(operations)));
  if (has_bytes()) {
    std::printf("; %6.1f (\u00b1 %.1f) MB/sec", Mean(megabytes_per_second_), Confidence95(megabytes_per_second_));
  }
  std::printf("\n%s [MEDIAN %zu runs] : %d ops/sec", benchmark.c_str(), operations.size(),
              static_cast<int>(Median(operations)));
  if (has_bytes()) std::printf("; %6.1f MB/sec", Median(megabytes_per_second_));
  std::printf("\n");
}

}  // namespace bench
