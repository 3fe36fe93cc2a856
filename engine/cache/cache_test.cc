#include "engine/cache/cache.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "engine/base/coding.h"
#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

// A value that counts how many of its kind live.
struct Counted {
  explicit Counted(std::atomic<int>* live_count, uint64_t value_number) : live(live_count), number(value_number) {
    live->fetch_add(1);
  }
  ~Counted() { live->fetch_sub(1); }
  std::atomic<int>* const live;
  const uint64_t number;
};
void DeleteCounted(Slice, void* value) { delete static_cast<Counted*>(value); }

std::string KeyOf(uint64_t number) {
  std::string key(16, 'k');
  EncodeU64(key.data() + 4, number);
  return key;
}

class CacheTest : public testing::Test {
 protected:
  // One shard and no metadata: sums are exact.
  void Make(size_t capacity, bool is_strict = false) {
    cache_ = NewCache({.capacity_bytes = capacity, .shard_bits = 0, .is_strict = is_strict, .charges_metadata = false});
  }
  Status Put(uint64_t number, size_t charge, Cache::Handle** handle = nullptr,
             Cache::Priority priority = Cache::Priority::kLow) {
    auto* const value = new Counted(&live_, number);
    Status status = cache_->Insert(KeyOf(number), value, charge, DeleteCounted, priority, handle);
    if (!status.ok()) delete value;
    return status;
  }
  // By its place, as blocks are looked up, where there is one for it.
  Cache::Handle* Find(uint64_t number) {
    if (number >= places_.size()) return cache_->Lookup(KeyOf(number));
    return cache_->Lookup(KeyOf(number), &places_[number]);
  }
  bool Has(uint64_t number) {
    Cache::Handle* const handle = Find(number);
    if (handle == nullptr) return false;
    EXPECT_EQ(static_cast<Counted*>(cache_->Value(handle))->number, number);
    cache_->Release(handle);
    return true;
  }

  std::atomic<int> live_{0};
  std::unique_ptr<Cache> cache_;
  std::array<uint32_t, 512> places_ = {};
};

TEST_F(CacheTest, FindsWhatWasInserted) {
  Make(1000);
  EXPECT_FALSE(Has(1));
  ASSERT_TRUE(Put(1, 10).ok());
  EXPECT_TRUE(Has(1));
  EXPECT_FALSE(Has(2));
  EXPECT_EQ(cache_->GetUsage(), 10u);
  EXPECT_EQ(cache_->GetPinnedUsage(), 0u);
  Cache::Handle* const handle = Find(1);
  EXPECT_EQ(cache_->Charge(handle), 10u);
  EXPECT_EQ(cache_->GetPinnedUsage(), 10u);
  EXPECT_FALSE(cache_->Release(handle));
  cache_.reset();
  EXPECT_EQ(live_, 0);
}

TEST_F(CacheTest, KeysOfAnyLength) {
  Make(1 << 20);
  for (size_t size = 0; size < 100; ++size) {
    ASSERT_TRUE(cache_
                    ->Insert(std::string(size, 'x'), new Counted(&live_, size), 1, DeleteCounted, Cache::Priority::kLow,
                             nullptr)
                    .ok());
  }
  for (size_t size = 0; size < 100; ++size) {
    Cache::Handle* const handle = cache_->Lookup(std::string(size, 'x'));
    ASSERT_NE(handle, nullptr);
    EXPECT_EQ(static_cast<Counted*>(cache_->Value(handle))->number, size);
    cache_->Release(handle);
  }
}

TEST_F(CacheTest, TheDeleterMayBeNull) {
  Make(1000);
  int value = 0;
  ASSERT_TRUE(cache_->Insert("k", &value, 1, nullptr, Cache::Priority::kLow, nullptr).ok());
  cache_->Erase("k");
  EXPECT_EQ(cache_->GetUsage(), 0u);
}

TEST_F(CacheTest, APinKeepsAReplacedAndAnErasedValue) {
  Make(1000);
  Cache::Handle* first = nullptr;
  ASSERT_TRUE(Put(1, 10, &first).ok());
  Cache::Handle* second = nullptr;
  ASSERT_TRUE(Put(1, 20, &second).ok());
  EXPECT_EQ(live_, 2);
  EXPECT_EQ(cache_->GetUsage(), 30u);
  EXPECT_EQ(cache_->GetPinnedUsage(), 30u);
  EXPECT_TRUE(cache_->Release(first));
  EXPECT_EQ(live_, 1);
  cache_->Erase(KeyOf(1));
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(static_cast<Counted*>(cache_->Value(second))->number, 1u);
  cache_->Ref(second);
  EXPECT_FALSE(cache_->Release(second));
  EXPECT_TRUE(cache_->Release(second));
  EXPECT_EQ(live_, 0);
  EXPECT_EQ(cache_->GetUsage(), 0u);
}

