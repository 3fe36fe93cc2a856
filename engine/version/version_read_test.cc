// Reading through Versions made of real tables: point reads, iterators, tombstones, sizes, and the life of TableFiles.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <set>
#include <thread>

#include "engine/base/hash.h"
#include "engine/iter/merging_iterator.h"
#include "engine/table/table_probe.h"
#include "engine/version/version_test_util.h"

namespace gneiss {
namespace {

std::string Get(const Version& version, Slice user_key, SeqNo seq, const ReadParams& params = ReadParams(),
                TableProbe* probe = nullptr) {
  PinnedValue value;
  const SeekKey key(user_key, seq);
  PointLookup lookup(user_key, seq, nullptr, &value);
  version.Get(params, key, &lookup, probe);
  const Status status = lookup.Finish();
  return status.ok() ? std::string(value.slice()) : status.IsNotFound() ? "NOT_FOUND" : status.ToString();
}

VersionPtr Build(const TestTables& tables, const std::vector<std::pair<int, TableMeta>>& added) {
  VersionEdit edit;
  edit.added_tables = added;
  VersionPtr version;
  const Status status = Version(tables.order(), kLevelsDefault).Apply(edit, tables.Maker(), &version);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return version;
}

// Entries newest last; what a read at `seq` finds.
std::string NaiveGet(const std::vector<Entry>& entries, const std::string& user_key, SeqNo seq) {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->seq > seq) continue;
    if (entry->kind == Kind::kRangeDelete && entry->user_key <= user_key && user_key < entry->value) return "NOT_FOUND";
    if (entry->user_key != user_key || entry->kind == Kind::kRangeDelete) continue;
    return entry->kind == Kind::kPut ? entry->value : "NOT_FOUND";
  }
  return "NOT_FOUND";
}

std::string KeyOf(uint64_t n) {
  char key[16];
  std::snprintf(key, sizeof(key), "key%04d", static_cast<int>(n));
  return key;
}

// A database's worth of entries, the oldest in the deepest level: two tables in each of levels 1 and 2 cut at `middle`,
// and three overlapping tables in level 0.
struct Lsm {
  std::vector<Entry> entries;
  VersionPtr version;
};

Entry RandomEntry(Random* random, SeqNo seq, bool has_tombstones, uint64_t begin, uint64_t end) {
  Entry entry{.user_key = KeyOf(begin + random->Uniform(end - begin)), .seq = seq, .value = "v" + std::to_string(seq)};
  if (random->OneIn(5)) entry.kind = Kind::kDelete;
  if (entry.kind == Kind::kDelete) entry.value.clear();
  if (has_tombstones && random->OneIn(10)) {
    entry.kind = Kind::kRangeDelete;
    const uint64_t start = begin + random->Uniform(end - begin);
    entry.user_key = KeyOf(start);
    entry.value = KeyOf(std::min(end, start + 1 + random->Uniform(20)));
  }
  return entry;
}

Lsm BuildLsm(const TestTables& tables, Random* random, bool has_tombstones) {
  constexpr uint64_t kKeys = 100;
  constexpr uint64_t kMiddle = 50;
  Lsm lsm;
  std::vector<std::pair<int, TableMeta>> added;
  SeqNo seq = 0;
  uint64_t number = 0;
  const auto add_table = [&](int level, uint64_t begin, uint64_t end) {
    std::vector<Entry> entries;
    for (int i = 0; i < 60; ++i) entries.push_back(RandomEntry(random, ++seq, has_tombstones, begin, end));
    lsm.entries.insert(lsm.entries.end(), entries.begin(), entries.end());
    added.emplace_back(level, tables.Write(++number, entries));
  };
  for (const int level : {2, 1}) {
    add_table(level, 0, kMiddle);
    add_table(level, kMiddle, kKeys);
  }
  for (int i = 0; i < 3; ++i) add_table(0, random->Uniform(kMiddle), kMiddle + 1 + random->Uniform(kMiddle));
  lsm.version = Build(tables, added);
  return lsm;
}

std::shared_ptr<Cache> SmallTableCache() {
  CacheConfig config;
  config.capacity_bytes = 2;
  config.shard_bits = 0;
  config.charges_metadata = false;
  return NewCache(config);
}

