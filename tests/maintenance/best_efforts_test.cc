// DBOptions::best_efforts_recovery: opening what is left of a database that has lost files. Each family goes back to
// the newest state of which all files are there; logs are not read.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/copy_directory.h"
#include "tests/support/database.h"

namespace gneiss {
namespace {

namespace fs = std::filesystem;
using rocksdb::Status;

class BestEfforts : public ::testing::Test {
 protected:
  BestEfforts() { database_.options.create_missing_column_families = true; }
  // What is in memory stays in the log.
  void CloseAsIfKilled() {
    const std::string copy = database_.temp_path() + "/copy";
    CopyLiveDirectory(database_.dir(), copy);
    database_.Close();
    fs::remove_all(database_.dir());
    fs::rename(copy, database_.dir());
  }
  Status Recover() {
    database_.Close();
    database_.options.best_efforts_recovery = true;
    rocksdb::DB* opened = nullptr;
    const Status status = rocksdb::DB::Open(database_.options, database_.dir(), &opened);
    database_.db.reset(opened);
    database_.options.best_efforts_recovery = false;
    return status;
  }
  std::string KeysAfterRecovery() {
    const Status status = Recover();
    return status.ok() ? database_.Keys() : status.ToString();
  }
  // The newest table, whose name tells its age.
  std::string NewestTable() const { return Newest(".sst"); }
  std::string Newest(const std::string& what) const {
    std::string newest;
    for (const fs::directory_entry& file : fs::directory_iterator(database_.dir())) {
      if (file.path().string().find(what) != std::string::npos) newest = std::max(newest, file.path().string());
    }
    return newest;
  }
  void MakeThreeTables() {
    database_.Open();
    database_.Table({"a"});
    database_.Table({"b"});
    database_.Table({"c"});
  }

