// User-defined timestamps: opening without what is newer than a time, and the start of history.
#include <rocksdb/comparator.h>

#include "tests/conformance/timestamps_test.h"

namespace gneiss::conformance {
namespace {

// ---- opening without what is newer

class TrimTest : public TimestampTest {
 protected:
  // The families of the last Open; closes the database again.
  Status OpenAndTrim(const std::string& newest) {
    Close();
    std::vector<ColumnFamilyDescriptor> families = {{kDefaultColumnFamilyName, options_}};
    if (has_plain_family_) families.emplace_back("plain", plain_);
    std::vector<ColumnFamilyHandle*> handles;
    DB* opened = nullptr;
    const Status status = DB::OpenAndTrimHistory(options_, Path(), families, &handles, &opened, newest);
    const std::unique_ptr<DB> owner(opened);
    EXPECT_EQ(status.ok(), opened != nullptr);
    EXPECT_EQ(status.ok() ? families.size() : 0, handles.size());
    for (ColumnFamilyHandle* handle : handles) EXPECT_OK(opened->DestroyColumnFamilyHandle(handle));
    return status;
  }

  bool has_plain_family_ = false;
  ColumnFamilyOptions plain_;
};

TEST_F(TrimTest, NewerVersionsAndDeletionsGoFromEveryLevel) {
  Open();
  for (int i = 0; i < 20; ++i) ASSERT_OK(PutAt(1, Key(i), "1"));
  ASSERT_OK(PutAt(6, Key(3), "too new"));
  Compact();
  ASSERT_OK(PutAt(5, Key(1), "5"));
  ASSERT_OK(DeleteAt(4, Key(2)));
  ASSERT_OK(DeleteAt(7, Key(4)));
  Flush();
  ASSERT_OK(DeleteRangeAt(3, Key(10), Key(12)));
  ASSERT_OK(DeleteRangeAt(8, Key(0), Key(9)));
  Flush();
  ASSERT_OK(PutAt(9, Key(1), "9"));  // in the log alone
  ASSERT_OK(PutAt(9, "new", "9"));
  ASSERT_OK(OpenAndTrim(Ts(5)));
  Open();
  EXPECT_EQ("5@5", GetTimed(100, Key(1)));
  EXPECT_EQ("1@1", GetTimed(4, Key(1)));
  EXPECT_EQ("(none)@4", GetTimed(100, Key(2)));
  EXPECT_EQ("1@1", GetTimed(100, Key(3)));
  EXPECT_EQ("1@1", GetTimed(100, Key(4)));
  EXPECT_EQ("1@1", GetTimed(2, Key(10)));
  EXPECT_EQ("(none)@3", GetTimed(100, Key(11)));
  EXPECT_EQ("1@1", GetTimed(100, Key(12)));
  EXPECT_EQ("(none)", GetTimed(100, "new"));
  EXPECT_EQ("", Versions(6, 100));
}

TEST_F(TrimTest, TablesThatNothingIsMergedWithAreTrimmedToo) {
  Open();
  for (int level = 0; level < 3; ++level) {
    for (const uint64_t time : {1, 10}) ASSERT_OK(PutAt(time, std::string(1, static_cast<char>('a' + level)), "v"));
    Flush();
    if (level > 0) continue;
    CompactRangeOptions deep;
    deep.change_level = true;
    deep.target_level = 3;
    Compact(deep);
  }
  ASSERT_OK(OpenAndTrim(Ts(9)));
  Open();
  EXPECT_EQ("a=v@1 b=v@1 c=v@1", ScanAt(100));
}

TEST_F(TrimTest, FamiliesWithoutTimestampsStayAsTheyAre) {
  Open();
  plain_ = ColumnFamilyOptions(options_);
  plain_.comparator = BytewiseComparator();
  CreateFamily("plain", plain_);
  has_plain_family_ = true;
  ASSERT_OK(PutAt(10, "a", "1"));
  ASSERT_OK(db()->Put(WriteOptions(), Family(1), "a", "1"));
  ASSERT_OK(OpenAndTrim(Ts(9)));
  std::vector<ColumnFamilyDescriptor> families = {{kDefaultColumnFamilyName, options_}, {"plain", plain_}};
  std::vector<ColumnFamilyHandle*> handles;
  DB* opened = nullptr;
  ASSERT_OK(DB::Open(options_, Path(), families, &handles, &opened));
  const std::unique_ptr<DB> owner(opened);
  std::string value;
  EXPECT_TRUE(opened->Get(At(100), handles[0], "a", &value).IsNotFound());
  EXPECT_OK(opened->Get(ReadOptions(), handles[1], "a", &value));
  for (ColumnFamilyHandle* handle : handles) EXPECT_OK(opened->DestroyColumnFamilyHandle(handle));
}

// What stayed in the log would come back with the next opening.
TEST_F(TrimTest, NothingMayStayInTheLog) {
  Open();
  ASSERT_OK(PutAt(10, "a", "1"));
  options_.avoid_flush_during_recovery = true;
  EXPECT_TRUE(OpenAndTrim(Ts(9)).IsInvalidArgument());
  Open();
  EXPECT_EQ("1@10", GetTimed(10, "a"));
}

// ---- the start of history

class HistoryTest : public TimestampTest {
 protected:
  Status Raise(uint64_t time) { return db()->IncreaseFullHistoryTsLow(Family(0), Ts(time)); }
  uint64_t Start() {
    std::string low;
    EXPECT_OK(db()->GetFullHistoryTsLow(Family(0), &low));
    return TimeOf(low);
  }
};

TEST_F(HistoryTest, TheStartOnlyRises) {
  Open();
  ASSERT_OK(Raise(10));
  EXPECT_EQ(10u, Start());
  ASSERT_OK(Raise(10));
  EXPECT_EQ("Invalid argument: Cannot decrease full_history_ts_low", Raise(9).ToString());
  ASSERT_OK(Raise(20));
  EXPECT_EQ(20u, Start());
  EXPECT_EQ("Invalid argument: ts_low size mismatch", db()->IncreaseFullHistoryTsLow(Family(0), "1234").ToString());
  EXPECT_EQ("Invalid argument: ts_low is nullptr", db()->GetFullHistoryTsLow(Family(0), nullptr).ToString());
}

TEST_F(HistoryTest, TheStartIsRemembered) {
  Open();
  ASSERT_OK(Raise(10));
  Reopen();
  EXPECT_EQ(10u, Start());
  EXPECT_EQ("Invalid argument: Cannot decrease full_history_ts_low", Raise(9).ToString());
  Reopen();  // from a MANIFEST that was begun anew
  EXPECT_EQ(10u, Start());
}

TEST_F(HistoryTest, ReadsBeforeTheStartAreRefused) {
  Open();
  PutHistory();
  ASSERT_OK(Raise(20));
  const std::string refused =
      "Invalid argument: Read timestamp: 1300000000000000 is smaller than full_history_ts_low: 1400000000000000\n";
  EXPECT_EQ(refused, GetTimed(19, "a"));
  EXPECT_EQ(refused, ScanAt(19));
  std::vector<Iterator*> iterators;
  EXPECT_EQ(refused, db()->NewIterators(At(19), {Family(0)}, &iterators).ToString());
  std::vector<std::string> values;
  EXPECT_EQ(refused, db()->MultiGet(At(19), {Family(0)}, {"a"}, &values)[0].ToString());
  EXPECT_EQ("a2@20", GetTimed(20, "a"));
  EXPECT_EQ("a=a2@20 b=b1@15", ScanAt(20));
}

TEST_F(HistoryTest, OldVersionsGoInACompaction) {
  Open();
  PutHistory();
  Flush();
  ASSERT_OK(Raise(25));
  Compact(Forced());
  EXPECT_EQ("a2@0", GetTimed(25, "a"));  // the one before the start lost its time
  EXPECT_EQ("(none)@30", GetTimed(30, "a"));
  EXPECT_EQ("a=a2@0 b=b1@0", ScanAt(29));
  EXPECT_EQ("a@30(deleted) a@0=a2 b@0=b1 c@40=c2", Versions(0, 50));
  ASSERT_OK(Raise(35));
  Compact(Forced());
  EXPECT_EQ("b@0=b1 c@40=c2", Versions(0, 50));
  EXPECT_EQ("(none)", GetTimed(35, "a"));
}

TEST_F(HistoryTest, ACompactionMayRaiseTheStart) {
  Open();
  PutHistory();
  const std::string low = Ts(25);
  Slice low_slice(low);
  CompactRangeOptions options;
  options.full_history_ts_low = &low_slice;
  options.bottommost_level_compaction = BottommostLevelCompaction::kForce;
  const Slice begin("a");
  EXPECT_EQ("Invalid argument: Cannot specify compaction range with full_history_ts_low",
            db()->CompactRange(options, Family(0), &begin, nullptr).ToString());
  Compact(options);
  EXPECT_EQ(25u, Start());
  EXPECT_EQ("a=a2@0 b=b1@0", ScanAt(29));
  const std::string lower = Ts(24);
  low_slice = lower;
  EXPECT_EQ("Invalid argument: Cannot decrease full_history_ts_low",
            db()->CompactRange(options, Family(0), nullptr, nullptr).ToString());
}

TEST_F(HistoryTest, VersionsAboveTheLastLevelKeepTheirTimes) {
  Open();
  ASSERT_OK(PutAt(1, "a", "0"));
  Flush();
  Compact();
  for (const uint64_t time : {2, 3, 4, 10}) ASSERT_OK(PutAt(time, "a", std::to_string(time)));
  ASSERT_OK(Raise(5));
  Flush();  // a flush keeps the newest before the start too, with its time
  EXPECT_EQ("a@10=10 a@4=4 a@1=0", Versions(0, 50));
  EXPECT_EQ("4@4", GetTimed(5, "a"));
}

TEST_F(HistoryTest, SnapshotsKeepWhatTheySee) {
  Open();
  ASSERT_OK(PutAt(1, "a", "1"));
  const Snapshot* snapshot = db()->GetSnapshot();
  ASSERT_OK(PutAt(2, "a", "2"));
  ASSERT_OK(PutAt(3, "a", "3"));
  Flush();
  ASSERT_OK(Raise(10));
  Compact(Forced());
  ReadOptions then = At(10);
  then.snapshot = snapshot;
  EXPECT_EQ("a=1@0", ScanTimed(then));
  EXPECT_EQ("a=3@3", ScanAt(10));
  db()->ReleaseSnapshot(snapshot);
  Compact(Forced());
  EXPECT_EQ("a@0=3", Versions(0, 50));
}

TEST_F(HistoryTest, DeletionsBeforeTheStartGo) {
  Open();
  ASSERT_OK(PutAt(1, "a", "1"));
  ASSERT_OK(DeleteAt(2, "a"));
  ASSERT_OK(PutAt(1, "b", "1"));
  ASSERT_OK(SingleDeleteAt(2, "b"));
  for (const char* key : {"c", "d"}) ASSERT_OK(PutAt(1, key, "1"));
  ASSERT_OK(DeleteRangeAt(2, "c", "e"));
  ASSERT_OK(PutAt(3, "d", "2"));
  Flush();
  ASSERT_OK(Raise(5));
  Compact(Forced());
  EXPECT_EQ("d@0=2", Versions(0, 50));
  EXPECT_EQ("d=2@0", ScanAt(5));
}

TEST_F(HistoryTest, ValuesInBlobFilesKeepTheirTimes) {
  options_.enable_blob_files = true;
  options_.min_blob_size = 4;
  Open();
  for (const uint64_t time : {1, 2, 10}) ASSERT_OK(PutAt(time, "a", "value" + std::to_string(time)));
  ASSERT_OK(PutAt(3, "b", "tiny"));
  Flush();
  EXPECT_EQ("a=value2@2", ScanAt(2));
  EXPECT_EQ("value10@10", GetTimed(10, "a"));
  EXPECT_EQ("a@10=value10 a@2=value2 a@1=value1 b@3=tiny", BlobVersions(0, 50));
  // Going back RocksDB 7.8.3 asks for the blob of another version's key. In compactions it takes the time of a version
  // before the start away in the table, and no longer finds the blob's key.
  if (IsReference()) return;
  EXPECT_EQ("b=tiny@3 a=value2@2", ScanBackAt(9));
  ASSERT_OK(Raise(5));
  Compact(Forced());
  EXPECT_EQ("a=value2@2 b=tiny@3", ScanAt(5));
  EXPECT_EQ("value2@2", GetTimed(9, "a"));
  EXPECT_EQ("value10@10", GetTimed(10, "a"));
}

}  // namespace
}  // namespace gneiss::conformance
