// rocksdb::Cache over the engine's cache, and the engine's view of a user's cache.
#include "compat/adapters/lru_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/secondary_cache.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "compat/adapters/engine_cache.h"

namespace gneiss::compat {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::vector<std::string>* freed;

void FreeString(const rocksdb::Slice& key, void* value) {
  auto* const text = static_cast<std::string*>(value);
  if (freed != nullptr) freed->push_back(key.ToString() + "=" + *text);
  delete text;
}

class LruCacheTest : public ::testing::Test {
 protected:
  void SetUp() override { freed = &freed_; }
  void TearDown() override {
    cache_.reset();
    freed = nullptr;
  }
  static rocksdb::LRUCacheOptions Options(size_t capacity, bool is_strict = false) {
    rocksdb::LRUCacheOptions options(capacity, 0, is_strict, 0.0);
    options.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
    return options;
  }
  rocksdb::Status Insert(const std::string& key, const std::string& value, size_t charge,
                         rocksdb::Cache::Handle** handle = nullptr) {
    auto* const text = new std::string(value);
    const rocksdb::Status status = cache_->Insert(key, text, charge, &FreeString, handle);
    if (!status.ok()) delete text;
    return status;
  }
  std::string Lookup(const std::string& key) {
    rocksdb::Cache::Handle* const handle = cache_->Lookup(key);
    if (handle == nullptr) return "(none)";
    const std::string value = *static_cast<std::string*>(cache_->Value(handle));
    cache_->Release(handle);
    return value;
  }

  std::shared_ptr<rocksdb::Cache> cache_ = rocksdb::NewLRUCache(Options(100));
  std::vector<std::string> freed_;
};

TEST_F(LruCacheTest, InsertsFindsReplacesAndErases) {
  EXPECT_TRUE(Insert("a", "1", 10).ok());
  EXPECT_TRUE(Insert("b", "2", 10).ok());
  EXPECT_EQ("1", Lookup("a"));
  EXPECT_EQ("(none)", Lookup("c"));
  EXPECT_EQ(20u, cache_->GetUsage());
  EXPECT_EQ(2u, cache_->GetOccupancyCount());
  EXPECT_TRUE(Insert("a", "3", 10).ok());
  EXPECT_EQ("3", Lookup("a"));
  EXPECT_THAT(freed_, UnorderedElementsAre("a=1"));
  cache_->Erase("a");
  EXPECT_EQ("(none)", Lookup("a"));
  EXPECT_EQ(10u, cache_->GetUsage());
}

TEST_F(LruCacheTest, HandlesPinAndKnowTheirEntry) {
  rocksdb::Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Insert("a", "1", 10, &handle).ok());
  EXPECT_EQ(10u, cache_->GetPinnedUsage());
  EXPECT_EQ(10u, cache_->GetCharge(handle));
  EXPECT_EQ(10u, cache_->GetUsage(handle));
  EXPECT_EQ(&FreeString, cache_->GetDeleter(handle));
  cache_->Erase("a");
  EXPECT_EQ("1", *static_cast<std::string*>(cache_->Value(handle)));
  EXPECT_TRUE(cache_->Ref(handle));
  EXPECT_FALSE(cache_->Release(handle));
  EXPECT_TRUE(freed_.empty());
  EXPECT_TRUE(cache_->Release(handle));
  EXPECT_THAT(freed_, UnorderedElementsAre("a=1"));
  EXPECT_FALSE(cache_->Release(nullptr));
}

TEST_F(LruCacheTest, ReleaseMayErase) {
  rocksdb::Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Insert("a", "1", 10, &handle).ok());
  EXPECT_TRUE(cache_->Release(handle, true));
  EXPECT_EQ("(none)", Lookup("a"));
  ASSERT_TRUE(Insert("b", "2", 10, &handle).ok());
  EXPECT_FALSE(cache_->Release(handle, /*useful=*/true, /*erase_if_last_ref=*/false));
  EXPECT_EQ("2", Lookup("b"));
  cache_->EraseUnRefEntries();
  EXPECT_EQ("(none)", Lookup("b"));
}

TEST_F(LruCacheTest, StaysWithinItsCapacity) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Insert("k" + std::to_string(i), "v", 10).ok());
  EXPECT_LE(cache_->GetUsage(), 100u);
  EXPECT_EQ("v", Lookup("k19"));
  cache_->SetCapacity(20);
  EXPECT_EQ(20u, cache_->GetCapacity());
  EXPECT_LE(cache_->GetUsage(), 20u);
}

