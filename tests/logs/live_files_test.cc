// DB::GetLiveFilesStorageInfo: a copy made from its list opens as the database was.

#include <fstream>
#include <map>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

namespace fs = std::filesystem;
using rocksdb::LiveFileStorageInfo;

void CopyTo(const std::vector<LiveFileStorageInfo>& files, const std::string& dir) {
  fs::create_directories(dir);
  for (const LiveFileStorageInfo& file : files) {
    std::string bytes = file.replacement_contents;
    if (bytes.empty()) {
      std::ifstream in(file.directory + "/" + file.relative_filename, std::ios::binary);
      ASSERT_TRUE(in.good()) << file.relative_filename;
      bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      if (file.trim_to_size) bytes.resize(file.size);
    }
    ASSERT_EQ(file.size, bytes.size()) << file.relative_filename;
    std::ofstream(dir + "/" + file.relative_filename, std::ios::binary) << bytes;
  }
}

std::vector<LiveFileStorageInfo> List(LogDatabase* data, uint64_t wal_size_for_flush) {
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = wal_size_for_flush;
  options.include_checksum_info = true;
  std::vector<LiveFileStorageInfo> files;
  const rocksdb::Status status = data->db->GetLiveFilesStorageInfo(options, &files);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return files;
}

size_t CountOf(const std::vector<LiveFileStorageInfo>& files, rocksdb::FileType type) {
  size_t count = 0;
  for (const LiveFileStorageInfo& file : files) count += file.file_type == type ? 1 : 0;
  return count;
}

std::string GetFrom(const std::string& dir, const std::string& key) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(rocksdb::Options(), dir, &opened);
  if (!status.ok()) return status.ToString();
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string value;
  const rocksdb::Status got = db->Get({}, key, &value);
  return got.ok() ? value : got.ToString();
}

TEST(LiveFiles, WithAFlushTheTablesHoldEverything) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  const auto files = List(&data, 0);
  EXPECT_EQ(1u, CountOf(files, rocksdb::kTableFile));
  EXPECT_EQ(1u, CountOf(files, rocksdb::kDescriptorFile));
  EXPECT_EQ(1u, CountOf(files, rocksdb::kCurrentFile));
  EXPECT_EQ(1u, CountOf(files, rocksdb::kOptionsFile));
  EXPECT_EQ(0u, CountOf(files, rocksdb::kWalFile));
  for (const LiveFileStorageInfo& file : files) EXPECT_EQ("Unknown", file.file_checksum_func_name);
  data.Put("a", "2");  // not in the copy
  const std::string copy = data.dir() + "_copy";
  CopyTo(files, copy);
  EXPECT_EQ("1", GetFrom(copy, "a"));
}

TEST(LiveFiles, WithoutAFlushTheLogsAreInTheList) {
  LogDatabase data;
  data.options.manual_wal_flush = true;
  data.Open();
  data.Put("a", "1");
  data.Flush();
  data.Put("a", "2");
  const auto files = List(&data, UINT64_MAX);
  EXPECT_EQ(1u, CountOf(files, rocksdb::kTableFile));
  EXPECT_EQ(1u, CountOf(files, rocksdb::kWalFile));
  data.Put("a", "3");
  ASSERT_TRUE(data.db->FlushWAL(false).ok());
  const std::string copy = data.dir() + "_copy";
  CopyTo(files, copy);
  EXPECT_EQ("2", GetFrom(copy, "a"));
}

TEST(LiveFiles, SmallLogsAreCopiedAndLargeOnesFlushed) {
  LogDatabase data;
  data.Open();
  data.Put("a", std::string(1000, 'x'));
  EXPECT_EQ(0u, CountOf(List(&data, 100'000), rocksdb::kTableFile));
  EXPECT_EQ(1u, CountOf(List(&data, 500), rocksdb::kTableFile));
}

TEST(LiveFiles, AReadOnlyDatabaseIsListedToo) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  data.Flush();
  data.Close();
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::OpenForReadOnly(data.options, data.dir(), &opened).ok());
  data.db.reset(opened);
  const auto files = List(&data, UINT64_MAX);
  EXPECT_EQ(1u, CountOf(files, rocksdb::kTableFile));
  const std::string copy = data.dir() + "_copy";
  CopyTo(files, copy);
  EXPECT_EQ("1", GetFrom(copy, "a"));
}

}  // namespace
}  // namespace gneiss
