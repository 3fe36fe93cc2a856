#include "engine/iter/point_lookup.h"

#include <gtest/gtest.h>

#include "engine/iter/wide_column.h"

namespace gneiss {
namespace {

// Joins with commas; refuses operands named "bad".
class AppendOperator final : public MergeOperator {
 public:
  const char* Name() const override { return "append"; }
  bool FullMerge(Slice, const Slice* base, const std::vector<Slice>& operands, std::string* result) const override {
    *result = base == nullptr ? "(none)" : std::string(*base);
    for (const Slice operand : operands) {
      if (operand == "bad") return false;
      result->append(",").append(operand);
    }
    return true;
  }
  bool PartialMerge(Slice, const std::vector<Slice>&, std::string*) const override { return false; }
};

std::string Entity(const std::vector<std::pair<std::string, std::string>>& columns, uint32_t version = 1) {
  std::string out;
  PutVarint32(&out, version);
  PutVarint32(&out, static_cast<uint32_t>(columns.size()));
  for (const auto& [name, value] : columns) {
    PutLengthPrefixed(&out, name);
    PutVarint32(&out, static_cast<uint32_t>(value.size()));
  }
  for (const auto& [name, value] : columns) out += value;
  return out;
}

class PointLookupTest : public testing::Test {
 protected:
  AppendOperator append_;
  PinnedValue value_;
  PointLookup lookup_{"key", 100, &append_, &value_};
};

TEST_F(PointLookupTest, PutIsCopied) {
  std::string source = "hello";
  EXPECT_FALSE(lookup_.Offer(Kind::kPut, 7, source, nullptr));
  source = "other";
  EXPECT_TRUE(lookup_.is_done());
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "hello");
  EXPECT_FALSE(value_.is_pinned());
}

TEST_F(PointLookupTest, PutIsPinnedWhereAPinIsOffered) {
  int released = 0;
  {
    PinnedValue value;
    PointLookup lookup("key", 100, nullptr, &value);
    Pin pin{.release = [](void* count, void*) { ++*static_cast<int*>(count); },
            .argument1 = &released,
            .argument2 = nullptr};
    const std::string source = "hello";
    EXPECT_FALSE(lookup.Offer(Kind::kPut, 7, source, &pin));
    EXPECT_EQ(pin.release, nullptr);
    ASSERT_TRUE(lookup.Finish().ok());
    EXPECT_EQ(value.slice().data(), source.data());
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST_F(PointLookupTest, AnOwnedPinThatIsNotTakenStaysWithTheCaller) {
  Pin pin{.release = [](void*, void*) { FAIL(); }, .argument1 = nullptr, .argument2 = nullptr};
  EXPECT_FALSE(lookup_.Offer(Kind::kDelete, 7, "", &pin));
  EXPECT_NE(pin.release, nullptr);
}

TEST_F(PointLookupTest, DeletesEndTheSearch) {
  for (const Kind kind : {Kind::kDelete, Kind::kSingleDelete, Kind::kDeleteWithTimestamp}) {
    PointLookup lookup("key", 100, nullptr, &value_);
    EXPECT_FALSE(lookup.Offer(kind, 7, "", nullptr));
    EXPECT_FALSE(lookup.Offer(Kind::kPut, 6, "older", nullptr));
    EXPECT_TRUE(lookup.Finish().IsNotFound());
  }
}

TEST_F(PointLookupTest, NothingOfferedIsNotFound) { EXPECT_TRUE(lookup_.Finish().IsNotFound()); }

TEST_F(PointLookupTest, WithoutAValueOnlyExistenceMatters) {
  PointLookup put("key", 100, nullptr, nullptr);
  EXPECT_FALSE(put.Offer(Kind::kPut, 7, "x", nullptr));
  EXPECT_TRUE(put.Finish().ok());
  PointLookup merge("key", 100, &append_, nullptr);
  EXPECT_TRUE(merge.Offer(Kind::kMerge, 7, "x", nullptr));
  EXPECT_TRUE(merge.Finish().ok());
}

TEST_F(PointLookupTest, OperandsFoldOntoABaseOldestFirst) {
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 9, "c", nullptr));
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 8, "b", nullptr));
  EXPECT_FALSE(lookup_.Offer(Kind::kPut, 7, "a", nullptr));
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "a,b,c");
}

TEST_F(PointLookupTest, OperandsFoldOntoNothing) {
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 9, "b", nullptr));
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 8, "a", nullptr));
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "(none),a,b");
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "(none),a,b");
}