  Database database_;
};

TEST_F(BestEfforts, FindsEverythingWhereNothingIsLost) {
  MakeThreeTables();
  EXPECT_EQ("a b c", KeysAfterRecovery());
  EXPECT_EQ("0:3", database_.Levels());
}

TEST_F(BestEfforts, GoesBackBeforeAMissingTable) {
  MakeThreeTables();
  database_.Close();
  fs::remove(NewestTable());
  database_.options.best_efforts_recovery = false;
  rocksdb::DB* refused = nullptr;
  EXPECT_TRUE(rocksdb::DB::Open(database_.options, database_.dir(), &refused).IsCorruption());
  EXPECT_EQ("a b", KeysAfterRecovery());
}

TEST_F(BestEfforts, GoesBackBeforeACutTable) {
  MakeThreeTables();
  database_.Close();
  const std::string table = NewestTable();
  fs::resize_file(table, fs::file_size(table) - 1);
  EXPECT_EQ("a b", KeysAfterRecovery());
}

TEST_F(BestEfforts, GoesBackToNothingWithoutTheFirstTable) {
  database_.Open();
  database_.Table({"a"});
  const std::string first = NewestTable();
  database_.Table({"b"});
  database_.Close();
  fs::remove(first);
  EXPECT_EQ("", KeysAfterRecovery());
}

TEST_F(BestEfforts, DoesNotMindTablesThatWereCompactedAway) {
  MakeThreeTables();
  ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());
  database_.Table({"d"});
  EXPECT_EQ("a b c d", KeysAfterRecovery());
}

TEST_F(BestEfforts, GoesOnFromWhereItIs) {
  MakeThreeTables();
  database_.Close();
  fs::remove(NewestTable());
  ASSERT_EQ("a b", KeysAfterRecovery());
  database_.Table({"d"});
  database_.Put("e", "logged");
  database_.Open();
  EXPECT_EQ("a b d e", database_.Keys());
  EXPECT_EQ("a b d e", database_.Keys());
  database_.Close();
  fs::remove(NewestTable());  // of what recovery flushed of the log
  EXPECT_EQ("a b d", KeysAfterRecovery().substr(0, 5));
}

TEST_F(BestEfforts, LeavesLogsUnread) {
  MakeThreeTables();
  database_.Put("d", "logged");
  CloseAsIfKilled();
  EXPECT_EQ("a b c", KeysAfterRecovery());
  if (IsOnReference()) return;  // which brings it back at the next opening, over what was written since
  EXPECT_TRUE(fs::exists(database_.dir() + "/lost"));
  database_.Put("e", "logged");
  database_.Open();
  EXPECT_EQ("a b c e", database_.Keys());
}

TEST_F(BestEfforts, NeedsNoCurrent) {
  MakeThreeTables();
  database_.Close();
  fs::remove(database_.dir() + "/CURRENT");
  EXPECT_EQ("a b c", KeysAfterRecovery());
  database_.Open();
  EXPECT_EQ("a b c", database_.Keys());
}

TEST_F(BestEfforts, TakesAnOlderManifestWhenTheNewestIsDamaged) {
  MakeThreeTables();
  database_.Close();
  const std::string newest = Newest("MANIFEST-");
  const std::string damaged = database_.dir() + "/MANIFEST-000999";
  fs::copy(newest, damaged);
  std::fstream(damaged, std::ios::in | std::ios::out | std::ios::binary).put('?');
  std::ofstream(database_.dir() + "/CURRENT", std::ios::trunc) << "MANIFEST-000999\n";
  EXPECT_EQ("a b c", KeysAfterRecovery());
  database_.Table({"d"});
  database_.Open();
  EXPECT_EQ("a b c d", database_.Keys());
}

TEST_F(BestEfforts, MakesADatabaseWhereThereIsNone) {
  database_.options.create_if_missing = false;
  EXPECT_TRUE(Recover().IsInvalidArgument());
  database_.options.create_if_missing = true;
  EXPECT_EQ("", KeysAfterRecovery());
  database_.Put("a", "1");
  EXPECT_EQ("a", database_.Keys());
}

TEST_F(BestEfforts, EachFamilyGoesBackAlone) {
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const auto open = [&] {
    rocksdb::DB* opened = nullptr;
    const Status status =
        rocksdb::DB::Open(database_.options, database_.dir(),
                          {{"default", database_.options}, {"other", database_.options}}, &families, &opened);
    ASSERT_TRUE(status.ok()) << status.ToString();
    database_.db.reset(opened);
  };
  const auto close = [&] {
    for (auto* family : families) EXPECT_TRUE(database_.db->DestroyColumnFamilyHandle(family).ok());
    families.clear();
    database_.Close();
  };
  open();
  for (const char* key : {"a", "b"}) {
    for (auto* family : families) {
      ASSERT_TRUE(database_.db->Put({}, family, key, "1").ok());
      ASSERT_TRUE(database_.db->Flush({}, family).ok());
    }
  }
  close();
  fs::remove(NewestTable());  // the other family's second
  database_.options.best_efforts_recovery = true;
  open();
  std::string value;
  EXPECT_TRUE(database_.db->Get({}, families[0], "b", &value).ok());
  EXPECT_TRUE(database_.db->Get({}, families[1], "a", &value).ok());
  EXPECT_TRUE(database_.db->Get({}, families[1], "b", &value).IsNotFound());
  close();
}

TEST_F(BestEfforts, GoesBackBeforeAMissingBlobFile) {
  database_.options.enable_blob_files = true;
  MakeThreeTables();
  database_.Close();
  fs::remove(Newest(".blob"));
  EXPECT_EQ("a b", KeysAfterRecovery());
  EXPECT_EQ("va", database_.Get("a"));
}

TEST_F(BestEfforts, PutsWholeTablesAsideThatItCannotUse) {
  MakeThreeTables();
  const std::string newest = NewestTable();
  database_.Close();
  std::vector<std::string> tables;
  for (const fs::directory_entry& file : fs::directory_iterator(database_.dir())) {
    if (file.path().extension() == ".sst") tables.push_back(file.path().string());
  }
  fs::remove(*std::min_element(tables.begin(), tables.end()));
  EXPECT_EQ("", KeysAfterRecovery());
  if (IsOnReference()) return;  // which deletes them
  EXPECT_TRUE(fs::exists(database_.dir() + "/lost/" + fs::path(newest).filename().string()));
}

TEST_F(BestEfforts, OpensForReadingOnly) {
  MakeThreeTables();
  database_.Close();
  fs::remove(NewestTable());
  database_.options.best_efforts_recovery = true;
  rocksdb::DB* opened = nullptr;
  const Status status = rocksdb::DB::OpenForReadOnly(database_.options, database_.dir(), &opened);
  ASSERT_TRUE(status.ok()) << status.ToString();
  database_.db.reset(opened);
  EXPECT_EQ("a b", database_.Keys());
}

TEST_F(BestEfforts, GoesWithoutAtomicFlushes) {
  database_.options.atomic_flush = true;
  EXPECT_TRUE(Recover().IsInvalidArgument());
}

}  // namespace
}  // namespace gneiss
