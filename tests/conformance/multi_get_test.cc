// MultiGet: every overload, order, duplicates, snapshots, families and limits.

#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class MultiGetTest : public DbTest {
 protected:
  // "1 (none) 3": one word per key, from the batched overload.
  std::string Batched(const std::vector<std::string>& keys, const ReadOptions& options = ReadOptions(),
                      bool is_sorted = false) {
    std::vector<Slice> slices(keys.begin(), keys.end());
    std::vector<PinnableSlice> values(keys.size());
    std::vector<Status> statuses(keys.size());
    db()->MultiGet(options, Family(0), keys.size(), slices.data(), values.data(), statuses.data(), is_sorted);
    std::string text;
    for (size_t i = 0; i < keys.size(); ++i) text += Word(statuses[i], values[i].ToString()) + " ";
    return text;
  }
  static std::string Word(const Status& status, const std::string& value) {
    if (status.ok()) return value;
    return status.IsNotFound() ? "(none)" : status.ToString();
  }
};

TEST_F(MultiGetTest, VectorOverloadAnswersEachKey) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("c", "3"));
  std::vector<std::string> values;
  const std::vector<Status> statuses = db()->MultiGet(ReadOptions(), {"c", "b", "a"}, &values);
  ASSERT_EQ(3u, statuses.size());
  ASSERT_EQ(3u, values.size());
  EXPECT_EQ("3", values[0]);
  EXPECT_TRUE(statuses[1].IsNotFound());
  EXPECT_EQ("1", values[2]);
}

TEST_F(MultiGetTest, NoKeysGiveNoAnswers) {
  Open();
  std::vector<std::string> values = {"old"};
  EXPECT_TRUE(db()->MultiGet(ReadOptions(), std::vector<Slice>(), &values).empty());
  EXPECT_TRUE(values.empty());
  EXPECT_EQ("", Batched({}));
}

TEST_F(MultiGetTest, BatchedOverloadKeepsTheCallersOrder) {
  Open();
  PutKeys(0, 9);
  ASSERT_OK(Put(Key(3), "three"));
  EXPECT_EQ("v three v (none) ", Batched({Key(9), Key(3), Key(0), "x"}));
}

TEST_F(MultiGetTest, DuplicateKeysAreAnsweredEach) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  EXPECT_EQ("1 2 1 1 ", Batched({"a", "b", "a", "a"}));
}

TEST_F(MultiGetTest, SortedInputGivesTheSame) {
  Open();
  PutTable({{"a", "1"}, {"c", "3"}});
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("1 2 3 (none) ", Batched({"a", "b", "c", "d"}, ReadOptions(), true));
}

TEST_F(MultiGetTest, KeysLieInMemoryAndOnAllLevels) {
  Open();
  PutTable({{"a", "1"}, {"d", "old"}});
  CompactRangeOptions to_last;
  to_last.change_level = true;
  to_last.target_level = 6;
  Compact(to_last);
  PutTable({{"b", "2"}, {"d", "new"}});
  ASSERT_OK(Put("c", "3"));
  ASSERT_OK(Delete("a"));
  EXPECT_EQ("(none) 2 3 new (none) ", Batched({"a", "b", "c", "d", "e"}));
}

TEST_F(MultiGetTest, MoreKeysThanOneBatchHolds) {
  Open();
  PutKeys(0, 199);
  Flush();
  std::vector<std::string> keys;
  std::string expected;
  for (int i = 0; i < 250; ++i) {
    keys.push_back(Key(i));
    expected += i < 200 ? "v " : "(none) ";
  }
  EXPECT_EQ(expected, Batched(keys));
}

TEST_F(MultiGetTest, ReadsAtASnapshot) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ReadOptions at;
  at.snapshot = db()->GetSnapshot();
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("1 (none) ", Batched({"a", "b"}, at));
  EXPECT_EQ("2 2 ", Batched({"a", "b"}));
  db()->ReleaseSnapshot(at.snapshot);
}

