#include "compat/options/sanitize.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/flush_block_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/table.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "compat/not_supported.h"
#include "compat/options/block_based_table.h"
#include "compat/options/enum_names.h"
#include "compat/options/option_field.h"
#include "compat/options/sst_file_manager.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::ColumnFamilyOptions;
using rocksdb::DBOptions;
using rocksdb::Env;
using rocksdb::Status;
using rocksdb::TableFactory;

// ttl and periodic_compaction_seconds start with this value, which means "decide for me".
constexpr uint64_t kDecide = 0xfffffffffffffffe;
constexpr uint64_t kThirtyDaysSeconds = 30 * 24 * 60 * 60;

// ---- DBOptions ----

int OpenFilesMax() {
  constexpr int kNoLimit = 0x400000;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > static_cast<rlim_t>(kNoLimit)) return kNoLimit;
  return static_cast<int>(limit.rlim_cur);
}

// One slash instead of several.
std::string NormalPath(const std::string& path) {
  std::string normal;
  for (const char c : path) {
    if (c != '/' || normal.empty() || normal.back() != '/') normal += c;
  }
  return normal;
}

void SanitizePaths(const std::string& dbname, DBOptions* o) {
  if (o->db_paths.empty()) {
    o->db_paths.emplace_back(dbname, std::numeric_limits<uint64_t>::max());
  } else if (o->wal_dir.empty()) {
    o->wal_dir = dbname;
  }
  // A log directory that is the database's own is no option, whoever wrote it down.
  const std::string own = NormalPath(dbname + "/");
  if (own == NormalPath(o->wal_dir + "/") && own == NormalPath(o->db_paths[0].path + "/")) o->wal_dir.clear();
  if (!o->wal_dir.empty() && o->wal_dir.back() == '/') o->wal_dir.pop_back();
}

void SanitizeRates(DBOptions* o) {
  if (o->rate_limiter != nullptr && o->bytes_per_sync == 0) o->bytes_per_sync = 1 << 20;
  if (o->delayed_write_rate == 0 && o->rate_limiter != nullptr) {
    o->delayed_write_rate = static_cast<uint64_t>(o->rate_limiter->GetBytesPerSecond());
  }
  if (o->delayed_write_rate == 0) o->delayed_write_rate = 16 << 20;
}

// Logs are kept for a while, or the recovery mode cannot tell old records from new ones: then none is reused.
void SanitizeRecycling(DBOptions* o) {
  const bool keeps_logs = o->WAL_ttl_seconds > 0 || o->WAL_size_limit_MB > 0;
  if (keeps_logs || o->wal_recovery_mode != rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords) {
    o->recycle_log_file_num = 0;
  }
}

// Failures only leave trash for the next time.
void DeleteOldTrash(const DBOptions& o) {
  SstFileManager* manager = BuiltinSstFileManager(o.sst_file_manager.get());
  if (!o.wal_dir.empty() && o.wal_dir != o.db_paths[0].path) {
    DeleteTrashIn(o.env, nullptr, o.wal_dir).PermitUncheckedError();
  }
  for (const rocksdb::DbPath& path : o.db_paths) DeleteTrashIn(o.env, manager, path.path).PermitUncheckedError();
}

// ---- ColumnFamilyOptions ----

