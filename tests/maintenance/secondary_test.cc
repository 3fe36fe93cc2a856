// Databases opened beside a writer: secondaries that catch up, and read-only ones.
#include <rocksdb/options.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

class Secondary : public ::testing::Test {
 protected:
  void OpenSecondary() {
    secondary_.reset();
    rocksdb::DB* opened = nullptr;
    rocksdb::Options options = primary_.options;
    options.max_open_files = -1;
    const Status status =
        rocksdb::DB::OpenAsSecondary(options, primary_.dir(), primary_.temp_path() + "/secondary", &opened);
    ASSERT_TRUE(status.ok()) << status.ToString();
    secondary_.reset(opened);
  }
  void CatchUp() {
    const Status status = secondary_->TryCatchUpWithPrimary();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::string Get(const std::string& key) {
    std::string value;
    const Status status = secondary_->Get({}, key, &value);
    return status.ok() ? value : status.IsNotFound() ? "(none)" : status.ToString();
  }
  std::string Keys() {
    std::string keys;
    const std::unique_ptr<rocksdb::Iterator> iterator(secondary_->NewIterator({}));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      keys += (keys.empty() ? "" : " ") + iterator->key().ToString();
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    return keys;
  }

  Database primary_;
  std::unique_ptr<rocksdb::DB> secondary_;
};

TEST_F(Secondary, ShowsWhatWasThereAndCatchesUp) {
  primary_.Open();
  primary_.Table({"table"});
  primary_.Put("log", "1");
  OpenSecondary();
  EXPECT_EQ("log table", Keys());
  EXPECT_EQ("1", Get("log"));
  primary_.Put("log", "2");
  primary_.Put("more", "3");
  EXPECT_EQ("1", Get("log"));  // not before it is told
  EXPECT_EQ("(none)", Get("more"));
  CatchUp();
  EXPECT_EQ("2", Get("log"));
  EXPECT_EQ("log more table", Keys());
  primary_.Flush();
  ASSERT_TRUE(primary_.db->Delete({}, "table").ok());
  CatchUp();
  EXPECT_EQ("log more", Keys());
  CatchUp();  // nothing is new
  EXPECT_EQ("log more", Keys());
  EXPECT_EQ(primary_.db->GetLatestSequenceNumber(), secondary_->GetLatestSequenceNumber());
}

TEST_F(Secondary, ReadsTablesThatThePrimaryDeleted) {
  primary_.Open();
  primary_.Table({"a", "b"}, "old ");
  OpenSecondary();
  const std::unique_ptr<rocksdb::Iterator> iterator(secondary_->NewIterator({}));
  primary_.Table({"b", "c"}, "new ");
  ASSERT_TRUE(primary_.db->CompactRange({}, nullptr, nullptr).ok());
  primary_.Open();  // sweeps its directory
  EXPECT_EQ("old b", Get("b"));
  CatchUp();
  EXPECT_EQ("new b", Get("b"));
  EXPECT_EQ("a b c", Keys());
  iterator->Seek("b");
  ASSERT_TRUE(iterator->Valid()) << iterator->status().ToString();
  EXPECT_EQ("old b", iterator->value().ToString());
}

// Nobody has read them before they go.
TEST_F(Secondary, ReadsTablesThatItHasNotReadBefore) {
  primary_.Open();
  primary_.Table({"a", "b"}, "old ");
  OpenSecondary();
  for (const std::string value : {"new ", "newer "}) {
    const std::string before = value == "new " ? "old b" : "new b";
    primary_.Table({"b", "c"}, value);
    ASSERT_TRUE(primary_.db->CompactRange({}, nullptr, nullptr).ok());
    primary_.Open();  // sweeps its directory
    EXPECT_EQ(before, Get("b"));
    CatchUp();
  }
  EXPECT_EQ("newer b", Get("b"));
}

TEST_F(Secondary, FollowsANewManifestAndDroppedFiles) {
  primary_.options.max_manifest_file_size = 1;  // a new one each time
  primary_.Open();
  primary_.Table({"a"});
  OpenSecondary();
  for (int i = 0; i < 5; ++i) primary_.Table({"k" + std::to_string(i)});
  CatchUp();
  EXPECT_EQ("a k0 k1 k2 k3 k4", Keys());
}

TEST_F(Secondary, ChangesNothing) {
  primary_.Open();
  primary_.Put("a", "1");
  OpenSecondary();
  const std::string refusal = "Not implemented: Not supported operation in secondary mode.";
  rocksdb::ColumnFamilyHandle* const family = secondary_->DefaultColumnFamily();
  EXPECT_EQ(refusal, secondary_->Put({}, "b", "2").ToString());
  EXPECT_EQ(refusal, secondary_->Delete({}, "a").ToString());
  EXPECT_EQ(refusal, secondary_->Flush({}).ToString());
  EXPECT_EQ(refusal, secondary_->CompactRange({}, nullptr, nullptr).ToString());
  EXPECT_EQ(refusal, secondary_->SyncWAL().ToString());
  EXPECT_EQ(refusal, secondary_->IngestExternalFile(family, {"x"}, {}).ToString());
  rocksdb::ReadOptions tailing;
  tailing.tailing = true;
  std::unique_ptr<rocksdb::Iterator> iterator(secondary_->NewIterator(tailing));
  EXPECT_EQ("Not implemented: tailing iterator not supported in secondary mode", iterator->status().ToString());
  EXPECT_EQ("Not implemented: Supported only by secondary instance", primary_.db->TryCatchUpWithPrimary().ToString());
  primary_.Put("c", "3");  // the primary is not disturbed
  primary_.Open();
  EXPECT_EQ("a c", primary_.Keys());
}

TEST_F(Secondary, SeesItsFamiliesOnly) {
  primary_.Open();
  rocksdb::ColumnFamilyHandle* second = nullptr;
  ASSERT_TRUE(primary_.db->CreateColumnFamily({}, "second", &second).ok());
  ASSERT_TRUE(primary_.db->Put({}, second, "k", "1").ok());
  primary_.Put("k", "0");
  OpenSecondary();  // the default family alone
  EXPECT_EQ("0", Get("k"));
  secondary_.reset();

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const std::string path = primary_.temp_path() + "/secondary";
  EXPECT_TRUE(rocksdb::DB::OpenAsSecondary(primary_.options, primary_.dir(), path,
                                           {{"default", primary_.options}, {"third", primary_.options}}, &handles,
                                           &opened)
                  .IsInvalidArgument());
  ASSERT_TRUE(rocksdb::DB::OpenAsSecondary(primary_.options, primary_.dir(), path,
                                           {{"default", primary_.options}, {"second", primary_.options}}, &handles,
                                           &opened)
                  .ok());
  secondary_.reset(opened);
  std::string value;
  ASSERT_TRUE(secondary_->Get({}, handles[1], "k", &value).ok());
  EXPECT_EQ("1", value);
  ASSERT_TRUE(primary_.db->Put({}, second, "k", "2").ok());
  ASSERT_TRUE(primary_.db->Flush({}, second).ok());
  CatchUp();
  // RocksDB's secondary goes on reading its memtable of the second family, which the flush has replaced.
  const std::string newest = IsOnReference() ? "1" : "2";
  ASSERT_TRUE(secondary_->Get({}, handles[1], "k", &value).ok());
  EXPECT_EQ(newest, value);
  // Dropped by the primary: what was there can still be read.
  ASSERT_TRUE(primary_.db->DropColumnFamily(second).ok());
  ASSERT_TRUE(primary_.db->DestroyColumnFamilyHandle(second).ok());
  CatchUp();
  ASSERT_TRUE(secondary_->Get({}, handles[1], "k", &value).ok());
  EXPECT_EQ(newest, value);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    ASSERT_TRUE(secondary_->DestroyColumnFamilyHandle(handle).ok());
  }
}

