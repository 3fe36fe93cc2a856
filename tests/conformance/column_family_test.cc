// Column families: creating, dropping, reopening, descriptors, and what open and list say about them.

#include <algorithm>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class ColumnFamilyTest : public DbTest {
 protected:
  std::string Listed() {
    std::vector<std::string> names;
    EXPECT_OK(DB::ListColumnFamilies(options_, Path(), &names));
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
  }
};

TEST_F(ColumnFamilyTest, TheDefaultOneIsAlwaysThere) {
  Open();
  EXPECT_EQ("default", db()->DefaultColumnFamily()->GetName());
  EXPECT_EQ(0u, db()->DefaultColumnFamily()->GetID());
  EXPECT_EQ("default", kDefaultColumnFamilyName);
  EXPECT_EQ("default ", Listed());
}

TEST_F(ColumnFamilyTest, HandlesKnowNameAndId) {
  OpenWith({"one", "two"});
  EXPECT_EQ("one", Family(1)->GetName());
  EXPECT_EQ(1u, Family(1)->GetID());
  EXPECT_EQ("two", Family(2)->GetName());
  EXPECT_EQ(2u, Family(2)->GetID());
  EXPECT_EQ(BytewiseComparator(), Family(1)->GetComparator());
}

TEST_F(ColumnFamilyTest, KeysOfFamiliesAreApart) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "default"));
  ASSERT_OK(Put("a", "one", 1));
  ASSERT_OK(Put("b", "one", 1));
  EXPECT_EQ("a=default", Scan(0));
  EXPECT_EQ("a=one b=one", Scan(1));
  ASSERT_OK(Delete("a", 1));
  EXPECT_EQ("default", Get("a", 0));
  EXPECT_EQ("(none)", Get("a", 1));
}

TEST_F(ColumnFamilyTest, CreatedOnesAreListedAndReopened) {
  Open();
  CreateFamily("one", options_);
  ASSERT_OK(Put("a", "1", 1));
  EXPECT_EQ("default one ", Listed());
  family_names_ = {"one"};
  Reopen();
  EXPECT_EQ("1", Get("a", 1));
}

TEST_F(ColumnFamilyTest, CreatingOneTwiceIsInvalid) {
  OpenWith({"one"});
  ColumnFamilyHandle* handle = nullptr;
  const Status status = db()->CreateColumnFamily(options_, "one", &handle);
  EXPECT_EQ("Invalid argument: Column family already exists", status.ToString());
  EXPECT_EQ(nullptr, handle);
}

TEST_F(ColumnFamilyTest, OpeningWithoutAllOfThemIsInvalid) {
  OpenWith({"one", "two"});
  Close();
  family_names_ = {"one"};
  const Status status = TryOpen();
  EXPECT_EQ("Invalid argument: Column families not opened: two", status.ToString());
  EXPECT_EQ(nullptr, db());
}

TEST_F(ColumnFamilyTest, OpeningWithoutTheDefaultOneIsInvalid) {
  Open();
  Close();
  std::vector<ColumnFamilyHandle*> handles;
  DB* opened = nullptr;
  const Status status = DB::Open(options_, Path(), {{"one", options_}}, &handles, &opened);
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_EQ("Invalid argument: Default column family not specified", status.ToString());
  EXPECT_EQ(nullptr, opened);
}

TEST_F(ColumnFamilyTest, OpeningOneThatIsMissingIsInvalid) {
  Open();
  Close();
  options_.create_missing_column_families = false;
  family_names_ = {"one"};
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_EQ("Invalid argument: Column family not found: one", status.ToString());
}

TEST_F(ColumnFamilyTest, CreateMissingColumnFamiliesCreates) {
  Open();
  Close();
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  EXPECT_EQ("default one ", Listed());
}

TEST_F(ColumnFamilyTest, DroppedOnesAreGoneAfterReopening) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ("default ", Listed());
  Close();
  family_names_ = {"one"};
  options_.create_missing_column_families = false;
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

