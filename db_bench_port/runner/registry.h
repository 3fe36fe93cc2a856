#pragma once

#include <string>
#include <vector>

#include "db_bench_port/runner/bench_thread.h"

namespace bench {

// One name that --benchmarks may hold: a benchmark with a function that each thread runs, a command that only does
// something, or a name of db_bench that the public headers cannot express.
struct Benchmark {
  const char* name;
  BenchmarkFunction run = nullptr;
  void (*command)(const World&) = nullptr;
  const char* cannot = nullptr;  // why not
  bool needs_fresh_database = false;
  bool is_single_threaded = false;
  bool has_disturbing_thread = false;
  void (*adjust)(Params*) = nullptr;
  // Ends the program when flags do not fit.
  void (*check_flags)() = nullptr;
  void (*after)(const World&) = nullptr;
};

// Null for an unknown name.
const Benchmark* FindBenchmark(const std::string& name);

const std::vector<Benchmark>& AllBenchmarks();

}  // namespace bench
