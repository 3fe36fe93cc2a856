// Every name in DB::Properties: as text, as a number, as a map, summed over families.

#include <rocksdb/cache.h>
#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

struct Name {
  const char* text;
  bool is_number;
  bool is_map;
};

// What kind of value each name has; those with a level get one.
const Name kNames[] = {
    {"rocksdb.num-files-at-level0", false, false},
    {"rocksdb.compression-ratio-at-level0", false, false},
    {"rocksdb.stats", false, false},
    {"rocksdb.sstables", false, false},
    {"rocksdb.cfstats", false, true},
    {"rocksdb.cfstats-no-file-histogram", false, false},
    {"rocksdb.cf-file-histogram", false, false},
    {"rocksdb.dbstats", false, true},
    {"rocksdb.levelstats", false, false},
    {"rocksdb.block-cache-entry-stats", false, true},
    {"rocksdb.fast-block-cache-entry-stats", false, true},
    {"rocksdb.num-immutable-mem-table", true, false},
    {"rocksdb.num-immutable-mem-table-flushed", true, false},
    {"rocksdb.mem-table-flush-pending", true, false},
    {"rocksdb.num-running-flushes", true, false},
    {"rocksdb.compaction-pending", true, false},
    {"rocksdb.num-running-compactions", true, false},
    {"rocksdb.background-errors", true, false},
    {"rocksdb.cur-size-active-mem-table", true, false},
    {"rocksdb.cur-size-all-mem-tables", true, false},
    {"rocksdb.size-all-mem-tables", true, false},
    {"rocksdb.num-entries-active-mem-table", true, false},
    {"rocksdb.num-entries-imm-mem-tables", true, false},
    {"rocksdb.num-deletes-active-mem-table", true, false},
    {"rocksdb.num-deletes-imm-mem-tables", true, false},
    {"rocksdb.estimate-num-keys", true, false},
    {"rocksdb.estimate-table-readers-mem", true, false},
    {"rocksdb.is-file-deletions-enabled", true, false},
    {"rocksdb.num-snapshots", true, false},
    {"rocksdb.oldest-snapshot-time", true, false},
    {"rocksdb.oldest-snapshot-sequence", true, false},
    {"rocksdb.num-live-versions", true, false},
    {"rocksdb.current-super-version-number", true, false},
    {"rocksdb.estimate-live-data-size", true, false},
    {"rocksdb.min-log-number-to-keep", true, false},
    {"rocksdb.min-obsolete-sst-number-to-keep", true, false},
    {"rocksdb.total-sst-files-size", true, false},
    {"rocksdb.live-sst-files-size", true, false},
    {"rocksdb.live-sst-files-size-at-temperature0", false, false},
    {"rocksdb.base-level", true, false},
    {"rocksdb.estimate-pending-compaction-bytes", true, false},
    {"rocksdb.aggregated-table-properties", false, true},
    {"rocksdb.aggregated-table-properties-at-level0", false, true},
    {"rocksdb.actual-delayed-write-rate", true, false},
    {"rocksdb.is-write-stopped", true, false},
    {"rocksdb.block-cache-capacity", true, false},
    {"rocksdb.block-cache-usage", true, false},
    {"rocksdb.block-cache-pinned-usage", true, false},
    {"rocksdb.options-statistics", false, false},
    {"rocksdb.num-blob-files", true, false},
    {"rocksdb.blob-stats", false, false},
    {"rocksdb.total-blob-file-size", true, false},
    {"rocksdb.live-blob-file-size", true, false},
    {"rocksdb.live-blob-file-garbage-size", true, false},
};

}  // namespace

class PropertyNameTest : public DbTest, public testing::WithParamInterface<Name> {};

