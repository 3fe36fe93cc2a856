// User-defined timestamps: what is seen at which time, by every kind of read, and what calls without timestamps are
// told.
#include <rocksdb/comparator.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>

#include "tests/conformance/timestamps_test.h"

namespace gneiss::conformance {
namespace {

TEST_F(TimestampTest, ReadsSeeWhatWasWrittenUpToTheirTime) {
  Open();
  PutHistory();
  ExpectHistory();
  Flush();
  ExpectHistory();
  Compact();
  ExpectHistory();
  Reopen();
  ExpectHistory();
}

TEST_F(TimestampTest, HistoryComesBackFromTheLog) {
  Open();
  PutHistory();
  Reopen();
  ExpectHistory();
}

TEST_F(TimestampTest, HistoryLiesInSeveralTables) {
  Open();
  ASSERT_OK(PutAt(5, "c", "c1"));
  ASSERT_OK(DeleteAt(6, "c"));
  ASSERT_OK(PutAt(10, "a", "a1"));
  Flush();
  ASSERT_OK(PutAt(15, "b", "b1"));
  ASSERT_OK(PutAt(20, "a", "a2"));
  Flush();
  ASSERT_OK(DeleteAt(30, "a"));
  ASSERT_OK(PutAt(40, "c", "c2"));
  ExpectHistory();
  Flush();
  ExpectHistory();
  Compact();
  ExpectHistory();
}

TEST_F(TimestampTest, CallsWithoutATimestampAreRefused) {
  Open();
  const std::string refused =
      "Invalid argument: cannot call this method on column family default that enables timestamp";
  std::string value;
  EXPECT_EQ(refused, db()->Put(WriteOptions(), "a", "1").ToString());
  EXPECT_EQ(refused, db()->Delete(WriteOptions(), "a").ToString());
  EXPECT_EQ(refused, db()->SingleDelete(WriteOptions(), "a").ToString());
  EXPECT_EQ(refused, db()->DeleteRange(WriteOptions(), Family(0), "a", "b").ToString());
  EXPECT_EQ(refused, db()->Merge(WriteOptions(), "a", "1").ToString());
  EXPECT_EQ(refused, db()->PutEntity(WriteOptions(), Family(0), "a", {{"", "1"}}).ToString());
  EXPECT_EQ(refused, db()->Get(ReadOptions(), "a", &value).ToString());
  EXPECT_EQ(refused, NewIterator()->status().ToString());
  std::vector<Iterator*> iterators;
  EXPECT_EQ(refused, db()->NewIterators(ReadOptions(), {Family(0)}, &iterators).ToString());
  PinnableWideColumns columns;
  EXPECT_EQ(refused, db()->GetEntity(ReadOptions(), Family(0), "a", &columns).ToString());
  std::vector<std::string> values;
  EXPECT_EQ(refused, db()->MultiGet(ReadOptions(), {Family(0)}, {"a"}, &values)[0].ToString());
}

TEST_F(TimestampTest, TimestampsOfAnotherSizeAreRefused) {
  Open();
  const std::string refused = "Invalid argument: Timestamp sizes mismatch: expect 8, 4 given";
  const Slice wrong("1234");
  EXPECT_EQ(refused, db()->Put(WriteOptions(), "a", wrong, "1").ToString());
  EXPECT_EQ(refused, db()->Delete(WriteOptions(), "a", wrong).ToString());
  EXPECT_EQ(refused, db()->SingleDelete(WriteOptions(), "a", wrong).ToString());
  EXPECT_EQ(refused, db()->DeleteRange(WriteOptions(), Family(0), "a", "b", wrong).ToString());
  ReadOptions options;
  options.timestamp = &wrong;
  EXPECT_EQ(refused, Get(options, "a"));
  EXPECT_EQ(refused, NewIterator(options)->status().ToString());
}

TEST_F(TimestampTest, FamiliesWithoutTimestampsTakeNone) {
  options_.comparator = BytewiseComparator();
  Open();
  const std::string refused =
      "Invalid argument: cannot call this method on column family default that does not enable timestamp";
  EXPECT_EQ(refused, PutAt(1, "a", "1").ToString());
  EXPECT_EQ(refused, DeleteAt(1, "a").ToString());
  EXPECT_EQ(refused, SingleDeleteAt(1, "a").ToString());
  EXPECT_EQ(refused, DeleteRangeAt(1, "a", "b").ToString());
  EXPECT_EQ(refused, Get(At(1), "a"));
  EXPECT_EQ(refused, NewIterator(At(1))->status().ToString());
  EXPECT_EQ("Invalid argument: Timestamp is not enabled in this column family",
            db()->IncreaseFullHistoryTsLow(Family(0), Ts(1)).ToString());
  std::string low;
  EXPECT_EQ("Invalid argument: Timestamp is not enabled in this column family",
            db()->GetFullHistoryTsLow(Family(0), &low).ToString());
}

TEST_F(TimestampTest, MergeIsNotSupported) {
  Open();
  EXPECT_EQ("Not implemented: Merge does not support user-defined timestamp yet",
            db()->Merge(WriteOptions(), Family(0), "a", Ts(1), "1").ToString());
}

TEST_F(TimestampTest, TimestampsComeWithValuesOnlyWhereThereAreAny) {
  options_.comparator = BytewiseComparator();
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", GetTimed(ReadOptions(), "a"));
  EXPECT_EQ("(none)", GetTimed(ReadOptions(), "b"));
}

TEST_F(TimestampTest, FamiliesWithAndWithoutTimestampsLiveTogether) {
  Open();
  ColumnFamilyOptions plain(options_);
  plain.comparator = BytewiseComparator();
  CreateFamily("plain", plain);
  ASSERT_OK(PutAt(1, "a", "timed"));
  ASSERT_OK(Put("a", "plain", 1));
  EXPECT_EQ("timed@1", GetTimed(1, "a"));
  EXPECT_EQ("plain", Get("a", 1));
  WriteBatch batch(0, 0, 0, 8);
  ASSERT_OK(batch.Put(Family(0), "b", Ts(2), "timed"));
  ASSERT_OK(batch.Put(Family(1), "b", "plain"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("timed@2", GetTimed(2, "b"));
  EXPECT_EQ("plain", Get("b", 1));
}

TEST_F(TimestampTest, ASingleDeleteEndsAVersion) {
  Open();
  ASSERT_OK(PutAt(1, "a", "1"));
  ASSERT_OK(SingleDeleteAt(3, "a"));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ("1@1", GetTimed(2, "a"));
    EXPECT_EQ("(none)@3", GetTimed(3, "a"));
    EXPECT_EQ("a=1@1", ScanAt(2));
    EXPECT_EQ("", ScanAt(3));
    EXPECT_EQ("a@3(deleted) a@1=1", Versions(0, 5));
    if (round == 0) Flush();
    if (round == 1) Compact();
  }
}

TEST_F(TimestampTest, ARangeDeletionHoldsFromItsTimeOn) {
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(PutAt(10, key, "1"));
  ASSERT_OK(DeleteRangeAt(20, "b", "d"));
  ASSERT_OK(PutAt(30, "c", "2"));
  for (int round = 0; round < 4; ++round) {
    EXPECT_EQ("a=1@10 b=1@10 c=1@10 d=1@10", ScanAt(19)) << round;
    EXPECT_EQ("a=1@10 d=1@10", ScanAt(20)) << round;
    EXPECT_EQ("a=1@10 c=2@30 d=1@10", ScanAt(30)) << round;
    EXPECT_EQ("d=1@10 c=2@30 a=1@10", ScanBackAt(30)) << round;
    EXPECT_EQ("1@10", GetTimed(19, "b")) << round;
    EXPECT_EQ("(none)@20", GetTimed(20, "b")) << round;
    EXPECT_EQ("(none)@20", GetTimed(29, "c")) << round;
    EXPECT_EQ("2@30", GetTimed(30, "c")) << round;
    EXPECT_EQ("1@10", GetTimed(30, "d")) << round;
    if (round == 0) Flush();
    if (round == 1) Compact();
    if (round == 2) Reopen();
  }
}

TEST_F(TimestampTest, ARangeDeletionCoversOlderTables) {
  Open();
  for (const char* key : {"a", "b", "c"}) ASSERT_OK(PutAt(10, key, "1"));
  Flush();
  ASSERT_OK(DeleteRangeAt(20, "a", "c"));
  Flush();
  ASSERT_OK(DeleteRangeAt(40, "b", "z"));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ("a=1@10 b=1@10 c=1@10", ScanAt(19));
    EXPECT_EQ("c=1@10", ScanAt(39));
    EXPECT_EQ("", ScanAt(40));
    EXPECT_EQ("(none)@20", GetTimed(39, "b"));
    EXPECT_EQ("(none)@40", GetTimed(40, "b"));
    EXPECT_EQ("(none)@40", GetTimed(40, "c"));
    if (round == 0) Flush();
    if (round == 1) Compact();
  }
}

TEST_F(TimestampTest, IteratorsSeekBareKeys) {
  Open();
  for (int i = 1; i <= 9; ++i) {
    ASSERT_OK(PutAt(static_cast<uint64_t>(i), Key(i), "old"));
    ASSERT_OK(PutAt(static_cast<uint64_t>(10 + i), Key(i), "new"));
  }
  for (int round = 0; round < 2; ++round) {
    const auto it = NewIterator(At(13));
    it->Seek(Key(3));
    ASSERT_TRUE(it->Valid());
    EXPECT_EQ("key003=new@13", Entry(*it));
    it->Next();
    EXPECT_EQ("key004=old@4", Entry(*it));
    it->Prev();
    EXPECT_EQ("key003=new@13", Entry(*it));
    it->Prev();
    EXPECT_EQ("key002=new@12", Entry(*it));
    it->Next();
    EXPECT_EQ("key003=new@13", Entry(*it));
    it->SeekForPrev("key005x");
    EXPECT_EQ("key005=old@5", Entry(*it));
    it->Prev();
    EXPECT_EQ("key004=old@4", Entry(*it));
    it->SeekForPrev(Key(9));
    EXPECT_EQ("key009=old@9", Entry(*it));
    it->Next();
    EXPECT_FALSE(it->Valid());
    it->SeekForPrev("a");
    EXPECT_FALSE(it->Valid());
    it->SeekToLast();
    EXPECT_EQ("key009=old@9", Entry(*it));
    EXPECT_OK(it->status());
    Flush();
  }
}

TEST_F(TimestampTest, IteratorBoundsAreBareKeys) {
  Open();
  for (int i = 1; i <= 5; ++i) ASSERT_OK(PutAt(10, Key(i), "v"));
  for (int i = 1; i <= 5; ++i) ASSERT_OK(PutAt(20, Key(i), "w"));
  const std::string lower_key = Key(2);
  const std::string upper_key = Key(4);
  const Slice lower(lower_key);
  const Slice upper(upper_key);
  for (int round = 0; round < 2; ++round) {
    ReadOptions options = At(15);
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    EXPECT_EQ("key002=v@10 key003=v@10", ScanTimed(options));
    EXPECT_EQ("key003=v@10 key002=v@10", ScanBackTimed(options));
    const auto it = NewIterator(options);
    it->Seek(Key(1));
    EXPECT_EQ("key002=v@10", Entry(*it));
    it->SeekForPrev(Key(5));
    EXPECT_EQ("key003=v@10", Entry(*it));
    uint64_t start = 0;
    ReadOptions versions = From(&start, 30);
    versions.iterate_lower_bound = &lower;
    versions.iterate_upper_bound = &upper;
    EXPECT_EQ("key002@20=w key002@10=v key003@20=w key003@10=v", Versions(versions));
    Flush();
  }
}

TEST_F(TimestampTest, ManyVersionsOfAKeyArePassedOver) {
  options_.max_sequential_skip_in_iterations = 3;
  Open();
  for (uint64_t time = 1; time <= 50; ++time) {
    ASSERT_OK(PutAt(time, "a", std::to_string(time)));
    ASSERT_OK(PutAt(time, "b", std::to_string(time)));
    if (time == 25) Flush();
  }
  for (const uint64_t time : {1, 2, 10, 24, 25, 26, 40, 49, 50, 60}) {
    const std::string newest = std::to_string(std::min<uint64_t>(time, 50));
    const std::string entry = newest + "@" + newest;
    EXPECT_EQ("a=" + entry + " b=" + entry, ScanAt(time));
    EXPECT_EQ("b=" + entry + " a=" + entry, ScanBackAt(time));
    EXPECT_EQ(entry, GetTimed(time, "b"));
  }
}

TEST_F(TimestampTest, VersionsBetweenTwoTimes) {
  Open();
  PutHistory();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ("a@10=a1 b@15=b1", Versions(10, 19));
    EXPECT_EQ("", Versions(7, 9));
    EXPECT_EQ("c@6(deleted) c@5=c1", Versions(1, 9));
    EXPECT_EQ("c@5=c1 c@6(deleted)", VersionsBack(1, 9));
    if (round == 0) Flush();
    if (round == 1) Compact();
  }
}

TEST_F(TimestampTest, SeeksAmongVersions) {
  Open();
  PutHistory();
  Flush();
  const uint64_t start = 5;
  const auto it = NewIterator(From(&start, 30));
  it->Seek("a");
  EXPECT_EQ("a@30(deleted)", Version(*it));
  it->Next();
  EXPECT_EQ("a@20=a2", Version(*it));
  it->Next();
  it->Next();
  EXPECT_EQ("b@15=b1", Version(*it));
  it->SeekForPrev("b");
  EXPECT_EQ("b@15=b1", Version(*it));
  it->Prev();
  EXPECT_EQ("a@10=a1", Version(*it));
  it->SeekForPrev("a");
  EXPECT_EQ("a@10=a1", Version(*it));
  it->Next();
  EXPECT_EQ("b@15=b1", Version(*it));
  it->Next();
  EXPECT_EQ("c@6(deleted)", Version(*it));
  it->Next();
  EXPECT_EQ("c@5=c1", Version(*it));
  it->Next();
  EXPECT_FALSE(it->Valid());
}

TEST_F(TimestampTest, SnapshotsAndTimesTogether) {
  Open();
  ASSERT_OK(PutAt(10, "a", "1"));
  ASSERT_OK(PutAt(10, "b", "1"));
  const Snapshot* snapshot = db()->GetSnapshot();
  ASSERT_OK(PutAt(20, "a", "2"));
  ASSERT_OK(PutAt(10, "b", "overwritten"));
  for (int round = 0; round < 3; ++round) {
    ReadOptions then = At(30);
    then.snapshot = snapshot;
    EXPECT_EQ("1@10", GetTimed(then, "a"));
    EXPECT_EQ("1@10", GetTimed(then, "b"));
    EXPECT_EQ("a=1@10 b=1@10", ScanTimed(then));
    EXPECT_EQ("b=1@10 a=1@10", ScanBackTimed(then));
    EXPECT_EQ("a=2@20 b=overwritten@10", ScanAt(30));
    EXPECT_EQ("b=overwritten@10 a=2@20", ScanBackAt(30));
    if (round == 0) Flush();
    if (round == 1) Compact();
  }
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(TimestampTest, MultiGetAtATime) {
  Open();
  PutHistory();
  const std::vector<Slice> keys = {"a", "b", "c", "d"};
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> values;
    std::vector<std::string> times;
    const std::vector<ColumnFamilyHandle*> families(4, Family(0));
    std::vector<Status> statuses = db()->MultiGet(At(20), families, keys, &values, &times);
    EXPECT_OK(statuses[0]);
    EXPECT_EQ("a2", values[0]);
    EXPECT_EQ(20u, TimeOf(times[0]));
    EXPECT_EQ("b1", values[1]);
    EXPECT_EQ(15u, TimeOf(times[1]));
    EXPECT_TRUE(statuses[2].IsNotFound());
    EXPECT_EQ(6u, TimeOf(times[2]));
    EXPECT_TRUE(statuses[3].IsNotFound());
    EXPECT_EQ("", times[3]);

    PinnableSlice pinned[4];
    std::string pinned_times[4];
    Status pinned_statuses[4];
    db()->MultiGet(At(10), Family(0), 4, keys.data(), pinned, pinned_times, pinned_statuses);
    EXPECT_EQ("a1", pinned[0].ToString());
    EXPECT_EQ(10u, TimeOf(pinned_times[0]));
    EXPECT_TRUE(pinned_statuses[1].IsNotFound());
    Flush();
  }
}

TEST_F(TimestampTest, MultiGetAsksNothingWhenOneFamilyDoesNotFit) {
  Open();
  ColumnFamilyOptions plain(options_);
  plain.comparator = BytewiseComparator();
  CreateFamily("plain", plain);
  std::vector<std::string> values;
  const std::vector<Status> statuses =
      db()->MultiGet(At(10), std::vector<ColumnFamilyHandle*>{Family(0), Family(1)}, {"a", "a"}, &values);
  EXPECT_EQ("Result incomplete: DB not queried due to invalid argument(s) in the same MultiGet",
            statuses[0].ToString());
  EXPECT_EQ("Invalid argument: cannot call this method on column family plain that does not enable timestamp",
            statuses[1].ToString());
}

TEST_F(TimestampTest, KeyMayExistAtATime) {
  Open();
  ASSERT_OK(PutAt(10, "a", "1"));
  std::string value;
  std::string time;
  bool is_found = false;
  EXPECT_TRUE(db()->KeyMayExist(At(10), Family(0), "a", &value, &time, &is_found));
  EXPECT_TRUE(is_found);
  EXPECT_EQ("1", value);
  EXPECT_EQ(10u, TimeOf(time));
  EXPECT_FALSE(db()->KeyMayExist(At(9), Family(0), "a", &value, &time, &is_found));
}

TEST_F(TimestampTest, EntitiesAreReadAtATime) {
  Open();
  ASSERT_OK(PutAt(10, "a", "1"));
  PinnableWideColumns columns;
  ASSERT_OK(db()->GetEntity(At(10), Family(0), "a", &columns));
  ASSERT_EQ(1u, columns.columns().size());
  EXPECT_EQ("1", columns.columns()[0].value().ToString());
  EXPECT_TRUE(db()->GetEntity(At(9), Family(0), "a", &columns).IsNotFound());
}

TEST_F(TimestampTest, FiltersHoldBareKeys) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  for (const bool is_partitioned : {false, true}) {
    SCOPED_TRACE(is_partitioned);
    TableOptions().partition_filters = is_partitioned;
    TableOptions().index_type =
        is_partitioned ? BlockBasedTableOptions::kTwoLevelIndexSearch : BlockBasedTableOptions::kBinarySearch;
    TableOptions().metadata_block_size = 256;
    TableOptions().block_size = 256;
    UseTableOptions();
    options_.prefix_extractor.reset(NewFixedPrefixTransform(4));
    Open();
    for (int i = 0; i < 200; ++i) {
      for (const uint64_t time : {10, 20, 30}) ASSERT_OK(PutAt(time, Key(i), std::to_string(time)));
    }
    Flush();
    for (const uint64_t time : {10, 15, 20, 29, 30, 31}) {
      const std::string newest = std::to_string(std::min<uint64_t>(time / 10 * 10, 30));
      for (int i = 0; i < 200; ++i) ASSERT_EQ(newest + "@" + newest, GetTimed(time, Key(i))) << i;
    }
    EXPECT_EQ("(none)", GetTimed(9, Key(7)));
    EXPECT_EQ("(none)", GetTimed(30, Key(777)));
    ReadOptions prefix = At(15);
    prefix.prefix_same_as_start = true;
    int found = 0;
    {
      const auto it = NewIterator(prefix);
      for (it->Seek(Key(100)); it->Valid(); it->Next()) ++found;
    }
    EXPECT_EQ(100, found);  // "key1.."
    Close();
    ASSERT_OK(DestroyDB(Path(), options_));
  }
}

