// What the MANIFEST keeps besides tables: synced logs and the checksums of whole files.

#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <thread>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

namespace fs = std::filesystem;

class TrackedWals : public ::testing::Test {
 protected:
  // A log with data of the default family, closed by a flush of the other one, and synced.
  TrackedWals() {
    data_.options.track_and_verify_wals_in_manifest = true;
    data_.options.avoid_flush_during_recovery = true;
    data_.options.create_missing_column_families = true;
    Open();
    data_.Put("a", "1");
    EXPECT_TRUE(data_.db->Put({}, families_[1], "b", "1").ok());
    log_ = data_.dir() + data_.WalNames().front();
    EXPECT_TRUE(data_.db->Flush({}, families_[1]).ok());
    data_.Put("c", "1", /*sync=*/true);
    EXPECT_TRUE(fs::exists(log_));
  }
  ~TrackedWals() override { Close(); }
  rocksdb::Status TryOpen() {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(
        data_.options, data_.dir(), {{"default", data_.options}, {"other", data_.options}}, &families_, &db);
    data_.db.reset(db);
    return status;
  }
  void Open() {
    const rocksdb::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Close() {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      EXPECT_TRUE(data_.db->DestroyColumnFamilyHandle(family).ok());
    }
    families_.clear();
    data_.Close();
  }
  std::string LogNumber() const { return std::to_string(std::stoi(fs::path(log_).stem().string())); }

  LogDatabase data_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::string log_;
};

TEST_F(TrackedWals, WhatIsThereIsFound) {
  Close();
  Open();
  EXPECT_EQ("1", data_.Get("a"));
  EXPECT_EQ("1", data_.Get("c"));
  data_.Put("d", "1", /*sync=*/true);
  Close();
  Open();
  EXPECT_EQ("1", data_.Get("d"));
}

TEST_F(TrackedWals, AMissingLogIsCorruption) {
  Close();
  fs::rename(log_, log_ + ".away");
  EXPECT_EQ("Corruption: Missing WAL with log number: " + LogNumber() + ".", TryOpen().ToString());
  fs::rename(log_ + ".away", log_);
  Open();
  EXPECT_EQ("1", data_.Get("a"));
}

TEST_F(TrackedWals, AShortenedLogIsCorruption) {
  Close();
  const uint64_t bytes = fs::file_size(log_);
  fs::resize_file(log_, bytes - 1);
  EXPECT_EQ("Corruption: Size mismatch: WAL (log number: " + LogNumber() + ") in MANIFEST is " + std::to_string(bytes) +
                " bytes , but actually is " + std::to_string(bytes - 1) + " bytes on disk.",
            TryOpen().ToString());
}

TEST_F(TrackedWals, WithoutTheOptionNobodyAsks) {
  Close();
  fs::remove(log_);
  data_.options.track_and_verify_wals_in_manifest = false;
  Open();
  EXPECT_EQ("NotFound: ", data_.Get("a"));
  Close();
  data_.options.track_and_verify_wals_in_manifest = true;  // and it is forgotten
  Open();
}

TEST_F(TrackedWals, ALogThatWasFlushedIsNoLongerAskedFor) {
  data_.Flush();
  EXPECT_TRUE(data_.WalNames().empty());  // the current log has no record yet
  EXPECT_FALSE(fs::exists(log_));
  Close();
  Open();
  EXPECT_EQ("1", data_.Get("a"));
}

// One thread syncs a log and goes to tell the MANIFEST of it; another one flushes and drops it meanwhile.
TEST_F(TrackedWals, ALogThatIsSyncedWhileItIsDroppedIsNotAskedFor) {
  for (int round = 0; round < 200; ++round) {
    data_.Put("k", std::to_string(round));
    std::thread syncing([this] {
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(data_.db->SyncWAL().ok());
    });
    EXPECT_TRUE(data_.db->Flush({}, families_[round % 2]).ok());
    EXPECT_TRUE(data_.db->Flush({}, families_).ok());
    syncing.join();
    if (round % 4 != 0) continue;
    Close();
    Open();
    EXPECT_EQ(std::to_string(round), data_.Get("k"));
  }
}

