// Options of the database as a whole: files, threads, statistics, checks.
#include <rocksdb/write_buffer_manager.h>

#include "db_bench_port/database/callbacks.h"
#include "db_bench_port/database/options.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

void SetFiles(const Settings& settings, rocksdb::Options* options) {
  options->max_open_files = FLAGS_open_files;
  options->max_file_opening_threads = FLAGS_file_opening_threads;
  options->table_cache_numshardbits = FLAGS_table_cache_numshardbits;
  options->allow_mmap_reads = FLAGS_mmap_read;
  options->allow_mmap_writes = FLAGS_mmap_write;
  options->use_direct_reads = FLAGS_use_direct_reads;
  options->use_direct_io_for_flush_and_compaction = FLAGS_use_direct_io_for_flush_and_compaction;
  options->use_fsync = FLAGS_use_fsync;
  options->bytes_per_sync = FLAGS_bytes_per_sync;
  options->advise_random_on_open = FLAGS_advise_random_on_open;
  options->access_hint_on_compaction_start = settings.compaction_fadvice;
  options->compaction_readahead_size = FLAGS_compaction_readahead_size;
  options->log_readahead_size = FLAGS_log_readahead_size;
  options->random_access_max_buffer_size = FLAGS_random_access_max_buffer_size;
  options->writable_file_max_buffer_size = FLAGS_writable_file_max_buffer_size;
}

void SetStatistics(rocksdb::Options* options) {
  options->dump_malloc_stats = FLAGS_dump_malloc_stats;
  options->stats_dump_period_sec = static_cast<unsigned int>(FLAGS_stats_dump_period_sec);
  options->stats_persist_period_sec = static_cast<unsigned int>(FLAGS_stats_persist_period_sec);
  options->persist_stats_to_disk = FLAGS_persist_stats_to_disk;
  options->stats_history_buffer_size = FLAGS_stats_history_buffer_size;
  options->report_bg_io_stats = FLAGS_report_bg_io_stats;
  if (FLAGS_thread_status_per_interval > 0) options->enable_thread_tracking = true;
  if (FLAGS_use_stderr_info_logger) options->info_log = StderrLog();
}

}  // namespace

void SetDatabaseOptions(const Settings& settings, const Caches& caches, rocksdb::Options* options) {
  options->env = settings.env;
  SetFiles(settings, options);
  SetStatistics(options);
  options->max_background_jobs = FLAGS_max_background_jobs;
  options->max_background_compactions = FLAGS_max_background_compactions;
  options->max_background_flushes = FLAGS_max_background_flushes;
  options->max_subcompactions = static_cast<uint32_t>(FLAGS_subcompactions);
  options->use_adaptive_mutex = FLAGS_use_adaptive_mutex;
  options->paranoid_checks = FLAGS_paranoid_checks;
  options->force_consistency_checks = FLAGS_force_consistency_checks;
  options->check_flush_compaction_key_order = FLAGS_check_flush_compaction_key_order;
  options->allow_data_in_errors = FLAGS_allow_data_in_errors;
  if (FLAGS_cost_write_buffer_to_cache || FLAGS_db_write_buffer_size != 0) {
    options->write_buffer_manager =
        std::make_shared<rocksdb::WriteBufferManager>(FLAGS_db_write_buffer_size, caches.block);
  }
  if (FLAGS_use_uint64_comparator) options->comparator = MachineIntegerComparator();
}

}  // namespace bench