TEST_P(PropertyNameTest, HasTheKindsOfValueThatTheHeaderNames) {
  options_.statistics = CreateDBStatistics();
  Open();
  PutTable({{"a", "1"}});
  std::string text;
  EXPECT_TRUE(db()->GetProperty(GetParam().text, &text));
  EXPECT_NE("", text);
  uint64_t number = 0;
  EXPECT_EQ(GetParam().is_number, db()->GetIntProperty(GetParam().text, &number));
  EXPECT_EQ(GetParam().is_number, db()->GetAggregatedIntProperty(GetParam().text, &number));
  std::map<std::string, std::string> map;
  EXPECT_EQ(GetParam().is_map, db()->GetMapProperty(GetParam().text, &map));
  EXPECT_EQ(GetParam().is_map, !map.empty());
  if (GetParam().is_number) {
    EXPECT_EQ(std::string::npos, text.find_first_not_of("0123456789")) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, PropertyNameTest, testing::ValuesIn(kNames), [](const auto& test) {
  std::string name = test.param.text + 8;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

class PropertiesTest : public DbTest {
 protected:
  static double NumberAfter(const std::string& text, const std::string& label) {
    const size_t at = text.find(label);
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + label.size());
  }
};

TEST_F(PropertiesTest, ConstantsHaveTheirNames) {
  EXPECT_EQ("rocksdb.stats", DB::Properties::kStats);
  EXPECT_EQ("rocksdb.num-files-at-level", DB::Properties::kNumFilesAtLevelPrefix);
  EXPECT_EQ("rocksdb.estimate-num-keys", DB::Properties::kEstimateNumKeys);
  EXPECT_EQ("rocksdb.live-sst-files-size-at-temperature", DB::Properties::kLiveSstFilesSizeAtTemperature);
  EXPECT_EQ("rocksdb.aggregated-table-properties-at-level", DB::Properties::kAggregatedTablePropertiesAtLevel);
  EXPECT_EQ("rocksdb.blob-cache-pinned-usage", DB::Properties::kBlobCachePinnedUsage);
}

TEST_F(PropertiesTest, UnknownNamesAreRefused) {
  Open();
  std::string text;
  uint64_t number = 0;
  std::map<std::string, std::string> map;
  for (const char* name : {"", "rocksdb.", "rocksdb.nothing", "num-snapshots", "rocksdb.num-files-at-level",
                           "rocksdb.num-files-at-level7", "rocksdb.num-files-at-level-1", "rocksdb.num-snapshotss"}) {
    EXPECT_FALSE(db()->GetProperty(name, &text)) << name;
    EXPECT_FALSE(db()->GetIntProperty(name, &number)) << name;
    EXPECT_FALSE(db()->GetMapProperty(name, &map)) << name;
  }
}

TEST_F(PropertiesTest, MemtableEntriesAndDeletions) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("b", "2"));
  ASSERT_OK(Delete("a"));
  EXPECT_EQ(3u, IntProperty(DB::Properties::kNumEntriesActiveMemTable));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumDeletesActiveMemTable));
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumEntriesImmMemTables));
}

TEST_F(PropertiesTest, OnlyPlainDeletionsCountAsDeletions) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->SingleDelete(WriteOptions(), "a"));
  ASSERT_OK(Delete("b"));
  ASSERT_OK(db()->DeleteRange(WriteOptions(), db()->DefaultColumnFamily(), "c", "d"));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumDeletesActiveMemTable));
  EXPECT_EQ(4u, IntProperty(DB::Properties::kNumEntriesActiveMemTable));
}

TEST_F(PropertiesTest, AnEmptyRangeIsNoEntry) {
  Open();
  ASSERT_OK(db()->DeleteRange(WriteOptions(), db()->DefaultColumnFamily(), "c", "c"));
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumEntriesActiveMemTable));
}

TEST_F(PropertiesTest, SealedMemtables) {
  Open();
  ASSERT_OK(db()->PauseBackgroundWork());
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Delete("b"));
  FlushOptions no_wait;
  no_wait.wait = false;
  ASSERT_OK(db()->Flush(no_wait));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumImmutableMemTable));
  EXPECT_EQ(2u, IntProperty(DB::Properties::kNumEntriesImmMemTables));
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumDeletesImmMemTables));
  EXPECT_EQ(0u, IntProperty(DB::Properties::kNumEntriesActiveMemTable));
  EXPECT_GT(IntProperty(DB::Properties::kCurSizeAllMemTables), IntProperty(DB::Properties::kCurSizeActiveMemTable));
  ASSERT_OK(db()->ContinueBackgroundWork());
  EXPECT_TRUE(Eventually([this] { return IntProperty(DB::Properties::kNumImmutableMemTable) == 0; }));
}

