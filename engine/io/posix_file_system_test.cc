#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "engine/base/random.h"
#include "engine/io/file_system.h"

namespace gneiss {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TempDir() + "gneiss_io_XXXXXX";
    ASSERT_NE(mkdtemp(dir_.data()), nullptr);
  }
  void TearDown() override {
    std::vector<std::string> names;
    ASSERT_TRUE(fs_->List(dir_, &names).ok());
    for (const std::string& name : names) {
      ASSERT_TRUE(fs_->Remove(Path(name)).ok() || fs_->RemoveDir(Path(name)).ok());
    }
    ASSERT_TRUE(fs_->RemoveDir(dir_).ok());
  }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  void Write(const std::string& name, Slice contents) {
    ASSERT_TRUE(WriteWholeFile(fs_, Path(name), contents, /*sync=*/false).ok());
  }
  std::string Contents(const std::string& name) {
    std::string contents;
    EXPECT_TRUE(ReadWholeFile(fs_, Path(name), &contents).ok());
    return contents;
  }

  FileSystem* const fs_ = FileSystem::Posix();
  std::string dir_;
};

std::string RandomBytes(size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

TEST_F(PosixFileSystemTest, WholeFilesOfManySizes) {
  for (const size_t size : {0u, 1u, 8191u, 8192u, 8193u, 24576u, 3000000u}) {
    const std::string bytes = RandomBytes(size);
    Write("f", bytes);
    EXPECT_EQ(Contents("f"), bytes);
    uint64_t file_size = 0;
    ASSERT_TRUE(fs_->FileSize(Path("f"), &file_size).ok());
    EXPECT_EQ(file_size, size);
  }
}

TEST_F(PosixFileSystemTest, SequentialReadsAndSkips) {
  const std::string bytes = RandomBytes(100000);
  Write("f", bytes);
  std::unique_ptr<SequentialFile> file;
  ASSERT_TRUE(fs_->OpenSequential(Path("f"), &file).ok());
  std::string scratch(70000, '\0');
  Slice got;
  ASSERT_TRUE(file->Read(10, &got, scratch.data()).ok());
  EXPECT_EQ(got, bytes.substr(0, 10));
  ASSERT_TRUE(file->Skip(50000).ok());
  ASSERT_TRUE(file->Read(70000, &got, scratch.data()).ok());
  EXPECT_EQ(got, bytes.substr(50010));
  ASSERT_TRUE(file->Read(5, &got, scratch.data()).ok());
  EXPECT_TRUE(got.empty());
  // What is appended later is seen by the same reader.
  std::unique_ptr<WritableFile> writer;
  ASSERT_TRUE(fs_->Reopen(Path("f"), {}, &writer).ok());
  ASSERT_TRUE(writer->Append("more").ok());
  ASSERT_TRUE(file->Read(5, &got, scratch.data()).ok());
  EXPECT_EQ(got, "more");
}

class RandomAccessTest : public PosixFileSystemTest, public testing::WithParamInterface<FileOptions> {};

TEST_P(RandomAccessTest, ReadsAnyRange) {
  const std::string bytes = RandomBytes(20000);
  Write("f", bytes);
  std::unique_ptr<RandomAccessFile> file;
  const Status opened = fs_->OpenRandomAccess(Path("f"), GetParam(), &file);
  if (!opened.ok() && GetParam().use_direct_reads) GTEST_SKIP() << "no O_DIRECT here: " << opened.ToString();
  ASSERT_TRUE(opened.ok());
  file->Hint(AccessPattern::kRandom);
  EXPECT_TRUE(file->Prefetch(0, 4096).ok());
  std::string scratch(bytes.size() + 10, '\0');
  for (const size_t offset : {0u, 1u, 4095u, 4096u, 4097u, 12288u, 19999u, 20000u}) {
    for (const size_t size : {0u, 1u, 511u, 4096u, 5000u, 20000u}) {
      Slice got;
      ASSERT_TRUE(file->Read(offset, size, &got, scratch.data()).ok());
      EXPECT_EQ(got, Slice(bytes).substr(offset, size)) << offset << " " << size;
    }
  }
}

TEST_P(RandomAccessTest, EmptyFile) {
  Write("f", "");
  std::unique_ptr<RandomAccessFile> file;
  const Status opened = fs_->OpenRandomAccess(Path("f"), GetParam(), &file);
  if (!opened.ok() && GetParam().use_direct_reads) GTEST_SKIP() << "no O_DIRECT here: " << opened.ToString();
  ASSERT_TRUE(opened.ok());
  char scratch[8];
  Slice got = "x";
  ASSERT_TRUE(file->Read(0, 8, &got, scratch).ok());
  EXPECT_TRUE(got.empty());
}

INSTANTIATE_TEST_SUITE_P(Ways, RandomAccessTest,
                         testing::Values(FileOptions{}, FileOptions{.use_direct_reads = true},
                                         FileOptions{.use_mmap_reads = true}),
                         [](const auto& way) {
                           return way.param.use_direct_reads ? "Direct" : (way.param.use_mmap_reads ? "Mmap" : "Pread");
                         });

TEST_F(PosixFileSystemTest, CreateTruncatesReopenAppendsReuseOverwrites) {
  Write("f", "old content");
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(fs_->Create(Path("f"), {.use_direct_writes = true}, &file).ok());
  ASSERT_TRUE(file->Append("one ").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->RangeSync(0, 4).ok());
  ASSERT_TRUE(file->Close().ok());
  ASSERT_TRUE(file->Close().ok());
  ASSERT_TRUE(fs_->Reopen(Path("f"), {}, &file).ok());
  ASSERT_TRUE(file->Append("two").ok());
  file.reset();
  EXPECT_EQ(Contents("f"), "one two");
  ASSERT_TRUE(fs_->Reuse(Path("g"), Path("f"), &file).ok());
  const Slice parts[] = {"O", "", "NE"};
  ASSERT_TRUE(file->AppendParts(parts, std::size(parts)).ok());
  file.reset();
  EXPECT_EQ(Contents("g"), "ONE two");
  EXPECT_EQ(fs_->FileExists(Path("f")).code(), Status::Code::kNotFound);
}

TEST_F(PosixFileSystemTest, TruncateGoesOnFromTheNewEnd) {
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(fs_->Create(Path("f"), {}, &file).ok());
  ASSERT_TRUE(file->Append("0123456789").ok());
  ASSERT_TRUE(file->Truncate(4).ok());
  ASSERT_TRUE(file->Append("ab").ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Contents("f"), "0123ab");
}

TEST_F(PosixFileSystemTest, SpaceAllocatedAheadIsInvisibleAndTrimmed) {
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(fs_->Create(Path("f"), {}, &file).ok());
  const Status allocated = file->Allocate(0, 1 << 20);
  if (!allocated.ok()) GTEST_SKIP() << "no fallocate here: " << allocated.ToString();
  const Slice parts[] = {"a", "", "bc"};
  ASSERT_TRUE(file->AppendParts(parts, std::size(parts)).ok());
  uint64_t size = 0;
  ASSERT_TRUE(fs_->FileSize(Path("f"), &size).ok());
  EXPECT_EQ(size, 3u);
  ASSERT_TRUE(file->Close().ok());
  struct stat info;
  ASSERT_EQ(stat(Path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 3);
  EXPECT_LT(info.st_blocks * 512, 1 << 20);
}

TEST_F(PosixFileSystemTest, DirectoriesLinksAndTimes) {
  EXPECT_TRUE(fs_->CreateDir(Path("d")).ok());
  EXPECT_TRUE(fs_->CreateDirIfMissing(Path("d")).ok());
  EXPECT_TRUE(fs_->CreateDir(Path("d")).IsIoError());
  Write("f", "x");
  EXPECT_EQ(fs_->CreateDirIfMissing(Path("f")).ToString(),
            "IO error: `" + Path("f") + "' exists but is not a directory");
  EXPECT_TRUE(fs_->Link(Path("f"), Path("g")).ok());
  EXPECT_TRUE(fs_->Rename(Path("g"), Path("h")).ok());
  std::vector<std::string> names;
  ASSERT_TRUE(fs_->List(dir_, &names).ok());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"d", "f", "h"}));
  uint64_t seconds = 0;
  EXPECT_TRUE(fs_->ModifiedUnixSeconds(Path("f"), &seconds).ok());
  EXPECT_GT(seconds, 1'600'000'000u);
  EXPECT_TRUE(SyncDirectory(fs_, dir_).ok());
  EXPECT_TRUE(fs_->FileExists(Path("f")).ok());
}