TEST_F(LruCacheTest, StrictCapacityRefusesHandles) {
  cache_ = rocksdb::NewLRUCache(Options(25, true));
  EXPECT_TRUE(cache_->HasStrictCapacityLimit());
  rocksdb::Cache::Handle* first = nullptr;
  rocksdb::Cache::Handle* second = nullptr;
  ASSERT_TRUE(Insert("a", "1", 20, &first).ok());
  const rocksdb::Status refused = Insert("b", "2", 20, &second);
  EXPECT_TRUE(refused.IsMemoryLimit()) << refused.ToString();
  EXPECT_EQ("Operation aborted: Memory limit reached: Insert failed due to LRU cache being full.", refused.ToString());
  // Without a handle it is as if the value had come and gone.
  EXPECT_TRUE(Insert("c", "3", 20).ok());
  EXPECT_THAT(freed_, UnorderedElementsAre("c=3"));
  cache_->SetStrictCapacityLimit(false);
  EXPECT_TRUE(Insert("b", "2", 20, &second).ok());
  cache_->Release(first);
  cache_->Release(second);
}

TEST_F(LruCacheTest, HelpersAreTakenForTheirDeleter) {
  const rocksdb::Cache::CacheItemHelper helper(nullptr, nullptr, &FreeString);
  EXPECT_TRUE(cache_->Insert("a", new std::string("1"), &helper, 10).ok());
  rocksdb::Cache::Handle* const handle =
      cache_->Lookup("a", &helper, nullptr, rocksdb::Cache::Priority::LOW, true, nullptr);
  ASSERT_NE(nullptr, handle);
  EXPECT_TRUE(cache_->IsReady(handle));
  EXPECT_EQ("1", *static_cast<std::string*>(cache_->Value(handle)));
  cache_->Release(handle);
  const rocksdb::Cache::CacheItemHelper* const none = nullptr;
  std::string local;
  EXPECT_TRUE(cache_->Insert("b", &local, none, 10).IsInvalidArgument());
}

TEST_F(LruCacheTest, ListsOwnAndEngineEntries) {
  EXPECT_TRUE(Insert("user", "1", 10).ok());
  const std::shared_ptr<gneiss::Cache> engine = EngineCacheOf(cache_);
  int block = 0;
  EXPECT_TRUE(engine->Insert("block", &block, 7, nullptr, gneiss::Cache::Priority::kHigh, nullptr).ok());
  std::map<std::string, size_t> seen;
  cache_->ApplyToAllEntries(
      [&](const rocksdb::Slice& key, void* value, size_t charge, rocksdb::Cache::DeleterFn deleter) {
        seen[key.ToString()] = charge;
        EXPECT_EQ(key == "user", deleter == &FreeString);
        EXPECT_EQ(key == "block", value == &block);
      },
      {});
  EXPECT_EQ((std::map<std::string, size_t>{{"block", 7}, {"user", 10}}), seen);
  EXPECT_EQ(17u, cache_->GetUsage());
  EXPECT_NE(engine->NewId(), cache_->NewId());
}

TEST_F(LruCacheTest, EngineCacheKeepsTheCacheAlive) {
  std::shared_ptr<gneiss::Cache> engine = EngineCacheOf(cache_);
  EXPECT_TRUE(Insert("a", "1", 10).ok());
  cache_.reset();
  EXPECT_TRUE(freed_.empty());
  EXPECT_NE(nullptr, engine);
  engine.reset();
  EXPECT_THAT(freed_, UnorderedElementsAre("a=1"));
}

TEST_F(LruCacheTest, ChargesMetadataWhenAsked) {
  cache_ = rocksdb::NewLRUCache(1000, 0);
  rocksdb::Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Insert("a", "1", 10, &handle).ok());
  EXPECT_GT(cache_->GetUsage(), 10u);
  EXPECT_EQ(10u, cache_->GetCharge(handle));
  cache_->Release(handle);
}

TEST_F(LruCacheTest, RejectsWhatRocksRejects) {
  EXPECT_EQ(nullptr, rocksdb::NewLRUCache(100, 20));
  EXPECT_EQ(nullptr, rocksdb::NewLRUCache(100, 0, false, 1.5));
  EXPECT_EQ(nullptr, rocksdb::NewLRUCache(100, 0, false, -0.1));
  EXPECT_EQ(nullptr, rocksdb::NewLRUCache(100, 0, false, 0.6, nullptr, false, rocksdb::kDontChargeCacheMetadata, 0.6));
  EXPECT_NE(nullptr, rocksdb::NewLRUCache(100, 0, false, 0.6, nullptr, false, rocksdb::kDontChargeCacheMetadata, 0.4));
}

