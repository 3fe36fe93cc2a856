// Which blocks hold which prefix, and when a table goes without the map.
#include "engine/table/hash_index_builder.h"

#include <gtest/gtest.h>

#include "engine/table/footer.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

class FirstThree final : public PrefixExtractor {
 public:
  std::string Name() const override { return "first three"; }
  bool InDomain(Slice user_key) const override { return user_key.size() >= 3; }
  Slice Prefix(Slice user_key) const override { return user_key.substr(0, 3); }
};

class Whole final : public PrefixExtractor {
 public:
  std::string Name() const override { return "whole"; }
  bool InDomain(Slice) const override { return true; }
  Slice Prefix(Slice user_key) const override { return user_key; }
};

// Keys that end in a byte of time.
class Timed final : public UserOrder {
 public:
  const char* Name() const override { return "timed"; }
  int Compare(Slice a, Slice b) const override { return a.compare(b); }
  void FindShortestSeparator(std::string*, Slice) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

// The example of docs/formats/table.md.
TEST(HashIndexBuilderTest, NotesWhereEachPrefixBeginsAndOverHowManyBlocks) {
  const FirstThree extractor;
  HashIndexBuilder builder(&extractor, KeyOrder());
  for (const char* key : {"appearance", "apple", "|", "apply", "|", "apps", "banana", "|", "bandit"}) {
    if (*key == '|') {
      builder.EndBlock();
    } else {
      builder.AddKey(key);
    }
  }
  builder.EndBlock();
  ASSERT_TRUE(builder.Finish());
  EXPECT_EQ(builder.prefixes(), "appban");
  EXPECT_EQ(builder.metadata(), std::string("\3\0\3\3\2\2", 6));
}

TEST(HashIndexBuilderTest, LongPrefixesAndManyBlocksAreVarints) {
  const Whole extractor;
  HashIndexBuilder builder(&extractor, KeyOrder());
  for (int i = 0; i < 200; ++i) builder.EndBlock();
  builder.AddKey(std::string(300, 'k'));
  builder.EndBlock();
  ASSERT_TRUE(builder.Finish());
  EXPECT_EQ(builder.prefixes(), std::string(300, 'k'));
  EXPECT_EQ(builder.metadata(), "\xac\x02\xc8\x01\x01");
}

TEST(HashIndexBuilderTest, AKeyWithoutAPrefixRulesTheMapOut) {
  const FirstThree extractor;
  HashIndexBuilder builder(&extractor, KeyOrder());
  builder.AddKey("abcd");
  builder.AddKey("ac");
  builder.AddKey("acdc");
  builder.EndBlock();
  EXPECT_FALSE(builder.Finish());
}

// A reader takes the prefix of the sought key with the sought time.
TEST(HashIndexBuilderTest, APrefixThatTimeReachesIntoRulesTheMapOut) {
  const Timed timed;
  const FirstThree first_three;
  HashIndexBuilder fine(&first_three, KeyOrder::Custom(&timed, 1));
  fine.AddKey("abc1");
  fine.EndBlock();
  EXPECT_TRUE(fine.Finish());
  EXPECT_EQ(fine.prefixes(), "abc");
  HashIndexBuilder short_key(&first_three, KeyOrder::Custom(&timed, 1));
  short_key.AddKey("ab1");
  EXPECT_FALSE(short_key.Finish());
  const Whole whole;
  HashIndexBuilder long_prefix(&whole, KeyOrder::Custom(&timed, 1));
  long_prefix.AddKey("abc1");
  EXPECT_FALSE(long_prefix.Finish());
}

MetaIndex MetaIndexOf(const std::string& table) {
  Footer footer;
  EXPECT_TRUE(footer.DecodeFrom(table, "table").ok());
  MetaIndex index;
  EXPECT_TRUE(DecodeMetaIndex(Slice(table).substr(footer.metaindex.offset, footer.metaindex.size), &index).ok());
  return index;
}

class HashIndexTest : public testing::Test {
 protected:
  HashIndexTest() : entries_(InternalLess{}) {
    write_.prefix_extractor = std::make_shared<FirstThree>();
    write_.format.index_type = IndexType::kHashSearch;
    write_.format.block_bytes = 100;
    for (int i = 0; i < 300; ++i) entries_[Internal(Key(i), 7)] = std::to_string(i);
  }
  static std::string Key(int i) { return std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(1000 + i); }
  void ExpectAllAreFound(const std::string& table) {
    const TableReadConfig config;
    std::unique_ptr<TableReader> reader;
    ASSERT_TRUE(OpenTable(config, table, &reader).ok());
    ASSERT_TRUE(reader->VerifyChecksums({}).ok());
    const auto iterator = reader->NewIterator({});
    for (const auto& [key, value] : entries_) {
      iterator->Seek(key);
      ASSERT_TRUE(iterator->Valid());
      EXPECT_EQ(iterator->key(), key);
      EXPECT_EQ(iterator->value(), value);
    }
  }

  TableWriteConfig write_;
  Entries entries_;
};

TEST_F(HashIndexTest, LiesBesideTheIndexAndCountsAsPartOfIt) {
  TableProperties properties;
  const std::string table = BuildTable(write_, entries_, &properties);
  const MetaIndex blocks = MetaIndexOf(table);
  ASSERT_EQ(blocks.count(kHashIndexPrefixesBlockName), 1u);
  ASSERT_EQ(blocks.count(kHashIndexMetadataBlockName), 1u);
  EXPECT_EQ(properties.user.at(kIndexTypeProperty), std::string("\1\0\0\0", 4));
  ExpectAllAreFound(table);

  write_.format.index_type = IndexType::kBinarySearch;
  TableProperties plain;
  BuildTable(write_, entries_, &plain);
  EXPECT_EQ(properties.index_bytes, plain.index_bytes + blocks.at(kHashIndexPrefixesBlockName).size +
                                        blocks.at(kHashIndexMetadataBlockName).size);
}

TEST_F(HashIndexTest, BlocksAreCompressedWhereThatPays) {
  write_.compression = Compression::kZstd;
  write_.format.compress_index = false;
  const std::string table = BuildTable(write_, entries_);
  const BlockHandle handle = MetaIndexOf(table).at(kHashIndexMetadataBlockName);
  EXPECT_EQ(table[handle.offset + handle.size], static_cast<char>(Compression::kZstd));
  ExpectAllAreFound(table);
}

TEST_F(HashIndexTest, TablesWithKeysOutsideOfTheDomainGoWithoutIt) {
  entries_[Internal("zz", 7)] = "short";
  const std::string table = BuildTable(write_, entries_);
  EXPECT_EQ(MetaIndexOf(table).count(kHashIndexPrefixesBlockName), 0u);
  EXPECT_EQ(MetaIndexOf(table).count(kHashIndexMetadataBlockName), 0u);
  ExpectAllAreFound(table);
}

TEST_F(HashIndexTest, ATableOfTombstonesAloneHasAnEmptyOne) {
  entries_.clear();
  entries_[Internal("abc", 7, Kind::kRangeDelete)] = "abd";
  const std::string table = BuildTable(write_, entries_);
  EXPECT_EQ(MetaIndexOf(table).at(kHashIndexPrefixesBlockName).size, 0u);
  EXPECT_EQ(MetaIndexOf(table).at(kHashIndexMetadataBlockName).size, 0u);
}

}  // namespace
}  // namespace gneiss
