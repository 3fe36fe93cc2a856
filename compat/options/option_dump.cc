// Dump: the options as lines of the LOG, "Options.name: value", padded as RocksDB 7.8.3 pads them. Tools read these
// lines.
#include <rocksdb/compaction_filter.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/wal_filter.h>

#include <cstdio>
#include <string>
#include <type_traits>

#include "compat/options/enum_names.h"
#include "compat/options/text.h"

namespace rocksdb {

using gneiss::compat::CompressionLabel;
using gneiss::compat::EnumName;
using gneiss::compat::kNullText;

namespace {

constexpr int kUsualColumn = 47;

std::string PrintPointer(const void* pointer) {
  char text[32];
  std::snprintf(text, sizeof(text), "%p", pointer);
  return text;
}

std::string YesNo(bool value) { return value ? "true" : "false"; }

template <class Object>
std::string NameOf(const Object& object, const char* absent) {
  return object == nullptr ? absent : object->Name();
}

// Writes lines whose names end in a given column, most of them in the usual one.
class LogLines {
 public:
  explicit LogLines(Logger* log) : log_(log) {}

  void Add(const std::string& name, const std::string& value, int column = kUsualColumn) {
    Header(log_, "%*s: %s", column, ("Options." + name).c_str(), value.c_str());
  }
  // Numbers, and booleans as 0 and 1; enums are named or cast by the caller.
  template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
  void Add(const std::string& name, Number value, int column = kUsualColumn) {
    Add(name, std::to_string(value), column);
  }