TEST_F(TimestampTest, BlocksOfEveryKindAreSearched) {
  for (const auto index : {BlockBasedTableOptions::kBinarySearch, BlockBasedTableOptions::kTwoLevelIndexSearch,
                           BlockBasedTableOptions::kBinarySearchWithFirstKey}) {
    for (const bool has_hash_index : {false, true}) {
      SCOPED_TRACE(testing::Message() << index << " " << has_hash_index);
      TableOptions().index_type = index;
      TableOptions().block_size = 200;
      TableOptions().data_block_index_type = has_hash_index ? BlockBasedTableOptions::kDataBlockBinaryAndHash
                                                            : BlockBasedTableOptions::kDataBlockBinarySearch;
      UseTableOptions();
      Open();
      for (int i = 0; i < 30; ++i) {
        for (uint64_t time = 10; time <= 100; time += 10) ASSERT_OK(PutAt(time, Key(i), std::to_string(time)));
      }
      Flush();
      for (const uint64_t time : {10, 19, 55, 100, 200}) {
        const std::string newest = std::to_string(std::min<uint64_t>(time / 10 * 10, 100));
        for (int i = 0; i < 30; ++i) ASSERT_EQ(newest + "@" + newest, GetTimed(time, Key(i)));
      }
      EXPECT_EQ("(none)", GetTimed(9, Key(3)));
      Close();
      ASSERT_OK(DestroyDB(Path(), options_));
    }
  }
}

