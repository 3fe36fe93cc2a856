// Iterators: positions, bounds, direction changes, pinning, properties, refresh, read limits.

#include <rocksdb/statistics.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class IteratorTest : public DbTest {
 protected:
  // a=1 c=3 in a lower table, b=2 d=4 in an upper one, e=5 in memory.
  void OpenWithThreeSources() {
    options_.disable_auto_compactions = true;
    Open();
    PutTable({{"a", "1"}, {"c", "3"}});
    PutTable({{"b", "2"}, {"d", "4"}});
    ASSERT_OK(Put("e", "5"));
  }
  std::string IteratorProperty(Iterator* iterator, const std::string& name) {
    std::string value;
    const Status status = iterator->GetProperty(name, &value);
    return status.ok() ? value : status.ToString();
  }
};

TEST_F(IteratorTest, ANewOneIsNotValid) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_OK(iterator->status());
}

TEST_F(IteratorTest, AnEmptyDbHasNoPositions) {
  Open();
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_EQ("(end)", At(*iterator));
  iterator->SeekToLast();
  EXPECT_EQ("(end)", At(*iterator));
  iterator->Seek("a");
  EXPECT_EQ("(end)", At(*iterator));
  iterator->SeekForPrev("a");
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(IteratorTest, ScansMergeAllSources) {
  OpenWithThreeSources();
  EXPECT_EQ("a=1 b=2 c=3 d=4 e=5", Scan());
  EXPECT_EQ("e=5 d=4 c=3 b=2 a=1", ScanBack());
}

TEST_F(IteratorTest, SeekFindsTheFirstKeyNotBefore) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  iterator->Seek("b");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->Seek("bb");
  EXPECT_EQ("c=3", At(*iterator));
  iterator->Seek("");
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Seek("z");
  EXPECT_EQ("(end)", At(*iterator));
  EXPECT_OK(iterator->status());
}

TEST_F(IteratorTest, SeekForPrevFindsTheLastKeyNotAfter) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  iterator->SeekForPrev("b");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->SeekForPrev("bb");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->SeekForPrev("z");
  EXPECT_EQ("e=5", At(*iterator));
  iterator->SeekForPrev("A");
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(IteratorTest, DirectionMayChangeAnywhere) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  iterator->Seek("c");
  iterator->Prev();
  EXPECT_EQ("b=2", At(*iterator));
  iterator->Next();
  EXPECT_EQ("c=3", At(*iterator));
  iterator->Next();
  EXPECT_EQ("d=4", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("c=3", At(*iterator));
  iterator->Prev();
  iterator->Prev();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("b=2", At(*iterator));
}

