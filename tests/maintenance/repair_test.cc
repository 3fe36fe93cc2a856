// RepairDB: what tables and logs still tell when the MANIFEST is gone.
#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::Status;

class Repair : public ::testing::Test {
 protected:
  void Lose(const std::string& prefix) {
    database_.Close();
    for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) {
      if (entry.path().filename().string().starts_with(prefix)) std::filesystem::remove(entry.path());
    }
  }
  void RepairIt() {
    database_.Close();
    const Status status = rocksdb::RepairDB(database_.dir(), database_.options);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::vector<std::string> Paths(const std::string& extension) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) {
      if (entry.path().extension() == extension) paths.push_back(entry.path().string());
    }
    return paths;
  }

  Database database_;
};

TEST_F(Repair, FindsTablesAndLogs) {
  database_.Open();
  database_.Table({"a", "b"}, "1 ");
  database_.Table({"b", "c"}, "2 ");
  ASSERT_TRUE(database_.db->Delete({}, "a").ok());
  database_.Put("d", "in the log");
  const uint64_t seq = database_.db->GetLatestSequenceNumber();
  Lose("MANIFEST");
  Lose("CURRENT");
  RepairIt();
  database_.Open();
  EXPECT_EQ((Content{{"b", "2 b"}, {"c", "2 c"}, {"d", "in the log"}}), database_.Scan());
  EXPECT_GE(database_.db->GetLatestSequenceNumber(), seq);
  database_.Put("e", "new");
  database_.Flush();
  ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_EQ("b c d e", database_.Keys());
}

TEST_F(Repair, OfAHealthyDatabaseChangesNothing) {
  database_.Open();
  database_.Table({"a"});
  ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), "x", "z").ok());
  database_.Table({"b", "y"});
  const Content before = database_.Scan();
  RepairIt();
  database_.Open();
  EXPECT_EQ(before, database_.Scan());
  EXPECT_TRUE(std::filesystem::exists(database_.dir() + "/lost"));
}

TEST_F(Repair, PutsADamagedTableAside) {
  database_.Open();
  database_.Table({"a"});
  database_.Table({"b"});
  const std::string damaged = database_.dir() + database_.Names(0).front();
  Lose("MANIFEST");
  std::ofstream(damaged, std::ios::binary | std::ios::trunc) << std::string(1000, 'x');
  RepairIt();
  database_.Open();
  EXPECT_EQ("a", database_.Keys());
  EXPECT_TRUE(std::filesystem::exists(database_.dir() + "/lost/" + std::filesystem::path(damaged).filename().string()));
}

TEST_F(Repair, KeepsFamiliesApart) {
  database_.Open();
  rocksdb::ColumnFamilyHandle* second = nullptr;
  ASSERT_TRUE(database_.db->CreateColumnFamily(database_.options, "second", &second).ok());
  ASSERT_TRUE(database_.db->Put({}, second, "k", "second").ok());
  ASSERT_TRUE(database_.db->Flush({}, second).ok());
  ASSERT_TRUE(database_.db->DestroyColumnFamilyHandle(second).ok());
  database_.Table({"k"}, "first ");
  Lose("MANIFEST");
  RepairIt();

  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(database_.options, database_.dir(), &names).ok());
  ASSERT_EQ((std::vector<std::string>{"default", "second"}), names);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(database_.options, database_.dir(),
                                {{"default", database_.options}, {"second", database_.options}}, &handles, &opened)
                  .ok());
  database_.db.reset(opened);
  std::string value;
  EXPECT_TRUE(opened->Get({}, handles[1], "k", &value).ok());
  EXPECT_EQ("second", value);
  EXPECT_EQ("first k", database_.Get("k"));
  for (rocksdb::ColumnFamilyHandle* handle : handles) ASSERT_TRUE(opened->DestroyColumnFamilyHandle(handle).ok());
}

TEST_F(Repair, NeedsTheFamiliesNamed) {
  database_.Open();
  EXPECT_TRUE(rocksdb::RepairDB(database_.dir(), database_.options, {}).IsInvalidArgument());
  // An open one is locked.
  EXPECT_TRUE(rocksdb::RepairDB(database_.dir(), database_.options).IsIOError());
}

