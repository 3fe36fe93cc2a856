#pragma once

#include <cstdint>

namespace bench {

// What this process has used up to now, as the kernel counts it.
struct ProcessUsage {
  double cpu_seconds = 0;
  uint64_t peak_memory_bytes = 0;
  uint64_t read_call_bytes = 0;     // handed over by read calls
  uint64_t write_call_bytes = 0;    // handed over by write calls; memory-mapped writes are not in it
  uint64_t device_write_bytes = 0;  // pages of a device made dirty, mapped or not; 0 on a file system in memory
};

ProcessUsage UsageNow();

}  // namespace bench