TEST_F(IteratorTest, DirectionMayChangeAtBothEnds) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  iterator->SeekToLast();
  iterator->Prev();
  EXPECT_EQ("d=4", At(*iterator));
  iterator->Next();
  EXPECT_EQ("e=5", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  iterator->SeekToFirst();
  iterator->Next();
  iterator->Prev();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Prev();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(IteratorTest, DeletedAndOverwrittenKeysAreSkipped) {
  OpenWithThreeSources();
  ASSERT_OK(Delete("b"));
  ASSERT_OK(Put("c", "new"));
  ASSERT_OK(SingleDelete("a"));
  EXPECT_EQ("c=new d=4 e=5", Scan());
  EXPECT_EQ("e=5 d=4 c=new", ScanBack());
}

TEST_F(IteratorTest, ManyVersionsOfAKeyAreOne) {
  options_.max_sequential_skip_in_iterations = 3;
  Open();
  ASSERT_OK(Put("a", "1"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  for (int i = 0; i < 50; ++i) ASSERT_OK(Put("b", std::to_string(i)));
  ASSERT_OK(Put("c", "3"));
  EXPECT_EQ("a=1 b=49 c=3", Scan());
  EXPECT_EQ("c=3 b=49 a=1", ScanBack());
  ReadOptions at;
  at.snapshot = snapshot;
  EXPECT_EQ("a=1", Scan(at));
  EXPECT_EQ("a=1", ScanBack(at));
  db()->ReleaseSnapshot(snapshot);
}

TEST_F(IteratorTest, SeesItsMomentOnly) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  ASSERT_OK(Put("f", "6"));
  ASSERT_OK(Delete("a"));
  Flush();
  Compact();
  std::string text;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) text += iterator->key().ToString();
  EXPECT_EQ("abcde", text);
  EXPECT_EQ("b=2 c=3 d=4 e=5 f=6", Scan());
}

TEST_F(IteratorTest, UpperBoundIsOutside) {
  OpenWithThreeSources();
  const Slice upper("d");
  ReadOptions bounded;
  bounded.iterate_upper_bound = &upper;
  EXPECT_EQ("a=1 b=2 c=3", Scan(bounded));
  EXPECT_EQ("c=3 b=2 a=1", ScanBack(bounded));
  const auto iterator = NewIterator(bounded);
  iterator->Seek("d");
  EXPECT_EQ("(end)", At(*iterator));
  EXPECT_OK(iterator->status());
  iterator->SeekForPrev("z");
  EXPECT_EQ("c=3", At(*iterator));
}

TEST_F(IteratorTest, LowerBoundIsInside) {
  OpenWithThreeSources();
  const Slice lower("b");
  ReadOptions bounded;
  bounded.iterate_lower_bound = &lower;
  EXPECT_EQ("b=2 c=3 d=4 e=5", Scan(bounded));
  EXPECT_EQ("e=5 d=4 c=3 b=2", ScanBack(bounded));
  const auto iterator = NewIterator(bounded);
  iterator->Seek("a");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->SeekForPrev("a");
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(IteratorTest, BothBounds) {
  OpenWithThreeSources();
  const Slice lower("b"), upper("e");
  ReadOptions bounded;
  bounded.iterate_lower_bound = &lower;
  bounded.iterate_upper_bound = &upper;
  EXPECT_EQ("b=2 c=3 d=4", Scan(bounded));
  EXPECT_EQ("d=4 c=3 b=2", ScanBack(bounded));
}

TEST_F(IteratorTest, BoundsWithNothingBetween) {
  OpenWithThreeSources();
  const Slice lower("bb"), upper("bc");
  ReadOptions bounded;
  bounded.iterate_lower_bound = &lower;
  bounded.iterate_upper_bound = &upper;
  EXPECT_EQ("", Scan(bounded));
  EXPECT_EQ("", ScanBack(bounded));
}

TEST_F(IteratorTest, BoundsMayMoveBetweenSeeks) {
  OpenWithThreeSources();
  std::string bytes = "b";
  Slice upper(bytes);
  ReadOptions bounded;
  bounded.iterate_upper_bound = &upper;
  const auto iterator = NewIterator(bounded);
  iterator->Seek("a");
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  bytes = "d";
  upper = Slice(bytes);
  iterator->Seek("b");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->Next();
  EXPECT_EQ("c=3", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(IteratorTest, MaxSkippableInternalKeysMakesItIncomplete) {
  Open();
  ASSERT_OK(Put("a", "1"));
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put("b" + std::to_string(i), "x"));
  for (int i = 0; i < 10; ++i) ASSERT_OK(Delete("b" + std::to_string(i)));
  ASSERT_OK(Put("c", "3"));
  ReadOptions limited;
  limited.max_skippable_internal_keys = 5;
  const auto iterator = NewIterator(limited);
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsIncomplete()) << iterator->status().ToString();
  iterator->Seek("c");
  EXPECT_EQ("c=3", At(*iterator));
  EXPECT_OK(iterator->status());
}

TEST_F(IteratorTest, MaxSkippableInternalKeysBackwards) {
  Open();
  ASSERT_OK(Put("a", "1"));
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put("b" + std::to_string(i), "x"));
  for (int i = 0; i < 10; ++i) ASSERT_OK(Delete("b" + std::to_string(i)));
  ASSERT_OK(Put("c", "3"));
  ReadOptions limited;
  limited.max_skippable_internal_keys = 5;
  const auto iterator = NewIterator(limited);
  iterator->SeekToLast();
  EXPECT_EQ("c=3", At(*iterator));
  iterator->Prev();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsIncomplete()) << iterator->status().ToString();
}

