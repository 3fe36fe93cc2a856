// Dropping whole files: DeleteFilesInRange(s) and DeleteFile. What an open snapshot reads must not change.
#include <rocksdb/convenience.h>

#include <filesystem>
#include <random>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

class DropFiles : public ::testing::Test {
 protected:
  // Level 2: [a1 a9] [b1 b9] [c1 c9]; level 0: [b5].
  void OpenWithThreeTables() {
    database_.Open();
    database_.Table({"a1", "a9"});
    database_.Table({"b1", "b9"});
    database_.Table({"c1", "c9"});
    database_.Promote(2);
    database_.Table({"b5"});
    ASSERT_EQ("0:1 2:3", database_.Levels());
  }
  Status Drop(const char* begin, const char* end, bool include_end = true) {
    const Slice begin_slice(begin == nullptr ? "" : begin);
    const Slice end_slice(end == nullptr ? "" : end);
    return rocksdb::DeleteFilesInRange(database_.db.get(), database_.db->DefaultColumnFamily(),
                                       begin == nullptr ? nullptr : &begin_slice, end == nullptr ? nullptr : &end_slice,
                                       include_end);
  }

  Database database_;
};

TEST_F(DropFiles, TakesTablesThatLieWhollyInside) {
  OpenWithThreeTables();
  ASSERT_TRUE(Drop("b2", "b9").ok());  // b1 lies outside
  EXPECT_EQ("a1 a9 b1 b5 b9 c1 c9", database_.Keys());
  ASSERT_TRUE(Drop("b1", "b8").ok());
  EXPECT_EQ("a1 a9 b1 b5 b9 c1 c9", database_.Keys());
  ASSERT_TRUE(Drop("b1", "b9").ok());
  EXPECT_EQ("a1 a9 b5 c1 c9", database_.Keys());  // level 0 is never dropped
  EXPECT_EQ("0:1 2:2", database_.Levels());
  EXPECT_EQ("(none)", database_.Get("b1"));
}

TEST_F(DropFiles, LeavesTheTableThatEndsAtAnExcludedEnd) {
  OpenWithThreeTables();
  ASSERT_TRUE(Drop("a0", "b9", /*include_end=*/false).ok());
  EXPECT_EQ("b1 b5 b9 c1 c9", database_.Keys());
  ASSERT_TRUE(Drop("a0", "b99", /*include_end=*/false).ok());
  EXPECT_EQ("b5 c1 c9", database_.Keys());
}

TEST_F(DropFiles, TakesAnUnboundedRange) {
  OpenWithThreeTables();
  ASSERT_TRUE(Drop("c", nullptr).ok());
  EXPECT_EQ("a1 a9 b1 b5 b9", database_.Keys());
  ASSERT_TRUE(Drop(nullptr, "b").ok());
  EXPECT_EQ("b1 b5 b9", database_.Keys());
  ASSERT_TRUE(Drop(nullptr, nullptr).ok());
  EXPECT_EQ("b5", database_.Keys());
  ASSERT_TRUE(Drop(nullptr, nullptr).ok());  // nothing is left to drop
  EXPECT_EQ("0:1", database_.Levels());
}

TEST_F(DropFiles, TakesRangesThatOverlapEachOther) {
  OpenWithThreeTables();
  const Slice a("a"), b("b"), c("c"), d("d");
  const rocksdb::RangePtr ranges[] = {{&a, &b}, {&a, &c}, {&c, &d}};
  ASSERT_TRUE(rocksdb::DeleteFilesInRanges(database_.db.get(), database_.db->DefaultColumnFamily(), ranges, 3).ok());
  EXPECT_EQ("b5", database_.Keys());
}

TEST_F(DropFiles, IsDurableAndFreesTheFiles) {
  OpenWithThreeTables();
  ASSERT_TRUE(Drop("a", "c").ok());
  database_.Open();
  EXPECT_EQ("b5 c1 c9", database_.Keys());
  size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(database_.dir())) {
    tables += entry.path().extension() == ".sst";
  }
  EXPECT_EQ(2u, tables);
}

TEST_F(DropFiles, UncoversWhatTheTableHid) {
  database_.Open();
  database_.Table({"k"}, "old ");
  database_.Promote(3);
  database_.Table({"k"}, "new ");
  database_.Promote(2);
  EXPECT_EQ("new k", database_.Get("k"));
  // Both levels are looked at, the deeper one too.
  ASSERT_TRUE(Drop("k", "k", /*include_end=*/false).ok());
  EXPECT_EQ("new k", database_.Get("k"));
  ASSERT_TRUE(Drop("k", "k").ok());
  EXPECT_EQ("(none)", database_.Get("k"));
}

