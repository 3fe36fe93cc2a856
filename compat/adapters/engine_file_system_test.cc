// The engine's calls as a user's FileSystem sees them.
#include "compat/adapters/engine_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "compat/adapters/engine_clock.h"
#include "compat/adapters/mem_env.h"
#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {
namespace {

using rocksdb::FSRandomAccessFileOwnerWrapper;
using rocksdb::FSWritableFileOwnerWrapper;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Notes what is asked of it; may claim direct I/O and then insists on alignment.
class NotingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit NotingFileSystem(bool is_direct)
      : FileSystemWrapper(NewMemFileSystem(rocksdb::SystemClock::Default())), is_direct_(is_direct) {}
  const char* Name() const override { return "NotingFileSystem"; }

  IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext* debug) override {
    read_options = options;
    const IOStatus status = target_->NewRandomAccessFile(name, options, result, debug);
    if (status.ok() && is_direct_) *result = std::make_unique<DirectReader>(std::move(*result));
    return status;
  }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    write_options = options;
    const IOStatus status = target_->NewWritableFile(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<Writer>(this, std::move(*result), is_direct_);
    return status;
  }
  rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& options,
                                           const rocksdb::DBOptions& db_options) const override {
    rocksdb::FileOptions changed = options;
    changed.bytes_per_sync = db_options.wal_bytes_per_sync;
    changed.temperature = rocksdb::Temperature::kHot;
    return changed;
  }

  rocksdb::FileOptions read_options;
  rocksdb::FileOptions write_options;
  std::map<std::string, int> calls;
  std::string checksum;

 private:
  static constexpr size_t kAlignment = 512;
  static bool IsAligned(uint64_t offset, size_t size, const char* memory) {
    return offset % kAlignment == 0 && size % kAlignment == 0 && reinterpret_cast<uintptr_t>(memory) % kAlignment == 0;
  }

  class DirectReader final : public FSRandomAccessFileOwnerWrapper {
   public:
    explicit DirectReader(std::unique_ptr<rocksdb::FSRandomAccessFile> file)
        : FSRandomAccessFileOwnerWrapper(std::move(file)) {}
    bool use_direct_io() const override { return true; }
    size_t GetRequiredBufferAlignment() const override { return kAlignment; }
    IOStatus Read(uint64_t offset, size_t n, const IOOptions& options, rocksdb::Slice* result, char* scratch,
                  IODebugContext* debug) const override {
      EXPECT_TRUE(IsAligned(offset, n, scratch));
      return FSRandomAccessFileOwnerWrapper::Read(offset, n, options, result, scratch, debug);
    }
  };

  class Writer final : public FSWritableFileOwnerWrapper {
   public:
    Writer(NotingFileSystem* fs, std::unique_ptr<rocksdb::FSWritableFile> file, bool is_direct)
        : FSWritableFileOwnerWrapper(std::move(file)), fs_(fs), is_direct_(is_direct) {}
    bool use_direct_io() const override { return is_direct_; }
    size_t GetRequiredBufferAlignment() const override { return is_direct_ ? kAlignment : 1; }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
      EXPECT_FALSE(is_direct_);
      ++fs_->calls["Append"];
      return target()->Append(data, options, debug);
    }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                    IODebugContext* debug) override {
      fs_->checksum = info.checksum.ToString();
      return Append(data, options, debug);
    }
    IOStatus PositionedAppend(const rocksdb::Slice& data, uint64_t offset, const IOOptions& options,
                              IODebugContext* debug) override {
      EXPECT_TRUE(IsAligned(offset, data.size(), data.data()));
      return target()->PositionedAppend(data, offset, options, debug);
    }
    IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
      ++fs_->calls["Flush"];
      return target()->Flush(options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
      ++fs_->calls["Sync"];
      return target()->Sync(options, debug);
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
      ++fs_->calls["Fsync"];
      return target()->Sync(options, debug);
    }

   private:
    NotingFileSystem* const fs_;
    const bool is_direct_;
  };

  const bool is_direct_;
};

class EngineFileSystemTest : public ::testing::TestWithParam<bool> {
 protected:
  void Make() { engine_ = NewEngineFileSystem(noting_, options_); }

  std::string ReadAll(const std::string& path) {
    std::string text;
    EXPECT_TRUE(ReadWholeFile(engine_.get(), path, &text).ok());
    return text;
  }

  const std::shared_ptr<NotingFileSystem> noting_ = std::make_shared<NotingFileSystem>(GetParam());
  rocksdb::DBOptions options_;
  std::unique_ptr<gneiss::FileSystem> engine_;
};

INSTANTIATE_TEST_SUITE_P(Direct, EngineFileSystemTest, ::testing::Bool());

