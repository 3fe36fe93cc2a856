// What every Env has to do, run over the default one, the in-memory one, and wrappers of both kinds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_context.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "compat/adapters/composite_env.h"

namespace rocksdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Made before main, as programs do.
Env* const env_before_main = Env::Default();

// An Env in the old style: it overrides Env's virtual functions and has no FileSystem of its own.
class OldStyleEnv final : public EnvWrapper {
 public:
  explicit OldStyleEnv(std::unique_ptr<Env> target) : EnvWrapper(std::move(target)) {}
  const char* Name() const override { return "OldStyleEnv"; }
  Status NewWritableFile(const std::string& name, std::unique_ptr<WritableFile>* file,
                         const EnvOptions& options) override {
    ++files_made;
    return EnvWrapper::NewWritableFile(name, file, options);
  }
  std::atomic<int> files_made{0};
};

std::unique_ptr<Env> MakeEnv(const std::string& kind) {
  if (kind == "posix") return std::make_unique<EnvWrapper>(Env::Default());
  if (kind == "mem") return std::unique_ptr<Env>(NewMemEnv(Env::Default()));
  if (kind == "old_style") return std::make_unique<OldStyleEnv>(MakeEnv("mem"));
  if (kind == "composite") return NewCompositeEnv(FileSystem::Default());
  return std::unique_ptr<Env>(NewTimedEnv(Env::Default()));
}

class EnvTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    env_ = MakeEnv(GetParam());
    char pattern[] = "/tmp/gneiss_env_test_XXXXXX";
    ASSERT_NE(nullptr, mkdtemp(pattern));
    dir_ = pattern;
    ASSERT_TRUE(env_->CreateDirIfMissing(dir_).ok());
  }
  void TearDown() override { ASSERT_EQ(0, std::system(("rm -rf '" + dir_ + "'").c_str())); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteStringToFile(env_.get(), text, Path(name), true).ok());
  }
  std::string Read(const std::string& name) {
    std::string text;
    const Status s = ReadFileToString(env_.get(), Path(name), &text);
    return s.ok() ? text : s.ToString();
  }

  std::unique_ptr<Env> env_;
  std::string dir_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, EnvTest, ::testing::Values("posix", "mem", "old_style", "composite", "timed"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(EnvTest, WritesAndReadsWholeFiles) {
  Write("f", "");
  EXPECT_EQ("", Read("f"));
  const std::string large(100'000, 'x');
  Write("f", large);
  EXPECT_EQ(large, Read("f"));
  Write("f", "short");
  EXPECT_EQ("short", Read("f"));
  EXPECT_THAT(Read("missing"), StartsWith("IO error: No such file or directory"));
}

TEST_P(EnvTest, AppendsReopensAndTruncates) {
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(env_->NewWritableFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Append("one ").ok());
  EXPECT_TRUE(file->Append("two").ok());
  EXPECT_EQ(7u, file->GetFileSize());
  EXPECT_TRUE(file->Flush().ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(file->Fsync().ok());
  EXPECT_TRUE(file->RangeSync(0, 7).ok());
  EXPECT_TRUE(file->Close().ok());
  ASSERT_TRUE(env_->ReopenWritableFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Append(" three").ok());
  EXPECT_TRUE(file->Close().ok());
  EXPECT_EQ("one two three", Read("f"));
  ASSERT_TRUE(env_->ReopenWritableFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Truncate(3).ok());
  EXPECT_TRUE(file->Close().ok());
  EXPECT_EQ("one", Read("f"));
}

TEST_P(EnvTest, AllocatesAheadWithoutChangingTheSize) {
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(env_->NewWritableFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Allocate(0, 1 << 20).ok());
  file->SetPreallocationBlockSize(4096);
  file->PrepareWrite(0, 5);
  EXPECT_TRUE(file->Append("bytes").ok());
  EXPECT_TRUE(file->Close().ok());
  uint64_t size = 0;
  EXPECT_TRUE(env_->GetFileSize(Path("f"), &size).ok());
  EXPECT_EQ(5u, size);
}

TEST_P(EnvTest, ReadsInOrderAndAnywhere) {
  Write("f", "0123456789");
  char scratch[20];
  Slice got;
  std::unique_ptr<SequentialFile> in_order;
  ASSERT_TRUE(env_->NewSequentialFile(Path("f"), &in_order, EnvOptions()).ok());
  EXPECT_TRUE(in_order->Read(3, &got, scratch).ok());
  EXPECT_EQ("012", got.ToString());
  EXPECT_TRUE(in_order->Skip(2).ok());
  EXPECT_TRUE(in_order->Read(20, &got, scratch).ok());
  EXPECT_EQ("56789", got.ToString());
  EXPECT_TRUE(in_order->Read(20, &got, scratch).ok());
  EXPECT_EQ("", got.ToString());

  std::unique_ptr<RandomAccessFile> anywhere;
  ASSERT_TRUE(env_->NewRandomAccessFile(Path("f"), &anywhere, EnvOptions()).ok());
  EXPECT_TRUE(anywhere->Read(7, 20, &got, scratch).ok());
  EXPECT_EQ("789", got.ToString());
  EXPECT_TRUE(anywhere->Read(10, 1, &got, scratch).ok());
  EXPECT_EQ("", got.ToString());
  EXPECT_TRUE(anywhere->Prefetch(0, 10).ok());
  anywhere->Hint(RandomAccessFile::RANDOM);
  EXPECT_TRUE(anywhere->InvalidateCache(0, 0).ok());
  ReadRequest requests[2];
  requests[0] = {0, 2, scratch, Slice(), Status()};
  requests[1] = {4, 2, scratch + 10, Slice(), Status()};
  EXPECT_TRUE(anywhere->MultiRead(requests, 2).ok());
  EXPECT_EQ("01", requests[0].result.ToString());
  EXPECT_EQ("45", requests[1].result.ToString());
}

TEST_P(EnvTest, ReadsAndWritesInPlace) {
  Write("f", "0123456789");
  std::unique_ptr<RandomRWFile> file;
  ASSERT_TRUE(env_->NewRandomRWFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Write(8, "abcd").ok());
  char scratch[20];
  Slice got;
  EXPECT_TRUE(file->Read(6, 20, &got, scratch).ok());
  EXPECT_EQ("67abcd", got.ToString());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(file->Fsync().ok());
  EXPECT_TRUE(file->Flush().ok());
  EXPECT_TRUE(file->Close().ok());
  EXPECT_EQ("01234567abcd", Read("f"));
  EXPECT_FALSE(env_->NewRandomRWFile(Path("missing"), &file, EnvOptions()).ok());
}

TEST_P(EnvTest, ListsRenamesLinksAndDeletes) {
  EXPECT_TRUE(env_->CreateDir(Path("d")).ok());
  EXPECT_FALSE(env_->CreateDir(Path("d")).ok());
  EXPECT_TRUE(env_->CreateDirIfMissing(Path("d")).ok());
  Write("a", "1");
  Write("d/b", "22");
  std::vector<std::string> names;
  EXPECT_TRUE(env_->GetChildren(dir_, &names).ok());
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("a", "d"));
  EXPECT_TRUE(env_->GetChildren(Path("nowhere"), &names).IsNotFound());
  std::vector<Env::FileAttributes> attributes;
  EXPECT_TRUE(env_->GetChildrenFileAttributes(Path("d"), &attributes).ok());
  ASSERT_EQ(1u, attributes.size());
  EXPECT_EQ("b", attributes[0].name);
  EXPECT_EQ(2u, attributes[0].size_bytes);

  EXPECT_TRUE(env_->FileExists(Path("a")).ok());
  EXPECT_TRUE(env_->FileExists(Path("c")).IsNotFound());
  EXPECT_TRUE(env_->RenameFile(Path("a"), Path("c")).ok());
  EXPECT_EQ("1", Read("c"));
  EXPECT_TRUE(env_->FileExists(Path("a")).IsNotFound());
  EXPECT_TRUE(env_->RenameFile(Path("a"), Path("e")).IsPathNotFound());
  EXPECT_TRUE(env_->LinkFile(Path("c"), Path("l")).ok());
  bool is_same = false;
  EXPECT_TRUE(env_->AreFilesSame(Path("c"), Path("l"), &is_same).ok());
  EXPECT_TRUE(is_same);
  EXPECT_TRUE(env_->AreFilesSame(Path("c"), Path("d/b"), &is_same).ok());
  EXPECT_FALSE(is_same);
  uint64_t links = 0;
  EXPECT_TRUE(env_->NumFileLinks(Path("c"), &links).ok());
  EXPECT_EQ(2u, links);
  bool is_directory = false;
  EXPECT_TRUE(env_->IsDirectory(Path("d"), &is_directory).ok());
  EXPECT_TRUE(is_directory);
  EXPECT_TRUE(env_->IsDirectory(Path("c"), &is_directory).ok());
  EXPECT_FALSE(is_directory);
  uint64_t modified = 0;
  EXPECT_TRUE(env_->GetFileModificationTime(Path("c"), &modified).ok());
  EXPECT_GT(modified, 1'500'000'000u);
  EXPECT_TRUE(env_->DeleteFile(Path("c")).ok());
  EXPECT_TRUE(env_->DeleteFile(Path("c")).IsPathNotFound());
  EXPECT_EQ("1", Read("l"));
  EXPECT_TRUE(env_->RenameFile(Path("d"), Path("moved")).ok());
  EXPECT_EQ("22", Read("moved/b"));
  EXPECT_TRUE(env_->DeleteFile(Path("moved/b")).ok());
  EXPECT_TRUE(env_->DeleteDir(Path("moved")).ok());
  EXPECT_TRUE(env_->FileExists(Path("moved")).IsNotFound());
}

TEST_P(EnvTest, ReusesAFileUnderANewName) {
  Write("old", "0123456789");
  std::unique_ptr<WritableFile> file;
  ASSERT_TRUE(env_->ReuseWritableFile(Path("new"), Path("old"), &file, EnvOptions()).ok());
  EXPECT_TRUE(file->Append("abc").ok());
  EXPECT_TRUE(file->Close().ok());
  EXPECT_TRUE(env_->FileExists(Path("old")).IsNotFound());
  EXPECT_THAT(Read("new"), StartsWith("abc"));
}

TEST_P(EnvTest, AnOpenFileOutlivesItsName) {
  Write("f", "still here");
  std::unique_ptr<RandomAccessFile> file;
  ASSERT_TRUE(env_->NewRandomAccessFile(Path("f"), &file, EnvOptions()).ok());
  EXPECT_TRUE(env_->DeleteFile(Path("f")).ok());
  char scratch[20];
  Slice got;
  EXPECT_TRUE(file->Read(0, 20, &got, scratch).ok());
  EXPECT_EQ("still here", got.ToString());
}

TEST_P(EnvTest, DirectoriesCanBeSynced) {
  std::unique_ptr<Directory> directory;
  ASSERT_TRUE(env_->NewDirectory(dir_, &directory).ok());
  EXPECT_TRUE(directory->Fsync().ok());
  EXPECT_TRUE(directory->Close().ok());
}

TEST_P(EnvTest, LocksExcludeEachOther) {
  FileLock* lock = nullptr;
  ASSERT_TRUE(env_->LockFile(Path("LOCK"), &lock).ok());
  ASSERT_NE(nullptr, lock);
  FileLock* second = nullptr;
  const Status refused = env_->LockFile(Path("LOCK"), &second);
  EXPECT_TRUE(refused.IsIOError()) << refused.ToString();
  EXPECT_EQ(nullptr, second);
  EXPECT_TRUE(env_->UnlockFile(lock).ok());
  ASSERT_TRUE(env_->LockFile(Path("LOCK"), &lock).ok());
  EXPECT_TRUE(env_->UnlockFile(lock).ok());
}

TEST_P(EnvTest, ItsFileSystemSeesTheSameFiles) {
  const std::shared_ptr<FileSystem>& fs = env_->GetFileSystem();
  ASSERT_TRUE(WriteStringToFile(fs.get(), "through the file system", Path("f")).ok());
  EXPECT_EQ("through the file system", Read("f"));
  EXPECT_TRUE(fs->FileExists(Path("f"), IOOptions(), nullptr).ok());
  uint64_t size = 0;
  EXPECT_TRUE(fs->GetFileSize(Path("f"), IOOptions(), &size, nullptr).ok());
  EXPECT_EQ(23u, size);
}

TEST_P(EnvTest, KnowsTimeAndPlace) {
  int64_t now = 0;
  EXPECT_TRUE(env_->GetCurrentTime(&now).ok());
  EXPECT_GT(now, 1'500'000'000);
  EXPECT_GE(env_->NowMicros(), 0u);
  EXPECT_THAT(env_->TimeToString(0).c_str(), ::testing::MatchesRegex("19[67][0-9]/.*-.*:.*:.* "));
  std::string host;
  EXPECT_TRUE(env_->GetHostNameString(&host).ok());
  EXPECT_FALSE(host.empty());
  std::string absolute;
  EXPECT_TRUE(env_->GetAbsolutePath("/a/b", &absolute).ok());
  EXPECT_EQ("/a/b", absolute);
  uint64_t free_bytes = 0;
  EXPECT_TRUE(env_->GetFreeSpace(dir_, &free_bytes).ok());
  EXPECT_GT(free_bytes, 0u);
  const std::string id = env_->GenerateUniqueId();
  EXPECT_EQ(36u, id.size());
  EXPECT_NE(id, env_->GenerateUniqueId());
}

TEST_P(EnvTest, StartsAndJoinsThreads) {
  std::atomic<int> ran{0};
  for (int i = 0; i < 3; ++i) {
    env_->StartThread([](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &ran);
  }
  env_->StartThreadTyped([](std::atomic<int>* counter) { *counter += 10; }, &ran);
  env_->WaitForJoin();
  EXPECT_EQ(13, ran.load());
}

TEST_P(EnvTest, SchedulesOnItsPools) {
  env_->IncBackgroundThreadsIfNeeded(1, Env::LOW);
  EXPECT_GE(env_->GetBackgroundThreads(Env::LOW), 1);
  std::atomic<bool> ran{false};
  env_->Schedule([](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; }, &ran, Env::LOW);
  while (!ran.load()) std::this_thread::yield();
  EXPECT_EQ(0, env_->UnSchedule(&ran, Env::LOW));
  std::vector<ThreadStatus> threads;
  EXPECT_TRUE(env_->GetThreadList(&threads).ok());
  EXPECT_FALSE(threads.empty());
}

TEST(PosixEnv, IsTheDefaultFromTheStart) {
  EXPECT_EQ(env_before_main, Env::Default());
  EXPECT_STREQ("PosixEnv", Env::Default()->Name());
  EXPECT_TRUE(Env::Default()->IsInstanceOf("DefaultEnv"));
  EXPECT_EQ(FileSystem::Default(), Env::Default()->GetFileSystem());
  EXPECT_TRUE(FileSystem::Default()->IsInstanceOf("posix"));
  EXPECT_TRUE(Env::Default()->GetSystemClock()->IsInstanceOf("DefaultClock"));
  EXPECT_EQ(static_cast<uint64_t>(gettid()), Env::Default()->GetThreadID());
}

TEST(PosixEnv, ThreadIdsAreTheSystems) {
  const auto is_own = [] { return Env::Default()->GetThreadID() == static_cast<uint64_t>(gettid()); };
  EXPECT_TRUE(is_own());
  std::thread([&] { EXPECT_TRUE(is_own()); }).join();
  const pid_t child = fork();
  if (child == 0) _exit(is_own() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(PosixEnv, ErrorTextsAreRocks) {
  Env* const env = Env::Default();
  const std::string missing = "/tmp/gneiss-no-such-directory/f";
  const std::string reason = ": " + missing + ": No such file or directory";
  const std::string start = "IO error: No such file or directory: ";
  std::unique_ptr<SequentialFile> sequential;
  EXPECT_EQ(start + "While opening a file for sequentially reading" + reason,
            env->NewSequentialFile(missing, &sequential, EnvOptions()).ToString());
  std::unique_ptr<RandomAccessFile> random;
  EXPECT_EQ(start + "While open a file for random read" + reason,
            env->NewRandomAccessFile(missing, &random, EnvOptions()).ToString());
  std::unique_ptr<WritableFile> writable;
  EXPECT_EQ(start + "While open a file for appending" + reason,
            env->NewWritableFile(missing, &writable, EnvOptions()).ToString());
  uint64_t size = 0;
  EXPECT_EQ(start + "while stat a file for size" + reason, env->GetFileSize(missing, &size).ToString());
  EXPECT_EQ(start + "while unlink() file" + reason, env->DeleteFile(missing).ToString());
  EXPECT_EQ(start + "While mkdir" + reason, env->CreateDir(missing).ToString());
  EXPECT_EQ(start + "While mkdir if missing" + reason, env->CreateDirIfMissing(missing).ToString());
  EXPECT_EQ(start + "file rmdir" + reason, env->DeleteDir(missing).ToString());
  EXPECT_EQ(start + "While renaming a file to x" + reason, env->RenameFile(missing, "x").ToString());
  FileLock* lock = nullptr;
  EXPECT_EQ(start + "while open a file for lock" + reason, env->LockFile(missing, &lock).ToString());
  EXPECT_EQ("NotFound: ", env->FileExists(missing).ToString());
  EXPECT_TRUE(env->Truncate(missing, 0).IsNotSupported());
}

TEST(PosixEnv, LockNamesItsHolder) {
  const std::string path = "/tmp/gneiss_lock_" + std::to_string(getpid());
  FileLock* lock = nullptr;
  ASSERT_TRUE(Env::Default()->LockFile(path, &lock).ok());
  FileLock* second = nullptr;
  EXPECT_THAT(Env::Default()->LockFile(path, &second).ToString(),
              ::testing::MatchesRegex("IO error: lock hold by current process, acquire time [0-9]* acquiring thread "
                                      "[0-9]*: .*: No locks available"));
  EXPECT_TRUE(Env::Default()->UnlockFile(lock).ok());
  EXPECT_TRUE(Env::Default()->DeleteFile(path).ok());
}

TEST(PosixEnv, MapsFilesForReading) {
  const std::string path = "/tmp/gneiss_mmap_" + std::to_string(getpid());
  ASSERT_TRUE(WriteStringToFile(Env::Default(), "mapped bytes", path).ok());
  EnvOptions options;
  options.use_mmap_reads = true;
  std::unique_ptr<RandomAccessFile> file;
  ASSERT_TRUE(Env::Default()->NewRandomAccessFile(path, &file, options).ok());
  Slice got;
  EXPECT_TRUE(file->Read(7, 50, &got, nullptr).ok());
  EXPECT_EQ("bytes", got.ToString());
  EXPECT_THAT(file->Read(13, 1, &got, nullptr).ToString(), HasSubstr("larger than file length 12"));
  char id[64];
  EXPECT_GE(file->GetUniqueId(id, 10), 0u);
  std::unique_ptr<MemoryMappedFileBuffer> buffer;
  ASSERT_TRUE(Env::Default()->NewMemoryMappedFileBuffer(path, &buffer).ok());
  ASSERT_EQ(12u, buffer->GetLen());
  static_cast<char*>(buffer->GetBase())[0] = 'M';
  buffer.reset();
  std::string text;
  EXPECT_TRUE(ReadFileToString(Env::Default(), path, &text).ok());
  EXPECT_EQ("Mapped bytes", text);
  EXPECT_TRUE(Env::Default()->DeleteFile(path).ok());
}

TEST(PosixEnv, ReadsAndWritesDirectly) {
  const std::string path = "gneiss_direct_" + std::to_string(getpid());
  EnvOptions options;
  options.use_direct_reads = true;
  options.use_direct_writes = true;
  std::unique_ptr<WritableFile> writer;
  const Status opened = Env::Default()->NewWritableFile(path, &writer, options);
  if (!opened.ok()) GTEST_SKIP() << "no direct I/O here: " << opened.ToString();
  const std::unique_ptr<char, decltype(&free)> block(static_cast<char*>(aligned_alloc(4096, 8192)), &free);
  std::fill_n(block.get(), 8192, 'd');
  EXPECT_TRUE(writer->use_direct_io());
  EXPECT_EQ(4096u, writer->GetRequiredBufferAlignment());
  EXPECT_TRUE(writer->PositionedAppend(Slice(block.get(), 8192), 0).ok());
  EXPECT_TRUE(writer->Truncate(5000).ok());
  EXPECT_TRUE(writer->Close().ok());
  std::unique_ptr<RandomAccessFile> reader;
  ASSERT_TRUE(Env::Default()->NewRandomAccessFile(path, &reader, options).ok());
  EXPECT_TRUE(reader->use_direct_io());
  Slice got;
  EXPECT_TRUE(reader->Read(4096, 4096, &got, block.get()).ok());
  EXPECT_EQ(std::string(904, 'd'), got.ToString());
  std::unique_ptr<SequentialFile> in_order;
  ASSERT_TRUE(Env::Default()->NewSequentialFile(path, &in_order, options).ok());
  EXPECT_TRUE(in_order->PositionedRead(0, 4096, &got, block.get()).ok());
  EXPECT_EQ(4096u, got.size());
  EXPECT_TRUE(Env::Default()->DeleteFile(path).ok());
}

TEST(PosixEnv, TurnsAwayWhatItDoesNotDo) {
  EXPECT_TRUE(Env::Default()->SetAllowNonOwnerAccess(true).ok());
  EXPECT_TRUE(Env::Default()->SetAllowNonOwnerAccess(false).IsNotSupported());
  std::shared_ptr<DynamicLibrary> library;
  EXPECT_TRUE(Env::Default()->LoadLibrary("gneiss_no_such_library", "", &library).IsIOError());
  ASSERT_TRUE(Env::Default()->LoadLibrary("", "", &library).ok());
  void* function = nullptr;
  EXPECT_TRUE(library->LoadSymbol("malloc", &function).ok());
  EXPECT_NE(nullptr, function);
  EXPECT_TRUE(library->LoadSymbol("gneiss_no_such_symbol", &function).IsNotFound());
}

TEST(MemEnv, TimePassesBySleepingOnly) {
  const std::unique_ptr<Env> env(NewMemEnv(Env::Default()));
  const uint64_t start = env->NowMicros();
  EXPECT_EQ(start, env->NowMicros());
  int64_t before = 0;
  EXPECT_TRUE(env->GetCurrentTime(&before).ok());
  env->SleepForMicroseconds(3'000'000);
  EXPECT_EQ(start + 3'000'000, env->NowMicros());
  int64_t after = 0;
  EXPECT_TRUE(env->GetCurrentTime(&after).ok());
  EXPECT_EQ(before + 3, after);
}

TEST(MemEnv, KeepsLocksAndFilesApart) {
  const std::unique_ptr<Env> env(NewMemEnv(Env::Default()));
  FileLock* lock = nullptr;
  ASSERT_TRUE(env->LockFile("/d/LOCK", &lock).ok());
  std::unique_ptr<SequentialFile> file;
  EXPECT_TRUE(env->NewSequentialFile("/d/LOCK", &file, EnvOptions()).IsInvalidArgument());
  ASSERT_TRUE(WriteStringToFile(env.get(), "x", "/d//f").ok());
  FileLock* refused = nullptr;
  EXPECT_TRUE(env->LockFile("/d/f", &refused).IsInvalidArgument());
  EXPECT_TRUE(env->UnlockFile(lock).ok());
  std::vector<std::string> names;
  EXPECT_TRUE(env->GetChildren("/d/", &names).ok());
  EXPECT_THAT(names, ElementsAre("LOCK", "f"));
  EXPECT_TRUE(env->FileExists("/d").ok());
}

TEST(OldStyleEnv, EveryFileGoesThroughIt) {
  OldStyleEnv env(std::unique_ptr<Env>(NewMemEnv(Env::Default())));
  ASSERT_TRUE(WriteStringToFile(env.GetFileSystem().get(), "x", "/f").ok());
  EXPECT_EQ(1, env.files_made.load());
  EXPECT_STREQ("LegacyFileSystem", env.GetFileSystem()->Name());
  EXPECT_STREQ("LegacySystemClock", env.GetSystemClock()->Name());
}

TEST(TimedEnv, CountsTimeWhenAsked) {
  const std::unique_ptr<Env> env(NewTimedEnv(Env::Default()));
  get_perf_context()->Reset();
  SetPerfLevel(kEnableCount);
  EXPECT_TRUE(env->FileExists("/tmp").ok());
  EXPECT_EQ(0u, get_perf_context()->env_file_exists_nanos);
  SetPerfLevel(kEnableTimeExceptForMutex);
  EXPECT_TRUE(env->FileExists("/tmp").ok());
  EXPECT_GT(get_perf_context()->env_file_exists_nanos, 0u);
  SetPerfLevel(kEnableCount);
}

TEST(EnvFromString, FindsBuiltInOnes) {
  ConfigOptions config;
  config.ignore_unsupported_options = false;
  Env* env = nullptr;
  std::shared_ptr<Env> guard;
  ASSERT_TRUE(Env::CreateFromString(config, "", &env, &guard).ok());
  EXPECT_EQ(Env::Default(), env);
  ASSERT_TRUE(Env::CreateFromString(config, "DefaultEnv", &env).ok());
  EXPECT_EQ(Env::Default(), env);
  ASSERT_TRUE(Env::CreateFromString(config, "MockEnv", &env, &guard).ok());
  EXPECT_STREQ("MockEnv", env->Name());
  EXPECT_EQ(guard.get(), env);
  EXPECT_TRUE(Env::CreateFromString(config, "no such env", &env, &guard).IsNotSupported());
  EXPECT_TRUE(Env::CreateFromUri(config, "MockEnv", "posix://", &env, &guard).IsInvalidArgument());
  ASSERT_TRUE(Env::CreateFromUri(config, "", "MemoryFileSystem", &env, &guard).ok());
  EXPECT_STREQ("CompositeEnv", env->Name());
  EXPECT_STREQ("MemoryFileSystem", env->GetFileSystem()->Name());
  ASSERT_TRUE(Env::CreateFromUri(config, "", "", &env, &guard).ok());
  EXPECT_EQ(config.env, env);
  std::shared_ptr<FileSystem> fs;
  ASSERT_TRUE(FileSystem::CreateFromString(config, "posix", &fs).ok());
  EXPECT_EQ(FileSystem::Default(), fs);
  ASSERT_TRUE(FileSystem::CreateFromString(config, "TimedFS", &fs).ok());
  EXPECT_STREQ("TimedFS", fs->Name());
  EXPECT_TRUE(fs->FileExists("/tmp", IOOptions(), nullptr).ok());
  std::shared_ptr<SystemClock> clock;
  ASSERT_TRUE(SystemClock::CreateFromString(config, "TimeEmulatedSystemClock", &clock).ok());
  EXPECT_STREQ("TimeEmulatedSystemClock", clock->Name());
}

TEST(EnvOptions, DefaultsAreThoseOfDefaultDbOptions) {
  const EnvOptions plain;
  const EnvOptions from_db{DBOptions()};
  EXPECT_EQ(from_db.use_mmap_reads, plain.use_mmap_reads);
  EXPECT_EQ(from_db.use_mmap_writes, plain.use_mmap_writes);
  EXPECT_EQ(from_db.use_direct_reads, plain.use_direct_reads);
  EXPECT_EQ(from_db.use_direct_writes, plain.use_direct_writes);
  EXPECT_EQ(from_db.allow_fallocate, plain.allow_fallocate);
  EXPECT_EQ(from_db.set_fd_cloexec, plain.set_fd_cloexec);
  EXPECT_EQ(from_db.bytes_per_sync, plain.bytes_per_sync);
  EXPECT_EQ(from_db.strict_bytes_per_sync, plain.strict_bytes_per_sync);
  EXPECT_EQ(from_db.fallocate_with_keep_size, plain.fallocate_with_keep_size);
  EXPECT_EQ(from_db.compaction_readahead_size, plain.compaction_readahead_size);
  EXPECT_EQ(from_db.random_access_max_buffer_size, plain.random_access_max_buffer_size);
  EXPECT_EQ(from_db.writable_file_max_buffer_size, plain.writable_file_max_buffer_size);
  EXPECT_EQ(from_db.rate_limiter, plain.rate_limiter);
}

}  // namespace
}  // namespace rocksdb
