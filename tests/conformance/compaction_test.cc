// Compaction styles, priorities, ttl and periodic compactions, filters and their factories.

#include <rocksdb/compaction_filter.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Time that a case moves by hand.
class MovableTime : public EnvWrapper {
 public:
  MovableTime() : EnvWrapper(Env::Default()) {}
  Status GetCurrentTime(int64_t* seconds) override {
    const Status status = target()->GetCurrentTime(seconds);
    *seconds += ahead_;
    return status;
  }
  uint64_t NowMicros() override { return target()->NowMicros() + static_cast<uint64_t>(ahead_) * 1'000'000; }
  const char* Name() const override { return "MovableTime"; }
  void Move(int64_t seconds) { ahead_ += seconds; }

 private:
  std::atomic<int64_t> ahead_ = 0;
};

// Drops values "drop", rewrites "change", and counts.
class ValueFilter : public CompactionFilter {
 public:
  bool Filter(int, const Slice&, const Slice& value, std::string* new_value, bool* is_changed) const override {
    ++seen;
    if (value == "change") {
      *new_value = "changed";
      *is_changed = true;
    }
    return value == "drop";
  }
  const char* Name() const override { return "ValueFilter"; }
  mutable std::atomic<int> seen = 0;
};

// FilterV2 with each of its decisions, chosen by the value.
class DecidingFilter : public CompactionFilter {
 public:
  Decision FilterV2(int level, const Slice& key, ValueType type, const Slice& value, std::string* new_value,
                    std::string* skip_until) const override {
    if (type == ValueType::kMergeOperand) return value == "drop operand" ? Decision::kRemove : Decision::kKeep;
    if (value == "remove") return Decision::kRemove;
    if (value == "purge") return Decision::kPurge;
    if (value == "change") {
      *new_value = key.ToString() + "@" + (level >= 0 ? "level" : "?");
      return Decision::kChangeValue;
    }
    if (value == "skip to x") {
      *skip_until = "x";
      return Decision::kRemoveAndSkipUntil;
    }
    return Decision::kKeep;
  }
  const char* Name() const override { return "DecidingFilter"; }
};

class Factory : public CompactionFilterFactory {
 public:
  std::unique_ptr<CompactionFilter> CreateCompactionFilter(const CompactionFilter::Context& context) override {
    const std::lock_guard<std::mutex> lock(mutex);
    contexts.push_back(context);
    return std::make_unique<DecidingFilter>();
  }
  bool ShouldFilterTableFileCreation(TableFileCreationReason reason) const override {
    return reason == TableFileCreationReason::kCompaction || (reason == TableFileCreationReason::kFlush && at_flush);
  }
  const char* Name() const override { return "Factory"; }
  std::mutex mutex;
  std::vector<CompactionFilter::Context> contexts;
  bool at_flush = false;
};

}  // namespace

class CompactionTest : public DbTest {
 protected:
  int TableCount() { return static_cast<int>(FilesEndingIn(".sst").size()); }
  // `count` tables of 20 keys each, all with the same range.
  void PutOverlapping(int count, size_t value_bytes = 100) {
    for (int table = 0; table < count; ++table) {
      for (int i = 0; i < 20; ++i) {
        ASSERT_OK(Put(Key(i), RandomBytes(value_bytes, static_cast<uint32_t>(table * 100 + i))));
      }
      Flush();
    }
  }
};

// ---------------------------------------------------------------- leveled

class CompactionPriTest : public CompactionTest, public testing::WithParamInterface<CompactionPri> {};

