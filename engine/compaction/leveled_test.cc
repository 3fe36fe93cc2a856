// Choices on hand-made versions: targets, scores and which tables are taken.
#include <gtest/gtest.h>

#include "engine/compaction/choose.h"
#include "engine/compaction/compaction_job.h"
#include "engine/compaction/compaction_test_util.h"

namespace gneiss {

namespace {

constexpr uint64_t kMiB = TestVersions::kMiB;
constexpr uint64_t kNow = 1'000'000;

std::vector<uint64_t> Numbers(const Tables& tables) {
  std::vector<uint64_t> numbers;
  for (const TableFilePtr& table : tables) numbers.push_back(table->meta().number);
  return numbers;
}

using NumberList = std::vector<uint64_t>;

struct Chosen {
  std::optional<CompactionWork> work;
  CompactionState state;
  NumberList InputOf(int level) const {
    for (const CompactionInput& input : work->inputs) {
      if (input.level == level) return Numbers(input.tables);
    }
    return {};
  }
};

Chosen Choose(const Version& version, const CompactionConfig& config, const SeqLimits& limits = {},
              CompactCursors* cursors = nullptr) {
  Chosen chosen;
  chosen.state = ComputeCompactionState(version, config, kNow, limits);
  chosen.work = ChooseCompaction(version, chosen.state, config, kNow, cursors);
  return chosen;
}

// 10 MiB in level 1, ten times more in each further one.
CompactionConfig SmallConfig() {
  CompactionConfig config;
  config.level_base_bytes_max = 10 * kMiB;
  config.target_file_bytes_base = kMiB;
  config.compression = Compression::kNone;
  return config;
}

TEST(CompactionStateTest, StaticTargets) {
  TestVersions versions(5);
  CompactionConfig config = SmallConfig();
  EXPECT_EQ(ComputeCompactionState(versions.Build(), config, kNow).level_target_bytes,
            (NumberList{10 * kMiB, 10 * kMiB, 100 * kMiB, 1000 * kMiB, 10000 * kMiB}));
  config.level_bytes_multiplier_additional = {1, 2, 3};
  EXPECT_EQ(ComputeCompactionState(versions.Build(), config, kNow).level_target_bytes,
            (NumberList{10 * kMiB, 10 * kMiB, 200 * kMiB, 6000 * kMiB, 60000 * kMiB}));
}

TEST(CompactionStateTest, DynamicTargetsCountFromTheLastLevel) {
  CompactionConfig config = SmallConfig();
  config.level_compaction_dynamic_level_bytes = true;
  TestVersions versions(5);
  EXPECT_EQ(ComputeCompactionState(versions.Build(), config, kNow).base_level, 4);
  versions.Add(4, "a", "b", 200 * kMiB);
  const CompactionState state = ComputeCompactionState(versions.Build(), config, kNow);
  // 200 in the last level, 20 would be more than the base allows above it, so level 2 gets 2, raised to the base.
  EXPECT_EQ(state.base_level, 2);
  EXPECT_EQ(state.level_target_bytes, (NumberList{UINT64_MAX, UINT64_MAX, 10 * kMiB, 20 * kMiB, 200 * kMiB}));
}

TEST(CompactionStateTest, ScoresAndPendingBytes) {
  TestVersions versions(4);
  versions.Add(0, "a", "z");
  versions.Add(0, "a", "z");
  versions.Add(1, "a", "m", 15 * kMiB);
  versions.Add(2, "a", "m", 60 * kMiB);
  const CompactionState state = ComputeCompactionState(versions.Build(), SmallConfig(), kNow);
  ASSERT_EQ(state.scores.size(), 3u);
  EXPECT_EQ(state.scores[0].level, 1);
  EXPECT_DOUBLE_EQ(state.scores[0].score, 1.5);
  EXPECT_EQ(state.scores[1].level, 2);
  EXPECT_DOUBLE_EQ(state.scores[1].score, 0.6);
  EXPECT_DOUBLE_EQ(state.scores[2].score, 0.5);
  // 5 MiB too many in level 1, each met by 60/15 bytes of level 2.
  EXPECT_EQ(state.pending_bytes, 25 * kMiB);
}

TEST(LeveledTest, NothingToDo) {
  TestVersions versions(4);
  EXPECT_FALSE(Choose(versions.Build(), SmallConfig()).work);
  versions.Add(0, "a", "z");
  versions.Add(1, "a", "z", 9 * kMiB);
  EXPECT_FALSE(Choose(versions.Build(), SmallConfig()).work);
}

TEST(LeveledTest, AllOfLevel0GoesToTheBaseLevel) {
  TestVersions versions(4);
  for (int i = 0; i < 4; ++i) versions.Add(0, "c", "m");
  versions.Add(1, "a", "b");
  versions.Add(1, "d", "e");
  versions.Add(1, "m", "n");
  versions.Add(1, "o", "p");
  versions.Add(2, "a", "z");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{4, 3, 2, 1}));
  EXPECT_EQ(chosen.InputOf(1), (NumberList{6, 7}));
  EXPECT_EQ(chosen.work->output_level, 1);
  EXPECT_EQ(chosen.work->type, CompactionWork::Type::kMerge);
  EXPECT_STREQ(chosen.work->reason, "LevelL0FilesNum");
  EXPECT_EQ(chosen.work->reason_number, 1);
  EXPECT_FALSE(chosen.work->is_bottommost);
  EXPECT_EQ(Numbers(chosen.work->grandparents), (NumberList{9}));
}

