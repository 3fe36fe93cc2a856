#include "engine/base/coding.h"

#include <gtest/gtest.h>

#include <limits>

namespace gneiss {
namespace {

std::vector<uint64_t> InterestingNumbers() {
  std::vector<uint64_t> numbers = {0, std::numeric_limits<uint64_t>::max()};
  for (unsigned shift = 0; shift < 64; ++shift) {
    const uint64_t power = uint64_t{1} << shift;
    numbers.insert(numbers.end(), {power - 1, power, power + 1});
  }
  return numbers;
}

TEST(CodingTest, FixedIntegersAreLittleEndian) {
  std::string bytes;
  PutU16(&bytes, 0x0201);
  PutU32(&bytes, 0x06050403);
  PutU64(&bytes, 0x0e0d0c0b0a090807);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e");
  Slice in = bytes;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  ASSERT_TRUE(GetU16(&in, &u16) && GetU32(&in, &u32) && GetU64(&in, &u64));
  EXPECT_EQ(u16, 0x0201u);
  EXPECT_EQ(u32, 0x06050403u);
  EXPECT_EQ(u64, 0x0e0d0c0b0a090807u);
  EXPECT_TRUE(in.empty());
  EXPECT_FALSE(GetU16(&in, &u16));
}

TEST(CodingTest, Varint64RoundTripsAndRefusesEveryCut) {
  for (const uint64_t number : InterestingNumbers()) {
    std::string bytes;
    PutVarint64(&bytes, number);
    EXPECT_EQ(static_cast<int>(bytes.size()), VarintLength(number));
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      Slice in = Slice(bytes).substr(0, cut);
      uint64_t got = 0;
      EXPECT_FALSE(GetVarint64(&in, &got)) << number;
    }
    Slice in = bytes;
    uint64_t got = 0;
    ASSERT_TRUE(GetVarint64(&in, &got));
    EXPECT_EQ(got, number);
    EXPECT_TRUE(in.empty());
  }
}

TEST(CodingTest, Varint32RefusesMoreThanFiveBytes) {
  uint32_t got = 0;
  Slice longest = "\xff\xff\xff\xff\x0f";
  ASSERT_TRUE(GetVarint32(&longest, &got));
  EXPECT_EQ(got, std::numeric_limits<uint32_t>::max());
  Slice too_long = "\x80\x80\x80\x80\x80\x01";
  EXPECT_FALSE(GetVarint32(&too_long, &got));
}

TEST(CodingTest, Varint64RefusesMoreThanTenBytes) {
  uint64_t got = 0;
  Slice too_long = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
  EXPECT_FALSE(GetVarint64(&too_long, &got));
}

TEST(CodingTest, LengthPrefixed) {
  std::string bytes;
  PutLengthPrefixed(&bytes, "");
  PutLengthPrefixed(&bytes, std::string(300, 'x'));
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    Slice in = Slice(bytes).substr(0, cut);
    Slice got;
    ASSERT_TRUE(GetLengthPrefixed(&in, &got));
    EXPECT_FALSE(GetLengthPrefixed(&in, &got));
  }
  Slice in = bytes;
  Slice got;
  ASSERT_TRUE(GetLengthPrefixed(&in, &got));
  EXPECT_EQ(got, "");
  ASSERT_TRUE(GetLengthPrefixed(&in, &got));
  EXPECT_EQ(got, std::string(300, 'x'));
}

TEST(CodingTest, ZigZag) {
  EXPECT_EQ(ZigZag(0), 0u);
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
  EXPECT_EQ(ZigZag(std::numeric_limits<int64_t>::min()), std::numeric_limits<uint64_t>::max());
  for (const uint64_t number : InterestingNumbers()) {
    EXPECT_EQ(UnZigZag(ZigZag(static_cast<int64_t>(number))), static_cast<int64_t>(number));
  }
}

TEST(CodingTest, BigEndianLoadOrdersAsBytesDo) {
  EXPECT_EQ(LoadBigEndian64("\x01\x02\x03\x04\x05\x06\x07\x08"), 0x0102030405060708u);
}

}  // namespace
}  // namespace gneiss