uint64_t Seed() {
  const char* const given = getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("GNEISS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

TEST_P(EngineFileSystemTest, WritesAndReadsTheSameBytes) {
  Make();
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 8; ++round) {
    std::unique_ptr<gneiss::WritableFile> file;
    ASSERT_TRUE(engine_->Create("/db/000012.sst", {}, &file).ok());
    std::string expected;
    for (int piece = 0; piece < 30; ++piece) {
      const size_t size = random() % (piece == 7 ? 600'000 : 3000);
      std::string bytes(size, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      expected += bytes;
      ASSERT_TRUE(file->Append(bytes).ok());
      if (random() % 4 == 0) {
        ASSERT_TRUE(file->Sync().ok());
      }
    }
    ASSERT_TRUE(file->Close().ok());
    EXPECT_EQ(expected, ReadAll("/db/000012.sst"));
    uint64_t size = 0;
    EXPECT_TRUE(engine_->FileSize("/db/000012.sst", &size).ok());
    EXPECT_EQ(expected.size(), size);

    std::unique_ptr<gneiss::RandomAccessFile> reader;
    ASSERT_TRUE(engine_->OpenRandomAccess("/db/000012.sst", {}, &reader).ok());
    std::string scratch(5000, '\0');
    for (int i = 0; i < 50; ++i) {
      const uint64_t offset = random() % (expected.size() + 100);
      const size_t wanted = random() % 5000;
      Slice got;
      ASSERT_TRUE(reader->Read(offset, wanted, &got, scratch.data()).ok());
      EXPECT_EQ(offset >= expected.size() ? "" : expected.substr(offset, wanted), got);
    }
  }
}

TEST_P(EngineFileSystemTest, LogsReachTheFileWithEveryAppend) {
  Make();
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine_->Create("/db/000003.log", {}, &file).ok());
  ASSERT_TRUE(file->Append("one record").ok());
  EXPECT_EQ(1, noting_->calls["Flush"]);
  // Direct writes leave their padding behind the bytes until the file is closed.
  EXPECT_EQ("one record", ReadAll("/db/000003.log").substr(0, 10));
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(1, noting_->calls["Sync"]);
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ("one record", ReadAll("/db/000003.log"));
}

TEST_P(EngineFileSystemTest, FsyncWhenAsked) {
  options_.use_fsync = true;
  Make();
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine_->Create("/db/000003.log", {}, &file).ok());
  ASSERT_TRUE(file->Append("x").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(1, noting_->calls["Fsync"]);
  EXPECT_EQ(0, noting_->calls["Sync"]);
}

TEST_P(EngineFileSystemTest, OptionsComeByKindOfFile) {
  options_.wal_bytes_per_sync = 777;
  options_.use_direct_io_for_flush_and_compaction = true;
  Make();
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine_->Create("/db/000003.log", {}, &file).ok());
  EXPECT_EQ(777u, noting_->write_options.bytes_per_sync);
  EXPECT_EQ(rocksdb::Temperature::kHot, noting_->write_options.temperature);
  ASSERT_TRUE(engine_->Create("/db/000004.sst", {}, &file).ok());
  EXPECT_TRUE(noting_->write_options.use_direct_writes);
  EXPECT_EQ(rocksdb::Temperature::kUnknown, noting_->write_options.temperature);
  ASSERT_TRUE(file->Close().ok());
  std::unique_ptr<gneiss::RandomAccessFile> reader;
  ASSERT_TRUE(engine_->OpenRandomAccess("/db/000004.sst", {.use_direct_reads = true}, &reader).ok());
  EXPECT_TRUE(noting_->read_options.use_direct_reads);
}

TEST(EngineFileSystem, HandsOffChecksums) {
  const auto noting = std::make_shared<NotingFileSystem>(false);
  rocksdb::DBOptions options;
  options.checksum_handoff_file_types.Add(rocksdb::FileType::kTableFile);
  const auto engine = NewEngineFileSystem(noting, options);
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine->Create("/db/000004.sst", {}, &file).ok());
  ASSERT_TRUE(file->Append("checked").ok());
  std::string expected;
  PutU32(&expected, Crc32c("checked"));
  EXPECT_EQ(expected, noting->checksum);
  noting->checksum.clear();
  ASSERT_TRUE(engine->Create("/db/000005.log", {}, &file).ok());
  ASSERT_TRUE(file->Append("unchecked").ok());
  EXPECT_EQ("", noting->checksum);
}

