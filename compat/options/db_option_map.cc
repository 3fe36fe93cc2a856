// DBOptions by name: the fields in the order of OPTIONS files, and the Configurable around them.
#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/listener.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/statistics.h>
#include <rocksdb/wal_filter.h>

#include "compat/options/option_field.h"
#include "compat/options/options_configurable.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::ConfigOptions;
using rocksdb::DBOptions;
using rocksdb::Env;
using rocksdb::EventListener;
using rocksdb::OptionType;
using rocksdb::OptionTypeFlags;
using rocksdb::OptionTypeInfo;
using rocksdb::OptionVerificationType;
using rocksdb::Status;
using Listeners = std::vector<std::shared_ptr<EventListener>>;

// "A:{id=B;x=1}": listeners that nobody knows are left out.
Status ParseListeners(const ConfigOptions& how, const std::string&, const std::string& value, void* field) {
  ConfigOptions embedded = how;
  embedded.ignore_unsupported_options = true;
  Listeners listeners;
  for (size_t at = 0, end = 0; at < value.size() && end != std::string::npos; at = end + 1) {
    std::string token;
    Status s = OptionTypeInfo::NextToken(value, ':', at, &end, &token);
    if (!s.ok()) return s;
    if (token.empty()) continue;
    std::shared_ptr<EventListener> listener;
    s = EventListener::CreateFromString(embedded, token, &listener);
    if (!s.ok()) return s;
    if (listener != nullptr) listeners.push_back(std::move(listener));
  }
  *static_cast<Listeners*>(field) = std::move(listeners);
  return Status::OK();
}

Status PrintListeners(const ConfigOptions& how, const std::string&, const void* field, std::string* value) {
  ConfigOptions embedded = how;
  embedded.delimiter = ";";
  std::string text;
  for (const auto& listener : *static_cast<const Listeners*>(field)) {
    if (listener->GetId().empty()) continue;
    text += (text.empty() ? "{" : ":") + listener->ToString(embedded, "");
  }
  if (!text.empty()) *value = text + "}";
  return Status::OK();
}

OptionTypeInfo ListenersField() {
  return {OffsetOf<DBOptions>(&DBOptions::listeners),
          OptionType::kVector,
          OptionVerificationType::kByNameAllowNull,
          OptionTypeFlags::kCompareNever,
          ParseListeners,
          PrintListeners,
          nullptr};
}

OptionTypeInfo EnvField() {
  return OptionTypeInfo(OffsetOf<DBOptions>(&DBOptions::env), OptionType::kUnknown, OptionVerificationType::kNormal,
                        OptionTypeFlags::kDontSerialize | OptionTypeFlags::kCompareNever)
      .SetParseFunc([](const ConfigOptions& how, const std::string&, const std::string& value, void* field) {
        Env** env = static_cast<Env**>(field);
        Env* made = *env;
        Status s = Env::CreateFromString(how, value, &made);
        if (s.ok()) *env = made;
        return s;
      })
      .SetPrepareFunc([](const ConfigOptions& how, const std::string&, void* field) {
        return (*static_cast<Env**>(field))->PrepareOptions(how);
      })
      .SetValidateFunc([](const DBOptions& db_options, const rocksdb::ColumnFamilyOptions& cf_options,
                          const std::string&, const void* field) {
        return (*static_cast<const Env* const*>(field))->ValidateOptions(db_options, cf_options);
      });
}

// A number makes a rate limiter; it is never printed.
OptionTypeInfo RateLimiterField() {
  return {OffsetOf<DBOptions>(&DBOptions::rate_limiter), OptionType::kUnknown, OptionVerificationType::kNormal,
          OptionTypeFlags::kDontSerialize | OptionTypeFlags::kCompareNever,
          [](const ConfigOptions&, const std::string&, const std::string& value, void* field) {
            static_cast<std::shared_ptr<rocksdb::RateLimiter>*>(field)->reset(
                rocksdb::NewGenericRateLimiter(static_cast<int64_t>(ParseUint64(value))));
            return Status::OK();
          }};
}

OptionTypeInfo StatisticsField() {
  return OptionTypeInfo::AsCustomSharedPtr<rocksdb::Statistics>(
      OffsetOf<DBOptions>(&DBOptions::statistics), OptionVerificationType::kNormal,
      OptionTypeFlags::kCompareNever | OptionTypeFlags::kDontSerialize | OptionTypeFlags::kAllowNull);
}

OptionTypeInfo WalFilterField() {
  return OptionTypeInfo::AsCustomRawPtr<rocksdb::WalFilter>(
      OffsetOf<DBOptions>(&DBOptions::wal_filter), OptionVerificationType::kByName,
      OptionTypeFlags::kAllowNull | OptionTypeFlags::kCompareNever);
}

