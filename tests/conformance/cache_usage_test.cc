// What enters the block cache besides blocks that were read: blocks of a flush, and the memory of other parts that
// counts against it (prepopulate_block_cache, cache_usage_options).

#include <rocksdb/cache.h>
#include <rocksdb/statistics.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

using Decision = CacheEntryRoleOptions::Decision;

constexpr size_t kDummyBytes = 256 << 10;

}  // namespace

class CacheUsageTest : public DbTest {
 protected:
  CacheUsageTest() {
    options_.statistics = CreateDBStatistics();
    options_.compression = kNoCompression;
    options_.disable_auto_compactions = true;
    TableOptions().block_cache = cache_;
  }
  ~CacheUsageTest() override { Close(); }

  uint64_t Ticker(Tickers ticker) { return options_.statistics->getTickerCount(ticker); }
  // Entries of a role that the cache has. What was seen is kept for a while, so this is to be asked once.
  size_t Entries(CacheEntryRole role) {
    std::map<std::string, std::string> map;
    EXPECT_TRUE(db()->GetMapProperty(DB::Properties::kBlockCacheEntryStats, &map));
    return std::stoul(map[BlockCacheEntryStatsMapKeys::EntryCount(role)]);
  }
  void Charge(CacheEntryRole role, Decision decision) {
    TableOptions().cache_usage_options.options_overrides[role].charged = decision;
  }
  void UseStrictCache(size_t capacity) {
    TableOptions().block_cache = NewLRUCache(capacity, 0, /*strict_capacity_limit=*/true);
  }
  void CloseWithATableAndLeaveNoRoomFor(CacheEntryRole role) {
    Charge(role, Decision::kEnabled);
    UseTableOptions();
    Open();
    PutTable({{"a", "1"}});
    Close();
    UseStrictCache(kDummyBytes / 2);
    UseTableOptions();
  }

  const std::shared_ptr<Cache> cache_ = NewLRUCache(64 << 20, 0);
};

// ---- prepopulate_block_cache

class PrepopulateTest : public CacheUsageTest {
 protected:
  void OpenPrepopulated() {
    TableOptions().prepopulate_block_cache = BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
    UseTableOptions();
    Open();
  }
};

TEST_F(PrepopulateTest, BlocksOfAFlushAreInTheCache) {
  OpenPrepopulated();
  for (int i = 1; i <= 5; ++i) {
    ASSERT_OK(Put(Key(i), RandomBytes(2000, static_cast<uint32_t>(i))));
    Flush();
    EXPECT_EQ(static_cast<uint64_t>(i), Ticker(BLOCK_CACHE_DATA_ADD));
    EXPECT_EQ(0u, Ticker(BLOCK_CACHE_DATA_HIT));
  }
  EXPECT_LE(10'000u, Ticker(BLOCK_CACHE_DATA_BYTES_INSERT));
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(RandomBytes(2000, static_cast<uint32_t>(i)), Get(Key(i)));
    EXPECT_EQ(static_cast<uint64_t>(i), Ticker(BLOCK_CACHE_DATA_HIT));
  }
  EXPECT_EQ(0u, Ticker(BLOCK_CACHE_DATA_MISS));
}

TEST_F(PrepopulateTest, ThoseOfACompactionAreNot) {
  OpenPrepopulated();
  PutTable({{"a", "1"}, {"b", "2"}});
  PutTable({{"a", "3"}, {"b", "4"}});
  const uint64_t added = Ticker(BLOCK_CACHE_DATA_ADD);
  EXPECT_EQ(2u, added);
  Compact();
  EXPECT_EQ(added, Ticker(BLOCK_CACHE_DATA_ADD));
  EXPECT_EQ("3", Get("a"));
  EXPECT_EQ(added + 1, Ticker(BLOCK_CACHE_DATA_ADD));
}

TEST_F(PrepopulateTest, DisabledNothingEnters) {
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ(0u, Ticker(BLOCK_CACHE_DATA_ADD));
}

