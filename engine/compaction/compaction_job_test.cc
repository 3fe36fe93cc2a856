// Compactions over real tables, from writing the inputs to reading the outputs.
#include "engine/compaction/compaction_job.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "engine/compaction/compaction_test_util.h"
#include "engine/io/file_name.h"
#include "engine/iter/merging_iterator.h"
#include "engine/iter/range_tombstone_builder.h"
#include "engine/table/unique_id.h"

namespace gneiss {

namespace {

using Model = std::map<std::string, std::string>;

std::string Key(uint64_t i) {
  char key[24];
  std::snprintf(key, sizeof(key), "key%08llu", static_cast<unsigned long long>(i));
  return key;
}

class CompactionJobTest : public testing::Test {
 protected:
  CompactionJobTest() {
    static int count = 0;
    dir_ = testing::TempDir() + "compaction_job_" + std::to_string(Clock::System()->NowNanos()) + "_" +
           std::to_string(++count);
    EXPECT_TRUE(FileSystem::Posix()->CreateDir(dir_).ok());
    TableOpener::Config config;
    config.fs = FileSystem::Posix();
    config.paths = {dir_};
    opener_ = std::make_shared<TableOpener>(config);
    version_ = std::make_shared<Version>(KeyOrder::Bytewise(), 4);
    config_.target_file_bytes_base = 64 << 10;
    config_.compression = Compression::kNone;
  }

  ~CompactionJobTest() override {
    std::vector<std::string> names;
    EXPECT_TRUE(FileSystem::Posix()->List(dir_, &names).ok());
    for (const std::string& name : names) EXPECT_TRUE(FileSystem::Posix()->Remove(dir_ + "/" + name).ok());
    EXPECT_TRUE(FileSystem::Posix()->RemoveDir(dir_).ok());
  }

  TableOutputConfig OutputConfig() {
    TableOutputConfig output;
    output.fs = FileSystem::Posix();
    output.path = dir_;
    output.new_file_number = [this] { return ++last_number_; };
    output.table.db_id = "d6f3a7c0-1111-2222-3333-444455556666";
    output.table.db_session_id = "ABCDEFGHIJKLMNOPQRST";
    return output;
  }

  // Writes one table per call, or several when `file_bytes_max` says so.
  std::vector<OutputTable> Write(TestEntries entries, RangeTombstones tombstones = {},
                                 uint64_t file_bytes_max = UINT64_MAX) {
    Sort(KeyOrder::Bytewise(), &entries);
    TableOutputConfig config = OutputConfig();
    config.file_bytes_max = file_bytes_max;
    TableOutput output(config);
    output.SetRangeTombstones(std::move(tombstones));
    for (const TestEntry& entry : entries) {
      const Status added = output.Add(entry.key().Encode(), entry.value);
      EXPECT_TRUE(added.ok()) << added.ToString();
    }
    std::vector<OutputTable> tables;
    const Status finished = output.Finish(&tables);
    EXPECT_TRUE(finished.ok()) << finished.ToString();
    return tables;
  }

  void AddTo(int level, const std::vector<OutputTable>& tables) {
    VersionEdit edit;
    for (const OutputTable& table : tables) edit.added_tables.emplace_back(level, table.meta);
    Apply(edit);
  }

  void Apply(const VersionEdit& edit) {
    VersionPtr next;
    const Status applied = version_->Apply(
        edit, [this](const TableMeta& meta) { return std::make_shared<TableFile>(meta, opener_, nullptr); }, &next);
    ASSERT_TRUE(applied.ok()) << applied.ToString();
    version_ = next;
    version_->CheckInvariants();
  }

  CompactionWork WholeLevel0() {
    config_.level0_compaction_trigger = 1;
    const CompactionState state = ComputeCompactionState(*version_, config_, 1);
    auto work = ChooseCompaction(*version_, state, config_, 1, nullptr);
    EXPECT_TRUE(work);
    return work ? *work : CompactionWork{};
  }

