// Compactions that a caller shapes: CompactFiles, SuggestCompactRange, PromoteL0; and the counters of all of them.
#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "tests/support/database.h"

namespace gneiss {
namespace {

using rocksdb::CompactionJobInfo;
using rocksdb::CompactionOptions;
using rocksdb::Status;

// A gate that one thread waits at until another opens it, and that tells when someone has come.
class Gate {
 public:
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    has_come_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void WaitUntilSomeoneCame() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return has_come_; });
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_come_ = false;
  bool is_open_ = false;
};

// Keeps everything, and holds the compaction at its first entry.
class GateFilter : public rocksdb::CompactionFilter {
 public:
  explicit GateFilter(Gate* gate) : gate_(gate) {}
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice&, std::string*, bool*) const override {
    gate_->Pass();
    return false;
  }
  const char* Name() const override { return "GateFilter"; }

 private:
  Gate* const gate_;
};

class ShapedCompaction : public ::testing::Test {
 protected:
  Status Compact(const std::vector<std::string>& names, int level, const CompactionOptions& options = {}) {
    outputs_.clear();
    return database_.db->CompactFiles(options, names, level, -1, &outputs_, &info_);
  }

  Database database_;
  std::vector<std::string> outputs_;
  CompactionJobInfo info_;
};

TEST_F(ShapedCompaction, MergesTheFilesNamed) {
  database_.Open();
  database_.Table({"a", "b"}, "old ");
  database_.Table({"b", "c"}, "new ");
  const std::vector<std::string> inputs = database_.Names(0);
  const Status status = Compact(inputs, 1);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ("1:1", database_.Levels());
  EXPECT_EQ((Content{{"a", "old a"}, {"b", "new b"}, {"c", "new c"}}), database_.Scan());
  ASSERT_EQ(1u, outputs_.size());
  EXPECT_EQ(database_.dir() + database_.Names(1).front(), outputs_.front());
  EXPECT_TRUE(std::filesystem::exists(outputs_.front()));

  EXPECT_EQ(0u, info_.cf_id);
  EXPECT_EQ("default", info_.cf_name);
  EXPECT_TRUE(info_.status.ok());
  EXPECT_EQ(0, info_.base_input_level);
  EXPECT_EQ(1, info_.output_level);
  EXPECT_EQ(rocksdb::CompactionReason::kManualCompaction, info_.compaction_reason);
  EXPECT_EQ(rocksdb::kSnappyCompression, info_.compression);  // the default of CompactionOptions
  EXPECT_EQ(2u, info_.input_files.size());
  EXPECT_EQ(outputs_, info_.output_files);
  ASSERT_EQ(1u, info_.table_properties.count(outputs_.front()));
  EXPECT_EQ("Snappy", info_.table_properties.at(outputs_.front())->compression_name);
  EXPECT_EQ(3u, info_.table_properties.at(outputs_.front())->num_entries);
  EXPECT_EQ(4u, info_.stats.num_input_records);
  EXPECT_EQ(2u, info_.stats.num_input_files);
  EXPECT_EQ(3u, info_.stats.num_output_records);
  EXPECT_EQ(1u, info_.stats.num_output_files);
  EXPECT_EQ(1u, info_.stats.num_records_replaced);
  EXPECT_TRUE(info_.stats.is_manual_compaction);
}

TEST_F(ShapedCompaction, TakesOlderFilesOfLevel0Along) {
  database_.Open();
  database_.Table({"a"}, "1 ");
  database_.Table({"a"}, "2 ");
  database_.Table({"a"}, "3 ");
  const std::vector<std::string> newest_first = database_.Names(0);
  ASSERT_TRUE(Compact({newest_first[1]}, 2).ok());
  EXPECT_EQ("0:1 2:1", database_.Levels());
  EXPECT_EQ("3 a", database_.Get("a"));
  ASSERT_TRUE(database_.db->DeleteFile(database_.Names(2).front()).ok());
  EXPECT_EQ("3 a", database_.Get("a"));
}

TEST_F(ShapedCompaction, TakesWhatOverlapsOnTheWayDown) {
  database_.Open();
  database_.Table({"a", "m"}, "3 ");
  database_.Promote(3);
  database_.Table({"x"}, "far ");
  database_.Promote(2);
  database_.Table({"c", "d"}, "1 ");
  database_.Promote(1);
  ASSERT_EQ("1:1 2:1 3:1", database_.Levels());
  ASSERT_TRUE(Compact(database_.Names(1), 3).ok());
  EXPECT_EQ("2:1 3:1", database_.Levels());  // x is out of the way
  EXPECT_EQ("a c d m x", database_.Keys());
}

