// A cached get, a seek and a step allocate nothing: counted by an operator new of this program's own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "engine/base/hash.h"
#include "engine/table/table_test_util.h"

namespace {
std::atomic<size_t> allocation_count{0};
}  // namespace

void* operator new(size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace gneiss {
namespace {

class AllocationTest : public testing::Test {
 protected:
  AllocationTest() {
    Entries entries(InternalLess{});
    for (int i = 1000; i < 3000; ++i) entries[Internal(Key(i), 5)] = std::string(100, 'v');
    TableWriteConfig write;
    write.format.filter.type = FilterConfig::Type::kBloom;
    write.format.filter.bits_per_key = 10;
    config_.block_cache = NewCache({.capacity_bytes = 8 << 20});
    EXPECT_TRUE(OpenTable(config_, BuildTable(write, entries), &reader_).ok());
    for (int i = 999; i < 3000; ++i) Get(Key(i));  // the absent one makes the shared NotFound
  }
  static std::string Key(int i) { return "key" + std::to_string(i); }
  bool Get(Slice user_key) {
    PointLookup lookup(user_key, 100, nullptr, &value_);
    reader_->Get({}, SeekKey(user_key, 100), Xxph3(user_key), &lookup);
    return lookup.Finish().ok();
  }

  TableReadConfig config_;
  std::unique_ptr<TableReader> reader_;
  PinnedValue value_;
};

TEST_F(AllocationTest, CachedGet) {
  std::vector<std::string> keys;
  for (int i = 900; i < 3100; ++i) keys.push_back(Key(i));
  size_t found = 0;
  const size_t before = allocation_count;
  for (const std::string& key : keys) found += Get(key) ? 1 : 0;
  EXPECT_EQ(allocation_count - before, 0u);
  EXPECT_EQ(found, 2000u);
}

TEST_F(AllocationTest, StepsAndSeeksOfAnIterator) {
  const auto iterator = reader_->NewIterator({});
  std::vector<std::string> targets;
  for (int i = 1000; i < 3000; i += 7) targets.push_back(Internal(Key(i), kSeqMax, kKindForSeek));
  const auto walk = [&] {
    size_t count = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++count;
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) ++count;
    for (const std::string& target : targets) {
      iterator->Seek(target);
      count += iterator->Valid() ? 1 : 0;
    }
    return count;
  };
  walk();  // its buffers grow
  const size_t before = allocation_count;
  EXPECT_EQ(walk(), 4000 + targets.size());
  EXPECT_EQ(allocation_count - before, 0u);
}

}  // namespace
}  // namespace gneiss
