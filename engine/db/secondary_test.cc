// A secondary beside a primary in the same process: what readers see while both work (TSan watches), and closing. What
// a secondary shows otherwise: tests/maintenance/secondary_follow_test.cc.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/db/database_test_util.h"

namespace gneiss {
namespace {

class SecondaryTest : public DatabaseTest {
 protected:
  SecondaryTest() {
    config_.create_missing_families = true;
    config_.wal_recovery_mode = WalRecoveryMode::kPointInTimeRecovery;
  }
  ~SecondaryTest() override {
    followed_.clear();
    secondary_.reset();
  }

  std::vector<FamilyDescriptor> Families() {
    FamilyDescriptor two = family_;
    two.name = "two";
    return {family_, two};
  }
  void OpenBoth() {
    ASSERT_TRUE(Open(Families()).ok());
    DatabaseConfig config = config_;
    config.is_read_only = config.is_secondary = true;
    config.create_if_missing = config.create_missing_families = false;
    config.max_open_files = -1;
    ASSERT_TRUE(Database::Open(config, dir_, Families(), &followed_, &secondary_).ok());
  }
  // Both families in one batch.
  Status PutCount(int count) {
    const std::string number = std::to_string(count);
    const std::string key = "k" + std::to_string(count % 50);
    const std::string value = number + std::string(count % 10 == 0 ? 600 : 100, 'x');
    return database_->Write({}, Batch().Put(key, value).Put("count", number).Put("count", number, 1).rep());
  }
  int Count(size_t family) {
    PinnedValue value;
    const Status status = secondary_->Get({}, followed_[family].get(), "count", &value);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::atoi(std::string(value.slice()).c_str());
  }
  // By iterators that were made together.
  int CountOfBoth() {
    std::vector<std::unique_ptr<DbIterator>> iterators;
    EXPECT_TRUE(secondary_->NewIterators({}, followed_, &iterators).ok());
    int counts[2] = {};
    for (size_t i = 0; i < 2; ++i) {
      iterators[i]->Seek("count");
      EXPECT_TRUE(iterators[i]->Valid()) << iterators[i]->status().ToString();
      if (iterators[i]->Valid()) counts[i] = std::atoi(std::string(iterators[i]->value()).c_str());
    }
    EXPECT_EQ(counts[0], counts[1]);
    return counts[0];
  }

  std::vector<FamilyPtr> followed_;
  std::unique_ptr<Database> secondary_;
};

TEST_F(SecondaryTest, ReadersSeeAllOfABatchBesideABusyPrimary) {
  ASSERT_TRUE(Open(Families()).ok());
  ASSERT_TRUE(PutCount(0).ok());
  OpenBoth();
  constexpr int kBatches = 2000;
  std::atomic<int> written{0};
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (int i = 1; i <= kBatches; ++i) {
      EXPECT_TRUE(PutCount(i).ok());
      written = i;
    }
  });
  std::thread reader([&] {
    int before = 0;
    while (!is_over) {
      const int of_both = CountOfBoth();
      EXPECT_GE(of_both, before);
      before = Count(0);
      EXPECT_GE(before, of_both);
    }
  });
  while (written < kBatches) {
    const int at_least = written;
    const Status status = secondary_->CatchUp();
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_GE(Count(1), at_least);
  }
  writer.join();
  EXPECT_TRUE(secondary_->CatchUp().ok());
  is_over = true;
  reader.join();
  EXPECT_EQ(kBatches, CountOfBoth());
}

TEST_F(SecondaryTest, ClosingWaitsForACatchUp) {
  OpenBoth();
  ASSERT_TRUE(PutCount(1).ok());
  std::thread follower([&] {
    Status status;
    while (status.ok()) status = secondary_->CatchUp();
    EXPECT_EQ(Status::Code::kShutdownInProgress, status.code()) << status.ToString();
  });
  ASSERT_TRUE(PutCount(2).ok());
  EXPECT_TRUE(secondary_->Close().ok());
  follower.join();
}

}  // namespace
}  // namespace gneiss
