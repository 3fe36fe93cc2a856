#include "compat/options/sanitize.h"

#include <gtest/gtest.h>
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <functional>

#include "compat/options/info_log.h"
#include "compat/options/sst_file_manager.h"

namespace gneiss::compat {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;
using rocksdb::DBOptions;
using rocksdb::Env;
using rocksdb::Status;

constexpr uint64_t kThirtyDays = 2'592'000;

class OpenOptionsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(env_->CreateDirIfMissing("/db").ok()); }

  DBOptions Sanitized(DBOptions options) {
    options.env = env_.get();
    return SanitizeDbOptions("/db", options, /*read_only=*/true, nullptr);
  }
  ColumnFamilyOptions SanitizedCf(const ColumnFamilyOptions& options, const DBOptions& db_options = DBOptions()) {
    return SanitizeCfOptions(Sanitized(db_options), options);
  }
  void Write(const std::string& path, const std::string& text = "x") {
    ASSERT_TRUE(rocksdb::WriteStringToFile(env_.get(), text, path).ok());
  }
  bool Exists(const std::string& path) { return env_->FileExists(path).ok(); }
  SstFileManager::Config ManagerConfig() {
    SstFileManager::Config config;
    config.fs = env_->GetFileSystem();
    config.clock = rocksdb::SystemClock::Default();
    return config;
  }

  const std::unique_ptr<Env> env_{rocksdb::NewMemEnv(Env::Default())};
};

TEST_F(OpenOptionsTest, DbOptions) {
  DBOptions options;
  options.max_open_files = 1;
  options.wal_dir = "/db//";
  options.recycle_log_file_num = 4;
  options.paranoid_checks = false;
  options.use_direct_reads = true;
  options.wal_compression = rocksdb::kSnappyCompression;
  options.allow_2pc = true;
  options.avoid_flush_during_recovery = true;
  const DBOptions o = Sanitized(options);
  EXPECT_EQ(o.max_open_files, 20);
  EXPECT_EQ(o.wal_dir, "") << "the database's own directory";
  ASSERT_EQ(o.db_paths.size(), 1u);
  EXPECT_EQ(o.db_paths[0].path, "/db");
  EXPECT_EQ(o.recycle_log_file_num, 0u);
  EXPECT_TRUE(o.skip_checking_sst_file_sizes_on_db_open);
  EXPECT_EQ(o.compaction_readahead_size, 2u << 20);
  EXPECT_EQ(o.delayed_write_rate, 16u << 20);
  EXPECT_EQ(o.wal_compression, rocksdb::kNoCompression);
  EXPECT_FALSE(o.avoid_flush_during_recovery);
  EXPECT_NE(o.write_buffer_manager, nullptr);
  EXPECT_NE(o.sst_file_manager, nullptr);
  EXPECT_EQ(o.info_log, nullptr) << "read-only";
}

TEST_F(OpenOptionsTest, DbPathsAndRates) {
  DBOptions options;
  options.db_paths.emplace_back("/other", 100);
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(12'345'678));
  const DBOptions o = Sanitized(options);
  EXPECT_EQ(o.wal_dir, "/db") << "logs stay with the name when tables do not";
  EXPECT_EQ(o.bytes_per_sync, 1u << 20);
  EXPECT_EQ(o.delayed_write_rate, 12'345'678u);
}

TEST_F(OpenOptionsTest, Memtables) {
  ColumnFamilyOptions options;
  options.write_buffer_size = 1;
  options.max_write_buffer_number = 1;
  options.min_write_buffer_number_to_merge = 7;
  options.max_write_buffer_size_to_maintain = -1;
  options.memtable_prefix_bloom_size_ratio = 0.9;
  options.memtable_factory.reset(rocksdb::NewHashLinkListRepFactory());
  const ColumnFamilyOptions o = SanitizedCf(options);
  EXPECT_EQ(o.write_buffer_size, 64u << 10);
  EXPECT_EQ(o.arena_block_size, 8u << 10);
  EXPECT_EQ(o.max_write_buffer_number, 2);
  EXPECT_EQ(o.min_write_buffer_number_to_merge, 1);
  EXPECT_EQ(o.max_write_buffer_size_to_maintain, 2 * (64 << 10));
  EXPECT_EQ(o.memtable_prefix_bloom_size_ratio, 0.25);
  EXPECT_STREQ(o.memtable_factory->Name(), "SkipListFactory");
  EXPECT_EQ(SanitizedCf(ColumnFamilyOptions()).arena_block_size, 1u << 20);
}

