// Lets the choices run a small database that exists only as sets of (key, seq): entries are written to memory and
// flushed, tables are ingested, chosen, merged and installed in random order with several compactions at a time. After
// each install every key must still read as its newest write, no table may be taken twice, no run may overlap and level
// 0 must be in the order of its sequence numbers (Version::Apply checks these two).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/compaction/choose.h"
#include "engine/compaction/compaction_job.h"
#include "engine/compaction/compaction_test_util.h"

namespace gneiss {

namespace {

using Entries = std::map<int, SeqNo>;  // one entry per user key

constexpr int kKeys = 400;
constexpr uint64_t kEntryBytes = 1 << 10;

std::string KeyName(int key) {
  char name[8];
  std::snprintf(name, sizeof(name), "%04d", key);
  return name;
}

class Simulation {
 public:
  Simulation(const CompactionConfig& config, int level_count, uint64_t seed)
      : config_(config), random_(seed), versions_(level_count) {}

  void Write() {
    for (const int key : RandomKeys()) {
      memory_[key] = ++seq_;
      newest_[key] = seq_;
      first_seq_in_memory_ = std::min(first_seq_in_memory_, seq_);
    }
  }

  void Flush() {
    if (memory_.empty()) return;
    VersionEdit edit;
    AddTable(0, memory_, &edit);
    memory_.clear();
    first_seq_in_memory_ = kSeqMax;
    Install(edit);
  }

  // A table from outside: one sequence number, newer than what is in memory, which it does not overlap.
  void Ingest() {
    const std::set<int> keys = RandomKeys();
    if (memory_.lower_bound(*keys.begin()) != memory_.upper_bound(*keys.rbegin())) Flush();
    Entries entries;
    ++seq_;
    for (const int key : keys) newest_[key] = entries[key] = seq_;
    VersionEdit edit;
    AddTable(0, entries, &edit);
    Install(edit);
  }

  // Chooses and begins one compaction; false when there is none to choose.
  bool Begin() {
    const Version& version = *versions_.version();
    const SeqLimits limits{.oldest_snapshot = 0, .earliest_unflushed = first_seq_in_memory_};
    const CompactionState state = ComputeCompactionState(version, config_, 1, limits);
    auto work = ChooseCompaction(version, state, config_, 1, &cursors_);
    if (!work) return false;
    for (const CompactionInput& input : work->inputs) {
      EXPECT_FALSE(IsBusy(input.tables));
      EXPECT_FALSE(input.tables.empty());
    }
    for (size_t i = 1; i < work->inputs.size(); ++i) {
      EXPECT_LT(work->inputs[i - 1].level, work->inputs[i].level);
    }
    work->MarkInputs(true);
    running_.push_back(std::move(*work));
    return true;
  }

  void FinishOne() {
    const size_t at = random_.Uniform(running_.size());
    const CompactionWork work = std::move(running_[at]);
    running_.erase(running_.begin() + static_cast<ptrdiff_t>(at));
    VersionEdit edit;
    if (work.type == CompactionWork::Type::kMerge) {
      edit = Merge(work);
    } else {
      edit = EditOfMoveOrDrop(work);
    }
    work.MarkInputs(false);
    Install(edit);
    ++finished_;
  }

  size_t RunningCount() const { return running_.size(); }
  size_t FinishedCount() const { return finished_; }
  const Version& version() const { return *versions_.version(); }
  Random* random() { return &random_; }

 private:
  std::set<int> RandomKeys() {
    std::set<int> keys;
    const int begin = static_cast<int>(random_.Uniform(kKeys));
    const int spread = std::min(random_.OneIn(3) ? 20 : kKeys, kKeys - begin);
    for (int i = 0; i < 15; ++i) keys.insert(begin + static_cast<int>(random_.Uniform(static_cast<uint64_t>(spread))));
    return keys;
  }

  void AddTable(int level, const Entries& entries, VersionEdit* edit) {
    TableMeta meta;
    meta.number = versions_.NewNumber();
    meta.file_bytes = entries.size() * kEntryBytes;
    meta.smallest = InternalKey(KeyName(entries.begin()->first), entries.begin()->second, Kind::kPut);
    meta.largest = InternalKey(KeyName(entries.rbegin()->first), entries.rbegin()->second, Kind::kPut);
    meta.smallest_seq = kSeqMax;
    for (const auto& [key, seq] : entries) {
      meta.smallest_seq = std::min(meta.smallest_seq, seq);
      meta.largest_seq = std::max(meta.largest_seq, seq);
    }
    tables_[meta.number] = entries;
    edit->added_tables.emplace_back(level, std::move(meta));
  }

  VersionEdit Merge(const CompactionWork& work) {
    VersionEdit edit;
    Entries merged;
    for (const CompactionInput& input : work.inputs) {
      for (const TableFilePtr& table : input.tables) {
        for (const auto& [key, seq] : tables_[table->meta().number]) merged[key] = std::max(merged[key], seq);
        edit.deleted_tables.emplace_back(input.level, table->meta().number);
      }
    }
    if (work.is_bottommost) CheckNothingOlder(work, merged);
    const size_t table_entries = work.output_level == 0 ? SIZE_MAX : work.output_file_bytes_max / kEntryBytes;
    Entries part;
    for (const auto& entry : merged) {
      part.insert(entry);
      if (part.size() < table_entries) continue;
      AddTable(work.output_level, part, &edit);
      part.clear();
    }
    if (!part.empty()) AddTable(work.output_level, part, &edit);
    return edit;
  }

