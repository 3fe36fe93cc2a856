// WAL_ttl_seconds and WAL_size_limit_MB: old logs go to archive/ and are deleted there by age and size.

#include <rocksdb/env.h>

#include <atomic>

#include "tests/logs/log_database.h"

namespace gneiss {
namespace {

namespace fs = std::filesystem;

// The default Env with its time moved ahead by the test.
class AheadEnv : public rocksdb::EnvWrapper {
 public:
  AheadEnv() : EnvWrapper(rocksdb::Env::Default()) {}
  rocksdb::Status GetCurrentTime(int64_t* seconds) override {
    const rocksdb::Status status = EnvWrapper::GetCurrentTime(seconds);
    *seconds += ahead_seconds.load();
    return status;
  }
  std::atomic<int64_t> ahead_seconds{0};
};

size_t CountLogs(const std::string& dir) {
  size_t count = 0;
  if (!fs::exists(dir)) return 0;
  for (const auto& entry : fs::directory_iterator(dir)) count += entry.path().extension() == ".log" ? 1 : 0;
  return count;
}

class Archive : public ::testing::Test {
 protected:
  Archive() {
    data_.options.env = &env_;
    archive_ = data_.dir() + "/archive";
  }
  ~Archive() override { data_.Close(); }
  // A flush purges in the background; closing waits for it.
  void FillAndClose(int logs, size_t value_bytes) {
    data_.Open();
    for (int i = 0; i < logs; ++i) {
      data_.Put("k" + std::to_string(i), std::string(value_bytes, 'x'));
      data_.Flush();
    }
    data_.Close();
  }

  AheadEnv env_;
  LogDatabase data_;
  std::string archive_;
};

TEST_F(Archive, WithoutLimitsLogsAreDeleted) {
  FillAndClose(3, 10);
  EXPECT_FALSE(fs::exists(archive_));
  EXPECT_LE(CountLogs(data_.dir()), 1u);
}

TEST_F(Archive, LogsGoThereAndAreNotReplayed) {
  data_.options.WAL_ttl_seconds = 1000;
  FillAndClose(3, 10);
  EXPECT_EQ(3u, CountLogs(archive_));
  data_.Open();
  ASSERT_TRUE(data_.db->Delete({}, "k1").ok());
  data_.Open();
  EXPECT_EQ("NotFound: ", data_.Get("k1"));
  EXPECT_EQ(std::string(10, 'x'), data_.Get("k2"));
}

TEST_F(Archive, OldLogsAreDeleted) {
  data_.options.WAL_ttl_seconds = 1000;
  FillAndClose(3, 10);
  env_.ahead_seconds = 900;
  FillAndClose(1, 10);
  EXPECT_GE(CountLogs(archive_), 4u);  // a log without records may be among them
  env_.ahead_seconds = 2000;
  FillAndClose(1, 10);
  EXPECT_LE(CountLogs(archive_), 2u);  // what was archived after the purge
}

TEST_F(Archive, TheNewestStayWithinTheSizeLimit) {
  data_.options.WAL_size_limit_MB = 1;
  FillAndClose(6, 400'000);
  ASSERT_EQ(6u, CountLogs(archive_));  // the next purge is due in ten minutes
  env_.ahead_seconds = 700;
  FillAndClose(1, 10);
  EXPECT_GE(CountLogs(archive_), 2u);
  EXPECT_LE(CountLogs(archive_), 4u);
  data_.Open();
  EXPECT_FALSE(data_.WalNames().empty());
}

TEST_F(Archive, DisabledDeletionsKeepLogsInPlace) {
  data_.options.WAL_ttl_seconds = 1000;
  data_.Open();
  data_.Put("a", "1");
  ASSERT_TRUE(data_.db->DisableFileDeletions().ok());
  const std::vector<std::string> before = data_.WalNames();
  data_.Flush();
  EXPECT_EQ(before, data_.WalNames());
  ASSERT_TRUE(data_.db->EnableFileDeletions().ok());
}

TEST_F(Archive, DestroyDbDeletesIt) {
  data_.options.WAL_ttl_seconds = 1000;
  FillAndClose(2, 10);
  ASSERT_TRUE(rocksdb::DestroyDB(data_.dir(), data_.options).ok());
  EXPECT_FALSE(fs::exists(data_.dir()));
}

}  // namespace
}  // namespace gneiss