TEST_F(DropFiles, KeepsWhatASnapshotReads) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB's snapshots forget dropped files";
  OpenWithThreeTables();
  const rocksdb::Snapshot* before = database_.db->GetSnapshot();
  rocksdb::ReadOptions read;
  read.snapshot = before;
  const std::unique_ptr<rocksdb::Iterator> iterator(database_.db->NewIterator(read));
  ASSERT_TRUE(Drop("a", "c").ok());
  const rocksdb::Snapshot* after = database_.db->GetSnapshot();
  EXPECT_EQ("a1 a9 b1 b5 b9 c1 c9", database_.Keys(before));
  EXPECT_EQ("b5 c1 c9", database_.Keys(after));
  EXPECT_EQ("va1", database_.Get("a1", before));
  EXPECT_EQ("(none)", database_.Get("a1", after));
  // Rotation, flush and a compaction of everything change neither.
  database_.Table({"a1"}, "again ");
  ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_EQ("va1", database_.Get("a1", before));
  EXPECT_EQ("(none)", database_.Get("a1", after));
  EXPECT_EQ("again a1", database_.Get("a1"));
  int keys = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++keys;
  EXPECT_EQ(7, keys);
  database_.db->ReleaseSnapshot(before);
  EXPECT_EQ("b5 c1 c9", database_.Keys(after));
  database_.db->ReleaseSnapshot(after);
}

TEST_F(DropFiles, DeletesOnlyTheOldestFileOfTheLastLevel) {
  OpenWithThreeTables();
  const std::string level0 = database_.Names(0).front();
  const std::string middle = database_.Names(2)[1];
  EXPECT_EQ("Invalid argument: Invalid file name", database_.db->DeleteFile("CURRENT").ToString());
  EXPECT_EQ("Invalid argument: Invalid file name", database_.db->DeleteFile("").ToString());
  EXPECT_EQ("Invalid argument: File not found", database_.db->DeleteFile("/999999.sst").ToString());
  EXPECT_EQ("Not implemented: Delete only supported for archived logs",
            database_.db->DeleteFile("000001.log").ToString());
  EXPECT_EQ("Invalid argument: File not in last level", database_.db->DeleteFile(level0).ToString());
  EXPECT_TRUE(database_.db->DeleteFile(middle).ok());
  EXPECT_EQ("a1 a9 b5 c1 c9", database_.Keys());
  EXPECT_EQ("Invalid argument: File not found", database_.db->DeleteFile(middle).ToString());
}

TEST_F(DropFiles, DeletesTheOldestFileOfLevel0WhenNothingIsBelow) {
  database_.Open();
  database_.Table({"a"});
  database_.Table({"b"});
  const std::vector<std::string> newest_first = database_.Names(0);
  EXPECT_EQ("Invalid argument: File in level 0, but not oldest", database_.db->DeleteFile(newest_first[0]).ToString());
  EXPECT_TRUE(database_.db->DeleteFile(newest_first[1].substr(1)).ok());
  EXPECT_EQ("b", database_.Keys());
}

// Random writes, flushes, compactions and drops, with snapshots that remember what they saw.
TEST_F(DropFiles, SnapshotsStayRepeatableAtRandom) {
  if (IsOnReference()) GTEST_SKIP() << "RocksDB's snapshots forget dropped files";
  const char* const given = std::getenv("GNEISS_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("GNEISS_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto up_to = [&](uint64_t limit) { return random() % limit; };
  const auto key = [&] { return "k" + std::to_string(100 + up_to(200)); };

  database_.options.target_file_size_base = 2 << 10;
  database_.options.max_bytes_for_level_base = 8 << 10;
  database_.Open();
  struct Remembered {
    const rocksdb::Snapshot* snapshot;
    Content content;
  };
  std::vector<Remembered> open;
  for (int step = 0; step < 200; ++step) {
    const uint64_t what = up_to(100);
    if (what < 60) {
      database_.Put(key(), std::string(50, static_cast<char>('a' + up_to(26))) + std::to_string(step));
    } else if (what < 68) {
      ASSERT_TRUE(database_.db->Delete({}, key()).ok());
    } else if (what < 76) {
      database_.Flush();
    } else if (what < 82) {
      ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());
    } else if (what < 88) {
      std::string begin = key(), end = key();
      if (end < begin) std::swap(begin, end);
      ASSERT_TRUE(Drop(begin.c_str(), end.c_str(), up_to(2) == 0).ok());
    } else if (what < 95 || open.size() > 6) {
      if (open.empty()) continue;
      const size_t which = up_to(open.size());
      ASSERT_EQ(open[which].content, database_.Scan(open[which].snapshot)) << "step " << step;
      if (open.size() > 6 || up_to(3) == 0) {
        database_.db->ReleaseSnapshot(open[which].snapshot);
        open.erase(open.begin() + static_cast<ptrdiff_t>(which));
      }
    } else {
      const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
      open.push_back({snapshot, database_.Scan()});
    }
  }
  for (const Remembered& each : open) {
    ASSERT_EQ(each.content, database_.Scan(each.snapshot));
    database_.db->ReleaseSnapshot(each.snapshot);
  }
  const Content last = database_.Scan();
  database_.Open();
  EXPECT_EQ(last, database_.Scan());
}

}  // namespace
}  // namespace gneiss
