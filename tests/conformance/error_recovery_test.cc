// Background errors that the database gets over by itself: what the file system calls retryable, and a lack of space.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/statistics.h>

#include <atomic>
#include <mutex>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Appends to files of one kind fail as long as there are failures left; free space is as told.
class FailingDisk : public FileSystemWrapper {
 public:
  explicit FailingDisk(std::string suffix) : FileSystemWrapper(FileSystem::Default()), suffix_(std::move(suffix)) {}
  const char* Name() const override { return "FailingDisk"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(suffix_)) *file = std::make_unique<File>(this, std::move(*file));
    return status;
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions& options, uint64_t* bytes,
                        IODebugContext* debug) override {
    if (!is_full.load()) return target()->GetFreeSpace(path, options, bytes, debug);
    *bytes = 0;
    return IOStatus::OK();
  }

  std::atomic<int> failures_left{0};
  std::atomic<bool> is_full{false};  // the failures are a lack of space

 private:
  IOStatus Next() {
    if (is_full.load()) return IOStatus::NoSpace("the disk is full");
    int left = failures_left.load();
    while (left > 0 && !failures_left.compare_exchange_weak(left, left - 1)) {
    }
    if (left <= 0) return IOStatus::OK();
    IOStatus failed = IOStatus::IOError("the network is down");
    failed.SetRetryable(true);
    return failed;
  }

  class File : public FSWritableFileOwnerWrapper {
   public:
    File(FailingDisk* disk, std::unique_ptr<FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
      IOStatus status = disk_->Next();
      return status.ok() ? target()->Append(data, options, debug) : status;
    }
    IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                    IODebugContext* debug) override {
      return Append(data, options, debug);
    }

   private:
    FailingDisk* const disk_;
  };

  const std::string suffix_;
};

class Recoveries : public EventListener {
 public:
  void OnBackgroundError(BackgroundErrorReason reason, Status* error) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_FALSE(error->ok());
    reasons_.push_back(reason);
  }
  void OnErrorRecoveryBegin(BackgroundErrorReason, Status, bool* auto_recovery) override {
    ++begun;
    if (refuses) *auto_recovery = false;
  }
  void OnErrorRecoveryCompleted(Status) override { ++completed; }
  void OnErrorRecoveryEnd(const BackgroundErrorRecoveryInfo& info) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    old_errors_.push_back(info.old_bg_error);
    new_errors_.push_back(info.new_bg_error);
  }

  std::vector<Status> NewErrors() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return new_errors_;
  }
  std::vector<Status> OldErrors() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return old_errors_;
  }
  bool Heard(BackgroundErrorReason reason) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end();
  }

  std::atomic<int> begun{0};
  std::atomic<int> completed{0};
  std::atomic<bool> refuses{false};

 private:
  std::mutex mutex_;
  std::vector<BackgroundErrorReason> reasons_;
  std::vector<Status> old_errors_;
  std::vector<Status> new_errors_;
};

}  // namespace

class ErrorRecoveryTest : public DbTest {
 protected:
  ~ErrorRecoveryTest() override { Close(); }

  void OpenOn(const std::string& failing_suffix) {
    disk_ = std::make_shared<FailingDisk>(failing_suffix);
    env_ = NewCompositeEnv(disk_);
    options_.env = env_.get();
    options_.listeners.push_back(recoveries_);
    options_.statistics = CreateDBStatistics();
    options_.bgerror_resume_retry_interval = 1000;
    options_.write_buffer_size = 1 << 20;
    options_.disable_auto_compactions = true;
    Open();
  }
  bool IsOver(size_t times = 1) {
    return Eventually([&] { return recoveries_->NewErrors().size() >= times; });
  }

  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }
  // Statistics may follow listeners.
  bool AreTriesRecorded(uint64_t count) {
    return Eventually([&] {
      HistogramData data;
      options_.statistics->histogramData(ERROR_HANDLER_AUTORESUME_RETRY_COUNT, &data);
      return data.count == count;
    });
  }

  const std::shared_ptr<Recoveries> recoveries_ = std::make_shared<Recoveries>();
  std::shared_ptr<FailingDisk> disk_;
  std::unique_ptr<Env> env_;
};