TEST_F(IteratorTest, MaxSkippableInternalKeysThatSuffice) {
  Open();
  for (int i = 0; i < 3; ++i) ASSERT_OK(Put("a", std::to_string(i)));
  ASSERT_OK(Put("b", "1"));
  ReadOptions limited;
  limited.max_skippable_internal_keys = 10;
  EXPECT_EQ("a=2 b=1", Scan(limited));
  EXPECT_EQ("b=1 a=2", ScanBack(limited));
}

TEST_F(IteratorTest, PinDataKeepsKeysPinned) {
  TableOptions().use_delta_encoding = false;
  UseTableOptions();
  Open();
  PutTable({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ReadOptions pinning;
  pinning.pin_data = true;
  const auto iterator = NewIterator(pinning);
  std::vector<Slice> keys;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    EXPECT_EQ("1", IteratorProperty(iterator.get(), "rocksdb.iterator.is-key-pinned"));
    keys.push_back(iterator->key());
  }
  ASSERT_EQ(3u, keys.size());
  EXPECT_EQ("a", keys[0].ToString());
  EXPECT_EQ("b", keys[1].ToString());
  EXPECT_EQ("c", keys[2].ToString());
}

TEST_F(IteratorTest, KeysAreNotPinnedUnlessAsked) {
  Open();
  PutTable({{"a", "1"}});
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_EQ("0", IteratorProperty(iterator.get(), "rocksdb.iterator.is-key-pinned"));
}

TEST_F(IteratorTest, IsKeyPinnedNeedsAPosition) {
  Open();
  const auto iterator = NewIterator();
  EXPECT_EQ("Iterator is not valid.", IteratorProperty(iterator.get(), "rocksdb.iterator.is-key-pinned"));
}

TEST_F(IteratorTest, InternalKeyIsTheUsersKey) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_EQ("a", IteratorProperty(iterator.get(), "rocksdb.iterator.internal-key").substr(0, 1));
}

TEST_F(IteratorTest, SuperVersionNumberIsAProperty) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  EXPECT_EQ(Property(DB::Properties::kCurrentSuperVersionNumber),
            IteratorProperty(iterator.get(), "rocksdb.iterator.super-version-number"));
}

TEST_F(IteratorTest, UnknownPropertiesAreInvalid) {
  Open();
  const auto iterator = NewIterator();
  std::string value;
  EXPECT_TRUE(iterator->GetProperty("no.such.property", &value).IsInvalidArgument());
}

TEST_F(IteratorTest, RefreshTakesTheNewestState) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewIterator();
  iterator->SeekToFirst();
  ASSERT_OK(Put("b", "2"));
  Flush();
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  ASSERT_OK(iterator->Refresh());
  EXPECT_FALSE(iterator->Valid());
  iterator->SeekToFirst();
  iterator->Next();
  EXPECT_EQ("b=2", At(*iterator));
}

TEST_F(IteratorTest, RefreshWithoutANewTable) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewIterator();
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(DeleteRange("b", "c"));
  ASSERT_OK(iterator->Refresh());
  iterator->SeekToFirst();
  EXPECT_EQ("a=2", At(*iterator));
}

TEST_F(IteratorTest, RefreshAtASnapshotIsRefused) {
  Open();
  ReadOptions at;
  at.snapshot = db()->GetSnapshot();
  const auto iterator = NewIterator(at);
  // The header says that the state would be the snapshot's or the newest; both libraries refuse or keep the snapshot.
  const Status status = iterator->Refresh();
  EXPECT_TRUE(status.ok() || status.IsNotSupported()) << status.ToString();
  db()->ReleaseSnapshot(at.snapshot);
}