TEST_F(CacheTest, ReleaseMayEraseTheLastPin) {
  Make(1000);
  Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Put(1, 10, &handle).ok());
  cache_->Ref(handle);
  EXPECT_FALSE(cache_->Release(handle, true));
  EXPECT_TRUE(cache_->Release(handle, true));
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(live_, 0);
}

TEST_F(CacheTest, StaysWithinItsCapacity) {
  Make(1000);
  for (uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(Put(i, 10).ok());
    ASSERT_LE(cache_->GetUsage(), 1000u);
  }
  EXPECT_EQ(live_, 100);
  EXPECT_TRUE(Has(999));
}

TEST_F(CacheTest, UsedEntriesOutliveUnusedOnes) {
  Make(1000);
  for (uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(Put(i, 10).ok());
  for (uint64_t i = 1000; i < 1400; ++i) {
    for (uint64_t j = 0; j < 50; ++j) Has(j);
    ASSERT_TRUE(Put(i, 10).ok());
  }
  int kept = 0;
  for (uint64_t i = 0; i < 50; ++i) kept += Has(i) ? 1 : 0;
  EXPECT_EQ(kept, 50);
}

TEST_F(CacheTest, PinnedEntriesAreNotEvicted) {
  Make(100);
  std::vector<Cache::Handle*> handles(20);
  for (uint64_t i = 0; i < handles.size(); ++i) ASSERT_TRUE(Put(i, 10, &handles[i]).ok());
  EXPECT_EQ(cache_->GetUsage(), 200u);  // not strict: a caller who wants a handle gets one
  for (uint64_t i = 0; i < handles.size(); ++i) EXPECT_TRUE(Has(i));
  for (Cache::Handle* handle : handles) cache_->Release(handle);
  EXPECT_LE(cache_->GetUsage(), 100u);
}

TEST_F(CacheTest, WithoutRoomAnUnpinnedInsertIsDropped) {
  Make(100);
  Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Put(1, 100, &handle).ok());
  EXPECT_TRUE(Put(2, 10).ok());
  EXPECT_FALSE(Has(2));
  EXPECT_EQ(live_, 1);
  EXPECT_TRUE(Put(3, 1000).ok());
  EXPECT_EQ(live_, 1);
  cache_->Release(handle);
}

TEST_F(CacheTest, AStrictCapacityRefuses) {
  Make(100, true);
  EXPECT_TRUE(cache_->HasStrictCapacityLimit());
  Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Put(1, 60, &handle).ok());
  Cache::Handle* other = nullptr;
  const Status status = Put(2, 60, &other);
  EXPECT_TRUE(status.IsIncomplete());
  EXPECT_EQ(status.sub_code(), Status::SubCode::kMemoryLimit);
  EXPECT_EQ(other, nullptr);
  EXPECT_EQ(cache_->GetUsage(), 60u);
  cache_->SetStrictCapacityLimit(false);
  ASSERT_TRUE(Put(2, 60, &other).ok());
  cache_->Release(other);
  cache_->Release(handle);
}

TEST_F(CacheTest, ASmallerCapacityEvicts) {
  Make(1000);
  for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(Put(i, 10).ok());
  cache_->SetCapacity(300);
  EXPECT_EQ(cache_->GetCapacity(), 300u);
  EXPECT_LE(cache_->GetUsage(), 300u);
  EXPECT_EQ(live_, 30);
  cache_->SetCapacity(0);
  EXPECT_EQ(cache_->GetUsage(), 0u);
  EXPECT_EQ(live_, 0);
}

TEST_F(CacheTest, EraseUnreferencedLeavesPinnedEntries) {
  Make(1000);
  Cache::Handle* handle = nullptr;
  ASSERT_TRUE(Put(1, 10, &handle).ok());
  ASSERT_TRUE(Put(2, 10).ok());
  cache_->EraseUnreferenced();
  EXPECT_TRUE(Has(1));
  EXPECT_FALSE(Has(2));
  EXPECT_EQ(cache_->GetUsage(), 10u);
  cache_->Release(handle);
}

