#include "engine/key/key_order.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

std::string Separator(const KeyOrder& order, std::string start, Slice limit) {
  order.FindShortestSeparator(&start, limit);
  return start;
}

std::string Successor(const KeyOrder& order, std::string key) {
  order.FindShortSuccessor(&key);
  return key;
}

TEST(KeyOrderTest, Names) {
  EXPECT_STREQ(KeyOrder().Name(), "leveldb.BytewiseComparator");
  EXPECT_STREQ(KeyOrder::ReverseBytewise().Name(), "rocksdb.ReverseBytewiseComparator");
}

TEST(KeyOrderTest, BytesCompareUnsigned) {
  EXPECT_LT(KeyOrder::Bytewise().Compare("a", "\xff"), 0);
  EXPECT_GT(KeyOrder::ReverseBytewise().Compare("a", "\xff"), 0);
  EXPECT_LT(KeyOrder::Bytewise().Compare("a", "ab"), 0);
}

TEST(KeyOrderTest, InternalKeysSortNewestFirst) {
  const KeyOrder order;
  const InternalKey newer("k", 9, Kind::kPut);
  const InternalKey older("k", 8, Kind::kMerge);
  const InternalKey same_seq("k", 9, Kind::kDelete);
  EXPECT_LT(order.CompareInternal(newer.Encode(), older.Encode()), 0);
  EXPECT_LT(order.CompareInternal(newer.Encode(), same_seq.Encode()), 0);
  EXPECT_EQ(order.CompareInternal(newer.Encode(), newer.Encode()), 0);
  EXPECT_LT(order.CompareInternal(newer.Encode(), InternalKey("ka", 100, Kind::kPut).Encode()), 0);
}

TEST(KeyOrderTest, BytewiseSeparator) {
  const KeyOrder order;
  EXPECT_EQ(Separator(order, "abc1xyz", "abc9"), "abc2");
  EXPECT_EQ(Separator(order, "abc1xyz", "abc2"), "abc1y");  // "abc2" is the limit itself
  EXPECT_EQ(Separator(order, "abc1xyz", "abc2a"), "abc2");  // here it is free
  EXPECT_EQ(Separator(order, "abc1\xff\xff", "abc2"), "abc1\xff\xff");
  EXPECT_EQ(Separator(order,
                      "abc1\xff"
                      "a",
                      "abc2"),
            "abc1\xff"
            "b");
  EXPECT_EQ(Separator(order, "abc", "abcdef"), "abc");
  EXPECT_EQ(Separator(order, "abcdef", "abc"), "abcdef");
  EXPECT_EQ(Separator(order, "b", "a"), "b");
  EXPECT_EQ(Separator(order, "", "a"), "");
}

TEST(KeyOrderTest, ReverseSeparator) {
  const KeyOrder order = KeyOrder::ReverseBytewise();
  EXPECT_EQ(Separator(order, "abc3xyz", "abc1zz"), "abc3");
  EXPECT_EQ(Separator(order, "abc1xyz", "abc3zz"), "abc1xyz");
  EXPECT_EQ(Separator(order, "abc", "abcdef"), "abc");
}

TEST(KeyOrderTest, Successor) {
  EXPECT_EQ(Successor(KeyOrder(), "abc"), "b");
  EXPECT_EQ(Successor(KeyOrder(),
                      "\xff\xff"
                      "abc"),
            "\xff\xff"
            "b");
  EXPECT_EQ(Successor(KeyOrder(), "\xff\xff"), "\xff\xff");
  EXPECT_EQ(Successor(KeyOrder(), ""), "");
  EXPECT_EQ(Successor(KeyOrder::ReverseBytewise(), "abc"), "abc");
}

TEST(KeyOrderTest, InternalSeparatorGetsTheSeekTrailer) {
  std::string separator;
  KeyOrder().ShortestInternalSeparator(InternalKey("foo1xyz", 100, Kind::kPut).Encode(),
                                       InternalKey("foo9", 200, Kind::kPut).Encode(), &separator);
  EXPECT_EQ(separator, InternalKey("foo2", kSeqMax, kKindForSeek).Encode());
}

TEST(KeyOrderTest, InternalSeparatorKeepsWhatCannotBeShortened) {
  const InternalKey start("foo", 100, Kind::kPut);
  for (const char* limit : {"foo", "foobar"}) {
    std::string separator = "of before";
    KeyOrder().ShortestInternalSeparator(start.Encode(), InternalKey(limit, 99, Kind::kPut).Encode(), &separator);
    EXPECT_EQ(separator, start.Encode());
  }
}

