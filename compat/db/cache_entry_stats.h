// How many entries of each role a block cache holds, and how much they charge: counted by a walk over the whole cache.
//
// Such a walk costs time, so its result is kept for all databases and families that share the cache, and a new one is
// made only when the last is old: how old depends on how long it took.
//
// Owner:   shares the cache. Databases share the one object of a cache; it goes with the last of them.
// Threads: safe from any thread.
// Errors:  none.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/env.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace gneiss::compat {

class CacheEntryStats {
 public:
  // A result is good for so many seconds, and for so many times what it took to make it.
  struct Patience {
    uint64_t seconds;
    uint64_t factor;
  };
  static constexpr Patience kAskedFor = {.seconds = 10, .factor = 10};
  static constexpr Patience kFast = {.seconds = 180, .factor = 500};

  explicit CacheEntryStats(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}
  static std::shared_ptr<CacheEntryStats> For(const std::shared_ptr<rocksdb::Cache>& cache);

  // The text, or the map, that rocksdb.block-cache-entry-stats is.
  std::string Text(rocksdb::Env* env, const Patience& patience);
  std::map<std::string, std::string> Map(rocksdb::Env* env, const Patience& patience);
  // The text of a count that was made within a day, or nothing.
  std::string LastText(rocksdb::Env* env);

 private:
  struct Sum {
    size_t entries = 0;
    uint64_t bytes = 0;
  };

  void CountIfOld(rocksdb::Env* env, const Patience& patience);
  std::string Print(uint64_t now_us) const;
  double LastSeconds() const;
  double PercentOf(const Sum& sum) const { return 100.0 * static_cast<double>(sum.bytes) / capacity_; }

  const std::shared_ptr<rocksdb::Cache> cache_;
  std::mutex mutex_;  // of everything below; held over a count, as whoever waits wants its result
  bool is_counted_ = false;
  uint64_t began_us_ = 0;
  uint64_t ended_us_ = 0;
  uint64_t counts_ = 0;
  uint64_t copies_ = 0;  // answers from this count, beside the first
  double capacity_ = 0;
  std::string name_;
  std::string sizes_text_;  // "capacity: ... occupancy: 3"
  std::array<Sum, rocksdb::kNumCacheEntryRoles> sums_;
};

}  // namespace gneiss::compat