TEST(LeveledTest, DisjointLevel0TablesMoveIntoAnEmptyLevel) {
  TestVersions versions(4);
  versions.Add(0, "a", "b");
  versions.Add(0, "e", "f");
  versions.Add(0, "c", "d");
  versions.Add(0, "g", "h");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.work->type, CompactionWork::Type::kMove);
  versions.Apply(EditOfMoveOrDrop(*chosen.work));
  EXPECT_EQ(versions.version()->level(1).table_count, 4u);
}

TEST(LeveledTest, OldestLevel0TablesMoveWhereNothingOverlaps) {
  TestVersions versions(4);
  versions.Add(0, "p", "q");
  versions.Add(0, "n", "o");
  versions.Add(0, "a", "c");
  versions.Add(0, "x", "y");
  versions.Add(1, "b", "d");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.work->type, CompactionWork::Type::kMove);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{2, 1}));
}

TEST(LeveledTest, BlockedLevel0MergesWithinItself) {
  TestVersions versions(4);
  for (int i = 0; i < 4; ++i) versions.Add(0, "a", "z");
  versions.Add(1, "a", "z");
  const Chosen first = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(first.work);
  first.work->MarkInputs(true);
  EXPECT_FALSE(Choose(*versions.version(), SmallConfig()).work);
  for (int i = 0; i < 5; ++i) versions.Add(0, "a", "z");
  const Chosen second = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(second.work);
  EXPECT_EQ(second.work->output_level, 0);
  EXPECT_EQ(second.InputOf(0), (NumberList{10, 9, 8, 7, 6}));
  EXPECT_FALSE(second.work->is_bottommost);  // older tables of level 0 remain
  EXPECT_EQ(second.work->output_file_bytes_max, UINT64_MAX);
}

TEST(LeveledTest, Level0GoesDownOneCompactionAtATime) {
  TestVersions versions(4);
  for (int i = 0; i < 4; ++i) versions.Add(0, "a", "z");
  const Chosen first = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(first.work);
  first.work->MarkInputs(true);  // into an empty level: nothing there is busy
  for (int i = 0; i < 4; ++i) versions.Add(0, "a", "z");
  const Chosen second = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(second.work);
  EXPECT_EQ(second.work->output_level, 0);
  EXPECT_EQ(second.InputOf(0), (NumberList{8, 7, 6, 5}));
}

TEST(LeveledTest, IngestedTablesNewerThanTheMemtableStayOutOfLevel0Merges) {
  TestVersions versions(4);
  versions.Add(1, "a", "z");
  versions.Build();
  versions.Find(1)->is_being_compacted = true;
  for (int i = 0; i < 8; ++i) versions.Add(0, "a", "z");
  const Chosen chosen = Choose(versions.Build(), SmallConfig(), {.earliest_unflushed = 860});
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{8, 7, 6, 5, 4, 3, 2}));  // not 9, which reaches up to 950
}

