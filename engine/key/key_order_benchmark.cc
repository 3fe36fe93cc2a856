// Comparing keys, and the heads that stand for them.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/base/random.h"
#include "engine/key/key_order.h"

namespace gneiss {
namespace {

// Internal keys of 16-byte user keys as db_bench makes them: a big-endian number, filled up with '0'. `shared` bytes in
// front are the same in all keys.
std::vector<std::string> InternalKeys(size_t shared) {
  Random random(1);
  std::vector<std::string> keys;
  for (int i = 0; i < 1024; ++i) {
    std::string user_key(shared, 'p');
    for (int byte = 7; byte >= 0; --byte) user_key += static_cast<char>(byte < 3 ? random.Next() >> (8 * byte) : 0);
    user_key += "00000000";
    keys.emplace_back(InternalKey(user_key, 100, Kind::kPut).Encode());
  }
  return keys;
}

void CompareInternal(benchmark::State& state) {
  const auto keys = InternalKeys(state.range(0));
  const KeyOrder order = KeyOrder::Bytewise();
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(order.CompareInternal(keys[i % 1024], keys[(i + 1) % 1024]));
    ++i;
  }
}
BENCHMARK(CompareInternal)->Arg(0)->Arg(8)->Arg(64);

void CompareHeads(benchmark::State& state) {
  const auto keys = InternalKeys(0);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(KeyOrder::HeadOf(keys[i % 1024]) < KeyOrder::HeadOf(keys[(i + 1) % 1024]));
    ++i;
  }
}
BENCHMARK(CompareHeads);

void FindShortestSeparator(benchmark::State& state) {
  const KeyOrder order = KeyOrder::Bytewise();
  const std::string limit = InternalKeys(8)[0];
  const std::string start(24, 'a');
  std::string separator;
  for (auto _ : state) {
    order.ShortestInternalSeparator(start, limit, &separator);
    benchmark::DoNotOptimize(separator.data());
  }
}
BENCHMARK(FindShortestSeparator);

}  // namespace
}  // namespace gneiss