TEST_F(ShapedCompaction, CutsOutputsAtTheSizeAsked) {
  database_.Open();
  for (int i = 0; i < 200; ++i) database_.Put("k" + std::to_string(1000 + i), std::string(1000, static_cast<char>(i)));
  database_.Flush();
  CompactionOptions options;
  options.output_file_size_limit = 40 << 10;
  options.compression = rocksdb::kNoCompression;
  ASSERT_TRUE(Compact(database_.Names(0), 1, options).ok());
  EXPECT_GE(outputs_.size(), 4u);
  EXPECT_EQ(outputs_.size(), database_.Names(1).size());
  EXPECT_EQ(rocksdb::kNoCompression, info_.compression);
  EXPECT_EQ(200u, database_.Scan().size());
}

TEST_F(ShapedCompaction, FollowsTheFamilysCompressionWhenTold) {
  database_.options.compression = rocksdb::kZSTD;
  database_.Open();
  database_.Table({"a"});
  CompactionOptions options;
  options.compression = rocksdb::kDisableCompressionOption;
  ASSERT_TRUE(Compact(database_.Names(0), 1, options).ok());
  EXPECT_EQ(rocksdb::kZSTD, info_.compression);
}

TEST_F(ShapedCompaction, RefusesWhatCannotBeDone) {
  database_.Open();
  database_.Table({"a"});
  database_.Promote(2);
  const std::string name = database_.Names(2).front();
  EXPECT_EQ("Invalid argument: ColumnFamilyHandle must be non-null.",
            database_.db->CompactFiles({}, nullptr, {name}, 1).ToString());
  EXPECT_EQ("Invalid argument: Output level for column family default must between [0, 6].",
            Compact({name}, 7).ToString());
  EXPECT_EQ("Invalid argument: Output level cannot be negative.", Compact({name}, -1).ToString());
  EXPECT_EQ("Invalid argument: A compaction must contain at least one file.", Compact({}, 1).ToString());
  EXPECT_EQ("Invalid argument: Specified compaction input file /000999.sst does not exist in column family default.",
            Compact({"000999.sst"}, 1).ToString());
  EXPECT_EQ("Invalid argument: Cannot compact file to up level, input file: " + name + " level 2 > output level 1",
            Compact({name}, 1).ToString());
  database_.db->DisableManualCompaction();
  EXPECT_TRUE(Compact({name}, 3).IsIncomplete());
  database_.db->EnableManualCompaction();
  EXPECT_TRUE(Compact({name}, 3).ok());
  EXPECT_EQ("a", database_.Keys());
}

TEST_F(ShapedCompaction, IsAbortedByARunningCompactionInItsWay) {
  Gate gate;
  GateFilter filter(&gate);
  database_.options.compaction_filter = &filter;
  database_.Open();
  database_.Table({"a", "c"});
  database_.Promote(2);
  database_.Table({"k"});
  const std::string mover = database_.Names(0).front();
  std::thread compacting([&] { EXPECT_TRUE(Compact({mover}, 3).ok()); });
  gate.WaitUntilSomeoneCame();
  std::vector<std::string> none;
  EXPECT_EQ("Operation aborted: Necessary compaction input file " + mover + " is currently being compacted.",
            database_.db->CompactFiles({}, {mover}, 1, -1, &none, nullptr).ToString());
  EXPECT_TRUE(none.empty());
  gate.Open();
  compacting.join();
  EXPECT_EQ("2:1 3:1", database_.Levels());
  EXPECT_EQ("a c k", database_.Keys());
}

TEST_F(ShapedCompaction, IsAbortedWhereAnotherWillWrite) {
  Gate gate;
  GateFilter filter(&gate);
  database_.options.compaction_filter = &filter;
  database_.Open();
  database_.Table({"a", "b"});
  database_.Table({"y", "z"});
  database_.Promote(3);
  database_.Table({"k"});  // goes between the two
  const std::vector<std::string> middle = database_.Names(0);
  std::vector<std::string> around = database_.Names(3);
  std::thread compacting([&] { EXPECT_TRUE(Compact(middle, 3).ok()); });
  gate.WaitUntilSomeoneCame();
  EXPECT_EQ("Operation aborted: A running compaction is writing to the same output level in an overlapping key range",
            database_.db->CompactFiles({}, around, 3).ToString());
  gate.Open();
  compacting.join();
  EXPECT_EQ("3:3", database_.Levels());
  EXPECT_TRUE(database_.db->CompactFiles({}, around, 3).ok());
  EXPECT_EQ("3:1", database_.Levels());
  EXPECT_EQ("a b k y z", database_.Keys());
}

