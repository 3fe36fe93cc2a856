// GetSortedWalFiles, GetCurrentWalFile, LockWAL, FlushWAL and SyncWAL.

#include <atomic>
#include <thread>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

TEST(WalCalls, SortedWalFilesTellWhatLiesInTheDirectory) {
  LogDatabase data;
  data.Open();
  EXPECT_EQ(std::vector<std::string>(), data.WalNames());  // the current log has no record yet
  data.Put("a", "1");
  data.Put("b", "2");
  rocksdb::VectorLogPtr files;
  ASSERT_TRUE(data.db->GetSortedWalFiles(files).ok());
  ASSERT_EQ(1u, files.size());
  EXPECT_EQ(rocksdb::kAliveLogFile, files[0]->Type());
  EXPECT_EQ(1u, files[0]->StartSequence());
  EXPECT_EQ(LoggedBytes(data.dir() + files[0]->PathName()), files[0]->SizeFileBytes());
  std::unique_ptr<rocksdb::LogFile> current;
  ASSERT_TRUE(data.db->GetCurrentWalFile(&current).ok());
  EXPECT_EQ(files[0]->LogNumber(), current->LogNumber());
  EXPECT_EQ(files[0]->PathName(), current->PathName());
  EXPECT_EQ(files[0]->SizeFileBytes(), current->SizeFileBytes());
  EXPECT_EQ(0u, current->StartSequence());
  EXPECT_TRUE(data.db->GetCurrentWalFile(nullptr).IsInvalidArgument());
}

TEST(WalCalls, AReadOnlyDatabaseHasNoCurrentLog) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  data.Close();
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::OpenForReadOnly(data.options, data.dir(), &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::unique_ptr<rocksdb::LogFile> current;
  EXPECT_TRUE(db->GetCurrentWalFile(&current).IsPathNotFound());
  rocksdb::VectorLogPtr files;
  EXPECT_TRUE(db->GetSortedWalFiles(files).ok());
  EXPECT_EQ(1u, files.size());
}

// The time in the name of an old LOG is no file number.
TEST(WalCalls, FileNumbersStaySmallOverReopenings) {
  LogDatabase data;
  for (int i = 0; i < 4; ++i) data.Open();
  std::unique_ptr<rocksdb::LogFile> current;
  ASSERT_TRUE(data.db->GetCurrentWalFile(&current).ok());
  EXPECT_LT(current->LogNumber(), 100u);
}

TEST(WalCalls, LogsInADirectoryOfTheirOwn) {
  LogDatabase data;
  data.options.wal_dir = data.dir() + "/logs";
  data.options.WAL_ttl_seconds = 1000;
  data.Open();
  data.Put("a", "1");
  data.Flush();
  data.Put("b", "2");
  const std::vector<std::string> names = data.WalNames();
  ASSERT_EQ(2u, names.size());
  EXPECT_EQ("/archive/", names[0].substr(0, 9));
  for (const std::string& name : names) EXPECT_TRUE(std::filesystem::exists(data.options.wal_dir + name)) << name;
}

TEST(WalCalls, LockedLogsHoldUpWrites) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  const std::string log = data.dir() + data.WalNames().front();
  const uint64_t bytes = LoggedBytes(log);
  std::atomic<bool> is_written{false};
  ASSERT_TRUE(data.db->LockWAL().ok());
  std::thread writer([&] {
    data.Put("b", "2");
    is_written.store(true);
  });
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(is_written.load());
  EXPECT_EQ(bytes, LoggedBytes(log));
  ASSERT_TRUE(data.db->UnlockWAL().ok());
  writer.join();
  EXPECT_EQ("2", data.Get("b"));
}

TEST(WalCalls, LockingWritesBufferedRecords) {
  LogDatabase data;
  data.options.manual_wal_flush = true;
  data.Open();
  data.Put("a", "1");
  EXPECT_TRUE(data.WalNames().empty());
  ASSERT_TRUE(data.db->LockWAL().ok());
  ASSERT_TRUE(data.db->UnlockWAL().ok());
  EXPECT_EQ(1u, data.WalNames().size());
}

// RocksDB 7.8.3 locks a mutex: a second lock by the same thread would never return, unlocking too often is undefined.
TEST(WalCallsOnlyOurs, LocksNestAndAreCounted) {
  LogDatabase data;
  data.options.manual_wal_flush = true;
  data.Open();
  EXPECT_TRUE(data.db->UnlockWAL().IsAborted());
  ASSERT_TRUE(data.db->LockWAL().ok());
  ASSERT_TRUE(data.db->LockWAL().ok());
  EXPECT_TRUE(data.db->FlushWAL(/*sync=*/true).ok());
  ASSERT_TRUE(data.db->UnlockWAL().ok());
  ASSERT_TRUE(data.db->UnlockWAL().ok());
  EXPECT_TRUE(data.db->UnlockWAL().IsAborted());
  data.Put("a", "1");
  ASSERT_TRUE(data.db->LockWAL().ok());  // closing lets it go
}

TEST(WalCalls, StatisticsAreResetWithLogsLocked) {
  LogDatabase data;
  data.Open();
  data.Put("a", "1");
  ASSERT_TRUE(data.db->LockWAL().ok());
  EXPECT_TRUE(data.db->ResetStats().ok());
  ASSERT_TRUE(data.db->UnlockWAL().ok());
  data.Put("b", "2");
  EXPECT_EQ("2", data.Get("b"));
}

TEST(WalCalls, ManualFlushKeepsRecordsInMemoryUntilAsked) {
  LogDatabase data;
  data.options.manual_wal_flush = true;
  data.Open();
  data.Put("a", "1");
  std::unique_ptr<rocksdb::LogFile> current;
  ASSERT_TRUE(data.db->GetCurrentWalFile(&current).ok());
  const std::string log = data.dir() + current->PathName();
  EXPECT_EQ(0u, LoggedBytes(log));
  ASSERT_TRUE(data.db->FlushWAL(/*sync=*/false).ok());
  const uint64_t bytes = LoggedBytes(log);
  EXPECT_GT(bytes, 0u);
  data.Put("b", "2");
  EXPECT_EQ(bytes, LoggedBytes(log));
  ASSERT_TRUE(data.db->FlushWAL(/*sync=*/true).ok());
  EXPECT_GT(LoggedBytes(log), bytes);
  data.Put("c", "3", /*sync=*/true);  // a synced write does not wait for FlushWAL
  EXPECT_GT(LoggedBytes(log), bytes * 2);
  EXPECT_TRUE(data.db->SyncWAL().ok());
}

}  // namespace
}  // namespace gneiss