  CompactionJobParams ParamsOf(CompactionWork work) {
    CompactionJobParams params;
    params.work = std::move(work);
    params.version = version_;
    params.config = std::make_shared<CompactionConfig>(config_);
    params.output = OutputConfig();
    params.snapshots = snapshots_;
    return params;
  }

  Status Run(CompactionWork work, CompactionResult* result) { return RunCompaction(ParamsOf(std::move(work)), result); }

  // What a reader at `seq` sees, by scanning.
  Model Read(SeqNo seq = kSeqMax) {
    RangeTombstoneBuilder builder(KeyOrder::Bytewise());
    Status status;
    version_->AddRangeTombstones(
        {}, [&](Slice start, Slice end, SeqNo at) { builder.Add(start, end, at); }, &status);
    EXPECT_TRUE(status.ok()) << status.ToString();
    const std::unique_ptr<RangeTombstoneList> tombstones = builder.Build();
    std::vector<std::unique_ptr<InternalIterator>> children;
    version_->AddIterators({}, &children);
    const auto iterator = NewMergingIterator(KeyOrder::Bytewise(), std::move(children));
    Model model;
    std::set<std::string> seen;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      ParsedKey key;
      EXPECT_TRUE(ParseInternalKey(iterator->key(), &key));
      if (key.seq > seq || !seen.insert(std::string(key.user_key)).second) continue;
      if (key.kind != Kind::kPut || tombstones->CoveringSeq(key.user_key, seq) > key.seq) continue;
      model[std::string(key.user_key)] = std::string(iterator->value());
    }
    EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
    return model;
  }

  size_t FileCount() {
    std::vector<std::string> names;
    EXPECT_TRUE(FileSystem::Posix()->List(dir_, &names).ok());
    return names.size();
  }

