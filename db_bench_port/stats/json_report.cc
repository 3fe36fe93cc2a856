#include "db_bench_port/stats/json_report.h"

#include <rocksdb/version.h>

#include <cstdio>
#include <sstream>

#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

std::string LatenciesAsJson(const ThreadStats& stats) {
  std::ostringstream out;
  out.precision(10);
  const char* comma = "";
  for (int i = 0; i < kOperationCount; ++i) {
    const auto operation = static_cast<Operation>(i);
    const Histogram* latencies = stats.latencies(operation);
    if (latencies == nullptr) continue;
    out << comma << JsonString(OperationName(operation)) << ": {\"count\": " << latencies->count()
        << ", \"mean\": " << latencies->Average() << ", \"stddev\": " << latencies->StandardDeviation()
        << ", \"min\": " << latencies->min() << ", \"p50\": " << latencies->Percentile(50)
        << ", \"p75\": " << latencies->Percentile(75) << ", \"p99\": " << latencies->Percentile(99)
        << ", \"p99.9\": " << latencies->Percentile(99.9) << ", \"p99.99\": " << latencies->Percentile(99.99)
        << ", \"max\": " << latencies->max() << "}";
    comma = ", ";
  }
  return out.str();
}

}  // namespace

std::string JsonString(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

void JsonReport::Add(const std::string& benchmark, int threads, const ThreadStats& stats, const ProcessUsage& before,
                     const ProcessUsage& after) {
  if (FLAGS_json_file.empty()) return;
  const double operations = static_cast<double>(stats.operations());
  std::ostringstream out;
  out.precision(10);
  out << "{\"benchmark\": " << JsonString(benchmark) << ", \"threads\": " << threads
      << ", \"operations\": " << stats.operations() << ", \"seconds\": " << stats.elapsed_seconds()
      << ", \"micros_per_op\": " << stats.thread_seconds() * 1e6 / operations
      << ", \"ops_per_second\": " << operations / stats.elapsed_seconds() << ", \"bytes\": " << stats.bytes()
      << ", \"cpu_seconds\": " << after.cpu_seconds - before.cpu_seconds
      << ", \"peak_memory_bytes\": " << after.peak_memory_bytes
      << ", \"read_call_bytes\": " << after.read_call_bytes - before.read_call_bytes
      << ", \"write_call_bytes\": " << after.write_call_bytes - before.write_call_bytes
      << ", \"device_write_bytes\": " << after.device_write_bytes - before.device_write_bytes
      << ", \"message\": " << JsonString(stats.message()) << ", \"latency_micros\": {" << LatenciesAsJson(stats)
      << "}}";
  results_.push_back(out.str());
}

void JsonReport::Write() const {
  if (FLAGS_json_file.empty()) return;
  std::FILE* file = std::fopen(FLAGS_json_file.c_str(), "w");
  if (file == nullptr) Fail("Can't open %s", FLAGS_json_file.c_str());
  std::fprintf(file, "{\"program\": \"db_bench_port\", \"library\": %s, \"results\": [",
               JsonString(rocksdb::GetRocksVersionAsString(true)).c_str());
  const char* separator = "\n";
  for (const auto& result : results_) {
    std::fprintf(file, "%s%s", separator, result.c_str());
    separator = ",\n";
  }
  std::fprintf(file, "\n]}\n");
  std::fclose(file);
}

}  // namespace bench
