#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/comparator.h>
#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <memory>

// The objects of ours that the library calls.
namespace bench {

// Orders keys of 8 bytes as integers of this machine. Same name as the one of RocksDB's tests, so both open the same
// database.
const rocksdb::Comparator* MachineIntegerComparator();

// A compaction filter that drops nothing; it shows what calling one costs.
const rocksdb::CompactionFilter* KeepEverythingFilter();

// Log lines on stderr.
std::shared_ptr<rocksdb::Logger> StderrLog();

// timeseries: the clock that its writer advances, and whether a key (8 bytes of id, 8 of big-endian time) is too old by
// it.
class SeriesClock {
 public:
  uint64_t Now() const { return now_.load(); }
  void Tick() { ++now_; }
  bool HasExpired(const rocksdb::Slice& key) const;

 private:
  std::atomic<uint64_t> now_{0};
};

// Drops keys that have expired by the clock, which must outlive it.
std::unique_ptr<rocksdb::CompactionFilter> MakeExpiryFilter(const SeriesClock* clock);

}  // namespace bench
