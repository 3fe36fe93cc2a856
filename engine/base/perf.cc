#include "engine/base/perf.h"

namespace gneiss {

// Weak: whoever shows the counters to others defines them where those look (compat/adapters/perf_context.cc).
__attribute__((weak)) constinit thread_local PerfCounters perf_counters{};
__attribute__((weak)) constinit thread_local IoCounters io_counters{};
__attribute__((weak)) constinit thread_local PerfLevel perf_level = PerfLevel::kCounts;
void (*add_per_level)(int level, LevelPerf counter, uint64_t by) = nullptr;

void PerfAddAt(int level, LevelPerf counter, uint64_t by) {
  if (perf_counters.counts_per_level && PerfCounts() && level >= 0 && add_per_level != nullptr) {
    add_per_level(level, counter, by);
  }
}

}  // namespace gneiss