TEST_F(LruCacheTest, HasNamesAndOptions) {
  EXPECT_STREQ("LRUCache", cache_->Name());
  EXPECT_EQ(
      "    capacity : 4194304\n"
      "    num_shard_bits : 3\n"
      "    strict_capacity_limit : 0\n"
      "    memory_allocator : None\n"
      "    high_pri_pool_ratio: 0.500\n"
      "    low_pri_pool_ratio: 0.000\n",
      rocksdb::NewLRUCache(4 << 20)->GetPrintableOptions());
  EXPECT_STREQ("LRUCache", rocksdb::NewClockCache(1 << 20)->Name());
  EXPECT_STREQ("HyperClockCache", rocksdb::HyperClockCacheOptions(1 << 20, 4096).MakeSharedCache()->Name());
  EXPECT_FALSE(rocksdb::kDefaultToAdaptiveMutex);
}

TEST_F(LruCacheTest, CanBeMadeFromAString) {
  const rocksdb::ConfigOptions config;
  std::shared_ptr<rocksdb::Cache> cache;
  ASSERT_TRUE(rocksdb::Cache::CreateFromString(config, "1M", &cache).ok());
  EXPECT_EQ(1u << 20, cache->GetCapacity());
  ASSERT_TRUE(
      rocksdb::Cache::CreateFromString(config, "capacity=2097152;num_shard_bits=4;strict_capacity_limit=true", &cache)
          .ok());
  EXPECT_EQ(2u << 20, cache->GetCapacity());
  EXPECT_TRUE(cache->HasStrictCapacityLimit());
  EXPECT_THAT(cache->GetPrintableOptions(), HasSubstr("num_shard_bits : 4"));
  EXPECT_FALSE(rocksdb::Cache::CreateFromString(config, "many", &cache).ok());
}

TEST_F(LruCacheTest, SecondaryCacheIsRefusedByName) {
  rocksdb::LRUCacheOptions options = Options(100);
  options.secondary_cache = rocksdb::NewCompressedSecondaryCache(1 << 20);
  ASSERT_NE(nullptr, options.secondary_cache);
  std::string value;
  EXPECT_TRUE(options.secondary_cache->Insert("k", &value, nullptr).IsNotSupported());
  cache_ = rocksdb::NewLRUCache(options);
  const rocksdb::Status refused = CheckCacheSupported(cache_);
  EXPECT_TRUE(refused.IsNotSupported());
  EXPECT_THAT(refused.ToString(), HasSubstr("LRUCacheOptions::secondary_cache"));
  EXPECT_TRUE(Insert("a", "1", 1).IsNotSupported());
  EXPECT_TRUE(CheckCacheSupported(rocksdb::NewLRUCache(100)).ok());
  EXPECT_TRUE(CheckCacheSupported(nullptr).ok());
}

TEST_F(LruCacheTest, ManyThreadsShareIt) {
  cache_ = rocksdb::NewLRUCache(Options(200));
  freed = nullptr;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = "k" + std::to_string((i * 7 + t) % 40);
        rocksdb::Cache::Handle* handle = cache_->Lookup(key);
        if (handle == nullptr) {
          ASSERT_TRUE(cache_->Insert(key, new std::string(key), 10, &FreeString, &handle).ok());
        }
        EXPECT_EQ(key, *static_cast<std::string*>(cache_->Value(handle)));
        cache_->Release(handle, i % 5 == 0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0u, cache_->GetPinnedUsage());
}