// Tables of many levels, whose sequence numbers interleave: the newest version of each key must win.
class RepairGrown : public Repair, public ::testing::WithParamInterface<bool> {};

TEST_P(RepairGrown, KeepsTheNewestVersions) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB puts all tables into level 0, where such ones do not fit";
  database_.options.enable_blob_files = GetParam();
  database_.options.min_blob_size = 54;  // about half of the values
  const char* const given = std::getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  database_.options.disable_auto_compactions = false;
  database_.options.write_buffer_size = 16 << 10;
  database_.options.target_file_size_base = 8 << 10;
  database_.options.max_bytes_for_level_base = 32 << 10;
  database_.options.level0_file_num_compaction_trigger = 2;
  database_.Open();
  for (int i = 0; i < 4000; ++i) {
    const std::string key = "k" + std::to_string(random() % 1000);
    if (random() % 10 == 0) {
      ASSERT_TRUE(database_.db->Delete({}, key).ok());
    } else if (random() % 200 == 0) {
      ASSERT_TRUE(database_.db->DeleteRange({}, database_.db->DefaultColumnFamily(), key, key + "5").ok());
    } else {
      database_.Put(key, std::to_string(i) + std::string(50, 'x'));
    }
  }
  const Content before = database_.Scan();
  Lose("MANIFEST");
  Lose("CURRENT");
  RepairIt();
  database_.Open();
  EXPECT_EQ(before, database_.Scan());
  ASSERT_EQ("OK", database_.db->CompactRange({}, nullptr, nullptr).ToString());
  EXPECT_EQ(before, database_.Scan());
  EXPECT_TRUE(database_.db->VerifyChecksum().ok());
}

INSTANTIATE_TEST_SUITE_P(WithBlobs, RepairGrown, ::testing::Bool());

TEST_F(Repair, KeepsValuesInBlobFiles) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB does not look for blob files";
  database_.options.enable_blob_files = true;
  database_.options.min_blob_size = 10;
  const std::string value(100, 'v');
  database_.Open();
  database_.Table({"a", "b", "c"}, value + "1");
  database_.Table({"b", "d"}, value + "2");
  ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());  // one of five blobs is garbage
  database_.Table({"e"}, "short");
  database_.Put("f", value + "logged");
  const Content before = database_.Scan();
  std::string garbage;
  ASSERT_TRUE(database_.db->GetProperty("rocksdb.live-blob-file-garbage-size", &garbage));
  EXPECT_NE("0", garbage);
  Lose("MANIFEST");
  Lose("CURRENT");
  const std::string unfinished = database_.dir() + "/000999.blob";
  std::ofstream(unfinished, std::ios::binary) << std::string(1000, 'x');
  RepairIt();
  EXPECT_FALSE(std::filesystem::exists(unfinished));
  EXPECT_TRUE(std::filesystem::exists(database_.dir() + "/lost/000999.blob"));
  database_.Open();
  EXPECT_EQ(before, database_.Scan());
  std::string garbage_now;
  ASSERT_TRUE(database_.db->GetProperty("rocksdb.live-blob-file-garbage-size", &garbage_now));
  EXPECT_EQ(garbage, garbage_now);

  rocksdb::CompactRangeOptions collecting;
  collecting.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  collecting.blob_garbage_collection_age_cutoff = 1.0;
  collecting.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_TRUE(database_.db->CompactRange(collecting, nullptr, nullptr).ok());
  EXPECT_EQ(before, database_.Scan());
  ASSERT_TRUE(database_.db->GetProperty("rocksdb.live-blob-file-garbage-size", &garbage_now));
  EXPECT_EQ("0", garbage_now);
}

