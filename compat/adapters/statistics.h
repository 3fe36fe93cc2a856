// BasicStatistics is what CreateDBStatistics() returns: tickers and histograms, one copy per processor core, added up
// when they are read.
//
// Units:   as the ticker or histogram says.
// Owner:   shared; an `inner` Statistics (only reachable through an options string) is told everything too.
// Threads: recording is safe from any thread and takes no lock. Reads and resets are serialised among themselves, so
//          getAndResetTickerCount loses no count.
// Errors:  an unknown ticker or histogram number is ignored.
#pragma once

#include <rocksdb/statistics.h>

#include <atomic>
#include <memory>
#include <string>

#include "compat/adapters/bucket_histogram.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {

class BasicStatistics final : public rocksdb::Statistics {
 public:
  BasicStatistics();
  ~BasicStatistics() override;

  static const char* kClassName() { return "BasicStatistics"; }
  const char* Name() const override { return kClassName(); }
  const rocksdb::Customizable* Inner() const override { return inner_.get(); }

  void recordTick(uint32_t ticker, uint64_t count) override;
  void recordInHistogram(uint32_t histogram, uint64_t value) override;
  void measureTime(uint32_t histogram, uint64_t time) override { recordInHistogram(histogram, time); }

  uint64_t getTickerCount(uint32_t ticker) const override;
  void setTickerCount(uint32_t ticker, uint64_t count) override;
  uint64_t getAndResetTickerCount(uint32_t ticker) override;
  void histogramData(uint32_t histogram, rocksdb::HistogramData* data) const override;
  std::string getHistogramString(uint32_t histogram) const override;
  bool getTickerMap(std::map<std::string, uint64_t>* map) const override;
  bool HistEnabledForType(uint32_t histogram) const override { return histogram < rocksdb::HISTOGRAM_ENUM_MAX; }

  rocksdb::Status Reset() override;
  using Customizable::ToString;
  std::string ToString() const override;

 private:
  struct alignas(64) Core {
    std::atomic<uint64_t> tickers[rocksdb::TICKER_ENUM_MAX] = {};
    BucketHistogram histograms[rocksdb::HISTOGRAM_ENUM_MAX];
  };

  Core* CurrentCore() const;
  uint64_t Total(uint32_t ticker) const REQUIRES(reading_);
  void SetTotal(uint32_t ticker, uint64_t count) REQUIRES(reading_);
  void MergeHistogram(uint32_t histogram, BucketHistogram* total) const REQUIRES(reading_);

  std::shared_ptr<rocksdb::Statistics> inner_;
  const uint32_t core_mask_;
  const std::unique_ptr<Core[]> cores_;
  mutable Mutex reading_;
};

}  // namespace gneiss::compat