TEST_F(OpenOptionsTest, Levels) {
  ColumnFamilyOptions options;
  options.num_levels = 0;
  options.level0_file_num_compaction_trigger = 30;
  options.level0_slowdown_writes_trigger = 10;
  options.level0_stop_writes_trigger = 5;
  options.soft_pending_compaction_bytes_limit = 500;
  options.hard_pending_compaction_bytes_limit = 100;
  options.max_bytes_for_level_multiplier = -3;
  const ColumnFamilyOptions o = SanitizedCf(options);
  EXPECT_EQ(o.num_levels, 2);
  EXPECT_EQ(o.level0_slowdown_writes_trigger, 30);
  EXPECT_EQ(o.level0_stop_writes_trigger, 30);
  EXPECT_EQ(o.soft_pending_compaction_bytes_limit, 100u);
  EXPECT_EQ(o.max_bytes_for_level_multiplier, 1);
  EXPECT_EQ(o.max_compaction_bytes, 25 * o.target_file_size_base);
  EXPECT_EQ(o.cf_paths[0].path, "/db");
  ColumnFamilyOptions dynamic;
  dynamic.level_compaction_dynamic_level_bytes = true;
  EXPECT_TRUE(SanitizedCf(dynamic).level_compaction_dynamic_level_bytes);
  dynamic.compaction_style = rocksdb::kCompactionStyleUniversal;
  EXPECT_FALSE(SanitizedCf(dynamic).level_compaction_dynamic_level_bytes);
}

class NoFilter : public rocksdb::CompactionFilter {
  const char* Name() const override { return "none"; }
};

TEST_F(OpenOptionsTest, Ages) {
  EXPECT_EQ(SanitizedCf(ColumnFamilyOptions()).ttl, kThirtyDays);
  EXPECT_EQ(SanitizedCf(ColumnFamilyOptions()).periodic_compaction_seconds, 0u);
  const NoFilter filter;
  ColumnFamilyOptions filtered;
  filtered.compaction_filter = &filter;
  EXPECT_EQ(SanitizedCf(filtered).periodic_compaction_seconds, kThirtyDays);
  ColumnFamilyOptions fifo;
  fifo.compaction_style = rocksdb::kCompactionStyleFIFO;
  EXPECT_EQ(SanitizedCf(fifo).ttl, kThirtyDays);
  EXPECT_EQ(SanitizedCf(fifo).level0_stop_writes_trigger, std::numeric_limits<int>::max());
  ColumnFamilyOptions universal;
  universal.compaction_style = rocksdb::kCompactionStyleUniversal;
  universal.ttl = 100;
  EXPECT_EQ(SanitizedCf(universal).periodic_compaction_seconds, 100u);
}

TEST_F(OpenOptionsTest, BackgroundLimits) {
  DBOptions options;
  EXPECT_EQ(BackgroundLimitsOf(options).flushes_max, 1);
  EXPECT_EQ(BackgroundLimitsOf(options).compactions_max, 1);
  options.max_background_jobs = 16;
  EXPECT_EQ(BackgroundLimitsOf(options).flushes_max, 4);
  EXPECT_EQ(BackgroundLimitsOf(options).compactions_max, 12);
  options.max_background_compactions = 3;
  EXPECT_EQ(BackgroundLimitsOf(options).flushes_max, 1);
  EXPECT_EQ(BackgroundLimitsOf(options).compactions_max, 3);
}

TEST_F(OpenOptionsTest, Contradictions) {
  const struct {
    std::function<void(DBOptions*, ColumnFamilyOptions*)> set;
    const char* error;
  } cases[] = {
      {[](DBOptions*, ColumnFamilyOptions*) {}, "OK"},
      {[](DBOptions* db, ColumnFamilyOptions*) { db->keep_log_file_num = 0; },
       "Invalid argument: keep_log_file_num must be greater than 0"},
      {[](DBOptions* db, ColumnFamilyOptions*) { db->unordered_write = db->enable_pipelined_write = true; },
       "Invalid argument: unordered_write is incompatible with enable_pipelined_write"},
      {[](DBOptions* db, ColumnFamilyOptions*) { db->allow_mmap_reads = db->use_direct_reads = true; },
       "Not implemented: If memory mapped reads (allow_mmap_reads) are enabled then direct I/O reads "
       "(use_direct_reads) must be disabled. "},
      {[](DBOptions* db, ColumnFamilyOptions*) { db->db_paths.resize(5); },
       "Not implemented: More than four DB paths are not supported yet. "},
      {[](DBOptions*, ColumnFamilyOptions* cf) { cf->compression = rocksdb::kXpressCompression; },
       "Invalid argument: Compression type Xpress is not linked with the binary."},
      {[](DBOptions*, ColumnFamilyOptions* cf) { cf->inplace_update_support = true; },
       "Invalid argument: In-place memtable updates (inplace_update_support) is not compatible with concurrent writes "
       "(allow_concurrent_memtable_write)"},
      {[](DBOptions*, ColumnFamilyOptions* cf) { cf->memtable_factory.reset(new rocksdb::VectorRepFactory()); },
       "Invalid argument: Memtable doesn't concurrent writes (allow_concurrent_memtable_write)"},
      {[](DBOptions* db, ColumnFamilyOptions* cf) {
         cf->compaction_style = rocksdb::kCompactionStyleFIFO;
         db->max_open_files = 100;
       },
       "Not implemented: FIFO compaction only supported with max_open_files = -1."},
      {[](DBOptions*, ColumnFamilyOptions* cf) { cf->memtable_protection_bytes_per_key = 3; },
       "Not implemented: Memtable per key-value checksum protection only supports 0, 1, 2, 4 or 8 bytes per key."},
      {[](DBOptions*, ColumnFamilyOptions* cf) { cf->table_factory.reset(rocksdb::NewPlainTableFactory()); },
       "Not implemented: a TableFactory other than BlockBasedTable is not implemented by Gneiss yet"},
  };
  for (const auto& c : cases) {
    DBOptions db_options;
    ColumnFamilyOptions cf_options;
    c.set(&db_options, &cf_options);
    EXPECT_EQ(ValidateForOpen(db_options, {{"default", cf_options}}).ToString(), c.error);
  }
}

