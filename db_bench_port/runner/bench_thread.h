#pragma once

#include <string>

#include "db_bench_port/data/key_format.h"
#include "db_bench_port/data/key_sequence.h"
#include "db_bench_port/data/random.h"
#include "db_bench_port/data/value_source.h"
#include "db_bench_port/database/callbacks.h"
#include "db_bench_port/database/databases.h"
#include "db_bench_port/flags/settings.h"
#include "db_bench_port/runner/duration.h"
#include "db_bench_port/runner/params.h"
#include "db_bench_port/runner/shared_run.h"
#include "db_bench_port/stats/thread_stats.h"

namespace bench {

// Everything that outlives a single benchmark.
struct World {
  const Settings& settings;
  Databases& databases;
  const KeyFormat& keys;  // of the running benchmark
  SeriesClock& series_clock;
};

// What a benchmark function gets: one thread of one run.
struct BenchThread {
  int id;  // 0 and up; benchmarks with a disturbing thread make it thread 0
  Random64 random;
  ThreadStats stats;
  const Params& params;
  const World& world;
  SharedRun& shared;

  rocksdb::SystemClock* clock() const { return world.settings.env->GetSystemClock().get(); }
  Database& PickDatabase() { return world.databases.Pick(&random); }
  ValueSource MakeValues() const { return ValueSource(world.settings, params.value_size); }
  KeyBuffer MakeKeyBuffer() const { return KeyBuffer(world.keys); }
  // As long as --duration says, or so many operations.
  Duration MakeDuration(int64_t operations) const { return Duration(clock(), FLAGS_duration, operations); }
};

using BenchmarkFunction = void (*)(BenchThread& thread);

// printf into a string, for the message at the end of a report line.
std::string Format(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace bench
