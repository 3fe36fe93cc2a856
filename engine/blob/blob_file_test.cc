#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/base/test_seed.h"
#include "engine/blob/blob_file_reader.h"
#include "engine/blob/blob_test_util.h"

namespace gneiss {
namespace {

constexpr Compression kAll[] = {Compression::kNone, Compression::kSnappy, Compression::kZlib, Compression::kBzip2,
                                Compression::kLz4,  Compression::kLz4hc,  Compression::kZstd};

Status OpenBlobs(const std::string& path, std::unique_ptr<BlobFileReader>* reader, uint32_t family = 0) {
  return BlobFileReader::Open({.fs = FileSystem::Posix(), .path = path, .column_family_id = family}, reader);
}

TestBlobs SomeBlobs(uint64_t seed) {
  Random random(seed);
  TestBlobs blobs;
  for (int i = 0; i < 60; ++i) {
    const size_t size = i == 0 ? 0 : i == 1 ? 1 : i == 2 ? 200'000 : random.Uniform(3000);
    std::string value(size, static_cast<char>('a' + i % 26));
    // Half of them are noise, which no codec makes shorter.
    for (char& c : value) {
      if (i % 2 == 0) c = static_cast<char>(random.Next());
    }
    blobs.emplace_back("key" + std::to_string(i), value);
  }
  return blobs;
}

TEST(BlobFileTest, ReadsWhatWasWritten) {
  const TestDir dir;
  const TestBlobs blobs = SomeBlobs(TestSeed(42));
  for (const Compression compression : kAll) {
    std::vector<BlobReference> references;
    const std::string path = WriteTestBlobs(dir.path(), compression, blobs, &references);
    std::unique_ptr<BlobFileReader> reader;
    ASSERT_TRUE(OpenBlobs(path, &reader).ok());
    BlobReadAhead ahead{.bytes_max = 10'000};
    for (size_t i = 0; i < blobs.size(); ++i) {
      for (const bool verifies : {true, false}) {
        for (BlobReadAhead* const used : {static_cast<BlobReadAhead*>(nullptr), &ahead}) {
          BlobBytes bytes;
          ASSERT_TRUE(reader->Read(references[i], blobs[i].first, verifies, used, &bytes).ok());
          EXPECT_EQ(bytes.value, blobs[i].second) << CompressionName(compression) << i;
        }
      }
    }
  }
}

// A compaction may read ahead of a mapped file, whose reader is then closed for want of descriptors.
TEST(BlobFileTest, WhatWasReadAheadOutlivesTheReader) {
  const TestDir dir;
  const TestBlobs blobs = {{"a", "one"}, {"b", "two"}};
  std::vector<BlobReference> references;
  const std::string path = WriteTestBlobs(dir.path(), Compression::kNone, blobs, &references);
  BlobReadAhead ahead{.bytes_max = 1000};
  for (size_t i = 0; i < blobs.size(); ++i) {
    std::unique_ptr<BlobFileReader> reader;
    ASSERT_TRUE(BlobFileReader::Open(
                    {.fs = FileSystem::Posix(), .file_options = {.use_mmap_reads = true}, .path = path}, &reader)
                    .ok());
    BlobBytes bytes;
    ASSERT_TRUE(reader->Read(references[i], blobs[i].first, true, &ahead, &bytes).ok());
    reader.reset();
    EXPECT_EQ(bytes.value, blobs[i].second);
  }
}

TEST(BlobFileTest, RefusesWhatDoesNotFit) {
  const TestDir dir;
  std::vector<BlobReference> references;
  const std::string path = WriteTestBlobs(dir.path(), Compression::kNone, {{"a", "one"}, {"b", "two"}}, &references);
  std::unique_ptr<BlobFileReader> reader;
  EXPECT_EQ(OpenBlobs(path, &reader, 1).ToString(), "Corruption: Column family ID mismatch: " + path);
  EXPECT_TRUE(OpenBlobs(dir.path() + "/000008.blob", &reader).IsPathNotFound());
  ASSERT_TRUE(OpenBlobs(path, &reader).ok());
  const auto text = [&](const BlobReference& reference, Slice key) {
    BlobBytes bytes;
    return reader->Read(reference, key, true, nullptr, &bytes).ToString();
  };
  const std::string suffix = ": " + path;
  EXPECT_EQ(text(references[0], "a"), "OK");
  EXPECT_EQ(text(references[0], "b"), "Corruption: Key mismatch when reading blob" + suffix);
  EXPECT_EQ(text(references[1], "bb"), "Corruption: Error while decoding blob record: Header CRC mismatch" + suffix);
  EXPECT_EQ(text(references[0], "aaaaaa"), "Corruption: Invalid blob offset" + suffix);
  BlobReference changed = references[1];
  changed.size = 2;
  EXPECT_EQ(text(changed, "b"), "Corruption: Value size mismatch when reading blob" + suffix);
  changed.size = 4;
  EXPECT_EQ(text(changed, "b"), "Corruption: Invalid blob offset" + suffix);
  changed.size = UINT64_MAX;
  EXPECT_EQ(text(changed, "b"), "Corruption: Invalid blob offset" + suffix);
  changed = references[0];
  changed.offset = UINT64_MAX - 1;
  EXPECT_EQ(text(changed, "a"), "Corruption: Invalid blob offset" + suffix);
  changed = references[0];
  changed.compression = 1;
  EXPECT_EQ(text(changed, "a"), "Corruption: Compression type mismatch when reading blob" + suffix);
}

// Verified reads find every changed byte of the records they read; the reader finds those of header and footer, but for
// the header's compression, with which no reference then agrees.
TEST(BlobFileTest, EveryChangedOrCutByteIsFound) {
  const TestDir dir;
  for (const Compression compression : {Compression::kNone, Compression::kSnappy, Compression::kZstd}) {
    const TestBlobs blobs = {{"a", std::string(30, 'x')}, {"bc", "two"}, {"d", std::string(100, 'y')}};
    std::vector<BlobReference> references;
    const std::string path = WriteTestBlobs(dir.path(), compression, blobs, &references);
    std::string good;
    ASSERT_TRUE(ReadWholeFile(FileSystem::Posix(), path, &good).ok());
    const auto count_bad = [&](const std::string& contents) {
      EXPECT_TRUE(WriteWholeFile(FileSystem::Posix(), path, contents, false).ok());
      std::unique_ptr<BlobFileReader> reader;
      const Status opened = OpenBlobs(path, &reader);
      if (!opened.ok()) {
        EXPECT_TRUE(opened.IsCorruption()) << opened.ToString();
        return blobs.size();
      }
      size_t bad = 0;
      for (size_t i = 0; i < blobs.size(); ++i) {
        BlobBytes bytes;
        const Status status = reader->Read(references[i], blobs[i].first, true, nullptr, &bytes);
        if (status.ok()) {
          EXPECT_EQ(bytes.value, blobs[i].second);
        } else {
          EXPECT_TRUE(status.IsCorruption()) << status.ToString();
          ++bad;
        }
        // Unverified it may read as anything, but it must return.
        reader->Read(references[i], blobs[i].first, false, nullptr, &bytes).IgnoreError("only that it returns counts");
      }
      return bad;
    };
    EXPECT_EQ(count_bad(good), 0u);
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      // Only the header's flags have bits without a meaning.
      EXPECT_TRUE(count_bad(bad) >= 1 || at == 12) << at;
    }
    for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(count_bad(good.substr(0, size)), blobs.size()) << size;
  }
}

TEST(BlobCacheTest, PinsWhatItHolds) {
  const std::unique_ptr<Cache> cache = NewCache({.capacity_bytes = 1 << 20});
  const BlobCacheKey key{.file_id = cache->NewId(), .offset = 5};
  PinnedValue value;
  EXPECT_FALSE(FindCachedBlob(cache.get(), key, nullptr, &value));
  WarmBlobCache(cache.get(), key, nullptr, "warm");
  ASSERT_TRUE(FindCachedBlob(cache.get(), key, nullptr, &value));
  cache->Erase(key.AsSlice());
  EXPECT_EQ(value.slice(), "warm");
  EXPECT_GT(cache->GetPinnedUsage(), 0u);
  value.Reset();
  EXPECT_EQ(cache->GetPinnedUsage(), 0u);
}

TEST(BlobCacheTest, WithoutRoomTheValueIsReadAllTheSame) {
  const std::unique_ptr<Cache> cache = NewCache({.capacity_bytes = 100, .shard_bits = 0, .is_strict = true});
  BlobBytes bytes{.memory = RecycledBuffer(1000), .memory_bytes = 1000};
  bytes.value = Slice(bytes.memory.get(), 1000);
  PinnedValue value;
  CacheAndPinBlob(cache.get(), {.file_id = 1, .offset = 5}, nullptr, std::move(bytes), &value);
  EXPECT_EQ(value.slice().size(), 1000u);
  EXPECT_EQ(cache->GetUsage(), 0u);
}

}  // namespace
}  // namespace gneiss
