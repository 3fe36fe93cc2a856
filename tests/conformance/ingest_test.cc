// Taking in table files that SstFileWriter wrote.

#include <rocksdb/sst_file_writer.h>

#include <filesystem>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class IngestTest : public DbTest {
 protected:
  // A file outside of the database: "+key" puts `value`, "-key" deletes.
  std::string File(const std::string& name, const std::vector<std::string>& entries, const std::string& value = "new") {
    const std::string path = Path() + "_" + name;
    SstFileWriter writer(EnvOptions(), options_);
    EXPECT_OK(writer.Open(path));
    for (const std::string& entry : entries) {
      const std::string key = entry.substr(1);
      EXPECT_OK(entry[0] == '+' ? writer.Put(key, value) : writer.Delete(key));
    }
    EXPECT_OK(writer.Finish());
    return path;
  }
  Status Ingest(const std::vector<std::string>& files) { return db()->IngestExternalFile(files, ingest_); }

  IngestExternalFileOptions ingest_;
};

TEST_F(IngestTest, FilesAreReadAndSurvive) {
  Open();
  ASSERT_OK(Put("a", "old"));
  ASSERT_OK(Ingest({File("f", {"+b", "+c"})}));
  EXPECT_EQ("a=old b=new c=new", Scan());
  Reopen();
  EXPECT_EQ("a=old b=new c=new", Scan());
}

TEST_F(IngestTest, FilesAreNewerThanWhatWasWritten) {
  Open();
  ASSERT_OK(Put("a", "old"));
  ASSERT_OK(Put("b", "old"));
  ASSERT_OK(Ingest({File("f", {"+a", "-b"})}));
  EXPECT_EQ("a=new", Scan());
  ASSERT_OK(Put("a", "newer"));
  EXPECT_EQ("a=newer", Scan());
}

TEST_F(IngestTest, SnapshotsDoNotSeeThem) {
  Open();
  ASSERT_OK(Put("a", "old"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  ASSERT_OK(Ingest({File("f", {"+a", "+b"})}));
  EXPECT_EQ("old", GetAt(snapshot, "a"));
  EXPECT_EQ("(none)", GetAt(snapshot, "b"));
  EXPECT_EQ("a=new b=new", Scan());
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(IngestTest, OverlappingFilesCountInTheirOrder) {
  Open();
  ASSERT_OK(Ingest({File("f1", {"+a", "+b"}, "first"), File("f2", {"+b", "+c"}, "second")}));
  EXPECT_EQ("a=first b=second c=second", Scan());
}

TEST_F(IngestTest, FilesAreCopiedUnlessTheyMayBeMoved) {
  Open();
  const std::string copied = File("f1", {"+a"});
  ASSERT_OK(Ingest({copied}));
  EXPECT_TRUE(std::filesystem::exists(copied));
  ingest_.move_files = true;
  const std::string moved = File("f2", {"+b"});
  ASSERT_OK(Ingest({moved}));
  EXPECT_FALSE(std::filesystem::exists(moved));
  EXPECT_EQ("a=new b=new", Scan());
}

TEST_F(IngestTest, AFlushThatIsNeededMayBeForbidden) {
  Open();
  ASSERT_OK(Put("a", "old"));
  ingest_.allow_blocking_flush = false;
  EXPECT_TRUE(Ingest({File("f1", {"+a"})}).IsInvalidArgument());
  EXPECT_EQ("a=old", Scan());
  ASSERT_OK(Ingest({File("f2", {"+b"})}));  // needs none
  EXPECT_EQ("a=old b=new", Scan());
}

TEST_F(IngestTest, ASequenceNumberThatIsNeededMayBeForbidden) {
  Open();
  PutTable({{"a", "old"}});
  ingest_.allow_global_seqno = false;
  EXPECT_TRUE(Ingest({File("f1", {"+a"})}).IsInvalidArgument());
  EXPECT_EQ("a=old", Scan());
}

TEST_F(IngestTest, FilesGoAsDeepAsTheyFit) {
  options_.num_levels = 4;
  Open();
  ASSERT_OK(Ingest({File("f1", {"+a", "+c"})}));
  EXPECT_EQ("0,0,0,1", Levels());
  ASSERT_OK(Ingest({File("f2", {"+b"})}));  // lies over the first
  EXPECT_EQ("0,0,1,1", Levels());
  ASSERT_OK(Ingest({File("f3", {"+d"})}));
  EXPECT_EQ("0,0,1,2", Levels());
}

TEST_F(IngestTest, TheBottommostLevelMayBeAskedFor) {
  Open();
  PutTable({{"a", "old"}});
  Compact();
  ingest_.fail_if_not_bottommost_level = true;
  options_.num_levels = 7;
  EXPECT_TRUE(Ingest({File("f1", {"+a"})}).IsTryAgain());
  ASSERT_OK(Ingest({File("f2", {"+x"})}));
  EXPECT_EQ("a=old x=new", Scan());
}

TEST_F(IngestTest, WhatIsNoTableIsRefused) {
  Open();
  EXPECT_FALSE(Ingest({Path() + "_missing"}).ok());
  EXPECT_TRUE(Ingest({}).IsInvalidArgument());
  SstFileWriter empty{EnvOptions(), options_};
  ASSERT_OK(empty.Open(Path() + "_empty"));
  EXPECT_TRUE(empty.Finish().IsInvalidArgument());
}

TEST_F(IngestTest, BehindNeedsItsOption) {
  Open();
  ingest_.ingest_behind = true;
  EXPECT_TRUE(Ingest({File("f", {"+a"})}).IsInvalidArgument());
}

TEST_F(IngestTest, SeveralFamiliesTakeTheirFilesTogether) {
  OpenWith({"other"});
  std::vector<IngestExternalFileArg> args(2);
  args[0].column_family = Family(0);
  args[0].external_files = {File("f1", {"+a"})};
  args[1].column_family = Family(1);
  args[1].external_files = {File("f2", {"+b"})};
  ASSERT_OK(db()->IngestExternalFiles(args));
  EXPECT_EQ("a=new", Scan(0));
  EXPECT_EQ("b=new", Scan(1));
  args[1].external_files = {Path() + "_missing"};
  args[0].external_files = {File("f3", {"+c"})};
  EXPECT_FALSE(db()->IngestExternalFiles(args).ok());
  EXPECT_EQ("a=new", Scan(0));  // all or nothing
}

TEST_F(IngestTest, RangeDeletionsOfAFileTakeEffect) {
  Open();
  PutKeys(0, 9);
  const std::string path = Path() + "_ranges";
  SstFileWriter writer(EnvOptions(), options_);
  ASSERT_OK(writer.Open(path));
  ASSERT_OK(writer.DeleteRange(Key(2), Key(8)));
  ASSERT_OK(writer.Put(Key(5), "new"));
  ASSERT_OK(writer.Finish());
  ASSERT_OK(Ingest({path}));
  EXPECT_EQ("new", Get(Key(5)));
  EXPECT_EQ("(none)", Get(Key(2)));
  EXPECT_EQ("(none)", Get(Key(7)));
  EXPECT_EQ("v", Get(Key(8)));
}

}  // namespace gneiss::conformance
