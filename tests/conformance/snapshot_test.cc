// Snapshots: what they see, their facts, and the properties that count them.

#include <rocksdb/snapshot.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class SnapshotTest : public DbTest {
 protected:
  std::string ScanAt(const Snapshot* snapshot) {
    ReadOptions options;
    options.snapshot = snapshot;
    return Scan(options);
  }
};

TEST_F(SnapshotTest, SeesItsMomentOnly) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("1", GetAt(snapshot, "a"));
  EXPECT_EQ("(none)", GetAt(snapshot, "b"));
  EXPECT_EQ("a=1", ScanAt(snapshot));
  EXPECT_EQ("a=2 b=2", Scan());
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(SnapshotTest, SeesItsMomentThroughFlushAndCompaction) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Delete("a"));
  Flush();
  EXPECT_EQ("1", GetAt(snapshot, "a"));
  Compact();
  EXPECT_EQ("1", GetAt(snapshot, "a"));
  EXPECT_EQ("(none)", Get("a"));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(SnapshotTest, CarriesItsSequenceNumberAndTime) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("a", "2"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  EXPECT_EQ(2u, snapshot->GetSequenceNumber());
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(snapshot->GetUnixTime()), 60);
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(SnapshotTest, SeveralSeeDifferentMoments) {
  Open();
  std::vector<const Snapshot*> snapshots;
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(Put("a", std::to_string(i)));
    snapshots.push_back(db()->GetSnapshot());
  }
  Flush();
  Compact();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(std::to_string(i), GetAt(snapshots[static_cast<size_t>(i)], "a"));
  for (const Snapshot* snapshot : snapshots) db()->ReleaseSnapshot(snapshot);
  EXPECT_EQ("4", Get("a"));
}

TEST_F(SnapshotTest, PropertiesCountThem) {
  Open();
  EXPECT_EQ("0", Property(DB::Properties::kNumSnapshots));
  EXPECT_EQ("0", Property(DB::Properties::kOldestSnapshotTime));
  EXPECT_EQ("0", Property(DB::Properties::kOldestSnapshotSequence));
  ASSERT_OK(Put("a", "1"));
  const Snapshot* const first = db()->GetSnapshot();
  ASSERT_OK(Put("a", "2"));
  const Snapshot* const second = db()->GetSnapshot();
  EXPECT_EQ("2", Property(DB::Properties::kNumSnapshots));
  EXPECT_EQ("1", Property(DB::Properties::kOldestSnapshotSequence));
  EXPECT_EQ(std::to_string(first->GetUnixTime()), Property(DB::Properties::kOldestSnapshotTime));
  db()->ReleaseSnapshot(first);
  EXPECT_EQ("2", Property(DB::Properties::kOldestSnapshotSequence));
  db()->ReleaseSnapshot(second);
  EXPECT_EQ("0", Property(DB::Properties::kNumSnapshots));
}

TEST_F(SnapshotTest, ReleasingNullIsFine) {
  Open();
  db()->ReleaseSnapshot(nullptr);
}

TEST_F(SnapshotTest, AManagedSnapshotReleasesItself) {
  Open();
  {
    ManagedSnapshot managed(db());
    EXPECT_NE(nullptr, managed.snapshot());
    EXPECT_EQ(1u, IntProperty(DB::Properties::kNumSnapshots));
  }
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumSnapshots));
}

TEST_F(SnapshotTest, AnIteratorAtASnapshotIgnoresLaterWrites) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ReadOptions at;
  at.snapshot = db()->GetSnapshot();
  const auto iterator = NewIterator(at);
  ASSERT_OK(Put("b", "2"));
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  db()->ReleaseSnapshot(at.snapshot);
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
}

TEST_F(SnapshotTest, ACompactionDropsWhatNoSnapshotNeeds) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const Snapshot* const first = db()->GetSnapshot();
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(Put("a", "3"));
  const Snapshot* const second = db()->GetSnapshot();
  ASSERT_OK(Put("a", "4"));
  Flush();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(3u, tables.begin()->second->num_entries);
  db()->ReleaseSnapshot(first);
  db()->ReleaseSnapshot(second);
  Compact(Forced());
  tables.clear();
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(1u, tables.begin()->second->num_entries);
}

TEST_F(SnapshotTest, SpansAllFamilies) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 0));
  ASSERT_OK(Put("a", "1", 1));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Put("a", "2", 0));
  ASSERT_OK(Put("a", "2", 1));
  Flush(1);
  EXPECT_EQ("1", GetAt(snapshot, "a", 0));
  EXPECT_EQ("1", GetAt(snapshot, "a", 1));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(SnapshotTest, CloseWithALiveSnapshotIsAborted) {
  Open();
  const Snapshot* const snapshot = db()->GetSnapshot();
  const Status status = db()->Close();
  EXPECT_TRUE(status.IsAborted()) << status.ToString();
  db()->ReleaseSnapshot(snapshot);
  for (ColumnFamilyHandle* handle : Handles()) EXPECT_OK(db()->DestroyColumnFamilyHandle(handle));
  Handles().clear();
  EXPECT_OK(db()->Close());
}

TEST_F(SnapshotTest, InplaceUpdatesGiveNone) {
  options_.inplace_update_support = true;
  options_.allow_concurrent_memtable_write = false;
  Open();
  EXPECT_EQ(nullptr, db()->GetSnapshot());
}

TEST_F(SnapshotTest, NumbersOfADroppedFamilysWritesAreNotGivenAgain) {
  OpenWith({"other"});
  ASSERT_OK(Put("a", "1"));
  write_options_.disableWAL = true;
  ASSERT_OK(Put("b", "1", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  const SequenceNumber before = db()->GetLatestSequenceNumber();
  family_names_.clear();
  Reopen();
  // RocksDB knows of no writes but those in logs and tables, and gives the numbers of others once more.
  EXPECT_EQ(IsReference() ? before - 1 : before, db()->GetLatestSequenceNumber());
}

}  // namespace gneiss::conformance