TEST_F(PrepopulateTest, SetOptionsChangesIt) {
  OpenPrepopulated();
  PutTable({{"a", "1"}});
  ASSERT_OK(db()->SetOptions({{"block_based_table_factory", "{prepopulate_block_cache=kDisable;}"}}));
  PutTable({{"b", "2"}});
  EXPECT_EQ(1u, Ticker(BLOCK_CACHE_DATA_ADD));
  ASSERT_OK(db()->SetOptions({{"block_based_table_factory", "{prepopulate_block_cache=kFlushOnly;}"}}));
  PutTable({{"c", "3"}});
  EXPECT_EQ(2u, Ticker(BLOCK_CACHE_DATA_ADD));
}

TEST_F(PrepopulateTest, IndexAndFilterComeToo) {
  TableOptions().cache_index_and_filter_blocks = true;
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  OpenPrepopulated();
  for (int i = 1; i <= 3; ++i) {
    PutTable({{Key(i), "v"}});
    EXPECT_EQ(static_cast<uint64_t>(i), Ticker(BLOCK_CACHE_DATA_ADD));
    EXPECT_EQ(static_cast<uint64_t>(i), Ticker(BLOCK_CACHE_INDEX_ADD));
    EXPECT_EQ(static_cast<uint64_t>(i), Ticker(BLOCK_CACHE_FILTER_ADD));
  }
  EXPECT_EQ("v", Get(Key(2)));
  EXPECT_EQ("(none)", Get(Key(9)));
  EXPECT_EQ(0u, Ticker(BLOCK_CACHE_MISS));
  EXPECT_LE(1u, Ticker(BLOCK_CACHE_INDEX_HIT));
  EXPECT_LE(1u, Ticker(BLOCK_CACHE_FILTER_HIT));
}

// What is in the cache must be what the file says: every shape of table, read from the cache alone.
TEST_F(PrepopulateTest, TablesOfEveryShapeReadTheSameFromTheCache) {
  TableOptions().cache_index_and_filter_blocks = true;
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  TableOptions().block_size = 500;
  TableOptions().metadata_block_size = 200;
  struct Shape {
    BlockBasedTableOptions::IndexType index_type;
    bool partition_filters;
    CompressionType compression;
    uint32_t dictionary_bytes;
  };
  const Shape shapes[] = {
      {BlockBasedTableOptions::kBinarySearch, false, kNoCompression, 0},
      {BlockBasedTableOptions::kBinarySearch, false, kSnappyCompression, 0},
      {BlockBasedTableOptions::kBinarySearch, false, kZSTD, 4096},
      {BlockBasedTableOptions::kBinarySearchWithFirstKey, false, kNoCompression, 0},
      {BlockBasedTableOptions::kTwoLevelIndexSearch, false, kLZ4Compression, 0},
      {BlockBasedTableOptions::kTwoLevelIndexSearch, true, kNoCompression, 0},
      {BlockBasedTableOptions::kTwoLevelIndexSearch, true, kZSTD, 4096},
  };
  for (const Shape& shape : shapes) {
    Close();
    ASSERT_OK(DestroyDB(Path(), options_));
    TableOptions().index_type = shape.index_type;
    TableOptions().partition_filters = shape.partition_filters;
    options_.compression = shape.compression;
    options_.compression_opts.max_dict_bytes = shape.dictionary_bytes;
    OpenPrepopulated();
    ASSERT_OK(options_.statistics->Reset());
    for (int i = 0; i < 300; ++i) ASSERT_OK(Put(Key(i), "value" + std::to_string(i) + std::string(50, 'x')));
    Flush();
    EXPECT_EQ("(none)", Get("key150x"));  // the table may have to be opened
    ReadOptions from_cache;
    from_cache.read_tier = kBlockCacheTier;
    for (int i = 0; i < 300; ++i) {
      ASSERT_EQ("value" + std::to_string(i) + std::string(50, 'x'), Get(from_cache, Key(i))) << i;
    }
    EXPECT_EQ("(none)", Get(from_cache, "key150x"));
    EXPECT_EQ(0u, Ticker(BLOCK_CACHE_DATA_MISS));
    Compact();
    EXPECT_EQ("value7" + std::string(50, 'x'), Get(Key(7)));
  }
}

