// DeleteRange over memtables, tables, levels, snapshots and iterators.

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class RangeDeleteTest : public DbTest {
 protected:
  void OpenWithLetters() {
    Open();
    for (const char* key : {"a", "b", "c", "d", "e"}) ASSERT_OK(Put(key, "1"));
  }
};

TEST_F(RangeDeleteTest, BeginIsInsideEndIsOutside) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("b", "d"));
  EXPECT_EQ("a=1 d=1 e=1", Scan());
  EXPECT_EQ("e=1 d=1 a=1", ScanBack());
  EXPECT_EQ("(none)", Get("b"));
  EXPECT_EQ("(none)", Get("c"));
  EXPECT_EQ("1", Get("d"));
}

TEST_F(RangeDeleteTest, AnEmptyRangeDeletesNothing) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("b", "b"));
  EXPECT_EQ("1", Get("b"));
  EXPECT_EQ("a=1 b=1 c=1 d=1 e=1", Scan());
}

TEST_F(RangeDeleteTest, AnEmptyRangeAloneMakesNoTable) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}});
  ASSERT_OK(DeleteRange("b", "b"));
  Flush();
  EXPECT_EQ("1", Levels());
  ASSERT_OK(DeleteRange("c", "c"));
  Reopen();  // and neither does recovery
  EXPECT_EQ("1", Levels());
  PutTable({{"a", "2"}});
  Reopen();
  EXPECT_EQ("a=2", Scan());
}

TEST_F(RangeDeleteTest, ARangeThatEndsBeforeItBeginsIsInvalid) {
  OpenWithLetters();
  const Status status = DeleteRange("d", "b");
  EXPECT_EQ("Invalid argument: end key comes before start key", status.ToString());
  EXPECT_EQ("1", Get("c"));
}

TEST_F(RangeDeleteTest, AnInvalidRangeHarmsNothingElse) {
  OpenWithLetters();
  ASSERT_TRUE(DeleteRange("d", "b").IsInvalidArgument());
  // RocksDB's range is in the log by then and stops all later writes (issue 8239); here it is refused before.
  EXPECT_EQ(IsReference(), !Put("f", "1").ok());
  EXPECT_EQ(IsReference() ? "(none)" : "1", Get("f"));
}

TEST_F(RangeDeleteTest, LaterPutsAreSeen) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("a", "z"));
  ASSERT_OK(Put("c", "2"));
  EXPECT_EQ("c=2", Scan());
  Flush();
  EXPECT_EQ("c=2", Scan());
  Compact();
  EXPECT_EQ("c=2", Scan());
}

TEST_F(RangeDeleteTest, ItCoversTablesBelow) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  EXPECT_EQ("a=1 d=1 e=1", Scan());
  Flush();
  EXPECT_EQ("a=1 d=1 e=1", Scan());
  EXPECT_EQ("(none)", Get("b"));
}

TEST_F(RangeDeleteTest, ACompactionDropsKeysAndTombstone) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  Flush();
  Compact(Forced());
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(3u, tables.begin()->second->num_entries);
  EXPECT_EQ(0u, tables.begin()->second->num_range_deletions);
}

TEST_F(RangeDeleteTest, DeletingEverythingLeavesNoTable) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("a", "z"));
  Flush();
  Compact();
  EXPECT_EQ("", Scan());
  EXPECT_EQ("", Levels());
}

TEST_F(RangeDeleteTest, ATableMayHoldATombstoneAlone) {
  Open();
  ASSERT_OK(DeleteRange("a", "c"));
  Flush();
  EXPECT_EQ("1", Levels());
  EXPECT_EQ("", Scan());
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(1u, tables.begin()->second->num_range_deletions);
}

