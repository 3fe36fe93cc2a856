#include "db_bench_port/runner/run_benchmark.h"

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "db_bench_port/benchmarks/sine.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"
#include "db_bench_port/stats/interval_reporter.h"
#include "db_bench_port/stats/repeats.h"
#include "db_bench_port/stats/report.h"

namespace bench {
namespace {

int ThreadCount(const Benchmark& benchmark) {
  const int threads = benchmark.is_single_threaded ? 1 : FLAGS_threads;
  return threads + (benchmark.has_disturbing_thread ? 1 : 0);
}

void ThreadMain(const Benchmark& benchmark, BenchThread* thread) {
  thread->shared.WaitForStart();
  rocksdb::SetPerfLevel(static_cast<rocksdb::PerfLevel>(FLAGS_perf_level));
  rocksdb::get_perf_context()->EnablePerLevelPerfContext();
  thread->stats.Start(thread->id);
  benchmark.run(*thread);
  if (FLAGS_perf_level > rocksdb::PerfLevel::kDisable) {
    thread->stats.AddMessage("PERF_CONTEXT:\n" + rocksdb::get_perf_context()->ToString());
  }
  thread->stats.Stop();
  thread->shared.ThreadIsDone();
}

ThreadStats RunOnce(const Benchmark& benchmark, const Params& params, const World& world, uint64_t* seed_offset) {
  const int count = ThreadCount(benchmark);
  rocksdb::SystemClock* clock = world.settings.env->GetSystemClock().get();
  const uint64_t write_rate =
      FLAGS_sine_write_rate ? static_cast<uint64_t>(SineRate::At(0)) : FLAGS_benchmark_write_rate_limit;
  SharedRun shared(count, write_rate, FLAGS_benchmark_read_rate_limit);
  std::unique_ptr<IntervalReporter> reporter;
  if (FLAGS_report_interval_seconds > 0) {
    reporter = std::make_unique<IntervalReporter>(FLAGS_report_file, FLAGS_report_interval_seconds);
  }
  std::vector<std::unique_ptr<BenchThread>> states;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    states.push_back(std::unique_ptr<BenchThread>(new BenchThread{
        i, Random64(world.settings.seed + ++*seed_offset), ThreadStats(clock, reporter.get()), params, world, shared}));
    threads.emplace_back(ThreadMain, std::cref(benchmark), states.back().get());
  }
  for (auto& thread : threads) thread.join();
  ThreadStats merged(clock, nullptr);
  for (const auto& state : states) merged.Merge(state->stats);
  return merged;
}

}  // namespace

BenchmarkCall ParseCall(const std::string& text) {
  BenchmarkCall call;
  const size_t bracket = text.find('[');
  call.name = text.substr(0, bracket);
  if (bracket == std::string::npos) {
    if (!text.empty() && text.back() == ']') Fail("unknown benchmark arguments '%s'", text.c_str());
    return call;
  }
  if (text.back() != ']') Fail("unknown benchmark arguments '%s'", text.c_str());
  std::string arguments = text.substr(bracket + 1, text.size() - bracket - 2);
  for (size_t start = 0; start < arguments.size();) {
    size_t end = arguments.find('-', start);
    if (end == std::string::npos) end = arguments.size();
    const int number = std::atoi(arguments.substr(start + 1, end - start - 1).c_str());
    if (arguments[start] == 'X') call.repeats = number;
    if (arguments[start] == 'W') call.warm_ups = number;
    start = end + 1;
  }
  return call;
}

void RunBenchmark(const Benchmark& benchmark, const BenchmarkCall& call, const Params& params, const World& world,
                  uint64_t* seed_offset, JsonReport* json) {
  const auto run = [&] {
    const ProcessUsage before = UsageNow();
    ThreadStats stats = RunOnce(benchmark, params, world, seed_offset);
    PrintReport(call.name, stats);
    if (world.settings.file_counts != nullptr) std::printf("%s", world.settings.file_counts->TakeReport().c_str());
    json->Add(call.name, ThreadCount(benchmark), stats, before, UsageNow());
    return stats;
  };
  if (call.warm_ups > 0) std::printf("Warming up benchmark by running %d times\n", call.warm_ups);
  for (int i = 0; i < call.warm_ups; ++i) PrintReport(call.name, RunOnce(benchmark, params, world, seed_offset));
  if (call.repeats > 1) std::printf("Running benchmark for %d times\n", call.repeats);
  Repeats repeats;
  for (int i = 0; i < call.repeats; ++i) {
    repeats.Add(run());
    FLAGS_confidence_interval_only ? repeats.PrintConfidence(call.name) : repeats.PrintSoFar(call.name);
  }
  repeats.PrintFinal(call.name);
}

}  // namespace bench
