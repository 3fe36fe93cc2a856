// Each field of BlockBasedTableOptions and the compression options: whatever the format, the data reads the same.

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/flush_block_policy.h>
#include <rocksdb/statistics.h>

#include <atomic>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

struct Shape {
  const char* name;
  void (*change)(BlockBasedTableOptions*);
};

const Shape kShapes[] = {
    {"Defaults", [](BlockBasedTableOptions*) {}},
    {"SmallBlocks", [](BlockBasedTableOptions* o) { o->block_size = 100; }},
    {"LargeBlocks", [](BlockBasedTableOptions* o) { o->block_size = 1 << 20; }},
    {"BlockSizeDeviation", [](BlockBasedTableOptions* o) { o->block_size_deviation = 50; }},
    {"RestartInterval1", [](BlockBasedTableOptions* o) { o->block_restart_interval = 1; }},
    {"RestartInterval64", [](BlockBasedTableOptions* o) { o->block_restart_interval = 64; }},
    {"IndexRestartInterval8", [](BlockBasedTableOptions* o) { o->index_block_restart_interval = 8; }},
    {"NoDeltaEncoding", [](BlockBasedTableOptions* o) { o->use_delta_encoding = false; }},
    {"FormatVersion2", [](BlockBasedTableOptions* o) { o->format_version = 2; }},
    {"FormatVersion3", [](BlockBasedTableOptions* o) { o->format_version = 3; }},
    {"FormatVersion4", [](BlockBasedTableOptions* o) { o->format_version = 4; }},
    {"FormatVersion5", [](BlockBasedTableOptions* o) { o->format_version = 5; }},
    {"ChecksumNone", [](BlockBasedTableOptions* o) { o->checksum = kNoChecksum; }},
    {"ChecksumCrc32c", [](BlockBasedTableOptions* o) { o->checksum = kCRC32c; }},
    {"ChecksumXxHash", [](BlockBasedTableOptions* o) { o->checksum = kxxHash; }},
    {"ChecksumXxHash64", [](BlockBasedTableOptions* o) { o->checksum = kxxHash64; }},
    {"ChecksumXxh3", [](BlockBasedTableOptions* o) { o->checksum = kXXH3; }},
    {"TwoLevelIndex",
     [](BlockBasedTableOptions* o) {
       o->index_type = BlockBasedTableOptions::kTwoLevelIndexSearch;
       o->metadata_block_size = 200;
       o->block_size = 200;
     }},
    {"IndexWithFirstKey",
     [](BlockBasedTableOptions* o) { o->index_type = BlockBasedTableOptions::kBinarySearchWithFirstKey; }},
    {"DataBlockHash",
     [](BlockBasedTableOptions* o) {
       o->data_block_index_type = BlockBasedTableOptions::kDataBlockBinaryAndHash;
       o->data_block_hash_table_util_ratio = 0.6;
     }},
    {"Bloom", [](BlockBasedTableOptions* o) { o->filter_policy.reset(NewBloomFilterPolicy(10)); }},
    {"Ribbon", [](BlockBasedTableOptions* o) { o->filter_policy.reset(NewRibbonFilterPolicy(10)); }},
    {"PartitionedFilters",
     [](BlockBasedTableOptions* o) {
       o->filter_policy.reset(NewBloomFilterPolicy(10));
       o->index_type = BlockBasedTableOptions::kTwoLevelIndexSearch;
       o->partition_filters = true;
       o->metadata_block_size = 200;
       o->pin_top_level_index_and_filter = false;
     }},
    {"OptimizeFiltersForMemory",
     [](BlockBasedTableOptions* o) {
       o->filter_policy.reset(NewBloomFilterPolicy(9.9));
       o->optimize_filters_for_memory = true;
     }},
    {"CacheIndexAndFilter",
     [](BlockBasedTableOptions* o) {
       o->filter_policy.reset(NewBloomFilterPolicy(10));
       o->cache_index_and_filter_blocks = true;
       o->cache_index_and_filter_blocks_with_high_priority = false;
       o->pin_l0_filter_and_index_blocks_in_cache = true;
     }},
    {"MetadataCacheOptions",
     [](BlockBasedTableOptions* o) {
       o->cache_index_and_filter_blocks = true;
       o->metadata_cache_options.unpartitioned_pinning = PinningTier::kAll;
       o->metadata_cache_options.partition_pinning = PinningTier::kFlushedAndSimilar;
       o->metadata_cache_options.top_level_index_pinning = PinningTier::kNone;
     }},
    {"NoBlockCache", [](BlockBasedTableOptions* o) { o->no_block_cache = true; }},
    {"TinyBlockCache", [](BlockBasedTableOptions* o) { o->block_cache = NewLRUCache(1); }},
    {"BlockAlign", [](BlockBasedTableOptions* o) { o->block_align = true; }},
    {"IndexCompressionOff", [](BlockBasedTableOptions* o) { o->enable_index_compression = false; }},
    {"NoIndexShortening",
     [](BlockBasedTableOptions* o) {
       o->index_shortening = BlockBasedTableOptions::IndexShorteningMode::kNoShortening;
     }},
    {"IndexShorteningAndSuccessor",
     [](BlockBasedTableOptions* o) {
       o->index_shortening = BlockBasedTableOptions::IndexShorteningMode::kShortenSeparatorsAndSuccessor;
     }},
    {"VerifyCompression", [](BlockBasedTableOptions* o) { o->verify_compression = true; }},
    {"ReadAmpBitmap", [](BlockBasedTableOptions* o) { o->read_amp_bytes_per_bit = 16; }},
    {"AutoReadahead",
     [](BlockBasedTableOptions* o) {
       o->initial_auto_readahead_size = 4096;
       o->max_auto_readahead_size = 8192;
       o->num_file_reads_for_auto_readahead = 0;
     }},
    {"NoAutoReadahead",
     [](BlockBasedTableOptions* o) {
       o->initial_auto_readahead_size = 0;
       o->max_auto_readahead_size = 0;
     }},
    {"PrepopulateBlockCache",
     [](BlockBasedTableOptions* o) {
       o->prepopulate_block_cache = BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
     }},
    {"WholeKeyFilteringOff",
     [](BlockBasedTableOptions* o) {
       o->filter_policy.reset(NewBloomFilterPolicy(10));
       o->whole_key_filtering = false;
     }},
    {"DetectFilterConstructCorruption",
     [](BlockBasedTableOptions* o) {
       o->filter_policy.reset(NewBloomFilterPolicy(10));
       o->detect_filter_construct_corruption = true;
     }},
};

