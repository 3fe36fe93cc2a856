// What DbImpl does every so often: stats_dump_period_sec writes the statistics to LOG, stats_persist_period_sec keeps
// what was counted for GetStatsHistory.

#include <rocksdb/env.h>

#include "compat/db/cache_entry_stats.h"
#include "compat/db/db_impl.h"
#include "compat/db/stats_history.h"

namespace gneiss::compat {

void DbImpl::StartPeriodicWork() {
  const rocksdb::DBOptions options = GetDBOptions();
  periodic_work_.Set("dump statistics", options.stats_dump_period_sec, [this] { DumpStats(); });
  periodic_work_.Set("keep statistics", options.stats_persist_period_sec, [this] { KeepStats(); });
}

void DbImpl::DumpStats() {
  const rocksdb::DBOptions options = GetDBOptions();
  std::string text;
  const auto append = [this, &text](const FamilyPtr& family, std::string_view property) {
    std::string part;
    if (PropertyOf(family, property, &part)) text += part;
  };
  const std::vector<FamilyPtr> families = AllFamilies();
  for (const FamilyPtr& family : families) {
    const std::shared_ptr<CacheEntryStats> cache = CacheStatsOf(*family);
    if (cache != nullptr) cache->Text(options.env, CacheEntryStats::kFast);
  }
  append(core_->database->DefaultFamily(), "dbstats");
  for (const FamilyPtr& family : families) append(family, "cfstats-no-file-histogram");
  for (const FamilyPtr& family : families) append(family, "cf-file-histogram");
  rocksdb::Info(options.info_log, "------- DUMPING STATS -------");
  rocksdb::Info(options.info_log, "%s", text.c_str());
  if (options.statistics != nullptr) {
    rocksdb::Info(options.info_log, "STATISTICS:\n %s", options.statistics->ToString().c_str());
  }
}

void DbImpl::KeepStats() {
  const rocksdb::DBOptions options = GetDBOptions();
  if (options.statistics == nullptr) return;
  stats_history_->Take(options.env->NowMicros() / 1'000'000, *options.statistics, options.stats_history_buffer_size);
}

rocksdb::Status DbImpl::GetStatsHistory(uint64_t start_time, uint64_t end_time,
                                        std::unique_ptr<rocksdb::StatsHistoryIterator>* iterator) {
  if (iterator == nullptr) return rocksdb::Status::InvalidArgument("stats_iterator not preallocated.");
  *iterator = NewStatsHistoryIterator(stats_history_, start_time, end_time);
  return rocksdb::Status::OK();
}

}  // namespace gneiss::compat