TEST_F(MultiGetTest, FamiliesOverloads) {
  OpenWith({"one", "two"});
  for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put("a", std::to_string(family), family));
  std::vector<std::string> values;
  const std::vector<ColumnFamilyHandle*> families = {Family(2), Family(0), Family(1)};
  const std::vector<Status> vector_statuses = db()->MultiGet(ReadOptions(), families, {"a", "a", "b"}, &values);
  EXPECT_EQ("2", values[0]);
  EXPECT_EQ("0", values[1]);
  EXPECT_TRUE(vector_statuses[2].IsNotFound());

  ColumnFamilyHandle* handles[] = {Family(2), Family(0), Family(1), Family(2)};
  const Slice keys[] = {"a", "a", "a", "b"};
  PinnableSlice pinned[4];
  Status statuses[4];
  db()->MultiGet(ReadOptions(), 4, handles, keys, pinned, statuses);
  EXPECT_EQ("2", pinned[0].ToString());
  EXPECT_EQ("0", pinned[1].ToString());
  EXPECT_EQ("1", pinned[2].ToString());
  EXPECT_TRUE(statuses[3].IsNotFound());
}

TEST_F(MultiGetTest, PinnedValuesOutliveACompaction) {
  Open();
  PutTable({{"a", "first"}, {"b", "second"}});
  const Slice keys[] = {"a", "b"};
  PinnableSlice values[2];
  Status statuses[2];
  db()->MultiGet(ReadOptions(), Family(0), 2, keys, values, statuses);
  PutTable({{"a", "x"}, {"b", "x"}});
  Compact();
  EXPECT_EQ("first", values[0].ToString());
  EXPECT_EQ("second", values[1].ToString());
}

TEST_F(MultiGetTest, ValueSizeSoftLimitAbortsTheRest) {
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(Put(key, std::string(100, 'x')));
  ReadOptions limited;
  limited.value_size_soft_limit = 150;
  const Slice keys[] = {"a", "b", "c", "d"};
  PinnableSlice values[4];
  Status statuses[4];
  db()->MultiGet(limited, Family(0), 4, keys, values, statuses, true);
  EXPECT_OK(statuses[0]);
  EXPECT_OK(statuses[1]);
  EXPECT_TRUE(statuses[2].IsAborted()) << statuses[2].ToString();
  EXPECT_TRUE(statuses[3].IsAborted()) << statuses[3].ToString();
}

TEST_F(MultiGetTest, ValueSizeSoftLimitInTables) {
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(Put(key, std::string(100, 'x')));
  Flush();
  ReadOptions limited;
  limited.value_size_soft_limit = 150;
  std::vector<std::string> values;
  const std::vector<Status> statuses = db()->MultiGet(limited, {"a", "b", "c", "d"}, &values);
  EXPECT_OK(statuses[0]);
  EXPECT_OK(statuses[1]);
  EXPECT_TRUE(statuses[2].IsAborted()) << statuses[2].ToString();
  EXPECT_TRUE(statuses[3].IsAborted()) << statuses[3].ToString();
}

TEST_F(MultiGetTest, ValueSizeSoftLimitCountsInTheOrderOfTheKeys) {
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(Put(key, std::string(100, 'x')));
  Flush();
  ReadOptions limited;
  limited.value_size_soft_limit = 150;
  const Slice keys[] = {"d", "b", "c", "a"};
  PinnableSlice values[4];
  Status statuses[4];
  db()->MultiGet(limited, Family(0), 4, keys, values, statuses);
  EXPECT_TRUE(statuses[0].IsAborted()) << statuses[0].ToString();
  EXPECT_OK(statuses[1]);
  EXPECT_TRUE(statuses[2].IsAborted()) << statuses[2].ToString();
  EXPECT_OK(statuses[3]);
  // A vector's keys count in the caller's order.
  std::vector<std::string> texts;
  const std::vector<Status> in_order = db()->MultiGet(limited, {"d", "b", "c", "a"}, &texts);
  EXPECT_OK(in_order[0]);
  EXPECT_OK(in_order[1]);
  EXPECT_TRUE(in_order[2].IsAborted()) << in_order[2].ToString();
  EXPECT_TRUE(in_order[3].IsAborted()) << in_order[3].ToString();
}

