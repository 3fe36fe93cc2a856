#include "compat/db/open_config.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/rate_limiter.h>

#include <algorithm>
#include <optional>

#include "compat/adapters/charged_cache.h"
#include "compat/adapters/engine_cache.h"
#include "compat/adapters/engine_clock.h"
#include "compat/adapters/engine_file_system.h"
#include "compat/adapters/engine_logger.h"
#include "compat/adapters/engine_stats.h"
#include "compat/adapters/memtable_budget.h"
#include "compat/adapters/property_collector.h"
#include "compat/db/compaction_filter_adapter.h"
#include "compat/db/event_log.h"
#include "compat/db/file_checksum_adapter.h"
#include "compat/db/listener_adapter.h"
#include "compat/db/wal_filter_adapter.h"
#include "compat/not_supported.h"
#include "compat/options/block_based_table.h"
#include "compat/options/engine_config.h"
#include "compat/options/options_file.h"
#include "compat/options/sanitize.h"
#include "compat/options/sst_file_manager.h"
#include "compat/status_map.h"
#include "engine/base/block_pool.h"

namespace gneiss::compat {

namespace {

std::shared_ptr<Cache> BlobCacheOf(const rocksdb::ColumnFamilyOptions& options) {
  constexpr rocksdb::CacheEntryRole kRole = rocksdb::CacheEntryRole::kBlobCache;
  const rocksdb::BlockBasedTableOptions* const table = BlockBasedOptionsOf(options.table_factory.get());
  if (options.blob_cache == nullptr || table == nullptr) return EngineCacheOf(options.blob_cache);
  const auto& roles = table->cache_usage_options.options_overrides;
  const auto found = roles.find(kRole);
  const bool is_charged = table->block_cache != nullptr && found != roles.end() &&
                          found->second.charged == rocksdb::CacheEntryRoleOptions::Decision::kEnabled;
  return is_charged ? ChargedCacheOf(options.blob_cache, table->block_cache, kRole) : EngineCacheOf(options.blob_cache);
}

std::optional<uint64_t> FreeBytes(const DbCore& core) {
  const std::vector<rocksdb::DbPath>& paths = core.db_options.db_paths;
  uint64_t bytes = 0;
  const rocksdb::IOStatus status = core.rocks_fs->GetFreeSpace(paths.empty() ? core.name : paths.front().path,
                                                               rocksdb::IOOptions(), &bytes, nullptr);
  if (!status.ok()) return std::nullopt;
  return bytes;
}

class EngineRateLimit final : public RateLimit {
 public:
  EngineRateLimit(std::shared_ptr<rocksdb::RateLimiter> limiter, std::shared_ptr<rocksdb::Statistics> statistics)
      : limiter_(std::move(limiter)), statistics_(std::move(statistics)) {}
  void Request(uint64_t bytes, bool is_high_priority) override {
    const auto priority = is_high_priority ? rocksdb::Env::IO_HIGH : rocksdb::Env::IO_LOW;
    const auto most = static_cast<uint64_t>(limiter_->GetSingleBurstBytes());
    for (uint64_t left = bytes; left > 0;) {
      const uint64_t piece = std::min(left, most);
      limiter_->Request(static_cast<int64_t>(piece), priority, statistics_.get(), rocksdb::RateLimiter::OpType::kWrite);
      left -= piece;
    }
  }

 private:
  const std::shared_ptr<rocksdb::RateLimiter> limiter_;
  const std::shared_ptr<rocksdb::Statistics> statistics_;
};

class ManagedFileSpace final : public FileSpace {
 public:
  explicit ManagedFileSpace(std::shared_ptr<rocksdb::SstFileManager> shared)
      : shared_(std::move(shared)), manager_(BuiltinSstFileManager(shared_.get())) {}
  void FileAdded(const std::string& path, uint64_t bytes) override { manager_->OnAddFile(path, bytes); }
  void FileAdded(const std::string& path) override { manager_->OnAddFile(path).PermitUncheckedError(); }
  bool IsFull() override { return manager_->IsMaxAllowedSpaceReached(); }
  bool TakeForCompaction(uint64_t input_bytes) override { return manager_->ReserveForCompaction(input_bytes); }
  void CompactionEnded(uint64_t input_bytes) override { manager_->OnCompactionCompletion(input_bytes); }
  Status Delete(const std::string& path) override {
    const std::string directory = path.substr(0, path.rfind('/'));
    return ToEngine(manager_->ScheduleFileDeletion(path, directory, /*must_be_background=*/false));
  }