TEST_P(CompactionPriTest, ManyLevelsKeepTheData) {
  options_.compaction_pri = GetParam();
  options_.write_buffer_size = 64 << 10;
  options_.target_file_size_base = 16 << 10;
  options_.max_bytes_for_level_base = 64 << 10;
  options_.max_bytes_for_level_multiplier = 2;
  options_.compression = kNoCompression;
  Open();
  for (int i = 0; i < 2000; ++i) {
    ASSERT_OK(Put(Key(i * 7 % 1000), RandomBytes(150, static_cast<uint32_t>(i))));
  }
  Flush();
  EXPECT_TRUE(Eventually([this] {
    return IntProperty(DB::Properties::kCompactionPending) == 0 &&
           IntProperty(DB::Properties::kNumRunningCompactions) == 0;
  }));
  for (int i = 1000; i < 2000; ++i) {
    ASSERT_EQ(RandomBytes(150, static_cast<uint32_t>(i)), Get(Key(i * 7 % 1000)));
  }
  EXPECT_GT(FilesAt(2) + FilesAt(3) + FilesAt(1), 2);
}

INSTANTIATE_TEST_SUITE_P(Each, CompactionPriTest,
                         testing::Values(kByCompensatedSize, kOldestLargestSeqFirst, kOldestSmallestSeqFirst,
                                         kMinOverlappingRatio, kRoundRobin));

TEST_F(CompactionTest, DynamicLevelBytesFillsTheLastLevelFirst) {
  options_.level_compaction_dynamic_level_bytes = true;
  Open();
  PutOverlapping(2);
  Compact();
  EXPECT_EQ("0,0,0,0,0,0,1", Levels());
}

TEST_F(CompactionTest, DynamicLevelBytesAddsLevelsAbove) {
  options_.level_compaction_dynamic_level_bytes = true;
  options_.max_bytes_for_level_base = 32 << 10;
  options_.target_file_size_base = 8 << 10;
  options_.level0_file_num_compaction_trigger = 2;
  options_.compression = kNoCompression;
  Open();
  for (int table = 0; table < 12; ++table) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_OK(Put(Key(i * 9 % 900 + table), RandomBytes(200, static_cast<uint32_t>(table * 1000 + i))));
    }
    Flush();
  }
  EXPECT_TRUE(Eventually([this] { return FilesAt(6) > 0 && IntProperty(DB::Properties::kBaseLevel) < 6; })) << Levels();
}

TEST_F(CompactionTest, ATwoLevelTreeWorks) {
  options_.num_levels = 2;
  options_.level0_file_num_compaction_trigger = 2;
  Open();
  PutOverlapping(4);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) < 2 && FilesAt(1) >= 1; })) << Levels();
  EXPECT_EQ(RandomBytes(100, 305), Get(Key(5)));
}

TEST_F(CompactionTest, LastLevelSequenceNumbersAreZeroed) {
  Open();
  PutOverlapping(2);
  Compact(Forced());
  std::vector<LiveFileMetaData> files;
  db()->GetLiveFilesMetaData(&files);
  ASSERT_EQ(1u, files.size());
  EXPECT_EQ(0u, files[0].smallest_seqno);
  EXPECT_EQ(0u, files[0].largest_seqno);
}

TEST_F(CompactionTest, PeriodicCompactionRewritesOldTables) {
  MovableTime time;
  options_.env = &time;
  options_.periodic_compaction_seconds = 1000;
  Open();
  PutOverlapping(1);
  Compact();
  const std::vector<std::string> before = FilesEndingIn(".sst");
  time.Move(2000);
  // Old tables are looked for when something else happens.
  PutTable({{"other", "1"}});
  EXPECT_TRUE(Eventually([&] {
    const std::vector<std::string> now = FilesEndingIn(".sst");
    return std::find(now.begin(), now.end(), before[0]) == now.end();
  }));
  EXPECT_EQ(RandomBytes(100, 5), Get(Key(5)));
  Close();
}

