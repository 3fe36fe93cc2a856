// Tables written and read back, against a map of what was put in.
#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "engine/table/table_test_util.h"

namespace gneiss {
namespace {

struct Setting {
  std::string name;
  TableFormat format;
  Compression compression = Compression::kNone;
  KeyOrder order;
  uint32_t dictionary_bytes_max = 0;
  uint32_t zstd_train_bytes_max = 0;
  bool trains_zstd_dictionary = true;
  uint64_t dictionary_buffer_bytes_max = 0;
};

std::vector<Setting> Settings() {
  std::vector<Setting> settings;
  const auto add = [&](std::string name, auto change) {
    Setting setting;
    setting.name = std::move(name);
    setting.format.block_bytes = 512;
    change(&setting);
    settings.push_back(setting);
  };
  for (const uint32_t version : {0, 1, 2, 3, 4, 5}) {
    add("Version" + std::to_string(version), [&](Setting* s) {
      s->format.format_version = version;
      s->format.filter.type = FilterConfig::Type::kBloom;
      s->format.filter.bits_per_key = 10;
      s->format.filter.is_legacy_bloom = version < 5;
      if (version == 0) s->format.checksum = ChecksumType::kCrc32c;
    });
  }
  for (int type = 0; type <= 4; ++type) {
    add("Checksum" + std::to_string(type), [&](Setting* s) { s->format.checksum = static_cast<ChecksumType>(type); });
  }
  for (const Compression type : {Compression::kSnappy, Compression::kZlib, Compression::kBzip2, Compression::kLz4,
                                 Compression::kLz4hc, Compression::kZstd}) {
    add(CompressionName(type), [&](Setting* s) { s->compression = type; });
  }
  add("Reverse", [](Setting* s) { s->order = KeyOrder::ReverseBytewise(); });
  add("FirstKey", [](Setting* s) { s->format.index_type = IndexType::kBinaryWithFirstKey; });
  add("IndexRestart8", [](Setting* s) { s->format.index_restart_interval = 8; });
  add("IndexRestart8Version3", [](Setting* s) {
    s->format.index_restart_interval = 8;
    s->format.format_version = 3;
  });
  add("FirstKeyIndexRestart8", [](Setting* s) {
    s->format.index_restart_interval = 8;
    s->format.index_type = IndexType::kBinaryWithFirstKey;
  });
  add("NoShortening", [](Setting* s) { s->format.index_shortening = IndexShortening::kNone; });
  add("Successor", [](Setting* s) { s->format.index_shortening = IndexShortening::kSeparatorsAndSuccessor; });
  add("NoDelta", [](Setting* s) { s->format.delta_encode_keys = false; });
  add("Restart1", [](Setting* s) { s->format.restart_interval = 1; });
  add("Aligned", [](Setting* s) { s->format.block_align = true; });
  add("HashIndex", [](Setting* s) { s->format.data_block_hash_index = true; });
  add("TwoLevels", [](Setting* s) {
    s->format.index_type = IndexType::kTwoLevel;
    s->format.metadata_block_bytes = 200;
  });
  for (const uint32_t version : {2, 5}) {
    add("PartitionedVersion" + std::to_string(version), [&](Setting* s) {
      s->format.format_version = version;
      s->format.index_type = IndexType::kTwoLevel;
      s->format.partition_filters = true;
      s->format.metadata_block_bytes = 200;
      s->format.filter.type = FilterConfig::Type::kBloom;
      s->format.filter.bits_per_key = 10;
      s->format.filter.is_legacy_bloom = version < 5;
    });
  }
  for (const Compression type : {Compression::kZlib, Compression::kLz4, Compression::kZstd}) {
    add(std::string("Dictionary") + CompressionName(type), [&](Setting* s) {
      s->compression = type;
      s->dictionary_bytes_max = 2000;
      s->format.verify_compression = true;
    });
  }
  for (const bool is_trained : {true, false}) {
    add(is_trained ? "DictionaryTrained" : "DictionaryFinished", [&](Setting* s) {
      s->compression = Compression::kZstd;
      s->dictionary_bytes_max = 2000;
      s->zstd_train_bytes_max = 20000;
      s->trains_zstd_dictionary = is_trained;
      s->format.verify_compression = true;
    });
  }
  // Filter parts end where the index of blocks that were held back says, some of them at the end of the table.
  for (const uint64_t buffer_bytes : {0, 3000}) {
    add("DictionaryPartitioned" + std::to_string(buffer_bytes), [&](Setting* s) {
      s->compression = Compression::kLz4;
      s->dictionary_bytes_max = 2000;
      s->dictionary_buffer_bytes_max = buffer_bytes;
      s->format.index_type = IndexType::kTwoLevel;
      s->format.partition_filters = true;
      s->format.metadata_block_bytes = 200;
      s->format.filter.type = FilterConfig::Type::kBloom;
      s->format.filter.bits_per_key = 10;
    });
  }
  add("LargeBlocks", [](Setting* s) { s->format.block_bytes = 256 << 10; });
  return settings;
}

class TableTest : public testing::TestWithParam<Setting> {
 protected:
  TableTest() : random_(TestSeed(42)), entries_(InternalLess{GetParam().order}) {
    read_config_.order = GetParam().order;
  }

