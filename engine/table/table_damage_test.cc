// Damaged tables: whatever byte is wrong or missing, reading must not crash, and must not answer wrongly without an
// error.
#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

struct DamageCase {
  const char* name;
  uint32_t format_version;
  ChecksumType checksum;
  Compression compression;
  IndexType index_type;
};

const DamageCase kCases[] = {
    {"Plain", 5, ChecksumType::kXxh3, Compression::kNone, IndexType::kBinarySearch},
    {"Snappy", 5, ChecksumType::kCrc32c, Compression::kSnappy, IndexType::kBinarySearch},
    {"Zstd", 4, ChecksumType::kXxHash64, Compression::kZstd, IndexType::kBinarySearch},
    {"Old", 0, ChecksumType::kCrc32c, Compression::kNone, IndexType::kBinarySearch},
    {"FirstKey", 5, ChecksumType::kXxHash, Compression::kLz4, IndexType::kBinaryWithFirstKey},
    {"Partitioned", 5, ChecksumType::kXxh3, Compression::kNone, IndexType::kTwoLevel},
};

class DamageTest : public testing::TestWithParam<DamageCase> {
 protected:
  DamageTest() : entries_(InternalLess{}) {
    for (int i = 0; i < 60; ++i) {
      entries_[Internal("key" + std::to_string(100 + i), static_cast<SeqNo>(i + 1))] =
          "value" + std::to_string(i % 7) + std::string(20, 'x');
    }
    TableWriteConfig config;
    config.format.format_version = GetParam().format_version;
    config.format.checksum = GetParam().checksum;
    config.format.index_type = GetParam().index_type;
    config.format.partition_filters = GetParam().index_type == IndexType::kTwoLevel;
    config.format.block_bytes = 256;
    config.format.metadata_block_bytes = 64;
    config.format.filter.type = FilterConfig::Type::kBloom;
    config.format.filter.bits_per_key = 10;
    config.format.filter.is_legacy_bloom = GetParam().format_version < 5;
    config.compression = GetParam().compression;
    config.compression_name = CompressionName(GetParam().compression);
    Entries with_tombstone = entries_;
    with_tombstone[Internal("key110", 1000, Kind::kRangeDelete)] = "key111";
    contents_ = BuildTable(config, with_tombstone);
  }

  // Everything a reader does. An answer that is not an error must be right.
  void Use(const std::string& contents, const ReadParams& params, bool is_checked) {
    std::unique_ptr<TableReader> reader;
    if (!OpenTable(config_, contents, &reader).ok()) return;
    const auto iterator = reader->NewIterator(params);
    Scan(iterator.get(), is_checked);
    ScanBack(iterator.get(), is_checked);
    for (const char* user_key : {"", "key100", "key133", "key159", "key1595", "zzz"}) {
      Get(*reader, params, user_key, is_checked);
    }
    if (const auto tombstones = reader->NewRangeTombstoneIterator(params); tombstones != nullptr) {
      size_t count = 0;
      for (tombstones->SeekToFirst(); tombstones->Valid(); tombstones->Next()) ++count;
      const bool is_complete = is_checked && tombstones->status().ok();
      ASSERT_EQ(is_complete ? count : 1u, 1u);
    }
    reader->ApproximateOffsetOf(Internal("key130", 1), params);
    reader->VerifyChecksums(params).IgnoreError("only its steps are tested here");
  }
  void Scan(InternalIterator* iterator, bool is_checked) {
    auto expected = entries_.begin();
    size_t count = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      ASSERT_LT(++count, size_t{100000});
      if (!is_checked) continue;
      ASSERT_NE(expected, entries_.end());
      ASSERT_EQ(iterator->key(), expected->first);
      ASSERT_EQ(iterator->value(), expected->second);
      ++expected;
    }
    const bool is_complete = is_checked && iterator->status().ok();
    ASSERT_TRUE(!is_complete || expected == entries_.end());
  }
  void ScanBack(InternalIterator* iterator, bool is_checked) {
    auto expected = entries_.rbegin();
    size_t count = 0;
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) {
      ASSERT_LT(++count, size_t{100000});
      if (!is_checked) continue;
      ASSERT_NE(expected, entries_.rend());
      ASSERT_EQ(iterator->key(), expected->first);
      ++expected;
    }
    const bool is_complete = is_checked && iterator->status().ok();
    ASSERT_TRUE(!is_complete || expected == entries_.rend());
  }
  void Get(const TableReader& reader, const ReadParams& params, Slice user_key, bool is_checked) {
    PinnedValue value;
    PointLookup lookup(user_key, 2000, nullptr, &value);
    reader.Get(params, SeekKey(user_key, 2000), Xxph3(user_key), &lookup);
    const Status status = lookup.Finish();
    if (!is_checked) return;
    const auto expected = entries_.lower_bound(Internal(user_key, 2000, kKindForSeek));
    const bool is_there = expected != entries_.end() && UserKeyOf(expected->first) == user_key;
    if (status.ok()) {
      ASSERT_TRUE(is_there);
      ASSERT_EQ(value.slice(), expected->second);
    } else if (status.IsNotFound()) {
      ASSERT_FALSE(is_there) << user_key;
    }
  }

  Entries entries_;
  TableReadConfig config_;
  std::string contents_;
};

