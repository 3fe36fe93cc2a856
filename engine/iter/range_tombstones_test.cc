#include "engine/iter/range_tombstones.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

// Orders by length, then bytewise.
class LengthOrder final : public UserOrder {
 public:
  const char* Name() const override { return "length"; }
  int Compare(Slice a, Slice b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

TEST(RangeTombstoneListTest, NoTombstones) {
  const RangeTombstoneList list(KeyOrder(), {});
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.CoveringSeq("a", kSeqMax), 0u);
  EXPECT_EQ(list.FirstEndingAfter("a"), 0u);
}

TEST(RangeTombstoneListTest, StartIsCoveredAndEndIsNot) {
  const RangeTombstoneList list(KeyOrder(), {{.start = "b", .end = "d", .seq = 7}});
  EXPECT_EQ(list.CoveringSeq("azz", 9), 0u);
  EXPECT_EQ(list.CoveringSeq("b", 9), 7u);
  EXPECT_EQ(list.CoveringSeq("czz", 7), 7u);
  EXPECT_EQ(list.CoveringSeq("czz", 6), 0u);
  EXPECT_EQ(list.CoveringSeq("d", 9), 0u);
}

TEST(RangeTombstoneListTest, OverlapsAreCut) {
  const RangeTombstoneList list(KeyOrder(), {{.start = "a", .end = "e", .seq = 3},
                                             {.start = "c", .end = "g", .seq = 5},
                                             {.start = "x", .end = "x", .seq = 9},
                                             {.start = "z", .end = "y", .seq = 9}});
  ASSERT_EQ(list.PieceCount(), 3u);
  EXPECT_EQ(list.PieceAt(0).start, "a");
  EXPECT_EQ(list.PieceAt(0).end, "c");
  EXPECT_EQ(list.PieceAt(1).start, "c");
  EXPECT_EQ(list.PieceAt(1).end, "e");
  ASSERT_EQ(list.PieceAt(1).seqs.size(), 2u);
  EXPECT_EQ(list.PieceAt(1).seqs[0], 5u);
  EXPECT_EQ(list.PieceAt(1).seqs[1], 3u);
  EXPECT_EQ(list.PieceAt(2).end, "g");
  EXPECT_EQ(list.FirstEndingAfter("d"), 1u);
  EXPECT_EQ(list.FirstEndingAfter("e"), 2u);
  EXPECT_EQ(list.FirstEndingAfter("g"), 3u);
}

std::string RandomKey(Random* random) {
  std::string key;
  for (uint64_t n = random->Uniform(4); n > 0; --n) key += static_cast<char>("abc\xff"[random->Uniform(4)]);
  return key;
}

void CheckPieces(const KeyOrder& order, const RangeTombstoneList& list) {
  for (size_t i = 0; i < list.PieceCount(); ++i) {
    const RangeTombstoneList::Piece piece = list.PieceAt(i);
    ASSERT_LT(order.Compare(piece.start, piece.end), 0);
    if (i > 0) {
      ASSERT_LE(order.Compare(list.PieceAt(i - 1).end, piece.start), 0);
    }
    ASSERT_FALSE(piece.seqs.empty());
    for (size_t s = 1; s < piece.seqs.size(); ++s) ASSERT_GT(piece.seqs[s - 1], piece.seqs[s]);
  }
}

TEST(RangeTombstoneListTest, AgreesWithALookAtEveryTombstone) {
  Random random(TestSeed(20240131));
  const LengthOrder by_length;
  for (const KeyOrder& order : {KeyOrder::Bytewise(), KeyOrder::ReverseBytewise(), KeyOrder::Custom(&by_length)}) {
    for (int round = 0; round < 200; ++round) {
      std::vector<std::string> keys(2 * random.Uniform(30));
      for (std::string& key : keys) key = RandomKey(&random);
      std::vector<RangeTombstone> tombstones;
      for (size_t i = 0; i < keys.size(); i += 2) {
        tombstones.push_back({.start = keys[i], .end = keys[i + 1], .seq = 1 + random.Uniform(20)});
      }
      const RangeTombstoneList list(order, tombstones);
      ASSERT_NO_FATAL_FAILURE(CheckPieces(order, list));
      for (int probe = 0; probe < 100; ++probe) {
        const std::string key = RandomKey(&random);
        const SeqNo read_seq = random.Uniform(25);
        SeqNo expected = 0;
        for (const RangeTombstone& tombstone : tombstones) {
          const bool covers = order.Compare(tombstone.start, key) <= 0 && order.Compare(key, tombstone.end) < 0;
          if (covers && tombstone.seq <= read_seq) expected = std::max(expected, tombstone.seq);
        }
        ASSERT_EQ(list.CoveringSeq(key, read_seq), expected);
        const size_t first = list.FirstEndingAfter(key);
        ASSERT_TRUE(first == list.PieceCount() || order.Compare(list.PieceAt(first).end, key) > 0);
        ASSERT_TRUE(first == 0 || order.Compare(list.PieceAt(first - 1).end, key) <= 0);
      }
    }
  }
}

}  // namespace
}  // namespace gneiss
