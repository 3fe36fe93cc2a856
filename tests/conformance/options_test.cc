// SetOptions, SetDBOptions, GetOptions, option strings and maps, OPTIONS files.

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/utilities/options_util.h>

#include <algorithm>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// A mutable option, a value for it, and how the value reads back in the options' text.
struct Change {
  const char* name;
  const char* value;
};

const Change kColumnFamilyChanges[] = {
    {"write_buffer_size", "131072"},
    {"max_write_buffer_number", "7"},
    {"arena_block_size", "65536"},
    {"memtable_prefix_bloom_size_ratio", "0.100000"},
    {"memtable_whole_key_filtering", "true"},
    {"memtable_huge_page_size", "0"},
    {"max_successive_merges", "3"},
    {"inplace_update_num_locks", "5000"},
    {"disable_auto_compactions", "true"},
    {"soft_pending_compaction_bytes_limit", "1000000"},
    {"hard_pending_compaction_bytes_limit", "2000000"},
    {"level0_file_num_compaction_trigger", "5"},
    {"level0_slowdown_writes_trigger", "21"},
    {"level0_stop_writes_trigger", "37"},
    {"max_compaction_bytes", "123456789"},
    {"target_file_size_base", "1048576"},
    {"target_file_size_multiplier", "2"},
    {"max_bytes_for_level_base", "10485760"},
    {"max_bytes_for_level_multiplier", "8.000000"},
    {"ttl", "3600"},
    {"periodic_compaction_seconds", "7200"},
    {"max_sequential_skip_in_iterations", "16"},
    {"paranoid_file_checks", "true"},
    {"report_bg_io_stats", "true"},
    {"compression", "kZlibCompression"},
    {"bottommost_compression", "kZSTD"},
    {"check_flush_compaction_key_order", "false"},
    {"sample_for_compression", "5"},
    {"ignore_max_compaction_bytes_for_input", "false"},
};

const Change kDbChanges[] = {
    {"max_background_jobs", "4"},
    {"max_background_compactions", "3"},
    {"max_subcompactions", "2"},
    {"avoid_flush_during_shutdown", "true"},
    {"writable_file_max_buffer_size", "131072"},
    {"delayed_write_rate", "1234567"},
    {"max_total_wal_size", "1048576"},
    {"delete_obsolete_files_period_micros", "1000000"},
    {"stats_dump_period_sec", "1200"},
    {"stats_persist_period_sec", "1200"},
    {"stats_history_buffer_size", "65536"},
    {"max_open_files", "-1"},
    {"bytes_per_sync", "1048576"},
    {"wal_bytes_per_sync", "524288"},
    {"strict_bytes_per_sync", "true"},
    {"compaction_readahead_size", "65536"},
    {"max_background_flushes", "2"},
};

std::string NameOf(const testing::TestParamInfo<Change>& test) { return test.param.name; }

}  // namespace

class MutableOptionTest : public DbTest, public testing::WithParamInterface<Change> {};

TEST_P(MutableOptionTest, IsChangedWhileOpen) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(db()->SetOptions({{GetParam().name, GetParam().value}}));
  std::string text;
  ASSERT_OK(GetStringFromColumnFamilyOptions(&text, db()->GetOptions(), ";"));
  const std::string expected = std::string(GetParam().name) + "=" + GetParam().value + ";";
  EXPECT_NE(std::string::npos, (";" + text).find(";" + expected)) << expected << "\n" << text;
  ASSERT_OK(Put("b", "2"));
  Flush();
  EXPECT_EQ("a=1 b=2", Scan());
}

INSTANTIATE_TEST_SUITE_P(ColumnFamily, MutableOptionTest, testing::ValuesIn(kColumnFamilyChanges), NameOf);

class MutableDbOptionTest : public DbTest, public testing::WithParamInterface<Change> {};

TEST_P(MutableDbOptionTest, IsChangedWhileOpen) {
  Open();
  ASSERT_OK(db()->SetDBOptions({{GetParam().name, GetParam().value}}));
  std::string text;
  ASSERT_OK(GetStringFromDBOptions(&text, db()->GetDBOptions(), ";"));
  const std::string expected = std::string(GetParam().name) + "=" + GetParam().value + ";";
  EXPECT_NE(std::string::npos, (";" + text).find(";" + expected)) << expected << "\n" << text;
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ("1", Get("a"));
}

INSTANTIATE_TEST_SUITE_P(Db, MutableDbOptionTest, testing::ValuesIn(kDbChanges), NameOf);

