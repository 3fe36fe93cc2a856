// Tickers, histograms and their texts, and the engine's reports as they arrive in a Statistics.
#include "compat/adapters/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/convenience.h>

#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "compat/adapters/engine_stats.h"

namespace gneiss::compat {
namespace {

using rocksdb::Statistics;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(BucketHistogram, LimitsGrowByHalfAndKeepTwoDigits) {
  const std::vector<uint64_t> first = {1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 110, 170, 250, 380, 580, 870, 1300};
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i], BucketHistogram::BucketLimit(i));
  EXPECT_EQ(13'000'000'000'000'000'000u, BucketHistogram::BucketLimit(BucketHistogram::kBuckets - 1));
}

TEST(BucketHistogram, FindsTheBucketOfEveryLimitAndItsNeighbours) {
  EXPECT_EQ(0u, BucketHistogram::BucketOf(0));
  for (size_t i = 0; i + 1 < BucketHistogram::kBuckets; ++i) {
    EXPECT_EQ(i, BucketHistogram::BucketOf(BucketHistogram::BucketLimit(i)));
    EXPECT_EQ(i + 1, BucketHistogram::BucketOf(BucketHistogram::BucketLimit(i) + 1));
  }
  EXPECT_EQ(BucketHistogram::kBuckets - 1, BucketHistogram::BucketOf(UINT64_MAX));
}

TEST(BucketHistogram, InterpolatesPercentilesWithinBuckets) {
  BucketHistogram histogram;
  for (uint64_t value = 1; value <= 1000; ++value) histogram.Add(value);
  EXPECT_DOUBLE_EQ(500, histogram.Percentile(50));
  EXPECT_DOUBLE_EQ(750, histogram.Percentile(75));
  EXPECT_DOUBLE_EQ(1000, histogram.Percentile(99));
  EXPECT_DOUBLE_EQ(500.5, histogram.Average());
  EXPECT_NEAR(288.6749902, histogram.StandardDeviation(), 1e-6);

  BucketHistogram few;
  for (const uint64_t value : {5, 5, 5, 200}) few.Add(value);
  EXPECT_DOUBLE_EQ(4 + 2 * (2.0 / 3), few.Percentile(50));
  EXPECT_DOUBLE_EQ(200, few.Percentile(95));
}

TEST(BucketHistogram, MergesAndClears) {
  BucketHistogram all;
  BucketHistogram part;
  all.Add(3);
  part.Add(1000);
  part.Add(7);
  all.Merge(part);
  EXPECT_EQ(3u, all.Count());
  EXPECT_EQ(1010u, all.Sum());
  EXPECT_EQ(3u, all.Min());
  EXPECT_EQ(1000u, all.Max());
  all.Clear();
  EXPECT_EQ(0u, all.Count());
  EXPECT_DOUBLE_EQ(0, all.Percentile(50));
}

TEST(BucketHistogram, PrintsSummaryAndBucketsInUse) {
  BucketHistogram histogram;
  EXPECT_EQ(
      "Count: 0 Average: 0.0000  StdDev: 0.00\n"
      "Min: 0  Median: 0.0000  Max: 0\n"
      "Percentiles: P50: 0.00 P75: 0.00 P99: 0.00 P99.9: 0.00 P99.99: 0.00\n"
      "------------------------------------------------------\n",
      histogram.ToString());
  for (const uint64_t value : {1, 5, 5, 5, 200}) histogram.Add(value);
  EXPECT_EQ(
      "Count: 5 Average: 43.2000  StdDev: 78.42\n"
      "Min: 1  Median: 5.0000  Max: 200\n"
      "Percentiles: P50: 5.00 P75: 5.83 P99: 200.00 P99.9: 200.00 P99.99: 200.00\n"
      "------------------------------------------------------\n"
      "[       0,       1 ]        1  20.000%  20.000% ####\n"
      "(       4,       6 ]        3  60.000%  80.000% ############\n"
      "(     170,     250 ]        1  20.000% 100.000% ####\n",
      histogram.ToString());
}

