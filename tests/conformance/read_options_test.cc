// Each field of ReadOptions that is not an iterator's alone, and KeyMayExist.

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class ReadOptionsTest : public DbTest {
 protected:
  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }
  // Damages the one data block of the only table.
  void DamageTheTable() {
    const std::vector<std::string> tables = FilesEndingIn(".sst");
    ASSERT_EQ(1u, tables.size());
    std::string bytes = ReadFile(tables[0]);
    bytes[3] = static_cast<char>(bytes[3] ^ 0x55);
    std::FILE* const file = std::fopen((Path() + "/" + tables[0]).c_str(), "wb");
    ASSERT_NE(nullptr, file);
    ASSERT_EQ(bytes.size(), std::fwrite(bytes.data(), 1, bytes.size(), file));
    std::fclose(file);
  }
};

TEST_F(ReadOptionsTest, DefaultsAreAsDocumented) {
  const ReadOptions options;
  EXPECT_EQ(nullptr, options.snapshot);
  EXPECT_EQ(nullptr, options.iterate_lower_bound);
  EXPECT_EQ(nullptr, options.iterate_upper_bound);
  EXPECT_EQ(0u, options.readahead_size);
  EXPECT_EQ(0u, options.max_skippable_internal_keys);
  EXPECT_EQ(kReadAllTier, options.read_tier);
  EXPECT_TRUE(options.verify_checksums);
  EXPECT_TRUE(options.fill_cache);
  EXPECT_FALSE(options.tailing);
  EXPECT_FALSE(options.total_order_seek);
  EXPECT_FALSE(options.auto_prefix_mode);
  EXPECT_FALSE(options.prefix_same_as_start);
  EXPECT_FALSE(options.pin_data);
  EXPECT_FALSE(options.ignore_range_deletions);
  EXPECT_EQ(0, options.deadline.count());
  EXPECT_EQ(0, options.io_timeout.count());
  EXPECT_EQ(UINT64_MAX, options.value_size_soft_limit);
  EXPECT_FALSE(options.adaptive_readahead);
  EXPECT_EQ(Env::IO_TOTAL, options.rate_limiter_priority);
  EXPECT_FALSE(options.async_io);
  EXPECT_TRUE(options.optimize_multiget_for_io);
  const ReadOptions given(false, false);
  EXPECT_FALSE(given.verify_checksums);
  EXPECT_FALSE(given.fill_cache);
}

TEST_F(ReadOptionsTest, FillCacheFalseLeavesTheCacheAlone) {
  options_.statistics = CreateDBStatistics();
  Open();
  PutTable({{"a", "1"}});
  ReadOptions unfilled;
  unfilled.fill_cache = false;
  EXPECT_EQ("1", Get(unfilled, "a"));
  EXPECT_EQ(0u, Ticks(BLOCK_CACHE_DATA_ADD));
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ(1u, Ticks(BLOCK_CACHE_DATA_ADD));
}

TEST_F(ReadOptionsTest, BlockCacheTierReadsWhatIsCached) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions cached;
  cached.read_tier = kBlockCacheTier;
  std::string value;
  const Status status = db()->Get(cached, "a", &value);
  EXPECT_TRUE(status.IsIncomplete()) << status.ToString();
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("1", Get(cached, "a"));
}

TEST_F(ReadOptionsTest, BlockCacheTierReadsMemory) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ReadOptions cached;
  cached.read_tier = kBlockCacheTier;
  EXPECT_EQ("1", Get(cached, "a"));
  EXPECT_EQ("(none)", Get(cached, "b"));
}

TEST_F(ReadOptionsTest, BlockCacheTierIteratorIsIncomplete) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions cached;
  cached.read_tier = kBlockCacheTier;
  const auto iterator = NewIterator(cached);
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsIncomplete()) << iterator->status().ToString();
  EXPECT_EQ("a=1", Scan());
  EXPECT_EQ("a=1", Scan(cached));
}

TEST_F(ReadOptionsTest, MemtableTierSeesMemoryOnly) {
  Open();
  PutTable({{"a", "1"}});
  ASSERT_OK(Put("b", "2"));
  ReadOptions memory;
  memory.read_tier = kMemtableTier;
  EXPECT_EQ("2", Get(memory, "b"));
  EXPECT_EQ("b=2", Scan(memory));
}

