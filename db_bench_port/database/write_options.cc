// Options of the log and the write path.
#include <rocksdb/convenience.h>
#include <rocksdb/merge_operator.h>

#include "db_bench_port/database/options.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {

void SetWriteOptions(const Settings& settings, rocksdb::Options* options) {
  options->wal_dir = FLAGS_wal_dir;
  options->manual_wal_flush = FLAGS_manual_wal_flush;
  options->wal_compression = settings.wal_compression;
  options->WAL_ttl_seconds = FLAGS_wal_ttl_seconds;
  options->WAL_size_limit_MB = FLAGS_wal_size_limit_MB;
  options->max_total_wal_size = FLAGS_max_total_wal_size;
  options->wal_bytes_per_sync = FLAGS_wal_bytes_per_sync;
  options->track_and_verify_wals_in_manifest = FLAGS_track_and_verify_wals_in_manifest;
  options->avoid_flush_during_recovery = FLAGS_avoid_flush_during_recovery;
  options->allow_concurrent_memtable_write = FLAGS_allow_concurrent_memtable_write;
  options->enable_pipelined_write = FLAGS_enable_pipelined_write;
  options->unordered_write = FLAGS_unordered_write;
  options->enable_write_thread_adaptive_yield = FLAGS_enable_write_thread_adaptive_yield;
  options->write_thread_max_yield_usec = FLAGS_write_thread_max_yield_usec;
  options->write_thread_slow_yield_usec = FLAGS_write_thread_slow_yield_usec;
  options->delayed_write_rate = FLAGS_delayed_write_rate;
  options->max_successive_merges = FLAGS_max_successive_merges;
  if (!FLAGS_merge_operator.empty()) {
    rocksdb::ConfigOptions config;
    config.ignore_unsupported_options = false;
    CheckOk("merge_operator",
            rocksdb::MergeOperator::CreateFromString(config, FLAGS_merge_operator, &options->merge_operator));
  }
}

}  // namespace bench