// Cut where another one begins or ends, the newest that each snapshot sees.
TEST_F(RangeDeleteTest, OverlappingTombstonesAreWrittenInPieces) {
  for (const bool has_snapshot : {false, true}) {
    Open();
    ASSERT_OK(DeleteRange("a", "z"));
    const Snapshot* const snapshot = has_snapshot ? db()->GetSnapshot() : nullptr;
    ASSERT_OK(DeleteRange("c", "e"));
    ASSERT_OK(Put("x", "1"));
    Flush();
    TablePropertiesCollection tables;
    ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
    ASSERT_EQ(1u, tables.size());
    EXPECT_EQ(has_snapshot ? 4u : 3u, tables.begin()->second->num_range_deletions);
    if (has_snapshot) db()->ReleaseSnapshot(snapshot);
    Compact();
    EXPECT_EQ("x=1", Scan());
    Close();
    ASSERT_OK(DestroyDB(Path(), options_));
  }
}

TEST_F(RangeDeleteTest, SnapshotsBeforeItStillSee) {
  OpenWithLetters();
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(DeleteRange("b", "e"));
  ReadOptions at;
  at.snapshot = snapshot;
  EXPECT_EQ("a=1 b=1 c=1 d=1 e=1", Scan(at));
  EXPECT_EQ("a=1 e=1", Scan());
  Flush();
  Compact();
  EXPECT_EQ("a=1 b=1 c=1 d=1 e=1", Scan(at));
  EXPECT_EQ("1", GetAt(snapshot, "c"));
  EXPECT_EQ("a=1 e=1", Scan());
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(RangeDeleteTest, SnapshotsAfterItDoNot) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("b", "e"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Put("c", "2"));
  Flush();
  EXPECT_EQ("(none)", GetAt(snapshot, "c"));
  EXPECT_EQ("2", Get("c"));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(RangeDeleteTest, OverlappingRangesUnite) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("a", "c"));
  ASSERT_OK(DeleteRange("b", "e"));
  EXPECT_EQ("e=1", Scan());
  Flush();
  EXPECT_EQ("e=1", Scan());
  EXPECT_EQ("e=1", ScanBack());
}

TEST_F(RangeDeleteTest, NestedRangesOfDifferentAge) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("b", "c"));
  ASSERT_OK(Put("b", "2"));
  ASSERT_OK(Put("c", "2"));
  ASSERT_OK(DeleteRange("a", "d"));
  ASSERT_OK(Put("a", "3"));
  EXPECT_EQ("a=3 d=1 e=1", Scan());
  Flush();
  EXPECT_EQ("a=3 d=1 e=1", Scan());
}

TEST_F(RangeDeleteTest, SeekSkipsWhatIsDeleted) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  const auto iterator = NewIterator();
  iterator->Seek("b");
  EXPECT_EQ("d=1", At(*iterator));
  iterator->SeekForPrev("c");
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Seek("c5");
  EXPECT_EQ("d=1", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("a=1", At(*iterator));
}

TEST_F(RangeDeleteTest, AnIteratorMadeBeforeStillSees) {
  OpenWithLetters();
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  ASSERT_OK(DeleteRange("a", "z"));
  Flush();
  Compact();
  int count = 0;
  for (; iterator->Valid(); iterator->Next()) ++count;
  EXPECT_EQ(5, count);
}

TEST_F(RangeDeleteTest, IgnoreRangeDeletionsSkipsThem) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  ReadOptions ignoring;
  ignoring.ignore_range_deletions = true;
  EXPECT_EQ("1", Get(ignoring, "b"));
  EXPECT_EQ("a=1 b=1 c=1 d=1 e=1", Scan(ignoring));
  Flush();
  EXPECT_EQ("1", Get(ignoring, "b"));
  EXPECT_EQ("(none)", Get("b"));
}

TEST_F(RangeDeleteTest, MultiGetHonoursThem) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  std::vector<std::string> values;
  const std::vector<Status> statuses = db()->MultiGet(ReadOptions(), {"a", "b", "c", "d"}, &values);
  EXPECT_TRUE(statuses[0].ok());
  EXPECT_TRUE(statuses[1].IsNotFound());
  EXPECT_TRUE(statuses[2].IsNotFound());
  EXPECT_TRUE(statuses[3].ok());
}