OptionTypeInfo FileChecksumField() {
  return OptionTypeInfo::AsCustomSharedPtr<rocksdb::FileChecksumGenFactory>(
      OffsetOf<DBOptions>(&DBOptions::file_checksum_gen_factory), OptionVerificationType::kByNameAllowFromNull,
      OptionTypeFlags::kAllowNull);
}

class DbOptionsConfigurable : public OptionsConfigurable<DBOptions> {
 public:
  DbOptionsConfigurable(const DBOptions& options, const StringMap* texts)
      : OptionsConfigurable(options, kDbOptionsName, MutableDbFields(), ImmutableDbFields(), texts) {
    if (options_.env == nullptr) options_.env = Env::Default();
  }
};

}  // namespace

const OptionMap& MutableDbFields() {
  using O = DBOptions;
  constexpr auto kMutable = OptionTypeFlags::kMutable;
  static const OptionMap* const map =
      NewOptionMap({{"compaction_readahead_size", Field(&O::compaction_readahead_size, kMutable)},
                    {"strict_bytes_per_sync", Field(&O::strict_bytes_per_sync, kMutable)},
                    {"bytes_per_sync", Field(&O::bytes_per_sync, kMutable)},
                    {"max_background_jobs", Field(&O::max_background_jobs, kMutable)},
                    {"avoid_flush_during_shutdown", Field(&O::avoid_flush_during_shutdown, kMutable)},
                    {"max_background_flushes", Field(&O::max_background_flushes, kMutable)},
                    {"delayed_write_rate", Field(&O::delayed_write_rate, kMutable)},
                    {"max_open_files", Field(&O::max_open_files, kMutable)},
                    {"max_subcompactions", Field(&O::max_subcompactions, kMutable)},
                    {"writable_file_max_buffer_size", Field(&O::writable_file_max_buffer_size, kMutable)},
                    {"wal_bytes_per_sync", Field(&O::wal_bytes_per_sync, kMutable)},
                    {"max_background_compactions", Field(&O::max_background_compactions, kMutable)},
                    {"max_total_wal_size", Field(&O::max_total_wal_size, kMutable)},
                    {"delete_obsolete_files_period_micros", Field(&O::delete_obsolete_files_period_micros, kMutable)},
                    {"stats_dump_period_sec", Field(&O::stats_dump_period_sec, kMutable)},
                    {"stats_history_buffer_size", Field(&O::stats_history_buffer_size, kMutable)},
                    {"stats_persist_period_sec", Field(&O::stats_persist_period_sec, kMutable)}},
                   {{"allow_os_buffer", Retired(kMutable)}, {"base_background_compactions", Retired(kMutable)}});
  return *map;
}

