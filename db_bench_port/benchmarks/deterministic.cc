// Fills that end in a tree of a known shape: with compactions off, writes fills of falling size, each a sorted run of
// its own, and then moves run i by hand to the i-th level from the last.
#include <cstdio>
#include <string>
#include <vector>

#include "db_bench_port/benchmarks/benchmarks.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"

namespace bench {
namespace {

using Tables = std::vector<rocksdb::SstFileMetaData>;

class DeterministicFiller {
 public:
  DeterministicFiller(BenchThread& thread, KeyOrder order)
      : thread_(thread), order_(order), db_(thread.world.databases.first().db()), before_(db_->GetOptions()) {}

  void Run() {
    if (thread_.world.databases.count() > 1) Fail("filldeterministic runs on one database");
    StopCompactions();
    switch (before_.compaction_style) {
      case rocksdb::kCompactionStyleLevel:
        FillRuns(static_cast<size_t>(before_.num_levels) - 1, 1 / before_.max_bytes_for_level_multiplier);
        PlaceRuns();
        break;
      case rocksdb::kCompactionStyleUniversal:
        FillRuns(0, 100.0 / (before_.compaction_options_universal.size_ratio + 200));
        PlaceRuns();
        break;
      case rocksdb::kCompactionStyleFIFO:
        FillToFifoLimit();
        break;
      default:
        Fail("filldeterministic : skipped (-compaction_style=kCompactionStyleNone)");
    }
    PrintTree();
    RestoreOptions();
  }

 private:
  void StopCompactions() {
    std::unordered_map<std::string, std::string> options = {{"disable_auto_compactions", "1"}};
    if (before_.compaction_style != rocksdb::kCompactionStyleFIFO) {
      options["level0_slowdown_writes_trigger"] = options["level0_stop_writes_trigger"] = "400000000";
    }
    CheckOk("SetOptions", db_->SetOptions(options));
  }

  void RestoreOptions() {
    CheckOk("SetOptions",
            db_->SetOptions({{"disable_auto_compactions", before_.disable_auto_compactions ? "1" : "0"},
                             {"level0_slowdown_writes_trigger", std::to_string(before_.level0_slowdown_writes_trigger)},
                             {"level0_stop_writes_trigger", std::to_string(before_.level0_stop_writes_trigger)}}));
  }

  // Only the first fill is in the asked order; it becomes the last level.
  void FillOnce(int64_t writes) {
    Fill(thread_, runs_.empty() ? order_ : KeyOrder::kUniqueRandom, writes);
    CheckOk("Flush", db_->Flush(rocksdb::FlushOptions()));
  }

  rocksdb::ColumnFamilyMetaData Tree() {
    rocksdb::ColumnFamilyMetaData tree;
    db_->GetColumnFamilyMetaData(&tree);
    return tree;
  }

  // Fills runs, each `factor` as large as the one before, until one fits into a single table, or there are `runs_max`
  // of them.
  void FillRuns(size_t runs_max, double factor) {
    size_t tables_before = 0;
    for (auto writes = static_cast<double>(thread_.params.writes); writes >= 1; writes *= factor) {
      FillOnce(static_cast<int64_t>(writes));
      const auto tree = Tree();
      const auto& tables = tree.levels[0].files;  // the newest first
      if (tables.size() == tables_before) break;
      runs_.emplace_back(tables.begin(), tables.end() - static_cast<int64_t>(tables_before));
      tables_before = tables.size();
      if (runs_.back().size() == 1) break;
      if (runs_.size() == runs_max) {
        // The first level stays below its limit: a third of the run remains in level 0.
        auto& last = runs_.back();
        last.erase(last.begin(), last.begin() + static_cast<int64_t>(last.size() / 3));
        break;
      }
    }
    const size_t needed =
        before_.compaction_style == rocksdb::kCompactionStyleLevel ? before_.num_levels - 1 : before_.num_levels;
    if (runs_.size() < needed) Fail("n is too small to fill %d levels", before_.num_levels);
  }

  void PlaceRuns() {
    rocksdb::CompactionOptions options;
    options.compression = before_.compression;
    options.output_file_size_limit = before_.target_file_size_base;
    for (size_t i = 0; i < runs_.size(); ++i) {
      const int level = std::max(0, before_.num_levels - 1 - static_cast<int>(i));
      // The first and the last table name the range of level 0 that is meant.
      CheckOk("CompactFiles", db_->CompactFiles(options, {runs_[i].back().name, runs_[i].front().name}, level));
    }
  }

  void FillToFifoLimit() {
    if (before_.num_levels != 1) Fail("num_levels should be 1 for FIFO compaction");
    do {
      FillOnce(thread_.params.writes);
    } while (Tree().levels[0].size < before_.compaction_options_fifo.max_table_files_size);
    CheckOk("compact", db_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
  }

  void PrintTree() {
    std::printf("---------------------- DB 0 LSM ---------------------\n");
    const auto tree = Tree();
    for (const auto& level : tree.levels) {
      if (level.files.empty()) continue;
      if (level.level == 0) {
        for (const auto& table : level.files) {
          std::printf("Level[%d]: %s(size: %zu bytes)\n", level.level, table.name.c_str(),
                      static_cast<size_t>(table.size));
        }
      } else {
        std::printf("Level[%d]: %s - %s(total size: %lu bytes)\n", level.level, level.files.front().name.c_str(),
                    level.files.back().name.c_str(), level.size);
      }
    }
  }

  BenchThread& thread_;
  KeyOrder order_;
  rocksdb::DB* db_;
  rocksdb::Options before_;
  std::vector<Tables> runs_;
};

}  // namespace

void FillSequentialDeterministic(BenchThread& thread) { DeterministicFiller(thread, KeyOrder::kSequential).Run(); }
void FillUniqueRandomDeterministic(BenchThread& thread) { DeterministicFiller(thread, KeyOrder::kUniqueRandom).Run(); }

}  // namespace bench
