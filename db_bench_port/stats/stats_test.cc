#include <gtest/gtest.h>

#include <limits>

#include "db_bench_port/runner/params.h"
#include "db_bench_port/runner/run_benchmark.h"
#include "db_bench_port/stats/histogram.h"
#include "db_bench_port/stats/json_report.h"
#include "db_bench_port/stats/repeats.h"

namespace bench {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.Average(), 0);
  EXPECT_EQ(histogram.Percentile(99), 0);
}

TEST(Histogram, InterpolatesInsideABucket) {
  Histogram histogram;
  for (int i = 0; i < 100; ++i) histogram.Add(40);  // bucket (34, 51]
  EXPECT_DOUBLE_EQ(histogram.Percentile(50), 40);   // 42.5, held to what was seen
  histogram.Add(35);
  histogram.Add(51);
  EXPECT_NEAR(histogram.Percentile(50), 42.5, 1e-9);
  EXPECT_NEAR(histogram.Percentile(100), 51, 1e-9);
}

TEST(Histogram, PrintsTheTableOfDbBench) {
  Histogram histogram;
  for (const uint64_t value : {0, 1, 2, 3, 5, 5, 9, 12, 20, 172}) histogram.Add(value);
  EXPECT_EQ(histogram.ToString(),
            "Count: 10 Average: 22.9000  StdDev: 50.03\n"
            "Min: 0  Median: 5.0000  Max: 172\n"
            "Percentiles: P50: 5.00 P75: 12.50 P99: 172.00 P99.9: 172.00 P99.99: 172.00\n"
            "------------------------------------------------------\n"
            "[       0,       1 ]        2  20.000%  20.000% ####\n"
            "(       1,       2 ]        1  10.000%  30.000% ##\n"
            "(       2,       3 ]        1  10.000%  40.000% ##\n"
            "(       4,       6 ]        2  20.000%  60.000% ####\n"
            "(       6,      10 ]        1  10.000%  70.000% ##\n"
            "(      10,      15 ]        1  10.000%  80.000% ##\n"
            "(      15,      22 ]        1  10.000%  90.000% ##\n"
            "(     170,     250 ]        1  10.000% 100.000% ##\n");
}

TEST(Histogram, MergesAndTakesTheLargestValue) {
  Histogram histogram, other;
  histogram.Add(1);
  other.Add(std::numeric_limits<uint64_t>::max());
  histogram.Merge(other);
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.min(), 1u);
  EXPECT_EQ(histogram.max(), std::numeric_limits<uint64_t>::max());
}

TEST(Repeats, ComputesMeanMedianAndConfidence) {
  EXPECT_DOUBLE_EQ(Mean({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(Median({6, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(Median({4, 1, 2, 6}), 3);
  EXPECT_NEAR(Confidence95({1, 2, 3}), 1.959964 / std::sqrt(3.0), 1e-9);
}

TEST(JsonReport, EscapesStrings) { EXPECT_EQ(JsonString("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\""); }

TEST(RangeDeletions, AreDueAtIntervals) {
  const RangeDeletions deletions = {.after = 10, .every = 5, .width = 1, .count = 2};
  std::vector<int64_t> due;
  for (int64_t writes = 0; writes < 100; ++writes) {
    if (deletions.IsDue(writes)) due.push_back(writes);
  }
  EXPECT_EQ(due, (std::vector<int64_t>{15, 20}));
  EXPECT_FALSE(RangeDeletions().IsDue(5));
}

TEST(BenchmarkCall, ReadsWarmUpsAndRepeats) {
  EXPECT_EQ(ParseCall("readseq").repeats, 1);
  const BenchmarkCall call = ParseCall("readseq[W2-X5]");
  EXPECT_EQ(call.name, "readseq");
  EXPECT_EQ(call.warm_ups, 2);
  EXPECT_EQ(call.repeats, 5);
  EXPECT_EQ(ParseCall("readseq[X3]").repeats, 3);
}

}  // namespace
}  // namespace bench
