// What a table does beside giving back its entries: properties, tombstones, global seqs, pins, caches, filters,
// read-ahead.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/base/hash.h"
#include "engine/base/uncompression_dictionary.h"
#include "engine/table/footer.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

class CountingCollector final : public PropertyCollector {
 public:
  void Add(const ParsedKey& key, Slice value, uint64_t) override {
    ++entries_;
    if (key.kind == Kind::kRangeDelete) tombstone_end_ = value;
  }
  void AddBlock(uint64_t raw_bytes) override { raw_bytes_ += raw_bytes; }
  bool Finish(std::map<std::string, std::string>* properties) override {
    (*properties)["test.entries"] = std::to_string(entries_);
    (*properties)["test.tombstone"] = tombstone_end_;
    (*properties)["test.has_bytes"] = raw_bytes_ > 0 ? "yes" : "no";
    return true;
  }
  bool NeedsCompaction() const override { return true; }

 private:
  int entries_ = 0;
  uint64_t raw_bytes_ = 0;
  std::string tombstone_end_;
};

class CountingFactory final : public PropertyCollectorFactory {
 public:
  std::string Name() const override { return "Counting"; }
  std::unique_ptr<PropertyCollector> Create(uint32_t, int) const override {
    return std::make_unique<CountingCollector>();
  }
};

TEST(TableWriterTest, CollectorsAddProperties) {
  TableWriteConfig config;
  config.property_collectors = {std::make_shared<CountingFactory>(), std::make_shared<CountingFactory>()};
  config.user_properties["mine"] = "as it is";
  StringSink sink;
  TableWriter writer(config, &sink);
  ASSERT_TRUE(writer.Add(Internal("a", 1), "v").ok());
  ASSERT_TRUE(writer.Add(Internal("a", 2, Kind::kRangeDelete), "c").ok());
  ASSERT_TRUE(writer.Add(Internal("b", 3, Kind::kMerge), "w").ok());
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_TRUE(writer.NeedsCompaction());
  EXPECT_EQ(writer.FileBytes(), sink.contents.size());

  const TableReadConfig read_config;
  std::unique_ptr<TableReader> reader;
  ASSERT_TRUE(OpenTable(read_config, sink.contents, &reader).ok());
  const TableProperties& read = reader->properties();
  EXPECT_EQ(read.property_collectors_names, "[Counting,Counting]");
  EXPECT_EQ(read.user.at("test.entries"), "3");
  EXPECT_EQ(read.user.at("test.tombstone"), "c");
  EXPECT_EQ(read.user.at("test.has_bytes"), "yes");
  EXPECT_EQ(read.user.at("mine"), "as it is");
  EXPECT_EQ(read.entries, 3u);
  EXPECT_EQ(read.range_deletions, 1u);
  EXPECT_EQ(read.deletions, 1u);
  EXPECT_EQ(read.merge_operands, 1u);
}

TEST(TableWriterTest, RefusesDisorder) {
  StringSink sink;
  TableWriter writer({}, &sink);
  ASSERT_TRUE(writer.Add(Internal("b", 1), "v").ok());
  EXPECT_TRUE(writer.Add(Internal("a", 2), "v").IsCorruption());
  EXPECT_TRUE(writer.Add(Internal("c", 3), "v").IsCorruption());  // and goes on to
  EXPECT_TRUE(writer.Finish().IsCorruption());
}

TEST(TableWriterTest, RefusesMalformedKeys) {
  for (const std::string& key : {std::string("short"), Internal("a", 1, Kind::kLogData)}) {
    StringSink sink;
    TableWriter writer({}, &sink);
    EXPECT_TRUE(writer.Add(key, "v").IsCorruption());
  }
}