TEST_F(ErrorRecoveryTest, AFlushIsTriedAgain) {
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->failures_left = 3;
  const Status flushed = db()->Flush(FlushOptions());
  EXPECT_TRUE(flushed.ok() || flushed.IsIOError()) << flushed.ToString();
  ASSERT_TRUE(IsOver());
  EXPECT_OK(recoveries_->NewErrors()[0]);
  EXPECT_TRUE(recoveries_->OldErrors()[0].IsIOError());
  EXPECT_GE(recoveries_->completed, 1);  // RocksDB says it twice
  EXPECT_TRUE(recoveries_->Heard(BackgroundErrorReason::kFlushNoWAL));
  EXPECT_TRUE(AreTriesRecorded(1));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_BG_ERROR_COUNT));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_BG_IO_ERROR_COUNT));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_BG_RETRYABLE_IO_ERROR_COUNT));
  EXPECT_EQ(1u, Ticks(ERROR_HANDLER_AUTORESUME_COUNT));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_AUTORESUME_RETRY_TOTAL_COUNT));
  EXPECT_EQ(1u, Ticks(ERROR_HANDLER_AUTORESUME_SUCCESS_COUNT));
  ASSERT_OK(Put("b", "2"));
  Flush();
  EXPECT_EQ("a=1 b=2", Scan());
  Reopen();
  EXPECT_EQ("a=1 b=2", Scan());
}

TEST_F(ErrorRecoveryTest, AWriteToTheLogIsAnErrorAndTheNextOnesWork) {
  OpenOn(".log");
  ASSERT_OK(Put("a", "1"));
  disk_->failures_left = 1;
  EXPECT_TRUE(Put("lost", "1").IsIOError());
  ASSERT_TRUE(IsOver());
  EXPECT_OK(recoveries_->NewErrors()[0]);
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("2", Get("b"));
  Reopen();
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("2", Get("b"));
}

TEST_F(ErrorRecoveryTest, TriesAreCounted) {
  options_.max_bgerror_resume_count = 2;
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->failures_left = INT32_MAX;
  EXPECT_TRUE(db()->Flush(FlushOptions()).IsIOError());
  ASSERT_TRUE(IsOver());
  EXPECT_TRUE(recoveries_->NewErrors()[0].IsAborted()) << recoveries_->NewErrors()[0].ToString();
  EXPECT_TRUE(AreTriesRecorded(1));
  EXPECT_EQ(1u, Ticks(ERROR_HANDLER_AUTORESUME_COUNT));
  EXPECT_EQ(2u, Ticks(ERROR_HANDLER_AUTORESUME_RETRY_TOTAL_COUNT));
  EXPECT_EQ(0u, Ticks(ERROR_HANDLER_AUTORESUME_SUCCESS_COUNT));
  ASSERT_OK(Put("b", "2"));  // the log holds what the flush could not write
  EXPECT_EQ("a=1 b=2", Scan());
  disk_->failures_left = 0;
  ASSERT_OK(db()->Resume());
  EXPECT_OK(recoveries_->NewErrors().back());
  ASSERT_OK(Put("c", "3"));
  Flush();
  Reopen();
  EXPECT_EQ("a=1 b=2 c=3", Scan());
}