// A user's cache: passes everything on and counts lookups.
class UserCache final : public rocksdb::Cache {
 public:
  explicit UserCache(std::shared_ptr<rocksdb::Cache> target) : target_(std::move(target)) {}
  const char* Name() const override { return "UserCache"; }
  using Cache::Insert;
  rocksdb::Status Insert(const rocksdb::Slice& key, void* value, size_t charge, DeleterFn deleter, Handle** handle,
                         Priority priority) override {
    return target_->Insert(key, value, charge, deleter, handle, priority);
  }
  using Cache::Lookup;
  Handle* Lookup(const rocksdb::Slice& key, rocksdb::Statistics* stats) override {
    ++lookups;
    return target_->Lookup(key, stats);
  }
  bool Ref(Handle* handle) override { return target_->Ref(handle); }
  using Cache::Release;
  bool Release(Handle* handle, bool erase) override { return target_->Release(handle, erase); }
  void* Value(Handle* handle) override { return target_->Value(handle); }
  void Erase(const rocksdb::Slice& key) override { target_->Erase(key); }
  uint64_t NewId() override { return target_->NewId(); }
  void SetCapacity(size_t capacity) override { target_->SetCapacity(capacity); }
  void SetStrictCapacityLimit(bool strict) override { target_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return target_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return target_->GetCapacity(); }
  size_t GetUsage() const override { return target_->GetUsage(); }
  size_t GetUsage(Handle* handle) const override { return target_->GetUsage(handle); }
  size_t GetPinnedUsage() const override { return target_->GetPinnedUsage(); }
  size_t GetCharge(Handle* handle) const override { return target_->GetCharge(handle); }
  DeleterFn GetDeleter(Handle* handle) const override { return target_->GetDeleter(handle); }
  void ApplyToAllEntries(const std::function<void(const rocksdb::Slice&, void*, size_t, DeleterFn)>& callback,
                         const ApplyToAllEntriesOptions& options) override {
    target_->ApplyToAllEntries(callback, options);
  }
  void EraseUnRefEntries() override { target_->EraseUnRefEntries(); }

  int lookups = 0;

 private:
  const std::shared_ptr<rocksdb::Cache> target_;
};

std::string* engine_freed;

TEST_F(LruCacheTest, EngineWorksOverAUsersCache) {
  cache_ = rocksdb::NewLRUCache(Options(100, true));
  const auto user = std::make_shared<UserCache>(cache_);
  const std::shared_ptr<gneiss::Cache> engine = EngineCacheOf(user);
  std::string freed_keys;
  engine_freed = &freed_keys;
  const auto free_block = [](Slice key, void* value) {
    engine_freed->append(key);
    delete static_cast<int*>(value);
  };
  gneiss::Cache::Handle* handle = nullptr;
  ASSERT_TRUE(engine->Insert("b1", new int(5), 60, free_block, gneiss::Cache::Priority::kLow, &handle).ok());
  EXPECT_EQ(5, *static_cast<int*>(engine->Value(handle)));
  EXPECT_EQ(60u, engine->Charge(handle));
  gneiss::Cache::Handle* const found = engine->Lookup("b1");
  EXPECT_EQ(1, user->lookups);
  EXPECT_EQ(engine->Value(handle), engine->Value(found));
  EXPECT_FALSE(engine->Release(found));

  int kept = 6;  // a refused value stays with the caller
  gneiss::Cache::Handle* refused = nullptr;
  const Status full = engine->Insert("b2", &kept, 60, free_block, gneiss::Cache::Priority::kLow, &refused);
  EXPECT_TRUE(full.IsIncomplete());
  EXPECT_EQ(gneiss::Status::SubCode::kMemoryLimit, full.sub_code());

  EXPECT_TRUE(Insert("user", "1", 10).ok());
  int listed = 0;
  engine->ForEach([&](Slice key, void* value, size_t charge, gneiss::Cache::Deleter) {
    ++listed;
    EXPECT_EQ("b1", key);
    EXPECT_EQ(5, *static_cast<int*>(value));
    EXPECT_EQ(60u, charge);
  });
  EXPECT_EQ(1, listed);
  EXPECT_EQ("", freed_keys);
  EXPECT_TRUE(engine->Release(handle, true));
  EXPECT_EQ("b1", freed_keys);
  EXPECT_EQ(nullptr, EngineCacheOf(nullptr));
}

TEST(CacheNames, AreThoseOfTheProperty) {
  EXPECT_EQ("data-block", rocksdb::GetCacheEntryRoleName(rocksdb::CacheEntryRole::kDataBlock));
  EXPECT_EQ("misc", rocksdb::GetCacheEntryRoleName(rocksdb::CacheEntryRole::kMisc));
  using Keys = rocksdb::BlockCacheEntryStatsMapKeys;
  EXPECT_EQ("id", Keys::CacheId());
  EXPECT_EQ("capacity", Keys::CacheCapacityBytes());
  EXPECT_EQ("secs_for_last_collection", Keys::LastCollectionDurationSeconds());
  EXPECT_EQ("secs_since_last_collection", Keys::LastCollectionAgeSeconds());
  EXPECT_EQ("count.index-block", Keys::EntryCount(rocksdb::CacheEntryRole::kIndexBlock));
  EXPECT_EQ("bytes.write-buffer", Keys::UsedBytes(rocksdb::CacheEntryRole::kWriteBuffer));
  EXPECT_EQ("percent.blob-cache", Keys::UsedPercent(rocksdb::CacheEntryRole::kBlobCache));
}

}  // namespace
}  // namespace gneiss::compat