void SanitizeMemtables(const DBOptions& db_options, ColumnFamilyOptions* o) {
  o->write_buffer_size = std::clamp<size_t>(o->write_buffer_size, 64 << 10, size_t{64} << 30);
  if (o->arena_block_size == 0) {
    constexpr size_t kPage = 4096;
    const size_t share = std::min<size_t>(1 << 20, o->write_buffer_size / 8);
    o->arena_block_size = (share + kPage - 1) / kPage * kPage;
  }
  o->min_write_buffer_number_to_merge =
      std::max(1, std::min(o->min_write_buffer_number_to_merge, o->max_write_buffer_number - 1));
  if (db_options.atomic_flush && o->min_write_buffer_number_to_merge > 1) {
    rocksdb::Warn(db_options.info_log,
                  "min_write_buffer_number_to_merge > 1 is not compatible with atomic_flush, which flushes all column "
                  "families together; it is set to 1");
    o->min_write_buffer_number_to_merge = 1;
  }
  o->max_write_buffer_number = std::max(o->max_write_buffer_number, 2);
  if (o->max_write_buffer_size_to_maintain < 0) {
    o->max_write_buffer_size_to_maintain = o->max_write_buffer_number * static_cast<int64_t>(o->write_buffer_size);
  } else if (o->max_write_buffer_size_to_maintain == 0 && o->max_write_buffer_number_to_maintain < 0) {
    o->max_write_buffer_number_to_maintain = o->max_write_buffer_number;
  }
  o->memtable_prefix_bloom_size_ratio = std::clamp(o->memtable_prefix_bloom_size_ratio, 0.0, 0.25);
  const std::string memtable = o->memtable_factory->Name();
  if (o->prefix_extractor == nullptr &&
      (memtable == "HashSkipListRepFactory" || memtable == "HashLinkListRepFactory")) {
    o->memtable_factory = std::make_shared<rocksdb::SkipListFactory>();
  }
}

void SanitizeLevels(const DBOptions& db_options, ColumnFamilyOptions* o) {
  int levels_min = 1;
  if (o->compaction_style == rocksdb::kCompactionStyleLevel) levels_min = 2;
  if (o->compaction_style == rocksdb::kCompactionStyleUniversal && db_options.allow_ingest_behind) levels_min = 3;
  o->num_levels = std::max(o->num_levels, levels_min);
  if (o->max_bytes_for_level_multiplier <= 0) o->max_bytes_for_level_multiplier = 1;
  if (o->cf_paths.empty()) o->cf_paths = db_options.db_paths;
  if (o->level_compaction_dynamic_level_bytes) {
    if (o->compaction_style != rocksdb::kCompactionStyleLevel) {
      rocksdb::Warn(db_options.info_log,
                    "level_compaction_dynamic_level_bytes only makes sensefor level-based compaction");
      o->level_compaction_dynamic_level_bytes = false;
    } else if (o->cf_paths.size() > 1) {
      rocksdb::Warn(db_options.info_log,
                    "multiple cf_paths/db_paths andlevel_compaction_dynamic_level_bytescan't be used together");
      o->level_compaction_dynamic_level_bytes = false;
    }
  }
  if (o->max_compaction_bytes == 0) o->max_compaction_bytes = o->target_file_size_base * 25;
}

// Compaction starts before writes slow down, and they slow down before they stop.
void SanitizeTriggers(const DBOptions& db_options, ColumnFamilyOptions* o) {
  if (o->compaction_style == rocksdb::kCompactionStyleFIFO) {
    o->level0_slowdown_writes_trigger = std::numeric_limits<int>::max();
    o->level0_stop_writes_trigger = std::numeric_limits<int>::max();
  }
  if (o->level0_file_num_compaction_trigger == 0) {
    rocksdb::Warn(db_options.info_log, "level0_file_num_compaction_trigger cannot be 0");
    o->level0_file_num_compaction_trigger = 1;
  }
  if (o->level0_stop_writes_trigger < o->level0_slowdown_writes_trigger ||
      o->level0_slowdown_writes_trigger < o->level0_file_num_compaction_trigger) {
    rocksdb::Warn(db_options.info_log,
                  "This condition must be satisfied: level0_stop_writes_trigger(%d) >= "
                  "level0_slowdown_writes_trigger(%d) >= level0_file_num_compaction_trigger(%d)",
                  o->level0_stop_writes_trigger, o->level0_slowdown_writes_trigger,
                  o->level0_file_num_compaction_trigger);
    o->level0_slowdown_writes_trigger =
        std::max(o->level0_slowdown_writes_trigger, o->level0_file_num_compaction_trigger);
    o->level0_stop_writes_trigger = std::max(o->level0_stop_writes_trigger, o->level0_slowdown_writes_trigger);
    rocksdb::Warn(db_options.info_log,
                  "Adjust the value to level0_stop_writes_trigger(%d)level0_slowdown_writes_trigger(%d)"
                  "level0_file_num_compaction_trigger(%d)",
                  o->level0_stop_writes_trigger, o->level0_slowdown_writes_trigger,
                  o->level0_file_num_compaction_trigger);
  }
  uint64_t& soft = o->soft_pending_compaction_bytes_limit;
  const uint64_t hard = o->hard_pending_compaction_bytes_limit;
  if (soft == 0 || (hard > 0 && soft > hard)) soft = hard;
}

