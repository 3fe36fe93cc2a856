// EngineStats hands what the engine reports to a rocksdb::Statistics, under RocksDB's tickers and histograms.
//
// Units:   the engine counts times in microseconds; where RocksDB's ticker counts nanoseconds, the value is multiplied.
// Owner:   shares the Statistics. A user's own subclass is called through its virtual functions.
// Threads: safe from any thread, as Statistics is.
#pragma once

#include <rocksdb/statistics.h>

#include <memory>

#include "engine/base/stats.h"

namespace gneiss::compat {

class EngineStats final : public StatsSink {
 public:
  explicit EngineStats(std::shared_ptr<rocksdb::Statistics> statistics) : statistics_(std::move(statistics)) {}

  void Add(Ticker ticker, uint64_t count) override;
  void Record(gneiss::Histogram histogram, uint64_t value) override;
  bool WantsTimers() const override { return statistics_->get_stats_level() > rocksdb::StatsLevel::kExceptTimers; }

 private:
  const std::shared_ptr<rocksdb::Statistics> statistics_;
};

// Null for null: then nobody listens.
std::unique_ptr<EngineStats> NewEngineStats(std::shared_ptr<rocksdb::Statistics> statistics);

}  // namespace gneiss::compat