TEST(TableReaderTest, RangeTombstones) {
  Entries entries(InternalLess{});
  entries[Internal("a", 9, Kind::kRangeDelete)] = "c";
  entries[Internal("b", 7, Kind::kRangeDelete)] = "d";
  const TableReadConfig config;
  std::unique_ptr<TableReader> reader;
  ASSERT_TRUE(OpenTable(config, BuildTable({}, entries), &reader).ok());
  const auto tombstones = reader->NewRangeTombstoneIterator({});
  ASSERT_NE(tombstones, nullptr);
  auto expected = entries.begin();
  for (tombstones->SeekToFirst(); tombstones->Valid(); tombstones->Next(), ++expected) {
    EXPECT_EQ(tombstones->key(), expected->first);
    EXPECT_EQ(tombstones->value(), expected->second);
  }
  EXPECT_EQ(expected, entries.end());
  const auto points = reader->NewIterator({});
  points->SeekToFirst();
  EXPECT_FALSE(points->Valid());
  EXPECT_TRUE(points->status().ok());
}

TEST(TableReaderTest, NoRangeTombstones) {
  Entries entries(InternalLess{});
  entries[Internal("a", 9)] = "c";
  const TableReadConfig config;
  std::unique_ptr<TableReader> reader;
  ASSERT_TRUE(OpenTable(config, BuildTable({}, entries), &reader).ok());
  EXPECT_EQ(reader->NewRangeTombstoneIterator({}), nullptr);
}

class GlobalSeqTest : public testing::Test {
 protected:
  // A table as SstFileWriter makes them: all seqs zero.
  std::string External(uint32_t version, SeqNo stored) {
    TableWriteConfig config;
    config.format.block_bytes = 128;
    PutU32(&config.user_properties["rocksdb.external_sst_file.version"], version);
    if (version == 2) PutU64(&config.user_properties["rocksdb.external_sst_file.global_seqno"], stored);
    Entries entries(InternalLess{});
    for (int i = 100; i < 200; ++i) entries[Internal("key" + std::to_string(i), 0)] = "value" + std::to_string(i);
    return BuildTable(config, entries);
  }
  Status Open(const std::string& contents, SeqNo largest_seq) {
    TableReader::OpenParams params;
    params.largest_seq = largest_seq;
    return OpenTable(config_, contents, &reader_, params);
  }
  Status Get(Slice user_key, SeqNo seq, std::string* value) {
    PinnedValue pinned;
    PointLookup lookup(user_key, seq, nullptr, &pinned);
    reader_->Get({}, SeekKey(user_key, seq), Xxph3(user_key), &lookup);
    Status status = lookup.Finish();
    *value = pinned.slice();
    return status;
  }

  TableReadConfig config_;
  std::unique_ptr<TableReader> reader_;
};

TEST_F(GlobalSeqTest, EntriesShowIt) {
  const std::string contents = External(2, 0);
  for (const bool is_cached : {false, true}) {
    config_.block_cache = is_cached ? NewCache({.capacity_bytes = 1 << 20}) : nullptr;
    ASSERT_TRUE(Open(contents, 55).ok());
    const auto iterator = reader_->NewIterator({});
    int i = 100;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++i) {
      ASSERT_EQ(iterator->key(), Internal("key" + std::to_string(i), 55));
    }
    EXPECT_EQ(i, 200);
    for (i = 199, iterator->SeekToLast(); iterator->Valid(); iterator->Prev(), --i) {
      ASSERT_EQ(iterator->key(), Internal("key" + std::to_string(i), 55));
    }
    EXPECT_EQ(i, 99);
    for (i = 100; i < 200; ++i) {
      const std::string user_key = "key" + std::to_string(i);
      std::string value;
      EXPECT_TRUE(Get(user_key, 55, &value).ok());
      EXPECT_EQ(value, "value" + std::to_string(i));
      EXPECT_TRUE(Get(user_key, 54, &value).IsNotFound());
      iterator->Seek(Internal(user_key, 55, kKindForSeek));
      ASSERT_TRUE(iterator->Valid());
      EXPECT_EQ(iterator->key(), Internal(user_key, 55));
      // Older than the table: what comes is the next user key.
      iterator->Seek(Internal(user_key, 54, kKindForSeek));
      ASSERT_EQ(iterator->Valid(), i < 199);
      if (i < 199) {
        EXPECT_EQ(iterator->key(), Internal("key" + std::to_string(i + 1), 55));
      }
      iterator->SeekForPrev(Internal(user_key, 56));
      ASSERT_EQ(iterator->Valid(), i > 100);
      if (i > 100) {
        EXPECT_EQ(iterator->key(), Internal("key" + std::to_string(i - 1), 55));
      }
    }
  }
}