TEST(LeveledTest, TheTableWithTheLeastOverlapGoesFirst) {
  TestVersions versions(4);
  versions.Add(1, "a", "c", 4 * kMiB);
  versions.Add(1, "d", "f", 4 * kMiB);
  versions.Add(1, "g", "i", 4 * kMiB);
  versions.Add(2, "a", "b", 4 * kMiB);
  versions.Add(2, "c", "d", 4 * kMiB);
  versions.Add(2, "e", "h", 2 * kMiB);
  versions.Add(3, "a", "z");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(1), (NumberList{3}));
  EXPECT_EQ(chosen.InputOf(2), (NumberList{6}));
  EXPECT_STREQ(chosen.work->reason, "LevelMaxLevelSize");
  CompactionConfig config = SmallConfig();
  config.priority = CompactionPriority::kOldestSmallestSeqFirst;
  EXPECT_EQ(Choose(*versions.version(), config).InputOf(1), (NumberList{1}));
}

TEST(LeveledTest, BusyTablesAreLeftAlone) {
  TestVersions versions(3);
  versions.Add(1, "a", "c", 8 * kMiB);
  versions.Add(1, "d", "f", 8 * kMiB);
  versions.Add(1, "g", "i", 12 * kMiB);
  versions.Add(2, "a", "d");
  const Version& version = versions.Build();
  const Chosen first = Choose(version, SmallConfig());
  ASSERT_TRUE(first.work);
  EXPECT_EQ(first.InputOf(1), (NumberList{3}));  // nothing overlaps: a move
  EXPECT_EQ(first.work->type, CompactionWork::Type::kMove);
  first.work->MarkInputs(true);
  const Chosen second = Choose(version, SmallConfig());
  ASSERT_TRUE(second.work);
  second.work->MarkInputs(true);
  EXPECT_FALSE(Choose(version, SmallConfig()).work);
}

TEST(LeveledTest, InputGrowsWhileTheOutputSpanStaysTheSame) {
  TestVersions versions(4);
  versions.Add(1, "b", "c", 6 * kMiB);
  versions.Add(1, "d", "e", 4 * kMiB);
  versions.Add(1, "f", "g", 4 * kMiB);
  versions.Add(2, "a", "h", kMiB);
  versions.Add(3, "a", "z");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(1), (NumberList{1, 2, 3}));
  // No further than the limit allows.
  CompactionConfig config = SmallConfig();
  config.compaction_bytes_max = 12 * kMiB;
  EXPECT_EQ(Choose(*versions.version(), config).InputOf(1), (NumberList{1}));
}

// RocksDB may have written two tables of a level that share a user key: both go, or older versions would come above.
TEST(LeveledTest, TablesThatShareAUserKeyGoTogether) {
  TestVersions versions(4);
  versions.Add(1, "a", "c", 6 * kMiB).largest = InternalKey("c", 90, Kind::kPut);
  versions.Add(1, "c", "e", 6 * kMiB).smallest = InternalKey("c", 80, Kind::kPut);
  versions.Add(2, "a", "b", 6 * kMiB);
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(1), (NumberList{1, 2}));
}

// A largest key that is the excluded end of a range tombstone does not bind the next table.
TEST(LeveledTest, RangeTombstoneEndIsACleanCut) {
  TestVersions versions(4);
  versions.Add(1, "a", "c", 6 * kMiB).largest = InternalKey("c", kSeqMax, Kind::kRangeDelete);
  versions.Add(1, "c", "e", 7 * kMiB);
  versions.Add(2, "a", "b", kMiB);
  versions.Add(2, "d", "e", kMiB);
  versions.Add(3, "a", "z");
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(1), (NumberList{2}));
  EXPECT_EQ(chosen.InputOf(2), (NumberList{4}));
}

TEST(LeveledTest, MovesSeveralTablesAtOnce) {
  TestVersions versions(3);
  for (char key = 'a'; key < 'h'; ++key) versions.Add(1, std::string(1, key), std::string(1, key) + "1", 2 * kMiB);
  const Chosen chosen = Choose(versions.Build(), SmallConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.work->type, CompactionWork::Type::kMove);
  EXPECT_EQ(chosen.InputOf(1), (NumberList{1, 2, 3, 4}));
}

TEST(LeveledTest, NoMoveWhereItWouldCostALargeMergeOrChangeCompression) {
  TestVersions versions(4);
  versions.Add(1, "a", "c", 12 * kMiB);
  for (char key = 'a'; key < 'd'; ++key) {
    versions.Add(3, std::string(1, key), std::string(1, key) + "1", 10 * kMiB);
  }
  CompactionConfig config = SmallConfig();
  EXPECT_EQ(Choose(versions.Build(), config).work->type, CompactionWork::Type::kMerge);
  config.compaction_bytes_max = 100 * kMiB;
  EXPECT_EQ(Choose(*versions.version(), config).work->type, CompactionWork::Type::kMove);
  config.compression_per_level = {Compression::kNone, Compression::kNone, Compression::kSnappy};
  EXPECT_EQ(Choose(*versions.version(), config).work->type, CompactionWork::Type::kMerge);
}

