#include "engine/base/block_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/arena.h"

namespace gneiss {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kPageBytes = 4096;

void* FreshBlock() { return BlockPool().Take(kBlock); }

TEST(BlockPoolTest, GivesBackWhatItKept) {
  BlockPool pool;
  pool.Expect(4 * kBlock);
  void* const block = pool.Take(kBlock);
  std::memset(block, 'x', kBlock);
  pool.Give(block, kBlock);
  EXPECT_EQ(pool.KeptBytes(), kBlock);
  EXPECT_EQ(pool.Take(kBlock), block);
  EXPECT_EQ(pool.KeptBytes(), 0u);
  pool.Give(block, kBlock);
}

TEST(BlockPoolTest, KeepsNoMoreThanAnArenaTakes) {
  BlockPool pool;
  pool.Give(FreshBlock(), kBlock);
  EXPECT_EQ(pool.KeptBytes(), 0u) << "no arena was announced";
  pool.Expect(3 * kBlock);
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(pool.Take(kBlock));
  for (void* const block : blocks) pool.Give(block, kBlock);
  EXPECT_EQ(pool.KeptBytes(), 3 * kBlock);
  pool.Expect(kBlock);
  EXPECT_EQ(pool.KeptBytes(), kBlock);
}

// One memtable grows while the one before it is flushed: from the third on no block is a fresh one.
TEST(BlockPoolTest, ALoadThatGoesOnNeedsTheBlocksOfTwoArenas) {
  constexpr size_t kArenaBlocks = 8;
  constexpr size_t kTakenDuringFlush = 5;
  BlockPool pool;
  std::vector<void*> flushed;
  for (int arena = 0; arena < 6; ++arena) {
    pool.Expect(kArenaBlocks * kBlock);
    EXPECT_EQ(pool.KeptBytes(), arena < 2 ? 0 : kTakenDuringFlush * kBlock);
    std::vector<void*> blocks;
    while (blocks.size() < kArenaBlocks) {
      if (blocks.size() == kTakenDuringFlush && arena > 0) {
        EXPECT_EQ(pool.KeptBytes(), 0u);
        for (void* const block : std::exchange(flushed, {})) pool.Give(block, kBlock);
        EXPECT_EQ(pool.KeptBytes(), kArenaBlocks * kBlock);
      }
      blocks.push_back(pool.Take(kBlock));
    }
    flushed = std::move(blocks);
  }
  for (void* const block : flushed) pool.Give(block, kBlock);
}

TEST(BlockPoolTest, BlocksOfAnotherSizeDoNotServe) {
  BlockPool pool;
  pool.Expect(8 * kBlock);
  pool.Give(FreshBlock(), kBlock);
  void* const larger = pool.Take(2 * kBlock);
  std::memset(larger, 'x', 2 * kBlock);
  EXPECT_EQ(pool.KeptBytes(), kBlock);
  pool.Give(larger, 2 * kBlock);
  EXPECT_EQ(pool.KeptBytes(), 3 * kBlock);
}

TEST(BlockPoolTest, BlocksOfAnotherSizeMakeRoom) {
  BlockPool pool;
  pool.Expect(4 * kBlock);
  pool.Give(BlockPool().Take(2 * kBlock), 2 * kBlock);
  pool.Give(BlockPool().Take(2 * kBlock), 2 * kBlock);
  for (int i = 0; i < 3; ++i) pool.Give(FreshBlock(), kBlock);
  EXPECT_EQ(pool.KeptBytes(), 3 * kBlock);
  pool.Give(FreshBlock(), kBlock);
  pool.Give(FreshBlock(), kBlock);
  EXPECT_EQ(pool.KeptBytes(), 4 * kBlock);
}

size_t ResidentPages(void* block) {
  std::vector<unsigned char> pages(kBlock / kPageBytes);
  EXPECT_EQ(mincore(block, kBlock, pages.data()), 0);
  return static_cast<size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

TEST(BlockPoolTest, MakesBlocksReadyAhead) {
  if (void* const probe = FreshBlock(); madvise(probe, kBlock, MADV_POPULATE_WRITE) != 0) {
    munmap(probe, kBlock);
    GTEST_SKIP() << "the system gives pages only to stores";
  } else {
    munmap(probe, kBlock);
  }
  const auto pool = std::make_shared<BlockPool>();
  std::vector<std::function<void()>> jobs;
  pool->SetBackground([&jobs](const std::function<void()>& job) {
    jobs.push_back(job);
    return true;
  });
  pool->Expect(5 * kBlock);
  void* const first = pool->Take(kBlock);
  ASSERT_EQ(jobs.size(), 1u);
  void* const second = pool->Take(kBlock);
  EXPECT_EQ(ResidentPages(second), 0u) << "nobody has come to make it ready";
  ASSERT_EQ(jobs.size(), 1u) << "one at a time";
  jobs[0]();
  EXPECT_EQ(pool->KeptBytes(), kBlock);
  void* const third = pool->Take(kBlock);
  EXPECT_EQ(pool->KeptBytes(), 0u);
  EXPECT_EQ(ResidentPages(third), kBlock / kPageBytes);
  ASSERT_EQ(jobs.size(), 2u);
  jobs[1]();
  void* const fourth = pool->Take(kBlock);
  EXPECT_EQ(ResidentPages(fourth), kBlock / kPageBytes);
  ASSERT_EQ(jobs.size(), 3u);
  void* const last = pool->Take(kBlock);
  jobs[2]();
  EXPECT_EQ(jobs.size(), 3u) << "the arena has all that it asked for";
  for (void* const block : {first, second, third, fourth, last}) pool->Give(block, kBlock);
}

TEST(BlockPoolTest, MakesNothingReadyWhileItHasEnough) {
  const auto pool = std::make_shared<BlockPool>();
  int jobs = 0;
  pool->SetBackground([&jobs](const std::function<void()>& /*job*/) { return ++jobs > 0; });
  pool->Expect(8 * kBlock);
  for (int i = 0; i < 3; ++i) pool->Give(FreshBlock(), kBlock);
  void* const first = pool->Take(kBlock);
  EXPECT_EQ(jobs, 0);
  void* const second = pool->Take(kBlock);
  EXPECT_EQ(jobs, 1);
  pool->Give(first, kBlock);
  pool->Give(second, kBlock);
}

TEST(BlockPoolTest, AsksAgainWhereNobodyTookTheJob) {
  const auto pool = std::make_shared<BlockPool>();
  int asked = 0;
  pool->SetBackground([&asked](const std::function<void()>& /*job*/) { return ++asked < 0; });
  pool->Expect(8 * kBlock);
  void* const first = pool->Take(kBlock);
  void* const second = pool->Take(kBlock);
  EXPECT_EQ(asked, 2);
  pool->Give(first, kBlock);
  pool->Give(second, kBlock);
}

TEST(BlockPoolTest, HugePagesAreAligned) {
  BlockPool pool;
  pool.Expect(16 * kHugePageBytes, /*wants_huge_pages=*/true);
  for (int i = 0; i < 3; ++i) {
    void* const block = pool.Take(kHugePageBytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kHugePageBytes, 0u);
    std::memset(block, 'x', kHugePageBytes);
    void* const odd = pool.Take(kBlock);  // so that the next one does not lie right by itself
    pool.Give(block, kHugePageBytes);
    pool.Give(odd, kBlock);
    pool.Expect(0, true);
    pool.Expect(16 * kHugePageBytes, true);
  }
}

TEST(BlockPoolTest, AnArenaTakesItsLargeBlocksThere) {
  const auto pool = std::make_shared<BlockPool>();
  const auto fill = [&pool] {
    Arena arena(kBlock, pool);
    while (arena.MemoryUsage() < 6 * kBlock) std::memset(arena.Allocate(1000), 'x', 1000);
    pool->Expect(3 * kBlock);  // as if the next memtable had begun
  };
  fill();
  EXPECT_EQ(pool->KeptBytes(), 3 * kBlock);
  fill();
  EXPECT_EQ(pool->KeptBytes(), 3 * kBlock);
}

TEST(BlockPoolTest, ThreadsShareIt) {
  const auto pool = std::make_shared<BlockPool>();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int round = 0; round < 200; ++round) {
        pool->Expect(2 * kBlock);
        auto* const mine = static_cast<char*>(pool->Take(kBlock));
        mine[0] = static_cast<char>(t);
        mine[kBlock - 1] = static_cast<char>(round);
        ASSERT_EQ(mine[0], static_cast<char>(t));
        pool->Give(mine, kBlock);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gneiss