  std::string dir_;
  std::shared_ptr<const TableOpener> opener_;
  VersionPtr version_;
  CompactionConfig config_;
  std::vector<SeqNo> snapshots_;
  std::atomic<uint64_t> last_number_{0};  // subcompactions draw them at once
};

TEST_F(CompactionJobTest, MergesOverlappingTables) {
  SeqNo seq = 0;
  for (int table = 0; table < 4; ++table) {
    TestEntries entries;
    for (uint64_t i = 0; i < 2000; i += 2) {
      entries.push_back({Key(i + static_cast<uint64_t>(table % 2)), ++seq, Kind::kPut, "v" + std::to_string(seq)});
    }
    AddTo(0, Write(std::move(entries)));
  }
  const Model before = Read();
  CompactionResult result;
  const Status status = Run(WholeLevel0(), &result);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(result.counts.input_entries, 4000u);
  EXPECT_EQ(result.counts.dropped_hidden, 2000u);
  EXPECT_EQ(result.edit.deleted_tables.size(), 4u);
  EXPECT_GT(result.bytes_read, result.bytes_written);
  Apply(result.edit);
  EXPECT_EQ(Read(), before);
  EXPECT_EQ(version_->level(0).table_count, 0u);
  for (const OutputTable& table : result.outputs) {
    EXPECT_EQ(table.meta.largest_seq, 0u);  // bottommost, and no snapshot
    EXPECT_EQ(table.meta.unique_id,
              TableUniqueId(OutputConfig().table.db_id, OutputConfig().table.db_session_id, table.meta.number));
    uint64_t bytes = 0;
    ASSERT_TRUE(FileSystem::Posix()->FileSize(TableName(dir_, table.meta.number), &bytes).ok());
    EXPECT_EQ(bytes, table.meta.file_bytes);
  }
}

TEST_F(CompactionJobTest, SnapshotsAndTombstonesSurvive) {
  Random random(TestSeed());
  SeqNo seq = 0;
  for (int table = 0; table < 6; ++table) {
    TestEntries entries;
    RangeTombstones tombstones;
    for (int i = 0; i < 500; ++i) {
      const std::string key = Key(random.Uniform(800));
      if (random.OneIn(50)) {
        tombstones.emplace_back(InternalKey(key, ++seq, Kind::kRangeDelete), Key(random.Uniform(800)));
        if (tombstones.back().first.user_key() >= tombstones.back().second) tombstones.pop_back();
      } else {
        const bool is_put = !random.OneIn(4);
        ++seq;
        entries.push_back({key, seq, is_put ? Kind::kPut : Kind::kDelete, is_put ? std::string(300, 'v') : ""});
      }
      if (random.OneIn(400)) snapshots_.push_back(seq);
    }
    AddTo(0, Write(std::move(entries), std::move(tombstones)));
    if (table % 2 == 0) continue;
    // Every second table goes down at once, so that the merge has several levels under it.
    const Model before = Read();
    CompactionResult result;
    const Status status = Run(WholeLevel0(), &result);
    ASSERT_TRUE(status.ok()) << status.ToString();
    std::vector<Model> before_at;
    for (const SeqNo snapshot : snapshots_) before_at.push_back(Read(snapshot));
    Apply(result.edit);
    EXPECT_EQ(Read(), before);
    for (size_t i = 0; i < snapshots_.size(); ++i) EXPECT_EQ(Read(snapshots_[i]), before_at[i]) << snapshots_[i];
    for (const OutputTable& output : result.outputs) EXPECT_LT(output.meta.file_bytes, 3 * (64u << 10));
  }
  // Without snapshots one rewrite of the last level leaves plain values alone.
  snapshots_.clear();
  const Model before = Read();
  const ManualRequest request{.input_level = 1, .output_level = 1};
  std::optional<InternalKey> resume_from;
  bool conflict = false;
  const CompactionState state = ComputeCompactionState(*version_, config_, 1);
  config_.compaction_bytes_max = UINT64_MAX;
  auto work = ChooseManual(*version_, config_, state, request, &resume_from, &conflict);
  ASSERT_TRUE(work);
  CompactionResult result;
  ASSERT_TRUE(Run(*work, &result).ok());
  Apply(result.edit);
  EXPECT_EQ(Read(), before);
  uint64_t entries = 0;
  for (const OutputTable& output : result.outputs) {
    entries += output.properties.entries;
    EXPECT_EQ(output.properties.deletions, 0u);
    EXPECT_EQ(output.properties.range_deletions, 0u);
  }
  EXPECT_EQ(entries, before.size());
}

TEST_F(CompactionJobTest, SubcompactionsGiveTheSame) {
  SeqNo seq = 0;
  for (int table = 0; table < 3; ++table) {
    TestEntries entries;
    RangeTombstones tombstones;
    for (uint64_t i = 0; i < 3000; ++i) {
      entries.push_back({Key(i * 7919 % 10'000), ++seq, Kind::kPut, std::string(100, static_cast<char>('a' + table))});
    }
    tombstones.emplace_back(InternalKey(Key(100), ++seq, Kind::kRangeDelete), Key(9000 - 3000 * table));
    AddTo(table == 0 ? 1 : 0, Write(std::move(entries), std::move(tombstones), table == 0 ? 64 << 10 : UINT64_MAX));
  }
  snapshots_ = {3500};
  const Model before = Read();
  const Model before_at = Read(3500);
  config_.subcompactions_max = 4;
  CompactionResult result;
  const Status status = Run(WholeLevel0(), &result);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(result.subcompactions, 4u);
  Apply(result.edit);
  EXPECT_EQ(Read(), before);
  EXPECT_EQ(Read(3500), before_at);
}

// Between the level merged into and the one that holds the old values: keys at and beside its tables' borders.
TEST_F(CompactionJobTest, TombstonesStayWhereADeeperTableMayHoldTheKey) {
  AddTo(2, Write({{Key(10), 1, Kind::kPut, "a"}, {Key(20), 2, Kind::kPut, "b"}}));
  AddTo(2, Write({{Key(40), 3, Kind::kPut, "c"}, {Key(50), 4, Kind::kPut, "d"}}));
  TestEntries entries;
  for (const uint64_t key : {9, 10, 15, 20, 21, 30, 39, 40, 50, 51}) {
    entries.push_back({Key(key), 100 + key, Kind::kDelete, ""});
  }
  AddTo(0, Write(entries));
  AddTo(1, Write({{Key(0), 5, Kind::kPut, "e"}, {Key(60), 6, Kind::kPut, "f"}}));
  CompactionResult result;
  ASSERT_TRUE(Run(WholeLevel0(), &result).ok());
  Apply(result.edit);
  EXPECT_EQ(Read(), (Model{{Key(0), "e"}, {Key(60), "f"}}));
  ASSERT_EQ(result.outputs.size(), 1u);
  EXPECT_EQ(result.outputs[0].properties.entries, 2u + 5u);  // both values; 10, 15, 20, 40 and 50
  EXPECT_EQ(result.counts.dropped_obsolete, 5u);
}

TEST_F(CompactionJobTest, CancellingLeavesNoFiles) {
  TestEntries entries;
  for (uint64_t i = 0; i < 1000; ++i) entries.push_back({Key(i), i + 1, Kind::kPut, "v"});
  AddTo(0, Write(entries));
  AddTo(1, Write({{Key(5), 1, Kind::kPut, "old"}}));
  const size_t files = FileCount();
  const std::atomic<bool> is_cancelled{true};
  CompactionJobParams params = ParamsOf(WholeLevel0());
  params.is_cancelled = &is_cancelled;
  CompactionResult result;
  EXPECT_TRUE(RunCompaction(params, &result).IsShutdownInProgress());
  params.work.is_manual = true;
  const Status status = RunCompaction(params, &result);
  EXPECT_TRUE(status.IsIncomplete());
  EXPECT_EQ(status.sub_code(), Status::SubCode::kManualCompactionPaused);
  EXPECT_EQ(FileCount(), files);
  EXPECT_TRUE(result.outputs.empty());
}

TEST_F(CompactionJobTest, DamagedInputLeavesNoFiles) {
  TestEntries entries;
  for (uint64_t i = 0; i < 20'000; ++i) entries.push_back({Key(i), i + 1, Kind::kPut, "v"});
  const std::vector<OutputTable> tables = Write(entries);
  AddTo(0, tables);
  AddTo(1, Write({{Key(5), 1, Kind::kPut, "old"}}));
  const std::string path = TableName(dir_, tables.front().meta.number);
  std::string bytes;
  ASSERT_TRUE(ReadWholeFile(FileSystem::Posix(), path, &bytes).ok());
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteWholeFile(FileSystem::Posix(), path, bytes, false).ok());
  const size_t files = FileCount();
  CompactionResult result;
  EXPECT_TRUE(Run(WholeLevel0(), &result).IsCorruption());
  EXPECT_EQ(FileCount(), files);
}

// ---- table output

TEST_F(CompactionJobTest, TablesAreCutBetweenUserKeys) {
  TestEntries entries;
  for (uint64_t key = 0; key < 20; ++key) {
    for (SeqNo seq = 1; seq <= 200; ++seq) entries.push_back({Key(key), seq, Kind::kPut, std::string(100, 'v')});
  }
  const std::vector<OutputTable> tables = Write(entries, {}, 30 << 10);
  EXPECT_GT(tables.size(), 5u);
  for (size_t i = 1; i < tables.size(); ++i) {
    EXPECT_LT(tables[i - 1].meta.largest.user_key(), tables[i].meta.smallest.user_key());
  }
}

TEST_F(CompactionJobTest, TombstonesAreClippedToTheTables) {
  TestEntries entries;
  for (uint64_t key = 100; key < 200; ++key) entries.push_back({Key(key), 5, Kind::kPut, std::string(1000, 'v')});
  RangeTombstones tombstones;
  tombstones.emplace_back(InternalKey(Key(0), 9, Kind::kRangeDelete), Key(300));
  tombstones.emplace_back(InternalKey(Key(150), 7, Kind::kRangeDelete), Key(151));
  const std::vector<OutputTable> tables = Write(entries, tombstones, 30 << 10);
  ASSERT_GT(tables.size(), 2u);
  EXPECT_EQ(tables.front().meta.smallest.Encode(), InternalKey(Key(0), 9, Kind::kRangeDelete).Encode());
  EXPECT_EQ(tables.back().meta.largest.Encode(), InternalKey(Key(300), kSeqMax, Kind::kRangeDelete).Encode());
  uint64_t range_deletions = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    range_deletions += tables[i].properties.range_deletions;
    EXPECT_EQ(tables[i].meta.largest_seq, 9u);
    if (i == 0) continue;
    EXPECT_EQ(tables[i - 1].meta.largest.Encode(),
              InternalKey(tables[i].meta.smallest.user_key(), kSeqMax, Kind::kRangeDelete).Encode());
  }
  EXPECT_EQ(range_deletions, tables.size() + 1);
  AddTo(1, tables);
  EXPECT_TRUE(Read().empty());
  EXPECT_EQ(Read(8).size(), 99u);  // the other one covers a key
  EXPECT_EQ(Write({}, tombstones).size(), 1u);
  EXPECT_TRUE(Write({}).empty());
}

TEST_F(CompactionJobTest, TablesEndAtGrandparentBorders) {
  TestVersions grandparents(4);
  for (uint64_t i = 0; i < 10; ++i) grandparents.Add(2, Key(i * 100), Key(i * 100 + 90), 200 << 10);
  TableOutputConfig config = OutputConfig();
  config.file_bytes_max = 100 << 10;
  config.grandparents = TablesBelow(grandparents.Build(), 2);
  TableOutput output(config);
  for (uint64_t key = 0; key < 1000; ++key) {
    ASSERT_TRUE(output.Add(InternalKey(Key(key), 5, Kind::kPut).Encode(), std::string(1000, 'v')).ok());
  }
  std::vector<OutputTable> tables;
  ASSERT_TRUE(output.Finish(&tables).ok());
  ASSERT_GE(tables.size(), 10u);
  for (size_t i = 0; i + 1 < tables.size(); ++i) {
    const std::string largest(tables[i].meta.largest.user_key());
    const std::string in_hundred = largest.substr(largest.size() - 2);
    EXPECT_TRUE(in_hundred == "90" || in_hundred == "99") << largest;
    EXPECT_GT(tables[i].meta.file_bytes, config.file_bytes_max / 2);
  }
}

// As RocksDB 7.8.3 wrote them into a MANIFEST, with the identities from the tables' properties.
TEST(UniqueIdTest, AgreesWithRocksDb) {
  const Slice db_id = "c7648a55-edff-409f-a227-9a2b68f70560";
  const Slice session_id = "88ZP8LY5G8GTH3HOCKU6";
  using Id = std::array<uint64_t, 2>;
  EXPECT_EQ(TableUniqueId(db_id, session_id, 9), (Id{6748590658708136062u, 18078839055726446363u}));
  EXPECT_EQ(TableUniqueId(db_id, session_id, 13), (Id{6748590658708136062u, 18078839055726446367u}));
}

TEST(UniqueIdTest, NeedsAllParts) {
  EXPECT_EQ(TableUniqueId("", "ABCDEFGHIJKLMNOPQRST", 7), (std::array<uint64_t, 2>{}));
  EXPECT_EQ(TableUniqueId("db", "SHORT", 7), (std::array<uint64_t, 2>{}));
  EXPECT_EQ(TableUniqueId("db", "ABCDEFGHIJKLMNOPQRST", 0), (std::array<uint64_t, 2>{}));
  EXPECT_EQ(TableUniqueId("db", "ABCDEFGHIJKLM.OPQRST", 7), (std::array<uint64_t, 2>{}));
}

}  // namespace

}  // namespace gneiss
