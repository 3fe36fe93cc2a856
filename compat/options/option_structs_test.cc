#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/leveldb_options.h>

#include <cstdarg>

#include "compat/options/block_based_table.h"
#include "compat/options/test_data.h"

namespace gneiss::compat {
namespace {

using rocksdb::ColumnFamilyOptions;
using rocksdb::DBOptions;
using rocksdb::Options;
using rocksdb::ReadOptions;

// Made before main(), as programs with options among their globals do.
const Options* const kGlobalOptions = new Options();
const ColumnFamilyOptions kGlobalCfOptions;

TEST(OptionStructs, WorkBeforeMain) {
  EXPECT_EQ(kGlobalOptions->env, rocksdb::Env::Default());
  EXPECT_STREQ(kGlobalCfOptions.table_factory->Name(), "BlockBasedTable");
  EXPECT_STREQ(kGlobalCfOptions.memtable_factory->Name(), "SkipListFactory");
  EXPECT_EQ(kGlobalCfOptions.comparator, rocksdb::BytewiseComparator());
}

TEST(OptionStructs, DefaultsThatDependOnTheBuild) {
  EXPECT_EQ(DBOptions().info_log_level, rocksdb::DEBUG_LEVEL);
  EXPECT_EQ(ColumnFamilyOptions().compression, rocksdb::kSnappyCompression);
  EXPECT_EQ(DBOptions().db_host_id, "__hostname__");
}

TEST(OptionStructs, ReadOptionsDefaults) {
  const ReadOptions options;
  EXPECT_TRUE(options.verify_checksums);
  EXPECT_TRUE(options.fill_cache);
  EXPECT_EQ(options.value_size_soft_limit, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(options.rate_limiter_priority, rocksdb::Env::IO_TOTAL);
  EXPECT_TRUE(options.optimize_multiget_for_io);
  EXPECT_FALSE(options.async_io);
  const ReadOptions other(false, false);
  EXPECT_FALSE(other.verify_checksums);
  EXPECT_FALSE(other.fill_cache);
}

TEST(OptionStructs, SplitAndJoin) {
  Options options;
  options.max_open_files = 17;
  options.num_levels = 3;
  EXPECT_EQ(DBOptions(options).max_open_files, 17);
  EXPECT_EQ(ColumnFamilyOptions(options).num_levels, 3);
  const Options joined{DBOptions(options), ColumnFamilyOptions(options)};
  EXPECT_EQ(joined.max_open_files, 17);
  EXPECT_EQ(joined.num_levels, 3);
  options.num_levels = 9;
  EXPECT_EQ(rocksdb::AdvancedColumnFamilyOptions(options).max_bytes_for_level_multiplier_additional.size(), 9u);
}

TEST(OptionStructs, OldDefaults) {
  Options options;
  options.OldDefaults(4, 6);
  EXPECT_EQ(options.write_buffer_size, 4u << 20);
  EXPECT_EQ(options.level0_stop_writes_trigger, 24);
  EXPECT_EQ(options.delayed_write_rate, 2u << 20);
  EXPECT_EQ(options.compaction_pri, rocksdb::kByCompensatedSize);
  EXPECT_EQ(options.max_open_files, 5000);
  Options newer;
  newer.OldDefaults(5, 6);
  EXPECT_EQ(newer.write_buffer_size, 64u << 20);
  EXPECT_EQ(newer.delayed_write_rate, 0u);
  EXPECT_EQ(newer.level0_stop_writes_trigger, 36);
}

TEST(OptionStructs, Presets) {
  Options small;
  small.OptimizeForSmallDb();
  EXPECT_EQ(small.write_buffer_size, 2u << 20);
  EXPECT_TRUE(small.write_buffer_manager->cost_to_cache());
  const auto* table = BlockBasedOptionsOf(small.table_factory.get());
  EXPECT_EQ(table->index_type, rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch);
  EXPECT_EQ(table->block_cache->GetCapacity(), 16u << 20);

  Options bulk;
  bulk.PrepareForBulkLoad();
  EXPECT_TRUE(bulk.disable_auto_compactions);
  EXPECT_EQ(bulk.num_levels, 2);

  Options levels;
  levels.OptimizeLevelStyleCompaction(64 << 20);
  EXPECT_EQ(levels.write_buffer_size, 16u << 20);
  EXPECT_EQ(levels.compression_per_level[0], rocksdb::kNoCompression);
  EXPECT_EQ(levels.compression_per_level[2], rocksdb::kLZ4Compression);

  Options points;
  points.OptimizeForPointLookup(4);
  EXPECT_EQ(BlockBasedOptionsOf(points.table_factory.get())->block_cache->GetCapacity(), 4u << 20);
  EXPECT_TRUE(points.memtable_whole_key_filtering);
}

TEST(OptionStructs, LevelDbOptions) {
  rocksdb::LevelDBOptions leveldb;
  leveldb.block_size = 1234;
  leveldb.create_if_missing = true;
  const Options options = rocksdb::ConvertOptions(leveldb);
  EXPECT_TRUE(options.create_if_missing);
  EXPECT_EQ(options.write_buffer_size, 4u << 20);
  EXPECT_EQ(BlockBasedOptionsOf(options.table_factory.get())->block_size, 1234u);
}

class LineLogger : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[8192];
    vsnprintf(line, sizeof(line), format, arguments);
    text_ += line;
    text_ += '\n';
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string WithoutPointers(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "0x") != 0) {
      result += text[i++];
      continue;
    }
    result += "POINTER";
    i = text.find_first_not_of("0123456789abcdef", i + 2);
  }
  return result;
}

TEST(OptionStructs, DumpHasRocksDbLines) {
  LineLogger logger;
  Options().Dump(&logger);
  EXPECT_EQ(WithoutPointers(logger.text()), ReadTestData("dump_default.txt"));
}

TEST(BlockBasedTable, FactoryCorrectsImpossibleValues) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size_deviation = 101;
  table.block_restart_interval = 0;
  table.index_block_restart_interval = -1;
  table.partition_filters = true;
  const BlockBasedTableFactory factory(table);
  EXPECT_EQ(factory.options().block_size_deviation, 0);
  EXPECT_EQ(factory.options().block_restart_interval, 1);
  EXPECT_EQ(factory.options().index_block_restart_interval, 1);
  EXPECT_FALSE(factory.options().partition_filters);
  EXPECT_EQ(factory.options().block_cache->GetCapacity(), 8u << 20);
  EXPECT_NE(factory.options().flush_block_policy_factory, nullptr);
  table.no_block_cache = true;
  EXPECT_EQ(BlockBasedTableFactory(table).options().block_cache, nullptr);
}

TEST(BlockBasedTable, OptionsByName) {
  std::unique_ptr<rocksdb::TableFactory> factory(rocksdb::NewBlockBasedTableFactory());
  EXPECT_EQ(factory->GetOptions<rocksdb::BlockBasedTableOptions>(), BlockBasedOptionsOf(factory.get()));
  EXPECT_EQ(factory->GetOptions<rocksdb::Cache>(rocksdb::TableFactory::kBlockCacheOpts()),
            BlockBasedOptionsOf(factory.get())->block_cache.get());
  EXPECT_EQ(factory->GetOptions<rocksdb::Cache>("nothing"), nullptr);
  std::unique_ptr<rocksdb::TableFactory> plain(rocksdb::NewPlainTableFactory());
  EXPECT_EQ(BlockBasedOptionsOf(plain.get()), nullptr);
}

}  // namespace
}  // namespace gneiss::compat