const OptionMap& ImmutableDbFields() {
  using O = DBOptions;
  static const OptionMap* const map =
      NewOptionMap({{"enforce_single_del_contracts", Field(&O::enforce_single_del_contracts)},
                    {"lowest_used_cache_tier", Field(&O::lowest_used_cache_tier)},
                    {"bgerror_resume_retry_interval", Field(&O::bgerror_resume_retry_interval)},
                    {"best_efforts_recovery", Field(&O::best_efforts_recovery)},
                    {"log_readahead_size", Field(&O::log_readahead_size)},
                    {"write_dbid_to_manifest", Field(&O::write_dbid_to_manifest)},
                    {"wal_compression", Field(&O::wal_compression)},
                    {"manual_wal_flush", Field(&O::manual_wal_flush)},
                    {"db_host_id", Field(&O::db_host_id, OptionTypeFlags::kCompareNever)},
                    {"two_write_queues", Field(&O::two_write_queues)},
                    {"random_access_max_buffer_size", Field(&O::random_access_max_buffer_size)},
                    {"avoid_unnecessary_blocking_io", Field(&O::avoid_unnecessary_blocking_io)},
                    {"skip_checking_sst_file_sizes_on_db_open", Field(&O::skip_checking_sst_file_sizes_on_db_open)},
                    {"flush_verify_memtable_count", Field(&O::flush_verify_memtable_count)},
                    {"fail_if_options_file_error", Field(&O::fail_if_options_file_error)},
                    {"atomic_flush", Field(&O::atomic_flush)},
                    {"verify_sst_unique_id_in_manifest", Field(&O::verify_sst_unique_id_in_manifest)},
                    {"skip_stats_update_on_db_open", Field(&O::skip_stats_update_on_db_open)},
                    {"track_and_verify_wals_in_manifest", Field(&O::track_and_verify_wals_in_manifest)},
                    {"listeners", ListenersField()},
                    {"paranoid_checks", Field(&O::paranoid_checks)},
                    {"create_if_missing", Field(&O::create_if_missing)},
                    {"max_write_batch_group_size_bytes", Field(&O::max_write_batch_group_size_bytes)},
                    {"avoid_flush_during_recovery", Field(&O::avoid_flush_during_recovery)},
                    {"file_checksum_gen_factory", FileChecksumField()},
                    {"enable_thread_tracking", Field(&O::enable_thread_tracking)},
                    {"allow_fallocate", Field(&O::allow_fallocate)},
                    {"allow_data_in_errors", Field(&O::allow_data_in_errors)},
                    {"error_if_exists", Field(&O::error_if_exists)},
                    {"use_direct_io_for_flush_and_compaction", Field(&O::use_direct_io_for_flush_and_compaction)},
                    {"create_missing_column_families", Field(&O::create_missing_column_families)},
                    {"WAL_size_limit_MB", Field(&O::WAL_size_limit_MB)},
                    {"use_direct_reads", Field(&O::use_direct_reads)},
                    {"persist_stats_to_disk", Field(&O::persist_stats_to_disk)},
                    {"allow_mmap_reads", Field(&O::allow_mmap_reads)},
                    {"allow_mmap_writes", Field(&O::allow_mmap_writes)},
                    {"use_adaptive_mutex", Field(&O::use_adaptive_mutex)},
                    {"allow_2pc", Field(&O::allow_2pc)},
                    {"is_fd_close_on_exec", Field(&O::is_fd_close_on_exec)},
                    {"max_log_file_size", Field(&O::max_log_file_size)},
                    {"access_hint_on_compaction_start", Field(&O::access_hint_on_compaction_start)},
                    {"max_file_opening_threads", Field(&O::max_file_opening_threads)},
                    {"wal_filter", WalFilterField()},
                    {"use_fsync", Field(&O::use_fsync)},
                    {"db_log_dir", Field(&O::db_log_dir)},
                    {"table_cache_numshardbits", Field(&O::table_cache_numshardbits)},
                    {"dump_malloc_stats", Field(&O::dump_malloc_stats)},
                    {"db_write_buffer_size", Field(&O::db_write_buffer_size)},
                    {"allow_ingest_behind", Field(&O::allow_ingest_behind)},
                    {"keep_log_file_num", Field(&O::keep_log_file_num)},
                    {"max_bgerror_resume_count", Field(&O::max_bgerror_resume_count)},
                    {"allow_concurrent_memtable_write", Field(&O::allow_concurrent_memtable_write)},
                    {"recycle_log_file_num", Field(&O::recycle_log_file_num)},
                    {"log_file_time_to_roll", Field(&O::log_file_time_to_roll)},
                    {"manifest_preallocation_size", Field(&O::manifest_preallocation_size)},
                    {"enable_write_thread_adaptive_yield", Field(&O::enable_write_thread_adaptive_yield)},
                    {"wal_dir", Field(&O::wal_dir)},
                    {"WAL_ttl_seconds", Field(&O::WAL_ttl_seconds)},
                    {"max_manifest_file_size", Field(&O::max_manifest_file_size)},
                    {"wal_recovery_mode", Field(&O::wal_recovery_mode)},
                    {"enable_pipelined_write", Field(&O::enable_pipelined_write)},
                    {"write_thread_slow_yield_usec", Field(&O::write_thread_slow_yield_usec)},
                    {"unordered_write", Field(&O::unordered_write)},
                    {"write_thread_max_yield_usec", Field(&O::write_thread_max_yield_usec)},
                    {"advise_random_on_open", Field(&O::advise_random_on_open)},
                    {"info_log_level", Field(&O::info_log_level)}},
                   {{"env", EnvField()},
                    {"rate_limiter_bytes_per_sec", RateLimiterField()},
                    {"statistics", StatisticsField()},
                    {"rate_limiter", Retired()},
                    {"use_direct_writes", Retired()},
                    {"disableDataSync", Retired()},
                    {"disable_data_sync", Retired()},
                    {"experimental_allow_mempurge", Retired()},
                    {"experimental_mempurge_policy", Retired()},
                    {"experimental_mempurge_threshold", Retired()},
                    {"skip_log_error_on_recovery", Retired()},
                    {"new_table_reader_for_compaction_inputs", Retired()},
                    {"preserve_deletes", Retired()},
                    {"concurrent_prepare", Retired()},
                    {"seq_per_batch", Retired()}});
  return *map;
}

std::unique_ptr<rocksdb::Configurable> AsConfigurable(const DBOptions& options, const StringMap* texts) {
  return std::make_unique<DbOptionsConfigurable>(options, texts);
}

}  // namespace gneiss::compat