TEST_F(CompactionTest, TtlMovesOldDataDown) {
  MovableTime time;
  options_.env = &time;
  options_.ttl = 1000;
  options_.periodic_compaction_seconds = 0;
  Open();
  PutOverlapping(1);
  CompactRangeOptions to_level_two;
  to_level_two.change_level = true;
  to_level_two.target_level = 2;
  Compact(to_level_two);
  PutOverlapping(1);
  Compact();
  time.Move(2000);
  PutTable({{"other", "1"}});
  PutTable({{"other", "2"}});
  EXPECT_TRUE(Eventually([this] { return FilesAt(1) == 0; })) << Levels();
  Close();
}

// ---------------------------------------------------------------- universal

class UniversalTest : public CompactionTest {
 protected:
  UniversalTest() {
    options_.compaction_style = kCompactionStyleUniversal;
    options_.level0_file_num_compaction_trigger = 4;
  }
};

TEST_F(UniversalTest, RunsAreMergedAtTheTrigger) {
  Open();
  PutOverlapping(4);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) + FilesAt(6) < 4 && FilesAt(6) <= 1; })) << Levels();
  EXPECT_EQ(RandomBytes(100, 305), Get(Key(5)));
}

TEST_F(UniversalTest, OneLevelIsEnough) {
  options_.num_levels = 1;
  Open();
  PutOverlapping(8);
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) < 4; })) << Levels();
  EXPECT_EQ(RandomBytes(100, 705), Get(Key(5)));
}

TEST_F(UniversalTest, CompactRangeMakesOneRun) {
  options_.disable_auto_compactions = true;
  Open();
  PutOverlapping(3);
  Compact();
  EXPECT_EQ(0, FilesAt(0));
  EXPECT_EQ(1, FilesAt(6));
  EXPECT_EQ(RandomBytes(100, 205), Get(Key(5)));
}

TEST_F(UniversalTest, OptionsAreTaken) {
  options_.compaction_options_universal.size_ratio = 10;
  options_.compaction_options_universal.min_merge_width = 2;
  options_.compaction_options_universal.max_merge_width = 3;
  options_.compaction_options_universal.max_size_amplification_percent = 50;
  options_.compaction_options_universal.compression_size_percent = 50;
  options_.compaction_options_universal.stop_style = kCompactionStopStyleSimilarSize;
  options_.compaction_options_universal.allow_trivial_move = true;
  options_.compaction_options_universal.incremental = true;
  Open();
  PutOverlapping(9);
  EXPECT_TRUE(Eventually([this] { return IntProperty(DB::Properties::kCompactionPending) == 0; }));
  EXPECT_EQ(RandomBytes(100, 805), Get(Key(5)));
  const auto iterator = NewIterator();
  int count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++count;
  EXPECT_EQ(20, count);
}

// ---------------------------------------------------------------- FIFO

class FifoTest : public CompactionTest {
 protected:
  FifoTest() {
    options_.compaction_style = kCompactionStyleFIFO;
    options_.num_levels = 1;
    options_.compression = kNoCompression;
    options_.max_open_files = -1;
  }
};