// Only iterators leave the tables out.
TEST_F(ReadOptionsTest, GetAtTheMemtableTierReadsTables) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions memory;
  memory.read_tier = kMemtableTier;
  EXPECT_EQ("1", Get(memory, "a"));
}

TEST_F(ReadOptionsTest, PersistedTierSkipsWhatIsInNoLog) {
  Open();
  PutTable({{"a", "1"}});
  write_options_.disableWAL = true;
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(Put("b", "2"));
  ReadOptions persisted;
  persisted.read_tier = kPersistedTier;
  EXPECT_EQ("1", Get(persisted, "a"));
  EXPECT_EQ("(none)", Get(persisted, "b"));
  EXPECT_EQ("2", Get("a"));
  Flush();
  EXPECT_EQ("2", Get(persisted, "a"));
}

TEST_F(ReadOptionsTest, PersistedTierReadsMemoryWhenItIsLogged) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ReadOptions persisted;
  persisted.read_tier = kPersistedTier;
  EXPECT_EQ("1", Get(persisted, "a"));
}

TEST_F(ReadOptionsTest, PersistedTierIsRefusedByIterators) {
  Open();
  ReadOptions persisted;
  persisted.read_tier = kPersistedTier;
  const auto iterator = NewIterator(persisted);
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
}

TEST_F(ReadOptionsTest, ManagedIsRefused) {
  Open();
  ReadOptions managed;
  managed.managed = true;
  const auto iterator = NewIterator(managed);
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
}

TEST_F(ReadOptionsTest, VerifyChecksumsFindsDamage) {
  options_.compression = kNoCompression;
  Open();
  PutTable({{"a", "1"}});
  Close();
  DamageTheTable();
  Open();
  std::string value;
  const Status status = db()->Get(ReadOptions(), "a", &value);
  EXPECT_TRUE(status.IsCorruption()) << status.ToString();
  EXPECT_NE(std::string::npos, status.ToString().find("block checksum mismatch")) << status.ToString();
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsCorruption());
}

TEST_F(ReadOptionsTest, WithoutVerifyChecksumsDamageMayPass) {
  options_.compression = kNoCompression;
  Open();
  PutTable({{"abcdefgh", "1"}});
  Close();
  DamageTheTable();  // one byte of the key
  Open();
  ReadOptions unverified;
  unverified.verify_checksums = false;
  const auto iterator = NewIterator(unverified);
  iterator->SeekToFirst();
  EXPECT_TRUE(iterator->Valid());
  EXPECT_OK(iterator->status());
}

TEST_F(ReadOptionsTest, ADeadlineInThePastTimesOut) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions late;
  late.deadline = std::chrono::microseconds(1);
  std::string value;
  const Status status = db()->Get(late, "a", &value);
  EXPECT_TRUE(status.IsTimedOut()) << status.ToString();
}

TEST_F(ReadOptionsTest, ADeadlineAheadIsMet) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions in_time;
  in_time.deadline = std::chrono::microseconds(Env::Default()->NowMicros()) + std::chrono::minutes(10);
  in_time.io_timeout = std::chrono::minutes(10);
  EXPECT_EQ("1", Get(in_time, "a"));
  EXPECT_EQ("a=1", Scan(in_time));
}

TEST_F(ReadOptionsTest, TimestampsAreRefusedWithoutATimestampComparator) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const Slice ts("12345678");
  ReadOptions timed;
  timed.timestamp = &ts;
  std::string value;
  EXPECT_TRUE(db()->Get(timed, "a", &value).IsInvalidArgument());
  const auto iterator = NewIterator(timed);
  EXPECT_TRUE(iterator->status().IsInvalidArgument()) << iterator->status().ToString();
}

TEST_F(ReadOptionsTest, TableFilterSkipsTables) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}});
  PutTable({{"b", "2"}, {"c", "3"}});
  ReadOptions filtered;
  filtered.table_filter = [](const TableProperties& properties) { return properties.num_entries == 2; };
  EXPECT_EQ("b=2 c=3", Scan(filtered));
  EXPECT_EQ("1", Get(filtered, "a"));  // iterators alone ask it
}

