// Statistics that are kept and dumped by the clock.

#include <rocksdb/statistics.h>
#include <rocksdb/stats_history.h>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

class StatsHistoryTest : public DbTest {
 protected:
  StatsHistoryTest() {
    options_.statistics = CreateDBStatistics();
    options_.stats_dump_period_sec = 0;
    options_.stats_persist_period_sec = 0;
  }
  std::unique_ptr<StatsHistoryIterator> History(uint64_t start = 0, uint64_t end = UINT64_MAX) {
    std::unique_ptr<StatsHistoryIterator> history;
    EXPECT_OK(db()->GetStatsHistory(start, end, &history));
    return history;
  }
  bool HasHistory() {
    return Eventually([this] { return History()->Valid(); });
  }
};

TEST_F(StatsHistoryTest, KeepsWhatWasCountedMeanwhile) {
  options_.stats_persist_period_sec = 1;
  Open();
  int written = 0;
  uint64_t kept = 0;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_OK(Put(Key(written++ % 100), "v"));
    kept = 0;
    for (const auto history = History(); history->Valid(); history->Next()) {
      EXPECT_OK(history->status());
      const auto found = history->GetStatsMap().find("rocksdb.number.keys.written");
      if (found == history->GetStatsMap().end()) return false;
      kept += found->second;
    }
    return kept > 0;
  }));
  EXPECT_LE(kept, static_cast<uint64_t>(written));
}

TEST_F(StatsHistoryTest, ARangeOfTimes) {
  options_.stats_persist_period_sec = 1;
  Open();
  ASSERT_TRUE(HasHistory());
  const uint64_t time = History()->GetStatsTime();
  const uint64_t now = Env::Default()->NowMicros() / 1'000'000;
  EXPECT_LE(time, now);
  EXPECT_GE(time, now - 60);
  EXPECT_FALSE(History(0, time)->Valid());
  ASSERT_TRUE(History(time, time + 1)->Valid());
  EXPECT_EQ(time, History(time, time + 1)->GetStatsTime());
  const auto one = History(time, time + 1);
  one->Next();
  EXPECT_FALSE(one->Valid());
  EXPECT_FALSE(History(now + 1000, UINT64_MAX)->Valid());
}

TEST_F(StatsHistoryTest, BeginsWhenToldAndKeepsNoMoreThanItsRoom) {
  Open();
  EXPECT_FALSE(History()->Valid());
  ASSERT_OK(db()->SetDBOptions({{"stats_persist_period_sec", "1"}}));
  ASSERT_TRUE(HasHistory());
  ASSERT_OK(db()->SetDBOptions({{"stats_history_buffer_size", "0"}}));
  EXPECT_TRUE(Eventually([this] { return !History()->Valid(); }));
}

TEST_F(StatsHistoryTest, NeedsAPlaceForTheIterator) {
  Open();
  EXPECT_TRUE(db()->GetStatsHistory(0, 1, nullptr).IsInvalidArgument());
}

TEST_F(StatsHistoryTest, StatisticsAreDumpedToTheLog) {
  options_.stats_dump_period_sec = 1;
  Open();
  PutTable({{"a", "1"}});
  ASSERT_TRUE(Eventually([this] { return ReadFile("LOG").find("STATISTICS:\n") != std::string::npos; }));
  const std::string log = ReadFile("LOG");
  EXPECT_NE(std::string::npos, log.find("------- DUMPING STATS -------"));
  EXPECT_NE(std::string::npos, log.find("** DB Stats **"));
  EXPECT_NE(std::string::npos, log.find("** Compaction Stats [default] **"));
  EXPECT_NE(std::string::npos, log.find("** File Read Latency Histogram By Level [default] **"));
  EXPECT_NE(std::string::npos, log.find("Block cache entry stats(count,size,portion):"));
  EXPECT_NE(std::string::npos, log.find("rocksdb.number.keys.written COUNT : "));
}

// ---------------------------------------------------------------- persist_stats_to_disk

class PersistedStatsTest : public StatsHistoryTest {
 protected:
  PersistedStatsTest() {
    options_.persist_stats_to_disk = true;
    options_.stats_persist_period_sec = 1;
  }
  // RocksDB's iterator needs an end that is not the last second of all.
  static constexpr uint64_t kEnd = 4'000'000'000;
  bool HasPersisted() {
    return Eventually([this] { return History(0, kEnd)->Valid(); });
  }
  std::vector<std::string> Families() {
    std::vector<std::string> names;
    EXPECT_OK(DB::ListColumnFamilies(options_, Path(), &names));
    return names;
  }
  static constexpr const char* kFamily = "___rocksdb_stats_history___";
};

TEST_F(PersistedStatsTest, OutlivesTheDatabase) {
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_TRUE(HasPersisted());
  const uint64_t time = History(0, kEnd)->GetStatsTime();
  EXPECT_EQ(1u, History(0, kEnd)->GetStatsMap().count("rocksdb.number.keys.written"));
  Close();
  EXPECT_EQ((std::vector<std::string>{"default", kFamily}), Families());
  options_.stats_persist_period_sec = 0;
  Open();
  const auto history = History(0, kEnd);
  ASSERT_TRUE(history->Valid());
  EXPECT_EQ(time, history->GetStatsTime());
  EXPECT_GT(history->GetStatsMap().size(), 100u);
  EXPECT_OK(history->status());
  EXPECT_EQ("a=1", Scan());  // the family of its own is not the caller's
  EXPECT_FALSE(History(time + 1'000'000, kEnd)->Valid());
  ASSERT_TRUE(History(time, time)->Valid());
}

TEST_F(PersistedStatsTest, TimesComeInOrder) {
  Open();
  ASSERT_TRUE(Eventually([this] {
    int times = 0;
    for (const auto history = History(0, kEnd); history->Valid(); history->Next()) ++times;
    return times >= 2;
  }));
  uint64_t last = 0;
  for (const auto history = History(0, kEnd); history->Valid(); history->Next()) {
    EXPECT_LT(last, history->GetStatsTime());
    last = history->GetStatsTime();
  }
}

TEST_F(PersistedStatsTest, IsNotThereUnlessAskedFor) {
  options_.persist_stats_to_disk = false;
  Open();
  ASSERT_OK(Put("a", "1"));
  Close();
  EXPECT_EQ((std::vector<std::string>{"default"}), Families());
}

TEST_F(PersistedStatsTest, TheFamilyMayBeLeftAlone) {
  Open();
  ASSERT_TRUE(HasPersisted());
  Close();
  options_.persist_stats_to_disk = false;
  options_.stats_persist_period_sec = 0;
  Open();  // without naming it
  ASSERT_OK(Put("a", "1"));
  EXPECT_FALSE(History(0, kEnd)->Valid());
  Close();
  options_.persist_stats_to_disk = true;
  Open();
  EXPECT_TRUE(History(0, kEnd)->Valid());
  EXPECT_EQ("a=1", Scan());
}

TEST_F(PersistedStatsTest, StandsBesideTheCallersFamilies) {
  options_.create_missing_column_families = true;
  OpenWith({"one"});
  ASSERT_OK(Put("a", "1", 1));
  ASSERT_TRUE(HasPersisted());
  Reopen();
  EXPECT_EQ("1", Get("a", 1));
  EXPECT_EQ(2u, Handles().size());
  EXPECT_TRUE(History(0, kEnd)->Valid());
}

}  // namespace gneiss::conformance
