// Where tables go and what they tell: several directories with target sizes, partitioners, property collectors.
#include <rocksdb/listener.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

// ---- directories

class Paths : public ::testing::Test {
 protected:
  std::string PathOf(const std::string& name) const { return database_.temp_path() + "/" + name; }
  size_t TablesIn(const std::string& name) const {
    size_t count = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(PathOf(name), missing)) {
      count += entry.path().extension() == ".sst";
    }
    return count;
  }
  void Fill(int tables) {
    for (int t = 0; t < tables; ++t) {
      for (int i = 0; i < 50; ++i)
        database_.Put("k" + std::to_string(100 + i), std::string(100, static_cast<char>('a' + t)));
      database_.Flush();
    }
  }

  Database database_;
};

TEST_F(Paths, FlushesGoToTheFirstAndDeepLevelsToTheLast) {
  database_.options.db_paths = {{PathOf("fast"), 300 << 10}, {PathOf("slow"), 1 << 30}};
  database_.options.max_bytes_for_level_base = 100 << 10;  // levels 0 and 1 fit into the first
  database_.Open();
  Fill(2);
  EXPECT_EQ(2u, TablesIn("fast"));
  EXPECT_EQ(0u, TablesIn("slow"));
  // A manual compaction goes where it is told.
  rocksdb::CompactRangeOptions options;
  options.target_path_id = 1;
  ASSERT_TRUE(database_.db->CompactRange(options, nullptr, nullptr).ok());
  EXPECT_EQ(1u, TablesIn("slow"));
  options.target_path_id = 2;
  EXPECT_EQ("Invalid argument: Invalid target path ID",
            database_.db->CompactRange(options, nullptr, nullptr).ToString());
  EXPECT_EQ(50u, database_.Scan().size());
  std::vector<rocksdb::LiveFileMetaData> files;
  database_.db->GetLiveFilesMetaData(&files);
  ASSERT_EQ(1u, files.size());
  EXPECT_EQ(PathOf("slow"), files[0].db_path);
  // CompactFiles too.
  std::vector<std::string> outputs;
  ASSERT_TRUE(database_.db->CompactFiles({}, {files[0].name}, 3, 0, &outputs).ok());
  ASSERT_EQ(1u, outputs.size());
  EXPECT_EQ(PathOf("fast"), std::filesystem::path(outputs[0]).parent_path().string());
  EXPECT_TRUE(database_.db->CompactFiles({}, {outputs[0]}, 4).IsNotSupported());  // several paths: say which
  database_.Open();
  EXPECT_EQ(50u, database_.Scan().size());
  EXPECT_EQ(1u, TablesIn("fast"));
  EXPECT_EQ(0u, TablesIn("slow"));
}

TEST_F(Paths, AutomaticCompactionsFillThemInOrder) {
  database_.options.db_paths = {{PathOf("fast"), 25 << 10}, {PathOf("slow"), 1 << 30}};
  database_.options.max_bytes_for_level_base = 20 << 10;  // level 0 fits into the first, level 1 no more
  database_.options.level0_file_num_compaction_trigger = 2;
  database_.Open();
  Fill(2);
  EXPECT_EQ(2u, TablesIn("fast"));
  ASSERT_TRUE(database_.db->EnableAutoCompaction({database_.db->DefaultColumnFamily()}).ok());
  while (database_.Levels() != "1:1") std::this_thread::yield();
  EXPECT_EQ(1u, TablesIn("slow"));
  EXPECT_EQ(50u, database_.Scan().size());
  database_.Open();
  EXPECT_EQ(50u, database_.Scan().size());
}

TEST_F(Paths, OfAFamilyAreItsOwn) {
  database_.Open();
  rocksdb::ColumnFamilyOptions options(database_.options);
  options.cf_paths = {{PathOf("own"), 1 << 30}};
  rocksdb::ColumnFamilyHandle* own = nullptr;
  ASSERT_TRUE(database_.db->CreateColumnFamily(options, "own", &own).ok());
  for (const char* value : {"1", "2"}) {
    ASSERT_TRUE(database_.db->Put({}, own, "k", value).ok());
    ASSERT_TRUE(database_.db->Flush({}, own).ok());
  }
  EXPECT_EQ(2u, TablesIn("own"));
  ASSERT_TRUE(database_.db->CompactRange({}, own, nullptr, nullptr).ok());
  ASSERT_TRUE(database_.db->DestroyColumnFamilyHandle(own).ok());
  database_.Close();
  if (!IsOnReference()) {
    EXPECT_EQ(1u, TablesIn("own"));  // what was merged is gone from there; RocksDB may take its time
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(database_.options, database_.dir(), {{"default", database_.options}, {"own", options}},
                                &handles, &opened)
                  .ok());
  database_.db.reset(opened);
  std::string value;
  ASSERT_TRUE(opened->Get({}, handles[1], "k", &value).ok());
  EXPECT_EQ("2", value);
  for (rocksdb::ColumnFamilyHandle* handle : handles) ASSERT_TRUE(opened->DestroyColumnFamilyHandle(handle).ok());
}

// ---- partitioners