// Old data is rewritten after a while: by ttl, and where a compaction filter could drop some of it, periodically.
void SanitizeAges(ColumnFamilyOptions* o) {
  const bool is_block_based = o->table_factory->IsInstanceOf(TableFactory::kBlockBasedTableName());
  const bool is_fifo = o->compaction_style == rocksdb::kCompactionStyleFIFO;
  uint64_t& period = o->periodic_compaction_seconds;
  if (o->ttl == kDecide) o->ttl = is_block_based && !is_fifo ? kThirtyDaysSeconds : 0;
  if (is_fifo) {
    if (o->ttl == 0) {
      if (is_block_based) {
        if (period == kDecide) period = kThirtyDaysSeconds;
        o->ttl = period;
      }
    } else if (period != 0) {
      o->ttl = std::min(o->ttl, period);
    }
  } else {
    const bool has_filter = o->compaction_filter != nullptr || o->compaction_filter_factory != nullptr;
    if (has_filter && is_block_based && period == kDecide) period = kThirtyDaysSeconds;
  }
  if (o->compaction_style == rocksdb::kCompactionStyleUniversal && o->ttl != 0) {
    period = period == 0 ? o->ttl : std::min(o->ttl, period);
  }
  if (period == kDecide) period = 0;
}

// ---- contradictions ----

Status NotLinked(rocksdb::CompressionType type) {
  return Status::InvalidArgument("Compression type " + CompressionLabel(type) + " is not linked with the binary.");
}

Status ValidateCompression(const ColumnFamilyOptions& o) {
  for (const rocksdb::CompressionType type : o.compression_per_level) {
    if (!CompressionIsAvailable(type)) return NotLinked(type);
  }
  if (o.compression_per_level.empty() && !CompressionIsAvailable(o.compression)) return NotLinked(o.compression);
  if (o.compression_opts.zstd_max_train_bytes > 0 && o.compression_opts.max_dict_bytes == 0) {
    return Status::InvalidArgument(
        "The dictionary size limit (`CompressionOptions::max_dict_bytes`) should be nonzero if we're using zstd's "
        "dictionary generator.");
  }
  if (!CompressionIsAvailable(o.blob_compression_type)) {
    return Status::InvalidArgument("The specified blob compression type " + CompressionLabel(o.blob_compression_type) +
                                   " is not available.");
  }
  return Status::OK();
}

Status ValidateConcurrentWrites(const ColumnFamilyOptions& o) {
  if (o.inplace_update_support) {
    return Status::InvalidArgument(
        "In-place memtable updates (inplace_update_support) is not compatible with concurrent writes "
        "(allow_concurrent_memtable_write)");
  }
  if (!o.memtable_factory->IsInsertConcurrentlySupported()) {
    return Status::InvalidArgument("Memtable doesn't concurrent writes (allow_concurrent_memtable_write)");
  }
  return Status::OK();
}

Status ValidatePaths(const DBOptions& db_options, const ColumnFamilyOptions& o) {
  if (o.compaction_style == rocksdb::kCompactionStyleUniversal ||
      o.compaction_style == rocksdb::kCompactionStyleLevel) {
    return Status::OK();
  }
  if (o.cf_paths.size() > 1) {
    return Status::NotSupported("More than one CF paths are only supported in universal and level compaction styles. ");
  }
  if (o.cf_paths.empty() && db_options.db_paths.size() > 1) {
    return Status::NotSupported("More than one DB paths are only supported in universal and level compaction styles. ");
  }
  return Status::OK();
}

