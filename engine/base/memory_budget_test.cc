#include "engine/base/memory_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "engine/base/arena.h"

namespace gneiss {
namespace {

class CountingBudget final : public MemoryBudget {
 public:
  bool IsCounting() const override { return is_counting; }
  void Reserve(size_t bytes) override { used += bytes, active += bytes; }
  void Seal(size_t bytes) override { active -= bytes; }
  void Free(size_t bytes) override { used -= bytes; }
  bool WantsRelief() const override { return false; }
  bool WantsFlush() const override { return false; }
  bool IsExhausted() const override { return false; }
  void WaitForRoom(uint64_t) override {}

  std::atomic<bool> is_counting{true};
  std::atomic<size_t> used{0}, active{0};
};

TEST(MemoryBudget, AShareIsSealedAndGivenBack) {
  const auto budget = std::make_shared<CountingBudget>();
  {
    BudgetShare share(budget);
    share.Reserve(100);
    EXPECT_EQ(100u, budget->active);
    share.Seal();
    EXPECT_EQ(0u, budget->active);
    share.Reserve(20);
    EXPECT_EQ(0u, budget->active);
    EXPECT_EQ(120u, budget->used);
    share.Seal();
    EXPECT_EQ(0u, budget->active);
  }
  EXPECT_EQ(0u, budget->used);
}

TEST(MemoryBudget, OnlyWhatWasCountedIsGivenBack) {
  const auto budget = std::make_shared<CountingBudget>();
  budget->is_counting = false;
  {
    BudgetShare share(budget);
    share.Reserve(100);
    EXPECT_EQ(0u, budget->used);
    budget->is_counting = true;
    share.Reserve(50);
    EXPECT_EQ(50u, budget->used);
    budget->is_counting = false;
  }
  EXPECT_EQ(0u, budget->used);
  EXPECT_EQ(0u, budget->active);
}

TEST(MemoryBudget, CountsAnArenaByTheBlock) {
  const auto budget = std::make_shared<CountingBudget>();
  BudgetShare share(budget);
  {
    Arena arena(16384, nullptr, &share);
    EXPECT_EQ(0u, budget->used);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&arena] {
        for (int i = 0; i < 2000; ++i) arena.Allocate(40);
      });
    }
    for (std::thread& thread : threads) thread.join();
    arena.Allocate(100'000);
    EXPECT_EQ(arena.MemoryUsage(), budget->used);
  }
  EXPECT_GT(budget->used, 0u);  // until the share goes
}

}  // namespace
}  // namespace gneiss
