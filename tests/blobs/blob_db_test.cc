// Values in blob files, seen through the public interface: written, read, listed, copied, damaged.

#include <gtest/gtest.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/statistics.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>

#include "tests/blobs/blob_test_database.h"
#include "tests/blobs/golden.h"

namespace gneiss {
namespace {

TEST(BlobDbTest, ReadsWhatTheReferenceWrote) {
  BlobDatabase test;
  std::filesystem::copy(GNEISS_TEST_DATA "/blobs", test.dir());
  ASSERT_TRUE(test.Open().ok());
  test.expected = GoldenContents();
  test.ExpectAllWays();
  const std::vector<rocksdb::BlobMetaData> files = test.BlobFiles();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].blob_file_number, 10u);
  EXPECT_EQ(files[0].blob_file_name, "/000010.blob");
  EXPECT_EQ(files[0].blob_file_size, 1143u);
  EXPECT_EQ(files[0].total_blob_count, 18u);
  EXPECT_EQ(files[0].total_blob_bytes, 1081u);
  EXPECT_EQ(files[0].garbage_blob_count, 7u);
  EXPECT_EQ(files[0].garbage_blob_bytes, 419u);
  EXPECT_EQ(files[1].total_blob_count, 6u);
  // The merge gets its base from a blob; what was the base is garbage then.
  test.Compact();
  test.ExpectAllWays();
  EXPECT_EQ(test.BlobFiles()[0].garbage_blob_count, 8u);
}

TEST(BlobDbTest, WritesLongValuesIntoBlobFiles) {
  for (const rocksdb::CompressionType compression :
       {rocksdb::kNoCompression, rocksdb::kSnappyCompression, rocksdb::kZlibCompression, rocksdb::kBZip2Compression,
        rocksdb::kLZ4Compression, rocksdb::kZSTD, rocksdb::kZSTDNotFinalCompression}) {
    BlobDatabase test;
    test.options.blob_compression_type = compression;
    ASSERT_TRUE(test.Open().ok());
    test.FillVersion(60, 1);
    test.Flush();
    ASSERT_EQ(test.BlobFiles().size(), 1u);
    EXPECT_EQ(test.BlobFiles()[0].total_blob_count, 40u);
    EXPECT_EQ(std::filesystem::file_size(test.Files(".blob").at(0)), test.BlobFiles()[0].blob_file_size);
    test.ExpectAllWays();
    ASSERT_TRUE(test.db->Merge({}, BlobDatabase::KeyOf(1), "more").ok());
    test.expected[BlobDatabase::KeyOf(1)] += ",more";
    test.ExpectAllWays();
    test.Flush();
    test.ExpectAllWays();
    ASSERT_TRUE(test.Open().ok());
    test.ExpectAllWays();
  }
}

TEST(BlobDbTest, OldVersionsStayReadableAtASnapshot) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  const auto before = test.expected;
  rocksdb::ManagedSnapshot snapshot(test.db.get());
  test.FillVersion(30, 2);
  test.Flush();
  test.Compact(rocksdb::BlobGarbageCollectionPolicy::kForce, 1.0);
  test.ExpectAllWays();
  rocksdb::ReadOptions at;
  at.snapshot = snapshot.snapshot();
  for (const auto& [key, value] : before) {
    std::string found;
    ASSERT_TRUE(test.db->Get(at, key, &found).ok());
    EXPECT_EQ(found, value);
  }
}

TEST(BlobDbTest, OptionsChangeWhileOpen) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  const auto flushes = [&](int version) {
    test.FillVersion(30, version);
    test.Flush();
    return test.Files(".blob").size();
  };
  EXPECT_EQ(flushes(1), 1u);
  ASSERT_TRUE(test.db->SetOptions({{"enable_blob_files", "false"}}).ok());
  EXPECT_EQ(flushes(2), 1u);
  ASSERT_TRUE(test.db->SetOptions({{"enable_blob_files", "true"}, {"min_blob_size", "1000"}}).ok());
  EXPECT_EQ(flushes(3), 1u);
  ASSERT_TRUE(test.db->SetOptions({{"min_blob_size", "0"}, {"blob_file_size", "500"}}).ok());
  EXPECT_GT(flushes(4), 4u);
  test.ExpectAllWays();
  // Blob files only below level 0: a flush writes none, a compaction does.
  ASSERT_TRUE(test.db->SetOptions({{"blob_file_starting_level", "1"}, {"blob_file_size", "1000000"}}).ok());
  const size_t before = test.Files(".blob").size();
  EXPECT_EQ(flushes(5), before);
  test.Compact(rocksdb::BlobGarbageCollectionPolicy::kForce, 1.0);
  EXPECT_EQ(test.BlobFiles().size(), 1u);
  test.ExpectAllWays();
}

