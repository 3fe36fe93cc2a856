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

// Argument 1: which of Crc32cWays.
void Crc32cWayOver(benchmark::State& state) {
  const std::vector<Crc32cWay> ways = Crc32cWays();
  const auto at = static_cast<size_t>(state.range(1));
  if (at >= ways.size()) {
    state.SkipWithError("not on this processor");
    return;
  }
  state.SetLabel(ways[at].name);
  Over(state, [extend = ways[at].extend](Slice data) { return extend(0, data.data(), data.size()); });
}
BENCHMARK(Crc32cWayOver)->ArgsProduct({{512, 1024, 2048, 4096, 100000}, {0, 1, 2}});

void FilterHashOver(benchmark::State& state) {
  Over(state, [](Slice data) { return Xxph3(data); });
}
BENCHMARK(FilterHashOver)->Arg(16)->Arg(64)->Arg(300);

}  // namespace
}  // namespace gneiss