TEST(LeveledTest, RoundRobinGoesOnFromTheCursor) {
  TestVersions versions(3);
  CompactionConfig config = SmallConfig();
  config.priority = CompactionPriority::kRoundRobin;
  config.compaction_bytes_max = 6 * kMiB;
  for (char key = 'a'; key < 'e'; ++key) versions.Add(1, std::string(1, key), std::string(1, key) + "1", 5 * kMiB);
  for (char key = 'a'; key < 'e'; ++key) versions.Add(2, std::string(1, key), std::string(1, key) + "1", 5 * kMiB);
  CompactCursors cursors;
  NumberList order;
  const Version& version = versions.Build();
  for (int i = 0; i < 5; ++i) order.push_back(Choose(version, config, {}, &cursors).InputOf(1).front());
  EXPECT_EQ(order, (NumberList{1, 2, 3, 4, 1}));
}

TEST(LeveledTest, MarkedExpiredPeriodicAndBottommostTables) {
  CompactionConfig config = SmallConfig();
  {
    TestVersions versions(4);
    versions.Add(1, "a", "c").is_marked_for_compaction = true;
    versions.Add(2, "a", "c").is_marked_for_compaction = true;  // the last level: nowhere to go
    const Chosen chosen = Choose(versions.Build(), config);
    ASSERT_TRUE(chosen.work);
    EXPECT_STREQ(chosen.work->reason, "FilesMarkedForCompaction");
    EXPECT_EQ(chosen.InputOf(1), (NumberList{1}));
  }
  TestVersions versions(4);
  versions.Add(1, "a", "c").oldest_ancestor_unix_seconds = kNow - 200;
  versions.Add(2, "a", "c").oldest_ancestor_unix_seconds = kNow - 200;
  EXPECT_FALSE(Choose(versions.Build(), config).work);
  config.ttl_seconds = 100;
  const Chosen expired = Choose(*versions.version(), config);
  ASSERT_TRUE(expired.work);
  EXPECT_STREQ(expired.work->reason, "Ttl");
  EXPECT_EQ(expired.work->output_level, 2);
  config.ttl_seconds = 0;
  config.periodic_seconds = 100;
  const Chosen periodic = Choose(*versions.version(), config);
  ASSERT_TRUE(periodic.work);
  EXPECT_STREQ(periodic.work->reason, "PeriodicCompaction");
  EXPECT_EQ(periodic.work->output_level, 1);
  EXPECT_EQ(periodic.work->InputTableCount(), 1u);
  config.periodic_seconds = 0;
  const Chosen bottommost = Choose(*versions.version(), config, {.oldest_snapshot = 1000});
  ASSERT_TRUE(bottommost.work);
  EXPECT_STREQ(bottommost.work->reason, "BottommostFiles");
  EXPECT_EQ(bottommost.InputOf(2), (NumberList{2}));
  EXPECT_TRUE(bottommost.work->is_bottommost);
}

TEST(LeveledTest, TargetFileBytesGrowByLevel) {
  CompactionConfig config = SmallConfig();
  config.target_file_bytes_multiplier = 3;
  TestVersions versions(5);
  versions.Add(2, "a", "c", 120 * kMiB);
  versions.Add(3, "a", "c", kMiB);
  EXPECT_EQ(Choose(versions.Build(), config).work->output_file_bytes_max, 9 * kMiB);
}

// ---- manual

struct Manual {
  std::optional<CompactionWork> work;
  std::optional<InternalKey> resume_from;
  bool conflict = false;
};

Manual ChooseRange(const Version& version, const CompactionConfig& config, ManualRequest request, const char* begin,
                   const char* end, const SeqLimits& limits = {}) {
  const Slice begin_key = begin != nullptr ? begin : "";
  const Slice end_key = end != nullptr ? end : "";
  if (begin != nullptr) request.begin_user_key = &begin_key;
  if (end != nullptr) request.end_user_key = &end_key;
  Manual manual;
  const CompactionState state = ComputeCompactionState(version, config, kNow, limits);
  manual.work = ChooseManual(version, config, state, request, &manual.resume_from, &manual.conflict);
  return manual;
}