 private:
  Logger* const log_;
};

void DumpFixedDbOptions(const DBOptions& o, LogLines* lines) {
  lines->Add("error_if_exists", o.error_if_exists);
  lines->Add("create_if_missing", o.create_if_missing);
  lines->Add("paranoid_checks", o.paranoid_checks);
  lines->Add("flush_verify_memtable_count", o.flush_verify_memtable_count);
  lines->Add("track_and_verify_wals_in_manifest", o.track_and_verify_wals_in_manifest, 71);
  lines->Add("verify_sst_unique_id_in_manifest", o.verify_sst_unique_id_in_manifest);
  lines->Add("env", PrintPointer(o.env));
  lines->Add("fs", o.env == nullptr ? "" : o.env->GetFileSystem()->Name());
  lines->Add("info_log", PrintPointer(o.info_log.get()));
  lines->Add("max_file_opening_threads", o.max_file_opening_threads);
  lines->Add("statistics", PrintPointer(o.statistics.get()));
  lines->Add("use_fsync", o.use_fsync);
  lines->Add("max_log_file_size", o.max_log_file_size);
  lines->Add("max_manifest_file_size", o.max_manifest_file_size);
  lines->Add("log_file_time_to_roll", o.log_file_time_to_roll);
  lines->Add("keep_log_file_num", o.keep_log_file_num);
  lines->Add("recycle_log_file_num", o.recycle_log_file_num);
  lines->Add("allow_fallocate", o.allow_fallocate);
  lines->Add("allow_mmap_reads", o.allow_mmap_reads);
  lines->Add("allow_mmap_writes", o.allow_mmap_writes);
  lines->Add("use_direct_reads", o.use_direct_reads);
  lines->Add("use_direct_io_for_flush_and_compaction", o.use_direct_io_for_flush_and_compaction, 69);
  lines->Add("create_missing_column_families", o.create_missing_column_families);
  lines->Add("db_log_dir", o.db_log_dir);
  lines->Add("wal_dir", o.wal_dir);
  lines->Add("table_cache_numshardbits", o.table_cache_numshardbits);
  lines->Add("WAL_ttl_seconds", o.WAL_ttl_seconds);
  lines->Add("WAL_size_limit_MB", o.WAL_size_limit_MB);
  lines->Add("max_write_batch_group_size_bytes", o.max_write_batch_group_size_bytes, 63);
  lines->Add("manifest_preallocation_size", o.manifest_preallocation_size);
  lines->Add("is_fd_close_on_exec", o.is_fd_close_on_exec);
  lines->Add("advise_random_on_open", o.advise_random_on_open);
  lines->Add("db_write_buffer_size", o.db_write_buffer_size);
  lines->Add("write_buffer_manager", PrintPointer(o.write_buffer_manager.get()));
  lines->Add("access_hint_on_compaction_start", static_cast<int>(o.access_hint_on_compaction_start));
  lines->Add("random_access_max_buffer_size", o.random_access_max_buffer_size);
  lines->Add("use_adaptive_mutex", o.use_adaptive_mutex);
  lines->Add("rate_limiter", PrintPointer(o.rate_limiter.get()));
  lines->Add("sst_file_manager.rate_bytes_per_sec",
             o.sst_file_manager == nullptr ? 0 : o.sst_file_manager->GetDeleteRateBytesPerSecond());
  lines->Add("wal_recovery_mode", static_cast<int>(o.wal_recovery_mode));
  lines->Add("enable_thread_tracking", o.enable_thread_tracking);
  lines->Add("enable_pipelined_write", o.enable_pipelined_write);
  lines->Add("unordered_write", o.unordered_write, 40);
  lines->Add("allow_concurrent_memtable_write", o.allow_concurrent_memtable_write);
  lines->Add("enable_write_thread_adaptive_yield", o.enable_write_thread_adaptive_yield);
  lines->Add("write_thread_max_yield_usec", o.write_thread_max_yield_usec);
  lines->Add("write_thread_slow_yield_usec", o.write_thread_slow_yield_usec);
  lines->Add("row_cache", o.row_cache == nullptr ? "None" : std::to_string(o.row_cache->GetCapacity()));
  lines->Add("wal_filter", NameOf(o.wal_filter, "None"));
  lines->Add("avoid_flush_during_recovery", o.avoid_flush_during_recovery);
  lines->Add("allow_ingest_behind", o.allow_ingest_behind, 39);
  lines->Add("two_write_queues", o.two_write_queues, 36);
  lines->Add("manual_wal_flush", o.manual_wal_flush, 36);
  lines->Add("wal_compression", static_cast<int>(o.wal_compression), 35);
  lines->Add("atomic_flush", o.atomic_flush, 32);
  lines->Add("avoid_unnecessary_blocking_io", o.avoid_unnecessary_blocking_io, 49);
  lines->Add("persist_stats_to_disk", o.persist_stats_to_disk, 45);
  lines->Add("write_dbid_to_manifest", o.write_dbid_to_manifest, 46);
  lines->Add("log_readahead_size", o.log_readahead_size, 42);
  lines->Add("file_checksum_gen_factory", NameOf(o.file_checksum_gen_factory, "Unknown"), 49);
  lines->Add("best_efforts_recovery", o.best_efforts_recovery, 45);
  lines->Add("max_bgerror_resume_count", o.max_bgerror_resume_count);
  lines->Add("bgerror_resume_retry_interval", o.bgerror_resume_retry_interval, 48);
  lines->Add("allow_data_in_errors", o.allow_data_in_errors, 40);
  lines->Add("db_host_id", o.db_host_id, 30);
  lines->Add("enforce_single_del_contracts", YesNo(o.enforce_single_del_contracts), 48);
}

void DumpMutableDbOptions(const DBOptions& o, LogLines* lines) {
  lines->Add("max_background_jobs", o.max_background_jobs, 39);
  lines->Add("max_background_compactions", o.max_background_compactions, 46);
  lines->Add("max_subcompactions", o.max_subcompactions, 38);
  lines->Add("avoid_flush_during_shutdown", o.avoid_flush_during_shutdown);
  lines->Add("writable_file_max_buffer_size", o.writable_file_max_buffer_size);
  lines->Add("delayed_write_rate ", o.delayed_write_rate, 39);  // the blank is in RocksDB's line too
  lines->Add("max_total_wal_size", o.max_total_wal_size, 38);
  lines->Add("delete_obsolete_files_period_micros", o.delete_obsolete_files_period_micros, 55);
  lines->Add("stats_dump_period_sec", o.stats_dump_period_sec);
  lines->Add("stats_persist_period_sec", o.stats_persist_period_sec, 48);
  lines->Add("stats_history_buffer_size", o.stats_history_buffer_size, 49);
  lines->Add("max_open_files", o.max_open_files);
  lines->Add("bytes_per_sync", o.bytes_per_sync);
  lines->Add("wal_bytes_per_sync", o.wal_bytes_per_sync);
  lines->Add("strict_bytes_per_sync", o.strict_bytes_per_sync);
  lines->Add("compaction_readahead_size", o.compaction_readahead_size, 39);
  lines->Add("max_background_flushes", o.max_background_flushes);
}

void DumpObjects(const ColumnFamilyOptions& o, Logger* log, LogLines* lines) {
  lines->Add("comparator", o.comparator->Name(), 32);
  lines->Add("merge_operator", NameOf(o.merge_operator, "None"), 32);
  lines->Add("compaction_filter", NameOf(o.compaction_filter, "None"), 32);
  lines->Add("compaction_filter_factory", NameOf(o.compaction_filter_factory, "None"), 40);
  lines->Add("sst_partitioner_factory", NameOf(o.sst_partitioner_factory, "None"), 32);
  lines->Add("memtable_factory", o.memtable_factory->Name(), 32);
  lines->Add("table_factory", o.table_factory->Name(), 32);
  Header(log, "%*s: %s", 32, "table_factory options", o.table_factory->GetPrintableOptions().c_str());
}

void DumpCompression(const ColumnFamilyOptions& o, LogLines* lines) {
  for (size_t level = 0; level < o.compression_per_level.size(); ++level) {
    lines->Add("compression[" + std::to_string(level) + "]", CompressionLabel(o.compression_per_level[level]), 29);
  }
  if (o.compression_per_level.empty()) lines->Add("compression", CompressionLabel(o.compression), 28);
  lines->Add("bottommost_compression", o.bottommost_compression == kDisableCompressionOption
                                           ? "Disabled"
                                           : CompressionLabel(o.bottommost_compression));
}

void DumpCompressionOptions(const ColumnFamilyOptions& o, LogLines* lines) {
  const CompressionOptions& bottom = o.bottommost_compression_opts;
  lines->Add("bottommost_compression_opts.window_bits", bottom.window_bits, 58);
  lines->Add("bottommost_compression_opts.level", bottom.level, 58);
  lines->Add("bottommost_compression_opts.strategy", bottom.strategy, 58);
  lines->Add("bottommost_compression_opts.max_dict_bytes", bottom.max_dict_bytes, 58);
  lines->Add("bottommost_compression_opts.zstd_max_train_bytes", bottom.zstd_max_train_bytes, 64);
  lines->Add("bottommost_compression_opts.parallel_threads", bottom.parallel_threads, 60);
  lines->Add("bottommost_compression_opts.enabled", YesNo(bottom.enabled), 60);
  lines->Add("bottommost_compression_opts.max_dict_buffer_bytes", bottom.max_dict_buffer_bytes, 65);
  lines->Add("bottommost_compression_opts.use_zstd_dict_trainer", YesNo(bottom.use_zstd_dict_trainer), 65);
  const CompressionOptions& all = o.compression_opts;
  lines->Add("compression_opts.window_bits", all.window_bits);
  lines->Add("compression_opts.level", all.level);
  lines->Add("compression_opts.strategy", all.strategy);
  lines->Add("compression_opts.max_dict_bytes", all.max_dict_bytes);
  lines->Add("compression_opts.zstd_max_train_bytes", all.zstd_max_train_bytes, 53);
  lines->Add("compression_opts.use_zstd_dict_trainer", YesNo(all.use_zstd_dict_trainer), 54);
  lines->Add("compression_opts.parallel_threads", all.parallel_threads, 49);
  lines->Add("compression_opts.enabled", YesNo(all.enabled), 49);
  lines->Add("compression_opts.max_dict_buffer_bytes", all.max_dict_buffer_bytes, 54);
}

void DumpLevels(const ColumnFamilyOptions& o, LogLines* lines) {
  lines->Add("level0_file_num_compaction_trigger", o.level0_file_num_compaction_trigger);
  lines->Add("level0_slowdown_writes_trigger", o.level0_slowdown_writes_trigger);
  lines->Add("level0_stop_writes_trigger", o.level0_stop_writes_trigger);
  lines->Add("target_file_size_base", o.target_file_size_base);
  lines->Add("target_file_size_multiplier", o.target_file_size_multiplier);
  lines->Add("max_bytes_for_level_base", o.max_bytes_for_level_base);
  lines->Add("level_compaction_dynamic_level_bytes", o.level_compaction_dynamic_level_bytes, 44);
  lines->Add("max_bytes_for_level_multiplier", o.max_bytes_for_level_multiplier);
  for (size_t i = 0; i < o.max_bytes_for_level_multiplier_additional.size(); ++i) {
    lines->Add("max_bytes_for_level_multiplier_addtl[" + std::to_string(i) + "]",
               o.max_bytes_for_level_multiplier_additional[i]);
  }
  lines->Add("max_sequential_skip_in_iterations", o.max_sequential_skip_in_iterations);
  lines->Add("max_compaction_bytes", o.max_compaction_bytes);
  lines->Add("ignore_max_compaction_bytes_for_input", YesNo(o.ignore_max_compaction_bytes_for_input));
  lines->Add("arena_block_size", o.arena_block_size);
  lines->Add("soft_pending_compaction_bytes_limit", o.soft_pending_compaction_bytes_limit, 45);
  lines->Add("hard_pending_compaction_bytes_limit", o.hard_pending_compaction_bytes_limit, 45);
  lines->Add("disable_auto_compactions", o.disable_auto_compactions);
}

void DumpCompactionStyle(const ColumnFamilyOptions& o, LogLines* lines) {
  lines->Add("compaction_style", EnumName(o.compaction_style));
  lines->Add("compaction_pri", EnumName(o.compaction_pri));
  const CompactionOptionsUniversal& universal = o.compaction_options_universal;
  lines->Add("compaction_options_universal.size_ratio", universal.size_ratio);
  lines->Add("compaction_options_universal.min_merge_width", universal.min_merge_width);
  lines->Add("compaction_options_universal.max_merge_width", universal.max_merge_width);
  lines->Add("compaction_options_universal.max_size_amplification_percent", universal.max_size_amplification_percent);
  lines->Add("compaction_options_universal.compression_size_percent", universal.compression_size_percent);
  lines->Add("compaction_options_universal.stop_style", EnumName(universal.stop_style));
  lines->Add("compaction_options_fifo.max_table_files_size", o.compaction_options_fifo.max_table_files_size);
  lines->Add("compaction_options_fifo.allow_compaction", o.compaction_options_fifo.allow_compaction);
  std::string collectors;
  for (const auto& factory : o.table_properties_collector_factories) collectors += factory->ToString() + ";";
  lines->Add("table_properties_collectors", collectors, 53);
}

void DumpMemtable(const ColumnFamilyOptions& o, LogLines* lines) {
  lines->Add("inplace_update_support", o.inplace_update_support, 48);
  lines->Add("inplace_update_num_locks", o.inplace_update_num_locks, 48);
  lines->Add("memtable_prefix_bloom_size_ratio", o.memtable_prefix_bloom_size_ratio, 54);
  lines->Add("memtable_whole_key_filtering", o.memtable_whole_key_filtering, 50);
  lines->Add("memtable_huge_page_size", o.memtable_huge_page_size, 33);
  lines->Add("bloom_locality", o.bloom_locality, 48);
  lines->Add("max_successive_merges", o.max_successive_merges, 48);
}

void DumpChecksAndAges(const ColumnFamilyOptions& o, LogLines* lines) {
  lines->Add("optimize_filters_for_hits", o.optimize_filters_for_hits, 48);
  lines->Add("paranoid_file_checks", o.paranoid_file_checks, 43);
  lines->Add("force_consistency_checks", o.force_consistency_checks);
  lines->Add("report_bg_io_stats", o.report_bg_io_stats, 41);
  lines->Add("ttl", o.ttl, 41);
  lines->Add("periodic_compaction_seconds", o.periodic_compaction_seconds, 44);
  lines->Add("preclude_last_level_data_seconds", o.preclude_last_level_data_seconds, 41);
  lines->Add("preserve_internal_time_seconds", o.preserve_internal_time_seconds, 41);
}

void DumpBlobs(const ColumnFamilyOptions& o, Logger* log, LogLines* lines) {
  lines->Add("enable_blob_files", YesNo(o.enable_blob_files));
  lines->Add("min_blob_size", o.min_blob_size);
  lines->Add("blob_file_size", o.blob_file_size);
  lines->Add("blob_compression_type", CompressionLabel(o.blob_compression_type));
  lines->Add("enable_blob_garbage_collection", YesNo(o.enable_blob_garbage_collection));
  lines->Add("blob_garbage_collection_age_cutoff", o.blob_garbage_collection_age_cutoff);
  lines->Add("blob_garbage_collection_force_threshold", o.blob_garbage_collection_force_threshold);
  lines->Add("blob_compaction_readahead_size", o.blob_compaction_readahead_size);
  lines->Add("blob_file_starting_level", o.blob_file_starting_level);
  if (o.blob_cache == nullptr) return;
  lines->Add("blob_cache", o.blob_cache->Name(), 44);
  Header(log, "%*s: %s", 44, "blob_cache options", o.blob_cache->GetPrintableOptions().c_str());
  Header(log, "%*s: %s", 49, "blob_cache prepopulated",
         o.prepopulate_blob_cache == PrepopulateBlobCache::kFlushOnly ? "flush only" : "disabled");
}

}  // namespace

void DBOptions::Dump(Logger* log) const {
  LogLines lines(log);
  DumpFixedDbOptions(*this, &lines);
  DumpMutableDbOptions(*this, &lines);
}

void ColumnFamilyOptions::Dump(Logger* log) const {
  LogLines lines(log);
  DumpObjects(*this, log, &lines);
  lines.Add("write_buffer_size", write_buffer_size, 32);
  lines.Add("max_write_buffer_number", max_write_buffer_number, 32);
  DumpCompression(*this, &lines);
  lines.Add("prefix_extractor", NameOf(prefix_extractor, kNullText), 30);
  lines.Add("memtable_insert_with_hint_prefix_extractor", NameOf(memtable_insert_with_hint_prefix_extractor, kNullText),
            52);
  lines.Add("num_levels", num_levels, 30);
  lines.Add("min_write_buffer_number_to_merge", min_write_buffer_number_to_merge);
  lines.Add("max_write_buffer_number_to_maintain", max_write_buffer_number_to_maintain);
  lines.Add("max_write_buffer_size_to_maintain", max_write_buffer_size_to_maintain, 45);
  DumpCompressionOptions(*this, &lines);
  DumpLevels(*this, &lines);
  DumpCompactionStyle(*this, &lines);
  DumpMemtable(*this, &lines);
  DumpChecksAndAges(*this, &lines);
  DumpBlobs(*this, log, &lines);
  lines.Add("experimental_mempurge_threshold", experimental_mempurge_threshold, 39);
}

void Options::Dump(Logger* log) const {
  DBOptions::Dump(log);
  ColumnFamilyOptions::Dump(log);
}

void Options::DumpCFOptions(Logger* log) const { ColumnFamilyOptions::Dump(log); }

}  // namespace rocksdb