// ---- metadata_cache_options

// What stays pinned after everything was let go.
TEST_F(CacheUsageTest, IndexAndFilterStayWhereTheyArePinned) {
  TableOptions().cache_index_and_filter_blocks = true;
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  TableOptions().pin_top_level_index_and_filter = false;
  struct Case {
    PinningTier tier;
    bool pins_level0;
    bool pins_deeper;
  };
  const Case cases[] = {{PinningTier::kFallback, false, false},
                        {PinningTier::kNone, false, false},
                        {PinningTier::kFlushedAndSimilar, true, false},
                        {PinningTier::kAll, true, true}};
  for (const bool is_partitioned : {false, true}) {
    for (const Case& each : cases) {
      Close();
      ASSERT_OK(DestroyDB(Path(), options_));
      TableOptions().index_type =
          is_partitioned ? BlockBasedTableOptions::kTwoLevelIndexSearch : BlockBasedTableOptions::kBinarySearch;
      TableOptions().partition_filters = is_partitioned;
      MetadataCacheOptions& pinning = TableOptions().metadata_cache_options;
      (is_partitioned ? pinning.partition_pinning : pinning.unpartitioned_pinning) = each.tier;
      UseTableOptions();
      Open();
      for (int i = 0; i < 500; ++i) ASSERT_OK(Put("key" + std::to_string(i), "v"));
      Flush();
      EXPECT_EQ("v", Get("key7"));
      EXPECT_EQ(each.pins_level0, cache_->GetPinnedUsage() > 500) << cache_->GetPinnedUsage();
      for (int i = 0; i < 500; ++i) ASSERT_OK(Put("key" + std::to_string(i), "v"));
      Compact();
      EXPECT_EQ("v", Get("key7"));
      EXPECT_EQ("0,1", Levels());
      EXPECT_TRUE(Eventually([&] { return each.pins_deeper == (cache_->GetPinnedUsage() > 500); }))
          << cache_->GetPinnedUsage();
    }
  }
}

// ---- cache_usage_options

TEST_F(CacheUsageTest, OtherRolesCannotBeCharged) {
  for (const Decision decision : {Decision::kEnabled, Decision::kDisabled}) {
    TableOptions().cache_usage_options = {};
    Charge(CacheEntryRole::kDataBlock, decision);
    UseTableOptions();
    EXPECT_EQ(
        "Not implemented: Enable/Disable CacheEntryRoleOptions::charged for CacheEntryRole DataBlock is not supported",
        TryOpen().ToString());
  }
}

TEST_F(CacheUsageTest, ChargingNeedsACache) {
  TableOptions().no_block_cache = true;
  TableOptions().block_cache = nullptr;
  Charge(CacheEntryRole::kFileMetadata, Decision::kEnabled);
  UseTableOptions();
  EXPECT_EQ(
      "Invalid argument: Enable CacheEntryRoleOptions::charged for CacheEntryRole FileMetadata but block cache is "
      "disabled",
      TryOpen().ToString());
}

TEST_F(CacheUsageTest, ByDefaultNothingIsChargedAtRest) {
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ(0u, Entries(CacheEntryRole::kBlockBasedTableReader));
  EXPECT_EQ(0u, Entries(CacheEntryRole::kFileMetadata));
}

TEST_F(CacheUsageTest, TableReadersAreCharged) {
  Charge(CacheEntryRole::kBlockBasedTableReader, Decision::kEnabled);
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ(1u, Entries(CacheEntryRole::kBlockBasedTableReader));
  EXPECT_LE(kDummyBytes, cache_->GetPinnedUsage());
  Close();
  EXPECT_GT(kDummyBytes, cache_->GetPinnedUsage());
}

TEST_F(CacheUsageTest, ATableWhoseReaderHasNoRoomDoesNotOpen) {
  CloseWithATableAndLeaveNoRoomFor(CacheEntryRole::kBlockBasedTableReader);
  Status status = TryOpen();
  if (status.ok()) {
    std::string value;
    status = db()->Get(read_options_, "a", &value);
  }
  EXPECT_TRUE(status.IsMemoryLimit()) << status.ToString();
  EXPECT_NE(std::string::npos, status.ToString().find("Can't allocate BlockBasedTableReader due to memory limit based "
                                                      "on cache capacity for memory allocation"))
      << status.ToString();
}