TEST(ManualTest, Level0TakesAllThatTouch) {
  TestVersions versions(4);
  versions.Add(0, "a", "c");
  versions.Add(0, "c", "e");
  versions.Add(0, "x", "z");
  versions.Add(1, "a", "z");
  const Version& version = versions.Build();
  const Manual manual = ChooseRange(version, SmallConfig(), {}, "d", "f");
  ASSERT_TRUE(manual.work);
  EXPECT_EQ(Numbers(manual.work->inputs[0].tables), (NumberList{2, 1}));
  EXPECT_TRUE(manual.work->is_manual);
  EXPECT_STREQ(manual.work->reason, "ManualCompaction");
  EXPECT_FALSE(manual.resume_from);
  EXPECT_FALSE(ChooseRange(version, SmallConfig(), {}, "p", "q").work);
  versions.Find(3)->is_being_compacted = true;
  const Manual blocked = ChooseRange(version, SmallConfig(), {}, "d", "f");
  EXPECT_FALSE(blocked.work);
  EXPECT_TRUE(blocked.conflict);
}

TEST(ManualTest, DeeperLevelsGoInPieces) {
  TestVersions versions(4);
  for (char key = 'a'; key < 'g'; ++key) versions.Add(1, std::string(1, key), std::string(1, key) + "1", 2 * kMiB);
  versions.Add(2, "a", "z", kMiB);
  const Version& version = versions.Build();
  const ManualRequest request{.input_level = 1, .output_level = 2, .compaction_bytes_max = 4 * kMiB};
  const Manual first = ChooseRange(version, SmallConfig(), request, "b", nullptr);
  ASSERT_TRUE(first.work);
  EXPECT_EQ(Numbers(first.work->inputs[0].tables), (NumberList{2, 3}));
  ASSERT_TRUE(first.resume_from);
  EXPECT_EQ(first.resume_from->user_key(), "d");
  const Manual last = ChooseRange(version, SmallConfig(), request, "f", nullptr);
  ASSERT_TRUE(last.work);
  EXPECT_FALSE(last.resume_from);
}

TEST(ManualTest, InPlaceSkipsWhatItWroteItself) {
  TestVersions versions(4);
  for (char key = 'a'; key < 'f'; ++key) versions.Add(1, std::string(1, key), std::string(1, key) + "1");
  const ManualRequest request{.input_level = 1, .output_level = 1, .ignored_tables_from_number = 4};
  const Manual manual = ChooseRange(versions.Build(), SmallConfig(), request, nullptr, nullptr);
  ASSERT_TRUE(manual.work);
  EXPECT_EQ(Numbers(manual.work->inputs[0].tables), (NumberList{1, 2, 3}));
  EXPECT_EQ(manual.work->type, CompactionWork::Type::kMerge);
  const ManualRequest rest{.input_level = 1, .output_level = 1, .ignored_tables_from_number = 1};
  EXPECT_FALSE(ChooseRange(*versions.version(), SmallConfig(), rest, nullptr, nullptr).work);
}

// ---- universal

CompactionConfig UniversalConfig() {
  CompactionConfig config = SmallConfig();
  config.style = CompactionStyle::kUniversal;
  return config;
}