// A primary that writes, flushes and compacts all the while: whatever the secondary shows is a state that was there.
TEST_F(Secondary, CatchesUpWithABusyPrimary) {
  primary_.options.disable_auto_compactions = false;
  primary_.options.level0_file_num_compaction_trigger = 2;
  primary_.options.write_buffer_size = 32 << 10;
  primary_.Open();
  primary_.Put("count", "0");
  OpenSecondary();
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 1; i <= 3000; ++i) {
      rocksdb::WriteBatch batch;
      const std::string number = std::to_string(i);
      ASSERT_TRUE(batch.Put("k" + std::to_string(i % 50), number + std::string(200, 'x')).ok());
      ASSERT_TRUE(batch.Put("count", number).ok());
      ASSERT_TRUE(primary_.db->Write({}, &batch).ok());
      written = i;
    }
  });
  int before = 0;
  while (written < 3000) {
    const int at_least = written;
    const Status status = secondary_->TryCatchUpWithPrimary();
    if (IsOnReference() && !status.ok()) continue;  // it says so when a file went away under it
    ASSERT_TRUE(status.ok()) << status.ToString();
    const int count = std::stoi(Get("count"));
    EXPECT_GE(count, before);
    if (!IsOnReference()) {
      EXPECT_GE(count, at_least);
    }
    before = count;
  }
  writer.join();
  CatchUp();
  EXPECT_EQ("3000", Get("count"));
  const std::unique_ptr<rocksdb::Iterator> iterator(secondary_->NewIterator({}));
  int keys = 0;
  for (iterator->Seek("k"); iterator->Valid(); iterator->Next(), ++keys) {
    EXPECT_GT(std::stoi(iterator->value().ToString()), 2950);
  }
  EXPECT_EQ(50, keys);
}