TEST_F(CacheUsageTest, FileMetadataIsCharged) {
  Charge(CacheEntryRole::kFileMetadata, Decision::kEnabled);
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ(1u, Entries(CacheEntryRole::kFileMetadata));
  Close();
  EXPECT_GT(kDummyBytes, cache_->GetPinnedUsage());
}

TEST_F(CacheUsageTest, MoreMetadataThanTheCacheHoldsDoesNotOpen) {
  CloseWithATableAndLeaveNoRoomFor(CacheEntryRole::kFileMetadata);
  const Status status = TryOpen();
  EXPECT_TRUE(status.IsMemoryLimit()) << status.ToString();
  EXPECT_NE(std::string::npos, status.ToString().find("Can't allocate FileMetadata due to exceeding the memory limit "
                                                      "based on cache capacity"))
      << status.ToString();
}

TEST_F(CacheUsageTest, TheDefaultForAllRolesIsFollowed) {
  TableOptions().cache_usage_options.options.charged = Decision::kFallback;
  Charge(CacheEntryRole::kFileMetadata, Decision::kFallback);
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}});
  EXPECT_EQ(0u, Entries(CacheEntryRole::kFileMetadata));
}

// A user's own cache, which notes the most that was pinned in it.
class PeakCache : public Cache {
 public:
  explicit PeakCache(std::shared_ptr<Cache> cache) : cache_(std::move(cache)) {}
  const char* Name() const override { return "PeakCache"; }
  using Cache::Insert;
  Status Insert(const Slice& key, void* value, size_t charge, DeleterFn deleter, Handle** handle,
                Priority priority) override {
    const Status status = cache_->Insert(key, value, charge, deleter, handle, priority);
    peak_ = std::max(peak_.load(), GetPinnedUsage());
    return status;
  }
  Handle* Lookup(const Slice& key, Statistics* stats) override { return cache_->Lookup(key, stats); }
  bool Ref(Handle* handle) override { return cache_->Ref(handle); }
  bool Release(Handle* handle, bool erase) override { return cache_->Release(handle, erase); }
  void* Value(Handle* handle) override { return cache_->Value(handle); }
  void Erase(const Slice& key) override { cache_->Erase(key); }
  uint64_t NewId() override { return cache_->NewId(); }
  void SetCapacity(size_t capacity) override { cache_->SetCapacity(capacity); }
  void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return cache_->GetCapacity(); }
  size_t GetUsage() const override { return cache_->GetUsage(); }
  size_t GetUsage(Handle* handle) const override { return cache_->GetUsage(handle); }
  size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
  size_t GetCharge(Handle* handle) const override { return cache_->GetCharge(handle); }
  DeleterFn GetDeleter(Handle* handle) const override { return cache_->GetDeleter(handle); }
  void ApplyToAllEntries(const std::function<void(const Slice&, void*, size_t, DeleterFn)>& callback,
                         const ApplyToAllEntriesOptions& options) override {
    cache_->ApplyToAllEntries(callback, options);
  }
  void EraseUnRefEntries() override { cache_->EraseUnRefEntries(); }

  size_t peak() const { return peak_; }
  void Forget() { peak_ = 0; }

 private:
  const std::shared_ptr<Cache> cache_;
  std::atomic<size_t> peak_{0};
};

class ConstructionTest : public CacheUsageTest {
 protected:
  void OpenPeak() {
    TableOptions().block_cache = peak_;
    UseTableOptions();
    Open();
    peak_->Forget();
  }
  void PutMany(int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_OK(Put("key" + std::to_string(i), RandomBytes(20, static_cast<uint32_t>(i))));
  }
  const std::shared_ptr<PeakCache> peak_ = std::make_shared<PeakCache>(cache_);
};

