#include "engine/base/byte_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

TEST(ByteBufferTest, HoldsWhatAStringWouldHold) {
  std::mt19937_64 random(TestSeed(1));
  ByteBuffer buffer;
  std::string expected;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(Slice(buffer), "");
  for (int i = 0; i < 3000; ++i) {
    const size_t size = random() % (i % 100 == 0 ? 5000 : 50);
    const std::string bytes(size, static_cast<char>('a' + i % 26));
    switch (random() % 8) {
      case 0:
        buffer.Truncate(size);
        expected.resize(std::min(size, expected.size()));
        break;
      case 1:
        bytes.copy(buffer.Grow(size), size);
        expected += bytes;
        break;
      default:
        buffer.Append(bytes);
        expected += bytes;
    }
    ASSERT_EQ(Slice(buffer), expected);
    ASSERT_EQ(buffer.size(), expected.size());
    const size_t begin = expected.empty() ? 0 : random() % expected.size();
    ASSERT_EQ(buffer.substr(begin), expected.substr(begin));
  }
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBufferTest, KeepsItsMemoryAndMovesSeldom) {
  ByteBuffer buffer;
  const char* const begin = buffer.Grow(10000);
  buffer.Truncate(3);
  EXPECT_EQ(buffer.Grow(9997), begin + 3);
  buffer.clear();
  EXPECT_EQ(buffer.Grow(10000), begin);
  int moves = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const char* const before = buffer.data();
    buffer.Append("x");
    if (buffer.data() != before) ++moves;
  }
  EXPECT_LE(moves, 7) << "the memory doubles";
}

}  // namespace
}  // namespace gneiss