TEST_P(EngineFileSystemTest, PassesTheRestThrough) {
  Make();
  ASSERT_TRUE(engine_->CreateDir("/db").ok());
  EXPECT_FALSE(engine_->CreateDir("/db").ok());
  EXPECT_TRUE(engine_->CreateDirIfMissing("/db").ok());
  ASSERT_TRUE(WriteWholeFile(engine_.get(), "/db/CURRENT", "MANIFEST-000001\n", true).ok());
  EXPECT_TRUE(engine_->FileExists("/db/CURRENT").ok());
  EXPECT_TRUE(engine_->FileExists("/db/nothing").IsNotFound());
  EXPECT_TRUE(engine_->Remove("/db/nothing").IsPathNotFound());
  EXPECT_TRUE(engine_->Link("/db/CURRENT", "/db/linked").ok());
  EXPECT_TRUE(engine_->Rename("/db/linked", "/db/renamed").ok());
  std::vector<std::string> names;
  EXPECT_TRUE(engine_->List("/db", &names).ok());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("CURRENT", "renamed"));
  uint64_t seconds = 0;
  EXPECT_TRUE(engine_->ModifiedUnixSeconds("/db/CURRENT", &seconds).ok());
  EXPECT_GT(seconds, 0u);
  EXPECT_TRUE(SyncDirectory(engine_.get(), "/db").ok());
  {
    std::unique_ptr<gneiss::FileLock> lock;
    ASSERT_TRUE(engine_->Lock("/db/LOCK", &lock).ok());
    std::unique_ptr<gneiss::FileLock> second;
    EXPECT_TRUE(engine_->Lock("/db/LOCK", &second).IsIoError());
  }
  std::unique_ptr<gneiss::FileLock> lock;
  EXPECT_TRUE(engine_->Lock("/db/LOCK", &lock).ok());
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine_->Reopen("/db/renamed", {}, &file).ok());
  ASSERT_TRUE(file->Append("more").ok());
  ASSERT_TRUE(file->Truncate(18).ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ("MANIFEST-000001\nmo", ReadAll("/db/renamed"));
  ASSERT_TRUE(engine_->Reuse("/db/000009.log", "/db/renamed", &file).ok());
  EXPECT_TRUE(engine_->FileExists("/db/renamed").IsNotFound());
  EXPECT_TRUE(engine_->Remove("/db/000009.log").ok());
}

// A file whose Sync waits until something is appended after it began.
class WaitingFile final : public rocksdb::FSWritableFile {
 public:
  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice&, const IOOptions&, IODebugContext*) override {
    MutexLock lock(&mutex_);
    ++appends_;
    changed_.SignalAll();
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    MutexLock lock(&mutex_);
    const int before = appends_;
    is_syncing_ = true;
    changed_.SignalAll();
    while (appends_ == before) changed_.Wait(&mutex_);
    return IOStatus::OK();
  }
  void WaitForSync() {
    MutexLock lock(&mutex_);
    while (!is_syncing_) changed_.Wait(&mutex_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  bool IsSyncThreadSafe() const override { return true; }

 private:
  Mutex mutex_;
  CondVar changed_;
  int appends_ GUARDED_BY(mutex_) = 0;
  bool is_syncing_ GUARDED_BY(mutex_) = false;
};

// Fails the test when two calls meet; does not claim to be safe.
class LonelyFile final : public rocksdb::FSWritableFile {
 public:
  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice&, const IOOptions&, IODebugContext*) override { return BeAlone(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return BeAlone(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return BeAlone(); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return BeAlone(); }

 private:
  IOStatus BeAlone() {
    EXPECT_FALSE(is_busy_.exchange(true));
    std::this_thread::yield();
    is_busy_ = false;
    return IOStatus::OK();
  }
  std::atomic<bool> is_busy_{false};
};

template <typename File>
class OneFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  OneFileSystem() : FileSystemWrapper(NewMemFileSystem(rocksdb::SystemClock::Default())) {}
  const char* Name() const override { return "OneFileSystem"; }
  IOStatus NewWritableFile(const std::string&, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    auto made = std::make_unique<File>();
    file = made.get();
    *result = std::move(made);
    return IOStatus::OK();
  }
  File* file = nullptr;
};

TEST(EngineFileSystem, LogsAreSyncedBesideAppendsWhereTheFileAllowsIt) {
  const auto fs = std::make_shared<OneFileSystem<WaitingFile>>();
  const auto engine = NewEngineFileSystem(fs);
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine->Create("/db/000003.log", {}, &file).ok());
  std::thread syncing([&file] { EXPECT_TRUE(file->Sync().ok()); });
  fs->file->WaitForSync();
  EXPECT_TRUE(file->Append("wakes the sync").ok());
  syncing.join();
}

TEST(EngineFileSystem, OtherFilesGetOneCallAtATime) {
  const auto fs = std::make_shared<OneFileSystem<LonelyFile>>();
  const auto engine = NewEngineFileSystem(fs);
  std::unique_ptr<gneiss::WritableFile> file;
  ASSERT_TRUE(engine->Create("/db/000003.log", {}, &file).ok());
  std::thread syncing([&file] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(file->Sync().ok());
  });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(file->Append("x").ok());
  syncing.join();
  EXPECT_TRUE(file->Close().ok());
}

TEST(EngineFileSystem, TheDefaultNeedsNoWrapping) {
  EXPECT_EQ(nullptr, NewEngineFileSystem(rocksdb::FileSystem::Default()));
  EXPECT_EQ(nullptr, NewEngineClock(rocksdb::SystemClock::Default()));
}

TEST(EngineClock, FollowsTheUsersClock) {
  const std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  const auto clock = NewEngineClock(env->GetSystemClock());
  const uint64_t start_us = clock->NowMicros();
  const int64_t start_s = clock->UnixSeconds();
  clock->SleepMicros(5'000'000'000);  // more than an int holds
  EXPECT_EQ(start_us + 5'000'000'000, clock->NowMicros());
  EXPECT_EQ(start_us * 1000 + 5'000'000'000'000, clock->NowNanos());
  EXPECT_EQ(start_s + 5000, clock->UnixSeconds());
}

}  // namespace
}  // namespace gneiss::compat