TEST(Statistics, NamesFollowTheEnums) {
  ASSERT_EQ(rocksdb::TICKER_ENUM_MAX, rocksdb::TickersNameMap.size());
  for (uint32_t i = 0; i < rocksdb::TICKER_ENUM_MAX; ++i) EXPECT_EQ(i, rocksdb::TickersNameMap[i].first);
  ASSERT_EQ(rocksdb::HISTOGRAM_ENUM_MAX, rocksdb::HistogramsNameMap.size());
  for (uint32_t i = 0; i < rocksdb::HISTOGRAM_ENUM_MAX; ++i) EXPECT_EQ(i, rocksdb::HistogramsNameMap[i].first);
  EXPECT_EQ("rocksdb.number.keys.written", rocksdb::TickersNameMap[rocksdb::NUMBER_KEYS_WRITTEN].second);
  EXPECT_EQ("rocksdb.db.flush.micros", rocksdb::HistogramsNameMap[rocksdb::FLUSH_TIME].second);
}

TEST(Statistics, CountsSetsAndResets) {
  const auto statistics = rocksdb::CreateDBStatistics();
  EXPECT_STREQ("BasicStatistics", statistics->Name());
  statistics->recordTick(rocksdb::BYTES_READ, 5);
  statistics->recordTick(rocksdb::BYTES_READ, 6);
  EXPECT_EQ(11u, statistics->getTickerCount(rocksdb::BYTES_READ));
  EXPECT_EQ(11u, statistics->getAndResetTickerCount(rocksdb::BYTES_READ));
  EXPECT_EQ(0u, statistics->getTickerCount(rocksdb::BYTES_READ));
  statistics->setTickerCount(rocksdb::BYTES_READ, 7);
  statistics->recordInHistogram(rocksdb::DB_GET, 100);
  rocksdb::HistogramData data;
  statistics->histogramData(rocksdb::DB_GET, &data);
  EXPECT_EQ(1u, data.count);
  EXPECT_EQ(100u, data.sum);
  EXPECT_DOUBLE_EQ(100, data.median);
  EXPECT_DOUBLE_EQ(100, data.min);
  EXPECT_DOUBLE_EQ(100, data.max);
  EXPECT_TRUE(statistics->Reset().ok());
  EXPECT_EQ(0u, statistics->getTickerCount(rocksdb::BYTES_READ));
  statistics->histogramData(rocksdb::DB_GET, &data);
  EXPECT_EQ(0u, data.count);
  statistics->recordTick(rocksdb::TICKER_ENUM_MAX, 1);
  statistics->recordInHistogram(rocksdb::HISTOGRAM_ENUM_MAX, 1);
}

TEST(Statistics, PrintsOneLinePerTickerAndHistogram) {
  const auto statistics = rocksdb::CreateDBStatistics();
  statistics->recordTick(rocksdb::BLOCK_CACHE_MISS, 3);
  statistics->recordInHistogram(rocksdb::DB_GET, 10);
  const std::vector<std::string> lines = Lines(statistics->ToString());
  ASSERT_EQ(size_t{rocksdb::TICKER_ENUM_MAX} + rocksdb::HISTOGRAM_ENUM_MAX, lines.size());
  EXPECT_EQ("rocksdb.block.cache.miss COUNT : 3", lines[0]);
  EXPECT_EQ("rocksdb.block.cache.hit COUNT : 0", lines[1]);
  EXPECT_EQ("rocksdb.db.get.micros P50 : 10.000000 P95 : 10.000000 P99 : 10.000000 P100 : 10.000000 COUNT : 1 SUM : 10",
            lines[rocksdb::TICKER_ENUM_MAX]);
  std::map<std::string, uint64_t> map;
  EXPECT_TRUE(statistics->getTickerMap(&map));
  EXPECT_EQ(size_t{rocksdb::TICKER_ENUM_MAX}, map.size());
  EXPECT_EQ(3u, map["rocksdb.block.cache.miss"]);
  EXPECT_THAT(statistics->getHistogramString(rocksdb::DB_GET), StartsWith("Count: 1 Average: 10.0000  StdDev: 0.00\n"));
}