TEST_F(ColumnFamilyTest, ADroppedOneIsReadThroughItsHandle) {
  OpenWith({"one"});
  PutTable({{"a", "1"}}, 1);
  ASSERT_OK(Put("b", "2", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ("1", Get("a", 1));
  EXPECT_EQ("2", Get("b", 1));
  EXPECT_EQ("a=1 b=2", Scan(1));
}

TEST_F(ColumnFamilyTest, DroppingTwiceIsInvalid) {
  OpenWith({"one"});
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  const Status status = db()->DropColumnFamily(Family(1));
  EXPECT_EQ("Invalid argument: Column family already dropped!\n", status.ToString());
}

TEST_F(ColumnFamilyTest, DroppingTheDefaultOneIsInvalid) {
  Open();
  const Status status = db()->DropColumnFamily(Family(0));
  EXPECT_EQ("Invalid argument: Can't drop default column family", status.ToString());
}

TEST_F(ColumnFamilyTest, ANameCanBeUsedAgain) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "old", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  CreateFamily("one", options_);
  EXPECT_EQ("(none)", Get("a", 2));
  EXPECT_GT(Family(2)->GetID(), Family(1)->GetID());
  ASSERT_OK(Put("a", "new", 2));
  EXPECT_EQ("old", Get("a", 1));
  EXPECT_EQ("new", Get("a", 2));
}

TEST_F(ColumnFamilyTest, FilesOfADroppedOneGoWithItsHandle) {
  OpenWith({"one"});
  PutTable({{"a", "1"}}, 1);
  ASSERT_EQ(1u, FilesEndingIn(".sst").size());
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ(1u, FilesEndingIn(".sst").size());
  ASSERT_OK(db()->DestroyColumnFamilyHandle(Family(1)));
  ForgetHandle(1);
  EXPECT_TRUE(Eventually([this] { return FilesEndingIn(".sst").empty(); }));
}

TEST_F(ColumnFamilyTest, SeveralAreCreatedAtOnceByName) {
  Open();
  std::vector<ColumnFamilyHandle*> handles;
  ASSERT_OK(db()->CreateColumnFamilies(options_, {"one", "two", "three"}, &handles));
  ASSERT_EQ(3u, handles.size());
  EXPECT_EQ("two", handles[1]->GetName());
  for (ColumnFamilyHandle* handle : handles) Handles().push_back(handle);
  EXPECT_EQ("default one three two ", Listed());
}

TEST_F(ColumnFamilyTest, SeveralAreCreatedAtOnceByDescriptor) {
  Open();
  std::vector<ColumnFamilyHandle*> handles;
  ASSERT_OK(db()->CreateColumnFamilies({{"one", options_}, {"two", options_}}, &handles));
  ASSERT_EQ(2u, handles.size());
  for (ColumnFamilyHandle* handle : handles) Handles().push_back(handle);
  ASSERT_OK(db()->DropColumnFamilies({Family(1), Family(2)}));
  EXPECT_EQ("default ", Listed());
}

TEST_F(ColumnFamilyTest, CreatingSeveralKeepsThoseBeforeAFailure) {
  OpenWith({"two"});
  std::vector<ColumnFamilyHandle*> handles;
  const Status status = db()->CreateColumnFamilies(options_, {"one", "two", "three"}, &handles);
  EXPECT_TRUE(status.IsInvalidArgument());
  ASSERT_EQ(1u, handles.size());
  EXPECT_EQ("one", handles[0]->GetName());
  Handles().push_back(handles[0]);
}

TEST_F(ColumnFamilyTest, DescriptorsTellTheirOptions) {
  Open();
  ColumnFamilyOptions options = options_;
  options.write_buffer_size = 123456;
  options.num_levels = 3;
  CreateFamily("one", options);
  ColumnFamilyDescriptor descriptor;
  ASSERT_OK(Family(1)->GetDescriptor(&descriptor));
  EXPECT_EQ("one", descriptor.name);
  EXPECT_EQ(123456u, descriptor.options.write_buffer_size);
  EXPECT_EQ(3, descriptor.options.num_levels);
  EXPECT_EQ(3, db()->NumberLevels(Family(1)));
  EXPECT_EQ(7, db()->NumberLevels());
}

TEST_F(ColumnFamilyTest, DescriptorsFollowSetOptions) {
  OpenWith({"one"});
  ASSERT_OK(db()->SetOptions(Family(1), {{"write_buffer_size", "98304"}}));
  ColumnFamilyDescriptor descriptor;
  ASSERT_OK(Family(1)->GetDescriptor(&descriptor));
  EXPECT_EQ(98304u, descriptor.options.write_buffer_size);
  ASSERT_OK(Family(0)->GetDescriptor(&descriptor));
  EXPECT_EQ(1u << 20, descriptor.options.write_buffer_size);
}

TEST_F(ColumnFamilyTest, TheHandleOfDefaultColumnFamilyIsNotDestroyed) {
  Open();
  const Status status = db()->DestroyColumnFamilyHandle(db()->DefaultColumnFamily());
  EXPECT_EQ("Invalid argument: Cannot destroy the handle returned by DefaultColumnFamily()", status.ToString());
}

TEST_F(ColumnFamilyTest, PlainOpenNeedsADbWithOneFamily) {
  OpenWith({"one"});
  Close();
  DB* opened = nullptr;
  const Status status = DB::Open(options_, Path(), &opened);
  EXPECT_EQ("Invalid argument: Column families not opened: one", status.ToString());
  EXPECT_EQ(nullptr, opened);
}

TEST_F(ColumnFamilyTest, FlushingOneLeavesTheOthersInMemory) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 0));
  ASSERT_OK(Put("a", "1", 1));
  Flush(1);
  EXPECT_EQ("", Levels(0));
  EXPECT_EQ("1", Levels(1));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumEntriesActiveMemTable, 0));
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumEntriesActiveMemTable, 1));
}