TEST(KeyOrderTest, InternalSuccessor) {
  std::string successor;
  KeyOrder().ShortInternalSuccessor(InternalKey("foo", 100, Kind::kPut).Encode(), &successor);
  EXPECT_EQ(successor, InternalKey("g", kSeqMax, kKindForSeek).Encode());
  const InternalKey high("\xff\xff", 100, Kind::kPut);
  KeyOrder().ShortInternalSuccessor(high.Encode(), &successor);
  EXPECT_EQ(successor, high.Encode());
}

// For all pairs of short keys over a small alphabet: start <= separator < limit, never longer; heads agree with order.
TEST(KeyOrderTest, AllShortKeys) {
  const std::string alphabet("\x00\x01\x7f\x80\xfe\xff", 6);
  std::vector<std::string> keys = {""};
  for (size_t begin = 0, length = 0; length < 3; ++length) {
    const size_t end = keys.size();
    for (; begin < end; ++begin) {
      for (const char byte : alphabet) keys.push_back(keys[begin] + byte);
    }
  }
  for (const KeyOrder& order : {KeyOrder::Bytewise(), KeyOrder::ReverseBytewise()}) {
    for (const std::string& a : keys) {
      EXPECT_LE(order.Compare(a, Successor(order, a)), 0);
      for (const std::string& b : keys) {
        if (order.Compare(a, b) >= 0) continue;
        const std::string separator = Separator(order, a, b);
        EXPECT_LE(order.Compare(a, separator), 0);
        EXPECT_LT(order.Compare(separator, b), 0);
        EXPECT_LE(separator.size(), a.size());
        EXPECT_TRUE(!order.is_bytewise() || KeyOrder::HeadOf(a) <= KeyOrder::HeadOf(b));
      }
    }
  }
}

TEST(KeyOrderTest, HeadsNeverContradictTheOrder) {
  Random random(TestSeed(7));
  for (int i = 0; i < 20000; ++i) {
    std::string a(random.Uniform(12), '\0');
    for (char& byte : a) byte = static_cast<char>(random.Next());
    std::string b =
        a.substr(0, random.Uniform(a.size() + 1)) + std::string(random.Uniform(3), static_cast<char>(random.Next()));
    EXPECT_TRUE(KeyOrder::HeadOf(a) >= KeyOrder::HeadOf(b) || a < b);
  }
}

// Orders by length only, and never shortens.
class ByLength final : public UserOrder {
 public:
  const char* Name() const override { return "test.ByLength"; }
  int Compare(Slice a, Slice b) const override { return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0); }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

TEST(KeyOrderTest, Custom) {
  const ByLength by_length;
  const KeyOrder order = KeyOrder::Custom(&by_length);
  EXPECT_STREQ(order.Name(), "test.ByLength");
  EXPECT_LT(order.Compare("zz", "aaa"), 0);
  EXPECT_TRUE(order.Equal("ab", "cd"));
  EXPECT_FALSE(KeyOrder().Equal("ab", "cd"));
}

TEST(InternalKeyTest, ParseRefusesShortKeysAndUnknownKinds) {
  ParsedKey parsed;
  const std::string key(InternalKey("user", 77, Kind::kMerge).Encode());
  ASSERT_TRUE(ParseInternalKey(key, &parsed));
  EXPECT_EQ(parsed.user_key, "user");
  EXPECT_EQ(parsed.seq, 77u);
  EXPECT_EQ(parsed.kind, Kind::kMerge);
  EXPECT_FALSE(ParseInternalKey(Slice(key).substr(0, 7), &parsed));
  std::string unknown = key;
  unknown[4] = static_cast<char>(0x19);
  EXPECT_FALSE(ParseInternalKey(unknown, &parsed));
}

TEST(InternalKeyTest, SeekKeyHoldsShortAndLongKeys) {
  for (const size_t size : {0u, 1u, 191u, 192u, 193u, 5000u}) {
    const std::string user_key(size, 'k');
    const SeekKey key(user_key, 5);
    EXPECT_EQ(key.user_key(), user_key);
    EXPECT_EQ(key.Encode(), InternalKey(user_key, 5, kKindForSeek).Encode());
  }
}

}  // namespace
}  // namespace gneiss
