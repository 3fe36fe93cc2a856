#include <gtest/gtest.h>

#include <set>

#include "db_bench_port/data/key_format.h"
#include "db_bench_port/data/key_sequence.h"
#include "db_bench_port/data/mix_distributions.h"
#include "db_bench_port/data/value_source.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

using std::string_literals::operator""s;

std::string Key(const KeyFormat& format, uint64_t number, int64_t count) {
  return KeyBuffer(format).Make(number, count).ToString();
}

TEST(KeyFormat, WritesNumbersBigEndianAndFillsUp) {
  EXPECT_EQ(Key(KeyFormat(16, 0, 0), 0x0102, 1000), "\0\0\0\0\0\0\1\2"s + "00000000"s);
  EXPECT_EQ(Key(KeyFormat(8, 0, 0), 0x0102030405060708, 1000), "\1\2\3\4\5\6\7\10"s);
}

TEST(KeyFormat, CutsOffTheLowBytesThatDoNotFit) { EXPECT_EQ(Key(KeyFormat(4, 0, 0), 0x0102, 1000), "\0\0\1\2"s); }

TEST(KeyFormat, PutsThePrefixFirst) {
  // 100 keys, 10 per prefix: number 23 belongs to prefix 3 of 10.
  EXPECT_EQ(Key(KeyFormat(16, 4, 10), 23, 100), "\0\0\0\3"s + "\0\0\0\0\0\0\0\27"s + "0000"s);
  EXPECT_EQ(Key(KeyFormat(20, 10, 10), 23, 100), "\0\0\0\0\0\0\0\3"s + "00"s + "\0\0\0\0\0\0\0\27"s + "00"s);
}

TEST(KeyFormat, UsesExistingKeys) {
  const std::vector<std::string> existing = {"a", "b"};
  KeyFormat format(16, 0, 0);
  format.UseExisting(&existing);
  EXPECT_EQ(Key(format, 1, 2), "b");
}

TEST(KeySequence, UniqueRandomHoldsEachNumberOnce) {
  Random64 random(1);
  KeySequence sequence(&random, KeyOrder::kUniqueRandom, 100, 7);
  std::set<uint64_t> seen;
  bool is_sorted = true;
  for (uint64_t i = 0; i < 100; ++i) {
    const uint64_t number = sequence.Next();
    is_sorted = is_sorted && number == i;
    EXPECT_LT(number, 100u);
    seen.insert(number);
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_FALSE(is_sorted);
}

TEST(KeySequence, SkewedKeysAreSkewed) {
  Random64 random(1);
  std::map<int64_t, int> even, skewed;
  for (int i = 0; i < 10000; ++i) ++even[SkewedKey(&random, 0, 1000)];
  for (int i = 0; i < 10000; ++i) ++skewed[SkewedKey(&random, 20, 1000)];
  EXPECT_GT(even.size(), 990u);
  EXPECT_LT(skewed.size(), 900u);
  for (const auto& [key, count] : skewed) EXPECT_TRUE(key >= 0 && key < 1000) << key;
}

TEST(ValueSource, HasTheSizeAndTheCompressibilityAskedFor) {
  Settings settings;
  ValueSource values(settings, 200);
  const std::string value = values.Next().ToString();
  ASSERT_EQ(value.size(), 200u);
  // With a ratio of one half each piece of 100 bytes is 50 random ones twice.
  EXPECT_EQ(value.substr(0, 50), value.substr(50, 50));
  EXPECT_NE(value.substr(0, 50), value.substr(100, 50));
  EXPECT_NE(values.Next().ToString(), value);
}

TEST(ValueSource, StartsAgainAtTheEndOfThePool) {
  Settings settings;
  ValueSource values(settings, 1000);
  const std::string first = values.Next().ToString();
  std::string last;
  for (int i = 0; i < 1048; ++i) last = values.Next().ToString();  // 1049 do not fit into the pool of a mebibyte
  EXPECT_EQ(last, first);
}

TEST(ShareChooser, ChoosesByShare) {
  const ShareChooser chooser({0.5, 0.0, 0.5});
  std::vector<int> counts(3);
  for (int64_t i = 0; i < 1000; ++i) ++counts[chooser.Choose(i)];
  EXPECT_EQ(counts, (std::vector<int>{500, 0, 500}));
}

TEST(KeyRanges, HotRangesAreReadMore) {
  const KeyRanges ranges(1000, 10, {0.5, -1.0, 0, 0});
  std::vector<int> counts(10);
  for (int64_t i = 0; i < 100000; ++i) ++counts[ranges.Key(i, 0, 0) / 100];
  std::sort(counts.begin(), counts.end());
  EXPECT_GT(counts[9], 50000);
  EXPECT_LT(counts[0], 100);
}

}  // namespace
}  // namespace bench
