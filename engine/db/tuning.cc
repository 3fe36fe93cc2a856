// What of a database's config may change while it is open.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

Status DatabaseImpl::SetTuning(const DatabaseTuning& tuning,
                               const std::vector<std::pair<FamilyPtr, FamilyConfig>>& families) {
  if (config_.is_read_only) return ReadOnlyError();
  bytes_per_sync_.store(tuning.bytes_per_sync, std::memory_order_relaxed);
  avoids_flush_during_shutdown_.store(tuning.avoid_flush_during_shutdown);
  throttle_.SetDelayedRate(tuning.delayed_write_bytes_per_second);
  LimitOpenTables(tuning.max_open_files);
  flush_pool_->SetThreadsMax(std::max(1, tuning.background_flushes_max));
  compaction_pool_->SetThreadsMax(std::max(1, tuning.background_compactions_max));
  {
    MutexLock lock(&mutex_);
    background_compactions_max_.store(tuning.background_compactions_max, std::memory_order_relaxed);
    configured_wal_bytes_max_.store(tuning.wal_bytes_max, std::memory_order_relaxed);
    LimitLogs();
    for (const auto& [family, config] : families) {
      family->SetConfig(std::make_shared<const FamilyConfig>(config));
      InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
    }
    MaybeScheduleAll();
  }
  Reclaim();
  return PersistOptions();
}

// Tables that are open for good stay so; others are opened through the cache from now on, or the other way round.
void DatabaseImpl::LimitOpenTables(int max_open_files) {
  const bool is_limited = max_open_files >= 0;
  // Some descriptors are needed for logs and the MANIFEST.
  open_tables_->SetCapacity(is_limited ? static_cast<size_t>(std::max(10, max_open_files - 10)) : 0);
  is_open_limited_->store(is_limited, std::memory_order_relaxed);
}

// The limit on live logs. When none is configured it is four times all write buffers, as max_total_wal_size = 0 means.
void DatabaseImpl::LimitLogs() {
  uint64_t bytes = configured_wal_bytes_max_.load(std::memory_order_relaxed);
  if (bytes == 0) {
    for (const auto& [id, family] : families_) {
      const auto config = family->config();
      bytes += 4 * config->write_buffer_bytes * static_cast<uint64_t>(config->write_buffers_max);
    }
  }
  wal_bytes_max_.store(bytes, std::memory_order_relaxed);
  if (wals_.TotalBytes() > bytes) attention_.fetch_or(kWalFull);
}

}  // namespace gneiss
