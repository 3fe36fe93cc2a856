#include "engine/wal/log_chain.h"

#include <gtest/gtest.h>

#include "engine/wal/write_batch.h"

namespace gneiss {
namespace {

// docs/formats/log.md shows these bytes.
TEST(LogChainTest, BytesOfTheFormatPage) {
  const std::string record = EncodeLogBefore(100, {.number = 9, .bytes = 4096});
  const char kExpected[] =
      "\x64\0\0\0\0\0\0\0"
      "\0\0\0\0"
      "\x03\x21"
      "gneiss.log-before"
      "\x09\0\0\0\0\0\0\0"
      "\0\x10\0\0\0\0\0\0";
  EXPECT_EQ(record, std::string(kExpected, sizeof(kExpected) - 1));
  LogBefore before;
  ASSERT_TRUE(DecodeLogBefore(record, &before));
  EXPECT_EQ(before.number, 9u);
  EXPECT_EQ(before.bytes, 4096u);
}

TEST(LogChainTest, ReadersOfBatchesSkipIt) {
  const std::string bytes = EncodeLogBefore(100, {.number = 9, .bytes = 4096});
  EXPECT_EQ(BatchSeq(bytes), 100u);
  EXPECT_EQ(BatchCount(bytes), 0u);
  BatchReader reader(bytes);
  BatchRecord record;
  ASSERT_TRUE(reader.Next(&record).ok());
  EXPECT_EQ(record.kind, Kind::kLogData);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(LogChainTest, NothingElseIsOne) {
  const std::string bytes = EncodeLogBefore(100, {.number = 9, .bytes = 4096});
  LogBefore before;
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeLogBefore(Slice(bytes).substr(0, size), &before));
  for (size_t i = 8; i < bytes.size() - 16; ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(DecodeLogBefore(other, &before)) << i;
  }
}

}  // namespace
}  // namespace gneiss