  // Few distinct user keys with many versions when `versions` > 1.
  void Fill(int count, int versions) {
    SeqNo seq = 1;
    for (int i = 0; i < count; ++i) {
      const std::string user_key = RandomBytes(&random_, 1 + random_.Uniform(12), 3);
      for (int v = 0; v < versions; ++v) {
        const Kind kind = random_.OneIn(5) ? Kind::kDelete : Kind::kPut;
        entries_[Internal(user_key, seq++, kind)] = RandomBytes(&random_, random_.Uniform(60), 26);
      }
    }
  }
  void Write() {
    TableWriteConfig config;
    config.format = GetParam().format;
    config.order = GetParam().order;
    config.comparator_name = GetParam().order.Name();
    config.compression = GetParam().compression;
    config.compression_config.dictionary_bytes_max = GetParam().dictionary_bytes_max;
    config.compression_config.zstd_train_bytes_max = GetParam().zstd_train_bytes_max;
    config.compression_config.trains_zstd_dictionary = GetParam().trains_zstd_dictionary;
    config.compression_config.dictionary_buffer_bytes_max = GetParam().dictionary_buffer_bytes_max;
    config.compression_name = CompressionName(GetParam().compression);
    contents_ = BuildTable(config, entries_, &written_);
  }
  void Open() {
    const Status status = OpenTable(read_config_, contents_, &reader_);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void CheckAll() {
    CheckForward();
    CheckBackward();
    CheckSeeks();
    CheckGets();
    const Status verified = reader_->VerifyChecksums({});
    EXPECT_TRUE(verified.ok()) << verified.ToString();
  }
  void CheckForward() {
    const auto iterator = reader_->NewIterator({});
    auto expected = entries_.begin();
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++expected) {
      ASSERT_NE(expected, entries_.end());
      ASSERT_EQ(iterator->key(), expected->first);
      ASSERT_EQ(iterator->value(), expected->second);
    }
    ASSERT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    ASSERT_EQ(expected, entries_.end());
  }
  void CheckBackward() {
    const auto iterator = reader_->NewIterator({});
    auto expected = entries_.rbegin();
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev(), ++expected) {
      ASSERT_NE(expected, entries_.rend());
      ASSERT_EQ(iterator->key(), expected->first);
      ASSERT_EQ(iterator->value(), expected->second);
    }
    ASSERT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    ASSERT_EQ(expected, entries_.rend());
  }
  std::string AnyKey() {
    if (random_.OneIn(2) && !entries_.empty()) {
      auto some = entries_.begin();
      std::advance(some, random_.Uniform(entries_.size()));
      return Internal(UserKeyOf(some->first), random_.Uniform(SeqOf(some->first) + 3), kKindForSeek);
    }
    return Internal(RandomBytes(&random_, random_.Uniform(12), 4), random_.Uniform(kSeqMax), kKindForSeek);
  }
  // Seeks, then goes to and fro, at every step as the map does.
  void CheckSeeks() {
    const auto iterator = reader_->NewIterator({});
    for (int round = 0; round < 300; ++round) {
      const std::string target = AnyKey();
      auto expected = entries_.lower_bound(target);
      if (random_.OneIn(2)) {
        iterator->Seek(target);
      } else {
        iterator->SeekForPrev(target);
        if (expected == entries_.end() || expected->first != target) {
          expected = expected == entries_.begin() ? entries_.end() : std::prev(expected);
        }
      }
      for (int step = 0; step < 40; ++step) {
        ASSERT_TRUE(iterator->status().ok());
        ASSERT_EQ(iterator->Valid(), expected != entries_.end());
        if (!iterator->Valid()) break;
        ASSERT_EQ(iterator->key(), expected->first);
        ASSERT_EQ(iterator->value(), expected->second);
        if (random_.OneIn(2)) {
          Slice key;
          Slice value;
          const bool is_valid = iterator->NextEntry(&key, &value);
          ++expected;
          ASSERT_EQ(is_valid, expected != entries_.end());
          if (!is_valid) break;
          ASSERT_EQ(key, expected->first);
          ASSERT_EQ(value, expected->second);
        } else {
          Slice key;
          const bool is_valid = iterator->PrevKey(&key);
          expected = expected == entries_.begin() ? entries_.end() : std::prev(expected);
          ASSERT_EQ(is_valid, expected != entries_.end());
          if (!is_valid) break;
          ASSERT_EQ(key, expected->first);
        }
      }
    }
  }
  void CheckGets() {
    for (int round = 0; round < 500; ++round) {
      const std::string target = AnyKey();
      const Slice user_key = UserKeyOf(target);
      const auto expected = entries_.lower_bound(target);
      PinnedValue value;
      PointLookup lookup(user_key, SeqOf(target), nullptr, &value);
      const SeekKey key(user_key, SeqOf(target));
      reader_->Get({}, key, Xxph3(user_key), &lookup);
      const Status status = lookup.Finish();
      const bool has_entry = expected != entries_.end() && UserKeyOf(expected->first) == user_key;
      if (has_entry && TrailerKind(TrailerOf(expected->first)) == Kind::kPut) {
        ASSERT_TRUE(status.ok()) << status.ToString();
        ASSERT_EQ(value.slice(), expected->second);
      } else {
        ASSERT_TRUE(status.IsNotFound()) << status.ToString();
      }
    }
  }

