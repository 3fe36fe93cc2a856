// One data block of 4 KiB in memory: building, parsing, searching and walking it.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include "engine/table/block.h"
#include "engine/table/block_builder.h"
#include "engine/table/block_cursor.h"
#include "engine/table/block_search.h"

namespace gneiss {
namespace {

// As many entries of 16 + 100 bytes as fill a block of 4 KiB; only even numbers are there.
constexpr int kEntries = 34;

std::string UserKey(uint64_t number) {
  std::string key;
  for (int byte = 7; byte >= 0; --byte) key += static_cast<char>(number >> (8 * byte));
  return key + "00000000";
}

std::vector<std::string> InternalKeys() {
  std::vector<std::string> keys;
  for (int i = 0; i < kEntries; ++i) keys.emplace_back(InternalKey(UserKey(2 * i), 100 + i, Kind::kPut).Encode());
  return keys;
}

std::string Payload(const std::vector<std::string>& keys) {
  BlockBuilder builder({});
  for (const auto& key : keys) builder.Add(key, std::string(100, 'v'));
  return *builder.Finish();
}

void Build(benchmark::State& state) {
  const auto keys = InternalKeys();
  const std::string value(100, 'v');
  BlockBuilder builder({});
  for (auto _ : state) {
    for (const auto& key : keys) builder.Add(key, value);
    benchmark::DoNotOptimize(builder.Finish()->data());
    builder.Reset();
  }
  state.SetItemsProcessed(state.iterations() * kEntries);
}
BENCHMARK(Build);

void Parse(benchmark::State& state, Block::Heads heads) {
  const std::string payload = Payload(InternalKeys());
  for (auto _ : state) {
    const auto block = Block::Parse(BlockBytes::CopyOf(payload), heads);
    benchmark::DoNotOptimize(block.get());
  }
}
BENCHMARK_CAPTURE(Parse, without_heads, Block::Heads::kNone);
BENCHMARK_CAPTURE(Parse, with_heads, Block::Heads::kBuild);

void Search(benchmark::State& state, bool is_there) {
  const auto block = Block::Parse(BlockBytes::CopyOf(Payload(InternalKeys())), Block::Heads::kBuild);
  std::vector<std::string> keys;
  for (int i = 0; i < kEntries; ++i) keys.push_back(UserKey(2 * (i * 7 % kEntries) + (is_there ? 0 : 1)));
  BlockHit hit;
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(SearchBlock(*block, keys[i % kEntries], PackTrailer(kSeqMax, kKindForSeek), &hit));
    ++i;
  }
}
BENCHMARK_CAPTURE(Search, present, true);
BENCHMARK_CAPTURE(Search, absent, false);

void CursorSeek(benchmark::State& state, Block::Heads heads) {
  const auto keys = InternalKeys();
  const auto block = Block::Parse(BlockBytes::CopyOf(Payload(keys)), heads);
  BlockCursor cursor;
  cursor.Attach(block.get(), KeyOrder::Bytewise());
  size_t i = 0;
  for (auto _ : state) {
    cursor.Seek(keys[i++ * 7 % kEntries]);
    benchmark::DoNotOptimize(cursor.Valid());
  }
}
BENCHMARK_CAPTURE(CursorSeek, without_heads, Block::Heads::kNone);
BENCHMARK_CAPTURE(CursorSeek, with_heads, Block::Heads::kBuild);

void CursorNext(benchmark::State& state) {
  const auto block = Block::Parse(BlockBytes::CopyOf(Payload(InternalKeys())));
  BlockCursor cursor;
  cursor.Attach(block.get(), KeyOrder::Bytewise());
  for (auto _ : state) {
    if (!cursor.Valid()) cursor.SeekToFirst();
    benchmark::DoNotOptimize(cursor.key().data());
    cursor.Next();
  }
}
BENCHMARK(CursorNext);

void CursorPrev(benchmark::State& state) {
  const auto block = Block::Parse(BlockBytes::CopyOf(Payload(InternalKeys())));
  BlockCursor cursor;
  cursor.Attach(block.get(), KeyOrder::Bytewise());
  for (auto _ : state) {
    if (!cursor.Valid()) cursor.SeekToLast();
    benchmark::DoNotOptimize(cursor.key().data());
    cursor.Prev();
  }
}
BENCHMARK(CursorPrev);

}  // namespace
}  // namespace gneiss
