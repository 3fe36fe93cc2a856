// Tickers and histograms of what happens inside: merges, hidden entries, dropped data, checks.

#include <rocksdb/file_checksum.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table_properties.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Joins operands with commas; "fail" cannot be joined.
class Joiner : public MergeOperator {
 public:
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    out->new_value = in.existing_value == nullptr ? "" : in.existing_value->ToString();
    for (const Slice& operand : in.operand_list) {
      if (operand == "fail") return false;
      out->new_value += "," + operand.ToString();
    }
    return true;
  }
  const char* Name() const override { return "Joiner"; }
};

// Marks tables of level 0 for compaction.
class Marker : public TablePropertiesCollector {
 public:
  explicit Marker(bool marks) : marks_(marks) {}
  Status AddUserKey(const Slice&, const Slice&, EntryType, SequenceNumber, uint64_t) override { return Status::OK(); }
  Status Finish(UserCollectedProperties*) override { return Status::OK(); }
  UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return "Marker"; }
  bool NeedCompact() const override { return marks_; }

 private:
  const bool marks_;
};

class MarkerFactory : public TablePropertiesCollectorFactory {
 public:
  TablePropertiesCollector* CreateTablePropertiesCollector(Context context) override {
    return new Marker(context.level_at_creation == 0);
  }
  const char* Name() const override { return "MarkerFactory"; }
};

}  // namespace

class TickersTest : public DbTest {
 protected:
  TickersTest() {
    options_.statistics = CreateDBStatistics();
    options_.disable_auto_compactions = true;
    options_.compression = kNoCompression;
  }
  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }
  HistogramData Data(Histograms histogram) const {
    HistogramData data;
    options_.statistics->histogramData(histogram, &data);
    return data;
  }
};

TEST_F(TickersTest, MergesTheirOperandsAndTheirFailures) {
  options_.merge_operator = std::make_shared<Joiner>();
  Open();
  for (int i = 0; i < 3; ++i) ASSERT_OK(Merge("a", std::to_string(i)));
  EXPECT_EQ(",0,1,2", Get("a"));
  HistogramData operands = Data(READ_NUM_MERGE_OPERANDS);
  EXPECT_EQ(1u, operands.count);
  EXPECT_EQ(3.0, operands.max);
  EXPECT_LT(0u, Ticks(MERGE_OPERATION_TOTAL_TIME));
  EXPECT_EQ(0u, Ticks(NUMBER_MERGE_FAILURES));
  EXPECT_EQ("a=,0,1,2", Scan());
  EXPECT_EQ(2u, Data(READ_NUM_MERGE_OPERANDS).count);
  ASSERT_OK(Merge("b", "fail"));
  std::string value;
  EXPECT_TRUE(db()->Get(read_options_, "b", &value).IsCorruption());
  EXPECT_EQ(1u, Ticks(NUMBER_MERGE_FAILURES));
}

TEST_F(TickersTest, HiddenEntriesAndReseeks) {
  options_.max_sequential_skip_in_iterations = 4;
  Open();
  ASSERT_OK(Put("a", "1"));
  for (int i = 0; i < 20; ++i) ASSERT_OK(Put("b", std::to_string(i)));
  ASSERT_OK(Put("c", "1"));
  EXPECT_EQ("a=1 b=19 c=1", Scan());
  EXPECT_EQ(1u, Ticks(NUMBER_OF_RESEEKS_IN_ITERATION));
  EXPECT_LT(0u, Ticks(NUMBER_ITER_SKIP));
  EXPECT_GT(20u, Ticks(NUMBER_ITER_SKIP));
}

TEST_F(TickersTest, AnIteratorWithoutHiddenEntriesSkipsNone) {
  Open();
  PutKeys(1, 20);
  EXPECT_NE("", Scan());
  EXPECT_EQ(0u, Ticks(NUMBER_OF_RESEEKS_IN_ITERATION));
  EXPECT_EQ(0u, Ticks(NUMBER_ITER_SKIP));
}

TEST_F(TickersTest, WhatACompactionDropsUnderARangeTombstone) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  ASSERT_OK(DeleteRange("a", "c"));
  Flush();
  Compact(Forced());
  EXPECT_EQ("c=1", Scan());
  EXPECT_EQ(2u, Ticks(COMPACTION_KEY_DROP_RANGE_DEL));
  EXPECT_EQ(2u, Ticks(COMPACTION_KEY_DROP_NEWER_ENTRY));
}

