#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "db_bench_port/database/caches.h"
#include "db_bench_port/database/databases.h"
#include "db_bench_port/runner/run_benchmark.h"
#include "db_bench_port/runner/secondary.h"
#include "db_bench_port/runner/trace.h"

namespace bench {

// Opens the databases and runs what --benchmarks lists, one after the other.
class Runner {
 public:
  explicit Runner(const Settings& settings);
  ~Runner();

  void Run();

 private:
  void OpenDatabases();
  void ReopenFresh();
  void RunOne(const std::string& text);
  void RunMeasured(const Benchmark& benchmark, const BenchmarkCall& call);
  void PrintEnd();

  const Settings& settings_;
  Caches caches_;
  Databases databases_;
  SeriesClock series_clock_;
  std::unique_ptr<rocksdb::CompactionFilter> expiry_filter_;
  std::vector<std::string> existing_keys_;
  std::unique_ptr<SecondaryUpdater> secondary_;
  Trace trace_;
  JsonReport json_;
  uint64_t threads_so_far_ = 0;
};

}  // namespace bench