TEST_F(IteratorTest, NewIteratorsSeeOneMoment) {
  OpenWith({"one", "two"});
  for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put("a", std::to_string(family), family));
  std::vector<Iterator*> iterators;
  ASSERT_OK(db()->NewIterators(ReadOptions(), {Family(2), Family(0), Family(1)}, &iterators));
  ASSERT_EQ(3u, iterators.size());
  for (size_t family = 0; family < 3; ++family) ASSERT_OK(Put("b", "later", family));
  std::string text;
  for (Iterator* iterator : iterators) {
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) text += iterator->value().ToString() + " ";
    delete iterator;
  }
  EXPECT_EQ("2 0 1 ", text);
}

TEST_F(IteratorTest, NewIteratorsOfNoneIsFine) {
  Open();
  std::vector<Iterator*> iterators;
  ASSERT_OK(db()->NewIterators(ReadOptions(), {}, &iterators));
  EXPECT_TRUE(iterators.empty());
}

TEST_F(IteratorTest, ValuesStayWhileTheIteratorStays) {
  OpenWithThreeSources();
  const auto iterator = NewIterator();
  iterator->Seek("c");
  const Slice value = iterator->value();
  ASSERT_OK(Put("c", "changed"));
  Flush();
  Compact();
  EXPECT_EQ("3", value.ToString());
}

TEST_F(IteratorTest, IterateOverManyBlocksBothWays) {
  TableOptions().block_size = 256;
  UseTableOptions();
  Open();
  for (int i = 0; i < 500; ++i) ASSERT_OK(Put(Key(i), RandomBytes(20, static_cast<uint32_t>(i))));
  Flush();
  const auto iterator = NewIterator();
  int next = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) EXPECT_EQ(Key(next++), iterator->key().ToString());
  EXPECT_EQ(500, next);
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) EXPECT_EQ(Key(--next), iterator->key().ToString());
  EXPECT_EQ(0, next);
  iterator->Seek(Key(250));
  for (int i = 0; i < 10; ++i) iterator->Next();
  for (int i = 0; i < 20; ++i) iterator->Prev();
  EXPECT_EQ(Key(240), iterator->key().ToString());
}

TEST_F(IteratorTest, TickersCountSeeksAndSteps) {
  options_.statistics = CreateDBStatistics();
  OpenWithThreeSources();
  {
    const auto iterator = NewIterator();
    iterator->Seek("b");
    iterator->Next();
    iterator->Next();
    iterator->Prev();
    iterator->Seek("z");
  }
  EXPECT_EQ(2u, options_.statistics->getTickerCount(NUMBER_DB_SEEK));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NUMBER_DB_SEEK_FOUND));
  EXPECT_EQ(2u, options_.statistics->getTickerCount(NUMBER_DB_NEXT));
  EXPECT_EQ(2u, options_.statistics->getTickerCount(NUMBER_DB_NEXT_FOUND));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NUMBER_DB_PREV));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NUMBER_DB_PREV_FOUND));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NO_ITERATOR_CREATED));
  EXPECT_EQ(1u, options_.statistics->getTickerCount(NO_ITERATOR_DELETED));
}

TEST_F(IteratorTest, TheEmptyAndErrorIterators) {
  const std::unique_ptr<Iterator> empty(NewEmptyIterator());
  empty->SeekToFirst();
  EXPECT_FALSE(empty->Valid());
  EXPECT_OK(empty->status());
  const std::unique_ptr<Iterator> failed(NewErrorIterator(Status::IOError("broken")));
  failed->Seek("a");
  EXPECT_FALSE(failed->Valid());
  EXPECT_EQ("IO error: broken", failed->status().ToString());
}

