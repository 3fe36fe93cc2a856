// The way in: a database on a file system, a clock and a logger of the user's own asks the machine for none of these.
// The user's are whole ones, which pass nothing on; machine_calls.h tells of every file and every clock that was asked
// for past them.
#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/statistics.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/utilities/options_util.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/disk/disk.h"
#include "tests/disk/disk_file_system.h"
#include "tests/support/joiner.h"
#include "tests/user_env/machine_calls.h"

namespace gneiss {
namespace {

// Time that goes on only by being asked for, or slept through.
class OwnClock final : public rocksdb::SystemClock {
 public:
  static constexpr int64_t kFirstSecond = 1'000'000'000;

  const char* Name() const override { return "OwnClock"; }
  uint64_t NowMicros() override { return Ask() / 1000; }
  uint64_t NowNanos() override { return Ask(); }
  uint64_t CPUMicros() override { return Ask() / 1000; }
  uint64_t CPUNanos() override { return Ask(); }
  void SleepForMicroseconds(int micros) override { nanos_.fetch_add(static_cast<uint64_t>(micros) * 1000); }
  rocksdb::Status GetCurrentTime(int64_t* seconds) override {
    *seconds = static_cast<int64_t>(Ask() / 1'000'000'000);
    return rocksdb::Status::OK();
  }
  std::string TimeToString(uint64_t seconds) override { return std::to_string(seconds); }

  void Pass(uint64_t seconds) { nanos_.fetch_add(seconds * 1'000'000'000); }
  uint64_t questions() const { return questions_.load(); }

 private:
  uint64_t Ask() {
    questions_.fetch_add(1);
    return nanos_.fetch_add(1000);
  }
  std::atomic<uint64_t> nanos_{uint64_t{kFirstSecond} * 1'000'000'000};
  std::atomic<uint64_t> questions_{0};
};

class OwnLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override { lines_.fetch_add(1); }
  uint64_t lines() const { return lines_.load(); }

 private:
  std::atomic<uint64_t> lines_{0};
};

// An Env is both. Its threads and what it knows of the host are the default's.
class OwnEnv final : public rocksdb::EnvWrapper {
 public:
  OwnEnv(const std::shared_ptr<rocksdb::FileSystem>& fs, const std::shared_ptr<rocksdb::SystemClock>& clock)
      : EnvWrapper(rocksdb::NewCompositeEnv(fs)) {
    file_system_ = fs;
    system_clock_ = clock;
  }
  uint64_t NowMicros() override { return system_clock_->NowMicros(); }
  uint64_t NowNanos() override { return system_clock_->NowNanos(); }
  uint64_t NowCPUNanos() override { return system_clock_->CPUNanos(); }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
  rocksdb::Status GetCurrentTime(int64_t* seconds) override { return system_clock_->GetCurrentTime(seconds); }
  std::string TimeToString(uint64_t seconds) override { return system_clock_->TimeToString(seconds); }
};

class UserEnv : public testing::Test {
 protected:
  UserEnv() {
    EXPECT_TRUE(env_->CreateDirIfMissing("/nosuchplace").ok());
    options_.create_if_missing = true;
    options_.create_missing_column_families = true;
    options_.env = env_.get();
    options_.info_log = logger_;
    options_.statistics = rocksdb::CreateDBStatistics();
    options_.statistics->set_stats_level(rocksdb::StatsLevel::kAll);
    options_.merge_operator = std::make_shared<Joiner>();
    options_.ttl = 3600;
    options_.periodic_compaction_seconds = 7200;
    options_.write_buffer_size = 64 << 10;
    options_.level0_file_num_compaction_trigger = 2;
    options_.report_bg_io_stats = true;
    // These run by the machine's clock in RocksDB too.
    options_.stats_dump_period_sec = 0;
    options_.stats_persist_period_sec = 0;
  }
  ~UserEnv() override {
    for (const std::string& call : EndNotingMachineCalls()) {
      if (!asks_clocks_ || call.find(" /") < call.find('\n')) ADD_FAILURE() << "past the user's own: " << call;
    }
  }

  void Open() {
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options_, kPath, &opened);
    if (!status.ok()) throw std::runtime_error(status.ToString());
    db_.reset(opened);
  }
  void Fill(int from, int to) {
    for (int i = from; i < to; ++i) {
      rocksdb::WriteOptions write;
      write.sync = i % 10 == 0;
      ASSERT_TRUE(db_->Put(write, "key" + std::to_string(i), std::string(500, 'v')).ok());
      ASSERT_TRUE(db_->Merge(write, "sum", std::to_string(i)).ok());
    }
  }
  void Settle() {
    ASSERT_TRUE(db_->Flush({}).ok());
    ASSERT_TRUE(db_->CompactRange({}, nullptr, nullptr).ok());
  }

  static constexpr const char* kPath = "/nosuchplace/db";
  std::shared_ptr<disk::Disk> disk_ = std::make_shared<disk::Disk>();
  disk::LifeGate gate_;
  std::shared_ptr<rocksdb::FileSystem> fs_ = disk::NewDiskFileSystem(disk_, &gate_);
  std::shared_ptr<OwnClock> clock_ = std::make_shared<OwnClock>();
  std::shared_ptr<OwnLogger> logger_ = std::make_shared<OwnLogger>();
  std::unique_ptr<OwnEnv> env_ = std::make_unique<OwnEnv>(fs_, clock_);
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::DB> db_;
  bool asks_clocks_ = false;  // of the machine
};

// The check itself: a call that does go to the machine is told of.
TEST(MachineCalls, AreNoted) {
  BeginNotingMachineCalls();
  rocksdb::Env::Default()->NowMicros();
  EXPECT_TRUE(rocksdb::Env::Default()->FileExists("/nosuchplace").IsNotFound());
  const std::vector<std::string> calls = EndNotingMachineCalls();
  EXPECT_GE(calls.size(), 2u);
}

TEST_F(UserEnv, WritingFlushingAndCompacting) {
  BeginNotingMachineCalls();
  Open();
  Fill(0, 600);
  Settle();
  EXPECT_GT(clock_->questions(), 1000u) << "timers are on";
  EXPECT_GT(logger_->lines(), 10u);
  db_.reset();
}

TEST_F(UserEnv, ReadingInEveryWay) {
  BeginNotingMachineCalls();
  Open();
  Fill(0, 300);
  Settle();
  Fill(300, 310);
  std::string value;
  rocksdb::ReadOptions read;
  read.deadline = std::chrono::microseconds(clock_->NowMicros() + 1'000'000'000);
  EXPECT_TRUE(db_->Get(read, "key7", &value).ok());
  EXPECT_TRUE(db_->Get({}, "sum", &value).ok());
  const std::vector<rocksdb::Slice> keys = {"key1", "key305", "none"};
  std::vector<std::string> values;
  EXPECT_TRUE(db_->MultiGet({}, keys, &values)[0].ok());
  const rocksdb::Snapshot* const snapshot = db_->GetSnapshot();
  {
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(read));
    int count = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++count;
    EXPECT_EQ(count, 311);
  }
  db_->ReleaseSnapshot(snapshot);
  std::unique_ptr<rocksdb::TransactionLogIterator> updates;
  EXPECT_TRUE(db_->GetUpdatesSince(db_->GetLatestSequenceNumber(), &updates).ok());
  updates.reset();
  EXPECT_TRUE(db_->GetProperty("rocksdb.stats", &value));
  EXPECT_TRUE(db_->GetProperty("rocksdb.block-cache-entry-stats", &value));
  EXPECT_TRUE(db_->VerifyChecksum().ok());
  db_.reset();
}

TEST_F(UserEnv, DeadlinesAreByTheUsersClock) {
  Open();
  Fill(0, 10);
  rocksdb::ReadOptions read;
  read.deadline = std::chrono::microseconds(clock_->NowMicros() + 1'000'000);
  std::string value;
  EXPECT_TRUE(db_->Get(read, "key1", &value).ok());
  clock_->Pass(2);
  ASSERT_TRUE(db_->Flush({}).ok());
  EXPECT_TRUE(db_->Get(read, "key1", &value).IsTimedOut()) << "two seconds later on the user's clock";
}

TEST_F(UserEnv, TablesAgeByTheUsersClock) {
  BeginNotingMachineCalls();
  options_.level0_file_num_compaction_trigger = 100;
  Open();
  Fill(0, 20);
  ASSERT_TRUE(db_->Flush({}).ok());
  rocksdb::TablePropertiesCollection before;
  ASSERT_TRUE(db_->GetPropertiesOfAllTables(&before).ok());
  ASSERT_EQ(before.size(), 1u);
  EXPECT_NEAR(static_cast<double>(before.begin()->second->creation_time), OwnClock::kFirstSecond, 10);
  clock_->Pass(10'000);  // over the period
  Fill(100, 101);
  ASSERT_TRUE(db_->Flush({}).ok());
  // The flush looks for work; the old table is rewritten without being asked for.
  for (int i = 0; i < 10'000; ++i) {
    rocksdb::TablePropertiesCollection after;
    ASSERT_TRUE(db_->GetPropertiesOfAllTables(&after).ok());
    if (after.count(before.begin()->first) == 0) break;
    ASSERT_LT(i, 9'999) << "the old table is still there";
    ASSERT_TRUE(db_->Put({}, "more", "work").ok());
    ASSERT_TRUE(db_->Flush({}).ok());
  }
  db_.reset();
}

TEST_F(UserEnv, ReopeningAndOtherWaysToOpen) {
  BeginNotingMachineCalls();
  Open();
  Fill(0, 100);
  db_.reset();
  Open();
  Settle();
  rocksdb::DB* other = nullptr;
  ASSERT_TRUE(rocksdb::DB::OpenAsSecondary(options_, kPath, "/nosuchplace/second", &other).ok());
  EXPECT_TRUE(other->TryCatchUpWithPrimary().ok());
  delete other;
  db_.reset();
  ASSERT_TRUE(rocksdb::DB::OpenForReadOnly(options_, kPath, &other).ok());
  delete other;
  std::vector<std::string> names;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies(options_, kPath, &names).ok());
  rocksdb::ConfigOptions config;
  config.env = env_.get();
  rocksdb::DBOptions loaded;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  EXPECT_TRUE(rocksdb::LoadLatestOptions(config, kPath, &loaded, &families).ok());
  EXPECT_TRUE(rocksdb::RepairDB(kPath, options_).ok());
  Open();
  db_.reset();
  EXPECT_TRUE(rocksdb::DestroyDB(kPath, options_).ok());
}

TEST_F(UserEnv, TablesFromOutside) {
  BeginNotingMachineCalls();
  Open();
  Fill(0, 100);
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options_);
  ASSERT_TRUE(writer.Open("/nosuchplace/outside.sst").ok());
  ASSERT_TRUE(writer.Put("zebra", "stripes").ok());
  ASSERT_TRUE(writer.Finish().ok());
  rocksdb::SstFileReader reader(options_);
  EXPECT_TRUE(reader.Open("/nosuchplace/outside.sst").ok());
  ASSERT_TRUE(db_->IngestExternalFile({"/nosuchplace/outside.sst"}, {}).ok());
  ASSERT_TRUE(db_->SetOptions({{"write_buffer_size", "131072"}}).ok());
  db_.reset();
}

// Without a logger of its own LOG lies on the user's file system. Its lines show the machine's time: a FileSystem that
// makes a logger knows no clock, in RocksDB too.
TEST_F(UserEnv, TheInfoLogIsAFileOfTheUsers) {
  asks_clocks_ = true;
  BeginNotingMachineCalls();
  options_.info_log.reset();
  Open();
  Fill(0, 100);
  db_.reset();
  EXPECT_TRUE(env_->FileExists(std::string(kPath) + "/LOG").ok());
}

}  // namespace
}  // namespace gneiss
