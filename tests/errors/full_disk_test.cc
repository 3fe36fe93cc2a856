// A disk that becomes full: writing answers NoSpace, reading goes on, and once there is room again Resume() brings the
// database back with every acknowledged write.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>

#include "tests/errors/test_database.h"

namespace gneiss {
namespace {

using rocksdb::IOStatus;
using rocksdb::Status;

class FullDisk : public rocksdb::FileSystemWrapper {
 public:
  explicit FullDisk(const std::shared_ptr<rocksdb::FileSystem>& target) : FileSystemWrapper(target) {}
  const char* Name() const override { return "FullDisk"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override {
    if (room_bytes.load() == 0) return NoSpace();
    IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(this, std::move(*file));
    return status;
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override {
    IOStatus status = target()->ReuseWritableFile(name, old_name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(this, std::move(*file));
    return status;
  }

  std::atomic<int64_t> room_bytes{INT64_MAX};

 private:
  static IOStatus NoSpace() { return IOStatus::NoSpace("No space left on device"); }

  int64_t Take(int64_t wanted) {
    int64_t room = room_bytes.load();
    while (!room_bytes.compare_exchange_weak(room, room - std::min(room, wanted))) {
    }
    return std::min(room, wanted);
  }

  // Like a disk, it takes the part of an append that still fits.
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(FullDisk* disk, std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
    IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                    rocksdb::IODebugContext* debug) override {
      const auto wanted = static_cast<int64_t>(data.size());
      const int64_t taken = disk_->Take(wanted);
      if (taken == wanted) return target()->Append(data, options, debug);
      if (taken > 0) {
        IOStatus status = target()->Append({data.data(), static_cast<size_t>(taken)}, options, debug);
        if (!status.ok()) return status;
      }
      return NoSpace();
    }
    IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options, const rocksdb::DataVerificationInfo&,
                    rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }

   private:
    FullDisk* const disk_;
  };
};

class FullDiskTest : public testing::TestWithParam<int64_t> {
 protected:
  FullDiskTest()
      : disk_(std::make_shared<FullDisk>(rocksdb::FileSystem::Default())), env_(rocksdb::NewCompositeEnv(disk_)) {
    test_.options.env = env_.get();
    test_.options.write_buffer_size = 64 << 10;
    test_.options.max_background_jobs = 2;
  }
  ~FullDiskTest() override { test_.Close(); }

  // Writes until an error comes. What failed may or may not be there later; it is kept in unacknowledged_.
  Status WriteUntilFull(const std::string& prefix, bool sync) {
    for (int i = 0; i < 100'000; ++i) {
      const std::string key = prefix + std::to_string(100'000 + i);
      const Status status = test_.Put(key, std::string(100, 'v') + key, sync);
      if (!status.ok()) {
        unacknowledged_[key] = std::string(100, 'v') + key;
        return status;
      }
    }
    return Status::OK();
  }

  std::shared_ptr<FullDisk> disk_;
  std::unique_ptr<rocksdb::Env> env_;
  TestDatabase test_;
  std::map<std::string, std::string> unacknowledged_;
};

TEST_P(FullDiskTest, ReadsGoOnAndResumeBringsItBack) {
  ASSERT_TRUE(test_.Open().ok());
  test_.Fill("before", 100);
  ASSERT_TRUE(test_.db->Flush({}).ok());
  disk_->room_bytes = GetParam();
  const Status status = WriteUntilFull("k", false);
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(status.IsNoSpace()) << status.ToString();
  test_.ExpectAll(unacknowledged_);
  const Status next = test_.Put("next", "1");
  EXPECT_FALSE(next.ok()) << "a write to a full disk";
  unacknowledged_["next"] = "1";
  test_.ExpectAll(unacknowledged_);

  disk_->room_bytes = INT64_MAX;
  const Status resumed = test_.db->Resume();
  ASSERT_TRUE(resumed.ok()) << resumed.ToString();
  test_.ExpectAll(unacknowledged_);
  const Status after = test_.Put("after", "1", true);
  ASSERT_TRUE(after.ok()) << after.ToString();
  test_.Fill("later", 100);
  ASSERT_TRUE(test_.db->Flush({}).ok());
  const Status reopened = test_.Open();
  ASSERT_TRUE(reopened.ok()) << reopened.ToString();
  test_.ExpectAll(unacknowledged_);
}

TEST_P(FullDiskTest, ReopeningBringsItBack) {
  ASSERT_TRUE(test_.Open().ok());
  test_.Fill("before", 100);
  disk_->room_bytes = GetParam();
  const Status status = WriteUntilFull("k", true);
  EXPECT_TRUE(status.IsNoSpace()) << status.ToString();
  test_.Close();
  test_.options.env = rocksdb::Env::Default();
  const Status reopened = test_.Open();
  ASSERT_TRUE(reopened.ok()) << reopened.ToString();
  test_.ExpectAll(unacknowledged_);
  ASSERT_TRUE(test_.Put("after", "1", true).ok());
  ASSERT_TRUE(test_.db->CompactRange({}, nullptr, nullptr).ok());
  ASSERT_TRUE(test_.Open().ok());
  test_.ExpectAll(unacknowledged_);
}

TEST_P(FullDiskTest, OpeningOnAFullDiskLosesNothing) {
  ASSERT_TRUE(test_.Open().ok());
  test_.Fill("before", 100);
  ASSERT_TRUE(test_.db->Flush({}).ok());
  test_.Fill("log", 100);
  test_.Close();
  disk_->room_bytes = GetParam() / 100;
  const Status status = test_.Open();
  if (!status.ok()) {
    EXPECT_TRUE(status.IsNoSpace()) << status.ToString();
  }
  test_.Close();
  disk_->room_bytes = INT64_MAX;
  const Status reopened = test_.Open();
  ASSERT_TRUE(reopened.ok()) << reopened.ToString();
  test_.ExpectAll();
}

// From a few records to some flushes: what fails first is the log, a table or the MANIFEST.
INSTANTIATE_TEST_SUITE_P(Room, FullDiskTest,
                         testing::Values(0, 1000, 33'333, 80'000, 150'000, 150'100, 222'222, 400'000, 1'000'000));

}  // namespace
}  // namespace gneiss