TEST_F(ReadOptionsTest, ReadaheadChangesNoAnswer) {
  Open();
  for (int i = 0; i < 300; ++i) ASSERT_OK(Put(Key(i), RandomBytes(300, static_cast<uint32_t>(i))));
  Flush();
  const std::string expected = Scan();
  ReadOptions ahead;
  ahead.readahead_size = 64 << 10;
  EXPECT_EQ(expected, Scan(ahead));
  ReadOptions adaptive;
  adaptive.adaptive_readahead = true;
  EXPECT_EQ(expected, Scan(adaptive));
  ReadOptions async;
  async.async_io = true;
  EXPECT_EQ(expected, Scan(async));
}

TEST_F(ReadOptionsTest, RateLimiterIsChargedForReads) {
  options_.rate_limiter.reset(NewGenericRateLimiter(100 << 20, 100'000, 10, RateLimiter::Mode::kAllIo));
  Open();
  PutTable({{"a", std::string(1000, 'x')}});
  ReadOptions limited;
  limited.rate_limiter_priority = Env::IO_USER;
  const int64_t before = options_.rate_limiter->GetTotalBytesThrough(Env::IO_USER);
  EXPECT_EQ(std::string(1000, 'x'), Get(limited, "a"));
  EXPECT_GT(options_.rate_limiter->GetTotalBytesThrough(Env::IO_USER), before);
}

TEST_F(ReadOptionsTest, BackgroundPurgeOnIteratorCleanup) {
  Open();
  PutTable({{"a", "1"}});
  ReadOptions purging;
  purging.background_purge_on_iterator_cleanup = true;
  auto iterator = NewIterator(purging);
  iterator->SeekToFirst();
  PutTable({{"a", "2"}});
  Compact(Forced());
  EXPECT_EQ("a=1", At(*iterator));
  iterator.reset();
  EXPECT_TRUE(Eventually([this] { return FilesEndingIn(".sst").size() == 1; }));
}

TEST_F(ReadOptionsTest, KeyMayExistFindsValuesInMemory) {
  Open();
  ASSERT_OK(Put("a", "1"));
  std::string value;
  bool is_found = false;
  EXPECT_TRUE(db()->KeyMayExist(ReadOptions(), "a", &value, &is_found));
  EXPECT_TRUE(is_found);
  EXPECT_EQ("1", value);
}

TEST_F(ReadOptionsTest, KeyMayExistSaysNoForDeletedKeys) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Delete("a"));
  std::string value;
  EXPECT_FALSE(db()->KeyMayExist(ReadOptions(), "a", &value));
}

TEST_F(ReadOptionsTest, KeyMayExistSaysNoWhereNothingIs) {
  Open();
  std::string value;
  EXPECT_FALSE(db()->KeyMayExist(ReadOptions(), "a", &value));
}

TEST_F(ReadOptionsTest, KeyMayExistReadsNoBlocks) {
  options_.statistics = CreateDBStatistics();
  Open();
  PutTable({{"a", "1"}});
  std::string value;
  bool is_found = true;
  EXPECT_TRUE(db()->KeyMayExist(ReadOptions(), "a", &value, &is_found));
  EXPECT_FALSE(is_found);
  EXPECT_EQ(0u, Ticks(BLOCK_CACHE_DATA_ADD));
  EXPECT_EQ("1", Get("a"));
  EXPECT_TRUE(db()->KeyMayExist(ReadOptions(), "a", &value, &is_found));
  EXPECT_TRUE(is_found);
  EXPECT_EQ("1", value);
}

TEST_F(ReadOptionsTest, KeyMayExistAsksTheFilter) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(20));
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}, {"z", "2"}});
  EXPECT_EQ("1", Get("a"));  // from here on the table is open, and its filter in memory
  std::string value;
  int yes = 0;
  for (int i = 0; i < 100; ++i) yes += db()->KeyMayExist(ReadOptions(), Key(i), &value) ? 1 : 0;
  EXPECT_LT(yes, 10);
}

TEST_F(ReadOptionsTest, KeyMayExistTakesFamilies) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  std::string value;
  EXPECT_TRUE(db()->KeyMayExist(ReadOptions(), Family(1), "a", &value));
  EXPECT_FALSE(db()->KeyMayExist(ReadOptions(), Family(0), "a", &value));
}

}  // namespace gneiss::conformance