  Random random_;
  Entries entries_;
  TableReadConfig read_config_;
  TableProperties written_;
  std::string contents_;
  std::unique_ptr<TableReader> reader_;
};

TEST_P(TableTest, GivesBackWhatWasPutIn) {
  Fill(2000, 1);
  Write();
  Open();
  CheckAll();
}

TEST_P(TableTest, ManyVersionsOfFewKeys) {
  Fill(30, 100);
  Write();
  Open();
  CheckAll();
}

TEST_P(TableTest, OneEntry) {
  Fill(1, 1);
  Write();
  Open();
  CheckAll();
}

TEST_P(TableTest, Empty) {
  Write();
  Open();
  CheckAll();
}

TEST_P(TableTest, PropertiesSurvive) {
  Fill(500, 2);
  Write();
  Open();
  const TableProperties& read = reader_->properties();
  EXPECT_EQ(read.entries, entries_.size());
  EXPECT_EQ(read.entries, written_.entries);
  EXPECT_EQ(read.deletions, written_.deletions);
  EXPECT_EQ(read.data_bytes, written_.data_bytes);
  EXPECT_EQ(read.data_blocks, written_.data_blocks);
  EXPECT_EQ(read.index_bytes, written_.index_bytes);
  EXPECT_EQ(read.filter_bytes, written_.filter_bytes);
  EXPECT_EQ(read.raw_key_bytes, written_.raw_key_bytes);
  EXPECT_EQ(read.comparator_name, written_.comparator_name);
  EXPECT_EQ(read.compression_name, written_.compression_name);
}

TEST_P(TableTest, ThroughTheCache) {
  Fill(1000, 2);
  Write();
  for (const size_t capacity : {1 << 20, 16 << 10}) {
    read_config_.block_cache = NewCache({.capacity_bytes = capacity, .shard_bits = 0});
    Open();
    CheckAll();
    CheckAll();
    reader_.reset();
  }
}

// The index and the filter live in the cache too, and come and go.
TEST_P(TableTest, IndexAndFilterInTheCache) {
  Fill(100, 2);
  Write();
  read_config_.cache_index_and_filter_blocks = true;
  for (const bool is_pinned : {false, true}) {
    for (const size_t capacity : {size_t{1} << 20, size_t{0}}) {
      read_config_.block_cache = NewCache({.capacity_bytes = capacity});
      read_config_.pinning = is_pinned ? MetaPinning::kLevel0 : MetaPinning::kNone;
      TableReader::OpenParams params;
      params.level = 0;
      const Status status = OpenTable(read_config_, contents_, &reader_, params);
      ASSERT_TRUE(status.ok()) << status.ToString();
      CheckAll();
      read_config_.block_cache->EraseUnreferenced();
      CheckAll();
      reader_.reset();
    }
  }
}

// What is in the cache stays good when the reader that put it there, and its mapping of the file, have gone.
TEST_P(TableTest, OpenedAgainWithItsPartsInTheCache) {
  Fill(100, 2);
  Write();
  read_config_.cache_index_and_filter_blocks = true;
  read_config_.block_cache = NewCache({.capacity_bytes = 1 << 20});
  for (int i = 0; i < 2; ++i) {
    const TableReader::OpenParams params = {.path = "test.sst", .file_bytes = contents_.size(), .cache_id = 77};
    auto file = std::make_unique<StringFile>(contents_, /*is_mapped=*/true);
    ASSERT_TRUE(TableReader::Open(read_config_, params, std::move(file), &reader_).ok());
    CheckAll();
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, TableTest, testing::ValuesIn(Settings()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace gneiss
