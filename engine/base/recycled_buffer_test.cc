#include "engine/base/recycled_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace gneiss {
namespace {

bool BuffersAreExact() { return RecycledBuffer(4001).capacity_bytes() == 4001; }  // under the address sanitizer

TEST(RecycledBufferTest, IsAsLargeAsAskedForAndLittleLarger) {
  for (size_t size = 0; size < 200000; size = size < 3000 ? size + 1 : size + 777) {
    const RecycledBuffer buffer(size);
    ASSERT_TRUE(buffer);
    ASSERT_GE(buffer.capacity_bytes(), size);
    ASSERT_LE(buffer.capacity_bytes(), size + size / 64 + 1) << size;
    std::memset(buffer.get(), 1, size);
  }
}

TEST(RecycledBufferTest, TheNextOfItsSizeIsTheOneThatWasFreed) {
  if (BuffersAreExact()) GTEST_SKIP();
  RecycledBuffer first(4001);
  const char* const memory = first.get();
  first.Reset();
  EXPECT_FALSE(first);
  const RecycledBuffer other_size(2000);
  EXPECT_NE(other_size.get(), memory);
  const RecycledBuffer second(4010);
  EXPECT_EQ(second.get(), memory);
}

TEST(RecycledBufferTest, SizesThatNobodyAsksForMakePlace) {
  if (BuffersAreExact()) GTEST_SKIP();
  {
    std::vector<RecycledBuffer> odd;
    for (int i = 0; i < RecycledBuffer::kSlots; ++i) odd.emplace_back(20000);
  }
  RecycledBuffer wanted(4000);
  const char* const memory = wanted.get();
  wanted.Reset();
  EXPECT_EQ(RecycledBuffer(4000).get(), memory);
}

TEST(RecycledBufferTest, MovesAndIsFreedOnAnotherThread) {
  RecycledBuffer buffer(4000);
  RecycledBuffer moved(std::move(buffer));
  EXPECT_TRUE(moved);
  std::thread([taken = std::move(moved)]() mutable { taken.Reset(); }).join();
  const size_t capacity = RecycledBuffer(5000).capacity_bytes();
  RecycledBuffer given(5000);
  std::thread([bytes = given.Release(), capacity] { RecycledBuffer::Free(bytes, capacity); }).join();
  EXPECT_FALSE(given);
}

// Destroyed after the thread's shelf was cleared, or before: nothing leaks and nothing is freed twice.
TEST(RecycledBufferTest, LivesToTheEndOfItsThread) {
  std::thread([] {
    thread_local std::vector<RecycledBuffer> early;
    early.emplace_back(3000);
    RecycledBuffer(3000).Reset();
    thread_local std::vector<RecycledBuffer> late;
    late.emplace_back(3000);
  }).join();
}

}  // namespace
}  // namespace gneiss
