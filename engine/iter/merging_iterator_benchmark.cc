// Merging sorted sources: entries in turns from all of them, and in runs of 64 from one after the other.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/iter/merging_iterator.h"

namespace gneiss {
namespace {

constexpr int kEntries = 100000;

// Keys in memory; walking them costs as little as can be, so that the merge is what is measured.
class Source final : public InternalIterator {
 public:
  explicit Source(std::vector<std::string> keys) : keys_(std::move(keys)), at_(keys_.size()) {}
  bool Valid() const override { return at_ < keys_.size(); }
  void SeekToFirst() override { at_ = 0; }
  void SeekToLast() override { at_ = keys_.size() - 1; }
  void Seek(Slice target) override {
    at_ = std::lower_bound(keys_.begin(), keys_.end(), target,
                           [](Slice key, Slice wanted) { return KeyOrder().CompareInternal(key, wanted) < 0; }) -
          keys_.begin();
  }
  void SeekForPrev(Slice target) override {
    Seek(target);
    if (!Valid() || keys_[at_] != target) --at_;  // before the first wraps around and is not Valid either
  }
  void Next() override { ++at_; }
  void Prev() override { --at_; }
  Slice key() const override { return keys_[at_]; }
  Slice value() const override { return {}; }
  Status status() const override { return Status::Ok(); }

 private:
  std::vector<std::string> keys_;
  size_t at_;
};

std::string Key(uint64_t number) {
  std::string key;
  for (int byte = 7; byte >= 0; --byte) key += static_cast<char>(number >> (8 * byte));
  return std::string(InternalKey(key + "00000000", 1, Kind::kPut).Encode());
}

std::unique_ptr<InternalIterator> Merged(int64_t sources, int64_t run) {
  std::vector<std::vector<std::string>> keys(sources);
  for (int64_t i = 0; i < kEntries; ++i) keys[i / run % sources].push_back(Key(i));
  std::vector<std::unique_ptr<InternalIterator>> children;
  for (auto& each : keys) children.push_back(std::make_unique<Source>(std::move(each)));
  return NewMergingIterator(KeyOrder::Bytewise(), std::move(children));
}

void Next(benchmark::State& state) {
  const auto merged = Merged(state.range(0), state.range(1));
  for (auto _ : state) {
    if (!merged->Valid()) merged->SeekToFirst();
    benchmark::DoNotOptimize(merged->key().data());
    merged->Next();
  }
}
BENCHMARK(Next)->ArgNames({"sources", "run"})->ArgsProduct({{2, 8, 32}, {1, 64}});

void Prev(benchmark::State& state) {
  const auto merged = Merged(state.range(0), 1);
  for (auto _ : state) {
    if (!merged->Valid()) merged->SeekToLast();
    benchmark::DoNotOptimize(merged->key().data());
    merged->Prev();
  }
}
BENCHMARK(Prev)->ArgName("sources")->Arg(2)->Arg(8);

void Seek(benchmark::State& state) {
  const auto merged = Merged(state.range(0), 1);
  std::vector<std::string> keys;
  for (int i = 0; i < 1024; ++i) keys.push_back(Key(i * 7919 % kEntries));
  size_t i = 0;
  for (auto _ : state) {
    merged->Seek(keys[i++ % keys.size()]);
    benchmark::DoNotOptimize(merged->Valid());
  }
}
BENCHMARK(Seek)->ArgName("sources")->Arg(2)->Arg(8)->Arg(32);

}  // namespace
}  // namespace gneiss