TEST(UniversalTest, SizeAmplificationMergesAll) {
  TestVersions versions(4);
  for (int i = 0; i < 3; ++i) versions.Add(0, "a", "z", 4 * kMiB);
  versions.Add(3, "a", "z", 5 * kMiB);
  const Chosen chosen = Choose(versions.Build(), UniversalConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_STREQ(chosen.work->reason, "UniversalSizeAmplification");
  EXPECT_EQ(chosen.work->output_level, 3);
  EXPECT_EQ(chosen.work->InputTableCount(), 4u);
  EXPECT_TRUE(chosen.work->is_bottommost);
  EXPECT_TRUE(chosen.work->is_full);
}

TEST(UniversalTest, SizeRatioMergesARowOfNewRuns) {
  TestVersions versions(4);
  versions.Add(3, "a", "z", 100 * kMiB);
  versions.Add(2, "a", "z", 20 * kMiB);
  versions.Add(0, "a", "z", 2 * kMiB);
  versions.Add(0, "a", "z", kMiB);
  versions.Add(0, "a", "z", kMiB);
  const Chosen chosen = Choose(versions.Build(), UniversalConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_STREQ(chosen.work->reason, "UniversalSizeRatio");
  EXPECT_EQ(chosen.InputOf(0), (NumberList{5, 4, 3}));
  EXPECT_EQ(chosen.work->output_level, 1);
  EXPECT_FALSE(chosen.work->is_bottommost);
}

TEST(UniversalTest, TooManyRunsMergeWhateverTheirSize) {
  TestVersions versions(4);
  for (uint64_t mib : {5000, 500, 90, 14, 1}) versions.Add(0, "a", "z", mib * kMiB);
  const Chosen chosen = Choose(versions.Build(), UniversalConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_STREQ(chosen.work->reason, "UniversalSortedRunNum");
  EXPECT_EQ(chosen.InputOf(0), (NumberList{5, 4}));
  EXPECT_EQ(chosen.work->output_level, 0);
}

TEST(UniversalTest, NewRunsStayRawWhileOlderOnesHoldTheShare) {
  TestVersions versions(4);
  versions.Add(3, "a", "z", 100 * kMiB);
  for (int i = 0; i < 4; ++i) versions.Add(0, "a", "z", kMiB);
  CompactionConfig config = UniversalConfig();
  EXPECT_FALSE(Choose(versions.Build(), config).work->disables_compression);
  config.universal_compression_size_percent = 50;
  EXPECT_TRUE(Choose(*versions.version(), config).work->disables_compression);
}

// Table 3 was flushed, 4 and 5 were ingested while its entries were in memory.
void AddEnclosedTables(TestVersions* versions) {
  for (int i = 0; i < 3; ++i) versions->Add(0, "a", "z");
  for (SeqNo seq : {320, 330}) {
    TableMeta& ingested = versions->Add(0, "a", "z");
    ingested.smallest_seq = ingested.largest_seq = seq;
  }
}

TEST(UniversalTest, IngestedTablesMergeWithWhatWasInMemoryBeforeThem) {
  TestVersions versions(1);
  AddEnclosedTables(&versions);
  CompactionConfig config = UniversalConfig();
  config.level0_compaction_trigger = 3;
  versions.Build();
  versions.Find(3)->is_being_compacted = true;  // without it, neither 4 nor 5 may begin a row: only 2 may
  const Chosen chosen = Choose(*versions.version(), config);
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{2, 1}));
  versions.Find(3)->is_being_compacted = false;
  EXPECT_EQ(Choose(*versions.version(), config).InputOf(0), (NumberList{3, 5, 4, 2, 1}));
}

TEST(UniversalTest, IngestedTablesNewerThanMemoryMergeOnlyIntoDeeperLevels) {
  for (const int level_count : {1, 4}) {
    TestVersions versions(level_count);
    for (int i = 0; i < 5; ++i) versions.Add(0, "a", "z");
    const SeqLimits limits{.earliest_unflushed = 410};  // 4 and 5 reach further
    const Chosen chosen = Choose(versions.Build(), UniversalConfig(), limits);
    ASSERT_TRUE(chosen.work);
    EXPECT_EQ(chosen.InputOf(0), level_count == 1 ? (NumberList{3, 2, 1}) : (NumberList{5, 4, 3, 2, 1}));
    const Manual all = ChooseRange(*versions.version(), UniversalConfig(), {}, nullptr, nullptr, limits);
    ASSERT_TRUE(all.work);
    EXPECT_EQ(Numbers(all.work->inputs.front().tables), chosen.InputOf(0));
    // Nothing that would pass by waiting bars it.
    const Manual none =
        ChooseRange(*versions.version(), UniversalConfig(), {}, nullptr, nullptr, {.earliest_unflushed = 90});
    EXPECT_EQ(none.work.has_value(), level_count > 1);
    EXPECT_FALSE(none.conflict);
  }
}

TEST(UniversalTest, AMarkedTableOfOneLevelTakesAlongWhatEnclosesIt) {
  TestVersions versions(1);
  AddEnclosedTables(&versions);
  versions.Build();
  CompactionConfig config = UniversalConfig();
  config.level0_compaction_trigger = 10;
  CompactionState state = ComputeCompactionState(*versions.version(), config, kNow, {});
  state.marked = {{0, versions.Find(4)}};
  const auto work = ChooseCompaction(*versions.version(), state, config, kNow, nullptr);
  ASSERT_TRUE(work);
  EXPECT_EQ(Numbers(work->inputs.front().tables), (NumberList{3, 5, 4, 2, 1}));
  state.limits.earliest_unflushed = 305;
  EXPECT_FALSE(ChooseCompaction(*versions.version(), state, config, kNow, nullptr));
}

TEST(ChosenFilesTest, AMergeWithinLevel0TakesAlongWhatEnclosesIt) {
  TestVersions versions(4);
  AddEnclosedTables(&versions);
  versions.Build();
  const FilesRequest request{.family_name = "default", .table_numbers = {4, 5}, .output_level = 0};
  CompactionState state = ComputeCompactionState(*versions.version(), UniversalConfig(), kNow, {});
  CompactionWork work;
  ASSERT_EQ(ChooseFiles(*versions.version(), UniversalConfig(), state, request, &work).ToString(), "OK");
  EXPECT_EQ(Numbers(work.inputs.front().tables), (NumberList{3, 5, 4}));
  state.limits.earliest_unflushed = 325;
  const Status status = ChooseFiles(*versions.version(), UniversalConfig(), state, request, &work);
  EXPECT_EQ(status.code(), Status::Code::kAborted) << status.ToString();
}

// ---- FIFO

CompactionConfig FifoConfig() {
  CompactionConfig config = SmallConfig();
  config.style = CompactionStyle::kFifo;
  config.fifo_max_table_bytes = 10 * kMiB;
  return config;
}

TEST(FifoTest, OldestTablesGoWhenTheWholeIsTooLarge) {
  TestVersions versions(1);
  for (int i = 0; i < 5; ++i) versions.Add(0, "a", "z", 2 * kMiB);
  EXPECT_FALSE(Choose(versions.Build(), FifoConfig()).work);
  versions.Add(0, "a", "z", 3 * kMiB);
  const Chosen chosen = Choose(versions.Build(), FifoConfig());
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.work->type, CompactionWork::Type::kDrop);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{2, 1}));
  EXPECT_STREQ(chosen.work->reason, "FIFOMaxSize");
  versions.Apply(EditOfMoveOrDrop(*chosen.work));
  EXPECT_EQ(versions.version()->TableCount(), 4u);
}