TEST_F(ErrorRecoveryTest, WritesStopWhenMemoryIsFullAndNothingCanBeFlushed) {
  options_.max_bgerror_resume_count = 0;
  options_.max_write_buffer_number = 2;
  OpenOn(".sst");
  disk_->failures_left = INT32_MAX;
  Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = Put(Key(i), RandomBytes(10'000, static_cast<uint32_t>(i)));
  EXPECT_NE(std::string::npos, status.ToString().find("the network is down")) << status.ToString();
  disk_->failures_left = 0;
  ASSERT_OK(db()->Resume());
  ASSERT_OK(Put("z", "1"));
  EXPECT_EQ(10'000u, Get(Key(0)).size());
}

TEST_F(ErrorRecoveryTest, WithoutTriesErrorsWaitForResume) {
  options_.max_bgerror_resume_count = 0;
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->failures_left = 1;
  EXPECT_TRUE(db()->Flush(FlushOptions()).IsIOError());
  EXPECT_EQ(0u, recoveries_->NewErrors().size());
  ASSERT_OK(db()->Resume());
  ASSERT_EQ(1u, recoveries_->NewErrors().size());
  EXPECT_OK(recoveries_->NewErrors()[0]);
  ASSERT_OK(Put("b", "2"));
  Flush();
  EXPECT_EQ("a=1 b=2", Scan());
}

TEST_F(ErrorRecoveryTest, WritesGoOnWhenThereIsSpaceAgain) {
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->is_full = true;
  const Status flushed = db()->Flush(FlushOptions());
  EXPECT_TRUE(flushed.IsNoSpace()) << flushed.ToString();
  EXPECT_EQ(Status::Severity::kHardError, flushed.severity());
  EXPECT_TRUE(Put("b", "2").IsNoSpace());
  EXPECT_TRUE(Eventually([&] { return recoveries_->begun == 1; }));  // told after the flush has answered
  EXPECT_EQ(0u, recoveries_->NewErrors().size());
  disk_->is_full = false;
  ASSERT_TRUE(IsOver());
  EXPECT_OK(recoveries_->NewErrors()[0]);
  EXPECT_TRUE(Eventually([&] { return recoveries_->completed == 1; }));
  ASSERT_OK(Put("b", "2"));
  Flush();
  Reopen();
  EXPECT_EQ("a=1 b=2", Scan());
}

TEST_F(ErrorRecoveryTest, AListenerMayRefuse) {
  recoveries_->refuses = true;
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->is_full = true;
  EXPECT_TRUE(db()->Flush(FlushOptions()).IsNoSpace());
  EXPECT_TRUE(Eventually([&] { return recoveries_->begun == 1; }));  // told after the flush has answered
  disk_->is_full = false;
  EXPECT_TRUE(Put("b", "2").IsNoSpace());
  ASSERT_OK(db()->Resume());
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ(1u, recoveries_->NewErrors().size());
}

TEST_F(ErrorRecoveryTest, ACompactionStopsNobodyAndIsTriedAgain) {
  OpenOn(".sst");
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  disk_->failures_left = 1;
  ASSERT_OK(db()->SetOptions({{"level0_file_num_compaction_trigger", "2"}, {"disable_auto_compactions", "false"}}));
  EXPECT_TRUE(Eventually([&] { return disk_->failures_left == 0; }));
  EXPECT_OK(Put("c", "3"));
  EXPECT_TRUE(Eventually([&] { return FilesAt(0) == 0 && FilesAt(1) == 1; }));
  EXPECT_TRUE(recoveries_->Heard(BackgroundErrorReason::kCompaction));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_BG_RETRYABLE_IO_ERROR_COUNT));
  EXPECT_LE(1u, Ticks(ERROR_HANDLER_AUTORESUME_COUNT));
  EXPECT_EQ("a=2 b=2 c=3", Scan());
}

TEST_F(ErrorRecoveryTest, ClosingEndsIt) {
  OpenOn(".sst");
  ASSERT_OK(Put("a", "1"));
  disk_->is_full = true;
  EXPECT_TRUE(db()->Flush(FlushOptions()).IsNoSpace());
  Close();
  disk_->is_full = false;
  Open();
  EXPECT_EQ("a=1", Scan());
}

}  // namespace gneiss::conformance
