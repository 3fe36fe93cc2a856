// The histogram objects that Debian's db_bench and cache_bench allocate and fill.
//
// Layout:  as RocksDB 7.8.3's monitoring/histogram.h. The library's own statistics use
// compat/adapters/bucket_histogram.h. Units:   whatever the program measures. Owner:   the program. Threads: Add from
// one thread at a time; Merge and Clear lock, reading is a relaxed look. Errors:  none.
#pragma once

#include <rocksdb/statistics.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace rocksdb {

struct HistogramStat {
  HistogramStat();

  std::atomic_uint_fast64_t min_;
  std::atomic_uint_fast64_t max_;
  std::atomic_uint_fast64_t num_;
  std::atomic_uint_fast64_t sum_;
  std::atomic_uint_fast64_t sum_squares_;
  std::atomic_uint_fast64_t buckets_[109];
  const uint64_t num_buckets_;
};
static_assert(sizeof(HistogramStat) == 920);

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Clear() = 0;
  virtual bool Empty() const = 0;
  virtual void Add(uint64_t value) = 0;
  virtual void Merge(const Histogram& other) = 0;
  virtual std::string ToString() const = 0;
  virtual const char* Name() const = 0;
  virtual uint64_t min() const = 0;
  virtual uint64_t max() const = 0;
  virtual uint64_t num() const = 0;
  virtual double Median() const = 0;
  virtual double Percentile(double percent) const = 0;
  virtual double Average() const = 0;
  virtual double StandardDeviation() const = 0;
  virtual void Data(HistogramData* data) const = 0;
};

class HistogramImpl : public Histogram {
 public:
  HistogramImpl() { Clear(); }
  void Clear() override;
  bool Empty() const override;
  void Add(uint64_t value) override;
  void Merge(const Histogram& other) override;
  void Merge(const HistogramImpl& other);
  std::string ToString() const override;
  const char* Name() const override { return "HistogramImpl"; }
  uint64_t min() const override;
  uint64_t max() const override;
  uint64_t num() const override;
  double Median() const override;
  double Percentile(double percent) const override;
  double Average() const override;
  double StandardDeviation() const override;
  void Data(HistogramData* data) const override;

 private:
  HistogramStat stats_;
  std::mutex mutex_;
};
static_assert(sizeof(HistogramImpl) == 968);

}  // namespace rocksdb