class OptionsTest : public DbTest {
 protected:
  ConfigOptions config_;
};

TEST_F(OptionsTest, SetOptionsRefusesWhatCannotChange) {
  Open();
  for (const char* name : {"num_levels", "comparator", "merge_operator", "min_write_buffer_number_to_merge",
                           "compaction_style", "level_compaction_dynamic_level_bytes"}) {
    const Status status = db()->SetOptions({{name, "1"}});
    EXPECT_TRUE(status.IsInvalidArgument()) << name << ": " << status.ToString();
  }
}

TEST_F(OptionsTest, SetOptionsRefusesUnknownNames) {
  Open();
  EXPECT_TRUE(db()->SetOptions({{"no_such_option", "1"}}).IsInvalidArgument());
}

TEST_F(OptionsTest, SetOptionsRefusesBadValues) {
  Open();
  EXPECT_TRUE(db()->SetOptions({{"write_buffer_size", "many"}}).IsInvalidArgument());
  EXPECT_EQ(1u << 20, db()->GetOptions().write_buffer_size);
}

TEST_F(OptionsTest, SetOptionsOfNothingIsInvalid) {
  Open();
  EXPECT_EQ("Invalid argument: empty input", db()->SetOptions({}).ToString());
}

TEST_F(OptionsTest, SetOptionsIsAllOrNothing) {
  Open();
  EXPECT_FALSE(db()->SetOptions({{"write_buffer_size", "98304"}, {"no_such_option", "1"}}).ok());
  EXPECT_EQ(1u << 20, db()->GetOptions().write_buffer_size);
}

TEST_F(OptionsTest, SetOptionsTakesTableOptions) {
  Open();
  ASSERT_OK(db()->SetOptions({{"block_based_table_factory", "{block_size=8192;prepopulate_block_cache=kFlushOnly;}"}}));
  const auto* table = db()->GetOptions().table_factory->GetOptions<BlockBasedTableOptions>();
  ASSERT_NE(nullptr, table);
  EXPECT_EQ(8192u, table->block_size);
  EXPECT_EQ(BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly, table->prepopulate_block_cache);
}

TEST_F(OptionsTest, SetOptionsTakesNestedOptions) {
  Open();
  ASSERT_OK(db()->SetOptions({{"compaction_options_universal", "{size_ratio=7;max_merge_width=9;}"},
                              {"compaction_options_fifo", "{max_table_files_size=12345;}"},
                              {"compression_opts", "{level=3;max_dict_bytes=100;}"}}));
  const Options options = db()->GetOptions();
  EXPECT_EQ(7u, options.compaction_options_universal.size_ratio);
  EXPECT_EQ(9u, options.compaction_options_universal.max_merge_width);
  EXPECT_EQ(12345u, options.compaction_options_fifo.max_table_files_size);
  EXPECT_EQ(3, options.compression_opts.level);
  EXPECT_EQ(100u, options.compression_opts.max_dict_bytes);
}

TEST_F(OptionsTest, SetDbOptionsRefusesWhatCannotChange) {
  Open();
  for (const char* name : {"create_if_missing", "wal_dir", "allow_mmap_reads", "no_such_option"}) {
    const Status status = db()->SetDBOptions({{name, "1"}});
    EXPECT_TRUE(status.IsNotFound()) << name << ": " << status.ToString();
  }
}

TEST_F(OptionsTest, ChangedOptionsAreInTheOptionsFile) {
  Open();
  ASSERT_OK(db()->SetOptions({{"write_buffer_size", "98304"}}));
  ASSERT_OK(db()->SetDBOptions({{"max_subcompactions", "3"}}));
  DBOptions db_options;
  std::vector<ColumnFamilyDescriptor> families;
  ASSERT_OK(LoadLatestOptions(config_, Path(), &db_options, &families));
  EXPECT_EQ(3u, db_options.max_subcompactions);
  ASSERT_EQ(1u, families.size());
  EXPECT_EQ(98304u, families[0].options.write_buffer_size);
}

TEST_F(OptionsTest, LoadLatestOptionsTellsAllFamilies) {
  OpenWith({"one"});
  Close();
  DBOptions db_options;
  std::vector<ColumnFamilyDescriptor> families;
  ASSERT_OK(LoadLatestOptions(config_, Path(), &db_options, &families));
  ASSERT_EQ(2u, families.size());
  EXPECT_EQ("default", families[0].name);
  EXPECT_EQ("one", families[1].name);
  std::vector<ColumnFamilyHandle*> handles;
  DB* reopened = nullptr;
  ASSERT_OK(DB::Open(db_options, Path(), families, &handles, &reopened));
  for (ColumnFamilyHandle* handle : handles) ASSERT_OK(reopened->DestroyColumnFamilyHandle(handle));
  delete reopened;
}