const std::pair<const char*, CompressionType> kCompressions[] = {
    {"None", kNoCompression},
    {"Snappy", kSnappyCompression},
    {"Zlib", kZlibCompression},
    {"BZip2", kBZip2Compression},
    {"Lz4", kLZ4Compression},
    {"Lz4hc", kLZ4HCCompression},
    {"Zstd", kZSTD},
};

}  // namespace

class TableShapeTest : public DbTest {
 protected:
  // Writes 300 keys into two tables and one below, and reads them in every way.
  void WriteAndRead() {
    Open();
    for (int i = 0; i < 300; i += 3) ASSERT_OK(Put(Key(i), Value(i)));
    Flush();
    Compact();
    for (int i = 1; i < 300; i += 3) ASSERT_OK(Put(Key(i), Value(i)));
    Flush();
    for (int i = 2; i < 300; i += 3) ASSERT_OK(Put(Key(i), Value(i)));
    ASSERT_OK(Delete(Key(150)));
    Flush();
    ReadAll();
    Reopen();
    ReadAll();
    EXPECT_OK(db()->VerifyChecksum());
  }
  void ReadAll() {
    for (int i = 0; i < 300; ++i) EXPECT_EQ(i == 150 ? "(none)" : Value(i), Get(Key(i)));
    EXPECT_EQ("(none)", Get("key"));
    EXPECT_EQ("(none)", Get("key2995"));
    const auto iterator = NewIterator();
    int count = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++count;
    EXPECT_OK(iterator->status());
    EXPECT_EQ(299, count);
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) --count;
    EXPECT_EQ(0, count);
    iterator->Seek(Key(150));
    EXPECT_EQ(Key(151) + "=" + Value(151), At(*iterator));
  }
  static std::string Value(int i) { return std::string(static_cast<size_t>(i % 50), 'v') + std::to_string(i); }
};

class TableOptionTest : public TableShapeTest, public testing::WithParamInterface<Shape> {};

TEST_P(TableOptionTest, ReadsWhatItWrote) {
  GetParam().change(&TableOptions());
  if (TableOptions().block_align) options_.compression = kNoCompression;
  UseTableOptions();
  WriteAndRead();
}

INSTANTIATE_TEST_SUITE_P(Each, TableOptionTest, testing::ValuesIn(kShapes),
                         [](const auto& test) { return std::string(test.param.name); });

class CompressionTest : public TableShapeTest,
                        public testing::WithParamInterface<std::pair<const char*, CompressionType>> {};

TEST_P(CompressionTest, ReadsWhatItWrote) {
  options_.compression = GetParam().second;
  WriteAndRead();
}

TEST_P(CompressionTest, WorksWithADictionary) {
  options_.compression = GetParam().second;
  options_.compression_opts.max_dict_bytes = 4096;
  options_.compression_opts.zstd_max_train_bytes = 16384;
  TableOptions().block_size = 512;
  UseTableOptions();
  WriteAndRead();
}

