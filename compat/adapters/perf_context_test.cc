// The counters of the calling thread: copies, resets and texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/iostats_context.h>
#include <rocksdb/perf_context.h>

#include <string>
#include <thread>

namespace rocksdb {
// Programs built against RocksDB name these objects directly.
extern thread_local PerfContext perf_context;
extern thread_local PerfLevel perf_level;

namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// g++ 12's check for null references takes a thread-local object of another file for one.
__attribute__((no_sanitize("undefined"))) PerfLevel NamedLevel() { return perf_level; }

TEST(PerfContext, IsTheObjectProgramsName) {
  EXPECT_EQ(&perf_context, get_perf_context());
  SetPerfLevel(kEnableTime);
  EXPECT_EQ(kEnableTime, NamedLevel());
  EXPECT_EQ(kEnableTime, GetPerfLevel());
  SetPerfLevel(kOutOfBounds);
  EXPECT_EQ(kEnableTime, GetPerfLevel());
  SetPerfLevel(kEnableCount);
}

TEST(PerfContext, BelongsToItsThread) {
  get_perf_context()->Reset();
  get_perf_context()->block_read_count = 5;
  std::thread([] {
    EXPECT_EQ(kEnableCount, GetPerfLevel());
    EXPECT_EQ(0u, get_perf_context()->block_read_count);
    get_perf_context()->EnablePerLevelPerfContext();
    (*get_perf_context()->level_to_perf_context)[1].block_cache_hit_count = 1;
  }).join();
  EXPECT_EQ(5u, get_perf_context()->block_read_count);
}

TEST(PerfContext, PrintsNamesAndValues) {
  PerfContext context;
  context.Reset();
  EXPECT_THAT(context.ToString(), StartsWith("user_key_comparison_count = 0, block_cache_hit_count = 0, "));
  EXPECT_THAT(context.ToString(), HasSubstr(", iter_seek_cpu_nanos = 0, number_async_seek = 0"));
  EXPECT_EQ("", context.ToString(true));
  context.get_from_memtable_time = 12;
  context.block_read_count = 3;
  EXPECT_EQ("block_read_count = 3, get_from_memtable_time = 12", context.ToString(true));
}

TEST(PerfContext, PrintsLevels) {
  PerfContext context;
  context.Reset();
  context.EnablePerLevelPerfContext();
  (*context.level_to_perf_context)[0].bloom_filter_useful = 4;
  (*context.level_to_perf_context)[2].block_cache_miss_count = 5;
  EXPECT_EQ(
      "bloom_filter_useful = 4@level0, bloom_filter_full_positive = bloom_filter_full_true_positive = "
      "block_cache_hit_count = block_cache_miss_count = 5@level2",
      context.ToString(true));
  context.Reset();
  EXPECT_EQ(0u, (*context.level_to_perf_context)[0].bloom_filter_useful);
  context.DisablePerLevelPerfContext();
  EXPECT_EQ("", context.ToString(true));
  EXPECT_NE(nullptr, context.level_to_perf_context);
  context.ClearPerLevelPerfContext();
  EXPECT_EQ(nullptr, context.level_to_perf_context);
}

TEST(PerfContext, CopiesAreTheirOwn) {
  PerfContext first;
  first.Reset();
  first.block_read_byte = 7;
  first.EnablePerLevelPerfContext();
  (*first.level_to_perf_context)[1].user_key_return_count = 9;
  PerfContext copy(first);
  (*copy.level_to_perf_context)[1].user_key_return_count = 10;
  EXPECT_EQ(9u, (*first.level_to_perf_context)[1].user_key_return_count);
  EXPECT_EQ(7u, copy.block_read_byte);
  PerfContext assigned;
  assigned.Reset();
  assigned.EnablePerLevelPerfContext();
  assigned = first;
  EXPECT_EQ(9u, (*assigned.level_to_perf_context)[1].user_key_return_count);
  const PerfContext moved(std::move(assigned));
  EXPECT_EQ(nullptr, assigned.level_to_perf_context);
  EXPECT_EQ(9u, (*moved.level_to_perf_context)[1].user_key_return_count);
}

TEST(IOStatsContext, ResetsAndPrints) {
  IOStatsContext* const context = get_iostats_context();
  context->Reset();
  EXPECT_EQ(static_cast<uint64_t>(Env::TOTAL), context->thread_pool_id);
  context->bytes_read = 3;
  context->file_io_stats_by_temperature.hot_file_read_count = 2;
  EXPECT_EQ("thread_pool_id = 4, bytes_read = 3, file_io_stats_by_temperature.hot_file_read_count = 2",
            context->ToString(true));
  EXPECT_THAT(context->ToString(), StartsWith("thread_pool_id = 4, bytes_read = 3, bytes_written = 0, open_nanos = 0"));
  context->disable_iostats = true;
  context->Reset();
  EXPECT_TRUE(context->disable_iostats);
  EXPECT_EQ(0u, context->bytes_read);
  context->disable_iostats = false;
}

TEST(IOStatsContext, OpeningIsTimedWhenAsked) {
  get_iostats_context()->Reset();
  std::string text;
  SetPerfLevel(kEnableTime);
  EXPECT_TRUE(ReadFileToString(Env::Default(), "/proc/self/status", &text).ok());
  EXPECT_GT(get_iostats_context()->open_nanos, 0u);
  get_iostats_context()->Reset();
  SetPerfLevel(kEnableCount);
  EXPECT_TRUE(ReadFileToString(Env::Default(), "/proc/self/status", &text).ok());
  EXPECT_EQ(0u, get_iostats_context()->open_nanos);
}

}  // namespace
}  // namespace rocksdb
