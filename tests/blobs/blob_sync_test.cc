// A MANIFEST never names a blob file that a crash could still take back: its bytes and its directory entry are synced
// before the edit is written. And a failed write of a blob file leaves none behind.

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <mutex>
#include <set>

#include "tests/blobs/blob_test_database.h"

namespace gneiss {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

bool IsBlobFile(const std::string& path) { return path.ends_with(".blob"); }
bool IsManifest(const std::string& path) { return path.find("/MANIFEST-") != std::string::npos; }

// What is not yet safe.
struct Watch {
  std::mutex mutex;
  std::set<std::string> unsynced_files;
  std::set<std::string> unsynced_names;
  int blob_files = 0;
  int manifest_writes_too_early = 0;
  std::atomic<bool> fails_blob_writes{false};
};

class WatchedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path, Watch* watch)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), watch_(watch) {}

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (IsBlobFile(path_) && watch_->fails_blob_writes) return IOStatus::IOError("refused by the test");
    {
      const std::lock_guard<std::mutex> lock(watch_->mutex);
      if (IsBlobFile(path_)) watch_->unsynced_files.insert(path_);
      if (IsManifest(path_) && !(watch_->unsynced_files.empty() && watch_->unsynced_names.empty())) {
        ++watch_->manifest_writes_too_early;
      }
    }
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    if (status.ok()) watch_->unsynced_files.erase(path_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  const std::string path_;
  Watch* const watch_;
};

class WatchedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, Watch* watch)
      : FSDirectoryWrapper(std::move(directory)), watch_(watch) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Noted(FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& what) override {
    return Noted(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what));
  }

 private:
  IOStatus Noted(IOStatus status) {
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    if (status.ok()) watch_->unsynced_names.clear();
    return status;
  }

  Watch* const watch_;
};

class WatchedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit WatchedFileSystem(Watch* watch) : FileSystemWrapper(rocksdb::FileSystem::Default()), watch_(watch) {}
  const char* Name() const override { return "WatchedFileSystem"; }
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    const IOStatus status = FileSystemWrapper::NewWritableFile(path, options, &opened, debug);
    if (!status.ok()) return status;
    if (IsBlobFile(path)) {
      const std::lock_guard<std::mutex> lock(watch_->mutex);
      ++watch_->blob_files;
      watch_->unsynced_names.insert(path);
    }
    *file = std::make_unique<WatchedFile>(std::move(opened), path, watch_);
    return status;
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSDirectory> opened;
    const IOStatus status = FileSystemWrapper::NewDirectory(path, options, &opened, debug);
    if (status.ok()) *directory = std::make_unique<WatchedDirectory>(std::move(opened), watch_);
    return status;
  }

 private:
  Watch* const watch_;
};

class BlobSyncTest : public testing::Test {
 protected:
  BlobSyncTest() { test_.options.env = env_.get(); }
  ~BlobSyncTest() override { test_.Close(); }

  Watch watch_;
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(std::make_shared<WatchedFileSystem>(&watch_));
  BlobDatabase test_;
};

TEST_F(BlobSyncTest, BlobFilesAreSafeBeforeTheManifestNamesThem) {
  test_.options.blob_file_size = 1000;
  ASSERT_TRUE(test_.Open().ok());
  for (int version = 0; version < 3; ++version) {
    test_.FillVersion(60, version, version + 1);
    test_.Flush();
  }
  test_.Compact(rocksdb::BlobGarbageCollectionPolicy::kForce, 0.7);
  test_.FillVersion(60, 9);
  ASSERT_TRUE(test_.Open().ok());  // recovery writes some too
  test_.ExpectAllWays();
  EXPECT_GT(watch_.blob_files, 10);
  EXPECT_EQ(watch_.manifest_writes_too_early, 0);
}

TEST_F(BlobSyncTest, FailedWritesLeaveNothingBehind) {
  ASSERT_TRUE(test_.Open().ok());
  test_.FillVersion(60, 1);
  test_.Flush();
  watch_.fails_blob_writes = true;
  EXPECT_TRUE(test_.TryCompact(rocksdb::BlobGarbageCollectionPolicy::kForce, 1.0).IsIOError());
  watch_.fails_blob_writes = false;
  test_.Close();
  EXPECT_EQ(test_.Files(".blob").size(), 1u);
  EXPECT_EQ(test_.Files(".sst").size(), 1u);
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAllWays();
  test_.FillVersion(60, 2);
  watch_.fails_blob_writes = true;
  EXPECT_TRUE(test_.db->Flush({}).IsIOError());
  watch_.fails_blob_writes = false;
  ASSERT_TRUE(test_.Open().ok());  // the log has it all
  test_.ExpectAllWays();
}

}  // namespace
}  // namespace gneiss