TEST(BlobDbTest, EmptyValuesMayBeBlobsToo) {
  BlobDatabase test;
  test.options.min_blob_size = 0;
  test.options.blob_compression_type = rocksdb::kLZ4Compression;
  ASSERT_TRUE(test.Open().ok());
  ASSERT_TRUE(test.Put("empty", "").ok());
  ASSERT_TRUE(test.Put("", "of the empty key").ok());
  test.Flush();
  test.ExpectAllWays();
  EXPECT_EQ(test.BlobFiles()[0].total_blob_count, 2u);
}

TEST(BlobDbTest, RecoveryWritesBlobFiles) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  ASSERT_TRUE(test.Open().ok());
  EXPECT_EQ(test.BlobFiles().size(), 1u);
  test.ExpectAllWays();
}

TEST(BlobDbTest, ReadsFromMemoryOnlySayWhenTheyCannot) {
  BlobDatabase test;
  test.options.blob_cache = rocksdb::NewLRUCache(1 << 20);
  test.options.statistics = rocksdb::CreateDBStatistics();
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  const std::string key = BlobDatabase::KeyOf(1);
  rocksdb::ReadOptions fills_nothing;
  fills_nothing.fill_cache = false;
  std::string found;
  ASSERT_TRUE(test.db->Get({}, BlobDatabase::KeyOf(0), &found).ok());  // now the table's block is in memory
  ASSERT_TRUE(test.db->Get(fills_nothing, key, &found).ok());
  rocksdb::ReadOptions memory_only;
  memory_only.read_tier = rocksdb::kBlockCacheTier;
  EXPECT_EQ(test.db->Get(memory_only, key, &found).ToString(),
            "Result incomplete: Cannot read blob(s): no disk I/O allowed");
  {
    const std::unique_ptr<rocksdb::Iterator> iterator(test.db->NewIterator(memory_only));
    iterator->Seek(key);
    EXPECT_FALSE(iterator->Valid());
    EXPECT_TRUE(iterator->status().IsIncomplete());
  }
  EXPECT_TRUE(test.db->KeyMayExist(memory_only, key, &found));
  ASSERT_TRUE(test.db->Get({}, key, &found).ok());
  found.clear();
  ASSERT_TRUE(test.db->Get(memory_only, key, &found).ok());
  EXPECT_EQ(found, test.expected[key]);
  rocksdb::PinnableSlice pinned;
  ASSERT_TRUE(test.db->Get({}, test.db->DefaultColumnFamily(), key, &pinned).ok());
  EXPECT_TRUE(pinned.IsPinned());
  EXPECT_GT(test.IntProperty("blob-cache-pinned-usage"), 0u);
  pinned.Reset();
  EXPECT_EQ(test.IntProperty("blob-cache-pinned-usage"), 0u);
  EXPECT_GT(test.IntProperty("blob-cache-usage"), 100u);
  EXPECT_EQ(test.IntProperty("blob-cache-capacity"), uint64_t{1} << 20);
  const rocksdb::Statistics& statistics = *test.options.statistics;
  EXPECT_EQ(statistics.getTickerCount(rocksdb::BLOB_DB_CACHE_ADD), 1u);
  EXPECT_EQ(statistics.getTickerCount(rocksdb::BLOB_DB_CACHE_HIT), 2u);
  EXPECT_EQ(statistics.getTickerCount(rocksdb::BLOB_DB_BLOB_FILE_SYNCED), 1u);
  EXPECT_EQ(statistics.getTickerCount(rocksdb::BLOB_DB_BLOB_FILE_BYTES_WRITTEN),
            std::filesystem::file_size(test.Files(".blob").at(0)));
}

TEST(BlobDbTest, AFlushMayFillTheCache) {
  BlobDatabase test;
  test.options.blob_cache = rocksdb::NewLRUCache(1 << 20);
  test.options.prepopulate_blob_cache = rocksdb::PrepopulateBlobCache::kFlushOnly;
  test.options.statistics = rocksdb::CreateDBStatistics();
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  EXPECT_EQ(test.options.statistics->getTickerCount(rocksdb::BLOB_DB_CACHE_ADD), 20u);
  test.ExpectAll();
  EXPECT_EQ(test.options.statistics->getTickerCount(rocksdb::BLOB_DB_CACHE_HIT), 20u);
  EXPECT_EQ(test.options.statistics->getTickerCount(rocksdb::BLOB_DB_CACHE_MISS), 0u);
}

TEST(BlobDbTest, FewOpenFilesAreEnough) {
  BlobDatabase test;
  test.options.max_open_files = 20;
  test.options.blob_file_size = 200;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(90, 1);
  test.Flush();
  EXPECT_GT(test.BlobFiles().size(), 20u);
  test.ExpectAllWays();
}

TEST(BlobDbTest, CheckpointsHoldTheBlobFiles) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  test.FillVersion(10, 2);
  rocksdb::Checkpoint* made = nullptr;
  ASSERT_TRUE(rocksdb::Checkpoint::Create(test.db.get(), &made).ok());
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  const std::string copy = test.dir() + "_copy";
  const rocksdb::Status status = checkpoint->CreateCheckpoint(copy);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const auto at_checkpoint = test.expected;
  test.FillVersion(30, 3);
  test.Compact(rocksdb::BlobGarbageCollectionPolicy::kForce, 1.0);
  test.Close();
  std::filesystem::remove_all(test.dir());
  std::filesystem::rename(copy, test.dir());
  test.expected = at_checkpoint;
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAllWays();
}

