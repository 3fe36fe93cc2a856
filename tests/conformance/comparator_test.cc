// Comparators: the built-in ones, a user's own, and what a database remembers of them.

#include <rocksdb/comparator.h>
#include <rocksdb/convenience.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Orders decimal numbers by value; "007" and "7" are equal keys.
class ByNumber : public Comparator {
 public:
  int Compare(const Slice& a, const Slice& b) const override {
    const long left = std::stol(a.ToString()), right = std::stol(b.ToString());
    return left < right ? -1 : left > right ? 1 : 0;
  }
  bool Equal(const Slice& a, const Slice& b) const override { return Compare(a, b) == 0; }
  const char* Name() const override { return "ByNumber"; }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

// Orders by length, then bytes.
class ByLength : public Comparator {
 public:
  int Compare(const Slice& a, const Slice& b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  const char* Name() const override { return "ByLength"; }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

}  // namespace

class ComparatorTest : public DbTest {};

TEST_F(ComparatorTest, BytewiseComparesUnsignedBytes) {
  const Comparator* const bytewise = BytewiseComparator();
  EXPECT_STREQ("leveldb.BytewiseComparator", bytewise->Name());
  EXPECT_LT(bytewise->Compare("a", "b"), 0);
  EXPECT_LT(bytewise->Compare("a", "aa"), 0);
  EXPECT_LT(bytewise->Compare("\x7f", "\x80"), 0);
  EXPECT_EQ(0, bytewise->Compare("same", "same"));
  EXPECT_TRUE(bytewise->Equal("x", "x"));
  EXPECT_EQ(0u, bytewise->timestamp_size());
}

TEST_F(ComparatorTest, ReverseBytewiseIsItsReverse) {
  const Comparator* const reverse = ReverseBytewiseComparator();
  EXPECT_STREQ("rocksdb.ReverseBytewiseComparator", reverse->Name());
  EXPECT_GT(reverse->Compare("a", "b"), 0);
  EXPECT_GT(reverse->Compare("a", "aa"), 0);
}

TEST_F(ComparatorTest, BytewiseFindsShortSeparators) {
  std::string start = "abcdefgh";
  BytewiseComparator()->FindShortestSeparator(&start, "abczzz");
  EXPECT_LE(start.size(), 4u);
  EXPECT_GE(start, "abcdefgh");
  EXPECT_LT(start, "abczzz");
  std::string key = "abc";
  BytewiseComparator()->FindShortSuccessor(&key);
  EXPECT_EQ("b", key);
  key = "\xff\xff";
  BytewiseComparator()->FindShortSuccessor(&key);
  EXPECT_EQ("\xff\xff", key);
}

TEST_F(ComparatorTest, ReverseOrderScans) {
  options_.comparator = ReverseBytewiseComparator();
  Open();
  PutTable({{"a", "1"}, {"c", "3"}});
  ASSERT_OK(Put("b", "2"));
  EXPECT_EQ("c=3 b=2 a=1", Scan());
  EXPECT_EQ("a=1 b=2 c=3", ScanBack());
  const auto iterator = NewIterator();
  iterator->Seek("bb");
  EXPECT_EQ("b=2", At(*iterator));
  iterator->SeekForPrev("bb");
  EXPECT_EQ("c=3", At(*iterator));
}

TEST_F(ComparatorTest, ReverseOrderBounds) {
  options_.comparator = ReverseBytewiseComparator();
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(Put(key, "1"));
  Flush();
  const Slice lower("c"), upper("a");
  ReadOptions bounded;
  bounded.iterate_lower_bound = &lower;
  bounded.iterate_upper_bound = &upper;
  EXPECT_EQ("c=1 b=1", Scan(bounded));
  EXPECT_EQ("b=1 c=1", ScanBack(bounded));
}

TEST_F(ComparatorTest, ReverseOrderRangeDeletion) {
  options_.comparator = ReverseBytewiseComparator();
  Open();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(Put(key, "1"));
  ASSERT_OK(DeleteRange("c", "a"));
  EXPECT_EQ("d=1 a=1", Scan());
  Flush();
  Compact();
  EXPECT_EQ("d=1 a=1", Scan());
  EXPECT_TRUE(DeleteRange("a", "c").IsInvalidArgument());
}

TEST_F(ComparatorTest, AUsersOrderHolds) {
  const ByNumber by_number;
  options_.comparator = &by_number;
  Open();
  for (const char* key : {"10", "9", "100", "1"}) ASSERT_OK(Put(key, key));
  EXPECT_EQ("1=1 9=9 10=10 100=100", Scan());
  Flush();
  ASSERT_OK(Put("50", "50"));
  EXPECT_EQ("1=1 9=9 10=10 50=50 100=100", Scan());
  EXPECT_EQ("100=100 50=50 10=10 9=9 1=1", ScanBack());
  const auto iterator = NewIterator();
  iterator->Seek("11");
  EXPECT_EQ("50=50", At(*iterator));
  Compact();
  EXPECT_EQ("1=1 9=9 10=10 50=50 100=100", Scan());
}

TEST_F(ComparatorTest, KeysThatCompareEqualAreOneKey) {
  const ByNumber by_number;
  options_.comparator = &by_number;
  Open();
  ASSERT_OK(Put("7", "first"));
  EXPECT_EQ("first", Get("007"));
  ASSERT_OK(Put("007", "second"));
  EXPECT_EQ("second", Get("7"));
  Flush();
  EXPECT_EQ("second", Get("0007"));
  EXPECT_EQ("007=second", Scan());
  ASSERT_OK(Delete("7"));
  EXPECT_EQ("", Scan());
}

TEST_F(ComparatorTest, AUsersOrderOverManyTables) {
  const ByLength by_length;
  options_.comparator = &by_length;
  TableOptions().block_size = 128;
  UseTableOptions();
  options_.target_file_size_base = 2048;
  options_.compression = kNoCompression;
  Open();
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(Put(std::string(static_cast<size_t>(i % 30), 'x') + std::to_string(i), RandomBytes(30, 1)));
    if (i % 100 == 99) Flush();
  }
  Compact();
  const auto iterator = NewIterator();
  std::string previous;
  int count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++count) {
    if (count > 0) {
      EXPECT_LT(by_length.Compare(previous, iterator->key()), 0);
    }
    previous = iterator->key().ToString();
  }
  EXPECT_EQ(300, count);
  EXPECT_EQ(RandomBytes(30, 1), Get("xxxxx5"));
}

