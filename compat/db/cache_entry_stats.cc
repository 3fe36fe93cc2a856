#include "compat/db/cache_entry_stats.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "compat/adapters/cache_roles.h"
#include "compat/db/human_numbers.h"

namespace gneiss::compat {

namespace {

using rocksdb::CacheEntryRole;
using MapKeys = rocksdb::BlockCacheEntryStatsMapKeys;

constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr uint64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

uint64_t Since(uint64_t then_us, uint64_t now_us) { return now_us - std::min(now_us, then_us); }

// "data-block" as "DataBlock".
std::string CamelName(CacheEntryRole role) {
  std::string name;
  bool is_word_start = true;
  for (const char c : rocksdb::GetCacheEntryRoleName(role)) {
    if (c != '-') name += is_word_start ? static_cast<char>(c - 'a' + 'A') : c;
    is_word_start = c == '-';
  }
  return name;
}

}  // namespace

std::shared_ptr<CacheEntryStats> CacheEntryStats::For(const std::shared_ptr<rocksdb::Cache>& cache) {
  static std::mutex mutex;
  // An address names one cache only: the object keeps its cache alive.
  static auto& known = *new std::map<const rocksdb::Cache*, std::weak_ptr<CacheEntryStats>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::erase_if(known, [](const auto& each) { return each.second.expired(); });
  std::shared_ptr<CacheEntryStats> stats = known[cache.get()].lock();
  if (stats == nullptr) known[cache.get()] = stats = std::make_shared<CacheEntryStats>(cache);
  return stats;
}

void CacheEntryStats::CountIfOld(rocksdb::Env* env, const Patience& patience) {
  const uint64_t now = env->NowMicros();
  const uint64_t good_for =
      std::max(patience.seconds * kMicrosPerSecond, patience.factor * Since(began_us_, ended_us_));
  if (is_counted_ && Since(ended_us_, now) <= good_for) {
    ++copies_;
    return;
  }
  is_counted_ = true;
  began_us_ = now;
  ++counts_;
  copies_ = 0;
  capacity_ = static_cast<double>(cache_->GetCapacity());
  std::ostringstream name;
  name << cache_->Name() << "@" << static_cast<const void*>(cache_.get()) << "#" << getpid();
  name_ = name.str();
  std::ostringstream sizes;
  sizes << "capacity: " << HumanBytes(capacity_) << " usage: " << HumanBytes(static_cast<double>(cache_->GetUsage()))
        << " table_size: " << cache_->GetTableAddressCount() << " occupancy: " << cache_->GetOccupancyCount();
  sizes_text_ = sizes.str();
  sums_ = {};
  cache_->ApplyToAllEntries(
      [this](const rocksdb::Slice& /*key*/, void* value, size_t charge, rocksdb::Cache::DeleterFn deleter) {
        Sum& sum = sums_[static_cast<size_t>(RoleOfEntry(value, deleter))];
        ++sum.entries;
        sum.bytes += charge;
      },
      {});
  ended_us_ = env->NowMicros();
}

double CacheEntryStats::LastSeconds() const { return static_cast<double>(Since(began_us_, ended_us_)) / 1e6; }

std::string CacheEntryStats::Print(uint64_t now_us) const {
  std::ostringstream out;
  out << "Block cache " << name_ << " " << sizes_text_ << " collections: " << counts_ << " last_copies: " << copies_
      << " last_secs: " << LastSeconds() << " secs_since: " << Since(ended_us_, now_us) / kMicrosPerSecond << "\n"
      << "Block cache entry stats(count,size,portion):";
  for (size_t i = 0; i < sums_.size(); ++i) {
    const Sum& sum = sums_[i];
    if (sum.entries == 0) continue;
    out << " " << CamelName(static_cast<CacheEntryRole>(i)) << "(" << sum.entries << ","
        << HumanBytes(static_cast<double>(sum.bytes)) << "," << PercentOf(sum) << "%)";
  }
  out << "\n";
  return out.str();
}

std::string CacheEntryStats::Text(rocksdb::Env* env, const Patience& patience) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CountIfOld(env, patience);
  return Print(env->NowMicros());
}

std::string CacheEntryStats::LastText(rocksdb::Env* env) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t now = env->NowMicros();
  return is_counted_ && Since(ended_us_, now) < kMicrosPerDay ? Print(now) : std::string();
}

std::map<std::string, std::string> CacheEntryStats::Map(rocksdb::Env* env, const Patience& patience) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CountIfOld(env, patience);
  std::map<std::string, std::string> map;
  map[MapKeys::CacheId()] = name_;
  map[MapKeys::CacheCapacityBytes()] = std::to_string(static_cast<uint64_t>(capacity_));
  map[MapKeys::LastCollectionDurationSeconds()] = std::to_string(LastSeconds());
  map[MapKeys::LastCollectionAgeSeconds()] = std::to_string(Since(ended_us_, env->NowMicros()) / kMicrosPerSecond);
  for (size_t i = 0; i < sums_.size(); ++i) {
    const auto role = static_cast<CacheEntryRole>(i);
    map[MapKeys::EntryCount(role)] = std::to_string(sums_[i].entries);
    map[MapKeys::UsedBytes(role)] = std::to_string(sums_[i].bytes);
    map[MapKeys::UsedPercent(role)] = std::to_string(PercentOf(sums_[i]));
  }
  return map;
}

}  // namespace gneiss::compat
