// What builders do besides building: fitting sizes to allocations, looking for corruption, charging what they take.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/filter/filter.h"
#include "engine/filter/filter_fit.h"
#include "engine/filter/filter_hashes.h"

namespace gneiss {
namespace {

using Type = FilterConfig::Type;

// Counts, and refuses what would go beyond the limit.
class CountingCharge final : public MemoryCharge {
 public:
  explicit CountingCharge(size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  bool Add(size_t bytes) override {
    bytes_ += bytes;
    most_bytes_ = std::max(most_bytes_, bytes_);
    return bytes_ <= limit_bytes_;
  }
  void Remove(size_t bytes) override { bytes_ -= bytes; }
  size_t bytes() const { return bytes_; }
  size_t most_bytes() const { return most_bytes_; }

 private:
  const size_t limit_bytes_;
  size_t bytes_ = 0;
  size_t most_bytes_ = 0;
};

void AddKeys(uint64_t count, FilterBuilder* builder) {
  for (uint64_t i = 0; i < count; ++i) builder->AddKey(Slice(reinterpret_cast<const char*>(&i), sizeof(i)));
}

void ExpectAllFound(uint64_t count, Slice filter) {
  const FilterReader reader(filter);
  for (uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(reader.MayMatch(Slice(reinterpret_cast<const char*>(&i), sizeof(i)))) << i;
  }
}

class FilterBuildTest : public testing::TestWithParam<Type> {
 protected:
  FilterConfig Config() const { return {.type = GetParam(), .bits_per_key = 10}; }
};

TEST_P(FilterBuildTest, FittedFiltersHaveAllKeysAndTheAskedForAccuracyOverall) {
  FilterConfig config = Config();
  config.rounding_balance = std::make_shared<std::atomic<int64_t>>(0);
  const auto fitted = NewFilterBuilder(config);
  const auto exact = NewFilterBuilder(Config());
  size_t fitted_bytes = 0;
  size_t exact_bytes = 0;
  for (uint64_t keys = 300; keys < 400'000; keys = keys * 5 / 3) {
    AddKeys(keys, fitted.get());
    AddKeys(keys, exact.get());
    const std::string filter = fitted->Finish();
    const size_t wanted = exact->Finish().size();
    ExpectAllFound(keys, filter);
    EXPECT_GE(filter.size() * 16 + 16 * 64, wanted * 12);
    EXPECT_LE(filter.size() * 3, wanted * 4 + 64 * 3);
    fitted_bytes += filter.size();
    exact_bytes += wanted;
    // What was gained so far is never spent twice.
    EXPECT_LE(config.rounding_balance->load(), int64_t{1} << 26) << keys;
  }
  EXPECT_LE(fitted_bytes, exact_bytes * 11 / 10);
}

TEST_P(FilterBuildTest, AGainMakesALaterFilterSmaller) {
  FilterConfig config = Config();
  config.rounding_balance = std::make_shared<std::atomic<int64_t>>(-(int64_t{1} << 28));
  const auto builder = NewFilterBuilder(config);
  AddKeys(5000, builder.get());
  const std::string filter = builder->Finish();
  ExpectAllFound(5000, filter);
  const auto exact = NewFilterBuilder(Config());
  AddKeys(5000, exact.get());
  EXPECT_LT(filter.size(), exact->Finish().size());
  EXPECT_GT(config.rounding_balance->load(), -(int64_t{1} << 28));
}

TEST_P(FilterBuildTest, DamageBetweenBuildingAndWritingIsFound) {
  FilterConfig config = Config();
  config.detects_corruption = true;
  const auto builder = NewFilterBuilder(config);
  AddKeys(5000, builder.get());
  std::string filter = builder->Finish();
  EXPECT_TRUE(builder->CheckLast(filter).ok());
  // The builder is ready for the next one.
  AddKeys(3000, builder.get());
  filter = builder->Finish();
  ExpectAllFound(3000, filter);
  for (size_t i = 100; i < 200; ++i) filter[i] = 0;
  const Status damaged = builder->CheckLast(filter);
  EXPECT_EQ("Corruption: Corrupted filter content", damaged.ToString());
}

TEST_P(FilterBuildTest, WithoutTheOptionNobodyLooks) {
  const auto builder = NewFilterBuilder(Config());
  AddKeys(1000, builder.get());
  std::string filter = builder->Finish();
  std::fill(filter.begin(), filter.begin() + 500, '\0');
  EXPECT_TRUE(builder->CheckLast(filter).ok());
}

TEST_P(FilterBuildTest, HashesAndFiltersAreChargedUntilTheBuilderGoes) {
  FilterConfig config = Config();
  const auto charge = std::make_shared<CountingCharge>(SIZE_MAX);
  config.charge = charge;
  auto builder = NewFilterBuilder(config);
  AddKeys(100'000, builder.get());
  EXPECT_EQ(3 * (size_t{256} << 10), charge->bytes());
  const std::string filter = builder->Finish();
  EXPECT_EQ(filter.size(), charge->bytes());
  EXPECT_GE(charge->most_bytes(), 3 * (size_t{256} << 10) + filter.size());
  builder.reset();
  EXPECT_EQ(0u, charge->bytes());
}

INSTANTIATE_TEST_SUITE_P(Types, FilterBuildTest, testing::Values(Type::kBloom, Type::kRibbon));

TEST(FilterBuild, ARibbonWithoutRoomBecomesABloomFilter) {
  FilterConfig config{.type = Type::kRibbon, .bits_per_key = 10};
  const auto charge = std::make_shared<CountingCharge>(size_t{1} << 20);
  config.charge = charge;
  const auto builder = NewFilterBuilder(config);
  AddKeys(100'000, builder.get());  // their equations take more than 2 MB
  const std::string filter = builder->Finish();
  EXPECT_EQ(-1, filter[filter.size() - 5]);  // a Bloom filter's marker
  ExpectAllFound(100'000, filter);
  EXPECT_EQ(filter.size(), charge->bytes());
}

TEST(FilterBuild, ChangedHashesAreNotWhole) {
  FilterHashes hashes(/*is_watched=*/true, nullptr);
  for (uint64_t i = 1; i < 1000; ++i) hashes.Add(i * 0x9e3779b97f4a7c15);
  EXPECT_TRUE(hashes.IsWhole());
  const_cast<uint64_t&>(hashes.values()[500]) ^= 4;  // as a fault of memory would
  EXPECT_FALSE(hashes.IsWhole());
  hashes.Clear();
  EXPECT_TRUE(hashes.IsWhole());
}

}  // namespace
}  // namespace gneiss
