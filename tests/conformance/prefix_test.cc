// Prefix extractors: total order, prefix_same_as_start, auto_prefix_mode, prefix filters in tables and memtables.

#include <rocksdb/slice_transform.h>
#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class PrefixTest : public DbTest {
 protected:
  void SetUp() override {
    options_.prefix_extractor.reset(NewFixedPrefixTransform(3));
    TableOptions().filter_policy.reset(NewBloomFilterPolicy(20));
    UseTableOptions();
    options_.statistics = CreateDBStatistics();
  }
  void OpenWithPrefixes() {
    Open();
    PutTable({{"aaa1", "1"}, {"aaa2", "2"}, {"bbb1", "3"}, {"ccc1", "4"}, {"ccc2", "5"}});
  }
  // No key has the prefix of the target: the next key is shown in total order.
  void ExpectSeekAsksNoFilter(const ReadOptions& read_options) {
    OpenWithPrefixes();
    const auto iterator = NewIterator(read_options);
    iterator->Seek("abc1");
    EXPECT_EQ("bbb1=3", At(*iterator));
    EXPECT_EQ(0u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
  }
  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }
};

TEST_F(PrefixTest, SeekInsideAPrefixFindsItsKeys) {
  OpenWithPrefixes();
  const auto iterator = NewIterator();
  iterator->Seek("aaa");
  EXPECT_EQ("aaa1=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("aaa2=2", At(*iterator));
}

TEST_F(PrefixTest, PrefixSameAsStartEndsWithThePrefix) {
  OpenWithPrefixes();
  ReadOptions same;
  same.prefix_same_as_start = true;
  const auto iterator = NewIterator(same);
  iterator->Seek("aaa1");
  EXPECT_EQ("aaa1=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("aaa2=2", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  EXPECT_OK(iterator->status());
}

TEST_F(PrefixTest, PrefixSameAsStartBackwards) {
  OpenWithPrefixes();
  ReadOptions same;
  same.prefix_same_as_start = true;
  const auto iterator = NewIterator(same);
  iterator->SeekForPrev("ccc9");
  EXPECT_EQ("ccc2=5", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("ccc1=4", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(PrefixTest, PrefixSameAsStartOfAnAbsentPrefix) {
  OpenWithPrefixes();
  ReadOptions same;
  same.prefix_same_as_start = true;
  const auto iterator = NewIterator(same);
  iterator->Seek("abc");
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(PrefixTest, TotalOrderSeekSeesEverything) {
  OpenWithPrefixes();
  ReadOptions total;
  total.total_order_seek = true;
  EXPECT_EQ("aaa1=1 aaa2=2 bbb1=3 ccc1=4 ccc2=5", Scan(total));
  const auto iterator = NewIterator(total);
  iterator->Seek("abc");
  EXPECT_EQ("bbb1=3", At(*iterator));
  iterator->SeekForPrev("bbb");
  EXPECT_EQ("aaa2=2", At(*iterator));
}

TEST_F(PrefixTest, PrefixSameAsStartHoldsUnderTotalOrderSeek) {
  // The header says that it would not; RocksDB's iterators have always ended all the same, and callers know it so.
  OpenWithPrefixes();
  ReadOptions options;
  options.total_order_seek = true;
  options.prefix_same_as_start = true;
  const auto iterator = NewIterator(options);
  iterator->Seek("aaa2");
  EXPECT_EQ("aaa2=2", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(PrefixTest, AutoPrefixModeGivesTotalOrder) {
  OpenWithPrefixes();
  ReadOptions automatic;
  automatic.auto_prefix_mode = true;
  const auto iterator = NewIterator(automatic);
  iterator->Seek("abc");
  EXPECT_EQ("bbb1=3", At(*iterator));
  EXPECT_EQ("aaa1=1 aaa2=2 bbb1=3 ccc1=4 ccc2=5", Scan(automatic));
}

TEST_F(PrefixTest, AutoPrefixModeWithABoundInThePrefix) {
  OpenWithPrefixes();
  const Slice upper("aaa9");
  ReadOptions automatic;
  automatic.auto_prefix_mode = true;
  automatic.iterate_upper_bound = &upper;
  const auto iterator = NewIterator(automatic);
  iterator->Seek("aaa1");
  EXPECT_EQ("aaa1=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("aaa2=2", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(PrefixTest, AutoPrefixModeWithABoundOutsideThePrefix) {
  OpenWithPrefixes();
  const Slice upper("abc9");
  ReadOptions automatic;
  automatic.auto_prefix_mode = true;
  automatic.iterate_upper_bound = &upper;
  const auto iterator = NewIterator(automatic);
  iterator->Seek("abc1");
  EXPECT_EQ("(end)", At(*iterator));
  EXPECT_OK(iterator->status());
}

TEST_F(PrefixTest, PrefixSeeksAskTheTablesFilter) {
  OpenWithPrefixes();
  ReadOptions same;
  same.prefix_same_as_start = true;
  const auto iterator = NewIterator(same);
  iterator->Seek("abc1");
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));
  iterator->Seek("bbb1");
  EXPECT_EQ("bbb1=3", At(*iterator));
  EXPECT_EQ(2u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));
}

TEST_F(PrefixTest, SeeksForAPrefixAskTheFilterByDefault) {
  OpenWithPrefixes();
  const auto iterator = NewIterator();
  iterator->Seek("abc1");
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));
  iterator->Seek("ccc");
  EXPECT_EQ("ccc1=4", At(*iterator));
  iterator->Next();
  EXPECT_EQ("ccc2=5", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("ccc1=4", At(*iterator));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));
}

TEST_F(PrefixTest, KeysOfAPrefixComeFromAllTables) {
  options_.disable_auto_compactions = true;  // four tables of level 0
  Open();
  PutTable({{"aaa1", "old"}, {"aaa2", "old"}, {"ccc1", "c"}});
  PutTable({{"bbb1", "b"}, {"zzz1", "z"}});
  PutTable({{"aaa0", "new"}, {"aaa2", "new"}});
  ASSERT_OK(Delete("aaa1"));
  Flush();
  ASSERT_OK(Put("aaa9", "memory"));
  const auto iterator = NewIterator();
  std::string seen;
  for (iterator->Seek("aaa"); iterator->Valid() && iterator->key().starts_with("aaa"); iterator->Next()) {
    seen += At(*iterator) + " ";
  }
  EXPECT_EQ("aaa0=new aaa2=new aaa9=memory ", seen);
  EXPECT_OK(iterator->status());
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));  // the table of b and z
}

TEST_F(PrefixTest, ManyVersionsInsideAPrefix) {
  options_.max_sequential_skip_in_iterations = 2;
  Open();
  PutTable({{"bbb1", "b"}});
  const Snapshot* const snapshot = db()->GetSnapshot();
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(Put("aaa1", std::to_string(i)));
    ASSERT_OK(Put("aaa2", std::to_string(i)));
  }
  PutTable({{"aaa3", "3"}});
  const auto iterator = NewIterator();
  iterator->Seek("aaa1");
  EXPECT_EQ("aaa1=19", At(*iterator));
  iterator->Next();
  EXPECT_EQ("aaa2=19", At(*iterator));
  iterator->Next();
  EXPECT_EQ("aaa3=3", At(*iterator));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(PrefixTest, WalkingFromTheFirstKeySeesAllTables) {
  Open();
  PutTable({{"aaa1", "1"}, {"ccc1", "3"}});
  PutTable({{"bbb1", "2"}, {"ddd1", "4"}});
  EXPECT_EQ("aaa1=1 bbb1=2 ccc1=3 ddd1=4", Scan());
  EXPECT_EQ("ddd1=4 ccc1=3 bbb1=2 aaa1=1", ScanBack());
  EXPECT_EQ(0u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
}

TEST_F(PrefixTest, AutoPrefixModeAsksTheFilterForABoundInThePrefix) {
  OpenWithPrefixes();
  const Slice upper("abc9");
  ReadOptions automatic;
  automatic.auto_prefix_mode = true;
  automatic.iterate_upper_bound = &upper;
  const auto iterator = NewIterator(automatic);
  iterator->Seek("abc1");
  EXPECT_EQ("(end)", At(*iterator));
  EXPECT_OK(iterator->status());
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_USEFUL));
  // Another prefix than the bound's, and backwards: in total order.
  iterator->Seek("aaa2");
  EXPECT_EQ("aaa2=2", At(*iterator));
  iterator->SeekForPrev("abc5");
  EXPECT_EQ("aaa2=2", At(*iterator));
  EXPECT_EQ(1u, Ticks(BLOOM_FILTER_PREFIX_CHECKED));
}

