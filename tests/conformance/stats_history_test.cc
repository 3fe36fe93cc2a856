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

}  // namespace gneiss::conformance
