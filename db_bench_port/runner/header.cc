#include "db_bench_port/runner/header.h"

#include <rocksdb/convenience.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/version.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

// What follows the colon of a line of /proc/cpuinfo.
std::string ValueOf(const std::string& line) {
  const size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
  return start == std::string::npos ? "" : line.substr(start);
}

void PrintEnvironment() {
  std::fprintf(stderr, "RocksDB:    version %s\n", rocksdb::GetRocksVersionAsString(true).c_str());
  const std::time_t now = std::time(nullptr);
  char date[64];
  std::fprintf(stderr, "Date:       %s", ctime_r(&now, date));
  std::ifstream cpuinfo("/proc/cpuinfo");
  int cpus = 0;
  std::string model, cache;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.rfind("model name", 0) == 0) {
      ++cpus;
      model = ValueOf(line);
    } else if (line.rfind("cache size", 0) == 0) {
      cache = ValueOf(line);
    }
  }
  std::fprintf(stderr, "CPU:        %d * %s\nCPUCache:   %s\n", cpus, model.c_str(), cache.c_str());
}

void PrintSizes() {
  const bool is_fixed = FLAGS_value_size_distribution_type == "fixed";
  const int value_size = is_fixed ? FLAGS_value_size : (FLAGS_value_size_min + FLAGS_value_size_max) / 2;
  const int compressed = static_cast<int>(value_size * FLAGS_compression_ratio + 0.5);
  std::printf("Keys:       %d bytes each (+ %d bytes user-defined timestamp)\n", FLAGS_key_size,
              FLAGS_user_timestamp_size);
  if (is_fixed) {
    std::printf("Values:     %d bytes each (%d bytes after compression)\n", value_size, compressed);
  } else {
    std::printf("Values:     %d avg bytes each (%d bytes after compression)\n", value_size, compressed);
    std::printf("Values Distribution: %s (min: %d, max: %d)\n", FLAGS_value_size_distribution_type.c_str(),
                FLAGS_value_size_min, FLAGS_value_size_max);
  }
  const double entries = static_cast<double>(FLAGS_num);
  std::printf("Entries:    %" PRId64 "\n", FLAGS_num);
  std::printf("Prefix:    %d bytes\n", FLAGS_prefix_size);
  std::printf("Keys per prefix:    %" PRId64 "\n", FLAGS_keys_per_prefix);
  std::printf("RawSize:    %.1f MB (estimated)\n", (FLAGS_key_size + value_size) * entries / 1048576.0);
  std::printf("FileSize:   %.1f MB (estimated)\n",
              (FLAGS_key_size + value_size * FLAGS_compression_ratio) * entries / 1048576.0);
}

std::string CompressionName(rocksdb::CompressionType compression) {
  std::string name;
  // The option string's form, without the k and the rest: kSnappyCompression is Snappy.
  if (!rocksdb::GetStringFromCompressionType(&name, compression).ok()) return "unknown";
  if (compression == rocksdb::kZSTD) return "ZSTD";
  const size_t end = name.rfind("Compression");
  return name.substr(1, end == std::string::npos ? end : end - 1);
}

void PrintWarnings(const rocksdb::Options& options) {
#if !defined(__OPTIMIZE__)
  std::printf("WARNING: Optimization is disabled: benchmarks unnecessarily slow\n");
#endif
#ifndef NDEBUG
  std::printf("WARNING: Assertions are enabled; benchmarks unnecessarily slow\n");
#endif
  const auto supported = rocksdb::GetSupportedCompressions();
  if (options.compression != rocksdb::kNoCompression &&
      std::find(supported.begin(), supported.end(), options.compression) == supported.end()) {
    std::printf("WARNING: %s compression is not enabled\n", CompressionName(options.compression).c_str());
  }
}

}  // namespace

void PrintHeader(const rocksdb::Options& options) {
  PrintEnvironment();
  PrintSizes();
  std::printf("Write rate: %" PRIu64 " bytes/second\n", FLAGS_benchmark_write_rate_limit);
  std::printf("Read rate: %" PRIu64 " ops/second\n", FLAGS_benchmark_read_rate_limit);
  std::printf("Compression: %s\n", CompressionName(options.compression).c_str());
  std::printf("Compression sampling rate: %" PRId64 "\n", FLAGS_sample_for_compression);
  if (options.memtable_factory != nullptr) std::printf("Memtablerep: %s\n", options.memtable_factory->GetId().c_str());
  std::printf("Perf Level: %d\n", FLAGS_perf_level);
  PrintWarnings(options);
  std::printf("------------------------------------------------\n");
}

}  // namespace bench
