// Options changed while the database is open: SetDBOptions, and SetOptions under reads.
#include <rocksdb/convenience.h>
#include <rocksdb/utilities/options_util.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/database.h"
#include "tests/support/joiner.h"

namespace gneiss {
namespace {

using rocksdb::Status;

class SetDbOptions : public ::testing::Test {
 protected:
  Status Set(const std::unordered_map<std::string, std::string>& options) {
    return database_.db->SetDBOptions(options);
  }
  // What the newest OPTIONS file says.
  rocksdb::DBOptions Written() {
    rocksdb::DBOptions written;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    const Status status = rocksdb::LoadLatestOptions({}, database_.dir(), &written, &families);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return written;
  }

  Database database_;
};

TEST_F(SetDbOptions, ChangesWhatMayChange) {
  database_.Open();
  ASSERT_TRUE(Set({{"max_background_jobs", "5"},
                   {"max_total_wal_size", "1000000"},
                   {"avoid_flush_during_shutdown", "true"},
                   {"bytes_per_sync", "2000000"},
                   {"delayed_write_rate", "3000000"},
                   {"compaction_readahead_size", "65536"},
                   {"max_open_files", "50"}})
                  .ok());
  for (const rocksdb::DBOptions& options : {database_.db->GetDBOptions(), Written()}) {
    EXPECT_EQ(5, options.max_background_jobs);
    EXPECT_EQ(1000000u, options.max_total_wal_size);
    EXPECT_TRUE(options.avoid_flush_during_shutdown);
    EXPECT_EQ(2000000u, options.bytes_per_sync);
    EXPECT_EQ(3000000u, options.delayed_write_rate);
    EXPECT_EQ(65536u, options.compaction_readahead_size);
    EXPECT_EQ(50, options.max_open_files);
  }
}

TEST_F(SetDbOptions, RefusesTheRestAndChangesNothing) {
  database_.Open();
  EXPECT_EQ("Invalid argument: empty input", Set({}).ToString());
  EXPECT_TRUE(Set({{"max_background_jobs", "many"}}).IsInvalidArgument());
  EXPECT_FALSE(Set({{"no_such_option", "1"}}).ok());
  EXPECT_FALSE(Set({{"create_if_missing", "false"}}).ok());
  EXPECT_FALSE(Set({{"max_background_jobs", "7"}, {"wal_dir", "elsewhere"}}).ok());
  EXPECT_EQ(rocksdb::DBOptions().max_background_jobs, database_.db->GetDBOptions().max_background_jobs);
}

// A limit on the logs that is already passed makes room: data of an old log is flushed with the next writes.
TEST_F(SetDbOptions, LimitsTheLogsFromNowOn) {
  database_.Open();
  rocksdb::ColumnFamilyHandle* second = nullptr;
  ASSERT_TRUE(database_.db->CreateColumnFamily({}, "second", &second).ok());
  ASSERT_TRUE(database_.db->Put({}, second, "k", std::string(100 << 10, 'x')).ok());
  ASSERT_TRUE(database_.db->Put({}, "k", std::string(100 << 10, 'x')).ok());
  database_.Flush();  // a new log; the old one is needed by the second family
  ASSERT_TRUE(Set({{"max_total_wal_size", "65536"}}).ok());
  uint64_t tables = 0;
  for (int i = 0; i < 1000 && tables == 0; ++i) {
    database_.Put("k" + std::to_string(i), "v");
    ASSERT_TRUE(database_.db->Flush({}, database_.db->DefaultColumnFamily()).ok());
    std::string files;
    ASSERT_TRUE(database_.db->GetProperty(second, "rocksdb.num-files-at-level0", &files));
    tables = std::stoull(files);
  }
  EXPECT_EQ(1u, tables);
  ASSERT_TRUE(database_.db->DestroyColumnFamilyHandle(second).ok());
}

TEST_F(SetDbOptions, KeepsUnloggedDataOnlyWhenItFlushesAtShutdown) {
  for (const bool avoids_flush : {false, true}) {
    Database database;
    database.Open();
    ASSERT_TRUE(database.db
                    ->SetDBOptions({{"avoid_flush_during_shutdown", avoids_flush ? "true" : "false"},
                                    {"max_background_jobs", "3"}})
                    .ok());
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    ASSERT_TRUE(database.db->Put(unlogged, "k", "v").ok());
    database.Open();
    EXPECT_EQ(avoids_flush ? "(none)" : "v", database.Get("k"));
  }
}

TEST_F(SetDbOptions, BoundsOpenTablesThatComeLater) {
  database_.Open();
  ASSERT_TRUE(Set({{"max_open_files", "20"}}).ok());
  for (int i = 0; i < 30; ++i) database_.Table({"k" + std::to_string(i)});
  EXPECT_EQ(30u, database_.Scan().size());
  ASSERT_TRUE(Set({{"max_open_files", "-1"}}).ok());
  EXPECT_EQ(30u, database_.Scan().size());
  EXPECT_EQ("vk7", database_.Get("k7"));
}

TEST(SetOptions, LeavesMergesAndReadersAlone) {
  Database database;
  database.options.merge_operator = std::make_shared<Joiner>();
  database.Open();
  ASSERT_TRUE(database.db->Merge({}, "k", "1").ok());
  ASSERT_TRUE(database.db->Merge({}, "k", "2").ok());
  std::atomic<bool> is_done{false};
  std::thread reader([&] {
    while (!is_done) EXPECT_EQ("1,2", database.Get("k"));
  });
  std::thread scanner([&] {  // each iterator reads the options it is made under
    while (!is_done) EXPECT_EQ(1u, database.Scan().size());
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(database.db
                    ->SetOptions({{"write_buffer_size", std::to_string((1 << 20) + i)},
                                  {"max_sequential_skip_in_iterations", std::to_string(8 + i)}})
                    .ok());
    ASSERT_TRUE(database.db->SetDBOptions({{"max_background_jobs", std::to_string(2 + i % 2)}}).ok());
  }
  is_done = true;
  reader.join();
  scanner.join();
  ASSERT_TRUE(database.db->Merge({}, "k", "3").ok());
  EXPECT_EQ("1,2,3", database.Get("k"));
  database.Open();
  EXPECT_EQ("1,2,3", database.Get("k"));
}

}  // namespace
}  // namespace gneiss