class FileChecksumTest : public ::testing::Test {
 protected:
  FileChecksumTest() {
    data_.options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    data_.Open();
    for (int i = 0; i < 100; ++i) data_.Put("k" + std::to_string(i), std::string(100, 'v'));
    data_.Flush();
  }
  std::vector<rocksdb::LiveFileMetaData> Tables() {
    std::vector<rocksdb::LiveFileMetaData> tables;
    data_.db->GetLiveFilesMetaData(&tables);
    return tables;
  }
  LogDatabase data_;
};

TEST_F(FileChecksumTest, NewTablesHaveThem) {
  ASSERT_TRUE(data_.db->CompactRange({}, nullptr, nullptr).ok());
  const auto tables = Tables();
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ("FileChecksumCrc32c", tables[0].file_checksum_func_name);
  EXPECT_EQ(4u, tables[0].file_checksum.size());
  EXPECT_TRUE(data_.db->VerifyFileChecksums({}).ok());
  const std::string checksum = tables[0].file_checksum;
  data_.Open();
  EXPECT_EQ(checksum, Tables()[0].file_checksum);
  EXPECT_TRUE(data_.db->VerifyFileChecksums({}).ok());
  const std::unique_ptr<rocksdb::FileChecksumList> list(rocksdb::NewFileChecksumList());
  ASSERT_TRUE(data_.db->GetLiveFilesChecksumInfo(list.get()).ok());
  EXPECT_EQ(1u, list->size());
}

TEST_F(FileChecksumTest, AChangedByteIsFound) {
  const std::string path = data_.dir() + Tables()[0].name;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
  file.put('?');
  file.close();
  const rocksdb::Status status = data_.db->VerifyFileChecksums({});
  EXPECT_TRUE(status.IsCorruption());
  EXPECT_NE(std::string::npos, status.ToString().find("file checksum mismatch, expecting ")) << status.ToString();
}

TEST_F(FileChecksumTest, WithoutAFactoryThereIsNothingToVerifyWith) {
  data_.options.file_checksum_gen_factory = nullptr;
  data_.Open();
  EXPECT_EQ(4u, Tables()[0].file_checksum.size());
  EXPECT_EQ("Invalid argument: Cannot verify file checksum if options.file_checksum_gen_factory is null",
            data_.db->VerifyFileChecksums({}).ToString());
}

// Three families, of which nothing is logged, in one atomic flush.
TEST(AtomicGroup, CutAnywhereItIsLostWhole) {
  const std::vector<std::string> names = {"default", "one", "two"};
  const TempDir temp;
  const auto open = [&](const std::string& dir, std::vector<rocksdb::ColumnFamilyHandle*>* families) {
    rocksdb::Options options;
    options.create_if_missing = options.create_missing_column_families = true;
    options.atomic_flush = true;
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const std::string& name : names) descriptors.emplace_back(name, options);
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, dir, descriptors, families, &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  };
  const auto close = [](std::unique_ptr<rocksdb::DB> db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
    for (auto* family : families) EXPECT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  };

  const std::string dir = temp.path() + "/db";
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  auto db = open(dir, &families);
  std::vector<std::string> files;
  uint64_t bytes_before = 0, bytes_after = 0;
  ASSERT_TRUE(db->GetLiveFiles(files, &bytes_before, /*flush_memtable=*/false).ok());
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  for (auto* family : families) ASSERT_TRUE(db->Put(unlogged, family, "key", "value").ok());
  ASSERT_TRUE(db->Flush({}, families).ok());
  ASSERT_TRUE(db->GetLiveFiles(files, &bytes_after, /*flush_memtable=*/false).ok());
  const auto is_manifest = [](const std::string& name) { return name.starts_with("/MANIFEST"); };
  const std::string manifest = *std::find_if(files.begin(), files.end(), is_manifest);
  close(std::move(db), families);

  const std::string copy = temp.path() + "/cut";
  for (uint64_t bytes = bytes_before; bytes <= bytes_after; bytes += bytes + 13 > bytes_after ? 1 : 13) {
    fs::remove_all(copy);
    fs::copy(dir, copy);
    fs::resize_file(copy + manifest, bytes);
    families.clear();
    db = open(copy, &families);
    ASSERT_NE(nullptr, db);
    size_t found = 0;
    std::string value;
    for (auto* family : families) found += db->Get({}, family, "key", &value).ok() ? 1 : 0;
    EXPECT_EQ(bytes == bytes_after ? 3u : 0u, found) << bytes << " of " << bytes_after << " bytes";
    close(std::move(db), families);
  }
}

}  // namespace
}  // namespace gneiss