Status ValidateAges(const ColumnFamilyOptions& o) {
  if (o.table_factory->IsInstanceOf(TableFactory::kBlockBasedTableName())) return Status::OK();
  if (o.ttl > 0 && o.ttl != kDecide) {
    return Status::NotSupported("TTL is only supported in Block-Based Table format. ");
  }
  if (o.periodic_compaction_seconds > 0 && o.periodic_compaction_seconds != kDecide) {
    return Status::NotSupported("Periodic Compaction is only supported in Block-Based Table format. ");
  }
  return Status::OK();
}

bool IsShare(double value) { return value >= 0.0 && value <= 1.0; }

Status ValidateBlobs(const ColumnFamilyOptions& o) {
  if (!o.enable_blob_garbage_collection) return Status::OK();
  if (!IsShare(o.blob_garbage_collection_age_cutoff)) {
    return Status::InvalidArgument("The age cutoff for blob garbage collection should be in the range [0.0, 1.0].");
  }
  if (!IsShare(o.blob_garbage_collection_force_threshold)) {
    return Status::InvalidArgument(
        "The garbage ratio threshold for forcing blob garbage collection should be in the range [0.0, 1.0].");
  }
  return Status::OK();
}

// Table formats and parts of the block-based one that the engine does not have.
Status ValidateTables(const ColumnFamilyOptions& o) {
  const rocksdb::BlockBasedTableOptions* table = BlockBasedOptionsOf(o.table_factory.get());
  if (table == nullptr) return NotBuilt("a TableFactory other than BlockBasedTable");
  if (table->block_cache_compressed != nullptr) return NotBuilt("BlockBasedTableOptions::block_cache_compressed");
  if (table->persistent_cache != nullptr) return NotBuilt("BlockBasedTableOptions::persistent_cache");
  return Status::OK();
}

}  // namespace

BackgroundLimits BackgroundLimitsOf(const DBOptions& o) {
  if (o.max_background_flushes != -1 || o.max_background_compactions != -1) {
    return {std::max(1, o.max_background_flushes), std::max(1, o.max_background_compactions)};
  }
  const int flushes_max = std::max(1, o.max_background_jobs / 4);
  return {flushes_max, std::max(1, o.max_background_jobs - flushes_max)};
}

DBOptions SanitizeDbOptions(const std::string& dbname, const DBOptions& source, bool read_only, Status* log_status) {
  DBOptions o = source;
  if (o.env == nullptr) o.env = Env::Default();
  if (o.max_open_files != -1) o.max_open_files = std::clamp(o.max_open_files, 20, std::max(20, OpenFilesMax()));
  if (o.info_log == nullptr && !read_only) {
    Status s = rocksdb::CreateLoggerFromOptions(dbname, o, &o.info_log);
    if (!s.ok()) o.info_log = nullptr;
    if (!s.ok() && log_status != nullptr) *log_status = s;
  }
  if (o.write_buffer_manager == nullptr) {
    o.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(o.db_write_buffer_size);
  }
  const BackgroundLimits limits = BackgroundLimitsOf(o);
  o.env->IncBackgroundThreadsIfNeeded(limits.compactions_max, Env::Priority::LOW);
  o.env->IncBackgroundThreadsIfNeeded(limits.flushes_max, Env::Priority::HIGH);
  SanitizeRates(&o);
  SanitizeRecycling(&o);
  SanitizePaths(dbname, &o);
  if (o.use_direct_reads && o.compaction_readahead_size == 0) o.compaction_readahead_size = 2 << 20;
  if (o.allow_2pc) o.avoid_flush_during_recovery = false;
  DeleteOldTrash(o);
  if (o.sst_file_manager == nullptr) o.sst_file_manager.reset(rocksdb::NewSstFileManager(o.env, o.info_log));
  if (o.wal_compression != rocksdb::kNoCompression && o.wal_compression != rocksdb::kZSTD) {
    o.wal_compression = rocksdb::kNoCompression;
    rocksdb::Warn(o.info_log, "wal_compression is disabled since only zstd is supported");
  }
  if (!o.paranoid_checks) {
    o.skip_checking_sst_file_sizes_on_db_open = true;
    rocksdb::Info(o.info_log, "file size check will be skipped during open.");
  }
  return o;
}

