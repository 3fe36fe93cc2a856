#include "engine/base/compression.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "engine/base/coding.h"
#include "engine/base/random.h"
#include "engine/base/test_seed.h"
#include "engine/base/uncompression_dictionary.h"

namespace gneiss {
namespace {

constexpr Compression kAll[] = {Compression::kSnappy, Compression::kZlib,  Compression::kBzip2,
                                Compression::kLz4,    Compression::kLz4hc, Compression::kZstd};
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

// Words of a small vocabulary: compresses well.
std::string Text(size_t size, uint64_t seed = 1) {
  Random random(seed);
  std::string text;
  while (text.size() < size) text += "word" + std::to_string(random.Uniform(50)) + ' ';
  text.resize(size);
  return text;
}

std::string Noise(size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

std::string MustCompress(Compression type, Slice raw, Slice dictionary = {}) {
  ByteBuffer payload;
  EXPECT_TRUE(Compress(type, {}, dictionary, raw, &payload)) << CompressionName(type);
  return std::string(payload);
}

// With the dictionary's bytes, and with what they were made ready to.
void ExpectUncompresses(Compression type, Slice payload, Slice raw, Slice dictionary = {}) {
  {
    RawBuffer buffer;
    const UncompressionDictionary ready{std::string(dictionary)};
    const Status status = Uncompress(type, ready, payload, kNoLimit, &buffer);
    ASSERT_TRUE(status.ok()) << CompressionName(type) << ": " << status.ToString();
    EXPECT_EQ(Slice(buffer.bytes.get(), buffer.size_bytes), raw) << CompressionName(type);
  }
  RawBuffer buffer;
  const Status status = Uncompress(type, dictionary, payload, kNoLimit, &buffer);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Slice(buffer.bytes.get(), buffer.size_bytes), raw) << CompressionName(type);
}

TEST(CompressionTest, Names) {
  EXPECT_STREQ(CompressionName(Compression::kNone), "NoCompression");
  EXPECT_STREQ(CompressionName(Compression::kSnappy), "Snappy");
  EXPECT_STREQ(CompressionName(Compression::kZlib), "Zlib");
  EXPECT_STREQ(CompressionName(Compression::kBzip2), "BZip2");
  EXPECT_STREQ(CompressionName(Compression::kLz4), "LZ4");
  EXPECT_STREQ(CompressionName(Compression::kLz4hc), "LZ4HC");
  EXPECT_STREQ(CompressionName(Compression::kXpress), "Xpress");
  EXPECT_STREQ(CompressionName(Compression::kZstd), "ZSTD");
}

// Tables before format_version 2 hold the same streams without the size in front.
TEST(CompressionTest, UnsizedPayloads) {
  for (const Compression type : {Compression::kZlib, Compression::kBzip2}) {
    for (const size_t size : {size_t{1000}, size_t{16384}, size_t{300'000}}) {
      const std::string raw = Text(size);
      const std::string sized = MustCompress(type, raw);
      Slice payload = sized;
      uint32_t stored_bytes = 0;
      ASSERT_TRUE(GetVarint32(&payload, &stored_bytes));
      RawBuffer buffer;
      ASSERT_TRUE(UncompressUnsized(type, {}, payload, kNoLimit, &buffer).ok()) << CompressionName(type) << size;
      EXPECT_EQ(Slice(buffer.bytes.get(), buffer.size_bytes), raw);
      EXPECT_TRUE(UncompressUnsized(type, {}, payload.substr(0, payload.size() - 1), kNoLimit, &buffer).IsCorruption());
      EXPECT_TRUE(UncompressUnsized(type, {}, Noise(50), kNoLimit, &buffer).IsCorruption());
      if (size <= 100'000) continue;
      EXPECT_TRUE(UncompressUnsized(type, {}, payload, 20'000, &buffer).IsCorruption()) << "bounded memory";
    }
  }
}

TEST(CompressionTest, Availability) {
  for (const Compression type : kAll) EXPECT_TRUE(CompressionAvailable(type));
  EXPECT_TRUE(CompressionAvailable(Compression::kNone));
  EXPECT_FALSE(CompressionAvailable(Compression::kXpress));
  EXPECT_FALSE(CompressionAvailable(static_cast<Compression>(0x40)));
  ByteBuffer payload;
  payload.Append("kept");
  EXPECT_FALSE(Compress(Compression::kNone, {}, {}, "raw", &payload));
  EXPECT_FALSE(Compress(Compression::kXpress, {}, {}, "raw", &payload));
  EXPECT_EQ(Slice(payload), "kept");
  RawBuffer buffer;
  EXPECT_TRUE(Uncompress(Compression::kXpress, {}, "abc", kNoLimit, &buffer).IsCorruption());
  EXPECT_TRUE(Uncompress(static_cast<Compression>(0xff), {}, "abc", kNoLimit, &buffer).IsCorruption());
}

TEST(CompressionTest, RoundTrips) {
  for (const Compression type : kAll) {
    for (const size_t size : {0u, 1u, 2u, 100u, 4096u, 70000u, 1000000u}) {
      const std::string text = Text(size);
      ByteBuffer payload;
      if (!Compress(type, {}, {}, text, &payload)) {
        EXPECT_TRUE(type == Compression::kBzip2 && size <= 100) << CompressionName(type) << size;
        EXPECT_TRUE(payload.empty());
        continue;
      }
      ExpectUncompresses(type, payload, text);
      EXPECT_TRUE(size < 4096 || payload.size() < size / 2) << CompressionName(type);
      // Noise may be refused, but what is not refused comes back.
      const std::string noise = Noise(size);
      payload.clear();
      if (Compress(type, {}, {}, noise, &payload)) ExpectUncompresses(type, payload, noise);
    }
  }
}

TEST(CompressionTest, AppendsAndStartsWithTheRawSize) {
  for (const Compression type : kAll) {
    ByteBuffer out;
    out.Append("before");
    ASSERT_TRUE(Compress(type, {}, {}, Text(5000), &out));
    ASSERT_EQ(Slice(out).substr(0, 6), "before");
    Slice payload = out.substr(6);
    ExpectUncompresses(type, payload, Text(5000));
    uint32_t size = 0;
    ASSERT_TRUE(GetVarint32(&payload, &size));  // snappy's own prefix is a varint too
    EXPECT_EQ(size, 5000u);
  }
}

TEST(CompressionTest, LevelsAndStrategies) {
  const std::string text = Text(20000);
  for (const Compression type : {Compression::kZlib, Compression::kLz4hc, Compression::kZstd}) {
    for (const int level : {1, 5, 9}) {
      ByteBuffer payload;
      ASSERT_TRUE(Compress(type, {.level = level}, {}, text, &payload));
      ExpectUncompresses(type, payload, text);
    }
  }
  for (const int window_bits : {-15, -12, -9}) {
    ByteBuffer payload;
    ASSERT_TRUE(Compress(Compression::kZlib, {.window_bits = window_bits, .strategy = 2}, {}, text, &payload));
    ExpectUncompresses(Compression::kZlib, payload, text);
  }
  // Nobody could read these back, or the library refuses them: the block stays raw.
  ByteBuffer payload;
  EXPECT_FALSE(Compress(Compression::kZlib, {.window_bits = 14}, {}, text, &payload));
  EXPECT_FALSE(Compress(Compression::kZlib, {.level = 77}, {}, text, &payload));
  EXPECT_TRUE(payload.empty());
}

TEST(CompressionTest, Dictionaries) {
  const std::string dictionary = Noise(16000);  // nothing but the dictionary helps to compress a part of it
  const std::string raw = dictionary.substr(3000, 2000);
  for (const Compression type : {Compression::kZlib, Compression::kLz4, Compression::kLz4hc, Compression::kZstd}) {
    const std::string with = MustCompress(type, raw, dictionary);
    EXPECT_LT(with.size(), raw.size() / 2) << CompressionName(type);
    ExpectUncompresses(type, with, raw, dictionary);
    RawBuffer buffer;
    const Status without = Uncompress(type, {}, with, kNoLimit, &buffer);
    EXPECT_TRUE(!without.ok() || Slice(buffer.bytes.get(), buffer.size_bytes) != raw) << CompressionName(type);
    // The digested dictionary of the thread gives way to another one, and to another level.
    const std::string other = Noise(9000);
    ExpectUncompresses(type, MustCompress(type, Text(2000), other), Text(2000), other);
    ByteBuffer payload;
    ASSERT_TRUE(Compress(type, {.level = 2}, dictionary, raw, &payload));
    ExpectUncompresses(type, payload, raw, dictionary);
  }
}

TEST(CompressionTest, ZstdMakesDictionariesOfSamples) {
  std::string samples;
  const std::vector<size_t> sizes(100, 400);
  for (const size_t size : sizes) samples += Text(size, samples.size() + 2);
  const std::string raw = Text(400);
  for (const bool is_trained : {true, false}) {
    const CompressionConfig config = {.dictionary_bytes_max = 4000, .trains_zstd_dictionary = is_trained};
    const std::string dictionary = MakeZstdDictionary(config, samples, sizes);
    ASSERT_GE(dictionary.size(), 256u);
    EXPECT_LE(dictionary.size(), 4000u);
    EXPECT_EQ(dictionary.substr(0, 4), "\x37\xa4\x30\xec");  // zstd's mark of one with tables
    // Behind the tables lies what the samples are made of.
    EXPECT_NE(samples.find(dictionary.substr(dictionary.size() - 20)), std::string::npos);
    const std::string payload = MustCompress(Compression::kZstd, raw, dictionary);
    EXPECT_LT(payload.size(), MustCompress(Compression::kZstd, raw, samples.substr(0, 4000)).size());
    ExpectUncompresses(Compression::kZstd, payload, raw, dictionary);
    // To the others it is bytes like any.
    ExpectUncompresses(Compression::kLz4, MustCompress(Compression::kLz4, raw, dictionary), raw, dictionary);
  }
}

TEST(CompressionTest, DictionariesAreDigestedWhereZstdHasTables) {
  std::string samples;
  const std::vector<size_t> sizes(100, 400);
  for (const size_t size : sizes) samples += Text(size, samples.size() + 2);
  const std::string made = MakeZstdDictionary({.dictionary_bytes_max = 4000}, samples, sizes);
  const UncompressionDictionary digested(made);
  EXPECT_NE(digested.digested(), nullptr);
  EXPECT_GT(digested.MemoryBytes(), 2 * made.size());  // the bytes, and zstd's copy with its tables
  EXPECT_EQ(UncompressionDictionary(samples).digested(), nullptr);
  EXPECT_EQ(UncompressionDictionary("").digested(), nullptr);
  // Tables that are none: the block says so.
  const std::string raw = Text(400);
  const std::string payload = MustCompress(Compression::kZstd, raw, made);
  const UncompressionDictionary damaged(made.substr(0, 8) + std::string(200, '\xff'));
  EXPECT_EQ(damaged.digested(), nullptr);
  RawBuffer buffer;
  EXPECT_TRUE(Uncompress(Compression::kZstd, damaged, payload, kNoLimit, &buffer).IsCorruption());
  // So does a payload that is none, or one that claims too much.
  EXPECT_TRUE(Uncompress(Compression::kZstd, digested, payload.substr(0, 9), kNoLimit, &buffer).IsCorruption());
  EXPECT_TRUE(Uncompress(Compression::kZstd, digested, payload, raw.size() - 1, &buffer).IsCorruption());
  EXPECT_TRUE(Uncompress(Compression::kZstd, digested, "", kNoLimit, &buffer).IsCorruption());
}

TEST(CompressionTest, ZstdMakesNoDictionaryOfTooLittle) {
  EXPECT_EQ(MakeZstdDictionary({.dictionary_bytes_max = 4000}, {}, {}), "");
  EXPECT_EQ(MakeZstdDictionary({.dictionary_bytes_max = 4000}, "abc", {3}), "");
  const std::string samples = Text(40'000);
  EXPECT_EQ(MakeZstdDictionary({.dictionary_bytes_max = 100}, samples, std::vector<size_t>(100, 400)), "");
}

TEST(CompressionTest, SizeIsBounded) {
  for (const Compression type : kAll) {
    const std::string payload = MustCompress(type, Text(10000));
    RawBuffer buffer;
    EXPECT_TRUE(Uncompress(type, {}, payload, 9999, &buffer).IsCorruption());
    EXPECT_TRUE(Uncompress(type, {}, payload, 10000, &buffer).ok());
    EXPECT_TRUE(Uncompress(type, {}, "", kNoLimit, &buffer).IsCorruption());
    EXPECT_TRUE(Uncompress(type, {}, "\xff\xff\xff\xff\xff\xff", kNoLimit, &buffer).IsCorruption());
  }
}

TEST(CompressionTest, WrongSizesAreCorruption) {
  for (const Compression type : kAll) {
    Slice codec_bytes;
    const std::string payload = MustCompress(type, Text(10000));
    codec_bytes = payload;
    uint32_t size = 0;
    ASSERT_TRUE(GetVarint32(&codec_bytes, &size));
    for (const uint32_t wrong : {0u, 1u, 9999u, 10001u, 20000u}) {
      std::string damaged;
      PutVarint32(&damaged, wrong);
      damaged.append(codec_bytes);
      RawBuffer buffer;
      EXPECT_TRUE(Uncompress(type, {}, damaged, kNoLimit, &buffer).IsCorruption()) << CompressionName(type) << wrong;
    }
  }
}

TEST(CompressionTest, EveryCutIsCorruption) {
  for (const Compression type : kAll) {
    const std::string payload = MustCompress(type, Text(3000));
    for (size_t cut = 0; cut < payload.size(); ++cut) {
      const std::unique_ptr<char[]> exact(new char[cut]);
      payload.copy(exact.get(), cut);
      RawBuffer buffer;
      EXPECT_TRUE(Uncompress(type, {}, Slice(exact.get(), cut), kNoLimit, &buffer).IsCorruption())
          << CompressionName(type) << cut;
    }
  }
}

// A block's checksum finds damage; here it only matters that nothing crashes and memory stays bounded.
TEST(CompressionTest, DamagedPayloadsStayInBounds) {
  Random random(TestSeed(17));
  const std::string dictionary = Text(4000, 9);
  for (const Compression type : kAll) {
    const std::string payload = MustCompress(type, Text(3000), dictionary);
    for (int round = 0; round < 1000; ++round) {
      std::string damaged = payload;
      for (uint64_t flips = 1 + random.Uniform(5); flips > 0; --flips) {
        damaged[random.Uniform(damaged.size())] = static_cast<char>(random.Next());
      }
      RawBuffer buffer;
      const Status status = Uncompress(type, dictionary, damaged, 1 << 20, &buffer);
      EXPECT_TRUE(!status.ok() || buffer.size_bytes <= size_t{1} << 20);
    }
  }
}

TEST(CompressionTest, ThreadsHaveTheirOwnContexts) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([t] {
      const std::string dictionary = Text(4000, 100 + t);
      for (uint64_t i = 0; i < 20; ++i) {
        for (const Compression type : kAll) {
          const std::string text = Text(4096, t * 1000 + i);
          ExpectUncompresses(type, MustCompress(type, text, dictionary), text, dictionary);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CompressionTest, ZstdFrames) {
  for (const size_t size : {0u, 1u, 1000u, 131072u, 131073u, 1000000u}) {
    ByteBuffer out;
    out.Append("before");
    ASSERT_TRUE(CompressZstdFrame(Text(size), &out));
    ASSERT_EQ(Slice(out).substr(0, 6), "before");
    const Slice frame = out.substr(6);
    std::string raw = "replaced";
    ASSERT_TRUE(UncompressZstdFrame(frame, size, &raw).ok()) << size;
    EXPECT_EQ(raw, Text(size));
    EXPECT_TRUE(UncompressZstdFrame(frame.substr(0, frame.size() - 1), size, &raw).IsCorruption());
  }
  ByteBuffer frame;
  ASSERT_TRUE(CompressZstdFrame(std::string(10000000, 'x'), &frame));
  std::string raw;
  EXPECT_TRUE(UncompressZstdFrame(frame, 1000000, &raw).IsCorruption());
  EXPECT_LT(raw.capacity(), 5000000u);
}

}  // namespace
}  // namespace gneiss
