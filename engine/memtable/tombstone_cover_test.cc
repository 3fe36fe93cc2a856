#include "engine/memtable/tombstone_cover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

// Upper and lower case are the same key.
class CaselessOrder final : public UserOrder {
 public:
  const char* Name() const override { return "caseless"; }
  int Compare(Slice a, Slice b) const override { return Lower(a).compare(Lower(b)); }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  static std::string Lower(Slice key) {
    std::string lower(key);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
  }
};

struct Tombstone {
  std::string start;
  std::string end;
  SeqNo seq;
};

SeqNo Expected(const KeyOrder& order, const std::vector<Tombstone>& tombstones, Slice key, SeqNo read_seq) {
  SeqNo newest = 0;
  for (const Tombstone& tombstone : tombstones) {
    const bool covers = order.Compare(tombstone.start, key) <= 0 && order.Compare(key, tombstone.end) < 0;
    if (covers && tombstone.seq <= read_seq) newest = std::max(newest, tombstone.seq);
  }
  return newest;
}

std::string RandomKey(Random* random) {
  std::string key;
  for (uint64_t n = random->Uniform(4); n > 0; --n) key += static_cast<char>("abBc"[random->Uniform(4)]);
  return key;
}

TEST(TombstoneCoverTest, AgreesWithALookAtEveryTombstone) {
  Random random(TestSeed(20240131));
  const CaselessOrder caseless;
  for (const KeyOrder& order : {KeyOrder::Bytewise(), KeyOrder::ReverseBytewise(), KeyOrder::Custom(&caseless)}) {
    for (int round = 0; round < 60; ++round) {
      Arena arena;
      TombstoneCover cover(order, &arena);
      std::vector<Tombstone> tombstones;
      EXPECT_EQ(cover.CoveringSeq("a", kSeqMax), 0u);
      for (uint64_t n = random.Uniform(60); n > 0; --n) {
        // Concurrent writers may add seqs out of order.
        const SeqNo seq = 1 + tombstones.size() * 3 + random.Uniform(10);
        tombstones.push_back({RandomKey(&random), RandomKey(&random), seq});
        cover.Add(tombstones.back().start, tombstones.back().end, seq);
        for (int probe = 0; probe < 20; ++probe) {
          const std::string key = RandomKey(&random);
          const SeqNo read_seq = random.Uniform(seq + 12);
          ASSERT_EQ(cover.CoveringSeq(key, read_seq), Expected(order, tombstones, key, read_seq));
        }
      }
    }
  }
}

std::string Number(uint64_t number) { return std::to_string(1000000 + number); }

// Readers at an old seq see the same whatever is added meanwhile.
TEST(TombstoneCoverTest, WritersDoNotDisturbOlderSnapshots) {
  const uint64_t seed = TestSeed(20240131);
  Random random(seed);
  Arena arena;
  TombstoneCover cover(KeyOrder(), &arena);
  std::vector<Tombstone> tombstones;
  for (SeqNo seq = 1; seq <= 300; ++seq) {
    const uint64_t start = random.Uniform(10000);
    tombstones.push_back({Number(start), Number(start + random.Uniform(300)), seq});
    cover.Add(tombstones.back().start, tombstones.back().end, seq);
  }
  std::atomic<int> writers_left{2};
  std::vector<std::thread> threads;
  for (uint64_t w = 0; w < 2; ++w) {
    threads.emplace_back([&, w] {
      Random own(seed + 10 + w);
      for (SeqNo seq = 301 + w; seq <= 1500; seq += 2) {
        const uint64_t start = own.Uniform(10000);
        cover.Add(Number(start), Number(start + own.Uniform(200)), seq);
        EXPECT_GE(cover.CoveringSeq(Number(start), kSeqMax), 0u);
      }
      writers_left.fetch_sub(1);
    });
  }
  for (uint64_t r = 0; r < 2; ++r) {
    threads.emplace_back([&, r] {
      Random own(seed + 20 + r);
      while (writers_left.load() > 0) {
        const std::string key = Number(own.Uniform(10500));
        const SeqNo read_seq = own.Uniform(301);
        EXPECT_EQ(cover.CoveringSeq(key, read_seq), Expected(KeyOrder(), tombstones, key, read_seq));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gneiss