INSTANTIATE_TEST_SUITE_P(Each, CompressionTest, testing::ValuesIn(kCompressions),
                         [](const auto& test) { return std::string(test.param.first); });

class TableOptionsTest : public TableShapeTest {};

TEST_F(TableOptionsTest, CompressionMakesTablesSmaller) {
  options_.compression = kSnappyCompression;
  Open();
  PutTable({{"a", std::string(100'000, 'x')}});
  EXPECT_LT(IntProperty(DB::Properties::kTotalSstFilesSize), 20'000u);
  Close();
  options_.compression = kNoCompression;
  Open();
  PutTable({{"b", std::string(100'000, 'x')}});
  EXPECT_GT(IntProperty(DB::Properties::kTotalSstFilesSize), 100'000u);
}

TEST_F(TableOptionsTest, CompressionPerLevel) {
  options_.compression_per_level = {kNoCompression, kSnappyCompression, kZSTD};
  options_.num_levels = 3;
  Open();
  PutTable({{"a", std::string(10'000, 'x')}, {"b", "1"}});
  PutTable({{"a", std::string(10'000, 'y')}, {"b", "1"}});
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  for (const auto& [name, table] : tables) EXPECT_EQ("NoCompression", table->compression_name);
  Compact();
  tables.clear();
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ("Snappy", tables.begin()->second->compression_name);
}

TEST_F(TableOptionsTest, BottommostCompression) {
  options_.compression = kNoCompression;
  options_.bottommost_compression = kZSTD;
  Open();
  PutTable({{"a", std::string(10'000, 'x')}, {"b", "1"}});
  PutTable({{"a", std::string(10'000, 'y')}, {"b", "1"}});
  Compact();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ("ZSTD", tables.begin()->second->compression_name);
}

TEST_F(TableOptionsTest, FiltersAvoidReads) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(20));
  UseTableOptions();
  options_.statistics = CreateDBStatistics();
  Open();
  PutKeys(0, 99);
  Flush();
  for (int i = 0; i < 100; ++i) Get("absent" + Key(i));
  for (int i = 0; i < 100; ++i) Get(Key(i) + "x");
  EXPECT_GE(options_.statistics->getTickerCount(BLOOM_FILTER_USEFUL), 90u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ("v", Get(Key(i)));
  EXPECT_GE(options_.statistics->getTickerCount(BLOOM_FILTER_FULL_TRUE_POSITIVE), 100u);
}

TEST_F(TableOptionsTest, OptimizeFiltersForHitsLeavesTheLastLevelOut) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  UseTableOptions();
  options_.optimize_filters_for_hits = true;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  Compact(Forced());
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ(0u, tables.begin()->second->filter_size);
  EXPECT_EQ("2", Get("a"));
}

TEST_F(TableOptionsTest, CachedIndexAndFilterBlocksAreInTheCache) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  TableOptions().cache_index_and_filter_blocks = true;
  TableOptions().block_cache = NewLRUCache(8 << 20);
  UseTableOptions();
  options_.statistics = CreateDBStatistics();
  Open();
  PutKeys(0, 99);
  Flush();
  EXPECT_EQ("v", Get(Key(5)));
  EXPECT_GE(options_.statistics->getTickerCount(BLOCK_CACHE_INDEX_ADD), 1u);
  EXPECT_GE(options_.statistics->getTickerCount(BLOCK_CACHE_FILTER_ADD), 1u);
  EXPECT_EQ(1u, options_.statistics->getTickerCount(BLOCK_CACHE_DATA_ADD));
}

TEST_F(TableOptionsTest, UnknownFormatVersionsAreRefused) {
  TableOptions().format_version = 6;
  UseTableOptions();
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
}

TEST_F(TableOptionsTest, BlockAlignExcludesCompression) {
  TableOptions().block_align = true;
  UseTableOptions();
  options_.compression = kSnappyCompression;
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

TEST_F(TableOptionsTest, CachingIndexBlocksNeedsACache) {
  TableOptions().cache_index_and_filter_blocks = true;
  TableOptions().no_block_cache = true;
  UseTableOptions();
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

TEST_F(TableOptionsTest, AHashIndexNeedsAPrefixExtractor) {
  TableOptions().index_type = BlockBasedTableOptions::kHashSearch;
  UseTableOptions();
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

TEST_F(TableOptionsTest, TablesOfEveryShapeLieSideBySide) {
  options_.disable_auto_compactions = true;
  for (const Shape& shape : kShapes) {
    BlockBasedTableOptions table;
    shape.change(&table);
    options_.compression = table.block_align ? kNoCompression : kSnappyCompression;
    options_.table_factory.reset(NewBlockBasedTableFactory(table));
    Open();
    PutTable({{shape.name, "1"}});
    Close();
  }
  options_.table_factory.reset(NewBlockBasedTableFactory());
  Open();
  for (const Shape& shape : kShapes) EXPECT_EQ("1", Get(shape.name));
  Compact();
  for (const Shape& shape : kShapes) EXPECT_EQ("1", Get(shape.name));
}

// ---------------------------------------------------------------- flush_block_policy_factory

namespace {

// Ends blocks before every third key, or where the stock policy does.
class CountingPolicyFactory : public FlushBlockPolicyFactory {
 public:
  explicit CountingPolicyFactory(bool uses_stock) : uses_stock_(uses_stock) {}
  static const char* kClassName() { return "CountingPolicyFactory"; }
  const char* Name() const override { return kClassName(); }

  FlushBlockPolicy* NewFlushBlockPolicy(const BlockBasedTableOptions& options,
                                        const BlockBuilder& block) const override {
    ++policies;
    if (uses_stock_) return FlushBlockBySizePolicyFactory().NewFlushBlockPolicy(options, block);
    class Policy : public FlushBlockPolicy {
     public:
      explicit Policy(const CountingPolicyFactory* factory) : factory_(factory) {}
      bool Update(const Slice& key, const Slice& value) override {
        EXPECT_GT(key.size(), 8u);  // an internal key
        factory_->value_bytes += value.size();
        return entries_++ % 3 == 0 && entries_ > 1;
      }

     private:
      const CountingPolicyFactory* const factory_;
      int entries_ = 0;
    };
    return new Policy(this);
  }

  mutable std::atomic<int> policies{0};
  mutable std::atomic<size_t> value_bytes{0};

 private:
  const bool uses_stock_;
};

}  // namespace

class FlushBlockPolicyTest : public DbTest {
 protected:
  FlushBlockPolicyTest() {
    options_.compression = kNoCompression;
    options_.disable_auto_compactions = true;
  }
  void OpenWithPolicy(std::shared_ptr<FlushBlockPolicyFactory> factory) {
    TableOptions().flush_block_policy_factory = std::move(factory);
    UseTableOptions();
    Open();
  }
  uint64_t DataBlocks() {
    TablePropertiesCollection tables;
    EXPECT_OK(db()->GetPropertiesOfAllTables(&tables));
    uint64_t blocks = 0;
    for (const auto& [name, table] : tables) blocks += table->num_data_blocks;
    return blocks;
  }
};

TEST_F(FlushBlockPolicyTest, AUsersOwnDecidesWhereBlocksEnd) {
  const auto factory = std::make_shared<CountingPolicyFactory>(/*uses_stock=*/false);
  OpenWithPolicy(factory);
  PutKeys(0, 29, "0123456789");
  Flush();
  EXPECT_EQ(10u, DataBlocks());
  EXPECT_EQ(300u, factory->value_bytes.load());
  EXPECT_GE(factory->policies.load(), 1);
  for (int i = 0; i < 30; ++i) EXPECT_EQ("0123456789", Get(Key(i)));
  PutKeys(10, 39, "x");
  Flush();
  Compact();
  EXPECT_EQ(14u, DataBlocks());  // 40 keys
  EXPECT_EQ(Key(0) + "=0123456789", Scan().substr(0, 17));
  Reopen();
  EXPECT_EQ("0123456789", Get(Key(5)));
  EXPECT_EQ("x", Get(Key(39)));
}

TEST_F(FlushBlockPolicyTest, TheStockOneMayBeAskedByAUsersOwn) {
  const auto fill = [this] {
    for (int i = 0; i < 500; ++i) ASSERT_OK(Put(Key(i), RandomBytes(static_cast<size_t>(i % 90), 7)));
    Flush();
  };
  OpenWithPolicy(nullptr);
  fill();
  const uint64_t expected = DataBlocks();
  EXPECT_GT(expected, 3u);
  Close();
  ASSERT_OK(DestroyDB(Path(), options_));
  const auto factory = std::make_shared<CountingPolicyFactory>(/*uses_stock=*/true);
  OpenWithPolicy(factory);
  fill();
  EXPECT_EQ(expected, DataBlocks());
  EXPECT_GE(factory->policies.load(), 1);
}

TEST_F(FlushBlockPolicyTest, EveryKeyCanBeAskedForByName) {
  std::shared_ptr<FlushBlockPolicyFactory> factory;
  ASSERT_OK(FlushBlockPolicyFactory::CreateFromString(ConfigOptions(), "FlushBlockEveryKeyPolicyFactory", &factory));
  ASSERT_NE(nullptr, factory);
  OpenWithPolicy(factory);
  PutKeys(0, 19);
  Flush();
  EXPECT_EQ(20u, DataBlocks());
  EXPECT_EQ("v", Get(Key(7)));
}

}  // namespace gneiss::conformance