TEST_F(PropertiesTest, MemtableSizesGrow) {
  Open();
  const uint64_t before = IntProperty(DB::Properties::kCurSizeActiveMemTable);
  for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), RandomBytes(2000, static_cast<uint32_t>(i))));
  EXPECT_GE(IntProperty(DB::Properties::kCurSizeActiveMemTable), before + 150'000);
  EXPECT_GE(IntProperty(DB::Properties::kSizeAllMemTables), IntProperty(DB::Properties::kCurSizeAllMemTables));
}

TEST_F(PropertiesTest, EstimateNumKeys) {
  Open();
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put(Key(i), "v"));
  EXPECT_EQ(10u, IntProperty(DB::Properties::kEstimateNumKeys));
  Flush();
  EXPECT_EQ(10u, IntProperty(DB::Properties::kEstimateNumKeys));
  ASSERT_OK(Delete(Key(0)));
  EXPECT_EQ(9u, IntProperty(DB::Properties::kEstimateNumKeys));  // one entry more, a deletion taken off twice
}

TEST_F(PropertiesTest, SstSizesAreTheFiles) {
  Open();
  PutTable({{"a", "1"}});
  uint64_t bytes = 0;
  for (const std::string& name : FilesEndingIn(".sst")) bytes += ReadFile(name).size();
  EXPECT_EQ(bytes, IntProperty(DB::Properties::kTotalSstFilesSize));
  EXPECT_EQ(bytes, IntProperty(DB::Properties::kLiveSstFilesSize));
  EXPECT_EQ(std::to_string(bytes), Property("rocksdb.live-sst-files-size-at-temperature0"));
  EXPECT_EQ("0", Property("rocksdb.live-sst-files-size-at-temperature4"));
}

TEST_F(PropertiesTest, TotalSstSizeCountsWhatOldReadersHold) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", RandomBytes(5000, 1)}, {"b", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"c", "1"}});
  const uint64_t before = IntProperty(DB::Properties::kTotalSstFilesSize);
  EXPECT_EQ(before, IntProperty(DB::Properties::kLiveSstFilesSize));
  std::unique_ptr<Iterator> iterator = NewIterator();
  Compact();
  EXPECT_EQ("0,1", Levels());
  const uint64_t live = IntProperty(DB::Properties::kLiveSstFilesSize);
  EXPECT_LT(live, before);
  EXPECT_EQ(before + live, IntProperty(DB::Properties::kTotalSstFilesSize));
  iterator.reset();
  EXPECT_TRUE(Eventually([&] { return IntProperty(DB::Properties::kTotalSstFilesSize) == live; }));
}

TEST_F(PropertiesTest, FilesAtLevelsAndLevelStats) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  EXPECT_EQ("2", Property("rocksdb.num-files-at-level0"));
  EXPECT_EQ("0", Property("rocksdb.num-files-at-level1"));
  const std::string stats = Property(DB::Properties::kLevelStats);
  EXPECT_EQ(
      "Level Files Size(MB)\n"
      "--------------------\n"
      "  0        2        0\n"
      "  1        0        0\n"
      "  2        0        0\n"
      "  3        0        0\n"
      "  4        0        0\n"
      "  5        0        0\n"
      "  6        0        0\n",
      stats);
}

