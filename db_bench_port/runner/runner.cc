#include "db_bench_port/runner/runner.h"

#include <cstdio>
#include <sstream>

#include "db_bench_port/database/options.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"
#include "db_bench_port/runner/header.h"

namespace bench {
namespace {

// All keys, for --use_existing_keys.
std::vector<std::string> ReadKeys(rocksdb::DB* db) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options));
  std::vector<std::string> keys;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) keys.push_back(iterator->key().ToString());
  CheckOk("iterator", iterator->status());
  return keys;
}

}  // namespace

Runner::Runner(const Settings& settings)
    : settings_(settings),
      caches_(MakeCaches(settings)),
      databases_(settings, MakeOptions(settings, caches_)),
      trace_(settings.env) {}

Runner::~Runner() {
  secondary_.reset();
  databases_.Close();
}

void Runner::Run() {
  if (!FLAGS_use_existing_db) databases_.Destroy();
  OpenDatabases();
  PrintHeader(databases_.options());
  std::stringstream names(FLAGS_benchmarks);
  for (std::string text; std::getline(names, text, ',');) {
    if (!text.empty()) RunOne(text);
  }
  trace_.End(&databases_);
  PrintEnd();
  json_.Write();
}

void Runner::OpenDatabases() {
  databases_.Open();
  if (FLAGS_use_secondary_db) secondary_ = std::make_unique<SecondaryUpdater>(databases_.first().db());
  if (!FLAGS_use_existing_keys) return;
  existing_keys_ = ReadKeys(databases_.first().db());
  FLAGS_num = static_cast<int64_t>(existing_keys_.size());
}

void Runner::ReopenFresh() {
  databases_.Destroy();
  OpenDatabases();
}

void Runner::RunOne(const std::string& text) {
  const BenchmarkCall call = ParseCall(text);
  const Benchmark* benchmark = FindBenchmark(call.name);
  if (benchmark == nullptr) Fail("unknown benchmark '%s'", call.name.c_str());
  if (benchmark->cannot != nullptr) {
    std::printf("%-12s : skipped (%s)\n", call.name.c_str(), benchmark->cannot);
    return;
  }
  if (benchmark->check_flags != nullptr) benchmark->check_flags();
  if (benchmark->needs_fresh_database && FLAGS_use_existing_db) {
    std::printf("%-12s : skipped (--use_existing_db is true)\n", call.name.c_str());
    return;
  }
  if (call.name == "timeseries" && FLAGS_expire_style == "compaction_filter") {
    expiry_filter_ = MakeExpiryFilter(&series_clock_);
    databases_.options().compaction_filter = expiry_filter_.get();
  }
  if (benchmark->needs_fresh_database) ReopenFresh();
  RunMeasured(*benchmark, call);
}

void Runner::RunMeasured(const Benchmark& benchmark, const BenchmarkCall& call) {
  Params params = ParamsFromFlags();
  if (benchmark.adjust != nullptr) benchmark.adjust(&params);
  KeyFormat keys(params.key_size, FLAGS_prefix_size, FLAGS_keys_per_prefix);
  if (FLAGS_use_existing_keys) keys.UseExisting(&existing_keys_);
  const World world = {settings_, databases_, keys, series_clock_};
  if (benchmark.command != nullptr) {
    benchmark.command(world);
    std::fflush(stdout);
    return;
  }
  std::printf("DB path: [%s]\n", FLAGS_db.c_str());
  if (call.name != "replay") trace_.Start(&databases_);
  RunBenchmark(benchmark, call, params, world, &threads_so_far_, &json_);
  if (benchmark.after != nullptr) benchmark.after(world);
}

void Runner::PrintEnd() {
  if (settings_.statistics != nullptr && FLAGS_statistics) {
    std::printf("STATISTICS:\n%s\n", settings_.statistics->ToString().c_str());
  }
  const std::string simulated = SimulatedCacheReport(caches_);
  if (!simulated.empty()) std::printf("SIMULATOR CACHE STATISTICS:\n%s\n", simulated.c_str());
  if (secondary_ != nullptr) std::printf("Secondary instance updated  %lu times.\n", secondary_->updates());
}

}  // namespace bench