TEST_F(PrefixTest, AutoPrefixModeWithoutABoundAsksNoFilter) {
  ReadOptions automatic;
  automatic.auto_prefix_mode = true;
  ExpectSeekAsksNoFilter(automatic);
}

// Over many tables, with any target and bound. No key is shorter than its prefix, which RocksDB's header excepts.
TEST_F(PrefixTest, AutoPrefixModeShowsWhatTotalOrderShows) {
  options_.disable_auto_compactions = true;
  Open();
  uint32_t state = 20261126;
  const auto draw = [&state](uint32_t limit) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
  };
  const auto some_key = [&] {
    std::string key;
    for (int i = 0; i < 3; ++i) key += static_cast<char>('a' + draw(2));
    return key + std::to_string(draw(20));
  };
  for (int i = 1; i <= 200; ++i) {
    ASSERT_OK(draw(5) == 0 ? Delete(some_key()) : Put(some_key(), std::to_string(i)));
    if (i % 20 == 0) Flush();
  }
  for (int i = 0; i < 300; ++i) {
    const std::string target = some_key();
    const std::string bound = draw(2) == 0 ? target.substr(0, 3) + std::to_string(draw(20)) : some_key();
    const Slice upper(bound);
    ReadOptions total;
    total.total_order_seek = true;
    total.iterate_upper_bound = &upper;
    ReadOptions automatic = total;
    automatic.total_order_seek = false;
    automatic.auto_prefix_mode = true;
    const auto expected = NewIterator(total);
    const auto iterator = NewIterator(automatic);
    expected->Seek(target);
    iterator->Seek(target);
    for (int moves = 0; moves < 6; ++moves) {
      ASSERT_EQ(At(*expected), At(*iterator)) << target << " before " << bound << ", move " << moves;
      if (!expected->Valid()) break;
      const bool goes_back = draw(4) == 0;
      goes_back ? expected->Prev() : expected->Next();
      goes_back ? iterator->Prev() : iterator->Next();
    }
  }
}

