// Who runs a cleanup, when, and how often.
#include <gtest/gtest.h>
#include <rocksdb/cleanable.h>

#include <utility>
#include <vector>

namespace rocksdb {
namespace {

// Cleanups that note their number.
class CleanableTest : public ::testing::Test {
 protected:
  void Register(Cleanable* cleanable, size_t number) {
    cleanable->RegisterCleanup(&Note, &run_, reinterpret_cast<void*>(number));
  }
  static void Note(void* list, void* number) {
    static_cast<std::vector<size_t>*>(list)->push_back(reinterpret_cast<size_t>(number));
  }

  std::vector<size_t> run_;
};

using Numbers = std::vector<size_t>;

TEST_F(CleanableTest, DestructorRunsEachOnce) {
  {
    Cleanable cleanable;
    EXPECT_FALSE(cleanable.HasCleanups());
    for (size_t i = 1; i <= 3; ++i) Register(&cleanable, i);
    EXPECT_TRUE(cleanable.HasCleanups());
    EXPECT_EQ(Numbers{}, run_);
  }
  // The first stands in the object; later ones are pushed to the front of the chain behind it.
  EXPECT_EQ((Numbers{1, 3, 2}), run_);
}

TEST_F(CleanableTest, ResetRunsAndForgets) {
  Cleanable cleanable;
  Register(&cleanable, 1);
  Register(&cleanable, 2);
  cleanable.Reset();
  EXPECT_EQ((Numbers{1, 2}), run_);
  EXPECT_FALSE(cleanable.HasCleanups());
  cleanable.Reset();
  EXPECT_EQ(2u, run_.size());
  Register(&cleanable, 3);
  cleanable.Reset();
  EXPECT_EQ((Numbers{1, 2, 3}), run_);
}

TEST_F(CleanableTest, MoveLeavesNothingBehind) {
  Cleanable to;
  {
    Cleanable from;
    Register(&from, 1);
    Register(&from, 2);
    Cleanable between(std::move(from));
    EXPECT_FALSE(from.HasCleanups());
    to = std::move(between);
  }
  EXPECT_EQ(Numbers{}, run_);
  to.Reset();
  EXPECT_EQ((Numbers{1, 2}), run_);
}

TEST_F(CleanableTest, DelegationMovesAll) {
  for (size_t own = 0; own <= 2; ++own) {
    for (size_t others = 0; others <= 3; ++others) {
      run_.clear();
      Cleanable to;
      for (size_t i = 0; i < own; ++i) Register(&to, 100 + i);
      {
        Cleanable from;
        for (size_t i = 0; i < others; ++i) Register(&from, i);
        from.DelegateCleanupsTo(&to);
        EXPECT_FALSE(from.HasCleanups());
      }
      EXPECT_EQ(Numbers{}, run_);
      to.Reset();
      EXPECT_EQ(own + others, run_.size());
    }
  }
}

TEST_F(CleanableTest, SharedPointerRunsWithTheLastOwner) {
  Cleanable target;
  {
    SharedCleanablePtr first;
    EXPECT_EQ(nullptr, first.get());
    first.Allocate();
    Register(&*first, 1);
    SharedCleanablePtr second = first;
    EXPECT_EQ(first.get(), second.get());
    first.RegisterCopyWith(&target);
    SharedCleanablePtr third;
    third = std::move(second);
    EXPECT_EQ(nullptr, second.get());
    third.MoveAsCleanupTo(&target);
    EXPECT_EQ(nullptr, third.get());
    first.Reset();
    EXPECT_EQ(Numbers{}, run_);
  }
  EXPECT_EQ(Numbers{}, run_);
  target.Reset();
  EXPECT_EQ(Numbers{1}, run_);
}

TEST_F(CleanableTest, SharedPointerSurvivesSelfAssignment) {
  SharedCleanablePtr pointer;
  pointer.Allocate();
  Register(pointer.get(), 1);
  SharedCleanablePtr& same = pointer;
  pointer = same;
  pointer = std::move(same);
  EXPECT_NE(nullptr, pointer.get());
  EXPECT_EQ(Numbers{}, run_);
  pointer.Allocate();
  EXPECT_EQ(Numbers{1}, run_);
}

}  // namespace
}  // namespace rocksdb