TEST_F(OptionsTest, LoadLatestOptionsWithoutAFileIsNotFound) {
  DBOptions db_options;
  std::vector<ColumnFamilyDescriptor> families;
  EXPECT_FALSE(LoadLatestOptions(config_, Path() + "/nowhere", &db_options, &families).ok());
}

TEST_F(OptionsTest, CheckOptionsCompatibilityComparesWithTheFile) {
  Open();
  const Options opened = db()->GetOptions();
  Close();
  const std::vector<ColumnFamilyDescriptor> same = {{kDefaultColumnFamilyName, opened}};
  EXPECT_OK(CheckOptionsCompatibility(config_, Path(), opened, same));
  ColumnFamilyOptions other = options_;
  other.comparator = ReverseBytewiseComparator();
  EXPECT_TRUE(
      CheckOptionsCompatibility(config_, Path(), opened, {{kDefaultColumnFamilyName, other}}).IsInvalidArgument());
}

TEST_F(OptionsTest, OptionsFilesAreAFewOnly) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_OK(db()->SetOptions({{"write_buffer_size", std::to_string(98304 + i)}}));
  size_t count = 0;
  std::vector<std::string> names;
  ASSERT_OK(Env::Default()->GetChildren(Path(), &names));
  for (const std::string& name : names) count += name.rfind("OPTIONS-", 0) == 0 ? 1 : 0;
  EXPECT_LE(count, 2u);
  EXPECT_GE(count, 1u);
}

TEST_F(OptionsTest, GetOptionsAnswersWhatWasAsked) {
  options_.max_open_files = 1234;
  options_.num_levels = 4;
  Open();
  const Options options = db()->GetOptions();
  EXPECT_EQ(1234, options.max_open_files);
  EXPECT_EQ(4, options.num_levels);
  EXPECT_TRUE(options.create_if_missing);
  EXPECT_EQ(Path(), db()->GetName());
  EXPECT_EQ(Env::Default(), db()->GetEnv());
}

TEST_F(OptionsTest, OptionsAreSanitisedAtOpen) {
  options_.write_buffer_size = 1;
  options_.max_write_buffer_number = 1;
  options_.level0_slowdown_writes_trigger = 1;
  options_.level0_file_num_compaction_trigger = 8;
  Open();
  const Options options = db()->GetOptions();
  EXPECT_EQ(64u << 10, options.write_buffer_size);
  EXPECT_EQ(2, options.max_write_buffer_number);
  EXPECT_GE(options.level0_slowdown_writes_trigger, options.level0_file_num_compaction_trigger);
}

// What the database makes of it is its own affair.
TEST_F(OptionsTest, GetOptionsTellsWhatSetOptionsWasGiven) {
  options_.compaction_style = kCompactionStyleUniversal;
  options_.periodic_compaction_seconds = 5000;
  Open();
  ASSERT_OK(db()->SetOptions({{"write_buffer_size", "1000"},
                              {"max_write_buffer_number", "1"},
                              {"memtable_prefix_bloom_size_ratio", "0.75"},
                              {"arena_block_size", "0"},
                              {"max_compaction_bytes", "0"},
                              {"ttl", "100"}}));
  const Options options = db()->GetOptions();
  EXPECT_EQ(1000u, options.write_buffer_size);
  EXPECT_EQ(1, options.max_write_buffer_number);
  EXPECT_DOUBLE_EQ(0.75, options.memtable_prefix_bloom_size_ratio);
  EXPECT_EQ(0u, options.arena_block_size);
  EXPECT_EQ(0u, options.max_compaction_bytes);
  EXPECT_EQ(100u, options.ttl);
  EXPECT_EQ(5000u, options.periodic_compaction_seconds);
}

TEST_F(OptionsTest, SetOptionsOfADroppedFamilyIsRefused) {
  OpenWith({"other"});
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  const Status status = db()->SetOptions(Family(1), {{"write_buffer_size", "1000000"}});
  EXPECT_TRUE(status.IsColumnFamilyDropped()) << status.ToString();
}