// ---- read-only

class ReadOnly : public ::testing::Test {
 protected:
  Status Open(bool error_if_wal_file_exists) {
    read_only_.reset();
    rocksdb::DB* opened = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    // RocksDB's call for the default family alone forgets to look for logs.
    const Status status =
        rocksdb::DB::OpenForReadOnly(database_.options, database_.dir(), {{"default", database_.options}}, &handles,
                                     &opened, error_if_wal_file_exists);
    for (rocksdb::ColumnFamilyHandle* handle : handles) delete handle;
    read_only_.reset(opened);
    return status;
  }

  Database database_;
  std::unique_ptr<rocksdb::DB> read_only_;
};

TEST_F(ReadOnly, MayRefuseLogs) {
  database_.Open();
  database_.Put("a", "1");
  EXPECT_TRUE(Open(true).IsCorruption());
  EXPECT_EQ(nullptr, read_only_);
  ASSERT_TRUE(Open(false).ok());
  std::string value;
  EXPECT_TRUE(read_only_->Get({}, "a", &value).ok());
  // A log without data that is not in tables counts too.
  database_.Flush();
  EXPECT_TRUE(Open(true).IsCorruption());
  database_.Close();
  EXPECT_TRUE(Open(true).IsCorruption());
  for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) {
    if (entry.path().extension() == ".log") std::filesystem::remove(entry.path());
  }
  ASSERT_TRUE(Open(true).ok());
  EXPECT_TRUE(read_only_->Get({}, "a", &value).ok());
}

TEST_F(ReadOnly, ChangesNothing) {
  database_.Open();
  database_.Table({"a"});
  ASSERT_TRUE(Open(false).ok());
  const std::string refusal = "Not implemented: Not supported operation in read only mode.";
  EXPECT_EQ(refusal, read_only_->Put({}, "b", "2").ToString());
  EXPECT_EQ(refusal, read_only_->Flush({}).ToString());
  EXPECT_EQ(refusal, read_only_->CompactRange({}, nullptr, nullptr).ToString());
  EXPECT_EQ(refusal, read_only_->SyncWAL().ToString());
  EXPECT_EQ(refusal, read_only_->DisableFileDeletions().ToString());
  rocksdb::ColumnFamilyHandle* const family = read_only_->DefaultColumnFamily();
  EXPECT_EQ(refusal, read_only_->IngestExternalFile(family, {"x"}, {}).ToString());
  EXPECT_EQ(refusal, read_only_->CompactFiles({}, family, {"x"}, 1).ToString());
  std::vector<std::string> files;
  uint64_t bytes = 0;
  EXPECT_TRUE(read_only_->GetLiveFiles(files, &bytes, /*flush_memtable=*/false).ok());
}

TEST_F(ReadOnly, NeedsADatabase) {
  EXPECT_FALSE(Open(false).ok());
  EXPECT_FALSE(std::filesystem::exists(database_.dir() + "/CURRENT"));
}

}  // namespace
}  // namespace gneiss