// ---------------------------------------------------------------- tailing

class TailingIteratorTest : public DbTest {
 protected:
  std::unique_ptr<Iterator> NewTailing() {
    ReadOptions options;
    options.tailing = true;
    return NewIterator(options);
  }
};

TEST_F(TailingIteratorTest, SeesLaterWrites) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewTailing();
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
  ASSERT_OK(Put("b", "2"));
  iterator->Seek("b");
  EXPECT_EQ("b=2", At(*iterator));
}

TEST_F(TailingIteratorTest, SeesLaterWritesThroughFlushes) {
  Open();
  const auto iterator = NewTailing();
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(Put(Key(i), std::to_string(i)));
    if (i % 5 == 4) Flush();
    iterator->Seek(Key(i));
    ASSERT_EQ(Key(i) + "=" + std::to_string(i), At(*iterator));
  }
}

TEST_F(TailingIteratorTest, SeesDeletions) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  const auto iterator = NewTailing();
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
  ASSERT_OK(Delete("a"));
  iterator->SeekToFirst();
  EXPECT_EQ("b=2", At(*iterator));
}

TEST_F(TailingIteratorTest, SeesNewValues) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewTailing();
  iterator->Seek("a");
  EXPECT_EQ("a=1", At(*iterator));
  ASSERT_OK(Put("a", "2"));
  iterator->Seek("a");
  EXPECT_EQ("a=2", At(*iterator));
}

TEST_F(TailingIteratorTest, GoesBackNoStep) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const auto iterator = NewTailing();
  iterator->SeekToLast();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
}

TEST_F(TailingIteratorTest, PrevIsNotSupported) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("b", "1"));
  const auto iterator = NewTailing();
  iterator->Seek("b");
  iterator->Prev();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsNotSupported()) << iterator->status().ToString();
}

TEST_F(TailingIteratorTest, KnowsNoSnapshots) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ReadOptions options;
  options.tailing = true;
  options.snapshot = db()->GetSnapshot();
  const auto iterator = NewIterator(options);
  ASSERT_OK(Put("b", "2"));
  iterator->Seek("b");
  EXPECT_EQ("b=2", At(*iterator));
  db()->ReleaseSnapshot(options.snapshot);
}

TEST_F(TailingIteratorTest, RefreshIsNotSupported) {
  Open();
  EXPECT_EQ("Not implemented: Refresh() is not supported", NewTailing()->Refresh().ToString());
}

TEST_F(TailingIteratorTest, HonoursTheUpperBound) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  ASSERT_OK(Put("c", "3"));
  const Slice upper("b");
  ReadOptions options;
  options.tailing = true;
  options.iterate_upper_bound = &upper;
  const auto iterator = NewIterator(options);
  iterator->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterator));
  iterator->Next();
  EXPECT_EQ("(end)", At(*iterator));
}

TEST_F(TailingIteratorTest, KeepsReadingAcrossACompaction) {
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_OK(Put(Key(i), "v"));
  Flush();
  const auto iterator = NewTailing();
  iterator->Seek(Key(10));
  Compact();
  int count = 0;
  for (; iterator->Valid(); iterator->Next()) ++count;
  EXPECT_OK(iterator->status());
  EXPECT_EQ(90, count);
}

TEST_F(TailingIteratorTest, NewIteratorsTailToo) {
  OpenWith({"one"});
  ReadOptions options;
  options.tailing = true;
  std::vector<Iterator*> iterators;
  ASSERT_OK(db()->NewIterators(options, {Family(0), Family(1)}, &iterators));
  ASSERT_OK(Put("a", "1", 1));
  iterators[1]->SeekToFirst();
  EXPECT_EQ("a=1", At(*iterators[1]));
  iterators[0]->SeekToFirst();
  EXPECT_EQ("(end)", At(*iterators[0]));
  for (Iterator* iterator : iterators) delete iterator;
}

}  // namespace gneiss::conformance