 private:
  const std::shared_ptr<rocksdb::SstFileManager> shared_;
  SstFileManager* const manager_;
};

rocksdb::Status CheckDbOptionsAreBuilt(const rocksdb::DBOptions& options) {
  if (options.allow_ingest_behind) return NotBuilt("DBOptions::allow_ingest_behind");
  if (options.compaction_service != nullptr) return NotBuilt("DBOptions::compaction_service");
  return rocksdb::Status::OK();
}

rocksdb::Status CheckFamilyOptionsAreBuilt(const rocksdb::ColumnFamilyOptions& options) {
  if (options.inplace_callback != nullptr) return NotBuilt("ColumnFamilyOptions::inplace_callback");
  return rocksdb::Status::OK();
}

std::vector<std::string> PathsOf(const std::vector<rocksdb::DbPath>& paths) {
  std::vector<std::string> names;
  for (const rocksdb::DbPath& path : paths) names.push_back(path.path);
  return names;
}

// Empty when it cannot be rendered.
std::string OptionsFileOf(DbCore* core, const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(core->options_mutex);
  std::string text;
  if (!RenderOptionsFileHead(core->db_options, &text).ok()) return {};
  for (const std::string& name : names) {
    const auto family = core->family_options.find(name);
    if (family == core->family_options.end()) continue;  // it is being dropped
    std::string* const section = &family->second.file_section;
    if (section->empty() && !RenderFamilySections(name, family->second.options, section).ok()) return {};
    text += *section;
  }
  return text;
}

}  // namespace

rocksdb::Status DatabaseConfigOf(DbCore* core, DatabaseConfig* config) {
  const rocksdb::DBOptions& options = core->db_options;
  if (const rocksdb::Status built = CheckDbOptionsAreBuilt(options); !built.ok()) return built;
  core->rocks_fs = options.env->GetFileSystem();
  core->owned_fs = NewEngineFileSystem(core->rocks_fs);
  core->owned_clock = NewEngineClock(options.env->GetSystemClock());
  core->logger = NewEngineLogger(options.info_log);
  core->stats = NewEngineStats(options.statistics);
  if (!options.listeners.empty()) core->events = NewListenerAdapter(core, options.listeners);
  if (options.info_log != nullptr) core->events = NewEventLog(core, options.info_log, std::move(core->events));
  if (options.rate_limiter != nullptr) {
    core->rate_limit = std::make_unique<EngineRateLimit>(options.rate_limiter, options.statistics);
  }
  if (BuiltinSstFileManager(options.sst_file_manager.get()) != nullptr) {
    core->file_space = std::make_unique<ManagedFileSpace>(options.sst_file_manager);
    config->file_space = core->file_space.get();
  }
  const DatabaseTuning tuning = TuningOf(options);
  config->create_if_missing = options.create_if_missing;
  config->create_missing_families = options.create_missing_column_families;
  config->error_if_exists = options.error_if_exists;
  config->is_best_efforts = options.best_efforts_recovery;
  config->paranoid_checks = options.paranoid_checks;
  config->verifies_unique_ids = options.verify_sst_unique_id_in_manifest;
  config->requires_options_file = options.fail_if_options_file_error;
  config->fs = core->owned_fs != nullptr ? core->owned_fs.get() : FileSystem::Posix();
  config->file_options = {.use_direct_reads = options.use_direct_reads,
                          .use_direct_writes = options.use_direct_io_for_flush_and_compaction,
                          .use_mmap_reads = options.allow_mmap_reads,
                          .use_mmap_writes = options.allow_mmap_writes};
  config->clock = core->owned_clock != nullptr ? core->owned_clock.get() : Clock::System();
  config->logger = core->logger.get();
  config->stats = core->stats.get();
  config->events = core->events.get();
  config->rate_limit = core->rate_limit.get();
  config->background_flushes_max = tuning.background_flushes_max;
  config->background_compactions_max = tuning.background_compactions_max;
  config->max_open_files = tuning.max_open_files;
  config->wal_dir = options.wal_dir == core->name ? std::string() : options.wal_dir;
  config->wal_recovery_mode = static_cast<WalRecoveryMode>(options.wal_recovery_mode);
  config->wal_bytes_max = tuning.wal_bytes_max;
  config->manual_wal_flush = options.manual_wal_flush;
  config->allow_2pc = options.allow_2pc;
  config->is_flush_atomic = options.atomic_flush;
  config->tracks_wals = options.track_and_verify_wals_in_manifest;
  if (options.file_checksum_gen_factory != nullptr) {
    core->file_checksums = NewFileChecksumAdapter(options.file_checksum_gen_factory);
  }
  config->file_checksums = core->file_checksums.get();
  if (options.wal_filter != nullptr) core->wal_filter = NewWalFilterAdapter(options.wal_filter);
  config->wal_filter = core->wal_filter.get();
  config->wal_compression = CompressionOf(options.wal_compression);
  config->is_wal_recyclable = options.recycle_log_file_num > 0;
  config->wal_ttl_seconds = options.WAL_ttl_seconds;
  config->wal_size_limit_bytes = options.WAL_size_limit_MB << 20;
  config->avoid_flush_during_recovery = options.avoid_flush_during_recovery;
  config->avoid_flush_during_shutdown = tuning.avoid_flush_during_shutdown;
  config->allow_concurrent_memtable_write = options.allow_concurrent_memtable_write;
  config->bytes_per_sync = tuning.bytes_per_sync;
  config->wal_bytes_per_sync = options.wal_bytes_per_sync;
  config->write_group_bytes_max = options.max_write_batch_group_size_bytes;
  if (options.write_buffer_manager != nullptr) config->memtable_budget = MemtableBudgetOf(options.write_buffer_manager);
  config->delayed_write_bytes_per_second = tuning.delayed_write_bytes_per_second;
  config->recovery_tries_max = options.max_bgerror_resume_count;
  config->recovery_wait_us = options.bgerror_resume_retry_interval;
  config->free_bytes = [core] { return FreeBytes(*core); };
  config->manifest_bytes_max = options.max_manifest_file_size;
  config->manifest_allocate_ahead_bytes = options.manifest_preallocation_size;
  config->write_db_id_to_manifest = options.write_dbid_to_manifest;
  config->session_id = core->session_id;
  config->host_id = options.db_host_id;
  if (config->host_id == rocksdb::kHostnameForDbHostId) {
    options.env->GetHostNameString(&config->host_id).PermitUncheckedError();  // a table without a host name is fine
  }
  config->paths = PathsOf(options.db_paths);
  config->render_options_file = [core](const std::vector<std::string>& names, const std::vector<uint32_t>&) {
    return OptionsFileOf(core, names);
  };
  return rocksdb::Status::OK();
}

DatabaseTuning TuningOf(const rocksdb::DBOptions& options) {
  const BackgroundLimits limits = BackgroundLimitsOf(options);
  return {.background_flushes_max = limits.flushes_max,
          .background_compactions_max = limits.compactions_max,
          .max_open_files = options.max_open_files,
          .wal_bytes_max = options.max_total_wal_size,
          .avoid_flush_during_shutdown = options.avoid_flush_during_shutdown,
          .bytes_per_sync = options.bytes_per_sync,
          .delayed_write_bytes_per_second = options.delayed_write_rate};
}

// Huge pages want blocks made of whole ones.
static size_t ArenaBlockBytes(const rocksdb::ColumnFamilyOptions& options) {
  if (options.memtable_huge_page_size == 0) return options.arena_block_size;
  return (options.arena_block_size + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

rocksdb::Status FamilyDescriptorOf(const DbCore& core, const std::string& name,
                                   const rocksdb::ColumnFamilyOptions& options, rocksdb::ColumnFamilyOptions* sanitized,
                                   FamilyDescriptor* descriptor) {
  const rocksdb::DBOptions db_options = core.DbOptions();
  rocksdb::Status status = ValidateCfOptions(db_options, options);
  if (status.ok()) status = CheckFamilyOptionsAreBuilt(options);
  if (!status.ok()) return status;
  *sanitized = SanitizeCfOptions(db_options, options);
  descriptor->name = name;
  FamilyConfig& config = descriptor->config;
  config.order = KeyOrderOf(sanitized->comparator);
  config.write_buffer_bytes = sanitized->write_buffer_size;
  config.write_buffers_max = sanitized->max_write_buffer_number;
  config.write_buffers_to_merge_min = sanitized->min_write_buffer_number_to_merge;
  config.arena_block_bytes = ArenaBlockBytes(*sanitized);
  config.wants_huge_pages = sanitized->memtable_huge_page_size > 0;
  config.successive_merges_max = sanitized->max_successive_merges;
  config.skips_before_reseek_max = std::max<uint64_t>(1, sanitized->max_sequential_skip_in_iterations);
  config.compaction = CompactionConfigOf(*sanitized, db_options);
  if (sanitized->compaction_filter != nullptr || sanitized->compaction_filter_factory != nullptr) {
    config.compaction.filter_factory =
        NewCompactionFilterAdapter(sanitized->compaction_filter, sanitized->compaction_filter_factory);
  }
  config.table_format = TableFormatOf(*sanitized);
  config.property_collectors = PropertyCollectorsOf(sanitized->table_properties_collector_factories);
  config.table_read = TableReadConfigOf(*sanitized);
  config.table_read.stats = core.stats.get();
  config.table_read.logger = core.logger.get();
  if (core.owned_clock != nullptr) config.table_read.clock = core.owned_clock.get();
  config.blob_cache = BlobCacheOf(*sanitized);
  config.paths = PathsOf(sanitized->cf_paths);
  return status;
}

}  // namespace gneiss::compat
