// PerfContext and IOStatsContext: what the calling thread's own calls did.

#include <rocksdb/convenience.h>
#include <rocksdb/iostats_context.h>
#include <rocksdb/perf_context.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class PerfContextTest : public DbTest {
 protected:
  PerfContextTest() {
    options_.compression = kNoCompression;
    options_.disable_auto_compactions = true;
    Start(kEnableCount);
  }
  ~PerfContextTest() override {
    SetPerfLevel(kEnableCount);
    get_perf_context()->ClearPerLevelPerfContext();
  }
  void Start(PerfLevel level) {
    SetPerfLevel(level);
    get_perf_context()->Reset();
    get_iostats_context()->Reset();
  }
  const PerfContext& perf() const { return *get_perf_context(); }
  const IOStatsContext& io() const { return *get_iostats_context(); }
  void OpenWithTable() {
    Open();
    PutKeys(0, 99, "value");
    Flush();
    Start(kEnableCount);
  }
};

TEST_F(PerfContextTest, CountsReadAndCachedBlocks) {
  OpenWithTable();
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ(0u, perf().block_cache_hit_count);
  EXPECT_GE(perf().block_read_count, 1u);
  EXPECT_GT(perf().block_read_byte, 100u);
  EXPECT_GT(io().bytes_read, 100u);
  Start(kEnableCount);
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ(1u, perf().block_cache_hit_count);
  EXPECT_EQ(0u, perf().block_read_count);
  EXPECT_EQ(0u, io().bytes_read);
}

TEST_F(PerfContextTest, CountsMemtablesAndBytes) {
  Open();
  ASSERT_OK(Put("a", "12345"));
  Start(kEnableCount);
  EXPECT_EQ("12345", Get("a"));
  EXPECT_EQ(1u, perf().get_from_memtable_count);
  EXPECT_EQ(5u, perf().get_read_bytes);
  EXPECT_EQ("(none)", Get("b"));
  EXPECT_EQ(5u, perf().get_read_bytes);
  const std::vector<Status> statuses = [&] {
    std::vector<std::string> values;
    return db()->MultiGet({}, {"a", "b"}, &values);
  }();
  EXPECT_OK(statuses[0]);
  EXPECT_EQ(5u, perf().multiget_read_bytes);
}

TEST_F(PerfContextTest, CountsFilters) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(20));
  UseTableOptions();
  OpenWithTable();
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ(1u, perf().bloom_sst_hit_count);
  EXPECT_EQ(0u, perf().bloom_sst_miss_count);
  for (int i = 0; i < 20; ++i) EXPECT_EQ("(none)", Get(Key(7) + "x" + std::to_string(i)));
  EXPECT_GE(perf().bloom_sst_miss_count, 15u);
  EXPECT_EQ(21u, perf().bloom_sst_hit_count + perf().bloom_sst_miss_count);
}

TEST_F(PerfContextTest, CountsIndexAndFilterBlocks) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  TableOptions().cache_index_and_filter_blocks = true;
  UseTableOptions();
  OpenWithTable();
  Reopen();
  Start(kEnableCount);
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ("value", Get(Key(8)));
  EXPECT_LE(perf().index_block_read_count, 1u);
  EXPECT_LE(perf().filter_block_read_count, 1u);
  EXPECT_GE(perf().block_cache_index_hit_count, 1u);
  EXPECT_GE(perf().block_cache_filter_hit_count, 1u);
}

TEST_F(PerfContextTest, CountsWhatIteratorsPass) {
  Open();
  PutKeys(0, 9);
  for (int i = 2; i <= 5; ++i) ASSERT_OK(Delete(Key(i)));
  const auto iterator = NewIterator();
  iterator->Seek(Key(1));
  ASSERT_TRUE(iterator->Valid());
  Start(kEnableCount);
  iterator->Next();
  EXPECT_EQ(Key(6), iterator->key().ToString());
  EXPECT_EQ(4u, perf().internal_delete_skipped_count);
  EXPECT_GE(perf().internal_key_skipped_count, 4u);
  EXPECT_EQ(0u, perf().internal_recent_skipped_count);
}

TEST_F(PerfContextTest, CountsEntriesThatAreTooNew) {
  Open();
  PutKeys(0, 3);
  const auto iterator = NewIterator();
  for (int i = 0; i < 3; ++i) ASSERT_OK(Put(Key(1), "newer"));
  Start(kEnableCount);
  iterator->Seek(Key(1));
  EXPECT_EQ("v", iterator->value().ToString());
  iterator->Seek(Key(0));
  iterator->Next();
  EXPECT_GE(perf().internal_recent_skipped_count, 1u);
}

TEST_F(PerfContextTest, CountsSeeks) {
  OpenWithTable();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewIterator();
  Start(kEnableCount);
  iterator->Seek("a");
  EXPECT_EQ(1u, perf().seek_on_memtable_count);
  EXPECT_GE(perf().seek_child_seek_count, 2u);
}

TEST_F(PerfContextTest, CountsBlobs) {
  options_.enable_blob_files = true;
  OpenWithTable();
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ(1u, perf().blob_read_count);
  EXPECT_GE(perf().blob_read_byte, 5u);
}

