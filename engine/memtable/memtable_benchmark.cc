// Adding to a memtable, finding in it, and walking it: 16-byte keys, 100-byte values, up to 200 000 entries (about 32
// MiB).
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "engine/base/random.h"
#include "engine/memtable/memtable.h"

namespace gneiss {
namespace {

constexpr int kEntries = 200000;

std::string Key(uint64_t number) {
  std::string key;
  for (int byte = 7; byte >= 0; --byte) key += static_cast<char>(number >> (8 * byte));
  return key + "00000000";
}

std::vector<std::string> Keys(bool is_random) {
  Random random(1);
  std::vector<std::string> keys;
  for (int i = 0; i < kEntries; ++i) keys.push_back(Key(is_random ? random.Uniform(kEntries) : i));
  return keys;
}

std::unique_ptr<Memtable> NewMemtable() {
  return std::make_unique<Memtable>(Memtable::Config{.order = KeyOrder::Bytewise()}, 1, 0);
}

std::unique_ptr<Memtable> Filled(const std::vector<std::string>& keys) {
  auto memtable = NewMemtable();
  const std::string value(100, 'v');
  for (size_t i = 0; i < keys.size(); ++i) memtable->Add(i + 1, Kind::kPut, keys[i], value, false);
  return memtable;
}

void Add(benchmark::State& state, bool is_random, bool is_concurrent) {
  const auto keys = Keys(is_random);
  const std::string value(100, 'v');
  auto memtable = NewMemtable();
  size_t i = 0;
  for (auto _ : state) {
    if (i == keys.size()) {
      state.PauseTiming();
      memtable = NewMemtable();
      i = 0;
      state.ResumeTiming();
    }
    memtable->Add(i + 1, Kind::kPut, keys[i], value, is_concurrent);
    ++i;
  }
}
BENCHMARK_CAPTURE(Add, sequential, false, false);
BENCHMARK_CAPTURE(Add, random, true, false);
BENCHMARK_CAPTURE(Add, random_concurrent, true, true);

void Get(benchmark::State& state, bool is_there) {
  const auto keys = Keys(true);
  const auto memtable = Filled(keys);
  PinnedValue value;
  size_t i = 0;
  for (auto _ : state) {
    const std::string& key = keys[i * 7919 % keys.size()];
    const Slice wanted = is_there ? Slice(key) : Slice(key).substr(0, 15);
    PointLookup lookup(wanted, kEntries + 1, nullptr, &value);
    memtable->Get(SeekKey(wanted, kEntries + 1), &lookup);
    const Status status = lookup.Finish();
    benchmark::DoNotOptimize(status.ok());
    ++i;
  }
}
BENCHMARK_CAPTURE(Get, present, true);
BENCHMARK_CAPTURE(Get, absent, false);

void Next(benchmark::State& state) {
  const auto memtable = Filled(Keys(true));
  const auto iterator = memtable->NewIterator();
  for (auto _ : state) {
    if (!iterator->Valid()) iterator->SeekToFirst();
    benchmark::DoNotOptimize(iterator->key().data());
    iterator->Next();
  }
}
BENCHMARK(Next);

void Seek(benchmark::State& state) {
  const auto keys = Keys(true);
  const auto memtable = Filled(keys);
  const auto iterator = memtable->NewIterator();
  size_t i = 0;
  for (auto _ : state) {
    iterator->Seek(SeekKey(keys[i++ * 7919 % keys.size()], kSeqMax).Encode());
    benchmark::DoNotOptimize(iterator->Valid());
  }
}
BENCHMARK(Seek);

}  // namespace
}  // namespace gneiss