TEST_F(GlobalSeqTest, WrittenOverWithoutTheChecksum) {
  std::string contents = External(2, 0);
  ASSERT_TRUE(Open(contents, kSeqMax).ok());
  const uint64_t offset = reader_->properties().external_file_global_seq_offset;
  ASSERT_NE(offset, 0u);
  EncodeU64(contents.data() + offset, 99);
  ASSERT_TRUE(Open(contents, 99).ok());
  std::string value;
  EXPECT_TRUE(Get("key150", 99, &value).ok());
  EXPECT_TRUE(Get("key150", 98, &value).IsNotFound());
  EXPECT_TRUE(reader_->VerifyChecksums({}).ok());
  // The manifest must agree, and other bytes of the block are still covered.
  EXPECT_TRUE(Open(contents, 100).IsCorruption());
  contents[offset + 9] ^= 1;
  EXPECT_TRUE(Open(contents, 99).IsCorruption());
}

TEST_F(GlobalSeqTest, VersionOneHasNone) {
  ASSERT_TRUE(Open(External(1, 0), 55).ok());
  std::string value;
  EXPECT_TRUE(Get("key150", 3, &value).ok());
}

// A table of key100 ... key199 with long values, and what its readers need.
class ReadTest : public testing::Test {
 protected:
  ReadTest() : entries_(InternalLess{}) {
    for (int i = 100; i < 200; ++i) {
      entries_[Internal("key" + std::to_string(i), 5)] = std::to_string(i) + std::string(100, 'v');
    }
    write_config_.format.block_bytes = 512;
  }
  void Open(bool is_mapped = false, uint64_t cache_id = 0) {
    const std::string contents = BuildTable(write_config_, entries_);
    auto file = std::make_unique<StringFile>(contents, is_mapped);
    file_ = file.get();
    TableReader::OpenParams params;
    params.path = "test.sst";
    params.file_bytes = contents.size();
    params.cache_id = cache_id;
    const Status status = TableReader::Open(config_, params, std::move(file), &reader_);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void UseCache() { config_.block_cache = NewCache({.capacity_bytes = 1 << 20}); }
  Status Get(Slice user_key, PinnedValue* value, const ReadParams& params = {}) {
    PointLookup lookup(user_key, 100, nullptr, value);
    reader_->Get(params, SeekKey(user_key, 100), Xxph3(user_key), &lookup);
    return lookup.Finish();
  }
  bool MayContain(Slice user_key) { return reader_->MayContain(user_key, Xxph3(user_key), {}); }

  Entries entries_;
  TableWriteConfig write_config_;
  TableReadConfig config_;
  std::unique_ptr<TableReader> reader_;
  const StringFile* file_ = nullptr;  // the reader's
};

TEST_F(ReadTest, ValuesStayPinned) {
  for (const bool is_cached : {false, true}) {
    if (is_cached) UseCache();
    Open();
    PinnedValue value;
    ASSERT_TRUE(Get("key150", &value).ok());
    EXPECT_TRUE(value.is_pinned());
    if (is_cached) config_.block_cache->EraseUnreferenced();
    reader_.reset();
    EXPECT_EQ(value.slice(), "150" + std::string(100, 'v'));
  }
}

TEST_F(ReadTest, MappedFilesAreNotPinnedNorCached) {
  UseCache();
  Open(true);
  const size_t usage = config_.block_cache->GetUsage();
  PinnedValue value;
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_FALSE(value.is_pinned());
  EXPECT_EQ(config_.block_cache->GetUsage(), usage);
  reader_.reset();
  EXPECT_EQ(value.slice(), "150" + std::string(100, 'v'));
}

TEST_F(ReadTest, CacheOnlyReadsNothing) {
  UseCache();
  Open();
  PinnedValue value;
  EXPECT_TRUE(Get("key150", &value, {.cache_only = true}).IsIncomplete());
  const auto iterator = reader_->NewIterator({.cache_only = true});
  iterator->SeekToFirst();
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsIncomplete());
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_TRUE(Get("key150", &value, {.cache_only = true}).ok());
}