TEST_F(TickersTest, GarbageOfMemtables) {
  Open();
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put("a", "0123456789"));
  ASSERT_OK(Put("b", "0123456789"));
  Flush();
  EXPECT_EQ(11u * (1 + 8 + 10), Ticks(MEMTABLE_PAYLOAD_BYTES_AT_FLUSH));
  EXPECT_EQ(9u * (1 + 8 + 10), Ticks(MEMTABLE_GARBAGE_BYTES_AT_FLUSH));
}

TEST_F(TickersTest, ChecksumsOfBlocks) {
  Open();
  PutTable({{"a", RandomBytes(3000, 1)}});
  EXPECT_EQ(3000u, Get("a").size());
  const uint64_t read = Ticks(BLOCK_CHECKSUM_COMPUTE_COUNT);
  EXPECT_LT(0u, read);
  EXPECT_EQ(0u, Ticks(VERIFY_CHECKSUM_READ_BYTES));
  ASSERT_OK(db()->VerifyChecksum());
  EXPECT_LT(read, Ticks(BLOCK_CHECKSUM_COMPUTE_COUNT));
  EXPECT_LE(3000u, Ticks(VERIFY_CHECKSUM_READ_BYTES));
}

TEST_F(TickersTest, ChecksumsOfFiles) {
  options_.file_checksum_gen_factory = GetFileChecksumGenCrc32cFactory();
  Open();
  PutTable({{"a", RandomBytes(3000, 1)}});
  ASSERT_OK(db()->VerifyFileChecksums(read_options_));
  EXPECT_LE(3000u, Ticks(VERIFY_CHECKSUM_READ_BYTES));
}

TEST_F(TickersTest, TimesOfCompactions) {
  Open();
  PutTable({{"a", RandomBytes(3000, 1)}, {"c", "1"}});
  PutTable({{"a", RandomBytes(3000, 2)}, {"b", "2"}});
  EXPECT_EQ(0u, Data(COMPACTION_OUTFILE_SYNC_MICROS).count);
  Compact();
  EXPECT_EQ(1u, Data(COMPACTION_OUTFILE_SYNC_MICROS).count);
  EXPECT_LT(0u, Data(READ_BLOCK_COMPACTION_MICROS).count);
}

TEST_F(TickersTest, BytesOfMarkedTables) {
  options_.table_properties_collector_factories.push_back(std::make_shared<MarkerFactory>());
  Open();
  PutTable({{"a", "1"}});
  Compact();  // the last level's tables are not asked
  PutTable({{"a", "2"}});
  EXPECT_EQ(0u, Ticks(COMPACT_READ_BYTES_MARKED));
  ASSERT_OK(db()->SetOptions({{"disable_auto_compactions", "false"}}));
  EXPECT_TRUE(Eventually([&] { return Ticks(COMPACT_WRITE_BYTES_MARKED) > 0; }));
  EXPECT_LT(0u, Ticks(COMPACT_READ_BYTES_MARKED));
  EXPECT_LE(Ticks(COMPACT_READ_BYTES_MARKED), Ticks(COMPACT_READ_BYTES));
  EXPECT_EQ(0u, Ticks(COMPACT_READ_BYTES_PERIODIC));
  EXPECT_EQ(0u, Ticks(COMPACT_READ_BYTES_TTL));
}

TEST_F(TickersTest, CompressionDictionaries) {
  TableOptions().block_cache = NewLRUCache(8 << 20);
  TableOptions().cache_index_and_filter_blocks = true;
  UseTableOptions();
  options_.compression = kZSTD;
  options_.compression_opts.max_dict_bytes = 1000;
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), "some text that returns " + std::to_string(i)));
  Flush();
  Reopen();
  for (int i = 0; i < 100; ++i) EXPECT_EQ("some text that returns " + std::to_string(i), Get(Key(i)));
  EXPECT_EQ(1u, Ticks(BLOCK_CACHE_COMPRESSION_DICT_ADD));
  EXPECT_LE(1u, Ticks(BLOCK_CACHE_COMPRESSION_DICT_MISS));
  EXPECT_LT(0u, Ticks(BLOCK_CACHE_COMPRESSION_DICT_BYTES_INSERT));
}

}  // namespace gneiss::conformance