TEST_F(ConstructionTest, FiltersAreChargedWhileTheyAreBuilt) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  for (const Decision decision : {Decision::kDisabled, Decision::kFallback, Decision::kEnabled}) {
    Charge(CacheEntryRole::kFilterConstruction, decision);
    Close();
    ASSERT_OK(DestroyDB(Path(), options_));
    OpenPeak();
    PutMany(20000);  // half of what 256 KiB of hashes take, and more
    Flush();
    if (decision == Decision::kEnabled) {
      EXPECT_LE(kDummyBytes, peak_->peak());
    } else {
      EXPECT_GT(kDummyBytes, peak_->peak());
    }
    EXPECT_GT(kDummyBytes, cache_->GetPinnedUsage());
  }
}

TEST_F(ConstructionTest, BlocksHeldForADictionaryAreChargedByDefault) {
  options_.compression = kZSTD;
  options_.compression_opts.max_dict_bytes = 4096;
  for (const Decision decision : {Decision::kDisabled, Decision::kFallback, Decision::kEnabled}) {
    Charge(CacheEntryRole::kCompressionDictionaryBuildingBuffer, decision);
    Close();
    ASSERT_OK(DestroyDB(Path(), options_));
    OpenPeak();
    PutMany(10000);
    Flush();
    if (decision == Decision::kDisabled) {
      EXPECT_GT(kDummyBytes, peak_->peak());
    } else {
      EXPECT_LE(kDummyBytes, peak_->peak());
    }
    EXPECT_GT(kDummyBytes, cache_->GetPinnedUsage());
    EXPECT_EQ(RandomBytes(20, 77), Get("key77"));
  }
}

TEST_F(CacheUsageTest, WithoutRoomADictionaryIsMadeOfLess) {
  options_.compression = kZSTD;
  options_.compression_opts.max_dict_bytes = 4096;
  UseStrictCache(kDummyBytes);
  UseTableOptions();
  Open();
  for (int i = 0; i < 2000; ++i) ASSERT_OK(Put(Key(i), RandomBytes(300, static_cast<uint32_t>(i))));
  Flush();
  for (int i = 0; i < 2000; i += 100) EXPECT_EQ(RandomBytes(300, static_cast<uint32_t>(i)), Get(Key(i)));
}

// ---- optimize_filters_for_memory, detect_filter_construct_corruption

TEST_F(CacheUsageTest, FiltersBuiltWithCareFilterAsWell) {
  for (const bool is_ribbon : {false, true}) {
    for (const bool partitions : {false, true}) {
      Close();
      ASSERT_OK(DestroyDB(Path(), options_));
      TableOptions().optimize_filters_for_memory = true;
      TableOptions().detect_filter_construct_corruption = true;
      TableOptions().filter_policy.reset(is_ribbon ? NewRibbonFilterPolicy(10) : NewBloomFilterPolicy(10));
      TableOptions().partition_filters = partitions;
      TableOptions().index_type =
          partitions ? BlockBasedTableOptions::kTwoLevelIndexSearch : BlockBasedTableOptions::kBinarySearch;
      UseTableOptions();
      Open();
      ASSERT_OK(options_.statistics->Reset());
      for (int i = 0; i < 3000; ++i) ASSERT_OK(Put("key" + std::to_string(i), "v"));
      Flush();
      for (int i = 0; i < 3000; i += 7) EXPECT_EQ("v", Get("key" + std::to_string(i)));
      for (int i = 0; i < 3000; ++i) EXPECT_EQ("(none)", Get("key" + std::to_string(i) + "x"));
      EXPECT_LE(2900u, Ticker(BLOOM_FILTER_USEFUL));
      TablePropertiesCollection properties;
      ASSERT_OK(db()->GetPropertiesOfAllTables(&properties));
      ASSERT_EQ(1u, properties.size());
      const uint64_t bytes = properties.begin()->second->filter_size;
      EXPECT_LE(3000u * 10 / 8 * (is_ribbon ? 6 : 9) / 10, bytes);
      EXPECT_GE(3000u * 10 / 8 * 13 / 10, bytes);
    }
  }
}

}  // namespace gneiss::conformance
