#pragma once

#include <string>
#include <vector>

#include "db_bench_port/stats/process_usage.h"
#include "db_bench_port/stats/thread_stats.h"

namespace bench {

// Collects the results of all runs and writes them to --json_file. Without that flag it does nothing.
//     {"program": "db_bench_port", "library": "7.8.3", "results": [{"benchmark": "fillseq", "ops_per_second": ...,
//     ...}, ...]}
class JsonReport {
 public:
  void Add(const std::string& benchmark, int threads, const ThreadStats& stats, const ProcessUsage& before,
           const ProcessUsage& after);
  void Write() const;

 private:
  std::vector<std::string> results_;
};

// The text as a JSON string, quotes included.
std::string JsonString(const std::string& text);

}  // namespace bench