// Reads with what was found out ahead of them.
void CompareBatch(const Lsm& lsm, Random* random) {
  std::deque<SeekKey> keys;
  std::array<TableProbe, Version::kProbedKeysMax> probes;
  std::array<Version::KeyProbe, Version::kProbedKeysMax> batch;
  const size_t count = random->Uniform(batch.size() + 1);
  for (size_t i = 0; i < count; ++i) {
    const SeqNo seq = random->OneIn(2) ? kSeqMax : random->Uniform(lsm.entries.size() + 1);
    keys.emplace_back(KeyOf(random->Uniform(105)), seq);
    batch[i] = {.key = &keys.back(), .hash = Xxph3(keys.back().user_key()), .probe = &probes[i]};
  }
  lsm.version->ProbeTables(batch.data(), count);
  for (size_t i = 0; i < count; ++i) {
    const std::string key(keys[i].user_key());
    const SeqNo seq = TrailerSeq(TrailerOf(keys[i].Encode()));
    ASSERT_EQ(Get(*lsm.version, key, seq, ReadParams(), &probes[i]), NaiveGet(lsm.entries, key, seq))
        << key << "@" << seq;
  }
}

void CompareGets(const TestTables& tables, bool has_tombstones) {
  Random random(TestSeed());
  for (int round = 0; round < 10; ++round) {
    const Lsm lsm = BuildLsm(tables, &random, has_tombstones);
    for (int i = 0; i < 500; ++i) {
      const std::string key = KeyOf(random.Uniform(105));
      const SeqNo seq = random.OneIn(2) ? kSeqMax : random.Uniform(lsm.entries.size() + 1);
      ASSERT_EQ(Get(*lsm.version, key, seq), NaiveGet(lsm.entries, key, seq)) << key << "@" << seq;
    }
    CompareBatch(lsm, &random);
    ASSERT_EQ(lsm.version->HasRangeTombstones(), has_tombstones);
  }
}

TEST(VersionReadTest, GetsWhatTheModelSays) { CompareGets(TestTables(), false); }
TEST(VersionReadTest, GetsWhatTheModelSaysUnderTombstones) { CompareGets(TestTables(), true); }
TEST(VersionReadTest, GetsWithFewOpenTables) {
  const auto cache = SmallTableCache();
  CompareGets(TestTables(KeyOrder::Bytewise(), cache), true);
  EXPECT_EQ(cache->GetUsage(), 0u) << "tables that are gone leave the cache";
}

TEST(VersionReadTest, GetsWithFiltersOfMemtables) {
  for (const bool has_tombstones : {false, true}) {
    TestTables tables;
    tables.has_key_filters = true;
    CompareGets(tables, has_tombstones);
  }
}

TEST(VersionReadTest, ATableIsNotReadForWhatItsFilterLacks) {
  TestTables tables;
  tables.has_key_filters = true;
  const std::vector<Entry> entries = {{.user_key = "a", .seq = 1, .value = "v"}, {.user_key = "c", .seq = 2}};
  const VersionPtr version = Build(tables, {{0, tables.Write(1, entries)}});
  ReadParams cache_only;
  cache_only.cache_only = true;
  EXPECT_EQ(Get(*version, "b", kSeqMax, cache_only).substr(0, 6), "Result") << "it may hold range tombstones";
  version->level(0).ForEachTable([](const TableFilePtr& table) {
    TableProperties properties;
    table->NoteProperties(properties);
    EXPECT_TRUE(table->CertainlyLacks(Xxph3("b")));
    EXPECT_FALSE(table->CertainlyLacks(Xxph3("a")));
  });
  EXPECT_EQ(Get(*version, "b", kSeqMax, cache_only), "NOT_FOUND");
  EXPECT_EQ(Get(*version, "a", kSeqMax, cache_only).substr(0, 6), "Result");
  EXPECT_EQ(Get(*version, "a", kSeqMax), "v");
}

