// db_bench over RocksDB's public headers: the benchmarks, flags and report lines of RocksDB 7.8.3's db_bench, for any
// librocksdb.
#include <rocksdb/env.h>
#include <rocksdb/version.h>

#include <cstdio>
#include <string>

#include "db_bench_port/flags/flags.h"
#include "db_bench_port/flags/settings.h"
#include "db_bench_port/runner/registry.h"
#include "db_bench_port/runner/runner.h"

// The library looks for this symbol in the program before it uses io_uring.
extern "C" bool RocksDbIOUringEnable() { return FLAGS_io_uring_enabled; }

namespace {

void PrintNames() {
  for (const auto& benchmark : bench::AllBenchmarks()) {
    if (benchmark.cannot != nullptr) {
      std::printf("%s (skipped: %s)\n", benchmark.name, benchmark.cannot);
    } else {
      std::printf("%s\n", benchmark.name);
    }
  }
}

void SetBackgroundThreads(rocksdb::Env* env) {
  env->SetBackgroundThreads(FLAGS_num_high_pri_threads, rocksdb::Env::HIGH);
  env->SetBackgroundThreads(FLAGS_num_bottom_pri_threads, rocksdb::Env::BOTTOM);
  env->SetBackgroundThreads(FLAGS_num_low_pri_threads, rocksdb::Env::LOW);
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("\nUSAGE:\n" + std::string(argv[0]) + " [OPTIONS]...");
  gflags::SetVersionString(rocksdb::GetRocksVersionAsString(true));
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (FLAGS_list_benchmarks) {
    PrintNames();
    return 0;
  }
  if (FLAGS_build_info) {
    std::printf("%s\n", rocksdb::GetRocksBuildInfoAsString("db_bench_port", true).c_str());
    return 0;
  }
  const bench::Settings settings = bench::ReadSettings();
  SetBackgroundThreads(settings.env);
  bench::Runner(settings).Run();
  return 0;
}
