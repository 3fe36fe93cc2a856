// What lies behind a key: its merge operands, all versions of it, and whether it may exist at all.
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/debug.h>
#include <rocksdb/wide_columns.h>

#include "tests/support/database.h"
#include "tests/support/joiner.h"

namespace gneiss {
namespace {

using rocksdb::KeyVersion;
using rocksdb::PinnableSlice;
using rocksdb::Status;

class MergeOperands : public ::testing::Test {
 protected:
  void SetUp() override {
    database_.options.merge_operator = std::make_shared<Joiner>();
    database_.Open();
  }
  void Merge(const std::string& key, const std::string& operand) {
    ASSERT_TRUE(database_.db->Merge({}, key, operand).ok());
  }
  // The operands with spaces between, or the status.
  std::string Operands(const std::string& key, int room = 10, const rocksdb::Snapshot* snapshot = nullptr) {
    std::vector<PinnableSlice> found(static_cast<size_t>(room));
    rocksdb::GetMergeOperandsOptions options;
    options.expected_max_number_of_operands = room;
    rocksdb::ReadOptions read;
    read.snapshot = snapshot;
    count_ = -1;
    const Status status =
        database_.db->GetMergeOperands(read, database_.db->DefaultColumnFamily(), key, found.data(), &options, &count_);
    if (!status.ok()) return status.ToString();
    std::string text;
    for (int i = 0; i < count_; ++i) text += (i == 0 ? "" : " ") + found[static_cast<size_t>(i)].ToString();
    return text;
  }

  Database database_;
  int count_ = -1;
};

TEST_F(MergeOperands, AreListedOldestFirst) {
  Merge("k", "1");
  database_.Flush();
  Merge("k", "2");
  const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
  database_.Flush();
  Merge("k", "3");
  EXPECT_EQ("1 2 3", Operands("k"));
  EXPECT_EQ("1 2", Operands("k", 10, snapshot));
  database_.db->ReleaseSnapshot(snapshot);
  EXPECT_EQ("NotFound: ", Operands("absent"));
}

TEST_F(MergeOperands, BeginWithTheBaseValue) {
  database_.Put("k", "base");
  EXPECT_EQ("base", Operands("k"));
  Merge("k", "1");
  EXPECT_EQ("base 1", Operands("k"));
  database_.Flush();
  Merge("k", "2");
  EXPECT_EQ("base,1 2", Operands("k"));  // the flush merged them
}

TEST_F(MergeOperands, BeginWithABaseInABlobFile) {
  database_.options.enable_blob_files = true;
  database_.Open();
  database_.Table({"k"}, "base ");
  EXPECT_EQ("base k", Operands("k"));
  Merge("k", "1");
  EXPECT_EQ("base k 1", Operands("k"));
  if (IsOnReference()) return;  // its GetEntity shows the reference into the blob file
  rocksdb::PinnableWideColumns columns;
  ASSERT_TRUE(database_.db->Delete({}, "k").ok());
  database_.Table({"k"}, "new ");
  ASSERT_TRUE(database_.db->GetEntity({}, database_.db->DefaultColumnFamily(), "k", &columns).ok());
  EXPECT_EQ((rocksdb::WideColumns{{rocksdb::kDefaultWideColumnName, "new k"}}), columns.columns());
}

TEST_F(MergeOperands, EndAtADeletion) {
  database_.Put("k", "base");
  Merge("k", "1");
  ASSERT_TRUE(database_.db->Delete({}, "k").ok());
  EXPECT_EQ("NotFound: ", Operands("k"));
  Merge("k", "2");
  EXPECT_EQ("2", Operands("k"));
  ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), "a", "z").ok());
  Merge("k", "3");
  database_.Flush();
  EXPECT_EQ("3", Operands("k"));
}

