#include "engine/base/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

TEST(ArenaTest, EmptyArenaTakesNothing) { EXPECT_EQ(Arena().MemoryUsage(), 0u); }

TEST(ArenaTest, AllocationsAreAlignedAndDoNotOverlap) {
  Arena arena(16384);
  Random random(TestSeed(3));
  struct Piece {
    char* at;
    size_t size;
    char fill;
  };
  std::vector<Piece> pieces;
  for (int i = 0; i < 20000; ++i) {
    const size_t size = random.OneIn(1000) ? random.Uniform(50000) : random.Uniform(200);
    const uintptr_t alignment = uintptr_t{1} << random.Uniform(7);
    char* const at = alignment == 1 ? arena.Allocate(size) : arena.AllocateAligned(size, alignment);
    ASSERT_NE(at, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % alignment, 0u);
    const char fill = static_cast<char>(i);
    std::memset(at, fill, size);
    pieces.push_back({at, size, fill});
  }
  size_t total = 0;
  for (const Piece& piece : pieces) {
    total += piece.size;
    ASSERT_TRUE(std::all_of(piece.at, piece.at + piece.size, [&](char c) { return c == piece.fill; }));
  }
  EXPECT_GE(arena.MemoryUsage(), total);
  EXPECT_LE(arena.MemoryUsage(), total + total / 4 + 100000);
}

TEST(ArenaTest, FirstBlockIsSmall) {
  Arena arena;
  arena.Allocate(10);
  EXPECT_LE(arena.MemoryUsage(), 4096u);
}

TEST(ArenaTest, SmallRequestsLieSideBySide) {
  Arena arena;
  char* const first = arena.Allocate(3);
  EXPECT_EQ(arena.Allocate(5), first + 3);
  EXPECT_EQ(arena.Allocate(1), first + 8);
}

// What does not fit and is lost at a block's end counts as used; what is still free does not.
TEST(ArenaTest, UsedBytesLeaveOutWhatTheCurrentBlockStillHas) {
  Arena arena(1 << 20);
  EXPECT_EQ(arena.UsedBytes(), 0u);
  size_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const size_t reserved_before = arena.MemoryUsage();
    arena.Allocate(100'000);
    const bool is_same_block = arena.MemoryUsage() == reserved_before;
    const size_t used = arena.UsedBytes();
    ASSERT_LE(used, arena.MemoryUsage());
    if (is_same_block) {
      ASSERT_EQ(used, before + 100'000);
    } else {
      ASSERT_GE(used, reserved_before + 100'000);
      ASSERT_LE(used, reserved_before + 100'000 + 64) << "a new block counts by what was taken of it";
    }
    before = used;
  }
  EXPECT_LT(arena.UsedBytes(), arena.MemoryUsage());
}

TEST(ArenaTest, LargeRequestsDoNotReplaceTheCurrentBlock) {
  Arena arena(65536);
  char* const first = arena.Allocate(8);
  const size_t before = arena.MemoryUsage();
  arena.Allocate(60000);
  EXPECT_LE(arena.MemoryUsage(), before + 60100);
  EXPECT_EQ(arena.Allocate(8), first + 8);
}

TEST(ArenaTest, LargeRequestsThatDoNotFitLoseNothing) {
  Arena arena(1 << 20);
  size_t asked = 0;
  const auto allocate = [&](size_t bytes) {
    arena.Allocate(bytes);
    asked += bytes;
  };
  while (arena.MemoryUsage() < 4 << 20) allocate(100);  // the current block has its full size, and room
  for (int i = 0; i < 100; ++i) {
    allocate(100);
    allocate(600'000);
  }
  EXPECT_LE(arena.UsedBytes(), asked + asked / 20);
}

TEST(ArenaTest, ThreadsShareIt) {
  constexpr int kThreads = 4;
  constexpr size_t kPieces = 20000;
  Arena arena(32768);
  std::vector<std::vector<uint64_t*>> places(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&arena, &mine = places[static_cast<size_t>(t)], t] {
      for (size_t i = 0; i < kPieces; ++i) {
        auto* const place = reinterpret_cast<uint64_t*>(arena.AllocateAligned(8 + i % 50));
        *place = static_cast<uint64_t>(t) << 32 | i;
        mine.push_back(place);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < kThreads; ++t) {
    for (size_t i = 0; i < kPieces; ++i) ASSERT_EQ(*places[t][i], static_cast<uint64_t>(t) << 32 | i);
  }
}

}  // namespace
}  // namespace gneiss
