// Bloom filters of 10 bits per key: building one, and asking one that fits a cache (10 000 keys) and one that does not
// (10 million).
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/filter/filter.h"

namespace gneiss {
namespace {

constexpr FilterConfig kBloom = {.type = FilterConfig::Type::kBloom, .bits_per_key = 10};

std::string Key(uint64_t number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof(number)) + "00000000";
}

std::string Filter(int64_t keys) {
  const auto builder = NewFilterBuilder(kBloom);
  for (int64_t i = 0; i < keys; ++i) builder->AddKey(Key(i));
  return builder->Finish();
}

void Build(benchmark::State& state) {
  const auto builder = NewFilterBuilder(kBloom);
  for (auto _ : state) {
    for (int i = 0; i < 10000; ++i) builder->AddKey(Key(i));
    benchmark::DoNotOptimize(builder->Finish().data());
  }
  state.SetItemsProcessed(state.iterations() * 10000);
}
BENCHMARK(Build);

void MayMatch(benchmark::State& state, bool is_there) {
  const int64_t keys = state.range(0);
  const std::string contents = Filter(keys);
  const FilterReader reader(contents);
  Random random(1);
  int64_t maybes = 0;
  for (auto _ : state) {
    maybes += reader.MayMatch(Key(random.Uniform(keys) + (is_there ? 0 : keys))) ? 1 : 0;
  }
  state.counters["maybe"] = benchmark::Counter(static_cast<double>(maybes), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(MayMatch, present, true)->Arg(10000)->Arg(10000000);
BENCHMARK_CAPTURE(MayMatch, absent, false)->Arg(10000)->Arg(10000000);

}  // namespace
}  // namespace gneiss
