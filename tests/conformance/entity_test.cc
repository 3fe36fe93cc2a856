// Wide columns: PutEntity, GetEntity, and what the plain calls see of an entity.

#include <rocksdb/convenience.h>
#include <rocksdb/wide_columns.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class EntityTest : public DbTest {
 protected:
  Status PutEntity(const std::string& key, const WideColumns& columns) {
    return db()->PutEntity(write_options_, Family(0), key, columns);
  }
  // "=default c1=1 ", in the columns' order; "(none)", or the text of the status.
  std::string Entity(const std::string& key) {
    PinnableWideColumns columns;
    const Status status = db()->GetEntity(read_options_, Family(0), key, &columns);
    return status.IsNotFound() ? "(none)" : status.ok() ? Text(columns.columns()) : status.ToString();
  }
  static std::string Text(const WideColumns& columns) {
    std::string text;
    for (const WideColumn& column : columns) text += column.name().ToString() + "=" + column.value().ToString() + " ";
    return text;
  }
};

TEST_F(EntityTest, ColumnsComeSortedByName) {
  Open();
  ASSERT_OK(PutEntity("k", {{"b", "2"}, {"a", "1"}, {kDefaultWideColumnName, "0"}}));
  EXPECT_EQ("=0 a=1 b=2 ", Entity("k"));
  Flush();
  EXPECT_EQ("=0 a=1 b=2 ", Entity("k"));
  Compact();
  EXPECT_EQ("=0 a=1 b=2 ", Entity("k"));
  Reopen();
  EXPECT_EQ("=0 a=1 b=2 ", Entity("k"));
}

TEST_F(EntityTest, GetSeesTheDefaultColumn) {
  Open();
  ASSERT_OK(PutEntity("with", {{kDefaultWideColumnName, "0"}, {"a", "1"}}));
  ASSERT_OK(PutEntity("without", {{"a", "1"}}));
  EXPECT_EQ("0", Get("with"));
  EXPECT_EQ("", Get("without"));
  EXPECT_EQ("with=0 without=", Scan());
  std::vector<std::string> values;
  for (const Status& status : db()->MultiGet(read_options_, {"with", "without"}, &values)) EXPECT_OK(status);
  EXPECT_EQ((std::vector<std::string>{"0", ""}), values);
}

TEST_F(EntityTest, APlainValueIsAnEntityOfOneColumn) {
  Open();
  ASSERT_OK(Put("k", "v"));
  EXPECT_EQ("=v ", Entity("k"));
}

TEST_F(EntityTest, MissingAndDeletedEntitiesAreNotFound) {
  Open();
  EXPECT_EQ("(none)", Entity("k"));
  ASSERT_OK(PutEntity("k", {{"a", "1"}}));
  ASSERT_OK(Delete("k"));
  EXPECT_EQ("(none)", Entity("k"));
  ASSERT_OK(PutEntity("k", {{"a", "2"}}));
  ASSERT_OK(DeleteRange("a", "z"));
  EXPECT_EQ("(none)", Entity("k"));
}

TEST_F(EntityTest, PutAndPutEntityReplaceEachOther) {
  Open();
  ASSERT_OK(Put("k", "v"));
  ASSERT_OK(PutEntity("k", {{"a", "1"}}));
  EXPECT_EQ("a=1 ", Entity("k"));
  ASSERT_OK(Put("k", "w"));
  EXPECT_EQ("=w ", Entity("k"));
}

TEST_F(EntityTest, IteratorsShowColumns) {
  Open();
  ASSERT_OK(PutEntity("a", {{kDefaultWideColumnName, "0"}, {"c", "1"}}));
  ASSERT_OK(Put("b", "plain"));
  for (const bool is_flushed : {false, true}) {
    if (is_flushed) Flush();
    const auto iterator = NewIterator();
    iterator->SeekToFirst();
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ("0", iterator->value().ToString());
    EXPECT_EQ("=0 c=1 ", Text(iterator->columns()));
    iterator->Next();
    ASSERT_TRUE(iterator->Valid());
    EXPECT_EQ("=plain ", Text(iterator->columns()));
    iterator->Prev();
    EXPECT_EQ("=0 c=1 ", Text(iterator->columns()));
  }
}

TEST_F(EntityTest, SnapshotsSeeTheOldColumns) {
  Open();
  ASSERT_OK(PutEntity("k", {{"a", "1"}}));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(PutEntity("k", {{"a", "2"}}));
  read_options_.snapshot = snapshot;
  EXPECT_EQ("a=1 ", Entity("k"));
  read_options_.snapshot = nullptr;
  EXPECT_EQ("a=2 ", Entity("k"));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(EntityTest, NoColumnsAtAllAreAllowed) {
  Open();
  ASSERT_OK(PutEntity("k", {}));
  EXPECT_EQ("", Entity("k"));
  EXPECT_EQ("", Get("k"));
}

TEST_F(EntityTest, TheSameNameTwiceIsRefused) {
  Open();
  EXPECT_TRUE(PutEntity("k", {{"a", "1"}, {"a", "2"}}).IsCorruption());
  EXPECT_EQ("(none)", Entity("k"));
}

TEST_F(EntityTest, HandlesAndColumnsAreNeeded) {
  Open();
  PinnableWideColumns columns;
  EXPECT_TRUE(db()->GetEntity({}, nullptr, "k", &columns).IsInvalidArgument());
  EXPECT_TRUE(db()->GetEntity({}, Family(0), "k", nullptr).IsInvalidArgument());
  EXPECT_TRUE(db()->PutEntity({}, nullptr, "k", {}).IsInvalidArgument());
}

TEST_F(EntityTest, TheyAreNotMergedWith) {
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  ASSERT_OK(PutEntity("k", {{"", "1"}}));
  ASSERT_OK(Merge("k", "2"));
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
  iterator->SeekToLast();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
}

}  // namespace gneiss::conformance