TEST_F(CacheTest, ForEachVisitsEveryEntryOnce) {
  cache_ = NewCache({.capacity_bytes = 1 << 20, .shard_bits = 3});
  for (uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(Put(i, 7).ok());
  std::set<uint64_t> seen;
  cache_->ForEach([&seen](Slice key, void* value, size_t charge, Cache::Deleter deleter) {
    EXPECT_EQ(key, KeyOf(static_cast<Counted*>(value)->number));
    EXPECT_EQ(charge, 7u);
    EXPECT_EQ(deleter, &DeleteCounted);
    EXPECT_TRUE(seen.insert(static_cast<Counted*>(value)->number).second);
  });
  EXPECT_EQ(seen.size(), 500u);
}

TEST_F(CacheTest, MetadataCounts) {
  cache_ = NewCache({.capacity_bytes = 1 << 20, .shard_bits = 0, .charges_metadata = true});
  ASSERT_TRUE(Put(1, 10).ok());
  EXPECT_GT(cache_->GetUsage(), 10u + 16u);
  Cache::Handle* const handle = Find(1);
  EXPECT_EQ(cache_->Charge(handle), 10u);
  cache_->Release(handle);
}

TEST_F(CacheTest, HighPrioritySurvivesAScan) {
  Make(1000);
  for (uint64_t i = 0; i < 40; ++i) ASSERT_TRUE(Put(i, 10, nullptr, Cache::Priority::kHigh).ok());
  for (uint64_t i = 1000; i < 1150; ++i) ASSERT_TRUE(Put(i, 10).ok());
  for (uint64_t i = 0; i < 40; ++i) EXPECT_TRUE(Has(i)) << i;
}

TEST_F(CacheTest, HighPriorityKeepsToItsShare) {
  Make(1000);
  for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(Put(i, 10, nullptr, Cache::Priority::kHigh).ok());
  for (uint64_t i = 1000; i < 1060; ++i) ASSERT_TRUE(Put(i, 10).ok());
  uint64_t kept = 0;
  for (uint64_t i = 0; i < 100; ++i) kept += Has(i) ? 1 : 0;
  EXPECT_GE(kept, 50u);
  EXPECT_LE(kept, 90u);
}

TEST_F(CacheTest, LowOutlivesBottomWhereItHasAShare) {
  cache_ = NewCache({.capacity_bytes = 1000, .shard_bits = 0, .low_priority_ratio = 0.5, .charges_metadata = false});
  for (uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(Put(i, 10, nullptr, i % 2 == 0 ? Cache::Priority::kLow : Cache::Priority::kBottom).ok());
  }
  for (uint64_t i = 1000; i < 1040; ++i) ASSERT_TRUE(Put(i, 10).ok());
  for (uint64_t i = 0; i < 100; i += 2) EXPECT_TRUE(Has(i)) << i;
}

// The entry at the place has gone to another key, which was not asked for.
TEST_F(CacheTest, AStalePlaceDoesNotCountAsAHit) {
  Make(30);
  for (const uint64_t number : {1, 2, 3}) ASSERT_TRUE(Put(number, 10).ok());
  ASSERT_TRUE(Has(1));
  ASSERT_NE(places_[1], 0u);
  cache_->Erase(KeyOf(1));
  ASSERT_TRUE(Put(4, 10).ok());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Has(1));
  ASSERT_TRUE(Put(5, 10).ok());
  const Cache::Handle* const gone = cache_->Lookup(KeyOf(4));
  EXPECT_EQ(gone, nullptr);
  EXPECT_TRUE(Has(2));
  EXPECT_TRUE(Has(3));
}

// A deleter may use the cache: no lock is held when it runs.
TEST_F(CacheTest, DeletersMayCallBack) {
  Make(100);
  const auto insert_another = [](Slice key, void* value) {
    auto* const cache = static_cast<Cache*>(value);
    if (key[0] == 'a') {
      EXPECT_TRUE(cache->Insert("from the deleter", nullptr, 1, nullptr, Cache::Priority::kLow, nullptr).ok());
    }
  };
  ASSERT_TRUE(cache_->Insert("a", cache_.get(), 60, insert_another, Cache::Priority::kLow, nullptr).ok());
  ASSERT_TRUE(cache_->Insert("b", cache_.get(), 60, insert_another, Cache::Priority::kLow, nullptr).ok());
  Cache::Handle* const handle = cache_->Lookup("from the deleter");
  ASSERT_NE(handle, nullptr);
  cache_->Release(handle);
}

TEST_F(CacheTest, IdsAreDistinct) {
  Make(1);
  std::set<uint64_t> ids;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(ids.insert(cache_->NewId()).second);
}