TEST(VersionReadTest, CacheOnlyReadsOpenNothing) {
  TestTables tables;
  const VersionPtr version = Build(tables, {{1, tables.Write(1, {{.user_key = "a", .seq = 1, .value = "v"}})}});
  ReadParams params;
  params.cache_only = true;
  EXPECT_EQ(Get(*version, "a", kSeqMax, params), "Result incomplete: Table not found in table_cache, no_io is set");
  EXPECT_EQ(Get(*version, "a", kSeqMax), "v");
}

TEST(VersionReadTest, ProbesTakeTheBlockThatTheReadWillSearch) {
  TestTables tables;
  const VersionPtr version = Build(tables, {{1, tables.Write(1, {{.user_key = "a", .seq = 1, .value = "v"}})}});
  const SeekKey key("a", kSeqMax);
  const auto probe_for_a = [&] {
    TableProbe probe;
    const Version::KeyProbe batch = {.key = &key, .hash = Xxph3(key.user_key()), .probe = &probe};
    version->ProbeTables(&batch, 1);
    return probe;
  };
  EXPECT_EQ(probe_for_a().reader, nullptr) << "the table is not open: probes open nothing";
  EXPECT_EQ(Get(*version, "a", kSeqMax), "v");
  TableProbe probe = probe_for_a();
  ASSERT_NE(probe.reader, nullptr);
  EXPECT_EQ(probe.block_index, 0u);
  EXPECT_TRUE(probe.block);
  EXPECT_EQ(Get(*version, "a", kSeqMax, ReadParams(), &probe), "v");
  EXPECT_FALSE(probe.block) << "the read has used it";
}

// ---- iterators

std::vector<std::string> SortedKeys(const KeyOrder& order, const std::vector<Entry>& entries) {
  std::vector<std::string> keys;
  for (const Entry& entry : entries) {
    if (entry.kind != Kind::kRangeDelete)
      keys.emplace_back(InternalKey(entry.user_key, entry.seq, entry.kind).Encode());
  }
  std::sort(keys.begin(), keys.end(),
            [&](const std::string& a, const std::string& b) { return order.CompareInternal(a, b) < 0; });
  return keys;
}

TEST(VersionReadTest, IteratorsShowEveryEntry) {
  TestTables tables;
  Random random(TestSeed());
  const Lsm lsm = BuildLsm(tables, &random, true);
  const auto keys = SortedKeys(tables.order(), lsm.entries);
  for (const bool is_compaction : {false, true, false}) {
    ReadParams params;
    params.is_compaction = is_compaction;
    std::vector<std::unique_ptr<InternalIterator>> children;
    lsm.version->AddIterators(params, &children);
    EXPECT_EQ(children.size(), 5u);
    const auto iterator = NewMergingIterator(tables.order(), std::move(children));
    size_t i = 0;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ASSERT_EQ(iterator->key(), keys.at(i++));
    EXPECT_EQ(i, keys.size());
    for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) ASSERT_EQ(iterator->key(), keys.at(--i));
    EXPECT_EQ(i, 0u);
    EXPECT_TRUE(iterator->status().ok());
  }
}

// A run of small tables, some with nothing but range tombstones in them.
class RunIteratorTest : public ::testing::Test {
 protected:
  void BuildRun(const TestTables& tables) {
    std::vector<TableFilePtr> files;
    for (uint64_t n = 1; n <= 12; ++n) {
      std::vector<Entry> of_table;
      if (n % 5 == 0) {
        of_table.push_back(
            {.user_key = KeyOf(n * 10), .seq = n, .kind = Kind::kRangeDelete, .value = KeyOf(n * 10 + 5)});
      } else {
        for (uint64_t i = 0; i < n % 4 + 1; ++i)
          of_table.push_back({.user_key = KeyOf(n * 10 + i * 2), .seq = n, .value = "v"});
      }
      entries_.insert(entries_.end(), of_table.begin(), of_table.end());
      files.push_back(tables.Maker()(tables.Write(n, of_table)));
    }
    run_ = std::make_shared<const gneiss::Run>(tables.order(), files);
    keys_ = SortedKeys(tables.order(), entries_);
  }
  std::unique_ptr<InternalIterator> NewIterator(const TestTables& tables) {
    return NewRunIterator(tables.order(), run_, 1, ReadParams());
  }