TEST_P(DamageTest, EveryByteChanged) {
  for (const bool is_cached : {false, true}) {
    for (size_t at = 0; at < contents_.size(); ++at) {
      if (is_cached) config_.block_cache = NewCache({.capacity_bytes = 1 << 20});
      // No checksum covers the footer.
      const bool is_footer = at + 53 >= contents_.size();
      for (int bit = is_footer ? 0 : static_cast<int>(at % 8); bit < 8; bit += is_footer ? 1 : 8) {
        std::string bad = contents_;
        bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
        ASSERT_NO_FATAL_FAILURE(Use(bad, {}, true)) << "byte " << at << " bit " << bit;
      }
    }
  }
}

TEST_P(DamageTest, EveryByteChangedWithoutVerifying) {
  config_.block_cache = NewCache({.capacity_bytes = 1 << 20});
  for (size_t at = 0; at < contents_.size(); ++at) {
    for (const int change : {1, 0x40, 0x80, 0xff}) {
      std::string bad = contents_;
      bad[at] = static_cast<char>(bad[at] ^ change);
      ASSERT_NO_FATAL_FAILURE(Use(bad, {.verify_checksums = false}, false)) << "byte " << at;
    }
  }
}

TEST_P(DamageTest, EveryLength) {
  for (size_t size = 0; size < contents_.size(); ++size) {
    ASSERT_NO_FATAL_FAILURE(Use(contents_.substr(0, size), {}, true)) << size << " bytes";
    // The front missing instead.
    ASSERT_NO_FATAL_FAILURE(Use(contents_.substr(size), {}, true)) << "without " << size << " bytes";
  }
}

TEST_P(DamageTest, FileShorterThanSaid) {
  for (size_t size = 0; size < contents_.size(); size += 13) {
    TableReader::OpenParams params;
    params.path = "test.sst";
    params.file_bytes = contents_.size();
    std::unique_ptr<TableReader> reader;
    auto file = std::make_unique<StringFile>(contents_.substr(0, size));
    const Status status = TableReader::Open(config_, params, std::move(file), &reader);
    EXPECT_FALSE(status.ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, DamageTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

class ErrorTextTest : public testing::Test {
 protected:
  static std::string OpenError(const std::string& contents) {
    std::unique_ptr<TableReader> reader;
    static const TableReadConfig config;
    return OpenTable(config, contents, &reader).ToString();
  }
};

TEST_F(ErrorTextTest, TooShort) {
  EXPECT_EQ(OpenError("short"), "Corruption: file is too short (5 bytes) to be an sstable: test.sst");
}

TEST_F(ErrorTextTest, BadMagic) {
  EXPECT_EQ(OpenError(std::string(100, '\1')),
            "Corruption: Bad table magic number: expected 9863518390377041911, found 72340172838076673 in test.sst");
}

TEST_F(ErrorTextTest, ChecksumMismatch) {
  Entries entries(InternalLess{});
  for (int i = 0; i < 10; ++i) entries[Internal("k" + std::to_string(i), 1)] = "v";
  TableWriteConfig write_config;
  write_config.format.checksum = ChecksumType::kCrc32c;
  std::string contents = BuildTable(write_config, entries);
  contents[3] ^= 1;
  std::unique_ptr<TableReader> reader;
  const TableReadConfig config;
  ASSERT_TRUE(OpenTable(config, contents, &reader).ok());
  const auto iterator = reader->NewIterator({});
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  const std::string text = iterator->status().ToString();
  EXPECT_EQ(text.find("Corruption: block checksum mismatch: stored = "), 0u) << text;
  EXPECT_NE(text.find(", computed = "), std::string::npos) << text;
  EXPECT_NE(text.find(", type = 1  in test.sst offset 0 size "), std::string::npos) << text;
}

}  // namespace
}  // namespace gneiss