ColumnFamilyOptions SanitizeCfOptions(const DBOptions& db_options, const ColumnFamilyOptions& source) {
  ColumnFamilyOptions o = source;
  for (const rocksdb::DbPath& path : o.cf_paths) {
    DeleteTrashIn(db_options.env, BuiltinSstFileManager(db_options.sst_file_manager.get()), path.path)
        .PermitUncheckedError();
  }
  SanitizeMemtables(db_options, &o);
  SanitizeLevels(db_options, &o);
  SanitizeTriggers(db_options, &o);
  SanitizeAges(&o);
  return o;
}

Status ValidateDbOptions(const DBOptions& o) {
  if (o.db_paths.size() > 4) return Status::NotSupported("More than four DB paths are not supported yet. ");
  if (o.allow_mmap_reads && o.use_direct_reads) {
    return Status::NotSupported(
        "If memory mapped reads (allow_mmap_reads) are enabled then direct I/O reads (use_direct_reads) must be "
        "disabled. ");
  }
  if (o.allow_mmap_writes && o.use_direct_io_for_flush_and_compaction) {
    return Status::NotSupported(
        "If memory mapped writes (allow_mmap_writes) are enabled then direct I/O writes "
        "(use_direct_io_for_flush_and_compaction) must be disabled. ");
  }
  if (o.keep_log_file_num == 0) return Status::InvalidArgument("keep_log_file_num must be greater than 0");
  if (o.unordered_write && !o.allow_concurrent_memtable_write) {
    return Status::InvalidArgument("unordered_write is incompatible with !allow_concurrent_memtable_write");
  }
  if (o.unordered_write && o.enable_pipelined_write) {
    return Status::InvalidArgument("unordered_write is incompatible with enable_pipelined_write");
  }
  if (o.atomic_flush && o.enable_pipelined_write) {
    return Status::InvalidArgument("atomic_flush is incompatible with enable_pipelined_write");
  }
  if (o.atomic_flush && o.best_efforts_recovery) {
    return Status::InvalidArgument("atomic_flush is currently incompatible with best-efforts recovery");
  }
  if (o.use_direct_io_for_flush_and_compaction && o.writable_file_max_buffer_size == 0) {
    return Status::InvalidArgument("writes in direct IO require writable_file_max_buffer_size > 0");
  }
  return Status::OK();
}

Status ValidateCfOptions(const DBOptions& db_options, const ColumnFamilyOptions& o) {
  Status s = ValidateCompression(o);
  if (s.ok() && db_options.allow_concurrent_memtable_write) s = ValidateConcurrentWrites(o);
  if (s.ok() && db_options.unordered_write && o.max_successive_merges != 0) {
    s = Status::InvalidArgument("max_successive_merges > 0 is incompatible with unordered_write");
  }
  if (s.ok()) s = ValidatePaths(db_options, o);
  if (s.ok()) s = ValidateAges(o);
  if (s.ok()) s = ValidateBlobs(o);
  if (!s.ok()) return s;
  if (o.compaction_style == rocksdb::kCompactionStyleFIFO && db_options.max_open_files != -1 && o.ttl > 0) {
    return Status::NotSupported("FIFO compaction only supported with max_open_files = -1.");
  }
  const uint32_t protection = o.memtable_protection_bytes_per_key;
  if (protection > 8 || (protection & (protection - 1)) != 0) {
    return Status::NotSupported(
        "Memtable per key-value checksum protection only supports 0, 1, 2, 4 or 8 bytes per key.");
  }
  return s;
}

Status ValidateForOpen(const DBOptions& db_options,
                       const std::vector<rocksdb::ColumnFamilyDescriptor>& column_families) {
  for (const auto& family : column_families) {
    Status s = AsConfigurable(db_options)->ValidateOptions(db_options, family.options);
    if (s.ok()) s = AsConfigurable(family.options)->ValidateOptions(db_options, family.options);
    if (!s.ok()) return s;
  }
  for (const auto& family : column_families) {
    Status s = ValidateCfOptions(db_options, family.options);
    if (s.ok()) s = ValidateTables(family.options);
    if (!s.ok()) return s;
  }
  return ValidateDbOptions(db_options);
}

}  // namespace gneiss::compat