  std::vector<Entry> entries_;
  std::vector<std::string> keys_;
  std::shared_ptr<const gneiss::Run> run_;
};

TEST_F(RunIteratorTest, MovesAsOverOneSortedList) {
  Random random(TestSeed());
  for (const auto& cache : {std::shared_ptr<Cache>(), SmallTableCache()}) {
    TestTables tables(KeyOrder::Bytewise(), cache);
    entries_.clear();
    BuildRun(tables);
    const auto iterator = NewIterator(tables);
    EXPECT_FALSE(iterator->Valid());
    const auto less = [&](const std::string& a, const std::string& b) {
      return tables.order().CompareInternal(a, b) < 0;
    };
    size_t at = keys_.size();  // keys_.size(): not valid
    for (int step = 0; step < 3000; ++step) {
      const InternalKey target(KeyOf(random.Uniform(140)), random.Uniform(14), kKindForSeek);
      const std::string bytes(target.Encode());
      switch (random.Uniform(8)) {
        case 0:
          iterator->SeekToFirst();
          at = 0;
          break;
        case 1:
          iterator->SeekToLast();
          at = keys_.size() - 1;
          break;
        case 2:
          iterator->Seek(bytes);
          at = static_cast<size_t>(std::lower_bound(keys_.begin(), keys_.end(), bytes, less) - keys_.begin());
          break;
        case 3:
          iterator->SeekForPrev(bytes);
          at = static_cast<size_t>(std::upper_bound(keys_.begin(), keys_.end(), bytes, less) - keys_.begin());
          at = at == 0 ? keys_.size() : at - 1;
          break;
        case 4:
          if (at == keys_.size()) break;
          iterator->Prev();
          at = at == 0 ? keys_.size() : at - 1;
          break;
        case 5:
          if (at == keys_.size()) break;
          iterator->Next();
          ++at;
          break;
        case 6: {
          if (at == keys_.size()) break;
          Slice key;
          Slice value;
          ASSERT_EQ(iterator->NextEntry(&key, &value), ++at < keys_.size());
          ASSERT_TRUE(at == keys_.size() || (key == keys_[at] && value == iterator->value()));
          break;
        }
        default:
          if (at == keys_.size()) break;
          Slice key;
          at = at == 0 ? keys_.size() : at - 1;
          ASSERT_EQ(iterator->PrevKey(&key), at < keys_.size());
          ASSERT_TRUE(at == keys_.size() || key == keys_[at]);
      }
      ASSERT_EQ(iterator->Valid(), at < keys_.size()) << step;
      ASSERT_TRUE(!iterator->Valid() || iterator->key() == keys_[at]) << step;
      ASSERT_TRUE(iterator->status().ok());
    }
  }
}

TEST_F(RunIteratorTest, AMissingTableEndsTheIteration) {
  TestTables tables;
  BuildRun(tables);
  std::filesystem::remove(TableName(tables.dir(), 3));
  const auto iterator = NewIterator(tables);
  iterator->SeekToFirst();
  while (iterator->Valid()) iterator->Next();
  EXPECT_TRUE(iterator->status().IsPathNotFound()) << iterator->status().ToString();
  iterator->SeekToLast();
  EXPECT_TRUE(iterator->Valid());
  EXPECT_TRUE(iterator->status().ok());
  while (iterator->Valid()) iterator->Prev();
  EXPECT_TRUE(iterator->status().IsPathNotFound());
  const SeekKey in_missing(KeyOf(30), kSeqMax);
  iterator->Seek(in_missing.Encode());
  EXPECT_FALSE(iterator->Valid());
  EXPECT_TRUE(iterator->status().IsPathNotFound());
}

TEST_F(RunIteratorTest, KeepsTheRunAlive) {
  TestTables tables;
  BuildRun(tables);
  auto iterator = NewIterator(tables);
  iterator->SeekToFirst();
  run_.reset();
  size_t count = 0;
  for (; iterator->Valid(); iterator->Next()) ++count;
  EXPECT_EQ(count, keys_.size());
}

// ---- range tombstones