// One thread against a map: whatever is found is right, whatever is pinned is found, and the sums hold.
TEST_F(CacheTest, AgreesWithAModel) {
  Random random(TestSeed(20240131));
  Make(2000);
  std::map<uint64_t, size_t> newest;  // what an entry's charge must be if it is found
  std::multimap<uint64_t, Cache::Handle*> pins;
  for (int step = 0; step < 100000; ++step) {
    const uint64_t number = random.Uniform(300);
    switch (random.Uniform(8)) {
      case 0:
      case 1: {
        const size_t charge = 1 + random.Uniform(50);
        Cache::Handle* handle = nullptr;
        ASSERT_TRUE(Put(number, charge, random.OneIn(3) ? &handle : nullptr).ok());
        if (handle != nullptr) pins.emplace(number, handle);
        newest[number] = charge;
        break;
      }
      case 2:
        cache_->Erase(KeyOf(number));
        newest.erase(number);
        break;
      case 3:
      case 4:
        if (!pins.empty()) {
          const auto pin = std::next(pins.begin(), static_cast<long>(random.Uniform(pins.size())));
          ASSERT_EQ(static_cast<Counted*>(cache_->Value(pin->second))->number, pin->first);
          cache_->Release(pin->second);
          pins.erase(pin);
        }
        break;
      default:
        if (Cache::Handle* const handle = Find(number); handle != nullptr) {
          ASSERT_EQ(static_cast<Counted*>(cache_->Value(handle))->number, number);
          if (const auto it = newest.find(number); it != newest.end()) {
            ASSERT_EQ(cache_->Charge(handle), it->second);
          } else {
            FAIL() << "an erased entry came back";
          }
          if (pins.size() < 20 && random.OneIn(4)) {
            pins.emplace(number, handle);
          } else {
            cache_->Release(handle);
          }
        }
    }
    if (pins.size() > 40) {
      for (const auto& [pinned, handle] : pins) cache_->Release(handle);
      pins.clear();
    }
    if (step % 1000 == 0 && pins.empty()) {
      ASSERT_LE(cache_->GetUsage(), 2000u);
      ASSERT_EQ(cache_->GetPinnedUsage(), 0u);
    }
  }
  for (const auto& [number, handle] : pins) cache_->Release(handle);
  cache_.reset();
  EXPECT_EQ(live_, 0);
}

// Threads do everything at once on few keys; every value found is the right one and all are freed in the end.
TEST_F(CacheTest, ManyThreads) {
  const uint64_t seed = TestSeed(20240131);
  cache_ = NewCache({.capacity_bytes = 20000, .shard_bits = 1, .charges_metadata = false});
  std::atomic<uint64_t> hits{0};
  const auto work = [this, seed, &hits](uint64_t thread_number) {
    Random random(seed + thread_number);
    std::vector<std::pair<uint64_t, Cache::Handle*>> pins;
    for (int step = 0; step < 60000; ++step) {
      const uint64_t number = random.Uniform(1500);
      const uint64_t action = random.Uniform(1000);
      if (action < 10) {
        cache_->Erase(KeyOf(number));
      } else if (action < 12) {
        cache_->SetCapacity(10000 + random.Uniform(20000));
      } else if (action < 13) {
        cache_->EraseUnreferenced();
      } else if (action < 15) {
        cache_->ForEach([](Slice key, void* value, size_t, Cache::Deleter) {
          EXPECT_EQ(key, KeyOf(static_cast<Counted*>(value)->number));
        });
      } else if (Cache::Handle* handle = Find(number); handle != nullptr) {
        EXPECT_EQ(static_cast<Counted*>(cache_->Value(handle))->number, number);
        hits.fetch_add(1, std::memory_order_relaxed);
        if (random.OneIn(10)) {
          cache_->Ref(handle);
          cache_->Release(handle);
        }
        if (random.OneIn(20)) {
          pins.emplace_back(number, handle);
        } else {
          cache_->Release(handle, random.OneIn(50));
        }
      } else {
        handle = nullptr;
        EXPECT_TRUE(Put(number, 1 + random.Uniform(60), random.OneIn(2) ? &handle : nullptr,
                        static_cast<Cache::Priority>(random.Uniform(3)))
                        .ok());
        if (handle != nullptr) pins.emplace_back(number, handle);
      }
      while (pins.size() > 10) {
        EXPECT_EQ(static_cast<Counted*>(cache_->Value(pins.back().second))->number, pins.back().first);
        cache_->Release(pins.back().second);
        pins.pop_back();
      }
    }
    for (const auto& [number, handle] : pins) cache_->Release(handle);
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(hits.load(), 1000u);
  EXPECT_EQ(cache_->GetPinnedUsage(), 0u);
  EXPECT_LE(cache_->GetUsage(), 30000u);
  cache_->EraseUnreferenced();
  EXPECT_EQ(cache_->GetUsage(), 0u);
  EXPECT_EQ(live_, 0);
}

}  // namespace
}  // namespace gneiss
