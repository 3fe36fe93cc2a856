#include "db_bench_port/database/options.h"

#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_util.h>

#include <cstdio>
#include <vector>

#include "db_bench_port/database/callbacks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

rocksdb::Options FromFile(const Settings& settings) {
  std::printf("Initializing RocksDB Options from the specified file\n");
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const auto status = rocksdb::LoadOptionsFromFile(FLAGS_options_file, settings.env, &db_options, &families);
  if (!status.ok()) {
    Fail("Unable to load options file %s --- %s", FLAGS_options_file.c_str(), status.ToString().c_str());
  }
  db_options.env = settings.env;
  return rocksdb::Options(db_options, families[0].options);
}

rocksdb::Options FromFlags(const Settings& settings, const Caches& caches) {
  std::printf("Initializing RocksDB Options from command-line flags\n");
  rocksdb::Options options;
  SetDatabaseOptions(settings, caches, &options);
  SetWriteOptions(settings, &options);
  SetMemtableOptions(&options);
  SetCompactionOptions(settings, &options);
  SetBlobOptions(settings, caches, &options);
  SetTableFactory(caches, &options);
  return options;
}

// An OPTIONS file names no cache and no filter object; they come from the flags in either case.
void ShareTableObjects(const Caches& caches, rocksdb::Options* options) {
  auto* table = options->table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table == nullptr) return;
  if (FLAGS_cache_size > 0) table->block_cache = caches.block;
  if (table->filter_policy != nullptr || FLAGS_bloom_bits <= 0) return;
  table->filter_policy.reset(FLAGS_use_ribbon_filter ? rocksdb::NewRibbonFilterPolicy(FLAGS_bloom_bits)
                                                     : rocksdb::NewBloomFilterPolicy(FLAGS_bloom_bits));
}

void LowerBackgroundPriorities(rocksdb::Env* env) {
  for (const auto pool : {rocksdb::Env::LOW, rocksdb::Env::HIGH}) {
    if (FLAGS_enable_io_prio) env->LowerThreadPoolIOPriority(pool);
    if (FLAGS_enable_cpu_prio) env->LowerThreadPoolCPUPriority(pool);
  }
}

void SetRateLimiter(rocksdb::Options* options) {
  if (options->rate_limiter != nullptr || FLAGS_rate_limiter_bytes_per_sec == 0) return;
  constexpr int kFairness = 10;
  options->rate_limiter.reset(rocksdb::NewGenericRateLimiter(
      FLAGS_rate_limiter_bytes_per_sec, FLAGS_rate_limiter_refill_period_us, kFairness,
      FLAGS_rate_limit_bg_reads ? rocksdb::RateLimiter::Mode::kReadsOnly : rocksdb::RateLimiter::Mode::kWritesOnly,
      FLAGS_rate_limiter_auto_tuned));
}

}  // namespace

rocksdb::Options MakeOptions(const Settings& settings, const Caches& caches) {
  rocksdb::Options options = FLAGS_options_file.empty() ? FromFlags(settings, caches) : FromFile(settings);
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  if (options.statistics == nullptr) options.statistics = settings.statistics;
  ShareTableObjects(caches, &options);
  if (options.row_cache == nullptr) options.row_cache = caches.rows;
  LowerBackgroundPriorities(options.env);
  SetRateLimiter(&options);
  if (FLAGS_file_checksum && options.file_checksum_gen_factory == nullptr) {
    options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  }
  if (FLAGS_use_keep_filter && options.compaction_filter == nullptr) {
    options.compaction_filter = KeepEverythingFilter();
    std::printf("A noop compaction filter is used\n");
  }
  return options;
}

}  // namespace bench
