// The bytes of docs/formats/table.md's example, footers of all versions, and the meta blocks.
#include <gtest/gtest.h>

#include "engine/table/footer.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

// Without the spaces that make it readable.
std::string Digits(std::string text) {
  std::erase(text, ' ');
  return text;
}

std::string Hex(Slice bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

TEST(TableFormatTest, ExampleIsAsDocumented) {
  Entries entries(InternalLess{});
  entries[Internal("apple", 2)] = "red";
  entries[Internal("banana", 1)] = "yellow";
  const std::string table = BuildTable({}, entries);
  EXPECT_EQ(Hex(Slice(table).substr(0, 55)),
            Digits("00 0d 03  61 70 70 6c 65  01 02 00 00 00 00 00 00  72 65 64"
                   "00 0e 06  62 61 6e 61 6e 61  01 01 00 00 00 00 00 00  79 65 6c 6c 6f 77"
                   "00 00 00 00  01 00 00 00  00  6d 15 32 2f"));
  EXPECT_EQ(Hex(Slice(table).substr(55, 23)),
            Digits("00 06  62 61 6e 61 6e 61  00 32  00 00 00 00  01 00 00 00  00  d9 0c ea 90"));
  EXPECT_EQ(Hex(Slice(table).substr(table.size() - 53)),
            Digits("04  e3 05 20  37 12") + std::string(70, '0') + Digits("05 00 00 00  f7 cf f4 85 b7 41 e2 88"));
}

TEST(FooterTest, AllVersionsComeBack) {
  for (uint32_t version = 0; version <= 5; ++version) {
    Footer footer;
    footer.format_version = version;
    footer.checksum = version == 0 ? ChecksumType::kCrc32c : ChecksumType::kXxHash64;
    footer.metaindex = {.offset = ~uint64_t{0}, .size = uint64_t{1} << 63};
    footer.index = {.offset = 7, .size = ~uint64_t{0}};
    std::string bytes = "what lies before";
    footer.AppendTo(&bytes);
    Footer read;
    const Status status = read.DecodeFrom(bytes, "f");
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(read.format_version, version);
    EXPECT_EQ(read.checksum, footer.checksum);
    EXPECT_EQ(read.metaindex.offset, footer.metaindex.offset);
    EXPECT_EQ(read.metaindex.size, footer.metaindex.size);
    EXPECT_EQ(read.index.offset, footer.index.offset);
    EXPECT_EQ(read.index.size, footer.index.size);
  }
}

TEST(FooterTest, LaterVersionsAreRefused) {
  Footer footer;
  footer.format_version = 6;
  std::string bytes;
  footer.AppendTo(&bytes);
  Footer read;
  EXPECT_EQ(read.DecodeFrom(bytes, "f").ToString(), "Corruption: Corrupt or unsupported format_version: 6: f");
  footer.format_version = 5;
  footer.checksum = static_cast<ChecksumType>(5);
  bytes.clear();
  footer.AppendTo(&bytes);
  EXPECT_EQ(read.DecodeFrom(bytes, "f").ToString(), "Corruption: Corrupt or unsupported checksum type: 5: f");
}

// That they are RocksDB's sums is what the reference tables show; here, that no changed byte goes unnoticed.
TEST(FooterTest, ChecksumsSeeEveryByte) {
  const Slice bytes("payload\0", 8);
  EXPECT_EQ(BlockChecksum(ChecksumType::kNone, bytes), 0u);
  EXPECT_EQ(BlockChecksum(ChecksumType::kXxh3, {}), 0u);
  for (const ChecksumType type :
       {ChecksumType::kCrc32c, ChecksumType::kXxHash, ChecksumType::kXxHash64, ChecksumType::kXxh3}) {
    std::string block(bytes);
    PutU32(&block, BlockChecksum(type, bytes));
    EXPECT_TRUE(VerifyBlockChecksum(type, block, "f", 0).ok());
    for (char& byte : block) {
      byte = static_cast<char>(byte ^ 4);
      EXPECT_TRUE(VerifyBlockChecksum(type, block, "f", 0).IsCorruption());
      byte = static_cast<char>(byte ^ 4);
    }
  }
}

TEST(MetaBlocksTest, MetaIndexComesBack) {
  MetaIndex index;
  index["rocksdb.properties"] = {.offset = 5, .size = 1000};
  index["fullfilter.x"] = {.offset = 0, .size = 5};
  MetaIndex read;
  ASSERT_TRUE(DecodeMetaIndex(EncodeMetaIndex(index), &read).ok());
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read["rocksdb.properties"].size, 1000u);
  EXPECT_EQ(read["fullfilter.x"].size, 5u);
}

TEST(MetaBlocksTest, UnknownPropertiesAreTheUsers) {
  TableProperties properties;
  properties.entries = 300;
  properties.deletions = 2;
  properties.comparator_name = "c";
  properties.user["another.name"] = std::string("\0\1", 2);
  TableProperties read;
  ASSERT_TRUE(DecodeProperties(EncodeProperties(properties), 0, &read).ok());
  EXPECT_EQ(read.entries, 300u);
  EXPECT_EQ(read.comparator_name, "c");
  EXPECT_EQ(read.user["another.name"], std::string("\0\1", 2));
  EXPECT_EQ(read.user["rocksdb.deleted.keys"], "\2");
  EXPECT_EQ(read.user.count("rocksdb.num.entries"), 0u);
}

}  // namespace
}  // namespace gneiss