// An obsolete table may still be there beside the one that a compaction made of it: both refer to the same blobs, by
// other sequence numbers, as those of the deepest level are zero.
TEST_F(Repair, CountsBlobsOnceThatTwoTablesReferTo) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB does not look for blob files";
  database_.options.enable_blob_files = true;
  database_.options.min_blob_size = 10;
  database_.Open();
  database_.Put("before", "");  // so that the others have sequence numbers of their own
  database_.Table({"a", "b", "c"}, std::string(100, 'v'));
  const std::string obsolete = Paths(".sst").front();
  const std::string kept = database_.temp_path() + "/kept";
  std::filesystem::copy_file(obsolete, kept);
  rocksdb::CompactRangeOptions rewriting;
  rewriting.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_TRUE(database_.db->CompactRange(rewriting, nullptr, nullptr).ok());
  const Content before = database_.Scan();
  Lose("MANIFEST");
  Lose("CURRENT");
  std::filesystem::copy_file(kept, obsolete);
  RepairIt();
  database_.Open();
  EXPECT_EQ(before, database_.Scan());
  std::string garbage;
  ASSERT_TRUE(database_.db->GetProperty("rocksdb.live-blob-file-garbage-size", &garbage));
  EXPECT_EQ("0", garbage);
  ASSERT_EQ("OK", database_.db->CompactRange(rewriting, nullptr, nullptr).ToString());
  EXPECT_EQ(before, database_.Scan());
  for (const char* const key : {"a", "b"}) ASSERT_TRUE(database_.db->Delete({}, key).ok());
  ASSERT_EQ("OK", database_.db->CompactRange(rewriting, nullptr, nullptr).ToString());
  EXPECT_EQ("before c", database_.Keys());
  ASSERT_TRUE(database_.db->GetProperty("rocksdb.live-blob-file-garbage-size", &garbage));
  EXPECT_NE("0", garbage);
}

TEST_F(Repair, PutsATableAsideWhoseBlobsAreGone) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB does not look for blob files";
  database_.options.enable_blob_files = true;
  database_.options.min_blob_size = 10;
  const std::string value(100, 'v');
  database_.Open();
  database_.Table({"a"}, value);
  const std::string table = Paths(".sst").front();
  const std::string blobs = Paths(".blob").front();
  database_.Table({"b"}, value);
  Lose("MANIFEST");
  std::filesystem::remove(blobs);
  RepairIt();
  EXPECT_TRUE(std::filesystem::exists(database_.dir() + "/lost/" + std::filesystem::path(table).filename().string()));
  database_.Open();
  EXPECT_EQ((Content{{"b", value + "b"}}), database_.Scan());
}

// The start of history stands in the MANIFEST alone, and goes with it; the versions are all in tables and logs.
TEST_F(Repair, KeepsVersionsButNotTheStartOfHistory) {
  ASSERT_TRUE(rocksdb::Comparator::CreateFromString(rocksdb::ConfigOptions(), "leveldb.BytewiseComparator.u64ts",
                                                    &database_.options.comparator)
                  .ok());
  const auto time = [](char t) { return t + std::string(7, '\0'); };
  const auto get = [&](char t) {
    const std::string bytes = time(t);
    const rocksdb::Slice slice(bytes);
    rocksdb::ReadOptions read;
    read.timestamp = &slice;
    std::string value;
    const Status status = database_.db->Get(read, "k", &value);
    return status.ok() ? value : status.IsNotFound() ? "(none)" : status.ToString().substr(0, 16);
  };
  database_.Open();
  for (const char t : {1, 3, 5}) {
    ASSERT_TRUE(database_.db->Put({}, "k", time(t), "at " + std::to_string(t)).ok());
    if (t < 5) database_.Flush();
  }
  ASSERT_TRUE(database_.db->IncreaseFullHistoryTsLow(database_.db->DefaultColumnFamily(), time(4)).ok());
  EXPECT_EQ("Invalid argument", get(2));
  Lose("MANIFEST");
  Lose("CURRENT");
  RepairIt();
  database_.Open();
  for (const auto& [t, value] : std::map<char, std::string>{{0, "(none)"}, {2, "at 1"}, {4, "at 3"}, {5, "at 5"}}) {
    EXPECT_EQ(value, get(t)) << int{t};
  }
}

}  // namespace
}  // namespace gneiss