TEST_F(MergeOperands, AskForMoreRoom) {
  Merge("k", "1");
  Merge("k", "2");
  Merge("k", "3");
  EXPECT_EQ(Status::Incomplete(Status::SubCode::KMergeOperandsInsufficientCapacity).ToString(), Operands("k", 2));
  EXPECT_EQ(3, count_);
  EXPECT_EQ("1 2 3", Operands("k", 3));
}

TEST_F(MergeOperands, OfAnEntityAreRefused) {
  ASSERT_TRUE(database_.db->PutEntity({}, database_.db->DefaultColumnFamily(), "k", {{"a", "1"}}).ok());
  EXPECT_EQ("Not implemented: GetMergeOperands not supported for wide-column entities", Operands("k"));
}

TEST(KeyVersions, ShowWhatIsHidden) {
  Database database;
  database.options.merge_operator = std::make_shared<Joiner>();
  database.Open();
  rocksdb::DB* const db = database.db.get();
  database.Put("a", "1");
  const rocksdb::Snapshot* const snapshot = db->GetSnapshot();
  database.Put("a", "2");
  database.Put("b", "x");
  database.Flush();
  ASSERT_TRUE(db->Delete({}, "a").ok());
  ASSERT_TRUE(db->Merge({}, "b", "y").ok());
  ASSERT_TRUE(db->SingleDelete({}, "c").ok());

  const auto list = [&](const std::string& begin, const std::string& end, size_t count_max = 100) {
    std::vector<KeyVersion> versions;
    EXPECT_TRUE(rocksdb::GetAllKeyVersions(db, begin, end, count_max, &versions).ok());
    std::string text;
    for (const KeyVersion& each : versions) {
      text += each.user_key + "@" + std::to_string(each.sequence) + " " + each.GetTypeName() + " " + each.value + "\n";
    }
    return text;
  };
  EXPECT_EQ(
      "a@4 TypeDeletion \na@2 TypeValue 2\na@1 TypeValue 1\nb@5 TypeMerge y\nb@3 TypeValue x\nc@6 TypeSingleDeletion "
      "\n",
      list("", ""));
  EXPECT_EQ("b@5 TypeMerge y\nb@3 TypeValue x\n", list("b", "b"));
  EXPECT_EQ("b@5 TypeMerge y\nb@3 TypeValue x\nc@6 TypeSingleDeletion \n", list("aa", ""));
  EXPECT_EQ("a@4 TypeDeletion \na@2 TypeValue 2\n", list("", "", 2));
  db->ReleaseSnapshot(snapshot);

  EXPECT_TRUE(rocksdb::GetAllKeyVersions(nullptr, "", "", 1, nullptr).IsInvalidArgument());
  EXPECT_TRUE(rocksdb::GetAllKeyVersions(db, nullptr, "", "", 1, nullptr).IsInvalidArgument());
  EXPECT_TRUE(rocksdb::GetAllKeyVersions(db, "", "", 1, nullptr).IsInvalidArgument());
}

TEST(KeyMayExist, AnswersFromMemory) {
  Database database;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(20));
  database.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  database.Open();
  database.Put("in memory", "1");
  std::string value;
  bool is_found = false;
  EXPECT_TRUE(database.db->KeyMayExist({}, "in memory", &value, &is_found));
  EXPECT_TRUE(is_found);
  EXPECT_EQ("1", value);
  ASSERT_TRUE(database.db->Delete({}, "deleted").ok());
  EXPECT_FALSE(database.db->KeyMayExist({}, "deleted", &value));
  database.Table({"in a table"});
  database.Open();
  EXPECT_TRUE(database.db->KeyMayExist({}, "in a table", &value, &is_found));
  EXPECT_FALSE(is_found);  // its block has not been read
  EXPECT_EQ("vin a table", database.Get("in a table"));
  EXPECT_TRUE(database.db->KeyMayExist({}, "in a table", &value, &is_found));
  EXPECT_TRUE(is_found);
  EXPECT_EQ("vin a table", value);
  EXPECT_FALSE(database.db->KeyMayExist({}, "surely absent", &value));
}

}  // namespace
}  // namespace gneiss
