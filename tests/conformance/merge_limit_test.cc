// max_successive_merges: how many operands of one key the memtable takes before they become a value.

#include <atomic>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

class Sum : public AssociativeMergeOperator {
 public:
  bool Merge(const Slice&, const Slice* existing, const Slice& value, std::string* out, Logger*) const override {
    if (value == "fail") return false;
    const int sum = (existing == nullptr ? 0 : std::stoi(existing->ToString())) + std::stoi(value.ToString());
    *out = std::to_string(sum);
    return true;
  }
  const char* Name() const override { return "Sum"; }
};

}  // namespace

class MergeLimitTest : public DbTest {
 protected:
  void OpenWithLimit(size_t limit) {
    options_.max_successive_merges = limit;
    options_.merge_operator = std::make_shared<Sum>();
    Open();
  }
  void MergeOnes(int count) {
    for (int i = 0; i < count; ++i) ASSERT_OK(Merge("a", "1"));
  }
  // "5 1 1": the value that the newest operands of the key build on, and they.
  std::string Operands(const std::string& key) {
    std::vector<PinnableSlice> operands(100);
    GetMergeOperandsOptions options;
    options.expected_max_number_of_operands = 100;
    int count = 0;
    const Status status = db()->GetMergeOperands(read_options_, Family(0), key, operands.data(), &options, &count);
    if (!status.ok()) return status.ToString();
    std::string text;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) text += (i == 0 ? "" : " ") + operands[i].ToString();
    return text;
  }
};

TEST_F(MergeLimitTest, WithoutALimitOperandsGather) {
  OpenWithLimit(0);
  MergeOnes(6);
  EXPECT_EQ("1 1 1 1 1 1", Operands("a"));
}

TEST_F(MergeLimitTest, TheOperandBeyondTheLimitBecomesAPut) {
  OpenWithLimit(2);
  MergeOnes(2);
  EXPECT_EQ("1 1", Operands("a"));
  MergeOnes(1);
  EXPECT_EQ("3", Operands("a"));
  MergeOnes(2);
  EXPECT_EQ("3 1 1", Operands("a"));
  MergeOnes(1);
  EXPECT_EQ("6", Operands("a"));
  EXPECT_EQ("6", Get("a"));
  Flush();
  EXPECT_EQ("6", Operands("a"));
}

TEST_F(MergeLimitTest, TheValueMayLieInATable) {
  OpenWithLimit(2);
  ASSERT_OK(Put("a", "10"));
  Flush();
  MergeOnes(1);
  Flush();
  MergeOnes(2);  // the operand in the table does not count
  EXPECT_EQ("10 1 1 1", Operands("a"));
  MergeOnes(1);
  EXPECT_EQ("14", Operands("a"));
}

TEST_F(MergeLimitTest, OnlyOperandsAfterTheLastValueCount) {
  OpenWithLimit(2);
  MergeOnes(2);
  ASSERT_OK(Put("a", "7"));
  MergeOnes(1);
  EXPECT_EQ("7 1", Operands("a"));
  ASSERT_OK(Delete("a"));
  MergeOnes(2);
  EXPECT_EQ("1 1", Operands("a"));
  ASSERT_OK(Merge("b", "1"));  // another key
  EXPECT_EQ("1", Operands("b"));
}

TEST_F(MergeLimitTest, OperandsOfOneBatchCount) {
  OpenWithLimit(3);
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "5"));
  for (int i = 0; i < 5; ++i) ASSERT_OK(batch.Merge("a", "1"));
  ASSERT_OK(db()->Write(write_options_, &batch));
  EXPECT_EQ("9 1", Operands("a"));
  EXPECT_EQ(6u, db()->GetLatestSequenceNumber());
}

TEST_F(MergeLimitTest, ASnapshotStillReadsWhatWasBefore) {
  OpenWithLimit(2);
  MergeOnes(2);
  const Snapshot* const snapshot = db()->GetSnapshot();
  MergeOnes(1);
  EXPECT_EQ("2", GetAt(snapshot, "a"));
  EXPECT_EQ("3", Get("a"));
  Flush();
  EXPECT_EQ("2", GetAt(snapshot, "a"));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(MergeLimitTest, AMergeThatFailsLeavesTheOperand) {
  OpenWithLimit(2);
  MergeOnes(2);
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Merge("a", "fail"));
  EXPECT_TRUE(Get("a").find("Corruption") == 0) << Get("a");
  EXPECT_EQ("1 1 fail", Operands("a"));
  EXPECT_EQ("2", GetAt(snapshot, "a"));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(MergeLimitTest, ADeletedRangeHoldsNoValueToMergeWith) {
  OpenWithLimit(2);
  MergeOnes(2);
  ASSERT_OK(DeleteRange("a", "b"));
  MergeOnes(1);
  EXPECT_EQ("1", Operands("a"));
  EXPECT_EQ("1", Get("a"));
}

TEST_F(MergeLimitTest, TheLogHasTheOperands) {
  OpenWithLimit(1);
  MergeOnes(4);
  EXPECT_EQ("4", Get("a"));
  Reopen();
  EXPECT_EQ("4", Get("a"));
}

TEST_F(MergeLimitTest, SetOptionsChangesIt) {
  OpenWithLimit(0);
  MergeOnes(3);
  ASSERT_OK(db()->SetOptions({{"max_successive_merges", "2"}}));
  Flush();  // in RocksDB it holds for memtables that begin afterwards
  MergeOnes(2);
  EXPECT_EQ("3 1 1", Operands("a"));
  MergeOnes(1);
  EXPECT_EQ("6", Operands("a"));
}

// Batches of several writers, large enough to be inserted side by side: each merge must see those before it.
TEST_F(MergeLimitTest, WritersTogetherLoseNothing) {
  OpenWithLimit(3);
  constexpr int kThreads = 4;
  constexpr int kBatches = 50;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        WriteBatch batch;
        bool is_ok = true;
        for (int k = 0; k < 40; ++k) is_ok = is_ok && batch.Put("t" + std::to_string(t) + Key(k), "v").ok();
        for (int k = 0; k < 10; ++k) is_ok = is_ok && batch.Merge(Key(k), "1").ok();
        if (!is_ok || !db()->Write(write_options_, &batch).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, failures.load());
  for (int k = 0; k < 10; ++k) EXPECT_EQ(std::to_string(kThreads * kBatches), Get(Key(k)));
  Reopen();
  for (int k = 0; k < 10; ++k) EXPECT_EQ(std::to_string(kThreads * kBatches), Get(Key(k)));
}

}  // namespace gneiss::conformance