TEST_F(ReadTest, CachedBlocksAreReadOnce) {
  UseCache();
  Open();
  PinnedValue value;
  ASSERT_TRUE(Get("key150", &value, {.fill_cache = false}).ok());
  const int reads = file_->reads;
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_EQ(file_->reads, reads + 1);
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_EQ(file_->reads, reads + 1);
}

TEST_F(ReadTest, AFullCacheTakesABlockWhenItIsReadAgain) {
  config_.block_cache = NewCache({.capacity_bytes = 8 << 10, .shard_bits = 0});  // more than half of the blocks
  Open();
  PinnedValue value;
  for (int i = 100; i < 200; i += 4) ASSERT_TRUE(Get("key" + std::to_string(i), &value).ok());  // one of each block
  EXPECT_TRUE(value.is_pinned());
  EXPECT_EQ(value.slice(), "196" + std::string(100, 'v'));
  const size_t usage = config_.block_cache->GetUsage();
  ASSERT_TRUE(Get("key100", &value, {.cache_only = true}).ok());  // was not driven out
  ASSERT_TRUE(Get("key196", &value, {.cache_only = true}).IsIncomplete());
  ASSERT_TRUE(Get("key199", &value).ok());  // of the same block
  ASSERT_TRUE(Get("key199", &value, {.cache_only = true}).ok());
  EXPECT_LE(config_.block_cache->GetUsage(), size_t{8 << 10});
  EXPECT_GT(usage, size_t{6 << 10});
}

TEST_F(ReadTest, TheCacheIdOutlivesTheReader) {
  UseCache();
  const uint64_t cache_id = config_.block_cache->NewId();
  Open(false, cache_id);
  PinnedValue value;
  ASSERT_TRUE(Get("key150", &value).ok());
  Open(false, cache_id);
  const int reads = file_->reads;
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_EQ(file_->reads, reads);
  // Without one, a table opened again is another table.
  Open();
  ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_EQ(file_->reads, reads + 1);
}

TEST_F(ReadTest, ScansReadAhead) {
  Open();
  const int reads_before = file_->reads;
  const auto iterator = reader_->NewIterator({});
  size_t count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++count;
  EXPECT_EQ(count, entries_.size());
  const auto blocks = static_cast<int>(reader_->properties().data_blocks);
  ASSERT_GT(blocks, 15);
  // Two blocks alone, then 8 KiB and 16 KiB at once.
  EXPECT_LE(file_->reads - reads_before, 4);
  const int reads = file_->reads;
  const auto compaction = reader_->NewIterator({.is_compaction = true});
  for (compaction->SeekToFirst(); compaction->Valid(); compaction->Next()) ++count;
  EXPECT_EQ(file_->reads, reads + 1);
}

TEST_F(ReadTest, MergeOperandsAreWalked) {
  entries_.clear();
  for (SeqNo seq = 1; seq <= 40; ++seq) entries_[Internal("key", seq, Kind::kMerge)] = std::string(50, 'm');
  entries_[Internal("key", 0)] = "base";
  entries_[Internal("key2", 50)] = "other";
  UseCache();
  for (const uint32_t version : {2, 5}) {
    write_config_.format.format_version = version;
    Open();
    for (int round = 0; round < 2; ++round) {
      PinnedValue value;
      PointLookup lookup("key", 30, nullptr, &value);
      reader_->Get({}, SeekKey("key", 30), Xxph3("key"), &lookup);
      // Without a merge operator they cannot be folded, but all of them were offered.
      EXPECT_FALSE(lookup.Finish().ok());
      EXPECT_TRUE(Get("key2", &value).ok());
    }
  }
}

TEST_F(ReadTest, ApproximateOffsetsGrow) {
  Open();
  uint64_t last = 0;
  for (int i = 100; i < 200; i += 10) {
    const uint64_t offset = reader_->ApproximateOffsetOf(Internal("key" + std::to_string(i), kSeqMax), {});
    EXPECT_GE(offset, last);
    last = offset;
  }
  EXPECT_GT(last, 8000u);
  EXPECT_GE(reader_->ApproximateOffsetOf(Internal("zzz", kSeqMax), {}), last);
  EXPECT_EQ(reader_->ApproximateOffsetOf(Internal("a", kSeqMax), {}), 0u);
}

