#include "db_bench_port/runner/params.h"

#include <algorithm>

#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

int64_t OrNum(int64_t value) { return value < 0 ? FLAGS_num : value; }

rocksdb::ReadOptions ReadOptionsFromFlags() {
  rocksdb::ReadOptions options(FLAGS_verify_checksum, /*_fill_cache=*/true);
  options.total_order_seek = FLAGS_total_order_seek;
  options.prefix_same_as_start = FLAGS_prefix_same_as_start;
  options.rate_limiter_priority = FLAGS_rate_limit_user_ops ? rocksdb::Env::IO_USER : rocksdb::Env::IO_TOTAL;
  options.tailing = FLAGS_use_tailing_iterator;
  options.readahead_size = FLAGS_readahead_size;
  options.adaptive_readahead = FLAGS_adaptive_readahead;
  options.async_io = FLAGS_async_io;
  options.optimize_multiget_for_io = FLAGS_optimize_multiget_for_io;
  return options;
}

rocksdb::WriteOptions WriteOptionsFromFlags() {
  rocksdb::WriteOptions options;
  options.sync = FLAGS_sync;
  options.disableWAL = FLAGS_disable_wal;
  options.rate_limiter_priority = FLAGS_rate_limit_auto_wal_flush ? rocksdb::Env::IO_USER : rocksdb::Env::IO_TOTAL;
  return options;
}

}  // namespace

Params ParamsFromFlags() {
  Params params;
  params.num = FLAGS_num;
  params.reads = OrNum(FLAGS_reads);
  params.writes = OrNum(FLAGS_writes);
  params.deletes = OrNum(FLAGS_deletes);
  params.readwrites = FLAGS_writes < 0 && FLAGS_reads < 0 ? FLAGS_num : std::max(FLAGS_writes, FLAGS_reads);
  params.merge_keys = OrNum(FLAGS_merge_keys);
  params.key_size = FLAGS_key_size;
  params.value_size = FLAGS_value_size;
  params.entries_per_batch = FLAGS_batch_size;
  params.threads = FLAGS_threads;
  params.range_deletions = {FLAGS_writes_before_delete_range, FLAGS_writes_per_range_tombstone,
                            FLAGS_range_tombstone_width, FLAGS_max_num_range_tombstones};
  params.read_options = ReadOptionsFromFlags();
  params.write_options = WriteOptionsFromFlags();
  return params;
}

}  // namespace bench