TEST_F(OpenOptionsTest, TableContradictions) {
  const struct {
    std::function<void(BlockBasedTableOptions*, ColumnFamilyOptions*)> set;
    const char* error;
  } cases[] = {
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) { t->index_type = BlockBasedTableOptions::kHashSearch; },
       "Invalid argument: Hash index is specified for block-based table, but prefix_extractor is not given"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) {
         t->cache_index_and_filter_blocks = t->no_block_cache = true;
       },
       "Invalid argument: Enable cache_index_and_filter_blocks, , but block cache is disabled"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) { t->format_version = 6; },
       "Invalid argument: Unsupported BlockBasedTable format_version. Please check include/rocksdb/table.h for more "
       "info"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) { t->block_align = true; },
       "Invalid argument: Enable block_align, but compression enabled"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions* cf) {
         t->block_align = true;
         t->block_size = 1000;
         cf->compression = rocksdb::kNoCompression;
       },
       "Invalid argument: Block alignment requested but block size is not a power of 2"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) {
         t->cache_usage_options.options_overrides[rocksdb::CacheEntryRole::kDataBlock].charged =
             rocksdb::CacheEntryRoleOptions::Decision::kEnabled;
       },
       "Not implemented: Enable/Disable CacheEntryRoleOptions::charged for CacheEntryRole DataBlock is not supported"},
      {[](BlockBasedTableOptions* t, ColumnFamilyOptions*) {
         t->cache_usage_options.options_overrides[rocksdb::CacheEntryRole::kBlobCache].charged =
             rocksdb::CacheEntryRoleOptions::Decision::kEnabled;
       },
       "Invalid argument: Enable CacheEntryRoleOptions::charged for CacheEntryRole BlobCache but blob cache is not "
       "configured"},
  };
  for (const auto& c : cases) {
    BlockBasedTableOptions table;
    ColumnFamilyOptions cf_options;
    c.set(&table, &cf_options);
    cf_options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    EXPECT_EQ(ValidateForOpen(DBOptions(), {{"default", cf_options}}).ToString(), c.error);
  }
}

// ---- sst files ----

TEST_F(OpenOptionsTest, ManagerAddsUp) {
  SstFileManager manager(ManagerConfig());
  manager.OnAddFile("/db/1.sst", 100);
  manager.OnAddFile("/db/2.sst", 50);
  manager.OnAddFile("/db/1.sst", 120);
  EXPECT_EQ(manager.GetTotalSize(), 170u);
  manager.OnDeleteFile("/db/2.sst");
  manager.OnDeleteFile("/db/none.sst");
  EXPECT_EQ(manager.GetTotalSize(), 120u);
  EXPECT_EQ(manager.GetTrackedFiles().size(), 1u);
  EXPECT_FALSE(manager.IsMaxAllowedSpaceReached());
  manager.SetMaxAllowedSpaceUsage(200);
  EXPECT_TRUE(manager.ReserveForCompaction(50));
  EXPECT_FALSE(manager.ReserveForCompaction(50));
  EXPECT_FALSE(manager.IsMaxAllowedSpaceReachedIncludingCompactions());
  manager.OnAddFile("/db/3.sst", 40);
  EXPECT_TRUE(manager.IsMaxAllowedSpaceReachedIncludingCompactions());
  manager.OnCompactionCompletion(50);
  EXPECT_FALSE(manager.IsMaxAllowedSpaceReachedIncludingCompactions());
}