class FixedPrefix final : public PrefixExtractor {
 public:
  explicit FixedPrefix(size_t size) : size_(size) {}
  std::string Name() const override { return "rocksdb.FixedPrefix." + std::to_string(size_); }
  bool InDomain(Slice user_key) const override { return user_key.size() >= size_; }
  Slice Prefix(Slice user_key) const override { return user_key.substr(0, size_); }

 private:
  const size_t size_;
};

class PrefixTest : public ReadTest {
 protected:
  PrefixTest() {
    write_config_.format.filter.type = FilterConfig::Type::kBloom;
    write_config_.format.filter.bits_per_key = 20;
    write_config_.prefix_extractor = std::make_shared<FixedPrefix>(5);
    config_.prefix_extractor = write_config_.prefix_extractor;
  }
  bool SeekFinds(Slice user_key) {
    const auto iterator = reader_->NewIterator({.prefix_same_as_start = true});
    iterator->Seek(Internal(user_key, kSeqMax));
    EXPECT_TRUE(iterator->status().ok());
    return iterator->Valid();
  }
};

TEST_F(PrefixTest, PrefixesOnly) {
  write_config_.format.whole_key_filtering = false;
  Open();
  EXPECT_EQ(reader_->properties().filter_entries, 12u);  // RocksDB's empty prefix behind the first, then that again
  EXPECT_TRUE(MayContain("key15x"));                     // the prefix is there
  EXPECT_FALSE(MayContain("key05"));
  EXPECT_TRUE(MayContain("key"));  // out of the domain
  EXPECT_TRUE(SeekFinds("key15"));
  EXPECT_FALSE(SeekFinds("key0555"));
}

TEST_F(PrefixTest, WholeKeysAndPrefixes) {
  Open();
  EXPECT_EQ(reader_->properties().filter_entries, 110u);
  EXPECT_TRUE(MayContain("key150"));
  EXPECT_FALSE(MayContain("key15x"));
  EXPECT_TRUE(SeekFinds("key15"));
  EXPECT_FALSE(SeekFinds("key0555"));
}

TEST_F(PrefixTest, AnotherExtractorsPrefixesAreNotTrusted) {
  write_config_.format.whole_key_filtering = false;
  config_.prefix_extractor = std::make_shared<FixedPrefix>(4);
  Open();
  EXPECT_TRUE(MayContain("key05"));
  EXPECT_TRUE(SeekFinds("key05"));
}

TEST_F(PrefixTest, SkippedFilters) {
  const std::string contents = BuildTable(write_config_, entries_);
  TableReader::OpenParams params;
  params.skip_filters = true;
  ASSERT_TRUE(OpenTable(config_, contents, &reader_, params).ok());
  EXPECT_TRUE(MayContain("key05"));
}

