// What a full cache takes, and the hit rates that come of it.
#include "engine/cache/admission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "engine/base/coding.h"
#include "engine/base/random.h"
#include "engine/cache/cache.h"

namespace gneiss {
namespace {

// A cache of so many values, asked as data blocks are. One shard, and no metadata counts.
class AskedCache {
 public:
  AskedCache(size_t entries, size_t keys)
      : cache_(NewCache({.capacity_bytes = entries, .shard_bits = 0, .charges_metadata = false})), places_(keys) {}

  // Whether it was there.
  bool Ask(size_t number) {
    std::string key(16, 'k');
    EncodeU64(key.data() + 8, number);
    uint32_t* const place = &places_[number];
    ++asked_;
    if (Cache::Handle* const found = cache_->Lookup(key, place); found != nullptr) {
      cache_->Release(found);
      ++hits_;
      return true;
    }
    if (!cache_->Admits(key, 1, place)) return false;
    const Status status = cache_->Insert(key, nullptr, 1, nullptr, Cache::Priority::kLow, nullptr);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return false;
  }
  size_t Usage() const { return cache_->GetUsage(); }
  double HitPercent() const { return 100.0 * static_cast<double>(hits_) / static_cast<double>(asked_); }

 private:
  const std::unique_ptr<Cache> cache_;
  std::vector<uint32_t> places_;
  size_t asked_ = 0;
  size_t hits_ = 0;
};

// Numbers below `count`, small ones more often.
class Zipf {
 public:
  Zipf(size_t count, double exponent) {
    double sum = 0;
    for (size_t i = 1; i <= count; ++i) sums_.push_back(sum += 1 / std::pow(static_cast<double>(i), exponent));
  }
  size_t Next(Random* random) const {
    const double at = static_cast<double>(random->Uniform(1 << 30)) / (1 << 30) * sums_.back();
    return static_cast<size_t>(std::upper_bound(sums_.begin(), sums_.end() - 1, at) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

constexpr size_t kEntries = 2000;
constexpr size_t kKeys = 10 * kEntries;
constexpr size_t kAsked = 400'000;

TEST(AdmissionTest, WhileThereIsRoomAllIsTaken) {
  AskedCache cache(100, 200);
  for (size_t i = 0; i < 100; ++i) EXPECT_FALSE(cache.Ask(i));
  for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(cache.Ask(i)) << i;
}

TEST(AdmissionTest, AFullCacheTakesWhatIsAskedForAgain) {
  AskedCache cache(100, 400);
  for (size_t i = 0; i < 100; ++i) cache.Ask(i);
  EXPECT_FALSE(cache.Ask(100));
  EXPECT_FALSE(cache.Ask(100));  // now it is taken
  EXPECT_TRUE(cache.Ask(100));
  // Too long ago: more misses lie between than there are entries.
  EXPECT_FALSE(cache.Ask(101));
  for (size_t i = 200; i < 301; ++i) EXPECT_FALSE(cache.Ask(i));
  EXPECT_FALSE(cache.Ask(101));
  EXPECT_FALSE(cache.Ask(101));
  EXPECT_TRUE(cache.Ask(101));
  EXPECT_EQ(cache.Usage(), 100u);
}

TEST(AdmissionTest, AScanLeavesWhatIsThere) {
  AskedCache cache(100, 1000);
  for (size_t i = 0; i < 100; ++i) cache.Ask(i);
  for (size_t i = 100; i < 1000; ++i) cache.Ask(i);
  for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(cache.Ask(i)) << i;
}

TEST(AdmissionTest, WhereAllComesAgainAtOnceAllIsTaken) {
  AskedCache cache(kEntries, kKeys);
  for (size_t i = 0; i < kKeys; ++i) {
    for (int times = 0; times < 20; ++times) cache.Ask(i);
  }
  EXPECT_GT(cache.HitPercent(), 94.5);  // 95 when each misses once, 90 when each misses twice
}

TEST(AdmissionTest, HitRatesOfSkewedKeys) {
  const Zipf zipf(kKeys, 0.8);
  Random random(301);
  AskedCache cache(kEntries, kKeys);
  for (size_t i = 0; i < kAsked; ++i) cache.Ask(zipf.Next(&random));
  EXPECT_GT(cache.HitPercent(), 53.0);  // 47.4 when all is taken
}

TEST(AdmissionTest, HitRatesWhereKeysComeInBursts) {
  const Zipf zipf(kKeys, 0.8);
  Random random(301);
  AskedCache cache(kEntries, kKeys);
  std::vector<size_t> recent(50);
  for (size_t i = 0; i < kAsked; i += 2) {
    size_t& again = recent[random.Uniform(recent.size())];
    cache.Ask(again);
    again = zipf.Next(&random);
    cache.Ask(again);
  }
  EXPECT_GT(cache.HitPercent(), 70.0);  // 73.1 when all is taken, 48.9 when none is the first time
}

TEST(AdmissionTest, ALoopThatDoesNotFitHitsInPart) {
  AskedCache cache(kEntries, kKeys);
  for (size_t i = 0; i < kAsked; ++i) cache.Ask(i % (kEntries * 3 / 2));
  EXPECT_GT(cache.HitPercent(), 40.0);  // none when all is taken
}

}  // namespace
}  // namespace gneiss
