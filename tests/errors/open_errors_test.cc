// The ways in which opening is refused, and that nothing is lost by it.

#include <fcntl.h>
#include <rocksdb/comparator.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/errors/test_database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

void MakeSome(TestDatabase* test) {
  ASSERT_TRUE(test->Open().ok());
  test->Fill("a", 50);
  ASSERT_TRUE(test->db->Flush({}).ok());
  test->Fill("b", 50);
}

TEST(OpenErrors, MissingDirectory) {
  TestDatabase test;
  test.options.create_if_missing = false;
  const Status status = test.Open();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_NE(status.ToString().find("does not exist (create_if_missing is false)"), std::string::npos);
  test.options.create_if_missing = true;
  EXPECT_TRUE(test.Open().ok());
}

TEST(OpenErrors, MissingDirectoryReadOnly) {
  TestDatabase test;
  rocksdb::DB* db = nullptr;
  const Status status = rocksdb::DB::OpenForReadOnly(test.options, test.dir(), &db);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(db, nullptr);
}

TEST(OpenErrors, ErrorIfExists) {
  TestDatabase test;
  MakeSome(&test);
  test.options.error_if_exists = true;
  const Status status = test.Open();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_NE(status.ToString().find("exists (error_if_exists is true)"), std::string::npos);
  test.options.error_if_exists = false;
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAll();
}

TEST(OpenErrors, OtherComparator) {
  TestDatabase test;
  MakeSome(&test);
  test.options.comparator = rocksdb::ReverseBytewiseComparator();
  const Status status = test.Open();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_NE(status.ToString().find("does not match existing comparator"), std::string::npos) << status.ToString();
  test.options.comparator = rocksdb::BytewiseComparator();
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAll();
}

TEST(OpenErrors, FamiliesThatAreNotNamed) {
  TestDatabase test;
  MakeSome(&test);
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(test.db->CreateColumnFamily({}, "more", &handle).ok());
  ASSERT_TRUE(test.db->Put({}, handle, "k", "v").ok());
  ASSERT_TRUE(test.db->DestroyColumnFamilyHandle(handle).ok());
  const Status status = test.Open();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  EXPECT_NE(status.ToString().find("more"), std::string::npos) << status.ToString();
}

TEST(OpenErrors, OpenTwiceInOneProcess) {
  TestDatabase test;
  MakeSome(&test);
  rocksdb::DB* second = nullptr;
  const Status status = rocksdb::DB::Open(test.options, test.dir(), &second);
  EXPECT_TRUE(status.IsIOError()) << status.ToString();
  EXPECT_EQ(second, nullptr);
  test.ExpectAll();
  // The refused open must not have let go of the lock.
  EXPECT_TRUE(rocksdb::DB::Open(test.options, test.dir(), &second).IsIOError());
  ASSERT_TRUE(test.Put("c", "1").ok());
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAll();
}

// Another process holds the lock: it does only what is safe after fork in a program with threads.
TEST(OpenErrors, LockedByAnotherProcess) {
  TestDatabase test;
  MakeSome(&test);
  test.Close();
  const std::string lock_name = test.dir() + "/LOCK";
  int ready[2], done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    close(done[1]);
    const int fd = open(lock_name.c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool is_held = fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "r", 1) == 1;
    if (is_held && read(done[0], &byte, 1) < 0) _exit(2);
    _exit(is_held ? 0 : 1);
  }
  close(ready[1]);
  close(done[0]);
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(test.Open().IsIOError());
  close(done[1]);
  int ended = 0;
  ASSERT_EQ(waitpid(child, &ended, 0), child);
  EXPECT_EQ(ended, 0);
  close(ready[0]);
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAll();
}

TEST(OpenErrors, WhatIsNotBuiltNamesItself) {
  const std::vector<std::pair<std::string, std::function<void(rocksdb::Options*)>>> cases = {
      {"enable_blob_files", [](rocksdb::Options* o) { o->enable_blob_files = true; }},
      {"wal_compression", [](rocksdb::Options* o) { o->wal_compression = rocksdb::kZSTD; }},
      {"two_write_queues", [](rocksdb::Options* o) { o->two_write_queues = true; }},
      {"allow_ingest_behind", [](rocksdb::Options* o) { o->allow_ingest_behind = true; }},
  };
  TestDatabase test;
  MakeSome(&test);
  const rocksdb::Options usual = test.options;
  for (const auto& [name, set] : cases) {
    test.options = usual;
    set(&test.options);
    const Status status = test.Open();
    // A later version may build it; what is not built must say so by name.
    if (status.ok()) continue;
    EXPECT_TRUE(status.IsNotSupported()) << status.ToString();
    EXPECT_NE(status.ToString().find(name), std::string::npos) << status.ToString();
  }
  test.options = usual;
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAll();
}

}  // namespace
}  // namespace gneiss