TEST_F(TimestampTest, SmallTablesKeepTheVersionsOfAKeyInReach) {
  options_.target_file_size_base = 2000;
  options_.compression = kNoCompression;
  Open();
  for (uint64_t time = 1; time <= 60; ++time) {
    for (int i = 0; i < 10; ++i) ASSERT_OK(PutAt(time, Key(i), RandomBytes(20, static_cast<uint32_t>(time))));
    if (time % 20 == 0) Flush();
  }
  Compact();
  for (uint64_t time = 1; time <= 60; ++time) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(RandomBytes(20, static_cast<uint32_t>(time)) + "@" + std::to_string(time), GetTimed(time, Key(i)));
    }
  }
}

TEST_F(TimestampTest, TablesTellTheirOldestAndNewestTime) {
  Open();
  PutHistory();
  Flush();
  TablePropertiesCollection all;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&all));
  ASSERT_EQ(1u, all.size());
  const UserCollectedProperties& properties = all.begin()->second->user_collected_properties;
  ASSERT_EQ(1u, properties.count("rocksdb.timestamp_min"));
  EXPECT_EQ(Ts(5), properties.at("rocksdb.timestamp_min"));
  EXPECT_EQ(Ts(40), properties.at("rocksdb.timestamp_max"));
  EXPECT_EQ("leveldb.BytewiseComparator.u64ts", all.begin()->second->comparator_name);
}