TEST_F(ReadTest, ManyThreadsReadAtOnce) {
  write_config_.format.filter.type = FilterConfig::Type::kBloom;
  write_config_.format.filter.bits_per_key = 10;
  config_.cache_index_and_filter_blocks = true;
  config_.block_cache = NewCache({.capacity_bytes = 8 << 10, .shard_bits = 0});  // blocks come and go
  Open();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &wrong] {
      Random random(static_cast<uint64_t>(t));
      const auto iterator = reader_->NewIterator({});
      for (int i = 0; i < 500; ++i) {
        const std::string number = std::to_string(100 + random.Uniform(100));
        PinnedValue value;
        if (!Get("key" + number, &value).ok() || value.slice().substr(0, 3) != number) ++wrong;
        iterator->Seek(Internal("key" + number, kSeqMax));
        if (!iterator->Valid() || UserKeyOf(iterator->key()) != "key" + number) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

class CountingStats final : public StatsSink {
 public:
  void Add(Ticker ticker, uint64_t count) override { counts[ticker] += count; }
  void Record(Histogram, uint64_t) override {}
  bool WantsTimers() const override { return true; }
  std::map<Ticker, uint64_t> counts;
};

TEST_F(ReadTest, CountsWhatItDoes) {
  CountingStats stats;
  config_.stats = &stats;
  UseCache();
  write_config_.format.filter.type = FilterConfig::Type::kBloom;
  write_config_.format.filter.bits_per_key = 20;
  Open();
  PinnedValue value;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Get("key150", &value).ok());
  EXPECT_EQ(stats.counts[Ticker::kBlockCacheDataMiss], 1u);
  EXPECT_EQ(stats.counts[Ticker::kBlockCacheDataHit], 2u);
  EXPECT_EQ(stats.counts[Ticker::kBlockCacheAdd], 1u);
  EXPECT_EQ(stats.counts[Ticker::kBloomFullPositive], 3u);
  EXPECT_EQ(stats.counts[Ticker::kBloomFullTruePositive], 3u);
  EXPECT_FALSE(MayContain("key15x"));
  EXPECT_EQ(stats.counts[Ticker::kBloomUseful], 1u);
}

// A scan finds the next block before it comes to it: that is a hit when it comes, and once.
TEST_F(ReadTest, ScansCountEachBlockOnce) {
  CountingStats stats;
  config_.stats = &stats;
  UseCache();
  Open();
  const uint64_t block_count = reader_->properties().data_blocks;
  ASSERT_GT(block_count, 20u);
  const auto scan = [&](bool is_forward, bool is_emptied) {
    stats.counts.clear();
    const auto iterator = reader_->NewIterator({});
    int number = is_forward ? 100 : 199;
    is_forward ? iterator->SeekToFirst() : iterator->SeekToLast();
    for (; iterator->Valid(); number += is_forward ? 1 : -1) {
      ASSERT_EQ(UserKeyOf(iterator->key()), "key" + std::to_string(number));
      ASSERT_EQ(iterator->value(), std::to_string(number) + std::string(100, 'v'));
      is_forward ? iterator->Next() : iterator->Prev();
      if (is_emptied) config_.block_cache->EraseUnreferenced();  // but for what the iterator holds
    }
    ASSERT_EQ(number, is_forward ? 200 : 99);
    ASSERT_EQ(stats.counts[Ticker::kBlockCacheDataHit] + stats.counts[Ticker::kBlockCacheDataMiss], block_count);
  };
  scan(true, false);
  EXPECT_EQ(stats.counts[Ticker::kBlockCacheDataMiss], block_count);
  for (const bool is_forward : {true, false}) {
    scan(is_forward, false);
    EXPECT_EQ(stats.counts[Ticker::kBlockCacheDataHit], block_count);
  }
  for (const bool is_forward : {true, false}) scan(is_forward, true);
}

std::string DictionaryOf(const std::string& table) {
  Footer footer;
  EXPECT_TRUE(footer.DecodeFrom(table, "table").ok());
  MetaIndex index;
  EXPECT_TRUE(DecodeMetaIndex(Slice(table).substr(footer.metaindex.offset, footer.metaindex.size), &index).ok());
  const auto found = index.find(kCompressionDictionaryBlockName);
  return found == index.end() ? "" : table.substr(found->second.offset, found->second.size);
}

class DictionaryTest : public testing::Test {
 protected:
  DictionaryTest() : entries_(InternalLess{}) {
    config_.compression = Compression::kZstd;
    config_.format.block_bytes = 512;
    config_.compression_config.dictionary_bytes_max = 4000;
    for (int i = 10'000; i < 15'000; ++i) entries_[Internal("key" + std::to_string(i), 7)] = "value " + Words(i);
  }
  static Status GetFrom(const TableReader& reader, Slice user_key, PinnedValue* value) {
    PointLookup lookup(user_key, 100, nullptr, value);
    reader.Get({}, SeekKey(user_key, 100), Xxph3(user_key), &lookup);
    return lookup.Finish();
  }
  static std::string Words(int i) { return "of " + std::to_string(i * 7919 % 1000) + " and " + std::to_string(i % 97); }

  TableWriteConfig config_;
  Entries entries_;
};

TEST_F(DictionaryTest, ZstdMakesItWhenThereAreBytesToTrainOn) {
  const std::string raw = DictionaryOf(BuildTable(config_, entries_));
  EXPECT_EQ(raw.size(), 4000u);
  EXPECT_NE(raw.find("value of"), std::string::npos);
  config_.compression_config.zstd_train_bytes_max = 100'000;
  const std::string trained = DictionaryOf(BuildTable(config_, entries_));
  config_.compression_config.trains_zstd_dictionary = false;
  const std::string finished = DictionaryOf(BuildTable(config_, entries_));
  EXPECT_NE(trained, finished);
  for (const std::string& dictionary : {trained, finished}) EXPECT_EQ(dictionary.substr(0, 4), "\x37\xa4\x30\xec");
}

// Samples come from what is held back alone, and what follows is written as it comes.
TEST_F(DictionaryTest, NoMoreIsHeldBackThanAsked) {
  config_.compression_config.dictionary_buffer_bytes_max = 600;
  const std::string begun = DictionaryOf(BuildTable(config_, entries_));
  EXPECT_LT(begun.size(), 1200u);
  EXPECT_NE(begun.find("key10000"), std::string::npos);
  config_.compression_config.dictionary_buffer_bytes_max = 0;
  config_.file_bytes_max = 600;
  EXPECT_EQ(DictionaryOf(BuildTable(config_, entries_)), begun);
}

TEST_F(DictionaryTest, CodecsWithoutAUseForItHaveItAllTheSame) {
  for (const Compression type : {Compression::kNone, Compression::kSnappy, Compression::kBzip2}) {
    config_.compression = type;
    EXPECT_EQ(DictionaryOf(BuildTable(config_, entries_)).size(), 4000u);
  }
}

// Held by the reader; or in the cache beside index and filter, under their rules, with what it takes in memory.
TEST_F(DictionaryTest, ItsMemoryIsCharged) {
  config_.compression_config.zstd_train_bytes_max = 100'000;
  const std::string table = BuildTable(config_, entries_);
  const UncompressionDictionary dictionary(DictionaryOf(table));
  ASSERT_NE(dictionary.digested(), nullptr);
  const std::string plain_table = [&] {
    TableWriteConfig config = config_;
    config.compression_config.dictionary_bytes_max = 0;
    return BuildTable(config, entries_);
  }();
  const auto usage = [&](const std::string& contents, bool is_cached, size_t* reader_bytes) {
    TableReadConfig config;
    config.cache_index_and_filter_blocks = is_cached;
    config.block_cache = NewCache({.capacity_bytes = 1 << 20});
    std::unique_ptr<TableReader> reader;
    EXPECT_TRUE(OpenTable(config, contents, &reader).ok());
    *reader_bytes = reader->MemoryUsage();
    const size_t before = config.block_cache->GetUsage();
    PinnedValue value;
    EXPECT_TRUE(GetFrom(*reader, "key12345", &value).ok());
    EXPECT_EQ(value.slice(), "value " + Words(12'345));
    return config.block_cache->GetUsage() - before;
  };
  size_t held = 0, held_without = 0, cached = 0, cached_without = 0;
  const size_t blocks = usage(table, false, &held);
  const size_t blocks_without = usage(plain_table, false, &held_without);
  EXPECT_GT(held, held_without + dictionary.MemoryBytes() - 1000);
  const size_t with_meta = usage(table, true, &cached);
  const size_t with_meta_without = usage(plain_table, true, &cached_without);
  EXPECT_EQ(cached, cached_without);
  EXPECT_GT(with_meta - blocks, with_meta_without - blocks_without + dictionary.MemoryBytes() - 1000);
}

// A damaged one is told when it is needed, not taken for another.
TEST_F(DictionaryTest, DamageIsTold) {
  config_.compression_config.zstd_train_bytes_max = 100'000;
  std::string table = BuildTable(config_, entries_);
  table[table.find(DictionaryOf(table)) + 500] ^= 1;
  for (const bool is_cached : {false, true}) {
    TableReadConfig config;
    config.cache_index_and_filter_blocks = is_cached;
    config.block_cache = NewCache({.capacity_bytes = 1 << 20});
    std::unique_ptr<TableReader> reader;
    Status status = OpenTable(config, table, &reader);
    PinnedValue value;
    if (status.ok()) status = GetFrom(*reader, "key12345", &value);
    EXPECT_TRUE(status.IsCorruption()) << status.ToString();
  }
}

}  // namespace
}  // namespace gneiss
