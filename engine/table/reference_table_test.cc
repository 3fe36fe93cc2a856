// Tables that RocksDB wrote: read back, and written again from their entries, byte for byte the same.
#include "engine/table/reference_tables.h"

#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

std::string FromHex(Slice digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1])));
  }
  return bytes;
}

std::string Key(uint64_t number) {
  std::string key(8, '\0');
  EncodeU64(key.data(), __builtin_bswap64(number));
  return key;
}

class ReferenceTableTest : public testing::TestWithParam<const char*> {
 protected:
  ReferenceTableTest() : contents_(FromHex(GetParam())) {}

  const std::string contents_;
  TableReadConfig config_;
  std::unique_ptr<TableReader> reader_;
};

TEST_P(ReferenceTableTest, IsRead) {
  for (const bool is_meta_cached : {false, true}) {
    config_.block_cache = NewCache({.capacity_bytes = 1 << 20});
    config_.cache_index_and_filter_blocks = is_meta_cached;
    ASSERT_TRUE(OpenTable(config_, contents_, &reader_).ok());
    EXPECT_EQ(reader_->properties().entries, 12u);
    EXPECT_TRUE(reader_->VerifyChecksums({}).ok());
    const auto iterator = reader_->NewIterator({});
    uint64_t number = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++number) {
      ASSERT_EQ(UserKeyOf(iterator->key()), Key(number));
      PinnedValue value;
      PointLookup lookup(Key(number), kSeqMax, nullptr, &value);
      reader_->Get({}, SeekKey(Key(number), kSeqMax), Xxph3(Key(number)), &lookup);
      ASSERT_TRUE(lookup.Finish().ok()) << number;
      EXPECT_EQ(value.slice(), iterator->value());
    }
    EXPECT_EQ(number, 12u);
    EXPECT_TRUE(iterator->status().ok());
  }
}

TEST_P(ReferenceTableTest, FilterDeniesOthers) {
  ASSERT_TRUE(OpenTable(config_, contents_, &reader_).ok());
  int maybes = 0;
  for (uint64_t number = 12; number < 1012; ++number) {
    maybes += reader_->MayContain(Key(number), Xxph3(Key(number)), {});
  }
  EXPECT_LT(maybes, 50);
}

constexpr const char* kTableNames[] = {"Plain", "Partitioned", "HashIndex"};
INSTANTIATE_TEST_SUITE_P(Tables, ReferenceTableTest,
                         testing::Values(kPlainReferenceTable, kPartitionedReferenceTable, kHashIndexReferenceTable),
                         [](const auto& test) { return kTableNames[test.index]; });

// Writes the table's entries again, with what its properties say of how it was made.
std::string WriteAlike(const std::string& contents, TableWriteConfig write) {
  const TableReadConfig config;
  std::unique_ptr<TableReader> reader;
  EXPECT_TRUE(OpenTable(config, contents, &reader).ok());
  const TableProperties& properties = reader->properties();
  write.format.block_bytes = 64;
  write.format.filter = {.type = FilterConfig::Type::kBloom, .bits_per_key = 10, .policy_name = "bloomfilter"};
  write.column_family_name = properties.column_family_name;
  write.compression_name = properties.compression_name;
  write.comparator_name = properties.comparator_name;
  write.creation_unix_seconds = properties.creation_unix_seconds;
  write.oldest_key_unix_seconds = properties.oldest_key_unix_seconds;
  write.file_creation_unix_seconds = properties.file_creation_unix_seconds;
  write.db_id = properties.db_id;
  write.db_session_id = properties.db_session_id;
  write.host_id = properties.db_host_id;
  write.file_number = properties.original_file_number;
  Entries entries(InternalLess{});
  const auto iterator = reader->NewIterator({});
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    entries[std::string(iterator->key())] = iterator->value();
  }
  return BuildTable(write, entries);
}

TEST(ReferenceTableWriteTest, Plain) {
  const std::string contents = FromHex(kPlainReferenceTable);
  EXPECT_EQ(WriteAlike(contents, {}), contents);
}

TEST(ReferenceTableWriteTest, Partitioned) {
  TableWriteConfig write;
  write.compression = Compression::kSnappy;
  write.format.index_type = IndexType::kTwoLevel;
  write.format.partition_filters = true;
  write.format.metadata_block_bytes = 20;
  const std::string contents = FromHex(kPartitionedReferenceTable);
  EXPECT_EQ(WriteAlike(contents, write), contents);
}

class FixedPrefix8 final : public PrefixExtractor {
 public:
  std::string Name() const override { return "rocksdb.FixedPrefix.8"; }
  bool InDomain(Slice user_key) const override { return user_key.size() >= 8; }
  Slice Prefix(Slice user_key) const override { return user_key.substr(0, 8); }
};

TEST(ReferenceTableWriteTest, HashIndex) {
  TableWriteConfig write;
  write.prefix_extractor = std::make_shared<FixedPrefix8>();
  write.format.index_type = IndexType::kHashSearch;
  write.format.index_restart_interval = 16;  // not with a hash index
  const std::string contents = FromHex(kHashIndexReferenceTable);
  EXPECT_EQ(WriteAlike(contents, write), contents);
}

}  // namespace
}  // namespace gneiss