TEST_F(ShapedCompaction, KeepsWhatSnapshotsRead) {
  database_.Open();
  database_.Table({"a"}, "1 ");
  const rocksdb::Snapshot* const snapshot = database_.db->GetSnapshot();
  database_.Table({"a"}, "2 ");
  ASSERT_TRUE(database_.db->Delete({}, "a").ok());
  database_.Flush();
  ASSERT_TRUE(Compact(database_.Names(0), 6).ok());
  EXPECT_EQ("1 a", database_.Get("a", snapshot));
  EXPECT_EQ("(none)", database_.Get("a"));
  database_.db->ReleaseSnapshot(snapshot);
}

TEST_F(ShapedCompaction, PromotesLevel0) {
  database_.Open();
  const auto promote = [&](int level) {
    return rocksdb::experimental::PromoteL0(database_.db.get(), database_.db->DefaultColumnFamily(), level).ToString();
  };
  EXPECT_EQ("OK", promote(2));  // there is nothing to move
  database_.Table({"a", "m"});
  database_.Table({"k"});
  EXPECT_EQ("Invalid argument: Invalid target level", promote(0));
  EXPECT_EQ("Invalid argument: Target level does not exist", promote(7));
  EXPECT_EQ("Invalid argument: L0 has overlapping files", promote(2));
  ASSERT_TRUE(database_.db->CompactRange({}, nullptr, nullptr).ok());
  EXPECT_EQ("1:1", database_.Levels());
  database_.Table({"x"});
  EXPECT_EQ("Invalid argument: All levels up to target_level must be empty", promote(2));
  database_.Open();
  EXPECT_EQ("a k m x", database_.Keys());
}

// Tells when a compaction is over.
class Completions : public rocksdb::EventListener {
 public:
  void OnCompactionCompleted(rocksdb::DB*, const CompactionJobInfo& info) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    infos_.push_back(info);
    changed_.notify_all();
  }
  CompactionJobInfo WaitForFirst() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !infos_.empty(); });
    return infos_.front();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CompactionJobInfo> infos_;
};

TEST_F(ShapedCompaction, FollowsASuggestion) {
  const auto completions = std::make_shared<Completions>();
  database_.options.listeners.push_back(completions);
  database_.options.disable_auto_compactions = false;
  database_.options.level0_file_num_compaction_trigger = 10;
  database_.Open();
  database_.Table({"a", "m"}, "old ");
  database_.Promote(3);
  database_.Table({"b", "c"}, "new ");
  const rocksdb::Slice begin("c"), end("d");
  ASSERT_TRUE(rocksdb::experimental::SuggestCompactRange(database_.db.get(), &begin, &end).ok());
  const CompactionJobInfo info = completions->WaitForFirst();
  EXPECT_EQ(rocksdb::CompactionReason::kFilesMarkedForCompaction, info.compaction_reason);
  EXPECT_EQ(0, info.base_input_level);
  EXPECT_EQ("a b c m", database_.Keys());
}

TEST_F(ShapedCompaction, CountsUntilReset) {
  database_.Open();
  database_.Table({"a"});
  ASSERT_TRUE(Compact(database_.Names(0), 1).ok());
  const auto count = [&] {
    std::map<std::string, std::string> stats;
    EXPECT_TRUE(database_.db->GetMapProperty(rocksdb::DB::Properties::kCFStats, &stats));
    double jobs = 0;
    for (const char* level : {"L0", "L1"}) {
      const std::string& number = stats["compaction." + std::string(level) + ".CompCount"];
      jobs += number.empty() ? 0 : std::stod(number);
    }
    return jobs;
  };
  EXPECT_EQ(2, count());
  ASSERT_TRUE(database_.db->ResetStats().ok());
  EXPECT_EQ(0, count());
  EXPECT_EQ("a", database_.Keys());
}

TEST_F(ShapedCompaction, KnowsTheOldestFile) {
  database_.Open();
  uint64_t time = 0;
  ASSERT_TRUE(database_.db->GetCreationTimeOfOldestFile(&time).ok());
  EXPECT_EQ(UINT64_MAX, time);
  database_.Table({"a"});
  ASSERT_TRUE(database_.db->GetCreationTimeOfOldestFile(&time).ok());
  rocksdb::ColumnFamilyMetaData metadata;
  database_.db->GetColumnFamilyMetaData(&metadata);
  EXPECT_EQ(metadata.levels[0].files[0].file_creation_time, time);
  database_.options.max_open_files = 100;
  database_.Open();
  EXPECT_EQ("Not implemented: This API only works if max_open_files = -1",
            database_.db->GetCreationTimeOfOldestFile(&time).ToString());
}

}  // namespace
}  // namespace gneiss