TEST_F(PointLookupTest, ADeleteEndsTheOperands) {
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 9, "b", nullptr));
  EXPECT_FALSE(lookup_.Offer(Kind::kSingleDelete, 8, "", nullptr));
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "(none),b");
}

TEST_F(PointLookupTest, OperandsThatDoNotFitAreCorruption) {
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 9, "bad", nullptr));
  const Status status = lookup_.Finish();
  EXPECT_TRUE(status.IsCorruption());
  EXPECT_EQ(status.message(), "Error: Could not perform merge.");
}

TEST_F(PointLookupTest, OperandsWithoutAnOperator) {
  PointLookup lookup("key", 100, nullptr, &value_);
  EXPECT_FALSE(lookup.Offer(Kind::kMerge, 9, "b", nullptr));
  const Status status = lookup.Finish();
  EXPECT_TRUE(status.IsInvalidArgument());
  EXPECT_EQ(status.message(), "merge_operator is not properly initialized.");
}

TEST_F(PointLookupTest, RangeTombstonesHideOlderEntriesOnly) {
  lookup_.CoverBelow(8);
  lookup_.CoverBelow(5);
  EXPECT_EQ(lookup_.covered_below(), 8u);
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 9, "new", nullptr));
  EXPECT_TRUE(lookup_.Offer(Kind::kMerge, 8, "same", nullptr));
  EXPECT_FALSE(lookup_.Offer(Kind::kPut, 7, "old", nullptr));
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "(none),same,new");
  PointLookup covered("key", 100, nullptr, &value_);
  covered.CoverBelow(8);
  EXPECT_FALSE(covered.Offer(Kind::kPut, 7, "old", nullptr));
  EXPECT_TRUE(covered.Finish().IsNotFound());
}

TEST_F(PointLookupTest, BlobIndexesAndUnknownKindsFail) {
  EXPECT_FALSE(lookup_.Offer(Kind::kBlobIndex, 7, "x", nullptr));
  EXPECT_TRUE(lookup_.Finish().IsNotSupported());
  PointLookup unknown("key", 100, nullptr, &value_);
  EXPECT_FALSE(unknown.Offer(Kind::kLogData, 7, "x", nullptr));
  EXPECT_TRUE(unknown.Finish().IsCorruption());
}

TEST_F(PointLookupTest, TheFirstFailureStays) {
  lookup_.Fail(Status::IoError("first"));
  lookup_.Fail(Status::IoError("second"));
  EXPECT_TRUE(lookup_.is_done());
  EXPECT_EQ(lookup_.Finish().message(), "first");
}

TEST_F(PointLookupTest, AnEntityShowsItsDefaultColumn) {
  EXPECT_FALSE(lookup_.Offer(Kind::kWideColumn, 7, Entity({{"", "dflt"}, {"a", "1"}}), nullptr));
  ASSERT_TRUE(lookup_.Finish().ok());
  EXPECT_EQ(value_.slice(), "dflt");
  PointLookup without("key", 100, nullptr, &value_);
  EXPECT_FALSE(without.Offer(Kind::kWideColumn, 7, Entity({{"a", "1"}}), nullptr));
  ASSERT_TRUE(without.Finish().ok());
  EXPECT_EQ(value_.slice(), "");
  PointLookup merging("key", 100, &append_, &value_);
  EXPECT_TRUE(merging.Offer(Kind::kMerge, 8, "m", nullptr));
  EXPECT_FALSE(merging.Offer(Kind::kWideColumn, 7, Entity({{"", "dflt"}}), nullptr));
  EXPECT_TRUE(merging.Finish().IsNotSupported());
}

TEST(WideColumnTest, DamagedEntitiesAreRefused) {
  Slice value;
  EXPECT_TRUE(DefaultColumnOf(Entity({{"", "x"}}, 2), &value).IsNotSupported());
  EXPECT_TRUE(DefaultColumnOf(Entity({{"b", "x"}, {"a", "y"}}), &value).IsCorruption());
  EXPECT_TRUE(DefaultColumnOf(Entity({{"a", "x"}, {"a", "y"}}), &value).IsCorruption());
  const std::string whole = Entity({{"", "dflt"}, {"a", "1"}});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(DefaultColumnOf(Slice(whole).substr(0, size), &value).IsCorruption()) << size;
  }
  EXPECT_TRUE(DefaultColumnOf(whole, &value).ok());
  EXPECT_EQ(value, "dflt");
}

}  // namespace
}  // namespace gneiss
