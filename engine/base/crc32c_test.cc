#include "engine/base/crc32c.h"

#include <gtest/gtest.h>

#include <memory>

#include "engine/base/random.h"

namespace gneiss {
namespace {

// A static object whose constructor may run before any of crc32c.cc's.
const uint32_t crc_before_main = Crc32c("123456789");

TEST(Crc32cTest, WorksBeforeMain) { EXPECT_EQ(crc_before_main, 0xe3069283u); }

// RFC 3720, appendix B.4.
TEST(Crc32cTest, StandardVectors) {
  std::string rising;
  std::string falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(static_cast<char>(i));
    falling.push_back(static_cast<char>(31 - i));
  }
  const unsigned char scsi_read_command[48] = {0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                               0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
                                               0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
                                               0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  const struct {
    std::string bytes;
    uint32_t crc;
  } kVectors[] = {
      {std::string(32, '\0'), 0x8a9136aa},
      {std::string(32, '\xff'), 0x62a8ab43},
      {rising, 0x46dd794e},
      {falling, 0x113fdb5c},
      {std::string(reinterpret_cast<const char*>(scsi_read_command), sizeof(scsi_read_command)), 0xd9963a56},
      {"", 0},
  };
  for (const auto& vector : kVectors) {
    EXPECT_EQ(Crc32c(vector.bytes), vector.crc);
    for (const Crc32cWay& way : Crc32cWays()) {
      EXPECT_EQ(way.extend(0, vector.bytes.data(), vector.bytes.size()), vector.crc) << way.name;
    }
  }
}

std::string RandomBytes(size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

// The three-stream loops begin at 192, 768 and 6144 bytes, folding at 1024.
TEST(Crc32cTest, AllWaysAgreeAtAllSizesAndAlignments) {
  const std::vector<Crc32cWay> ways = Crc32cWays();
  const std::string bytes = RandomBytes(20000);
  for (size_t size = 0; size <= 15000; size = size < 1700 ? size + 1 : size + 113) {
    for (const size_t offset : {0u, 1u, 5u, 8u}) {
      const char* const data = bytes.data() + offset;
      const auto crc = static_cast<uint32_t>(size * 2654435761u);
      const uint32_t expected = ways[0].extend(crc, data, size);
      for (const Crc32cWay& way : ways) ASSERT_EQ(way.extend(crc, data, size), expected) << way.name << " " << size;
      ASSERT_EQ(Crc32cExtend(crc, data, size), expected);
    }
  }
}

TEST(Crc32cTest, ReadsNoMoreThanAsked) {
  const std::vector<Crc32cWay> ways = Crc32cWays();
  for (size_t size = 0; size < 1600; ++size) {
    const std::unique_ptr<char[]> exact(new char[size]);
    const std::string bytes = RandomBytes(size);
    bytes.copy(exact.get(), size);
    for (const Crc32cWay& way : ways) ASSERT_EQ(way.extend(0, exact.get(), size), Crc32c(bytes)) << way.name;
  }
}

TEST(Crc32cTest, ExtendIsConcatenation) {
  const std::string bytes = RandomBytes(9000);
  const uint32_t whole = Crc32c(bytes);
  for (size_t cut = 0; cut <= bytes.size(); cut += 77) {
    EXPECT_EQ(Crc32cExtend(Crc32c(bytes.substr(0, cut)), bytes.data() + cut, bytes.size() - cut), whole);
  }
}

TEST(Crc32cTest, Masks) {
  const uint32_t crc = Crc32c("foo");
  EXPECT_NE(MaskCrc(crc), crc);
  EXPECT_NE(MaskCrc(MaskCrc(crc)), crc);
  EXPECT_EQ(UnmaskCrc(MaskCrc(crc)), crc);
  EXPECT_EQ(UnmaskCrc(UnmaskCrc(MaskCrc(MaskCrc(crc)))), crc);
  EXPECT_EQ(MaskCrc(0), kCrcMaskDelta);
}

}  // namespace
}  // namespace gneiss