// Users and their scripts know these texts.
TEST_F(PosixFileSystemTest, ErrorTexts) {
  const std::string path = Path("missing");
  std::unique_ptr<SequentialFile> sequential;
  const Status status = fs_->OpenSequential(path, &sequential);
  EXPECT_TRUE(status.IsPathNotFound());
  EXPECT_EQ(status.ToString(),
            "IO error: While opening a file for sequentially reading: " + path + ": No such file or directory");
  std::unique_ptr<RandomAccessFile> random;
  EXPECT_EQ(fs_->OpenRandomAccess(path, {}, &random).ToString(),
            "IO error: While open a file for random read: " + path + ": No such file or directory");
  std::unique_ptr<WritableFile> writable;
  EXPECT_EQ(fs_->Create(path + "/x", {}, &writable).ToString(),
            "IO error: While open a file for appending: " + path + "/x: No such file or directory");
  EXPECT_EQ(fs_->Remove(path).ToString(), "IO error: while unlink() file: " + path + ": No such file or directory");
  EXPECT_EQ(fs_->Rename(path, path + "2").ToString(),
            "IO error: While renaming a file to " + path + "2: " + path + ": No such file or directory");
  uint64_t size = 1;
  EXPECT_EQ(fs_->FileSize(path, &size).ToString(),
            "IO error: while stat a file for size: " + path + ": No such file or directory");
  EXPECT_EQ(size, 0u);
  std::vector<std::string> names;
  EXPECT_TRUE(fs_->List(path, &names).IsNotFound());
}

