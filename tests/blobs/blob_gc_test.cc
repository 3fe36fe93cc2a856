// What becomes of blob files as their values are overwritten: garbage, relocation, deletion, and what compaction
// filters see.

#include <gtest/gtest.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/statistics.h>

#include <atomic>
#include <thread>

#include "tests/blobs/blob_test_database.h"

namespace gneiss {
namespace {

using Policy = rocksdb::BlobGarbageCollectionPolicy;

TEST(BlobGcTest, CompactionsCountGarbage) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  test.Compact();
  test.FillVersion(30, 2, /*step=*/2);  // 10 of the 20 long ones
  test.Flush();
  EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 0u);
  test.Compact();
  const std::vector<rocksdb::BlobMetaData> files = test.BlobFiles();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].garbage_blob_count, 10u);
  EXPECT_GT(files[0].garbage_blob_bytes, 10 * 100u);
  EXPECT_LT(files[0].garbage_blob_bytes, files[0].total_blob_bytes);
  EXPECT_EQ(files[1].garbage_blob_count, 0u);
  EXPECT_EQ(test.IntProperty("num-blob-files"), 2u);
  const uint64_t all_bytes = files[0].blob_file_size + files[1].blob_file_size;
  EXPECT_EQ(test.IntProperty("live-blob-file-size"), all_bytes);
  EXPECT_EQ(test.IntProperty("total-blob-file-size"), all_bytes);
  EXPECT_EQ(test.IntProperty("live-blob-file-garbage-size"), files[0].garbage_blob_bytes);
  std::string stats;
  ASSERT_TRUE(test.db->GetProperty("rocksdb.blob-stats", &stats));
  EXPECT_EQ(stats.substr(0, stats.find("Blob file space")),
            "Number of blob files: 2\nTotal size of blob files: " + std::to_string(all_bytes) +
                "\nTotal size of garbage in blob files: " + std::to_string(files[0].garbage_blob_bytes) + "\n");
  // The counts survive.
  ASSERT_TRUE(test.Open().ok());
  EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 10u);
  test.ExpectAllWays();
}

TEST(BlobGcTest, AFileOfGarbageAloneGoes) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  test.FillVersion(30, 2);
  test.Flush();
  const std::string first = test.Files(".blob").at(0);
  test.Compact(Policy::kDisable);
  EXPECT_EQ(test.BlobFiles().size(), 1u);
  test.ExpectAllWays();
  test.Close();
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_EQ(test.Files(".blob").size(), 1u);
}

TEST(BlobGcTest, OldFilesAreEmptiedWhenAsked) {
  BlobDatabase test;
  test.options.statistics = rocksdb::CreateDBStatistics();
  test.options.blob_compaction_readahead_size = 1 << 16;
  ASSERT_TRUE(test.Open().ok());
  for (const int step : {1, 2, 4, 5}) {  // four files, each with values still needed
    test.FillVersion(30, step, step);
    test.Flush();
  }
  ASSERT_EQ(test.BlobFiles().size(), 4u);
  const uint64_t second = test.BlobFiles()[1].blob_file_number;
  test.Compact(Policy::kForce, 0.25);
  EXPECT_EQ(test.BlobFiles().front().blob_file_number, second);
  EXPECT_EQ(test.BlobFiles().size(), 4u);
  test.ExpectAllWays();
  EXPECT_GT(test.options.statistics->getTickerCount(rocksdb::BLOB_DB_GC_NUM_KEYS_RELOCATED), 0u);
  EXPECT_GT(test.options.statistics->getTickerCount(rocksdb::BLOB_DB_GC_BYTES_RELOCATED), 500u);
  test.Compact(Policy::kForce, 1.0);
  ASSERT_EQ(test.BlobFiles().size(), 1u);
  EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 0u);
  test.ExpectAllWays();
  test.Close();
  EXPECT_EQ(test.Files(".blob").size(), 1u);
  // Without blob files asked for, the values come home.
  test.options.enable_blob_files = false;
  test.options.enable_blob_garbage_collection = true;
  test.options.blob_garbage_collection_age_cutoff = 1.0;
  ASSERT_TRUE(test.Open().ok());
  test.Compact();
  EXPECT_EQ(test.BlobFiles().size(), 0u);
  test.ExpectAllWays();
  test.Close();
  EXPECT_EQ(test.Files(".blob").size(), 0u);
}