TEST_F(PropertiesTest, CompressionRatio) {
  options_.compression = kSnappyCompression;
  Open();
  EXPECT_EQ(-1.0, std::stod(Property("rocksdb.compression-ratio-at-level0")));
  PutTable({{"a", std::string(20'000, 'x')}});
  EXPECT_GT(std::stod(Property("rocksdb.compression-ratio-at-level0")), 2.0);
}

TEST_F(PropertiesTest, DbStatsLayout) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_OK(Put(Key(i), "v"));
  const std::string stats = Property(DB::Properties::kDBStats);
  EXPECT_EQ(0u, stats.find("\n** DB Stats **\nUptime(secs): ")) << stats;
  for (const char* line :
       {"Cumulative writes: 5 writes, 5 keys, 5 commit groups, 1.0 writes per commit group, ingest: ",
        "\nCumulative WAL: 5 writes, 0 syncs, 5.00 writes per sync, written: ",
        "\nCumulative stall: 00:00:0.000 H:M:S, 0.0 percent\n",
        "\nInterval writes: ", "\nInterval WAL: ", "\nInterval stall: "}) {
    EXPECT_NE(std::string::npos, stats.find(line)) << line << stats;
  }
}

TEST_F(PropertiesTest, DbStatsMap) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_OK(Put(Key(i), "v"));
  std::map<std::string, std::string> map;
  ASSERT_TRUE(db()->GetMapProperty(DB::Properties::kDBStats, &map));
  EXPECT_EQ("5", map["db.user_writes_by_self"]);
  EXPECT_EQ("0", map["db.user_writes_by_other"]);
  EXPECT_EQ("5", map["db.user_writes_with_wal"]);
  EXPECT_EQ("5", map["db.user_keys_written"]);
  EXPECT_EQ("0", map["db.wal_syncs"]);
  EXPECT_TRUE(map.count("db.uptime"));
  EXPECT_TRUE(map.count("db.user_bytes_written"));
  EXPECT_TRUE(map.count("db.wal_bytes_written"));
  EXPECT_TRUE(map.count("db.user_write_stall_micros"));
}

TEST_F(PropertiesTest, CfStatsLayout) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  const std::string stats = Property(DB::Properties::kCFStats);
  EXPECT_EQ(0u, stats.find("\n** Compaction Stats [default] **\n"
                           "Level    Files   Size     Score Read(GB)  Rn(GB) Rnp1(GB) Write(GB) Wnew(GB) Moved(GB) "
                           "W-Amp Rd(MB/s) Wr(MB/s) Comp(sec) CompMergeCPU(sec) Comp(cnt) Avg(sec) KeyIn KeyDrop "
                           "Rblob(GB) Wblob(GB)\n----"))
      << stats;
  const size_t second = stats.find("\n** Compaction Stats [default] **\nPriority    Files ");
  ASSERT_NE(std::string::npos, second) << stats;
  EXPECT_GT(stats.find("\n\nBlob file count: 0, total size: 0.0 GB, garbage size: 0.0 GB, space amp: 0.0\n\nUptime"),
            second)
      << stats;
  const size_t sum = stats.find("\n Sum ") + 1;
  const size_t rule = stats.find("\n----") + 1;
  EXPECT_EQ(192u, stats.find('\n', rule) - rule) << stats;
  EXPECT_EQ(191u, stats.find('\n', sum) - sum) << stats;
  for (const char* line :
       {"\n  L1      1/0 ", "\n Sum      1/0 ", "\n Int      0/0 ", "\nUptime(secs): ", "\nFlush(GB): cumulative ",
        "\nAddFile(GB): cumulative ", "\nCumulative compaction: ", "\nInterval compaction: ",
        "\nStalls(count): 0 level0_slowdown, 0 level0_slowdown_with_compaction, 0 level0_numfiles, 0 "
        "level0_numfiles_with_compaction, 0 stop for pending_compaction_bytes, 0 slowdown for "
        "pending_compaction_bytes, 0 memtable_compaction, 0 memtable_slowdown, interval 0 total count\n"}) {
    EXPECT_NE(std::string::npos, stats.find(line)) << line << stats;
  }
}

TEST_F(PropertiesTest, CfStatsMap) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  std::map<std::string, std::string> map;
  ASSERT_TRUE(db()->GetMapProperty(DB::Properties::kCFStats, &map));
  for (const char* name : {"compaction.L0.NumFiles",
                           "compaction.L1.SizeBytes",
                           "compaction.L1.Score",
                           "compaction.L1.ReadGB",
                           "compaction.L1.RnGB",
                           "compaction.L1.Rnp1GB",
                           "compaction.L1.WriteGB",
                           "compaction.L1.WnewGB",
                           "compaction.L1.MovedGB",
                           "compaction.L1.WriteAmp",
                           "compaction.L1.ReadMBps",
                           "compaction.L1.WriteMBps",
                           "compaction.L1.CompSec",
                           "compaction.L1.CompMergeCPU",
                           "compaction.L1.CompCount",
                           "compaction.L1.AvgSec",
                           "compaction.L1.KeyIn",
                           "compaction.L1.KeyDrop",
                           "compaction.Sum.CompCount",
                           "io_stalls.level0_slowdown",
                           "io_stalls.level0_numfiles",
                           "io_stalls.total_stop",
                           "io_stalls.total_slowdown",
                           "io_stalls.memtable_compaction",
                           "io_stalls.stop_for_pending_compaction_bytes"}) {
    EXPECT_TRUE(map.count(name)) << name;
  }
  EXPECT_EQ(4.0, std::stod(map["compaction.L1.KeyIn"]));
  EXPECT_EQ(2.0, std::stod(map["compaction.L1.KeyDrop"]));
  EXPECT_EQ(1.0, std::stod(map["compaction.L1.CompCount"]));
  EXPECT_EQ(2.0, std::stod(map["compaction.L0.CompCount"]));
}