TEST_F(PerfContextTest, CountsNothingWhenDisabled) {
  OpenWithTable();
  Start(kDisable);
  EXPECT_EQ("value", Get(Key(7)));
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("", perf().ToString(/*exclude_zero_counters=*/true));
}

TEST_F(PerfContextTest, MeasuresTimeOnlyWhenAsked) {
  OpenWithTable();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ(0u, perf().get_from_memtable_time);
  EXPECT_EQ(0u, perf().get_from_output_files_time);
  EXPECT_EQ(0u, perf().block_read_time);
  EXPECT_EQ(0u, perf().write_wal_time);
  EXPECT_EQ(0u, perf().write_memtable_time);
  EXPECT_EQ(0u, io().read_nanos);
  TableOptions().block_cache = NewLRUCache(1 << 20);  // blocks of before may be found by the tables' ids
  UseTableOptions();
  Reopen();
  Start(kEnableTime);
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_GT(perf().get_from_memtable_time, 0u);
  EXPECT_GT(perf().get_from_output_files_time, 0u);
  EXPECT_GT(perf().block_read_time, 0u);
  EXPECT_GT(perf().block_checksum_time, 0u);
  EXPECT_GT(perf().write_wal_time, 0u);
  EXPECT_GT(perf().write_memtable_time, 0u);
  EXPECT_GT(perf().get_cpu_nanos, 0u);
  EXPECT_GT(io().read_nanos, 0u);
  NewIterator()->Seek("a");
  EXPECT_GT(perf().seek_internal_seek_time, 0u);
  EXPECT_GT(perf().iter_seek_cpu_nanos, 0u);
}

TEST_F(PerfContextTest, MeasuresCpuTimeFromItsLevelOn) {
  OpenWithTable();
  Start(kEnableTimeExceptForMutex);
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_GT(perf().get_from_output_files_time, 0u);
  EXPECT_EQ(0u, perf().get_cpu_nanos);
  Start(kEnableTimeAndCPUTimeExceptForMutex);
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_GT(perf().get_cpu_nanos, 0u);
}

TEST_F(PerfContextTest, MeasuresMerges) {
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  ASSERT_OK(Merge("a", "x"));
  ASSERT_OK(Merge("a", "y"));
  Start(kEnableTime);
  EXPECT_NE("(none)", Get("a"));
  EXPECT_GT(perf().merge_operator_time_nanos, 0u);
}

TEST_F(PerfContextTest, MeasuresSyncs) {
  Open();
  Start(kEnableTime);
  write_options_.sync = true;
  ASSERT_OK(Put("a", std::string(1000, 'v')));
  EXPECT_GT(io().fsync_nanos, 0u);
  EXPECT_GE(io().bytes_written, 1000u);
}

TEST_F(PerfContextTest, IoCanBeSwitchedOff) {
  Open();
  Start(kEnableTime);
  get_iostats_context()->disable_iostats = true;
  write_options_.sync = true;
  ASSERT_OK(Put("a", "1"));
  get_iostats_context()->disable_iostats = false;
  EXPECT_EQ(0u, io().bytes_written);
}

TEST_F(PerfContextTest, CountsPerLevel) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(20));
  UseTableOptions();
  OpenWithTable();
  CompactRangeOptions rewrite = Forced();  // a table that is only moved may count where it was
  Compact(rewrite);
  PutTable({{"zzz", "1"}, {"a", "1"}});
  get_perf_context()->EnablePerLevelPerfContext();
  Start(kEnableTime);
  EXPECT_EQ("value", Get(Key(7)));
  EXPECT_EQ("value", Get(Key(7)));
  ASSERT_NE(nullptr, perf().level_to_perf_context);
  const auto& levels = *perf().level_to_perf_context;
  ASSERT_EQ(1u, levels.count(0));
  ASSERT_EQ(1u, levels.count(1));
  EXPECT_EQ(2u, levels.at(0).bloom_filter_useful);
  EXPECT_EQ(0u, levels.at(0).user_key_return_count);
  EXPECT_EQ(2u, levels.at(1).user_key_return_count);
  EXPECT_EQ(2u, levels.at(1).bloom_filter_full_positive);
  EXPECT_EQ(2u, levels.at(1).bloom_filter_full_true_positive);
  EXPECT_GE(levels.at(1).block_cache_hit_count, 1u);
  EXPECT_GE(levels.at(1).block_cache_miss_count, 1u);
  EXPECT_GT(levels.at(1).get_from_table_nanos, 0u);
  get_perf_context()->Reset();
  EXPECT_EQ(0u, levels.at(0).bloom_filter_useful);
}

TEST_F(PerfContextTest, BelongsToTheThread) {
  OpenWithTable();
  EXPECT_EQ("value", Get(Key(7)));
  std::thread([this] {
    EXPECT_EQ(0u, get_perf_context()->get_read_bytes);
    EXPECT_EQ("value", Get(Key(7)));
    EXPECT_EQ(5u, get_perf_context()->get_read_bytes);
  }).join();
  EXPECT_EQ(5u, perf().get_read_bytes);
}

}  // namespace gneiss::conformance