TEST_F(RangeDeleteTest, ItSurvivesReopening) {
  OpenWithLetters();
  ASSERT_OK(DeleteRange("b", "d"));
  Reopen();
  EXPECT_EQ("a=1 d=1 e=1", Scan());
}

TEST_F(RangeDeleteTest, FamiliesAreApart) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 0));
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_OK(DeleteRange("a", "b", 1));
  EXPECT_EQ("1", Get("a", 0));
  EXPECT_EQ("(none)", Get("a", 1));
}

TEST_F(RangeDeleteTest, WithinABatchOrderCounts) {
  Open();
  WriteBatch batch;
  ASSERT_OK(batch.Put("a", "1"));
  ASSERT_OK(batch.Put("b", "1"));
  ASSERT_OK(batch.DeleteRange("a", "c"));
  ASSERT_OK(batch.Put("b", "2"));
  ASSERT_OK(db()->Write(WriteOptions(), &batch));
  EXPECT_EQ("b=2", Scan());
}

TEST_F(RangeDeleteTest, ManyTombstonesOverManyTables) {
  options_.disable_auto_compactions = true;
  Open();
  for (int table = 0; table < 5; ++table) {
    for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), std::to_string(table)));
    ASSERT_OK(DeleteRange(Key(table * 20), Key(table * 20 + 10)));
    Flush();
  }
  // Only the last table's range is not covered by a later put.
  for (int i = 0; i < 100; ++i) EXPECT_EQ(i >= 80 && i < 90 ? "(none)" : "4", Get(Key(i)));
  Compact();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(i >= 80 && i < 90 ? "(none)" : "4", Get(Key(i)));
}

TEST_F(RangeDeleteTest, SmallTargetFilesCutTombstones) {
  options_.target_file_size_base = 4096;
  options_.compression = kNoCompression;
  Open();
  for (int i = 0; i < 200; ++i) ASSERT_OK(Put(Key(i), RandomBytes(200, static_cast<uint32_t>(i))));
  Flush();
  const Snapshot* const snapshot = db()->GetSnapshot();  // keeps covered keys and tombstone alive
  ASSERT_OK(DeleteRange(Key(20), Key(180)));
  Flush();
  Compact();
  EXPECT_GT(FilesAt(1) + FilesAt(6), 3);
  EXPECT_EQ(RandomBytes(200, 100), GetAt(snapshot, Key(100)));
  for (const int i : {20, 57, 100, 179}) EXPECT_EQ("(none)", Get(Key(i)));
  EXPECT_EQ(RandomBytes(200, 19), Get(Key(19)));
  EXPECT_EQ(RandomBytes(200, 180), Get(Key(180)));
  const auto iterator = NewIterator();
  iterator->Seek(Key(20));
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(Key(180), iterator->key().ToString());
  iterator->Prev();
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(Key(19), iterator->key().ToString());
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(RangeDeleteTest, LowerLevelsAreCovered) {
  OpenWithLetters();
  Flush();
  CompactRangeOptions to_last;
  to_last.change_level = true;
  to_last.target_level = 6;
  Compact(to_last);
  ASSERT_EQ(1, FilesAt(6));
  ASSERT_OK(DeleteRange("a", "c"));
  Flush();
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("b=2 c=1 d=1 e=1", Scan());
}

TEST_F(RangeDeleteTest, UpperBoundsAndTombstonesMeet) {
  OpenWithLetters();
  Flush();
  ASSERT_OK(DeleteRange("b", "d"));
  const Slice upper("d");
  ReadOptions bounded;
  bounded.iterate_upper_bound = &upper;
  EXPECT_EQ("a=1", Scan(bounded));
  EXPECT_EQ("a=1", ScanBack(bounded));
}

}  // namespace gneiss::conformance
