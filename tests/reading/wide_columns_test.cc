// Wide-column entities: written by PutEntity, read by GetEntity, Get, MultiGet and iterators, from memtables and
// tables.
#include <rocksdb/wide_columns.h>
#include <rocksdb/write_batch.h>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::kDefaultWideColumnName;
using rocksdb::PinnableWideColumns;
using rocksdb::Status;
using rocksdb::WideColumns;

// Where the entries lie when they are read.
enum class Place { kMemtable, kTable, kLastLevel };

class WideColumnsTest : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    database_.options.merge_operator = nullptr;
    database_.Open();
  }
  void MoveIntoPlace() {
    if (GetParam() == Place::kMemtable) return;
    database_.Flush();
    if (GetParam() == Place::kTable) return;
    rocksdb::CompactRangeOptions compact;
    compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(database_.db->CompactRange(compact, nullptr, nullptr).ok());
  }
  Status PutEntity(const std::string& key, const WideColumns& columns) {
    return database_.db->PutEntity({}, database_.db->DefaultColumnFamily(), key, columns);
  }
  WideColumns Columns(const std::string& key, PinnableWideColumns* columns) {
    const Status status = database_.db->GetEntity({}, database_.db->DefaultColumnFamily(), key, columns);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return columns->columns();
  }

  Database database_;
};

TEST_P(WideColumnsTest, ComeBackByName) {
  ASSERT_TRUE(PutEntity("with default", {{"b", "2"}, {kDefaultWideColumnName, "0"}, {"a", "1"}}).ok());
  ASSERT_TRUE(PutEntity("without default", {{"x", ""}, {"long", std::string(5000, 'l')}}).ok());
  ASSERT_TRUE(PutEntity("no columns", {}).ok());
  database_.Put("plain", "p");
  MoveIntoPlace();

  PinnableWideColumns columns;
  EXPECT_EQ((WideColumns{{kDefaultWideColumnName, "0"}, {"a", "1"}, {"b", "2"}}), Columns("with default", &columns));
  EXPECT_EQ((WideColumns{{"long", std::string(5000, 'l')}, {"x", ""}}), Columns("without default", &columns));
  EXPECT_EQ(WideColumns(), Columns("no columns", &columns));
  EXPECT_EQ((WideColumns{{kDefaultWideColumnName, "p"}}), Columns("plain", &columns));

  EXPECT_EQ("0", database_.Get("with default"));
  EXPECT_EQ("", database_.Get("without default"));
  EXPECT_EQ("", database_.Get("no columns"));
  std::vector<std::string> values;
  const std::vector<Status> statuses = database_.db->MultiGet({}, {"with default", "plain", "absent"}, &values);
  EXPECT_TRUE(statuses[0].ok() && statuses[1].ok() && statuses[2].IsNotFound());
  EXPECT_EQ("0", values[0]);
  EXPECT_EQ("p", values[1]);

  const Status absent = database_.db->GetEntity({}, database_.db->DefaultColumnFamily(), "absent", &columns);
  EXPECT_TRUE(absent.IsNotFound());
  EXPECT_TRUE(columns.columns().empty());
}

TEST_P(WideColumnsTest, ShowInIteratorsBothWays) {
  ASSERT_TRUE(PutEntity("a", {{"x", "1"}}).ok());
  database_.Put("b", "plain");
  ASSERT_TRUE(PutEntity("c", {{kDefaultWideColumnName, "d"}, {"y", "2"}}).ok());
  MoveIntoPlace();
  // Newer ones over it, in the memtable.
  database_.Put("a", "now plain");
  ASSERT_TRUE(PutEntity("b", {{"now", "wide"}}).ok());
  ASSERT_TRUE(PutEntity("d", {{"z", "3"}}).ok());
  ASSERT_TRUE(database_.db->Delete({}, "d").ok());

  const std::vector<std::pair<std::string, WideColumns>> expected = {
      {"a", {{kDefaultWideColumnName, "now plain"}}},
      {"b", {{"now", "wide"}}},
      {"c", {{kDefaultWideColumnName, "d"}, {"y", "2"}}},
  };
  const std::vector<std::string> values = {"now plain", "", "d"};
  const std::unique_ptr<rocksdb::Iterator> iterator(database_.db->NewIterator({}));
  size_t at = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++at) {
    ASSERT_LT(at, expected.size());
    EXPECT_EQ(expected[at].first, iterator->key().ToString());
    EXPECT_EQ(expected[at].second, iterator->columns());
    EXPECT_EQ(values[at], iterator->value().ToString());
  }
  EXPECT_EQ(expected.size(), at);
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
    ASSERT_GT(at, 0u);
    --at;
    EXPECT_EQ(expected[at].first, iterator->key().ToString());
    EXPECT_EQ(expected[at].second, iterator->columns());
    EXPECT_EQ(values[at], iterator->value().ToString());
  }
  EXPECT_EQ(0u, at);
  iterator->Seek("b");
  iterator->Prev();
  EXPECT_EQ(expected[0].second, iterator->columns());
  iterator->Next();
  EXPECT_EQ(expected[1].second, iterator->columns());
  EXPECT_TRUE(iterator->status().ok());
}

TEST_P(WideColumnsTest, ManyVersionsInReverse) {
  std::vector<const rocksdb::Snapshot*> snapshots;
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(PutEntity("k", {{"version", number}}).ok());
    snapshots.push_back(database_.db->GetSnapshot());
  }
  MoveIntoPlace();
  for (size_t i = 0; i < snapshots.size(); ++i) {
    rocksdb::ReadOptions read;
    read.snapshot = snapshots[i];
    const std::unique_ptr<rocksdb::Iterator> iterator(database_.db->NewIterator(read));
    const std::string number = std::to_string(i);
    iterator->SeekToLast();
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ((WideColumns{{"version", number}}), iterator->columns());
  }
  for (const rocksdb::Snapshot* snapshot : snapshots) database_.db->ReleaseSnapshot(snapshot);
}

TEST_P(WideColumnsTest, SurviveReopening) {
  ASSERT_TRUE(PutEntity("k", {{"a", "1"}, {"b", "2"}}).ok());
  MoveIntoPlace();
  database_.Open();
  PinnableWideColumns columns;
  EXPECT_EQ((WideColumns{{"a", "1"}, {"b", "2"}}), Columns("k", &columns));
}

INSTANTIATE_TEST_SUITE_P(Places, WideColumnsTest,
                         ::testing::Values(Place::kMemtable, Place::kTable, Place::kLastLevel));

TEST(WideColumns, RefuseWhatIsNoEntity) {
  Database database;
  database.Open();
  rocksdb::ColumnFamilyHandle* const family = database.db->DefaultColumnFamily();
  PinnableWideColumns columns;
  EXPECT_EQ("Invalid argument: Cannot call GetEntity without a column family handle",
            database.db->GetEntity({}, nullptr, "k", &columns).ToString());
  EXPECT_EQ("Invalid argument: Cannot call GetEntity without a PinnableWideColumns object",
            database.db->GetEntity({}, family, "k", nullptr).ToString());
  EXPECT_TRUE(database.db->PutEntity({}, family, "k", {{"twice", "1"}, {"twice", "2"}}).IsCorruption());
}

}  // namespace
}  // namespace gneiss