TEST_F(OpenOptionsTest, ManagerDeletesAtOnceWithoutARate) {
  SstFileManager manager(ManagerConfig());
  Write("/db/1.sst");
  ASSERT_TRUE(manager.OnAddFile("/db/1.sst").ok());
  ASSERT_TRUE(manager.ScheduleFileDeletion("/db/1.sst", "/db", false).ok());
  EXPECT_FALSE(Exists("/db/1.sst"));
  EXPECT_EQ(manager.GetTotalSize(), 0u);
}

TEST_F(OpenOptionsTest, ManagerDeletesInTheBackgroundWithARate) {
  SstFileManager::Config config = ManagerConfig();
  config.delete_bytes_per_second = 1ll << 40;
  config.trash_ratio_max = 1000;
  SstFileManager manager(config);
  for (int i = 0; i < 5; ++i) {
    const std::string path = "/db/" + std::to_string(i) + ".sst";
    Write(path, std::string(1000, 'x'));
    ASSERT_TRUE(manager.OnAddFile(path).ok());
    ASSERT_TRUE(manager.ScheduleFileDeletion(path, "/db", true).ok());
    EXPECT_FALSE(Exists(path));
  }
  manager.WaitForEmptyTrash();
  std::vector<std::string> children;
  ASSERT_TRUE(env_->GetChildren("/db", &children).ok());
  for (const std::string& child : children) EXPECT_EQ(child.find(".trash"), std::string::npos) << child;
  EXPECT_EQ(manager.GetTotalSize(), 0u);
  EXPECT_EQ(manager.GetTotalTrashSize(), 0u);
}

TEST_F(OpenOptionsTest, TrashOfAnEarlierRunGoes) {
  Write("/db/1.sst.trash");
  Write("/db/2.sst");
  Sanitized(DBOptions());
  EXPECT_FALSE(Exists("/db/1.sst.trash"));
  EXPECT_TRUE(Exists("/db/2.sst"));
}

// ---- LOG ----

TEST(InfoLogNames, OwnDirectoryOrASharedOne) {
  const InfoLogNames own("/data/db", "/data/db", "");
  EXPECT_EQ(own.Current(), "/data/db/LOG");
  EXPECT_EQ(own.Old(12), "/data/db/LOG.old.12");
  EXPECT_TRUE(own.IsOld("LOG.old.12"));
  EXPECT_FALSE(own.IsOld("LOG"));
  const InfoLogNames shared("/data/db", "/data//my db", "/logs");
  EXPECT_EQ(shared.Current(), "/logs/data_my_db_LOG");
}

TEST_F(OpenOptionsTest, LogIsMovedAwayAndMade) {
  DBOptions options;
  options.env = env_.get();
  Write("/db/LOG", "old lines");
  std::shared_ptr<rocksdb::Logger> logger;
  ASSERT_TRUE(rocksdb::CreateLoggerFromOptions("/db", options, &logger).ok());
  ASSERT_NE(logger, nullptr);
  EXPECT_EQ(logger->GetInfoLogLevel(), rocksdb::DEBUG_LEVEL);
  std::vector<std::string> children;
  ASSERT_TRUE(env_->GetChildren("/db", &children).ok());
  int old_logs = 0;
  for (const std::string& child : children) old_logs += child.compare(0, 8, "LOG.old.") == 0;
  EXPECT_EQ(old_logs, 1);
}

TEST_F(OpenOptionsTest, LogRollsBySizeAndKeepsItsHeader) {
  DBOptions options;
  options.env = env_.get();
  options.max_log_file_size = 500;
  options.keep_log_file_num = 3;
  std::shared_ptr<rocksdb::Logger> logger;
  const Status s = rocksdb::CreateLoggerFromOptions("/db", options, &logger);
  ASSERT_TRUE(s.ok()) << s.ToString();
  rocksdb::Header(logger, "the header");
  for (int i = 0; i < 40; ++i) rocksdb::Info(logger, "line %d %s", i, std::string(50, '.').c_str());
  std::vector<std::string> children;
  ASSERT_TRUE(env_->GetChildren("/db", &children).ok());
  EXPECT_EQ(std::count_if(children.begin(), children.end(),
                          [](const std::string& child) { return child.compare(0, 3, "LOG") == 0; }),
            3);
  ASSERT_TRUE(logger->Close().ok());
  std::string text;
  ASSERT_TRUE(rocksdb::ReadFileToString(env_.get(), "/db/LOG", &text).ok());
  EXPECT_NE(text.find("the header"), std::string::npos);
}

}  // namespace
}  // namespace gneiss::compat
