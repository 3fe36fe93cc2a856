// What the statistics' tickers counted between one moment and the next, kept in memory for GetStatsHistory.
//
// Units:   times in seconds since 1970.
// Owner:   shared by the database and the iterators over it.
// Threads: safe from any thread; an iterator belongs to one thread at a time.
// Errors:  none.
#pragma once

#include <rocksdb/statistics.h>
#include <rocksdb/stats_history.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace gneiss::compat {

class StatsHistory {
 public:
  using Counts = std::map<std::string, uint64_t>;

  // What was counted since the last call; false: this is the first.
  bool Difference(const rocksdb::Statistics& statistics, Counts* since);
  // Keeps what was counted since the last call. The oldest go as long as all take more than `bytes_max`.
  void Take(uint64_t now_seconds, const rocksdb::Statistics& statistics, size_t bytes_max);
  // The oldest of [start, end).
  bool Find(uint64_t start_seconds, uint64_t end_seconds, uint64_t* time_seconds, Counts* counts) const;

 private:
  bool DifferenceLocked(const rocksdb::Statistics& statistics, Counts* since);
  size_t Bytes() const;

  mutable std::mutex mutex_;
  bool has_last_ = false;
  Counts last_;
  std::map<uint64_t, Counts> history_;  // by time
};

std::unique_ptr<rocksdb::StatsHistoryIterator> NewStatsHistoryIterator(std::shared_ptr<const StatsHistory> history,
                                                                       uint64_t start_seconds, uint64_t end_seconds);

}  // namespace gneiss::compat