TEST_F(ColumnFamilyTest, FlushTakesSeveralFamilies) {
  OpenWith({"one", "two"});
  for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put("a", "1", family));
  ASSERT_OK(db()->Flush(FlushOptions(), {Family(0), Family(2)}));
  EXPECT_EQ("1", Levels(0));
  EXPECT_EQ("", Levels(1));
  EXPECT_EQ("1", Levels(2));
}

TEST_F(ColumnFamilyTest, UnflushedFamiliesRecoverFromTheLog) {
  OpenWith({"one", "two"});
  for (int i = 0; i < 20; ++i) {
    for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put(Key(i), std::to_string(family), family));
    if (i == 10) Flush(1);
  }
  Reopen();
  for (size_t family = 0; family < 3; ++family) {
    EXPECT_EQ(std::to_string(family), Get(Key(0), family));
    EXPECT_EQ(std::to_string(family), Get(Key(19), family));
  }
}

TEST_F(ColumnFamilyTest, ListOfADbThatIsNotThereFails) {
  std::vector<std::string> names;
  const Status status = DB::ListColumnFamilies(options_, Path() + "/nowhere", &names);
  EXPECT_FALSE(status.ok());
}

TEST_F(ColumnFamilyTest, NullHandlesMeanNothingHere) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put(nullptr, "a", "1"));  // the default family, in a batch
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("1", Get("a"));
}

TEST_F(ColumnFamilyTest, ADroppedFamilyTakesNoFlush) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  const Status status = db()->Flush(FlushOptions(), Family(1));
  EXPECT_TRUE(status.IsColumnFamilyDropped()) << status.ToString();
}

TEST_F(ColumnFamilyTest, ADroppedFamilyTakesNoCompaction) {
  OpenWith({"one"});
  PutTable({{"a", "1"}}, 1);
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  const Status status = db()->CompactRange(CompactRangeOptions(), Family(1), nullptr, nullptr);
  EXPECT_TRUE(status.ok() || status.IsColumnFamilyDropped()) << status.ToString();
}

TEST_F(ColumnFamilyTest, AnIteratorOutlivesADrop) {
  OpenWith({"one"});
  PutTable({{"a", "1"}, {"b", "2"}}, 1);
  const auto iterator = NewIterator(1);
  iterator->SeekToFirst();
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("b=2", At(*iterator));
}

TEST_F(ColumnFamilyTest, FamiliesHaveTheirOwnComparators) {
  Open();
  ColumnFamilyOptions reverse = options_;
  reverse.comparator = ReverseBytewiseComparator();
  CreateFamily("reverse", reverse);
  for (size_t family = 0; family < 2; ++family) {
    ASSERT_OK(Put("a", "1", family));
    ASSERT_OK(Put("b", "2", family));
  }
  EXPECT_EQ("a=1 b=2", Scan(0));
  EXPECT_EQ("b=2 a=1", Scan(1));
  EXPECT_EQ(ReverseBytewiseComparator(), Family(1)->GetComparator());
}

}  // namespace gneiss::conformance