TEST_F(TimestampTest, SizesAreEstimatedForBareKeys) {
  options_.compression = kNoCompression;
  Open();
  for (int i = 0; i < 100; ++i) {
    for (const uint64_t time : {1, 2}) ASSERT_OK(PutAt(time, Key(i), RandomBytes(1000, static_cast<uint32_t>(i))));
  }
  Flush();
  const std::string begin = Key(20);
  const std::string end = Key(40);
  const Range range(begin, end);
  uint64_t bytes = 0;
  ASSERT_OK(db()->GetApproximateSizes(SizeApproximationOptions(), Family(0), &range, 1, &bytes));
  EXPECT_GT(bytes, 30000u);
  EXPECT_LT(bytes, 55000u);
}

TEST_F(TimestampTest, RangesOfBareKeysAreCompacted) {
  Open();
  for (const uint64_t time : {1, 2}) {
    for (int i = 0; i < 10; ++i) ASSERT_OK(PutAt(time, Key(i), "v"));
    Flush();
  }
  EXPECT_EQ("2", Levels());
  const std::string begin = Key(5);
  const std::string end = Key(5);
  const Slice begin_slice(begin);
  const Slice end_slice(end);
  ASSERT_OK(db()->CompactRange(CompactRangeOptions(), Family(0), &begin_slice, &end_slice));
  EXPECT_EQ("0,1", Levels());
  EXPECT_EQ("v@1", GetTimed(1, Key(5)));
  EXPECT_EQ("v@2", GetTimed(2, Key(5)));
}

TEST_F(TimestampTest, ADatabaseIsOpenedWithItsComparatorOnly) {
  Open();
  ASSERT_OK(PutAt(1, "a", "1"));
  Close();
  options_.comparator = BytewiseComparator();
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

}  // namespace
}  // namespace gneiss::conformance