TEST_F(ComparatorTest, OpeningWithAnotherComparatorIsInvalid) {
  Open();
  ASSERT_OK(Put("a", "1"));
  Close();
  options_.comparator = ReverseBytewiseComparator();
  const Status status = TryOpen();
  EXPECT_EQ(
      "Invalid argument: rocksdb.ReverseBytewiseComparator: does not match existing comparator "
      "leveldb.BytewiseComparator",
      status.ToString());
}

TEST_F(ComparatorTest, ComparatorsAreFoundByName) {
  const Comparator* comparator = nullptr;
  ASSERT_OK(Comparator::CreateFromString(ConfigOptions(), "leveldb.BytewiseComparator", &comparator));
  EXPECT_EQ(BytewiseComparator(), comparator);
  ASSERT_OK(Comparator::CreateFromString(ConfigOptions(), "rocksdb.ReverseBytewiseComparator", &comparator));
  EXPECT_EQ(ReverseBytewiseComparator(), comparator);
}

TEST_F(ComparatorTest, TheHashIndexNeedsNoSpecialOrder) {
  TableOptions().data_block_index_type = BlockBasedTableOptions::kDataBlockBinaryAndHash;
  UseTableOptions();
  options_.comparator = ReverseBytewiseComparator();
  Open();
  PutKeys(0, 99);
  Flush();
  for (const int i : {0, 50, 99}) EXPECT_EQ("v", Get(Key(i)));
  EXPECT_EQ("(none)", Get("key0500"));
}

}  // namespace gneiss::conformance