TEST(FifoTest, ExpiredTablesGo) {
  TestVersions versions(1);
  for (uint64_t age : {300, 250, 50}) versions.Add(0, "a", "z").oldest_ancestor_unix_seconds = kNow - age;
  CompactionConfig config = FifoConfig();
  config.ttl_seconds = 200;
  const Chosen chosen = Choose(versions.Build(), config);
  ASSERT_TRUE(chosen.work);
  EXPECT_EQ(chosen.InputOf(0), (NumberList{2, 1}));
  EXPECT_STREQ(chosen.work->reason, "FIFOTtl");
}

TEST(FifoTest, SmallTablesMergeWhenAllowed) {
  TestVersions versions(1);
  for (int i = 0; i < 5; ++i) versions.Add(0, "a", "z");
  CompactionConfig config = FifoConfig();
  EXPECT_FALSE(Choose(versions.Build(), config).work);
  config.fifo_allow_compaction = true;
  const Chosen chosen = Choose(*versions.version(), config);
  ASSERT_TRUE(chosen.work);
  EXPECT_STREQ(chosen.work->reason, "FIFOReduceNumFiles");
  EXPECT_EQ(chosen.work->InputTableCount(), 5u);
}

TEST(CompressionTest, PerLevelCountsFromTheBaseLevel) {
  CompactionConfig config;
  EXPECT_EQ(CompressionFor(config, 3, 1, true), Compression::kSnappy);
  config.compression_per_level = {Compression::kNone, Compression::kLz4, Compression::kZstd};
  EXPECT_EQ(CompressionFor(config, 0, 4, false), Compression::kNone);
  EXPECT_EQ(CompressionFor(config, 4, 4, false), Compression::kLz4);
  EXPECT_EQ(CompressionFor(config, 5, 4, false), Compression::kZstd);
  EXPECT_EQ(CompressionFor(config, 6, 4, false), Compression::kZstd);
  config.has_bottommost_compression = true;
  config.bottommost_compression = Compression::kZlib;
  EXPECT_EQ(CompressionFor(config, 6, 4, true), Compression::kZlib);
}

}  // namespace

}  // namespace gneiss