TEST(BlobDbTest, LiveFilesNameTheBlobFiles) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  std::vector<std::string> names;
  uint64_t manifest_bytes = 0;
  ASSERT_TRUE(test.db->GetLiveFiles(names, &manifest_bytes, true).ok());
  const std::string blob_file = "/" + std::filesystem::path(test.Files(".blob").at(0)).filename().string();
  EXPECT_EQ(std::count(names.begin(), names.end(), blob_file), 1);
  std::vector<rocksdb::LiveFileMetaData> tables;
  test.db->GetLiveFilesMetaData(&tables);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].oldest_blob_file_number, test.BlobFiles()[0].blob_file_number);
}

TEST(BlobDbTest, FilesGoWithTheirFamilyAndDatabase) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  rocksdb::ColumnFamilyHandle* family = nullptr;
  ASSERT_TRUE(test.db->CreateColumnFamily(test.options, "other", &family).ok());
  ASSERT_TRUE(test.db->Put({}, family, "key", std::string(1000, 'x')).ok());
  ASSERT_TRUE(test.db->Flush({}, family).ok());
  EXPECT_EQ(test.Files(".blob").size(), 1u);
  ASSERT_TRUE(test.db->DropColumnFamily(family).ok());
  std::string found;
  EXPECT_TRUE(test.db->Get({}, family, "key", &found).ok());
  EXPECT_EQ(found.size(), 1000u);
  ASSERT_TRUE(test.db->DestroyColumnFamilyHandle(family).ok());
  test.FillVersion(30, 1);
  test.Flush();
  test.Close();  // waits for deletions
  EXPECT_EQ(test.Files(".blob").size(), 1u);
  WriteFile(test.dir() + "/000777.blob", "left behind by a crash");
  ASSERT_TRUE(test.Open().ok());
  test.ExpectAllWays();
  test.Close();
  EXPECT_EQ(test.Files(".blob").size(), 1u);
  ASSERT_TRUE(rocksdb::DestroyDB(test.dir(), test.options).ok());
  EXPECT_FALSE(std::filesystem::exists(test.dir()));
}

TEST(BlobDbTest, AMissingFileIsAnErrorOfItsReads) {
  BlobDatabase test;
  ASSERT_TRUE(test.Open().ok());
  test.FillVersion(30, 1);
  test.Flush();
  test.Close();
  std::filesystem::remove(test.Files(".blob").at(0));
  ASSERT_TRUE(test.Open().ok());
  std::string found;
  EXPECT_TRUE(test.db->Get({}, BlobDatabase::KeyOf(0), &found).ok());
  EXPECT_TRUE(test.db->Get({}, BlobDatabase::KeyOf(1), &found).IsIOError());
  EXPECT_FALSE(test.TryCompact(rocksdb::BlobGarbageCollectionPolicy::kForce, 1.0).ok());
}

// No changed or cut byte of a blob file gives a wrong answer.
TEST(BlobDbTest, DamageIsFound) {
  for (const rocksdb::CompressionType compression : {rocksdb::kNoCompression, rocksdb::kLZ4Compression}) {
    BlobDatabase test;
    test.options.blob_compression_type = compression;
    ASSERT_TRUE(test.Open().ok());
    test.FillVersion(6, 1);
    test.Flush();
    test.Close();
    const std::string path = test.Files(".blob").at(0);
    const std::string good = ReadFile(path);
    size_t found_bad = 0;
    const auto check = [&](const std::string& bad) {
      WriteFile(path, bad);
      rocksdb::DB* opened = nullptr;
      ASSERT_TRUE(rocksdb::DB::OpenForReadOnly(test.options, test.dir(), &opened).ok());
      const std::unique_ptr<rocksdb::DB> db(opened);
      bool is_found = false;
      for (const auto& [key, value] : test.expected) {
        std::string found;
        const rocksdb::Status status = db->Get({}, key, &found);
        ASSERT_TRUE(status.ok() ? found == value : status.IsCorruption()) << key << status.ToString();
        is_found = is_found || !status.ok();
      }
      std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
      for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
        ASSERT_EQ(iterator->value(), test.expected[iterator->key().ToString()]);
      }
      ASSERT_EQ(iterator->status().IsCorruption(), is_found);
      found_bad += is_found;
    };
    size_t tried = 0;
    for (size_t at = 0; at < good.size(); at += 1 + at % 5, ++tried) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      check(bad);
    }
    for (size_t size = 0; size < good.size(); size += 37, ++tried) check(good.substr(0, size));
    EXPECT_GE(found_bad, tried - 1);  // the header's flags have unused bits
  }
}

}  // namespace
}  // namespace gneiss