TEST_F(MultiGetTest, ADeadlineInThePastTimesOutWhatIsInMemoryToo) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("b", "2"));
  ReadOptions late;
  late.deadline = std::chrono::microseconds(1);
  const Slice keys[] = {"a", "b"};
  PinnableSlice values[2];
  Status statuses[2];
  db()->MultiGet(late, Family(0), 2, keys, values, statuses);
  EXPECT_TRUE(statuses[0].IsTimedOut()) << statuses[0].ToString();
  EXPECT_TRUE(statuses[1].IsTimedOut()) << statuses[1].ToString();
}

TEST_F(MultiGetTest, BlockCacheTierIsIncompleteWhereNothingIsCached) {
  Open();
  PutTable({{"a", "1"}});
  ASSERT_OK(Put("c", "3"));
  ReadOptions cached;
  cached.read_tier = kBlockCacheTier;
  // RocksDB looks the block up in the cache alone and then reads it all the same, against what ReadTier promises;
  // pull request 12462 speaks of MultiGet's swallowed Incomplete, which no release has fixed.
  const std::string text = Batched({"a", "c"}, cached);
  if (IsReference()) {
    EXPECT_EQ("1 3 ", text);
  } else {
    EXPECT_EQ("Result incomplete: ", text.substr(0, 19));
    EXPECT_EQ(" 3 ", text.substr(text.size() - 3));
  }
}

TEST_F(MultiGetTest, TickersCountCallsKeysAndBytes) {
  options_.statistics = CreateDBStatistics();
  Open();
  ASSERT_OK(Put("a", "12345"));
  ASSERT_OK(Put("b", "12345"));
  std::vector<std::string> values;
  db()->MultiGet(ReadOptions(), {"a", "b", "c"}, &values);
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NUMBER_MULTIGET_CALLS));
  EXPECT_EQ(3u, options_.statistics->getTickerCount(NUMBER_MULTIGET_KEYS_READ));
  EXPECT_EQ(2u, options_.statistics->getTickerCount(NUMBER_MULTIGET_KEYS_FOUND));
  EXPECT_EQ(10u, options_.statistics->getTickerCount(NUMBER_MULTIGET_BYTES_READ));
}

TEST_F(MultiGetTest, AsyncIoGivesTheSameAnswers) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  PutTable({{"c", "3"}});
  ReadOptions async;
  async.async_io = true;
  EXPECT_EQ("1 2 3 (none) ", Batched({"a", "b", "c", "d"}, async));
  async.optimize_multiget_for_io = false;
  EXPECT_EQ("3 1 ", Batched({"c", "a"}, async));
}

TEST_F(MultiGetTest, FiltersDoNotHideKeys) {
  TableOptions().filter_policy.reset(NewBloomFilterPolicy(10));
  UseTableOptions();
  Open();
  PutKeys(0, 49);
  Flush();
  PutKeys(50, 99);
  Flush();
  EXPECT_EQ("v v v (none) (none) ", Batched({Key(0), Key(49), Key(99), "a", "z"}));
}

TEST_F(MultiGetTest, ValuesAreResetBeforeUse) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const Slice keys[] = {"a", "b"};
  PinnableSlice values[2];
  Status statuses[2];
  db()->MultiGet(ReadOptions(), Family(0), 2, keys, values, statuses);
  for (PinnableSlice& value : values) value.Reset();
  ASSERT_OK(Put("b", "2"));
  db()->MultiGet(ReadOptions(), Family(0), 2, keys, values, statuses);
  EXPECT_EQ("1", values[0].ToString());
  EXPECT_EQ("2", values[1].ToString());
}

TEST_F(MultiGetTest, DroppedFamiliesAreStillRead) {
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_OK(db()->DropColumnFamily(Family(1)));
  std::vector<std::string> values;
  const std::vector<Status> statuses =
      db()->MultiGet(ReadOptions(), std::vector<ColumnFamilyHandle*>{Family(1)}, {"a"}, &values);
  EXPECT_OK(statuses[0]);
  EXPECT_EQ("1", values[0]);
}

}  // namespace gneiss::conformance
