#include "engine/blob/blob_format.h"

#include <gtest/gtest.h>

#include "engine/blob/blob_file_reader.h"
#include "engine/blob/blob_test_util.h"

namespace gneiss {
namespace {

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// The worked example of docs/formats/blob.md, number 7, family 0, no compression: "k1" with the value "hello" and "k2"
// with an empty one. RocksDB 7.8.3 writes the same bytes.
const char kGoldenBlobFileHex[] =
    "378f24000100000000000000000000000000000000000000000000000000020000000000000005000000000000000000"
    "000000000000d96db01e3be9676f6b3168656c6c6f020000000000000000000000000000000000000000000000e8d58a"
    "e084fee8a36b32378f240002000000000000000000000000000000000000000000000033fc82c9";

TEST(BlobFormatTest, WritesTheBytesOfTheFormat) {
  const TestDir dir;
  std::vector<BlobReference> references;
  const std::string path = WriteTestBlobs(dir.path(), Compression::kNone, {{"k1", "hello"}, {"k2", ""}}, &references);
  std::string bytes;
  ASSERT_TRUE(ReadWholeFile(FileSystem::Posix(), path, &bytes).ok());
  EXPECT_EQ(ToHex(bytes), kGoldenBlobFileHex);
  ASSERT_EQ(references.size(), 2u);
  std::string reference;
  AppendBlobReference(&reference, references[0]);
  EXPECT_EQ(ToHex(reference), "0107400500");
}

TEST(BlobFormatTest, ReadsReferences) {
  BlobReference reference;
  ASSERT_TRUE(DecodePlainBlobReference(FromHex("01ac02808001ff7f07"), &reference).ok());
  EXPECT_EQ(reference.file_number, 300u);
  EXPECT_EQ(reference.offset, 16384u);
  EXPECT_EQ(reference.size, 16383u);
  EXPECT_EQ(reference.compression, 7);
  const auto text = [&](const char* hex) { return DecodePlainBlobReference(FromHex(hex), &reference).ToString(); };
  const std::string prefix = "Corruption: Error while decoding blob index: ";
  EXPECT_EQ(text(""), prefix + "Corrupted blob offset");
  EXPECT_EQ(text("03"), prefix + "Unknown blob index type: 3");
  EXPECT_EQ(text("0105"), prefix + "Corrupted blob offset");
  EXPECT_EQ(text("01050505"), prefix + "Corrupted blob offset");
  EXPECT_EQ(text("010505050000"), prefix + "Corrupted blob offset");
  EXPECT_EQ(text("02"), prefix + "Corrupted expiration");
  EXPECT_EQ(text("0007616263"), "Corruption: Unexpected TTL/inlined blob index");
  EXPECT_EQ(text("020705050500"), "Corruption: Unexpected TTL/inlined blob index");
}

TEST(BlobFormatTest, NamesWhatIsWrongWithHeaders) {
  std::string good;
  AppendBlobHeader(&good, {.column_family_id = 5, .compression = 4});
  BlobFileHeader header;
  ASSERT_TRUE(DecodeBlobHeader(good, &header).ok());
  EXPECT_EQ(header.column_family_id, 5u);
  EXPECT_EQ(header.compression, 4);
  const auto text = [&](size_t at, char value) {
    std::string bad = good;
    bad[at] = value;
    return DecodeBlobHeader(bad, &header).ToString();
  };
  const std::string prefix = "Corruption: Error while decoding blob log header: ";
  EXPECT_EQ(text(0, 1), prefix + "Magic number mismatch");
  EXPECT_EQ(text(4, 2), prefix + "Unknown header version");
  EXPECT_EQ(text(12, 1), "Corruption: Unexpected TTL blob file");
  EXPECT_EQ(text(14, 1), "Corruption: Unexpected TTL blob file");
  EXPECT_EQ(DecodeBlobHeader(Slice(good).substr(1), &header).ToString(), prefix + "Unexpected blob file header size");
}

TEST(BlobFormatTest, EveryChangedByteOfAFooterIsFound) {
  std::string good;
  AppendBlobFooter(&good, 77);
  uint64_t count = 0;
  ASSERT_TRUE(DecodeBlobFooter(good, &count).ok());
  EXPECT_EQ(count, 77u);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_TRUE(DecodeBlobFooter(bad, &count).IsCorruption()) << at;
  }
}

}  // namespace
}  // namespace gneiss
