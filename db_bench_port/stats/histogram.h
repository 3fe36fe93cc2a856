#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// Counts of values in buckets that grow by half, rounded to two digits: 1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 110 ...
// the buckets of db_bench, so the printed tables can be laid side by side. Percentiles are interpolated inside a
// bucket.
//
// Units:   whatever is added; db_bench adds microseconds.
// Threads: one thread at a time.
class Histogram {
 public:
  Histogram();

  void Add(uint64_t value);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  double Average() const;
  double StandardDeviation() const;
  double Percentile(double percent) const;

  // The table of db_bench.
  std::string ToString() const;

 private:
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
  std::vector<uint64_t> counts_;
};

}  // namespace bench