TEST_F(OptionsTest, DbOptionsFromAString) {
  DBOptions options;
  ASSERT_OK(
      GetDBOptionsFromString(config_, DBOptions(),
                             "create_if_missing=true;max_open_files=55;max_background_jobs=3;info_log_level=WARN_LEVEL;"
                             "wal_recovery_mode=kSkipAnyCorruptedRecords",
                             &options));
  EXPECT_TRUE(options.create_if_missing);
  EXPECT_EQ(55, options.max_open_files);
  EXPECT_EQ(3, options.max_background_jobs);
  EXPECT_EQ(InfoLogLevel::WARN_LEVEL, options.info_log_level);
  EXPECT_EQ(WALRecoveryMode::kSkipAnyCorruptedRecords, options.wal_recovery_mode);
}

TEST_F(OptionsTest, ColumnFamilyOptionsFromAString) {
  ColumnFamilyOptions options;
  ASSERT_OK(GetColumnFamilyOptionsFromString(
      config_, ColumnFamilyOptions(),
      "write_buffer_size=1m;compression=kLZ4Compression;comparator=rocksdb.ReverseBytewiseComparator;"
      "prefix_extractor=fixed:8;compaction_style=kCompactionStyleUniversal;merge_operator=uint64add;"
      "compression_per_level=kNoCompression:kSnappyCompression;"
      "block_based_table_factory={block_size=16k;filter_policy=bloomfilter:10:false;block_cache=8m}",
      &options));
  EXPECT_EQ(1u << 20, options.write_buffer_size);
  EXPECT_EQ(kLZ4Compression, options.compression);
  EXPECT_EQ(ReverseBytewiseComparator(), options.comparator);
  EXPECT_EQ("rocksdb.FixedPrefix.8", options.prefix_extractor->GetId());
  EXPECT_EQ(kCompactionStyleUniversal, options.compaction_style);
  EXPECT_STREQ("UInt64AddOperator", options.merge_operator->Name());
  EXPECT_EQ(2u, options.compression_per_level.size());
  const auto* table = options.table_factory->GetOptions<BlockBasedTableOptions>();
  ASSERT_NE(nullptr, table);
  EXPECT_EQ(16384u, table->block_size);
  EXPECT_EQ(8u << 20, table->block_cache->GetCapacity());
  ASSERT_NE(nullptr, table->filter_policy);
}

TEST_F(OptionsTest, OptionsFromAString) {
  Options options;
  ASSERT_OK(GetOptionsFromString(config_, Options(), "create_if_missing=true;write_buffer_size=2k", &options));
  EXPECT_TRUE(options.create_if_missing);
  EXPECT_EQ(2048u, options.write_buffer_size);
}

TEST_F(OptionsTest, OptionsFromAMap) {
  ColumnFamilyOptions options;
  ASSERT_OK(
      GetColumnFamilyOptionsFromMap(config_, ColumnFamilyOptions(), {{"num_levels", "4"}, {"ttl", "100"}}, &options));
  EXPECT_EQ(4, options.num_levels);
  EXPECT_EQ(100u, options.ttl);
  DBOptions db_options;
  ASSERT_OK(GetDBOptionsFromMap(config_, DBOptions(), {{"use_fsync", "true"}}, &db_options));
  EXPECT_TRUE(db_options.use_fsync);
}

TEST_F(OptionsTest, BadStringsAreRefusedAndChangeNothing) {
  ColumnFamilyOptions options;
  options.num_levels = 5;
  for (const char* text : {"num_levels", "num_levels=x", "no_such=1", "num_levels=4;;=", "{num_levels=4"}) {
    const Status status = GetColumnFamilyOptionsFromString(config_, options, text, &options);
    EXPECT_TRUE(status.IsInvalidArgument()) << text << ": " << status.ToString();
    EXPECT_EQ(5, options.num_levels) << text;
  }
}

TEST_F(OptionsTest, UnknownOptionsMayBeIgnored) {
  config_.ignore_unknown_options = true;
  ColumnFamilyOptions options;
  EXPECT_OK(GetColumnFamilyOptionsFromString(config_, ColumnFamilyOptions(), "no_such=1;num_levels=4", &options));
  EXPECT_EQ(4, options.num_levels);
}

TEST_F(OptionsTest, StringsRoundTrip) {
  ColumnFamilyOptions options;
  options.write_buffer_size = 77777;
  options.compression = kZSTD;
  options.prefix_extractor.reset(NewCappedPrefixTransform(5));
  options.compaction_pri = kOldestSmallestSeqFirst;
  std::string text;
  ASSERT_OK(GetStringFromColumnFamilyOptions(config_, options, &text));
  ColumnFamilyOptions again;
  ASSERT_OK(GetColumnFamilyOptionsFromString(config_, ColumnFamilyOptions(), text, &again));
  EXPECT_EQ(77777u, again.write_buffer_size);
  EXPECT_EQ(kZSTD, again.compression);
  EXPECT_EQ(kOldestSmallestSeqFirst, again.compaction_pri);
  std::string text_again;
  ASSERT_OK(GetStringFromColumnFamilyOptions(config_, again, &text_again));
  EXPECT_EQ(text, text_again);
}

