#pragma once

#include <string>

#include "db_bench_port/stats/thread_stats.h"

namespace bench {

// Prints the line of one finished run, and its histograms:
//     fillseq      :       3.200 micros/op 312002 ops/sec 0.032 seconds 10000 operations;   34.5 MB/s
void PrintReport(const std::string& benchmark, const ThreadStats& stats);

}  // namespace bench
