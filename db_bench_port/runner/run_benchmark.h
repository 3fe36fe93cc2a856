#pragma once

#include <string>

#include "db_bench_port/runner/registry.h"
#include "db_bench_port/stats/json_report.h"

namespace bench {

// NAME or NAME[W2-X5]: a benchmark with the runs that warm up and those that count.
struct BenchmarkCall {
  std::string name;
  int warm_ups = 0;
  int repeats = 1;
};

// Ends the program when the brackets make no sense.
BenchmarkCall ParseCall(const std::string& text);

// Runs a benchmark as often as the call says and prints its lines. `seed_offset` counts the threads of the whole
// program, so that no two threads ever get the same numbers.
void RunBenchmark(const Benchmark& benchmark, const BenchmarkCall& call, const Params& params, const World& world,
                  uint64_t* seed_offset, JsonReport* json);

}  // namespace bench
