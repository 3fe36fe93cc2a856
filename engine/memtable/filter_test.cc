#include "engine/memtable/filter.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "engine/base/hash.h"

namespace gneiss {
namespace {

uint64_t HashOf(size_t number) { return Xxph3("key" + std::to_string(number)); }

TEST(MemtableFilterTest, HoldsBackMostOfWhatIsAbsent) {
  constexpr size_t kBuffer = 1 << 20;
  constexpr size_t kCount = kBuffer / 130;
  MemtableFilter filter(kBuffer);
  for (size_t i = 0; i < kCount; ++i) filter.Add(HashOf(i), false);
  for (size_t i = 0; i < kCount; ++i) EXPECT_TRUE(filter.MayContain(HashOf(i))) << i;
  size_t passed = 0;
  for (size_t i = kCount; i < 11 * kCount; ++i) passed += filter.MayContain(HashOf(i)) ? 1 : 0;
  EXPECT_LT(passed, 10 * kCount / 20);
  EXPECT_GT(passed, 0u);
}

TEST(MemtableFilterTest, FullerThanExpectedItMissesNothing) {
  MemtableFilter filter(1);
  for (size_t i = 0; i < 100'000; ++i) filter.Add(HashOf(i), false);
  for (size_t i = 0; i < 100'000; ++i) EXPECT_TRUE(filter.MayContain(HashOf(i))) << i;
}

TEST(MemtableFilterTest, EmptyItHoldsBackAll) {
  const MemtableFilter filter(64 << 20);
  for (size_t i = 0; i < 1000; ++i) EXPECT_FALSE(filter.MayContain(HashOf(i)));
}

TEST(MemtableFilterTest, SeveralThreadsAdd) {
  MemtableFilter filter(1 << 10);  // words are shared
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&filter, t] {
      for (size_t i = t; i < 4000; i += 4) {
        filter.Add(HashOf(i), true);
        EXPECT_TRUE(filter.MayContain(HashOf(i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < 4000; ++i) EXPECT_TRUE(filter.MayContain(HashOf(i))) << i;
}

}  // namespace
}  // namespace gneiss