TEST(Statistics, LevelsLeaveThingsOut) {
  const auto statistics = rocksdb::CreateDBStatistics();
  const auto record_all = [&] {
    EXPECT_TRUE(statistics->Reset().ok());
    statistics->recordTick(rocksdb::BYTES_READ, 1);
    statistics->recordInHistogram(rocksdb::BYTES_PER_READ, 1);
    statistics->reportTimeToHistogram(rocksdb::DB_GET, 1);
    rocksdb::HistogramData sizes;
    rocksdb::HistogramData times;
    statistics->histogramData(rocksdb::BYTES_PER_READ, &sizes);
    statistics->histogramData(rocksdb::DB_GET, &times);
    return std::vector<uint64_t>{statistics->getTickerCount(rocksdb::BYTES_READ), sizes.count, times.count};
  };
  using Counts = std::vector<uint64_t>;
  EXPECT_EQ((Counts{1, 1, 1}), record_all());
  statistics->set_stats_level(rocksdb::kExceptTimers);
  EXPECT_EQ((Counts{1, 1, 0}), record_all());
  statistics->set_stats_level(rocksdb::kExceptHistogramOrTimers);
  EXPECT_EQ((Counts{1, 0, 0}), record_all());
  statistics->set_stats_level(rocksdb::kDisableAll);
  EXPECT_EQ((Counts{0, 0, 0}), record_all());
}

TEST(Statistics, LosesNothingFromManyThreads) {
  const auto statistics = rocksdb::CreateDBStatistics();
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kRounds = 5000;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (uint64_t i = 0; i < kRounds; ++i) {
        statistics->recordTick(rocksdb::BYTES_WRITTEN, 2);
        statistics->recordInHistogram(rocksdb::DB_WRITE, i);
      }
    });
  }
  uint64_t taken = 0;
  for (int i = 0; i < 50; ++i) {
    taken += statistics->getAndResetTickerCount(rocksdb::BYTES_WRITTEN);
    EXPECT_FALSE(statistics->ToString().empty());
  }
  for (std::thread& thread : threads) thread.join();
  taken += statistics->getAndResetTickerCount(rocksdb::BYTES_WRITTEN);
  EXPECT_EQ(kThreads * kRounds * 2, taken);
  rocksdb::HistogramData data;
  statistics->histogramData(rocksdb::DB_WRITE, &data);
  EXPECT_EQ(kThreads * kRounds, data.count);
  EXPECT_EQ(kThreads * (kRounds * (kRounds - 1) / 2), data.sum);
}

TEST(Statistics, CanBeMadeFromAString) {
  const rocksdb::ConfigOptions config;
  std::shared_ptr<Statistics> statistics;
  EXPECT_TRUE(Statistics::CreateFromString(config, "BasicStatistics", &statistics).ok());
  ASSERT_NE(nullptr, statistics);
  EXPECT_TRUE(Statistics::CreateFromString(config, "nullptr", &statistics).ok());
  EXPECT_EQ(nullptr, statistics);
  rocksdb::ConfigOptions strict;
  strict.ignore_unsupported_options = false;
  EXPECT_TRUE(Statistics::CreateFromString(strict, "no such thing", &statistics).IsNotSupported());
  ASSERT_TRUE(Statistics::CreateFromString(config, "id=BasicStatistics;inner=BasicStatistics", &statistics).ok());
  const auto* const inner = static_cast<const Statistics*>(statistics->Inner());
  ASSERT_NE(nullptr, inner);
  statistics->recordTick(rocksdb::BYTES_READ, 4);
  statistics->recordInHistogram(rocksdb::DB_GET, 4);
  EXPECT_EQ(4u, inner->getTickerCount(rocksdb::BYTES_READ));
}