std::vector<std::string> TombstonesOf(const Version& version) {
  std::vector<std::string> found;
  Status status;
  version.AddRangeTombstones(
      ReadParams(),
      [&](Slice start, Slice end, SeqNo seq) {
        found.push_back(std::string(start) + ".." + std::string(end) + "@" + std::to_string(seq));
      },
      &status);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return found;
}

TEST(VersionReadTest, TombstonesAreCutAtTheirTable) {
  TestTables tables;
  const std::vector<Entry> wide = {{.user_key = "b", .seq = 9, .value = "v"},
                                   {.user_key = "a", .seq = 10, .kind = Kind::kRangeDelete, .value = "z"}};
  // The same tombstone in two tables of a run, as compactions leave it: one ends before "m", the other begins there.
  TableMeta left = tables.Write(1, wide);
  left.largest = InternalKey("m", kSeqMax, Kind::kRangeDelete);
  TableMeta right = tables.Write(2, wide);
  right.smallest = InternalKey("m", 10, Kind::kRangeDelete);
  TableMeta inclusive = tables.Write(3, wide);
  inclusive.largest = InternalKey("c", 5, Kind::kPut);
  const VersionPtr version = Build(tables, {{1, left}, {1, right}, {2, inclusive}});
  EXPECT_TRUE(version->HasRangeTombstones()) << "not opened yet: not certain";
  EXPECT_EQ(TombstonesOf(*version), (std::vector<std::string>{"a..m@10", "m..z@10", std::string("a..c\0@10", 8)}));
  EXPECT_TRUE(version->HasRangeTombstones());
}

TEST(VersionReadTest, WithoutTombstonesThatIsKnownAfterOpening) {
  TestTables tables;
  const VersionPtr version = Build(tables, {{1, tables.Write(1, {{.user_key = "a", .seq = 1, .value = "v"}})}});
  EXPECT_TRUE(version->HasRangeTombstones());
  EXPECT_EQ(Get(*version, "a", kSeqMax), "v");
  EXPECT_FALSE(version->HasRangeTombstones());
  EXPECT_TRUE(TombstonesOf(*version).empty());
}

// ---- sizes

TEST(VersionReadTest, EstimatesSizes) {
  TestTables tables;
  std::vector<std::pair<int, TableMeta>> added;
  for (uint64_t n = 0; n < 4; ++n) {
    std::vector<Entry> entries;
    for (uint64_t i = 0; i < 100; ++i)
      entries.push_back({.user_key = KeyOf(n * 100 + i), .seq = 1 + n, .value = std::string(100, 'x')});
    added.emplace_back(n == 3 ? 0 : 1, tables.Write(n + 1, entries));
  }
  const VersionPtr version = Build(tables, added);
  const auto bytes = [&](uint64_t begin, uint64_t end) {
    return version->ApproximateBytes(KeyOf(begin), KeyOf(end), ReadParams());
  };
  const uint64_t table_bytes = added[0].second.file_bytes;
  EXPECT_EQ(bytes(0, 9999), version->TotalBytes());
  EXPECT_EQ(bytes(5000, 9999), 0u);
  EXPECT_EQ(bytes(9, 9), 0u);
  EXPECT_EQ(bytes(9, 3), 0u);
  EXPECT_NEAR(static_cast<double>(bytes(50, 250)), static_cast<double>(table_bytes) * 2, table_bytes * 0.3);
  EXPECT_NEAR(static_cast<double>(bytes(120, 140)), static_cast<double>(table_bytes) * 0.2, table_bytes * 0.1);
  EXPECT_NEAR(static_cast<double>(bytes(320, 340)), static_cast<double>(table_bytes) * 0.2, table_bytes * 0.1);
  // The two edge tables are less than 300 % of the whole one: half of each counts.
  EXPECT_EQ(version->ApproximateBytes(KeyOf(50), KeyOf(250), ReadParams(), 3.1),
            added[1].second.file_bytes + (added[0].second.file_bytes + added[2].second.file_bytes) / 2 +
                added[3].second.file_bytes / 2);
}

// ---- the life of a TableFile

