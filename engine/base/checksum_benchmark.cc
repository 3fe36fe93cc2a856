// Checksums and hashes over a log record, a block and a large piece.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/crc32c.h"
#include "engine/base/hash.h"

namespace gneiss {
namespace {

template <typename Function>
void Over(benchmark::State& state, Function function) {
  const std::string data(state.range(0), 'd');
  for (auto _ : state) benchmark::DoNotOptimize(function(Slice(data)));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}

void Crc32cOver(benchmark::State& state) {
  Over(state, [](Slice data) { return Crc32c(data); });
}
BENCHMARK(Crc32cOver)->Arg(16)->Arg(140)->Arg(4096)->Arg(1 << 20);

void FilterHashOver(benchmark::State& state) {
  Over(state, [](Slice data) { return Xxph3(data); });
}
BENCHMARK(FilterHashOver)->Arg(16)->Arg(64)->Arg(300);

}  // namespace
}  // namespace gneiss
