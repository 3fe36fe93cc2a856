#include "engine/filter/filter.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/base/hash.h"
#include "engine/base/random.h"

namespace gneiss {
namespace {

std::string Key(uint64_t i) {
  std::string key = "key";
  key.append(reinterpret_cast<const char*>(&i), sizeof(i));
  return key;
}

std::string Build(const FilterConfig& config, uint64_t count) {
  auto builder = NewFilterBuilder(config);
  for (uint64_t i = 0; i < count; ++i) builder->AddKey(Key(i));
  return builder->Finish();
}

class FilterTest : public testing::TestWithParam<std::pair<double, bool>> {
 protected:
  FilterConfig Config() const {
    return {.type = FilterConfig::Type::kBloom,
            .bits_per_key = GetParam().first,
            .is_legacy_bloom = GetParam().second,
            .policy_name = "bloomfilter"};
  }
};

TEST_P(FilterTest, NeverDeniesWhatWasAdded) {
  for (const uint64_t count : {1, 2, 63, 64, 65, 1000, 20000}) {
    const std::string bits = Build(Config(), count);
    const FilterReader reader(bits);
    for (uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(reader.MayMatch(Key(i))) << i;
      ASSERT_TRUE(reader.MayMatchHash(Xxph3(Key(i)))) << i;
    }
  }
}

TEST_P(FilterTest, DeniesMostOfTheRest) {
  const std::string bits = Build(Config(), 20000);
  const FilterReader reader(bits);
  int maybes = 0;
  for (uint64_t i = 0; i < 20000; ++i) maybes += reader.MayMatch(Key(i + 1000000));
  // About 1 % at ten bits per key; a good deal less than half at the lowest setting.
  const double limit = GetParam().first >= 10 ? 0.02 : 0.45;
  EXPECT_LT(maybes, 20000 * limit);
}

INSTANTIATE_TEST_SUITE_P(BitsPerKey, FilterTest,
                         testing::Values(std::pair(2.0, false), std::pair(10.0, false), std::pair(16.5, false),
                                         std::pair(99.0, false), std::pair(2.0, true), std::pair(10.0, true),
                                         std::pair(60.0, true)));

TEST(FilterTest, CountsNeighboursOnce) {
  auto builder = NewFilterBuilder({.type = FilterConfig::Type::kBloom, .bits_per_key = 10});
  for (const char* prefix : {"a", "a", "b", "b", "b", "a"}) builder->AddKey(prefix);
  EXPECT_EQ(builder->KeyCount(), 3u);
}

TEST(FilterTest, NoneWithoutBits) {
  EXPECT_EQ(NewFilterBuilder({}), nullptr);
  EXPECT_EQ(NewFilterBuilder({.type = FilterConfig::Type::kBloom, .bits_per_key = 0.4}), nullptr);
}

TEST(FilterTest, EmptyMeansNoKeys) {
  auto builder = NewFilterBuilder({.type = FilterConfig::Type::kBloom, .bits_per_key = 10});
  EXPECT_EQ(builder->Finish(), "");
  EXPECT_FALSE(FilterReader("").MayMatch("x"));
}

// The bytes of docs/formats/filter.md's example, and the same keys in a legacy filter.
TEST(FilterTest, ExampleIsAsDocumented) {
  const std::map<size_t, int> lines[] = {
      {{0, 0x40}, {4, 0x10}, {8, 4}, {10, 0x10}, {17, 0xc8}, {18, 1}, {27, 6}, {43, 0x80}, {57, 0x80}},
      {{0, 2},
       {7, 8},
       {9, 0x40},
       {15, 4},
       {19, 8},
       {23, 2},
       {31, 1},
       {35, 4},
       {38, 0x80},
       {44, 0x80},
       {46, 0x40},
       {54, 0x10}}};
  const std::string trailers[] = {std::string("\xff\0\6\0\0", 5), std::string("\6\1\0\0\0", 5)};
  for (const bool is_legacy : {false, true}) {
    auto builder =
        NewFilterBuilder({.type = FilterConfig::Type::kBloom, .bits_per_key = 10, .is_legacy_bloom = is_legacy});
    builder->AddKey("apple");
    builder->AddKey("banana");
    std::string expected(64, '\0');
    for (const auto& [at, byte] : lines[is_legacy]) expected[at] = static_cast<char>(byte);
    EXPECT_EQ(builder->Finish(), expected + trailers[is_legacy]);
  }
}

TEST(FilterTest, DefaultSaysMaybe) {
  EXPECT_TRUE(FilterReader().MayMatch("x"));
  EXPECT_TRUE(FilterReader().MayMatchHash(1));
}

// What no version here knows, from a later one or damaged, must never deny a key.
TEST(FilterTest, UnknownKindsSayMaybe) {
  const std::string good = Build({.type = FilterConfig::Type::kBloom, .bits_per_key = 10}, 100);
  const size_t trailer = good.size() - 5;
  for (const auto& [at, byte] : std::vector<std::pair<size_t, char>>{
           {0, '\x80'}, {0, 0}, {0, '\xfd'}, {1, 1}, {2, 0}, {2, 31}, {2, '\x26'}, {3, 1}, {4, 1}}) {
    std::string changed = good;
    changed[trailer + at] = byte;
    const FilterReader reader(changed);
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(reader.MayMatch(Key(i))) << at << " " << int{byte};
  }
}

TEST(FilterTest, AnyBytesAreSafe) {
  Random random(301);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random.Uniform(80), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    if (bytes.size() > 5 && random.OneIn(2)) bytes[bytes.size() - 5] = static_cast<char>(random.Uniform(32));
    if (bytes.size() > 5 && random.OneIn(4)) bytes[bytes.size() - 5] = '\xff';
    const FilterReader reader(bytes);
    reader.MayMatch("some key");
    reader.MayMatchHash(random.Next());
    reader.Prefetch(random.Next());
  }
}

}  // namespace
}  // namespace gneiss
