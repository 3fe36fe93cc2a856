#include "engine/cache/cache_charge.h"

#include <gtest/gtest.h>

namespace gneiss {
namespace {

constexpr size_t kDummy = CacheCharge::kDummyBytes;

std::shared_ptr<Cache> MakeCache(size_t capacity_bytes, bool is_strict) {
  return NewCache(
      {.capacity_bytes = capacity_bytes, .shard_bits = 0, .is_strict = is_strict, .charges_metadata = false});
}

TEST(CacheChargeTest, ChargesWholeDummiesAndGivesThemBack) {
  const std::shared_ptr<Cache> cache = MakeCache(16 * kDummy, false);
  {
    CacheCharge charge(cache, CacheRole::kTableReader);
    EXPECT_TRUE(charge.Add(1));
    EXPECT_EQ(kDummy, cache->GetUsage());
    EXPECT_EQ(kDummy, cache->GetPinnedUsage());
    EXPECT_TRUE(charge.Add(kDummy));
    EXPECT_EQ(2 * kDummy, cache->GetUsage());
    charge.Remove(1);
    EXPECT_EQ(kDummy, cache->GetUsage());
    charge.Remove(kDummy);
    EXPECT_EQ(0u, cache->GetUsage());
    EXPECT_TRUE(charge.Add(3 * kDummy));
  }
  EXPECT_EQ(0u, cache->GetUsage());
}

TEST(CacheChargeTest, ItsEntriesTellTheirRole) {
  const std::shared_ptr<Cache> cache = MakeCache(16 * kDummy, false);
  CacheCharge readers(cache, CacheRole::kTableReader);
  CacheCharge metadata(cache, CacheRole::kFileMetadata);
  EXPECT_TRUE(readers.Add(2 * kDummy));
  EXPECT_TRUE(metadata.Add(10));
  size_t reader_bytes = 0;
  size_t metadata_bytes = 0;
  cache->ForEach([&](Slice, void*, size_t bytes, Cache::Deleter deleter) {
    const CacheRole role = CacheRoleMark::RoleOf(deleter);
    if (role == CacheRole::kTableReader) reader_bytes += bytes;
    if (role == CacheRole::kFileMetadata) metadata_bytes += bytes;
  });
  EXPECT_EQ(2 * kDummy, reader_bytes);
  EXPECT_EQ(kDummy, metadata_bytes);
}

TEST(CacheChargeTest, AFullCacheSaysSoAndTheBytesCountAllTheSame) {
  const std::shared_ptr<Cache> cache = MakeCache(2 * kDummy, true);
  CacheCharge charge(cache, CacheRole::kFilterConstruction);
  EXPECT_FALSE(charge.Add(3 * kDummy));
  EXPECT_EQ(2 * kDummy, cache->GetUsage());
  cache->SetCapacity(8 * kDummy);
  EXPECT_TRUE(charge.Add(1));
  EXPECT_EQ(4 * kDummy, cache->GetUsage());
  charge.Remove(3 * kDummy + 1);
  EXPECT_EQ(0u, cache->GetUsage());
}

TEST(CacheChargeTest, ChargedBytesCountWhileTheyLive) {
  const std::shared_ptr<Cache> cache = MakeCache(16 * kDummy, false);
  const auto charge = std::make_shared<CacheCharge>(cache, CacheRole::kDictionaryBuffer);
  {
    ChargedBytes bytes(charge);
    EXPECT_TRUE(bytes.Set(kDummy + 1));
    EXPECT_EQ(2 * kDummy, cache->GetUsage());
    EXPECT_TRUE(bytes.Set(5));
    EXPECT_EQ(kDummy, cache->GetUsage());
    ChargedBytes moved(std::move(bytes));
    EXPECT_EQ(5u, moved.bytes());
    EXPECT_EQ(kDummy, cache->GetUsage());
  }
  EXPECT_EQ(0u, cache->GetUsage());
  ChargedBytes none;
  EXPECT_TRUE(none.Set(100));
}

}  // namespace
}  // namespace gneiss
