#include "db_bench_port/flags/settings.h"

#include <rocksdb/convenience.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/version.h>
#include <strings.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"
#include "db_bench_port/flags/refused.h"

namespace bench {
namespace {

template <typename Value>
struct Word {
  const char* word;
  Value value;
};

template <typename Value, size_t N>
Value FindWord(const char* what, const std::string& given, const Word<Value> (&words)[N]) {
  for (const auto& each : words) {
    if (strcasecmp(given.c_str(), each.word) == 0) return each.value;
  }
  Fail("Cannot parse %s '%s'", what, given.c_str());
}

rocksdb::CompressionType Compression(const std::string& given) {
  static const Word<rocksdb::CompressionType> kWords[] = {
      {"none", rocksdb::kNoCompression},       {"snappy", rocksdb::kSnappyCompression},
      {"zlib", rocksdb::kZlibCompression},     {"bzip2", rocksdb::kBZip2Compression},
      {"lz4", rocksdb::kLZ4Compression},       {"lz4hc", rocksdb::kLZ4HCCompression},
      {"xpress", rocksdb::kXpressCompression}, {"zstd", rocksdb::kZSTD},
  };
  return FindWord("compression type", given, kWords);
}

ValueSizes Sizes(const std::string& given) {
  static const Word<ValueSizes> kWords[] = {
      {"fixed", ValueSizes::kFixed}, {"uniform", ValueSizes::kUniform}, {"normal", ValueSizes::kNormal}};
  return FindWord("distribution type", given, kWords);
}

rocksdb::DBOptions::AccessHint Fadvice(const std::string& given) {
  static const Word<rocksdb::DBOptions::AccessHint> kWords[] = {{"NONE", rocksdb::DBOptions::NONE},
                                                                {"NORMAL", rocksdb::DBOptions::NORMAL},
                                                                {"SEQUENTIAL", rocksdb::DBOptions::SEQUENTIAL},
                                                                {"WILLNEED", rocksdb::DBOptions::WILLNEED}};
  return FindWord("compaction fadvice", given, kWords);
}

std::vector<int> Fanout(const std::string& given) {
  std::vector<int> fanout;
  std::stringstream stream(given);
  for (std::string item; std::getline(stream, item, ',');) fanout.push_back(std::atoi(item.c_str()));
  if (!fanout.empty() && fanout.size() != static_cast<size_t>(FLAGS_num_levels)) {
    Fail("--max_bytes_for_level_multiplier_additional has %zu items, --num_levels is %d", fanout.size(),
         FLAGS_num_levels);
  }
  return fanout;
}

std::shared_ptr<rocksdb::Statistics> MakeStatistics() {
  if (FLAGS_statistics && !FLAGS_statistics_string.empty()) {
    Fail("Cannot provide both --statistics and --statistics_string.");
  }
  std::shared_ptr<rocksdb::Statistics> statistics;
  if (!FLAGS_statistics_string.empty()) {
    CheckOk("statistics_string",
            rocksdb::Statistics::CreateFromString(rocksdb::ConfigOptions(), FLAGS_statistics_string, &statistics));
  } else if (FLAGS_statistics) {
    statistics = rocksdb::CreateDBStatistics();
  }
  if (statistics != nullptr) statistics->set_stats_level(static_cast<rocksdb::StatsLevel>(FLAGS_stats_level));
  return statistics;
}

void ChooseEnv(Settings* settings) {
  settings->env = rocksdb::Env::Default();
  if (FLAGS_env_uri.empty() && FLAGS_fs_uri.empty()) return;
  if (!FLAGS_env_uri.empty() && !FLAGS_fs_uri.empty()) Fail("--env_uri and --fs_uri exclude each other");
  CheckOk("env", rocksdb::Env::CreateFromUri(rocksdb::ConfigOptions(), FLAGS_env_uri, FLAGS_fs_uri, &settings->env,
                                             &settings->env_guard));
}

// Counts what goes to the file system of the chosen Env.
void CountFileOperations(Settings* settings) {
  if (!FLAGS_report_file_operations) return;
  settings->file_counts = std::make_shared<CountingFileSystem>(settings->env->GetFileSystem());
  settings->env_guard = rocksdb::NewCompositeEnv(settings->file_counts);
  settings->env = settings->env_guard.get();
}

void CheckTogether() {
  RefuseWhatThePublicHeadersLack();
  if (FLAGS_compression_ratio > 1) Fail("compression_ratio should be between 0 and 1");
  if (FLAGS_prefix_size > FLAGS_key_size) Fail("prefix size is larger than key size");
  if (FLAGS_seek_missing_prefix && FLAGS_prefix_size <= 8) Fail("prefix_size > 8 required by --seek_missing_prefix");
  if (FLAGS_use_existing_keys && !FLAGS_use_existing_db) Fail("--use_existing_keys needs --use_existing_db");
  if (FLAGS_use_uint64_comparator && FLAGS_key_size != 8) Fail("Using Uint64 comparator but key size is not 8.");
  if (FLAGS_readonly && FLAGS_transaction_db) Fail("Cannot use readonly flag with transaction_db");
  if (FLAGS_use_secondary_db && (FLAGS_transaction_db || FLAGS_optimistic_transaction_db)) {
    Fail("Cannot use use_secondary_db flag with transaction_db");
  }
}

void FillRunTimeDefaults(rocksdb::Env* env) {
  FLAGS_use_existing_db = FLAGS_use_existing_db || FLAGS_readonly;
  if (FLAGS_db.empty()) {
    CheckOk("test directory", env->GetTestDirectory(&FLAGS_db));
    FLAGS_db += "/dbbench";
  }
  if (FLAGS_backup_dir.empty()) FLAGS_backup_dir = FLAGS_db + "/backup";
  if (FLAGS_restore_dir.empty()) FLAGS_restore_dir = FLAGS_db + "/restore";
  // With an interval in seconds, the one in operations says how often the clock is looked at.
  if (FLAGS_stats_interval_seconds > 0) FLAGS_stats_interval = 1000;
}

}  // namespace

Settings ReadSettings() {
  Settings settings;
  settings.statistics = MakeStatistics();
  settings.level_fanout = Fanout(FLAGS_max_bytes_for_level_multiplier_additional);
  settings.compression = Compression(FLAGS_compression_type);
  settings.wal_compression = Compression(FLAGS_wal_compression);
  settings.blob_compression = Compression(FLAGS_blob_compression_type);
  settings.secondary_cache_compression = Compression(FLAGS_compressed_secondary_cache_compression_type);
  settings.value_sizes = Sizes(FLAGS_value_size_distribution_type);
  settings.compaction_fadvice = Fadvice(FLAGS_compaction_fadvice);
  ChooseEnv(&settings);
  CountFileOperations(&settings);
  settings.seed = static_cast<uint64_t>(FLAGS_seed);
  if (FLAGS_seed == 0) {
    settings.seed = settings.env->NowMicros();
    std::printf("Set seed to %" PRIu64 " because --seed was 0\n", settings.seed);
  }
  FillRunTimeDefaults(settings.env);
  CheckTogether();
  return settings;
}

}  // namespace bench
