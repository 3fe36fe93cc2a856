// Ribbon filters: the same bytes as RocksDB 7.8.3 makes for the same keys, found again whatever their number.
#include "engine/filter/ribbon.h"

#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/filter/filter.h"

namespace gneiss {
namespace {

// 8 bytes, most significant first.
std::string Key(uint64_t i) {
  std::string key(8, '\0');
  for (size_t k = 0; k < 8; ++k) key[7 - k] = static_cast<char>(i >> (8 * k));
  return key;
}

FilterConfig Ribbon(double bits_per_key) { return {.type = FilterConfig::Type::kRibbon, .bits_per_key = bits_per_key}; }

std::string Build(double bits_per_key, uint64_t count) {
  const auto builder = NewFilterBuilder(Ribbon(bits_per_key));
  for (uint64_t i = 0; i < count; ++i) builder->AddKey(Key(i));
  return builder->Finish();
}

uint64_t Fnv1a(Slice bytes) {
  uint64_t hash = 1469598103934665603U;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 1099511628211U;
  return hash;
}

// What RocksDB's builder makes of keys 0 to count - 1.
struct ReferenceFilter {
  double bits_per_key;
  uint64_t count;
  size_t bytes;
  int marker;
  uint64_t fnv1a;
};
constexpr ReferenceFilter kReferenceFilters[] = {
    {1, 1, 37, -2, 0x75a5baa7f35bc5adU},           {1, 248, 37, -2, 0x57a10b3a3a99bcf1U},
    {1, 249, 53, -2, 0xe7035055f69c0302U},         {1, 5000, 485, -2, 0xe2b1fd305572f2b6U},
    {4.5, 2, 69, -1, 0x10daad561d891e47U},         {4.5, 100, 69, -1, 0x66edc677604681b0U},
    {4.5, 300, 181, -2, 0x6826807142a761b2U},      {4.5, 20000, 8133, -2, 0x42b018b6fd192a09U},
    {9.9, 10, 69, -1, 0x1d93146a0da410faU},        {9.9, 700, 661, -2, 0x33115a2da1ce1badU},
    {9.9, 1100, 981, -2, 0x91740c6fcf8185efU},     {10, 1, 69, -1, 0xdf516be05b1be106U},
    {10, 100, 133, -1, 0x283c8c6d7b047ca0U},       {10, 150, 197, -1, 0x08da8f1ff09c556fU},
    {10, 200, 229, -2, 0xaa17cf1ae51faaa9U},       {10, 246, 229, -2, 0x6e41667d5a08b743U},
    {10, 247, 229, -2, 0x9b4a7d456def2851U},       {10, 248, 229, -2, 0x83f4e8541af0f825U},
    {10, 249, 325, -1, 0x3fd142d898045cf0U},       {10, 300, 341, -2, 0xbd20c9d747afb1efU},
    {10, 500, 565, -2, 0x3f4a8675c14241cdU},       {10, 1000, 885, -2, 0xa01afb6d4e573294U},
    {10, 2000, 1749, -2, 0x3fadf5f51d319eceU},     {10, 100000, 87781, -2, 0x1a39526891903526U},
    {10, 140000, 123141, -2, 0x2af97bff2d7ecb8bU}, {10, 300000, 264805, -2, 0x9bf4f6374419bbbdU},
    {15, 1, 69, -1, 0x312e28e31092d74dU},          {15, 200, 325, -2, 0x640b5e105150c212U},
    {15, 2000, 2517, -2, 0xf116ee8b76daea0cU},     {30, 300, 869, -2, 0x39e891a668b9140dU},
    {30, 5000, 11237, -2, 0x5a96482a3c4bfd91U},    {100, 1, 69, -1, 0x17d31b397808ce28U},
    {100, 1000, 4101, -2, 0x0dff86dddf7b7a8aU},    {100, 20000, 82437, -2, 0x0b825cf68ce9a35eU},
};

TEST(RibbonTest, BytesAreRocksDbs) {
  for (const ReferenceFilter& reference : kReferenceFilters) {
    const std::string filter = Build(reference.bits_per_key, reference.count);
    const std::string which = std::to_string(reference.bits_per_key) + " " + std::to_string(reference.count);
    ASSERT_EQ(filter.size(), reference.bytes) << which;
    EXPECT_EQ(filter[filter.size() - 5], static_cast<char>(reference.marker)) << which;
    EXPECT_EQ(Fnv1a(filter), reference.fnv1a) << which;
  }
}

// How many keys its builder expects to fit into a block.
TEST(RibbonTest, KeysForASizeAreRocksDbs) {
  struct Expected {
    double bits_per_key;
    size_t bytes;
    size_t keys;
  };
  constexpr Expected kExpected[] = {
      {1, 0, 0},       {1, 5, 0},        {1, 6, 0},         {1, 50, 248},      {1, 100, 750},
      {1, 300, 3004},  {1, 500, 5004},   {1, 1000, 10365},  {1, 4096, 42820},  {1, 65536, 680671},
      {4.5, 0, 0},     {4.5, 5, 0},      {4.5, 6, 0},       {4.5, 50, 0},      {4.5, 100, 113},
      {4.5, 300, 624}, {4.5, 500, 1126}, {4.5, 1000, 2379}, {4.5, 4096, 9991}, {4.5, 65536, 160646},
      {10, 0, 0},      {10, 5, 0},       {10, 6, 0},        {10, 50, 0},       {10, 100, 51},
      {10, 300, 248},  {10, 500, 499},   {10, 1000, 1126},  {10, 4096, 4629},  {10, 65536, 74654},
      {100, 0, 0},     {100, 5, 0},      {100, 6, 0},       {100, 50, 0},      {100, 100, 5},
      {100, 300, 20},  {100, 500, 35},   {100, 1000, 76},   {100, 4096, 875},  {100, 65536, 15842},
  };
  for (const Expected& each : kExpected) {
    EXPECT_EQ(NewFilterBuilder(Ribbon(each.bits_per_key))->KeysFor(each.bytes), each.keys)
        << each.bits_per_key << " " << each.bytes;
  }
}

TEST(RibbonTest, NeverDeniesWhatWasAdded) {
  for (const double bits_per_key : {1.0, 4.5, 10.0, 30.0, 100.0}) {
    for (const uint64_t count : {1, 2, 200, 249, 250, 1000, 3000, 40000}) {
      const std::string bits = Build(bits_per_key, count);
      const FilterReader reader(bits);
      for (uint64_t i = 0; i < count; ++i) ASSERT_TRUE(reader.MayMatch(Key(i))) << bits_per_key << " " << i;
    }
  }
}

TEST(RibbonTest, DeniesAsManyOthersAsABloomFilter) {
  const std::string bits = Build(10, 20000);
  const auto bloom = NewFilterBuilder({.type = FilterConfig::Type::kBloom, .bits_per_key = 10});
  for (uint64_t i = 0; i < 20000; ++i) bloom->AddKey(Key(i));
  EXPECT_LT(bits.size(), bloom->Finish().size() * 3 / 4);
  const FilterReader reader(bits);
  int maybes = 0;
  for (uint64_t i = 0; i < 20000; ++i) maybes += reader.MayMatch(Key(i + 1000000));
  EXPECT_LT(maybes, 20000 * 0.012);
  EXPECT_GT(maybes, 20000 * 0.007);
}

TEST(RibbonTest, FewerThanTwoBlocksSayMaybe) {
  std::string filter = Build(10, 300);
  for (const char blocks : {'\0', '\1'}) {
    filter[filter.size() - 3] = blocks;
    const FilterReader reader(filter);
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(reader.MayMatch(Key(i)));
  }
}

// Lengths and block counts that no writer puts together must be read within their bounds.
TEST(RibbonTest, AnyBytesAreSafe) {
  Random random(77);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(6 + random.Uniform(300), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    bytes[bytes.size() - 5] = '\xfe';
    if (random.OneIn(2)) bytes[bytes.size() - 1] = bytes[bytes.size() - 2] = '\0';
    const auto exact = std::make_unique<char[]>(bytes.size());  // a sanitizer sees a step beyond
    bytes.copy(exact.get(), bytes.size());
    const FilterReader reader(Slice(exact.get(), bytes.size()));
    for (int i = 0; i < 20; ++i) reader.MayMatchHash(random.Next());
  }
}

// Every segment belongs to one column of one block.
TEST(RibbonTest, LayoutsUseAllSegments) {
  for (uint32_t blocks = 2; blocks < 20; ++blocks) {
    for (size_t segments = 0; segments <= 32 * size_t{blocks}; ++segments) {
      const RibbonLayout layout(segments * kRibbonSegmentBytes + 7, blocks);
      size_t next = 0;
      for (uint32_t block = 0; block < blocks; ++block) {
        ASSERT_EQ(layout.FirstSegmentOf(block), next);
        next += layout.ColumnsOf(block);
      }
      ASSERT_EQ(next, segments);
    }
  }
}

}  // namespace
}  // namespace gneiss