TEST(BlobGcTest, SeveralThreadsRelocate) {
  BlobDatabase test;
  test.options.target_file_size_base = 2000;
  test.options.max_subcompactions = 4;
  test.options.blob_file_size = 3000;
  ASSERT_TRUE(test.Open().ok());
  for (int version = 0; version < 4; ++version) {
    test.FillVersion(300, version, version + 1);
    test.Flush();
  }
  test.Compact(Policy::kForce, 0.5);
  test.ExpectAllWays();
  test.Compact(Policy::kForce, 1.0);
  test.ExpectAllWays();
  for (const rocksdb::BlobMetaData& file : test.BlobFiles()) EXPECT_EQ(file.garbage_blob_count, 0u);
}

TEST(BlobGcTest, AnIteratorKeepsItsFiles) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  const auto before = test.expected;
  std::unique_ptr<rocksdb::Iterator> iterator(test.db->NewIterator({}));
  test.FillVersion(30, 2);
  test.Compact(Policy::kForce, 1.0);
  std::map<std::string, std::string> found;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    found[iterator->key().ToString()] = iterator->value().ToString();
  }
  EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
  EXPECT_TRUE(found == before);
  EXPECT_GT(test.IntProperty("total-blob-file-size"), test.IntProperty("live-blob-file-size"));
  iterator.reset();
  test.ExpectAllWays();
}

// Writes down what it is told.
class NotingListener final : public rocksdb::EventListener {
 public:
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
    EXPECT_EQ(info.blob_compression_type, rocksdb::kLZ4Compression);
    ASSERT_EQ(info.blob_file_addition_infos.size(), 1u);
    EXPECT_EQ(info.blob_file_addition_infos[0].blob_file_number, info.oldest_blob_file_number);
    added.push_back(info.blob_file_addition_infos[0]);
    ++flushes;  // Flush may return before it is told
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    for (const rocksdb::BlobFileAdditionInfo& each : info.blob_file_addition_infos) added.push_back(each);
    for (const rocksdb::BlobFileGarbageInfo& each : info.blob_file_garbage_infos) garbage.push_back(each);
    blobs_read += info.stats.num_blobs_read;
  }
  void OnBlobFileCreationStarted(const rocksdb::BlobFileCreationBriefInfo& info) override {
    begun.push_back(info.file_path);
  }
  void OnBlobFileCreated(const rocksdb::BlobFileCreationInfo& info) override {
    EXPECT_TRUE(info.status.ok());
    EXPECT_EQ(info.file_path, begun.back());
    reasons.push_back(info.reason);
  }
  void OnBlobFileDeleted(const rocksdb::BlobFileDeletionInfo& info) override {
    EXPECT_TRUE(info.status.ok());
    deleted.push_back(info.file_path);
  }

  std::vector<rocksdb::BlobFileAdditionInfo> added;
  std::vector<rocksdb::BlobFileGarbageInfo> garbage;
  std::vector<std::string> begun, deleted;
  std::vector<rocksdb::BlobFileCreationReason> reasons;
  uint64_t blobs_read = 0;
  std::atomic<int> flushes{0};
};

TEST(BlobGcTest, ListenersHearOfBlobFiles) {
  const auto listener = std::make_shared<NotingListener>();
  BlobDatabase test;
  test.options.listeners.push_back(listener);
  test.options.blob_compression_type = rocksdb::kLZ4Compression;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  while (listener->flushes == 0) std::this_thread::yield();
  test.Compact(Policy::kForce, 1.0);
  const std::vector<std::string> created = listener->begun;
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(listener->reasons[0], rocksdb::BlobFileCreationReason::kFlush);
  EXPECT_EQ(listener->reasons[1], rocksdb::BlobFileCreationReason::kCompaction);
  ASSERT_EQ(listener->added.size(), 2u);
  EXPECT_EQ(listener->added[1].total_blob_count, 20u);
  EXPECT_EQ(listener->added[1].blob_file_path, created[1]);
  ASSERT_EQ(listener->garbage.size(), 1u);
  EXPECT_EQ(listener->garbage[0].garbage_blob_count, 20u);
  EXPECT_EQ(listener->garbage[0].blob_file_path, created[0]);
  EXPECT_EQ(listener->blobs_read, 20u);
  std::string tables;
  ASSERT_TRUE(test.db->GetProperty("rocksdb.sstables", &tables));
  EXPECT_NE(tables.find(" blob_file:" + std::to_string(listener->added[1].blob_file_number)), std::string::npos);
  EXPECT_NE(tables.find("total_blob_count: 20"), std::string::npos) << tables;
  test.Close();
  EXPECT_EQ(listener->deleted, std::vector<std::string>{created[0]});
}