TEST(EngineStats, ReportsUnderRocksNames) {
  const auto statistics = rocksdb::CreateDBStatistics();
  const auto stats = NewEngineStats(statistics);
  for (size_t i = 0; i < static_cast<size_t>(Ticker::kCount); ++i) stats->Add(static_cast<Ticker>(i), 1);
  // Each arrived somewhere of its own.
  std::map<std::string, uint64_t> map;
  statistics->getTickerMap(&map);
  size_t used = 0;
  for (const auto& [name, count] : map) used += count > 0 ? 1 : 0;
  EXPECT_EQ(static_cast<size_t>(Ticker::kCount), used);
  EXPECT_EQ(1u, statistics->getTickerCount(rocksdb::NUMBER_KEYS_WRITTEN));
  // Micros of the engine are nanos there.
  EXPECT_EQ(1000u, statistics->getTickerCount(rocksdb::FILTER_OPERATION_TOTAL_TIME));

  for (size_t i = 0; i < static_cast<size_t>(gneiss::Histogram::kCount); ++i) {
    stats->Record(static_cast<gneiss::Histogram>(i), 3);
  }
  rocksdb::HistogramData data;
  statistics->histogramData(rocksdb::DB_SEEK, &data);
  EXPECT_EQ(3u, data.sum);
  statistics->histogramData(rocksdb::COMPRESSION_TIMES_NANOS, &data);
  EXPECT_EQ(3000u, data.sum);
}

TEST(EngineStats, LeavesTimersToTheLevel) {
  const auto statistics = rocksdb::CreateDBStatistics();
  const auto stats = NewEngineStats(statistics);
  EXPECT_TRUE(stats->WantsTimers());
  statistics->set_stats_level(rocksdb::kExceptTimers);
  EXPECT_FALSE(stats->WantsTimers());
  stats->Record(gneiss::Histogram::kGet, 1);
  stats->Record(gneiss::Histogram::kBytesPerRead, 1);
  rocksdb::HistogramData data;
  statistics->histogramData(rocksdb::DB_GET, &data);
  EXPECT_EQ(0u, data.count);
  statistics->histogramData(rocksdb::BYTES_PER_READ, &data);
  EXPECT_EQ(1u, data.count);
  EXPECT_EQ(nullptr, NewEngineStats(nullptr));
}

// A user's own Statistics, of the old kind that overrides measureTime.
class UserStatistics final : public Statistics {
 public:
  uint64_t getTickerCount(uint32_t ticker) const override { return tickers_.at(ticker); }
  void histogramData(uint32_t, rocksdb::HistogramData*) const override {}
  void recordTick(uint32_t ticker, uint64_t count) override { tickers_[ticker] += count; }
  void setTickerCount(uint32_t ticker, uint64_t count) override { tickers_[ticker] = count; }
  uint64_t getAndResetTickerCount(uint32_t ticker) override { return std::exchange(tickers_[ticker], 0); }
  void measureTime(uint32_t histogram, uint64_t time) override { times_[histogram] += time; }

  std::map<uint32_t, uint64_t> tickers_;
  std::map<uint32_t, uint64_t> times_;
};

TEST(EngineStats, WorksWithAUsersSubclass) {
  const auto user = std::make_shared<UserStatistics>();
  const auto stats = NewEngineStats(user);
  stats->Add(Ticker::kKeysRead, 2);
  stats->Record(gneiss::Histogram::kGet, 30);
  EXPECT_EQ(2u, user->tickers_[rocksdb::NUMBER_KEYS_READ]);
  EXPECT_EQ(30u, user->times_[rocksdb::DB_GET]);
}

}  // namespace
}  // namespace gneiss::compat
