#include "db_bench_port/stats/report.h"

#include <cinttypes>
#include <cstdio>

namespace bench {

void PrintReport(const std::string& benchmark, const ThreadStats& stats) {
  const double operations = static_cast<double>(stats.operations());
  const double elapsed = stats.elapsed_seconds();
  std::string extra;
  if (stats.bytes() > 0) {
    char rate[64];
    std::snprintf(rate, sizeof(rate), " %6.1f MB/s", static_cast<double>(stats.bytes()) / 1048576.0 / elapsed);
    extra = rate;
  }
  if (!stats.message().empty()) extra += " " + stats.message();
  std::printf("%-12s : %11.3f micros/op %ld ops/sec %.3f seconds %" PRIu64 " operations;%s\n", benchmark.c_str(),
              stats.thread_seconds() * 1e6 / operations, static_cast<long>(operations / elapsed), elapsed,
              stats.operations(), extra.c_str());
  for (int i = 0; i < kOperationCount; ++i) {
    const auto operation = static_cast<Operation>(i);
    const Histogram* latencies = stats.latencies(operation);
    if (latencies == nullptr) continue;
    std::printf("Microseconds per %s:\n%s\n", OperationName(operation), latencies->ToString().c_str());
  }
  std::fflush(stdout);
}

}  // namespace bench
