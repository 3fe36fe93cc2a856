// How often operations allocate, in the thread that calls them, once it has done some of them: what a thread keeps for
// later calls is made by its first. The bounds are the project's targets.
#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <vector>

#include "tests/costs/counted_calls.h"
#include "tests/costs/database.h"

namespace costs {
namespace {

// The keys are made before counting starts.
std::vector<std::string> Keys() {
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(Key(i * 7919 % kKeys));
  return keys;
}

constexpr int kFirstCalls = 100;

// Calls the operation with every key. The first calls are not counted.
template <typename Operation>
double AllocationsPer(const std::vector<std::string>& keys, Operation operation) {
  for (int i = 0; i < kFirstCalls; ++i) operation(keys[i]);
  const int64_t before = AllocationsOfThisThread();
  for (size_t i = kFirstCalls; i < keys.size(); ++i) operation(keys[i]);
  return static_cast<double>(AllocationsOfThisThread() - before) / static_cast<double>(keys.size() - kFirstCalls);
}

TEST(Allocations, AreCountedInTheLibraryToo) {
  const int64_t before = AllocationsOfThisThread();
  std::unique_ptr<rocksdb::WriteBatch> batch = std::make_unique<rocksdb::WriteBatch>();  // grows inside the library
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(batch->Put(Key(i), std::string(100, 'v')).ok());
  EXPECT_GE(AllocationsOfThisThread() - before, 5);
}

class CachedReads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(BloomBits, CachedReads, testing::Values(0, 10));

TEST_P(CachedReads, GetIntoAPinnableSliceAllocatesNothing) {
  Database database(GetParam());
  database.Fill();
  database.CompactAndWarmUp();
  rocksdb::PinnableSlice value;
  int found = 0;
  const double allocations = AllocationsPer(Keys(), [&](const std::string& key) {
    value.Reset();
    found += database->Get(rocksdb::ReadOptions(), database->DefaultColumnFamily(), key, &value).ok() ? 1 : 0;
  });
  EXPECT_EQ(found, kKeys);
  EXPECT_EQ(allocations, 0);
}

TEST_P(CachedReads, GetOfAMissingKeyAllocatesNothing) {
  Database database(GetParam());
  database.Fill();
  database.CompactAndWarmUp();
  std::vector<std::string> keys = Keys();
  for (auto& key : keys) key += '0';
  rocksdb::PinnableSlice value;
  int missing = 0;
  const double allocations = AllocationsPer(keys, [&](const std::string& key) {
    missing += database->Get(rocksdb::ReadOptions(), database->DefaultColumnFamily(), key, &value).IsNotFound() ? 1 : 0;
  });
  EXPECT_EQ(missing, kKeys);
  EXPECT_EQ(allocations, 0);
}

TEST_P(CachedReads, NextAndSeekOfAReusedIteratorAllocateNothing) {
  Database database(GetParam());
  database.Fill();
  database.CompactAndWarmUp();
  std::unique_ptr<rocksdb::Iterator> iterator(database->NewIterator(rocksdb::ReadOptions()));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
  }
  iterator->SeekToFirst();
  const int64_t before = AllocationsOfThisThread();
  int seen = 0;
  for (; iterator->Valid(); iterator->Next()) ++seen;
  EXPECT_EQ(AllocationsOfThisThread() - before, 0);
  EXPECT_EQ(seen, kKeys);
  const double of_seek = AllocationsPer(Keys(), [&](const std::string& key) {
    iterator->Seek(key);
    seen += iterator->Valid() ? 1 : 0;
  });
  EXPECT_EQ(seen, 2 * kKeys);
  EXPECT_EQ(of_seek, 0);
}

// The iterator itself, its table's and what holds the two: each once.
TEST_P(CachedReads, ANewIteratorsSeekAllocatesLittle) {
  Database database(GetParam());
  database.Fill();
  database.CompactAndWarmUp();
  int seen = 0;
  const double allocations = AllocationsPer(Keys(), [&](const std::string& key) {
    const std::unique_ptr<rocksdb::Iterator> iterator(database->NewIterator(rocksdb::ReadOptions()));
    iterator->Seek(key);
    seen += iterator->Valid() ? 1 : 0;
  });
  EXPECT_EQ(seen, kKeys);
  EXPECT_LE(allocations, 4);
}

TEST(Memtable, GetAllocatesNothing) {
  Database database(0);
  database.Fill();
  rocksdb::PinnableSlice value;
  int found = 0;
  const double allocations = AllocationsPer(Keys(), [&](const std::string& key) {
    value.Reset();
    found += database->Get(rocksdb::ReadOptions(), database->DefaultColumnFamily(), key, &value).ok() ? 1 : 0;
  });
  EXPECT_EQ(found, kKeys);
  EXPECT_EQ(allocations, 0);
}

TEST(Memtable, PutAllocatesSeldom) {
  Database database(0);
  const std::string value(100, 'v');
  rocksdb::WriteOptions options;
  int written = 0;
  const double allocations = AllocationsPer(
      Keys(), [&](const std::string& key) { written += database->Put(options, key, value).ok() ? 1 : 0; });
  EXPECT_EQ(written, kKeys);
  EXPECT_LE(allocations, 0.05);
  RecordProperty("allocations_per_put", std::to_string(allocations));
}

}  // namespace
}  // namespace costs