class CountingReaper final : public FileReaper {
 public:
  void TableUnreferenced(uint64_t number, const std::string& directory,
                         std::unique_ptr<TableRemains> /*remains*/) override {
    ++count;
    last_number = number;
    last_directory = directory;
  }
  void BlobFileUnreferenced(uint64_t /*number*/, const std::string& /*path*/) override { ADD_FAILURE(); }
  int count = 0;
  uint64_t last_number = 0;
  std::string last_directory;
};

TEST(TableFileTest, AnObsoleteTableGoesWithItsLastReference) {
  TestTables tables;
  const auto reaper = std::make_shared<CountingReaper>();
  tables.reaper = reaper;
  TableMeta meta = tables.Write(6, {{.user_key = "a", .seq = 1, .value = "v"}});
  VersionPtr version = Build(tables, {{1, meta}});
  VersionPtr same = version;
  TableFilePtr table = version->level(1).runs[0]->tables()[0];
  table->MarkObsolete();
  version.reset();
  table.reset();
  EXPECT_EQ(reaper->count, 0) << "somebody still reads it";
  same.reset();
  EXPECT_EQ(reaper->count, 1);
  EXPECT_EQ(reaper->last_number, 6u);
}

TEST(TableFileTest, AnObsoleteTableLeavesNoBlocksInTheCache) {
  for (const bool is_open_limited : {false, true}) {
    TestTables tables(KeyOrder::Bytewise(), is_open_limited ? NewCache({.capacity_bytes = 1000}) : nullptr);
    const auto reaper = std::make_shared<CountingReaper>();
    tables.reaper = reaper;
    Cache& cache = *tables.opener()->config().read.block_cache;
    cache.SetCapacity(1 << 20);
    std::vector<Entry> entries;
    for (int i = 0; i < 1000; ++i) entries.push_back({.user_key = KeyOf(i), .seq = 1, .value = std::string(100, 'v')});
    TableFilePtr dead = tables.Maker()(tables.Write(1, entries));
    TableFilePtr live = tables.Maker()(tables.Write(2, entries));
    const auto read = [](const TableFile& table) {
      ReaderRef reader;
      ASSERT_TRUE(table.Reader(0, &reader).ok());
      const auto iter = reader->NewIterator({});
      for (iter->SeekToFirst(); iter->Valid(); iter->Next()) {
      }
      ASSERT_TRUE(iter->status().ok());
    };
    read(*dead);
    const size_t of_one = cache.GetUsage();
    EXPECT_GT(of_one, 100000u);
    read(*live);
    dead->MarkObsolete();
    dead.reset();
    EXPECT_EQ(reaper->count, 1);
    EXPECT_EQ(cache.GetUsage(), of_one) << "is_open_limited: " << is_open_limited;
    live.reset();
    EXPECT_EQ(cache.GetUsage(), of_one) << "a table that is only closed may be opened again";
  }
}

TEST(TableFileTest, AnOpenedAgainTableFindsItsBlocks) {
  TestTables tables(KeyOrder::Bytewise(), NewCache({.capacity_bytes = 100}));
  Cache& blocks = *tables.opener()->config().read.block_cache;
  const TableFilePtr table = tables.Maker()(tables.Write(1, {{.user_key = "a", .seq = 1, .value = "v"}}));
  const auto read = [&] {
    ReaderRef reader;
    ASSERT_TRUE(table->Reader(0, &reader).ok());
    const auto iter = reader->NewIterator({});
    iter->SeekToFirst();
    EXPECT_TRUE(iter->Valid());
  };
  read();
  const size_t usage = blocks.GetUsage();
  tables.opener()->config().open_tables->EraseUnreferenced();
  read();
  EXPECT_EQ(blocks.GetUsage(), usage);
}

TEST(TableFileTest, ATableThatStaysIsNotReaped) {
  TestTables tables;
  const auto reaper = std::make_shared<CountingReaper>();
  tables.reaper = reaper;
  Build(tables, {{1, tables.Write(6, {{.user_key = "a", .seq = 1, .value = "v"}})}});
  EXPECT_EQ(reaper->count, 0);
}

