// The block cache: hits, misses, and inserts that evict; alone and with two threads.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/cache/cache.h"

namespace gneiss {
namespace {

constexpr int kEntries = 20000;
constexpr size_t kCharge = 4096;

// A table's number and an offset, as block cache keys are.
std::string Key(uint64_t number) {
  std::string key(16, '\0');
  number *= 0x9e3779b97f4a7c15;
  key.replace(8, 8, reinterpret_cast<const char*>(&number), 8);
  return key;
}

std::vector<std::string> Keys(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(Key(i));
  return keys;
}

void Nothing(Slice, void*) {}

std::unique_ptr<Cache> NewFilledCache(size_t capacity, const std::vector<std::string>& keys) {
  auto cache = NewCache({.capacity_bytes = capacity});
  for (const auto& key : keys) {
    cache->Insert(key, nullptr, kCharge, Nothing, Cache::Priority::kLow, nullptr).IgnoreError("a full cache");
  }
  return cache;
}

// Shared by the threads of one benchmark.
struct Shared {
  std::vector<std::string> keys = Keys(2 * kEntries);
  std::unique_ptr<Cache> cache = NewFilledCache(size_t{1} << 30, {keys.begin(), keys.begin() + kEntries});
};
Shared& SharedCache() {
  static Shared shared;
  return shared;
}

void LookupHit(benchmark::State& state) {
  Shared& shared = SharedCache();
  Random random(state.thread_index() + 1);
  for (auto _ : state) {
    Cache::Handle* handle = shared.cache->Lookup(shared.keys[random.Uniform(kEntries)]);
    if (handle == nullptr) {
      state.SkipWithError("a hit missed");
      break;
    }
    shared.cache->Release(handle);
  }
}
BENCHMARK(LookupHit)->Threads(1)->Threads(2);

void LookupMiss(benchmark::State& state) {
  Shared& shared = SharedCache();
  Random random(state.thread_index() + 1);
  for (auto _ : state) benchmark::DoNotOptimize(shared.cache->Lookup(shared.keys[kEntries + random.Uniform(kEntries)]));
}
BENCHMARK(LookupMiss)->Threads(1)->Threads(2);

void InsertAndEvict(benchmark::State& state) {
  const auto keys = Keys(4 * kEntries);
  const auto cache = NewFilledCache(kEntries * kCharge, keys);
  size_t i = 0;
  for (auto _ : state) {
    const Status status =
        cache->Insert(keys[i++ % keys.size()], nullptr, kCharge, Nothing, Cache::Priority::kLow, nullptr);
    benchmark::DoNotOptimize(status.ok());
  }
}
BENCHMARK(InsertAndEvict);

}  // namespace
}  // namespace gneiss