  // A bottommost compaction may drop tombstones: then no table outside of it may hold an older entry of its keys.
  void CheckNothingOlder(const CompactionWork& work, const Entries& merged) {
    std::map<uint64_t, bool> is_input;
    for (const CompactionInput& input : work.inputs) {
      for (const TableFilePtr& table : input.tables) is_input[table->meta().number] = true;
    }
    for (int level = 0; level < version().LevelCount(); ++level) {
      version().level(level).ForEachTable([&](const TableFilePtr& table) {
        if (is_input.contains(table->meta().number)) return;
        for (const auto& [key, seq] : tables_[table->meta().number]) {
          const auto found = merged.find(key);
          if (found != merged.end()) {
            EXPECT_GT(seq, found->second) << "key " << key << " in level " << level;
          }
        }
      });
    }
  }

  void Install(const VersionEdit& edit) {
    versions_.Apply(edit);
    version().CheckInvariants();
    CheckReads();
  }

  // The first entry on the way down is the newest one.
  void CheckReads() {
    if (config_.style == CompactionStyle::kFifo) return;  // drops what is oldest
    Entries read = memory_;
    for (int level = 0; level < version().LevelCount(); ++level) {
      version().level(level).ForEachTable([&](const TableFilePtr& table) {
        for (const auto& entry : tables_[table->meta().number]) read.insert(entry);
      });
    }
    ASSERT_EQ(read, newest_);
  }

  const CompactionConfig config_;
  Random random_;
  TestVersions versions_;
  std::map<uint64_t, Entries> tables_;
  Entries memory_;
  SeqNo first_seq_in_memory_ = kSeqMax;
  Entries newest_;
  std::vector<CompactionWork> running_;
  CompactCursors cursors_;
  SeqNo seq_ = 0;
  size_t finished_ = 0;
};

void RunSimulation(const CompactionConfig& config, int level_count, uint64_t seed) {
  Simulation simulation(config, level_count, seed);
  for (int step = 0; step < 600 && !testing::Test::HasFailure(); ++step) {
    const uint64_t action = simulation.random()->Uniform(3);
    if (action == 0 || simulation.version().TableCount() == 0) {
      simulation.Write();
      while (simulation.random()->OneIn(2)) simulation.Ingest();
      if (simulation.random()->OneIn(2)) simulation.Flush();
    } else if (action == 1 && simulation.RunningCount() < 4) {
      simulation.Begin();
    } else if (simulation.RunningCount() > 0) {
      simulation.FinishOne();
    }
  }
  // Left alone, it comes to rest.
  simulation.Flush();
  int steps = 0;
  while (!testing::Test::HasFailure() && (simulation.Begin() || simulation.RunningCount() > 0)) {
    simulation.FinishOne();
    ASSERT_LT(++steps, 1000) << "still compacting:\n" << simulation.version().DebugString();
  }
  EXPECT_GT(simulation.FinishedCount(), 10u);
  // The other styles may rest at exactly the trigger's number of runs, and yet look as if more were to do.
  if (config.style != CompactionStyle::kLevel) return;
  const CompactionState state = ComputeCompactionState(simulation.version(), config, 1);
  EXPECT_FALSE(NeedsCompaction(simulation.version(), state, config)) << simulation.version().DebugString();
}

CompactionConfig TinyConfig() {
  CompactionConfig config;
  config.level_base_bytes_max = 40 * kEntryBytes;
  config.level_bytes_multiplier = 3;
  config.target_file_bytes_base = 8 * kEntryBytes;
  config.compression = Compression::kNone;
  config.fifo_max_table_bytes = 100 * kEntryBytes;
  return config;
}

class ChooseModelTest : public testing::TestWithParam<int> {
 protected:
  ChooseModelTest() : seed_(TestSeed() + static_cast<uint64_t>(GetParam()) * 1'000'003) {}
  const uint64_t seed_;
};

TEST_P(ChooseModelTest, LeveledStatic) { RunSimulation(TinyConfig(), 4, seed_); }

TEST_P(ChooseModelTest, LeveledDynamic) {
  CompactionConfig config = TinyConfig();
  config.level_compaction_dynamic_level_bytes = true;
  RunSimulation(config, 5, seed_);
}

TEST_P(ChooseModelTest, LeveledRoundRobinWithSmallCompactions) {
  CompactionConfig config = TinyConfig();
  config.priority = CompactionPriority::kRoundRobin;
  config.compaction_bytes_max = 20 * kEntryBytes;
  RunSimulation(config, 4, seed_);
}

TEST_P(ChooseModelTest, UniversalManyLevels) {
  CompactionConfig config = TinyConfig();
  config.style = CompactionStyle::kUniversal;
  RunSimulation(config, 5, seed_);
}

TEST_P(ChooseModelTest, UniversalOneLevel) {
  CompactionConfig config = TinyConfig();
  config.style = CompactionStyle::kUniversal;
  RunSimulation(config, 1, seed_);
}

TEST_P(ChooseModelTest, UniversalWithMoves) {
  CompactionConfig config = TinyConfig();
  config.style = CompactionStyle::kUniversal;
  config.universal_allow_trivial_move = true;
  RunSimulation(config, 5, seed_);
}

TEST_P(ChooseModelTest, Fifo) {
  CompactionConfig config = TinyConfig();
  config.style = CompactionStyle::kFifo;
  config.fifo_allow_compaction = true;
  config.write_buffer_bytes = 1000 * kEntryBytes;
  RunSimulation(config, 1, seed_);
}

INSTANTIATE_TEST_SUITE_P(Rounds, ChooseModelTest, testing::Range(0, 10));

}  // namespace

}  // namespace gneiss
