// What DbImpl does every so often: stats_dump_period_sec writes the statistics to LOG, stats_persist_period_sec keeps
// what was counted for GetStatsHistory, in memory or (persist_stats_to_disk) in a family of its own.

#include <rocksdb/env.h>

#include "compat/db/cache_entry_stats.h"
#include "compat/db/db_impl.h"
#include "compat/db/persisted_stats.h"
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
  const uint64_t now_seconds = options.env->NowMicros() / 1'000'000;
  if (stats_handle_ == nullptr) {
    stats_history_->Take(now_seconds, *options.statistics, options.stats_history_buffer_size);
    return;
  }
  StatsHistory::Counts counts;
  if (!stats_history_->Difference(*options.statistics, &counts)) return;
  FlushStatsThatHoldLogs();
  const rocksdb::Status status = PersistStats(this, stats_handle_.get(), now_seconds, counts);
  if (!status.ok()) {
    rocksdb::Info(options.info_log, "Writing to persistent stats CF failed -- %s", status.ToString().c_str());
  }
}

// The family exists already, or is made. One in a format that is not known is replaced.
rocksdb::Status DbImpl::OpenStatsFamily() {
  FamilyPtr family;
  {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    const auto found = core_->families.find(rocksdb::kPersistentStatsColumnFamilyName);
    if (found != core_->families.end()) family = found->second;
  }
  if (family != nullptr) {
    stats_handle_ = MakeHandle(family);
    if (IsStatsFormatKnown(this, stats_handle_.get())) return rocksdb::Status::OK();
    const rocksdb::Status dropped = DropColumnFamily(stats_handle_.get());
    stats_handle_.reset();
    if (!dropped.ok()) return dropped;
  }
  rocksdb::ColumnFamilyHandle* made = nullptr;
  const rocksdb::Status status =
      CreateColumnFamily(StatsFamilyOptions(), rocksdb::kPersistentStatsColumnFamilyName, &made);
  if (!status.ok()) return status;
  stats_handle_.reset(made);
  return WriteStatsFormat(this, made);
}

// Little is written here, so logs would wait long for this family's memtable to fill when all others are flushed.
void DbImpl::FlushStatsThatHoldLogs() {
  const FamilyPtr& stats = FamilyOf(stats_handle_.get());
  const uint64_t log_number = core_->database->Facts(stats).log_number;
  for (const FamilyPtr& family : AllFamilies()) {
    if (family != stats && core_->database->Facts(family).log_number <= log_number) return;
  }
  core_->database->Flush({.wait = false, .allow_write_stall = true}, {stats})
      .IgnoreError("the next time will do as well");
}

rocksdb::Status DbImpl::GetStatsHistory(uint64_t start_time, uint64_t end_time,
                                        std::unique_ptr<rocksdb::StatsHistoryIterator>* iterator) {
  if (iterator == nullptr) return rocksdb::Status::InvalidArgument("stats_iterator not preallocated.");
  *iterator = stats_handle_ == nullptr
                  ? NewStatsHistoryIterator(stats_history_, start_time, end_time)
                  : NewPersistedStatsIterator(core_, FamilyOf(stats_handle_.get()), start_time, end_time);
  return rocksdb::Status::OK();
}

}  // namespace gneiss::compat