TEST_F(OptionsTest, TableOptionsFromAString) {
  BlockBasedTableOptions options;
  ASSERT_OK(GetBlockBasedTableOptionsFromString(
      config_, BlockBasedTableOptions(),
      "block_size=1234;checksum=kCRC32c;index_type=kTwoLevelIndexSearch;format_version=4;"
      "cache_index_and_filter_blocks=true;data_block_index_type=kDataBlockBinaryAndHash;block_restart_interval=4",
      &options));
  EXPECT_EQ(1234u, options.block_size);
  EXPECT_EQ(kCRC32c, options.checksum);
  EXPECT_EQ(BlockBasedTableOptions::kTwoLevelIndexSearch, options.index_type);
  EXPECT_EQ(4u, options.format_version);
  EXPECT_TRUE(options.cache_index_and_filter_blocks);
  EXPECT_EQ(BlockBasedTableOptions::kDataBlockBinaryAndHash, options.data_block_index_type);
  EXPECT_EQ(4, options.block_restart_interval);
}

TEST_F(OptionsTest, MapsFromStrings) {
  std::unordered_map<std::string, std::string> map;
  ASSERT_OK(StringToMap("a=1; b = {c=2;d={e=3}} ;f=", &map));
  EXPECT_EQ("1", map["a"]);
  EXPECT_EQ("c=2;d={e=3}", map["b"]);
  EXPECT_EQ("", map["f"]);
  EXPECT_TRUE(StringToMap("a={1", &map).IsInvalidArgument());
  EXPECT_TRUE(StringToMap("=1", &map).IsInvalidArgument());
}

TEST_F(OptionsTest, SupportedCompressionTypes) {
  const std::vector<CompressionType> types = GetSupportedCompressions();
  for (const CompressionType type : {kNoCompression, kSnappyCompression, kZlibCompression, kBZip2Compression,
                                     kLZ4Compression, kLZ4HCCompression, kZSTD}) {
    EXPECT_NE(types.end(), std::find(types.begin(), types.end(), type)) << static_cast<int>(type);
  }
}

TEST_F(OptionsTest, HelpersSetWhatTheyPromise) {
  Options options;
  options.PrepareForBulkLoad();
  EXPECT_TRUE(options.disable_auto_compactions);
  EXPECT_EQ(2, options.num_levels);
  ColumnFamilyOptions point;
  point.OptimizeForPointLookup(16);
  EXPECT_STREQ("BlockBasedTable", point.table_factory->Name());
  ColumnFamilyOptions level;
  level.OptimizeLevelStyleCompaction(64 << 20);
  EXPECT_EQ(kCompactionStyleLevel, level.compaction_style);
  EXPECT_EQ(16u << 20, level.write_buffer_size);
  ColumnFamilyOptions universal;
  universal.OptimizeUniversalStyleCompaction(64 << 20);
  EXPECT_EQ(kCompactionStyleUniversal, universal.compaction_style);
  DBOptions db_options;
  db_options.IncreaseParallelism(8);
  EXPECT_EQ(8, db_options.max_background_jobs);
  Options small;
  small.OptimizeForSmallDb();
  EXPECT_EQ(2u << 20, small.write_buffer_size);
  EXPECT_EQ(5000, small.max_open_files);
}

TEST_F(OptionsTest, IncompatibleOptionsAreRefusedAtOpen) {
  options_.allow_concurrent_memtable_write = true;
  options_.inplace_update_support = true;
  EXPECT_TRUE(TryOpen().IsInvalidArgument());
}

TEST_F(OptionsTest, MmapReadsAndDirectReadsExcludeEachOther) {
  options_.allow_mmap_reads = true;
  options_.use_direct_reads = true;
  EXPECT_TRUE(TryOpen().IsNotSupported());
}

TEST_F(OptionsTest, FifoNeedsNoOpenFileLimit) {
  options_.compaction_style = kCompactionStyleFIFO;
  options_.ttl = 100;
  options_.max_open_files = 10;
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsNotSupported() || status.ok()) << status.ToString();
}

}  // namespace gneiss::conformance