TEST_F(PrefixTest, TotalOrderSeekAsksNoFilter) {
  ReadOptions total;
  total.total_order_seek = true;
  ExpectSeekAsksNoFilter(total);
}

TEST_F(PrefixTest, GetWorksWithPrefixFiltersAlone) {
  TableOptions().whole_key_filtering = false;
  UseTableOptions();
  OpenWithPrefixes();
  EXPECT_EQ("2", Get("aaa2"));
  EXPECT_EQ("(none)", Get("aaa9"));
  EXPECT_EQ("(none)", Get("abc1"));
  EXPECT_EQ("(none)", Get("x"));
}

TEST_F(PrefixTest, KeysOutOfDomainAreFound) {
  Open();
  PutTable({{"a", "short"}, {"aaa1", "long"}, {"zz", "short too"}});
  EXPECT_EQ("short", Get("a"));
  EXPECT_EQ("short too", Get("zz"));
  const auto iterator = NewIterator();
  iterator->Seek("a");
  EXPECT_EQ("a=short", At(*iterator));
  ReadOptions total;
  total.total_order_seek = true;
  EXPECT_EQ("a=short aaa1=long zz=short too", Scan(total));
}

TEST_F(PrefixTest, MemtablePrefixFilterHidesNothing) {
  options_.memtable_prefix_bloom_size_ratio = 0.1;
  options_.memtable_whole_key_filtering = true;
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), std::to_string(i)));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::to_string(i), Get(Key(i)));
  EXPECT_EQ("(none)", Get("xyz1"));
  const auto iterator = NewIterator();
  iterator->Seek(Key(50));
  EXPECT_EQ(Key(50) + "=50", At(*iterator));
}

TEST_F(PrefixTest, CappedPrefixesCoverShortKeys) {
  options_.prefix_extractor.reset(NewCappedPrefixTransform(3));
  Open();
  PutTable({{"a", "1"}, {"ab", "2"}, {"abc", "3"}, {"abcd", "4"}});
  EXPECT_EQ("1", Get("a"));
  ReadOptions same;
  same.prefix_same_as_start = true;
  const auto iterator = NewIterator(same);
  iterator->Seek("abc");
  EXPECT_EQ("abc=3", At(*iterator));
  iterator->Next();
  EXPECT_EQ("abcd=4", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(PrefixTest, TheExtractorMayChangeWithSetOptions) {
  OpenWithPrefixes();
  ASSERT_OK(db()->SetOptions({{"prefix_extractor", "fixed:1"}}));
  EXPECT_STREQ("rocksdb.FixedPrefix.1", db()->GetOptions().prefix_extractor->GetId().c_str());
  EXPECT_EQ("1", Get("aaa1"));
  const auto iterator = NewIterator();
  iterator->Seek("aab");  // the old table's filter knows other prefixes and is not asked
  EXPECT_TRUE(iterator->status().ok());
  EXPECT_EQ("4", Get("ccc1"));
}

TEST_F(PrefixTest, TablesNameTheirExtractor) {
  OpenWithPrefixes();
  TablePropertiesCollection tables;
  ASSERT_OK(db()->GetPropertiesOfAllTables(&tables));
  ASSERT_EQ(1u, tables.size());
  EXPECT_EQ("rocksdb.FixedPrefix.3", tables.begin()->second->prefix_extractor_name);
}

TEST_F(PrefixTest, AHashIndexFindsItsPrefixes) {
  TableOptions().index_type = BlockBasedTableOptions::kHashSearch;
  UseTableOptions();
  Open();
  for (int i = 0; i < 300; ++i) ASSERT_OK(Put(std::string(1, static_cast<char>('a' + i % 26)) + Key(i), "v"));
  Flush();
  ReadOptions same;
  same.prefix_same_as_start = true;
  int count = 0;
  const auto iterator = NewIterator(same);
  for (iterator->Seek("cke"); iterator->Valid(); iterator->Next()) ++count;
  EXPECT_EQ(12, count);
  EXPECT_EQ("v", Get("akey000"));
  ReadOptions total;
  total.total_order_seek = true;
  const auto all = NewIterator(total);
  count = 0;
  for (all->SeekToFirst(); all->Valid(); all->Next()) ++count;
  EXPECT_EQ(300, count);
}

}  // namespace gneiss::conformance