TEST_F(PosixFileSystemTest, WriteErrorsAreReported) {
  std::unique_ptr<WritableFile> file;
  if (!fs_->Reopen("/dev/full", {}, &file).ok()) GTEST_SKIP() << "no /dev/full";
  const Status status = file->Append("x");
  EXPECT_TRUE(status.IsNoSpace());
  EXPECT_EQ(status.ToString(), "IO error: While appending to file: /dev/full: No space left on device");
}

TEST_F(PosixFileSystemTest, OneProcessLocksOnce) {
  std::unique_ptr<FileLock> lock;
  ASSERT_TRUE(fs_->Lock(Path("LOCK"), &lock).ok());
  std::unique_ptr<FileLock> second;
  const std::string text = fs_->Lock(Path("LOCK"), &second).ToString();
  EXPECT_TRUE(text.starts_with("IO error: lock hold by current process, acquire time ")) << text;
  EXPECT_TRUE(text.ends_with(": " + Path("LOCK") + ": No locks available")) << text;
  // Another name of the same file is the same lock.
  ASSERT_TRUE(fs_->Link(Path("LOCK"), Path("LOCK2")).ok());
  EXPECT_FALSE(fs_->Lock(Path("LOCK2"), &second).ok());
  lock.reset();
  ASSERT_TRUE(fs_->Lock(Path("LOCK2"), &second).ok());
  EXPECT_FALSE(fs_->Lock(Path("LOCK"), &lock).ok());
}

TEST_F(PosixFileSystemTest, OtherProcessesAreKeptOut) {
  std::unique_ptr<FileLock> lock;
  ASSERT_TRUE(fs_->Lock(Path("LOCK"), &lock).ok());
  const auto locked_in_child = [this] {
    const pid_t child = fork();
    if (child == 0) {
      // The table of this process's locks is inherited, so the system is asked directly.
      const int fd = open(Path("LOCK").c_str(), O_RDWR);
      struct flock request = {};
      request.l_type = F_WRLCK;
      request.l_whence = SEEK_SET;
      _exit(fcntl(fd, F_SETLK, &request) == 0 ? 0 : 1);
    }
    int outcome = 0;
    waitpid(child, &outcome, 0);
    return WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0;
  };
  EXPECT_FALSE(locked_in_child());
  lock.reset();
  EXPECT_TRUE(locked_in_child());
}

// A foreign holder is reported with the system's text, and a failed attempt leaves nothing behind.
TEST_F(PosixFileSystemTest, ForeignLockIsReported) {
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int fd = open(Path("LOCK").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock request = {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    char byte = fcntl(fd, F_SETLK, &request) == 0 ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    close(done[1]);
    [[maybe_unused]] const ssize_t end = read(done[0], &byte, 1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  std::unique_ptr<FileLock> lock;
  EXPECT_EQ(fs_->Lock(Path("LOCK"), &lock).ToString(),
            "IO error: While lock file: " + Path("LOCK") + ": Resource temporarily unavailable");
  for (const int fd : {done[0], done[1], ready[0], ready[1]}) close(fd);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs_->Lock(Path("LOCK"), &lock).ok());
}

TEST_F(PosixFileSystemTest, SyncRunsBesideAppend) {
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(fs_->Create(Path("f"), {}, &file).ok());
  std::thread syncer([&file] {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(file->Sync().ok());
  });
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(file->Append("0123456789").ok());
  syncer.join();
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Contents("f").size(), 20000u);
}

}  // namespace
}  // namespace gneiss