TEST_F(PropertiesTest, StatsIsCfStatsAndDbStats) {
  Open();
  const std::string stats = Property(DB::Properties::kStats);
  EXPECT_NE(std::string::npos, stats.find("** Compaction Stats [default] **"));
  EXPECT_NE(std::string::npos, stats.find("** DB Stats **"));
}

TEST_F(PropertiesTest, SsTablesListsTables) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  const std::string text = Property(DB::Properties::kSSTables);
  EXPECT_EQ(0u, text.find("--- level 0 --- version# ")) << text;
  EXPECT_NE(std::string::npos, text.find("[1 .. 2]['61' seq:1, type:1 .. '62' seq:2, type:1](0)\n")) << text;
  EXPECT_NE(std::string::npos, text.find("\n--- level 6 --- version# ")) << text;
}

TEST_F(PropertiesTest, AggregatedTableProperties) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "11"}, {"b", "22"}});
  PutTable({{"c", "33"}});
  const std::string text = Property(DB::Properties::kAggregatedTableProperties);
  EXPECT_EQ(0u, text.find("# data blocks=2; # entries=3; # deletions=0; # merge operands=0; # range deletions=0; "
                          "raw key size=27; raw average key size=9.000000; raw value size=6; raw average value "
                          "size=2.000000; data block size="))
      << text;
  EXPECT_EQ(text, Property("rocksdb.aggregated-table-properties-at-level0"));
  EXPECT_EQ(0u, Property("rocksdb.aggregated-table-properties-at-level1").find("# data blocks=0; # entries=0; "));
  std::map<std::string, std::string> map;
  ASSERT_TRUE(db()->GetMapProperty(DB::Properties::kAggregatedTableProperties, &map));
  EXPECT_EQ("3", map["num_entries"]);
  EXPECT_EQ("2", map["num_data_blocks"]);
  EXPECT_EQ("27", map["raw_key_size"]);
}

TEST_F(PropertiesTest, AggregatedIntegersSumFamilies) {
  OpenWith({"one", "two"});
  for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put("a", "1", family));
  uint64_t number = 0;
  ASSERT_TRUE(db()->GetAggregatedIntProperty(DB::Properties::kNumEntriesActiveMemTable, &number));
  EXPECT_EQ(3u, number);
  ASSERT_TRUE(db()->GetAggregatedIntProperty(DB::Properties::kEstimateNumKeys, &number));
  EXPECT_EQ(3u, number);
  EXPECT_FALSE(db()->GetAggregatedIntProperty(DB::Properties::kStats, &number));
}

TEST_F(PropertiesTest, WhatNotAllFamiliesHaveAddsUpToNothing) {
  Open();
  uint64_t value = 77;
  EXPECT_FALSE(db()->GetAggregatedIntProperty(DB::Properties::kBlobCacheUsage, &value));
  EXPECT_EQ(0u, value);
}

TEST_F(PropertiesTest, BlockCacheUsage) {
  TableOptions().block_cache = NewLRUCache(1 << 20);
  UseTableOptions();
  Open();
  EXPECT_EQ(uint64_t{1} << 20, IntProperty(DB::Properties::kBlockCacheCapacity));
  const uint64_t before = IntProperty(DB::Properties::kBlockCacheUsage);
  PutTable({{"a", RandomBytes(3000, 1)}});
  Get("a");
  EXPECT_GE(IntProperty(DB::Properties::kBlockCacheUsage), before + 3000);
}

TEST_F(PropertiesTest, OptionsStatisticsIsTheirText) {
  Open();
  std::string text;
  EXPECT_FALSE(db()->GetProperty(DB::Properties::kOptionsStatistics, &text));
  Close();
  options_.statistics = CreateDBStatistics();
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_NE(std::string::npos,
            Property(DB::Properties::kOptionsStatistics).find("rocksdb.number.keys.written COUNT : 1\n"));
}

