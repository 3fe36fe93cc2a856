#include "engine/wal/batch_steps.h"

#include <gtest/gtest.h>

namespace gneiss {
namespace {

class Batch {
 public:
  Batch& Put(Slice key) { return Add(Kind::kPut, {key, "v"}, /*counts=*/true); }
  Batch& Mark(Kind kind) { return Add(kind, {}, false); }
  Batch& Mark(Kind kind, Slice name) { return Add(kind, {name}, false); }
  const std::string& rep() const { return rep_; }

 private:
  Batch& Add(Kind kind, std::initializer_list<Slice> strings, bool counts) {
    rep_.push_back(static_cast<char>(kind));
    for (const Slice string : strings) PutLengthPrefixed(&rep_, string);
    if (counts) EncodeU32(rep_.data() + 8, BatchCount(rep_) + 1);
    return *this;
  }
  std::string rep_ = std::string(kBatchHeaderBytes, '\0');
};

using Action = BatchStep::Action;

TEST(BatchSteps, APlainBatchIsOneStep) {
  const Batch batch = Batch().Put("a").Mark(Kind::kLogData, "note").Put("b");
  std::vector<BatchStep> steps;
  ASSERT_TRUE(SplitIntoSteps(batch.rep(), &steps).ok());
  ASSERT_EQ(1u, steps.size());
  EXPECT_EQ(Action::kApply, steps[0].action);
  EXPECT_EQ(batch.rep(), steps[0].rep);
}

TEST(BatchSteps, MarkersCutIt) {
  const Batch batch = Batch()
                          .Put("a")
                          .Mark(Kind::kBeginPrepare)
                          .Put("b")
                          .Put("c")
                          .Mark(Kind::kEndPrepare, "x")
                          .Mark(Kind::kCommit, "y")
                          .Put("d")
                          .Mark(Kind::kRollback, "z");
  std::vector<BatchStep> steps;
  ASSERT_TRUE(SplitIntoSteps(batch.rep(), &steps).ok());
  ASSERT_EQ(5u, steps.size());
  EXPECT_EQ(Action::kApply, steps[0].action);
  EXPECT_EQ(Batch().Put("a").rep(), steps[0].rep);
  EXPECT_EQ(Action::kPrepare, steps[1].action);
  EXPECT_EQ("x", steps[1].name);
  EXPECT_EQ(Batch().Put("b").Put("c").rep(), steps[1].rep);
  EXPECT_EQ(Action::kCommit, steps[2].action);
  EXPECT_EQ("y", steps[2].name);
  EXPECT_EQ(Action::kApply, steps[3].action);
  EXPECT_EQ(Batch().Put("d").rep(), steps[3].rep);
  EXPECT_EQ(Action::kRollback, steps[4].action);
  EXPECT_EQ("z", steps[4].name);
}

TEST(BatchSteps, ANoopAloneIsNoStep) {
  std::vector<BatchStep> steps;
  ASSERT_TRUE(SplitIntoSteps(Batch().Mark(Kind::kNoop).Mark(Kind::kCommit, "x").rep(), &steps).ok());
  ASSERT_EQ(1u, steps.size());
  EXPECT_EQ(Action::kCommit, steps[0].action);
}

TEST(BatchSteps, MarkersThatDoNotPairAreCorruption) {
  const Batch batches[] = {
      Batch().Mark(Kind::kBeginPrepare).Put("a"),
      Batch().Put("a").Mark(Kind::kEndPrepare, "x"),
      Batch().Mark(Kind::kBeginPrepare).Mark(Kind::kBeginPrepare).Mark(Kind::kEndPrepare, "x"),
      Batch().Mark(Kind::kBeginPrepare).Mark(Kind::kCommit, "x"),
  };
  for (const Batch& batch : batches) {
    std::vector<BatchStep> steps;
    EXPECT_TRUE(SplitIntoSteps(batch.rep(), &steps).IsCorruption());
  }
}

TEST(BatchSteps, ACommitMayBringATimestamp) {
  std::string rep = Batch().Mark(Kind::kCommit, "x").rep();
  rep.push_back(static_cast<char>(Kind::kCommitWithTimestamp));
  PutLengthPrefixed(&rep, "time");
  PutLengthPrefixed(&rep, "y");
  std::vector<BatchStep> steps;
  ASSERT_TRUE(SplitIntoSteps(rep, &steps).ok());
  ASSERT_EQ(2u, steps.size());
  EXPECT_FALSE(steps[0].timestamp.has_value());
  EXPECT_EQ(Action::kCommit, steps[1].action);
  EXPECT_EQ("y", steps[1].name);
  EXPECT_EQ("time", steps[1].timestamp);
}

TEST(BatchSteps, KeysAreStampedWhereTheFamilyAsks) {
  const auto four = [](uint32_t) { return size_t{4}; };
  std::string rep = Batch().Put("a0000").Mark(Kind::kLogData, "note of more").Put("b0000").rep();
  ASSERT_TRUE(StampKeys("time", four, &rep).ok());
  EXPECT_EQ(Batch().Put("atime").Mark(Kind::kLogData, "note of more").Put("btime").rep(), rep);
  EXPECT_TRUE(StampKeys(
                  "again", [](uint32_t) { return size_t{0}; }, &rep)
                  .ok());
  EXPECT_EQ(Batch().Put("atime").Mark(Kind::kLogData, "note of more").Put("btime").rep(), rep);
  EXPECT_TRUE(StampKeys("again", four, &rep).IsInvalidArgument());
  EXPECT_TRUE(StampKeys("", four, &rep).IsInvalidArgument());
  rep = Batch().Put("abc").rep();
  EXPECT_TRUE(StampKeys("time", four, &rep).IsCorruption());
}

TEST(BatchSteps, OtherWritePoliciesAreRefused) {
  for (const Kind kind : {Kind::kBeginPersistedPrepare, Kind::kBeginUnprepare}) {
    std::vector<BatchStep> steps;
    const Batch batch = Batch().Mark(kind).Put("a").Mark(Kind::kEndPrepare, "x");
    EXPECT_TRUE(SplitIntoSteps(batch.rep(), &steps).IsNotSupported());
  }
}

}  // namespace
}  // namespace gneiss