TEST(BlobGcTest, CompactFilesNamesTheBlobFilesToo) {
  BlobDatabase test;
  test.options.enable_blob_garbage_collection = true;
  test.options.blob_garbage_collection_age_cutoff = 1.0;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  std::vector<std::string> outputs;
  ASSERT_TRUE(test.db->CompactFiles({}, {test.Files(".sst").at(0)}, 1, -1, &outputs).ok());
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_TRUE(outputs[1].ends_with(test.BlobFiles()[0].blob_file_name));
  test.ExpectAllWays();
}

// Decides by the digit that a value begins with, or by the key.
class TestFilter final : public rocksdb::CompactionFilter {
 public:
  Decision by_key = Decision::kUndetermined;
  Decision by_value = Decision::kKeep;
  mutable int values_seen = 0;

  Decision FilterBlobByKey(int, const rocksdb::Slice& key, std::string* new_value, std::string*) const override {
    if (key != BlobDatabase::KeyOf(1)) return Decision::kUndetermined;
    *new_value = "by key";
    return by_key;
  }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value, std::string* new_value,
                    std::string*) const override {
    EXPECT_EQ(type, ValueType::kValue);
    ++values_seen;
    if (key != BlobDatabase::KeyOf(2)) return Decision::kKeep;
    EXPECT_TRUE(value.starts_with("2.1cccc")) << value.ToString();
    *new_value = "by value";
    return by_value;
  }
  const char* Name() const override { return "TestFilter"; }
};

TEST(BlobGcTest, FiltersSeeTheValues) {
  using Decision = rocksdb::CompactionFilter::Decision;
  const auto compact = [](Decision by_key, Decision by_value, BlobDatabase* test, TestFilter* filter) {
    filter->by_key = by_key;
    filter->by_value = by_value;
    test->options.compaction_filter = filter;
    EXPECT_TRUE(test->Open().ok());
    test->FillVersion(6, 1);
    test->Flush();
    return test->TryCompact();
  };
  {
    TestFilter filter;
    BlobDatabase test;
    ASSERT_TRUE(compact(Decision::kUndetermined, Decision::kKeep, &test, &filter).ok());
    EXPECT_GE(filter.values_seen, 6);
    test.ExpectAllWays();
    EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 0u);
  }
  {
    TestFilter filter;
    BlobDatabase test;
    ASSERT_TRUE(compact(Decision::kRemove, Decision::kChangeValue, &test, &filter).ok());
    test.expected.erase(BlobDatabase::KeyOf(1));
    test.expected[BlobDatabase::KeyOf(2)] = "by value";
    test.ExpectAllWays();
    EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 2u);
  }
  {
    TestFilter filter;
    BlobDatabase test;
    ASSERT_TRUE(compact(Decision::kChangeValue, Decision::kRemove, &test, &filter).ok());
    test.expected[BlobDatabase::KeyOf(1)] = "by key";
    test.expected.erase(BlobDatabase::KeyOf(2));
    test.ExpectAllWays();
  }
  {
    TestFilter filter;
    BlobDatabase test;
    ASSERT_TRUE(compact(Decision::kKeep, Decision::kKeep, &test, &filter).ok());
    test.ExpectAllWays();
  }
  TestFilter filter;
  BlobDatabase wrong_by_key;
  EXPECT_EQ(compact(Decision::kIOError, Decision::kKeep, &wrong_by_key, &filter).ToString(),
            "Not implemented: CompactionFilter for integrated BlobDB should not return kIOError");
  BlobDatabase wrong_by_index;
  EXPECT_TRUE(compact(Decision::kChangeBlobIndex, Decision::kKeep, &wrong_by_index, &filter).IsNotSupported());
  BlobDatabase wrong_by_value;
  EXPECT_EQ(compact(Decision::kUndetermined, Decision::kUndetermined, &wrong_by_value, &filter).ToString(),
            "Not implemented: FilterV2() should never return kUndetermined");
}

}  // namespace
}  // namespace gneiss