TEST_F(FifoTest, TheOldestGoWhenTheSizeIsExceeded) {
  options_.compaction_options_fifo.max_table_files_size = 50'000;
  Open();
  for (int table = 0; table < 10; ++table) PutTable({{Key(table), RandomBytes(10'000, static_cast<uint32_t>(table))}});
  EXPECT_TRUE(Eventually([this] { return IntProperty(DB::Properties::kLiveSstFilesSize) <= 52'000; }));
  EXPECT_EQ("(none)", Get(Key(0)));
  EXPECT_EQ(RandomBytes(10'000, 9), Get(Key(9)));
}

TEST_F(FifoTest, TheOldGoAfterTheirTtl) {
  MovableTime time;
  options_.env = &time;
  options_.ttl = 1000;
  options_.compaction_options_fifo.max_table_files_size = 1 << 30;
  Open();
  PutTable({{"old", "1"}});
  time.Move(2000);
  PutTable({{"new", "1"}});
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) == 1; })) << Levels();
  EXPECT_EQ("(none)", Get("old"));
  EXPECT_EQ("1", Get("new"));
  Close();
}

TEST_F(FifoTest, SmallTablesAreMergedWhenAllowed) {
  options_.compaction_options_fifo.allow_compaction = true;
  options_.compaction_options_fifo.max_table_files_size = 1 << 30;
  options_.level0_file_num_compaction_trigger = 4;
  Open();
  for (int table = 0; table < 8; ++table) PutTable({{Key(table), "v"}});
  EXPECT_TRUE(Eventually([this] { return FilesAt(0) < 8; })) << Levels();
  for (int table = 0; table < 8; ++table) EXPECT_EQ("v", Get(Key(table)));
}

TEST_F(FifoTest, WithoutAllowCompactionTablesStay) {
  options_.compaction_options_fifo.max_table_files_size = 1 << 30;
  options_.level0_file_num_compaction_trigger = 2;
  Open();
  for (int table = 0; table < 5; ++table) PutTable({{Key(table), "v"}});
  EXPECT_EQ("5", Levels());
}

TEST_F(FifoTest, OldestKeyTimeIsEstimated) {
  options_.compaction_options_fifo.max_table_files_size = 1 << 30;
  Open();
  PutTable({{"a", "1"}});
  EXPECT_GT(IntProperty(DB::Properties::kEstimateOldestKeyTime), 1'600'000'000u);
}

// ---------------------------------------------------------------- filters

TEST_F(CompactionTest, AFilterDropsAndChanges) {
  ValueFilter filter;
  options_.compaction_filter = &filter;
  Open();
  PutTable({{"a", "keep"}, {"b", "drop"}, {"c", "change"}});
  EXPECT_EQ("a=keep b=drop c=change", Scan());  // a flush asks no filter
  EXPECT_EQ(0, filter.seen);
  Compact();
  EXPECT_EQ("a=keep c=changed", Scan());
  EXPECT_GE(filter.seen, 3);
  Close();
}

TEST_F(CompactionTest, AFilterSeesTheNewestVersionOnly) {
  ValueFilter filter;
  options_.compaction_filter = &filter;
  Open();
  PutTable({{"a", "drop"}, {"b", "1"}});
  PutTable({{"a", "keep"}, {"b", "2"}});
  Compact();
  EXPECT_EQ("a=keep b=2", Scan());
  Close();
}

TEST_F(CompactionTest, FilterDecisions) {
  DecidingFilter filter;
  options_.compaction_filter = &filter;
  Open();
  PutTable({{"a", "remove"}, {"b", "keep"}, {"c", "change"}, {"d", "skip to x"}, {"e", "1"}, {"w", "1"}, {"x", "1"}});
  Compact();
  EXPECT_EQ("b=keep c=c@level x=1", Scan());
  Close();
}

TEST_F(CompactionTest, FilterPurge) {
  DecidingFilter filter;
  options_.compaction_filter = &filter;
  Open();
  PutTable({{"a", "purge"}, {"b", "keep"}});
  Compact();
  EXPECT_EQ("b=keep", Scan());
  Close();
}

TEST_F(CompactionTest, FilterOnMergeOperands) {
  DecidingFilter filter;
  options_.compaction_filter = &filter;
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  ASSERT_OK(Merge("a", "1"));
  ASSERT_OK(Merge("a", "drop operand"));
  ASSERT_OK(Merge("a", "2"));
  const Snapshot* const snapshot = db()->GetSnapshot();
  db()->ReleaseSnapshot(snapshot);
  Flush();
  Compact(Forced());
  const std::string value = Get("a");
  EXPECT_TRUE(value == "1,2" || value == "1,drop operand,2") << value;
  Close();
}

// The deepest level is rewritten after the levels above have been merged into it.
TEST_F(CompactionTest, AManualCompactionShowsFiltersTheMergedValues) {
  class Watching : public CompactionFilter {
   public:
    const char* Name() const override { return "Watching"; }
    Decision FilterV2(int level, const Slice& key, ValueType type, const Slice& value, std::string* /*new_value*/,
                      std::string* /*skip_until*/) const override {
      seen += std::to_string(level) + (type == ValueType::kValue ? ":" : "+") + key.ToString() + "=" +
              value.ToString() + " ";
      return Decision::kKeep;
    }
    mutable std::string seen;
  };
  Watching filter;
  options_.compaction_filter = &filter;
  options_.disable_auto_compactions = true;
  ASSERT_OK(MergeOperator::CreateFromString(ConfigOptions(), "stringappend", &options_.merge_operator));
  Open();
  PutTable({{"a", "1"}});
  Compact();
  filter.seen.clear();
  ASSERT_OK(Merge("a", "2"));
  Flush();
  Compact();
  const bool sees_result = filter.seen.size() >= 8 && filter.seen.substr(filter.seen.size() - 8) == "1:a=1,2 ";
  EXPECT_TRUE(sees_result) << filter.seen;
  filter.seen.clear();
  PutTable({{"b", "3"}});
  CompactRangeOptions optimized;
  optimized.bottommost_level_compaction = BottommostLevelCompaction::kForceOptimized;
  Compact(optimized);
  // "b" went down in this very call: once is enough for it.
  EXPECT_EQ(filter.seen.find("b=3"), filter.seen.rfind("b=3")) << filter.seen;
  Close();
}

TEST_F(CompactionTest, FiltersForgetSnapshots) {
  // Since RocksDB 6.0 a filter is asked for keys that a snapshot still needs, too; the snapshot may then lose them.
  ValueFilter filter;
  options_.compaction_filter = &filter;
  Open();
  PutTable({{"a", "drop"}, {"b", "1"}});
  const Snapshot* const snapshot = db()->GetSnapshot();
  Compact();
  EXPECT_EQ("b=1", Scan());
  db()->ReleaseSnapshot(snapshot);
  Close();
}

TEST_F(CompactionTest, FactoriesMakeAFilterForEachJob) {
  const auto factory = std::make_shared<Factory>();
  options_.compaction_filter_factory = factory;
  Open();
  PutTable({{"a", "remove"}, {"b", "keep"}});
  EXPECT_TRUE(factory->contexts.empty());
  Compact();
  EXPECT_EQ("b=keep", Scan());
  ASSERT_GE(factory->contexts.size(), 1u);
  EXPECT_TRUE(factory->contexts[0].is_manual_compaction);
  EXPECT_TRUE(factory->contexts[0].is_full_compaction);
  EXPECT_EQ(0u, factory->contexts[0].column_family_id);
  EXPECT_EQ(TableFileCreationReason::kCompaction, factory->contexts[0].reason);
}

TEST_F(CompactionTest, FactoriesMayFilterFlushes) {
  const auto factory = std::make_shared<Factory>();
  factory->at_flush = true;
  options_.compaction_filter_factory = factory;
  Open();
  PutTable({{"a", "remove"}, {"b", "keep"}, {"c", "change"}});
  EXPECT_EQ("(none)", Get("a"));
  EXPECT_EQ("keep", Get("b"));
  EXPECT_EQ("c@", Get("c").substr(0, 2));
  ASSERT_EQ(1u, factory->contexts.size());
  EXPECT_EQ(TableFileCreationReason::kFlush, factory->contexts[0].reason);
  EXPECT_FALSE(factory->contexts[0].is_manual_compaction);
}

TEST_F(CompactionTest, TheFilterWinsOverTheFactory) {
  ValueFilter filter;
  const auto factory = std::make_shared<Factory>();
  options_.compaction_filter = &filter;
  options_.compaction_filter_factory = factory;
  Open();
  PutTable({{"a", "drop"}, {"b", "remove"}});
  Compact();
  EXPECT_EQ("b=remove", Scan());
  EXPECT_TRUE(factory->contexts.empty());
  Close();
}

}  // namespace gneiss::conformance