TEST(TableFileTest, OpensOnceForManyThreads) {
  TestTables tables;
  const TableFilePtr table = tables.Maker()(tables.Write(1, {{.user_key = "a", .seq = 1, .value = "v"}}));
  EXPECT_EQ(table->ReaderIfOpen(), nullptr);
  std::vector<const TableReader*> seen(4);
  std::vector<std::thread> threads;
  for (auto& reader : seen) {
    threads.emplace_back([&] {
      ReaderRef ref;
      EXPECT_TRUE(table->Reader(1, &ref).ok());
      reader = ref.get();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_NE(seen[0], nullptr);
  EXPECT_EQ(std::set<const TableReader*>(seen.begin(), seen.end()).size(), 1u);
  EXPECT_EQ(table->ReaderIfOpen(), seen[0]);
}

TEST(TableFileTest, ReadersComeAndGoUnderALimit) {
  TestTables tables(KeyOrder::Bytewise(), SmallTableCache());
  std::vector<TableFilePtr> files;
  for (uint64_t n = 1; n <= 6; ++n)
    files.push_back(tables.Maker()(tables.Write(n, {{.user_key = KeyOf(n), .seq = n, .value = "v"}})));
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Random random(TestSeed() + i);
      for (int step = 0; step < 300; ++step) {
        ReaderRef ref;
        const auto& table = files[random.Uniform(files.size())];
        ASSERT_TRUE(table->Reader(1, &ref).ok());
        ReaderRef moved = std::move(ref);
        ASSERT_EQ(moved->properties().entries, 1u);
        ASSERT_EQ(table->ReaderIfOpen(), nullptr);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(TableFileTest, FallsBackToTheLegacyName) {
  TestTables tables;
  const TableMeta meta = tables.Write(6, {{.user_key = "a", .seq = 1, .value = "v"}});
  EXPECT_EQ(tables.opener()->PathOf(meta), TableName(tables.dir(), 6));
  std::filesystem::rename(TableName(tables.dir(), 6), LegacyTableName(tables.dir(), 6));
  EXPECT_EQ(tables.opener()->PathOf(meta), LegacyTableName(tables.dir(), 6));
  EXPECT_EQ(Get(*Build(tables, {{1, meta}}), "a", kSeqMax), "v");
  std::filesystem::remove(LegacyTableName(tables.dir(), 6));
  EXPECT_EQ(tables.opener()->PathOf(meta), TableName(tables.dir(), 6));
  EXPECT_NE(Get(*Build(tables, {{1, meta}}), "a", kSeqMax).find("No such file"), std::string::npos);
}

TEST(TableFileTest, DeletionsWeighMoreThanTheirBytes) {
  TestTables tables;
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < 10; ++i) {
    Entry entry{.user_key = KeyOf(i), .seq = i + 1, .value = std::string(50, 'x')};
    if (i < 8) entry = {.user_key = KeyOf(i), .seq = i + 1, .kind = Kind::kDelete, .value = ""};
    entries.push_back(entry);
  }
  const TableFilePtr table = tables.Maker()(tables.Write(1, entries));
  const uint64_t file_bytes = table->meta().file_bytes;
  EXPECT_EQ(table->CompensatedBytes(), file_bytes);
  ReaderRef reader;
  ASSERT_TRUE(table->Reader(1, &reader).ok());
  // 8 of 10 are deletions: (16 - 10) tombstones too many, at two values of 50 bytes each, as they lie in the file.
  const double raw_bytes =
      static_cast<double>(reader->properties().raw_key_bytes + reader->properties().raw_value_bytes);
  const auto average = static_cast<uint64_t>(50.0 * static_cast<double>(file_bytes) / raw_bytes);
  EXPECT_EQ(table->CompensatedBytes(), file_bytes + 6 * average * 2);

  // A table of nothing but tombstones weighs by the values of the others, and may be told of before it is opened.
  const TableFilePtr deletions = tables.Maker()(MetaOf(2, "a", "b"));
  deletions->NoteProperties({.entries = 3, .deletions = 3});
  EXPECT_GT(deletions->CompensatedBytes(), deletions->meta().file_bytes);
  EXPECT_EQ(deletions->tombstones(), TableFile::Tombstones::kNone);
}

}  // namespace
}  // namespace gneiss