TEST_F(PropertiesTest, BaseLevelFollowsTheMode) {
  Open();
  EXPECT_EQ(1u, IntProperty(DB::Properties::kBaseLevel));
  Close();
  options_.level_compaction_dynamic_level_bytes = true;
  Open();
  EXPECT_EQ(6u, IntProperty(DB::Properties::kBaseLevel));
}

TEST_F(PropertiesTest, CompactionPending) {
  options_.level0_file_num_compaction_trigger = 2;
  Open();
  EXPECT_EQ(0u, IntProperty(DB::Properties::kCompactionPending));
  ASSERT_OK(db()->SetOptions({{"disable_auto_compactions", "true"}}));
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  EXPECT_EQ(1u, IntProperty(DB::Properties::kCompactionPending));
}

TEST_F(PropertiesTest, EstimatePendingCompactionBytes) {
  options_.level0_file_num_compaction_trigger = 2;
  options_.disable_auto_compactions = true;
  Open();
  EXPECT_EQ(0u, IntProperty(DB::Properties::kEstimatePendingCompactionBytes));
  PutTable({{"a", RandomBytes(5000, 1)}, {"b", "1"}});
  PutTable({{"a", RandomBytes(5000, 2)}, {"c", "1"}});
  EXPECT_GE(IntProperty(DB::Properties::kEstimatePendingCompactionBytes), 10'000u);
}

TEST_F(PropertiesTest, SuperVersionNumberGrowsWithChanges) {
  Open();
  const uint64_t before = IntProperty(DB::Properties::kCurrentSuperVersionNumber);
  PutTable({{"a", "1"}});
  EXPECT_GT(IntProperty(DB::Properties::kCurrentSuperVersionNumber), before);
}

TEST_F(PropertiesTest, EstimateLiveDataSizeLeavesOutOldVersions) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", RandomBytes(20'000, 1)}, {"z", "1"}});
  Compact();
  const uint64_t once = IntProperty(DB::Properties::kEstimateLiveDataSize);
  EXPECT_GE(once, 20'000u);
  PutTable({{"a", RandomBytes(20'000, 2)}, {"z", "1"}});
  EXPECT_LE(IntProperty(DB::Properties::kEstimateLiveDataSize), 2 * once + 2000);
}

TEST_F(PropertiesTest, EstimateOldestKeyTimeNeedsFifo) {
  Open();
  uint64_t number = 0;
  EXPECT_FALSE(db()->GetIntProperty(DB::Properties::kEstimateOldestKeyTime, &number));
}

TEST_F(PropertiesTest, BlobCacheNeedsACache) {
  Open();
  uint64_t number = 0;
  EXPECT_FALSE(db()->GetIntProperty(DB::Properties::kBlobCacheCapacity, &number));
  EXPECT_FALSE(db()->GetIntProperty(DB::Properties::kBlobCacheUsage, &number));
  EXPECT_FALSE(db()->GetIntProperty(DB::Properties::kBlobCachePinnedUsage, &number));
}

TEST_F(PropertiesTest, BlobCacheSizes) {
  options_.blob_cache = NewLRUCache(1 << 20);
  options_.enable_blob_files = true;
  Open();
  PutTable({{"a", RandomBytes(3000, 1)}});
  EXPECT_EQ(3000u, Get("a").size());
  EXPECT_EQ(1u << 20, IntProperty(DB::Properties::kBlobCacheCapacity));
  EXPECT_EQ(options_.blob_cache->GetUsage(), IntProperty(DB::Properties::kBlobCacheUsage));
  EXPECT_GE(IntProperty(DB::Properties::kBlobCacheUsage), 3000u);
  EXPECT_EQ(0u, IntProperty(DB::Properties::kBlobCachePinnedUsage));
}

TEST_F(PropertiesTest, SummedOverFamiliesASharedCacheCountsOnce) {
  TableOptions().block_cache = NewLRUCache(3 << 20);
  UseTableOptions();
  OpenWith({"one"});
  BlockBasedTableOptions other;
  other.block_cache = NewLRUCache(5 << 20);
  ColumnFamilyOptions other_options;
  other_options.table_factory.reset(NewBlockBasedTableFactory(other));
  CreateFamily("other", other_options);
  uint64_t capacity = 0;
  ASSERT_TRUE(db()->GetAggregatedIntProperty(DB::Properties::kBlockCacheCapacity, &capacity));
  // RocksDB adds up each family's; 8.0 counts each cache once ("GetAggregatedIntProperty").
  EXPECT_EQ(IsReference() ? 11u << 20 : 8u << 20, capacity);
}

// Its clock can be put forward.
class LaterEnv : public EnvWrapper {
 public:
  LaterEnv() : EnvWrapper(Env::Default()) {}
  uint64_t NowMicros() override { return target()->NowMicros() + seconds_ahead * 1'000'000; }
  std::atomic<uint64_t> seconds_ahead{0};
};

class BlockCacheEntryStatsTest : public PropertiesTest {
 protected:
  ~BlockCacheEntryStatsTest() override { Close(); }

  void OpenWithCache() {
    options_.env = &env_;
    TableOptions().block_cache = cache_;
    TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
    TableOptions().cache_index_and_filter_blocks = true;
    UseTableOptions();
    Open();
  }
  std::map<std::string, std::string> Map(const std::string& name = DB::Properties::kBlockCacheEntryStats) {
    std::map<std::string, std::string> map;
    EXPECT_TRUE(db()->GetMapProperty(name, &map));
    return map;
  }
  static std::string Count(const std::map<std::string, std::string>& map, CacheEntryRole role) {
    const auto found = map.find(BlockCacheEntryStatsMapKeys::EntryCount(role));
    return found == map.end() ? "(none)" : found->second;
  }

  LaterEnv env_;
  const std::shared_ptr<Cache> cache_ = NewLRUCache(8 << 20);
};

TEST_F(BlockCacheEntryStatsTest, CountsBlocksByRole) {
  OpenWithCache();
  PutTable({{"a", RandomBytes(1000, 1)}, {"b", RandomBytes(1000, 2)}});
  EXPECT_EQ(1000u, Get("a").size());
  const auto map = Map();
  EXPECT_EQ("1", Count(map, CacheEntryRole::kDataBlock));
  EXPECT_EQ("1", Count(map, CacheEntryRole::kFilterBlock));
  EXPECT_EQ("1", Count(map, CacheEntryRole::kIndexBlock));
  EXPECT_EQ("0", Count(map, CacheEntryRole::kBlobValue));
  EXPECT_EQ(std::to_string(8 << 20), map.at(BlockCacheEntryStatsMapKeys::CacheCapacityBytes()));
  EXPECT_EQ("0", map.at(BlockCacheEntryStatsMapKeys::LastCollectionAgeSeconds()));
  EXPECT_EQ(0u, map.at(BlockCacheEntryStatsMapKeys::CacheId()).find("LRUCache@0x"));
  const uint64_t bytes = std::stoull(map.at(BlockCacheEntryStatsMapKeys::UsedBytes(CacheEntryRole::kDataBlock)));
  EXPECT_GE(bytes, 2000u);
  EXPECT_EQ(std::to_string(100.0 * static_cast<double>(bytes) / (8 << 20)),
            map.at(BlockCacheEntryStatsMapKeys::UsedPercent(CacheEntryRole::kDataBlock)));
  EXPECT_EQ(4u + 3 * kNumCacheEntryRoles, map.size());
}

TEST_F(BlockCacheEntryStatsTest, TextNamesWhatIsThere) {
  OpenWithCache();
  PutTable({{"a", "1"}});
  EXPECT_EQ("1", Get("a"));
  const std::string text = Property(DB::Properties::kBlockCacheEntryStats);
  EXPECT_EQ(0u, text.find("Block cache LRUCache@0x")) << text;
  EXPECT_NE(std::string::npos, text.find(" capacity: 8.00 MB usage: ")) << text;
  EXPECT_NE(std::string::npos, text.find(" collections: 1 last_copies: 0 last_secs: ")) << text;
  EXPECT_NE(std::string::npos, text.find("\nBlock cache entry stats(count,size,portion): DataBlock(1,")) << text;
  EXPECT_NE(std::string::npos, text.find(" IndexBlock(1,")) << text;
  EXPECT_EQ(std::string::npos, text.find("BlobValue")) << text;
  EXPECT_EQ('\n', text.back());
}

TEST_F(BlockCacheEntryStatsTest, TheFastFormIsContentWithAnOldCount) {
  OpenWithCache();
  PutTable({{"a", "1"}});
  EXPECT_EQ("0", Count(Map(), CacheEntryRole::kDataBlock));
  EXPECT_EQ("1", Get("a"));
  env_.seconds_ahead = 100;
  const auto fast = Map(DB::Properties::kFastBlockCacheEntryStats);
  EXPECT_EQ("0", Count(fast, CacheEntryRole::kDataBlock));
  EXPECT_EQ("1", Count(Map(), CacheEntryRole::kDataBlock));
  EXPECT_NE(std::string::npos, Property(DB::Properties::kBlockCacheEntryStats).find(" collections: 2 "));
  cache_->EraseUnRefEntries();
  env_.seconds_ahead = 100'000;
  EXPECT_EQ("0", Count(Map(DB::Properties::kFastBlockCacheEntryStats), CacheEntryRole::kDataBlock));
}

TEST_F(BlockCacheEntryStatsTest, StatisticsShowTheLastCount) {
  OpenWithCache();
  EXPECT_EQ(std::string::npos, Property(DB::Properties::kCFStats).find("Block cache entry stats"));
  Map();
  EXPECT_NE(std::string::npos, Property(DB::Properties::kCFStats).find("Block cache entry stats"));
}

TEST_F(BlockCacheEntryStatsTest, BlobsInTheBlockCacheHaveTheirRole) {
  options_.enable_blob_files = true;
  options_.blob_cache = cache_;
  OpenWithCache();
  PutTable({{"a", RandomBytes(1000, 1)}});
  EXPECT_EQ(1000u, Get("a").size());
  EXPECT_EQ("1", Count(Map(), CacheEntryRole::kBlobValue));
}

TEST_F(BlockCacheEntryStatsTest, ABlobCacheMayBeChargedToTheBlockCache) {
  options_.enable_blob_files = true;
  options_.blob_cache = NewLRUCache(2 << 20);
  CacheEntryRoleOptions charged;
  charged.charged = CacheEntryRoleOptions::Decision::kEnabled;
  TableOptions().cache_usage_options.options_overrides[CacheEntryRole::kBlobCache] = charged;
  OpenWithCache();
  for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), RandomBytes(10'000, static_cast<uint32_t>(i))));
  Flush();
  const size_t before = cache_->GetUsage();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(10'000u, Get(Key(i)).size());
  EXPECT_GE(cache_->GetUsage(), before + 900'000);
  EXPECT_NE("0", Count(Map(), CacheEntryRole::kBlobCache));
  EXPECT_EQ("0", Count(Map(), CacheEntryRole::kBlobValue));
  Close();
  EXPECT_LT(cache_->GetUsage(), before + 300'000);
}

TEST_F(BlockCacheEntryStatsTest, NeedsABlockCache) {
  TableOptions().no_block_cache = true;
  UseTableOptions();
  Open();
  std::string text;
  std::map<std::string, std::string> map;
  EXPECT_FALSE(db()->GetProperty(DB::Properties::kBlockCacheEntryStats, &text));
  EXPECT_FALSE(db()->GetMapProperty(DB::Properties::kFastBlockCacheEntryStats, &map));
}

TEST_F(PropertiesTest, MinLogNumberToKeep) {
  Open();
  PutTable({{"a", "1"}});
  const std::vector<std::string> logs = FilesEndingIn(".log");
  ASSERT_FALSE(logs.empty());
  EXPECT_EQ(std::stoull(logs.back()), IntProperty(DB::Properties::kMinLogNumberToKeep));
  EXPECT_EQ(UINT64_MAX, IntProperty(DB::Properties::kMinObsoleteSstNumberToKeep));
}

TEST_F(PropertiesTest, CompactionStatsPerLevelIsAStringToo) {
  Open();
  const std::string text = Property(DB::Properties::kCFStatsNoFileHistogram);
  EXPECT_NE(std::string::npos, text.find("** Compaction Stats [default] **"));
  EXPECT_EQ(std::string::npos, text.find("** File Read Latency Histogram"));
  EXPECT_NE(std::string::npos,
            Property(DB::Properties::kCFFileHistogram).find("** File Read Latency Histogram By Level [default] **\n"));
}

TEST_F(PropertiesTest, LiveVersionsAreThoseThatSomebodyReads) {
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ(1u, IntProperty(DB::Properties::kNumLiveVersions));
  const auto iterator = NewIterator();
  PutTable({{"b", "1"}});
  EXPECT_EQ(2u, IntProperty(DB::Properties::kNumLiveVersions));
}

}  // namespace gneiss::conformance
