#include "db_bench_port/stats/process_usage.h"

#include <sys/resource.h>

#include <fstream>
#include <string>

namespace bench {

ProcessUsage UsageNow() {
  ProcessUsage usage;
  struct rusage counted = {};
  getrusage(RUSAGE_SELF, &counted);
  for (const auto& time : {counted.ru_utime, counted.ru_stime}) {
    usage.cpu_seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  }
  usage.peak_memory_bytes = static_cast<uint64_t>(counted.ru_maxrss) * 1024;
  std::ifstream io("/proc/self/io");
  uint64_t value = 0;
  for (std::string name; io >> name >> value;) {
    if (name == "rchar:") usage.read_call_bytes = value;
    if (name == "wchar:") usage.write_call_bytes = value;
    if (name == "write_bytes:") usage.device_write_bytes = value;
  }
  return usage;
}

}  // namespace bench