TEST(Partitioner, CutsTablesAtPrefixes) {
  Database database;
  database.options.sst_partitioner_factory = rocksdb::NewSstPartitionerFixedPrefixFactory(1);
  database.Open();
  database.Table({"a1", "a2", "b1", "c1"});
  database.Table({"a3", "c2"});
  EXPECT_EQ("0:2", database.Levels());  // not while flushing
  ASSERT_TRUE(database.db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_EQ("1:3", database.Levels());
  EXPECT_EQ("a1 a2 a3 b1 c1 c2", database.Keys());
}

TEST(Partitioner, DecidesWhatMayMove) {
  for (const bool spans_prefixes : {false, true}) {
    SCOPED_TRACE(spans_prefixes);
    Database database;
    database.options.sst_partitioner_factory = rocksdb::NewSstPartitionerFixedPrefixFactory(1);
    database.Open();
    database.Table({"a1", spans_prefixes ? "b1" : "a2"});
    const std::string before = database.Names(0).front();
    ASSERT_TRUE(database.db->CompactRange({}, nullptr, nullptr).ok());
    ASSERT_EQ(spans_prefixes ? "1:2" : "1:1", database.Levels());
    EXPECT_EQ(!spans_prefixes, database.Names(1).front() == before);
  }
}

// ---- collectors

// Counts what it is shown.
class CountingCollector : public rocksdb::TablePropertiesCollector {
 public:
  Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType type, rocksdb::SequenceNumber,
                    uint64_t) override {
    ++counts_[type];
    return Status::OK();
  }
  Status Finish(rocksdb::UserCollectedProperties* properties) override {
    *properties = GetReadableProperties();
    return Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override {
    rocksdb::UserCollectedProperties properties;
    for (const auto& [type, count] : counts_) properties["count." + std::to_string(type)] = std::to_string(count);
    return properties;
  }
  const char* Name() const override { return "CountingCollector"; }

 private:
  std::map<int, int> counts_;
};

class CountingFactory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context context) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    levels_.insert(context.level_at_creation);
    return new CountingCollector();
  }
  const char* Name() const override { return "CountingFactory"; }
  std::set<int> levels() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return levels_;
  }

 private:
  std::mutex mutex_;
  std::set<int> levels_;
};

TEST(Collectors, AddPropertiesOfTheirOwn) {
  Database database;
  const auto factory = std::make_shared<CountingFactory>();
  database.options.table_properties_collector_factories.push_back(factory);
  database.Open();
  database.Put("a", "1");
  database.Put("b", "2");
  ASSERT_TRUE(database.db->Delete({}, "c").ok());
  ASSERT_TRUE(database.db->SingleDelete({}, "d").ok());
  ASSERT_TRUE(database.db->DeleteRange({}, database.db->DefaultColumnFamily(), "x", "z").ok());
  database.Flush();
  rocksdb::TablePropertiesCollection tables;
  ASSERT_TRUE(database.db->GetPropertiesOfAllTables(&tables).ok());
  ASSERT_EQ(1u, tables.size());
  const rocksdb::TableProperties& properties = *tables.begin()->second;
  EXPECT_EQ("[CountingFactory]", properties.property_collectors_names);
  const auto count = [&](rocksdb::EntryType type) {
    const auto found = properties.user_collected_properties.find("count." + std::to_string(type));
    return found == properties.user_collected_properties.end() ? std::string("0") : found->second;
  };
  EXPECT_EQ("2", count(rocksdb::kEntryPut));
  EXPECT_EQ("1", count(rocksdb::kEntryDelete));
  EXPECT_EQ("1", count(rocksdb::kEntrySingleDelete));
  EXPECT_EQ("1", count(rocksdb::kEntryRangeDeletion));
  database.Table({"a"});  // else there would be nothing to merge
  ASSERT_TRUE(database.db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_TRUE(factory->levels().contains(0));
  if (!IsOnReference()) {
    EXPECT_TRUE(factory->levels().contains(1));
  }
}

class FirstCompaction : public rocksdb::EventListener {
 public:
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    reason_ = info.compaction_reason;
    is_over_ = true;
    changed_.notify_all();
  }
  rocksdb::CompactionReason Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return is_over_; });
    return reason_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  rocksdb::CompactionReason reason_ = rocksdb::CompactionReason::kUnknown;
};

TEST(Collectors, AskForACompactionOfManyDeletions) {
  Database database;
  const auto listener = std::make_shared<FirstCompaction>();
  database.options.listeners.push_back(listener);
  database.options.disable_auto_compactions = false;
  database.options.level0_file_num_compaction_trigger = 10;
  database.options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(10, 5));
  database.Open();
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back("k" + std::to_string(10 + i));
  database.Table(keys);
  database.Promote(3);
  EXPECT_EQ("3:1", database.Levels());  // values ask for nothing
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(database.db->Delete({}, keys[static_cast<size_t>(i)]).ok());
  database.Flush();
  EXPECT_EQ(rocksdb::CompactionReason::kFilesMarkedForCompaction, listener->Wait());
  EXPECT_EQ("k25 k26 k27 k28 k29", database.Keys());
}

}  // namespace
}  // namespace gneiss
