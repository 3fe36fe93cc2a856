#include "engine/io/file_name.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/io/file_system.h"

namespace gneiss {
namespace {

TEST(FileNameTest, Names) {
  EXPECT_EQ(WalName("db", 9), "db/000009.log");
  EXPECT_EQ(WalName("db", 12345678), "db/12345678.log");
  EXPECT_EQ(ArchivedWalName("db", 9), "db/archive/000009.log");
  EXPECT_EQ(TableName("db", 12), "db/000012.sst");
  EXPECT_EQ(LegacyTableName("db", 12), "db/000012.ldb");
  EXPECT_EQ(BlobName("db", 20), "db/000020.blob");
  EXPECT_EQ(ManifestName("db", 5), "db/MANIFEST-000005");
  EXPECT_EQ(OptionsName("db", 7), "db/OPTIONS-000007");
  EXPECT_EQ(TempOptionsName("db", 7), "db/OPTIONS-000007.dbtmp");
  EXPECT_EQ(TempName("db", 5), "db/000005.dbtmp");
  EXPECT_EQ(CurrentName("db"), "db/CURRENT");
  EXPECT_EQ(IdentityName("db"), "db/IDENTITY");
  EXPECT_EQ(LockName("db"), "db/LOCK");
}

TEST(FileNameTest, ParsesWhatIsOurs) {
  const struct {
    const char* name;
    uint64_t number;
    FileKind kind;
  } kCases[] = {
      {"100.log", 100, FileKind::kWal},
      {"archive/000100.log", 100, FileKind::kWal},
      {"/000100.log", 100, FileKind::kWal},
      {"0.sst", 0, FileKind::kTable},
      {"000012.ldb", 12, FileKind::kTable},
      {"000020.blob", 20, FileKind::kBlob},
      {"000005.dbtmp", 5, FileKind::kTemp},
      {"OPTIONS-000007.dbtmp", 7, FileKind::kTemp},
      {"OPTIONS-000007", 7, FileKind::kOptions},
      {"CURRENT", 0, FileKind::kCurrent},
      {"IDENTITY", 0, FileKind::kIdentity},
      {"LOCK", 0, FileKind::kLock},
      {"LOG", 0, FileKind::kInfoLog},
      {"LOG.old", 0, FileKind::kInfoLog},
      {"LOG.old.1700000000000000", 1700000000000000, FileKind::kInfoLog},
      {"MANIFEST-2", 2, FileKind::kManifest},
      {"METADB-2", 2, FileKind::kMetaDatabase},
      {"18446744073709551615.sst", 18446744073709551615u, FileKind::kTable},
  };
  for (const auto& expected : kCases) {
    uint64_t number = 77;
    FileKind kind = FileKind::kLock;
    EXPECT_TRUE(ParseFileName(expected.name, &number, &kind)) << expected.name;
    EXPECT_EQ(number, expected.number) << expected.name;
    EXPECT_EQ(kind, expected.kind) << expected.name;
  }
}

TEST(FileNameTest, RefusesTheRest) {
  for (const char* name : {"",
                           "/",
                           "foo",
                           "foo-dx-100.log",
                           ".log",
                           "log",
                           "manifest",
                           "CURREN",
                           "CURRENTX",
                           "MANIFES",
                           "MANIFEST",
                           "MANIFEST-",
                           "XMANIFEST-3",
                           "MANIFEST-3x",
                           "LOC",
                           "LOCKx",
                           "LO",
                           "LOGx",
                           "LOG.oldx",
                           "LOG.old.x",
                           "100",
                           "100.",
                           "100.lop",
                           "100.sstx",
                           "archive",
                           "archive/",
                           "archive/1.sst",
                           "archivex1.log",
                           "OPTIONS-",
                           "OPTIONS-7x",
                           "18446744073709551616.log",
                           "184467440737095516150.log",
                           "-1.log",
                           "IDENTITY2"}) {
    uint64_t number = 0;
    FileKind kind;
    EXPECT_FALSE(ParseFileName(name, &number, &kind)) << name;
  }
}

TEST(FileNameTest, SetCurrentFileReplacesTheContents) {
  std::string dir = testing::TempDir() + "gneiss_file_name_XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  FileSystem* const fs = FileSystem::Posix();
  std::string contents;
  for (const uint64_t number : {5u, 1234567u}) {
    ASSERT_TRUE(SetCurrentFile(fs, dir, number).ok());
    ASSERT_TRUE(ReadWholeFile(fs, CurrentName(dir), &contents).ok());
    EXPECT_EQ(contents, ManifestName("", number).substr(1) + "\n");
  }
  std::vector<std::string> names;
  ASSERT_TRUE(fs->List(dir, &names).ok());
  EXPECT_EQ(names, std::vector<std::string>{"CURRENT"});
  ASSERT_TRUE(fs->Remove(CurrentName(dir)).ok());
  ASSERT_TRUE(fs->RemoveDir(dir).ok());
  EXPECT_TRUE(SetCurrentFile(fs, dir, 5).IsPathNotFound());
}

}  // namespace
}  // namespace gneiss
