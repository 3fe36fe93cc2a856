// A BucketHistogram counts values in RocksDB's buckets, so that percentiles and texts come out as programs expect them.
//
// Bucket limits are 1, 2, then each 1.5 times the one before, cut to its two leading digits. A value falls into the
// first bucket whose limit is not below it.
//
// Units:   whatever the caller counts: microseconds, nanoseconds or bytes.
// Owner:   a plain object of about 1 KiB.
// Threads: Add is safe from any thread and takes no lock. Reading while others add gives a slightly torn picture.
#pragma once

#include <rocksdb/statistics.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace gneiss::compat {

class BucketHistogram {
 public:
  static constexpr size_t kBuckets = 109;

  BucketHistogram() { Clear(); }

  void Add(uint64_t value);
  void Merge(const BucketHistogram& other);
  void Clear();

  uint64_t Count() const;
  uint64_t Sum() const { return sum_.load(std::memory_order_relaxed); }
  uint64_t Min() const { return min_.load(std::memory_order_relaxed); }
  uint64_t Max() const { return max_.load(std::memory_order_relaxed); }
  // The value below which `percent` of the counted values lie, interpolated within its bucket.
  double Percentile(double percent) const;
  double Average() const;
  double StandardDeviation() const;
  void Data(rocksdb::HistogramData* data) const;
  // Summary lines, then one line per bucket in use.
  std::string ToString() const;

  static uint64_t BucketLimit(size_t bucket);
  static size_t BucketOf(uint64_t value);

 private:
  std::array<std::atomic<uint64_t>, kBuckets> buckets_;
  std::atomic<uint64_t> min_;
  std::atomic<uint64_t> max_;
  std::atomic<uint64_t> sum_;
  std::atomic<uint64_t> sum_of_squares_;
};

}  // namespace gneiss::compat
