#include "compat/options/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include "compat/options/task_limiter.h"

namespace gneiss::compat {
namespace {

using rocksdb::Env;
using rocksdb::RateLimiter;
using Request = TokenBucket::Request;

constexpr int kNeverUnfair = 100;  // low priorities go first once in a hundred refills
constexpr uint64_t kPeriodUs = 1000;

// 1000 bytes a period.
TokenBucket NewBucket(uint64_t seed = 1) { return TokenBucket(1'000'000, kPeriodUs, kNeverUnfair, 0, seed); }

TEST(TokenBucket, StartsEmptyAndFillsOncePerPeriod) {
  TokenBucket bucket = NewBucket();
  EXPECT_EQ(bucket.bytes_per_period(), 1000);
  EXPECT_FALSE(bucket.Take(1, Env::IO_HIGH));
  EXPECT_EQ(bucket.MicrosUntilRefill(0), 0);
  bucket.Refill(0);
  EXPECT_EQ(bucket.MicrosUntilRefill(400), 600);
  EXPECT_TRUE(bucket.Take(600, Env::IO_HIGH));
  EXPECT_FALSE(bucket.Take(600, Env::IO_HIGH));
  EXPECT_TRUE(bucket.Take(400, Env::IO_LOW));
  EXPECT_EQ(bucket.granted_bytes(Env::IO_HIGH), 600);
  EXPECT_EQ(bucket.granted_bytes(Env::IO_TOTAL), 1000);
}

TEST(TokenBucket, UnusedTokensAreKeptForOnePeriodOnly) {
  TokenBucket bucket = NewBucket();
  for (uint64_t now = 0; now < 10 * kPeriodUs; now += kPeriodUs) bucket.Refill(now);
  EXPECT_TRUE(bucket.Take(1000, Env::IO_LOW));
  EXPECT_FALSE(bucket.Take(1000, Env::IO_LOW)) << "idle time must not become a burst";
}

TEST(TokenBucket, PrioritiesInOrder) {
  TokenBucket bucket = NewBucket();
  Request low, mid, high, user;
  for (Request* request : {&low, &mid, &high, &user}) request->bytes = 400;
  bucket.Enqueue(&low, Env::IO_LOW);
  bucket.Enqueue(&mid, Env::IO_MID);
  bucket.Enqueue(&high, Env::IO_HIGH);
  bucket.Enqueue(&user, Env::IO_USER);
  EXPECT_EQ(bucket.waiting(Env::IO_TOTAL), 4);
  EXPECT_EQ(bucket.Front(), &user);
  bucket.Refill(0);
  EXPECT_TRUE(user.is_granted);
  EXPECT_TRUE(high.is_granted);
  EXPECT_FALSE(mid.is_granted);
  EXPECT_EQ(mid.missing_bytes, 200) << "what is left is paid in advance";
  EXPECT_FALSE(low.is_granted);
  bucket.Refill(kPeriodUs);
  EXPECT_TRUE(mid.is_granted);
  EXPECT_TRUE(low.is_granted);
  EXPECT_EQ(bucket.waiting(Env::IO_TOTAL), 0);
}

TEST(TokenBucket, ARequestLargerThanTheBucketIsPaidOverPeriods) {
  TokenBucket bucket = NewBucket();
  Request request;
  request.bytes = 2500;
  bucket.Enqueue(&request, Env::IO_LOW);
  bucket.Refill(0);
  bucket.Refill(kPeriodUs);
  EXPECT_FALSE(request.is_granted);
  bucket.Refill(2 * kPeriodUs);
  EXPECT_TRUE(request.is_granted);
  EXPECT_TRUE(bucket.Take(500, Env::IO_LOW));
}

TEST(TokenBucket, LowPrioritiesDoNotStarve) {
  TokenBucket bucket(1'000'000, kPeriodUs, /*fairness=*/2, 0, /*seed=*/7);
  int served = 0;
  for (uint64_t period = 0; period < 200; ++period) {
    Request low, high;
    low.bytes = high.bytes = 1000;
    bucket.Enqueue(&low, Env::IO_LOW);
    bucket.Enqueue(&high, Env::IO_HIGH);
    bucket.Refill(2 * period * kPeriodUs);
    if (low.is_granted) ++served;
    bucket.Refill((2 * period + 1) * kPeriodUs);
    EXPECT_TRUE(low.is_granted && high.is_granted);
  }
  EXPECT_GT(served, 20);
  EXPECT_LT(served, 180);
}

TEST(TokenBucket, TheUserIsAlwaysFirst) {
  TokenBucket bucket(1'000'000, kPeriodUs, /*fairness=*/1, 0, /*seed=*/3);
  for (uint64_t period = 0; period < 50; ++period) {
    Request low, user;
    low.bytes = user.bytes = 1000;
    bucket.Enqueue(&low, Env::IO_LOW);
    bucket.Enqueue(&user, Env::IO_USER);
    bucket.Refill(2 * period * kPeriodUs);
    EXPECT_TRUE(user.is_granted);
    bucket.Refill((2 * period + 1) * kPeriodUs);
  }
}

TEST(TokenBucket, RatesThatOverflow) {
  const TokenBucket bucket(std::numeric_limits<int64_t>::max(), 100'000, 10, 0, 1);
  EXPECT_EQ(bucket.bytes_per_period(), std::numeric_limits<int64_t>::max() / 1'000'000);
}

TEST(TunedRate, FollowsTheDemand) {
  EXPECT_EQ(TunedRate(0, 1000, 2000), 100);
  EXPECT_EQ(TunedRate(40, 1050, 2000), 1000);
  EXPECT_EQ(TunedRate(70, 1000, 2000), 1000);
  EXPECT_EQ(TunedRate(95, 1000, 2000), 1050);
  EXPECT_EQ(TunedRate(95, 1999, 2000), 2000);
  EXPECT_EQ(TunedRate(40, 101, 2000), 100);
}

// Passes one period at each reading, so that a waiting request never really waits.
class SteppingClock : public rocksdb::SystemClock {
 public:
  const char* Name() const override { return "stepping"; }
  uint64_t NowMicros() override { return NowNanos() / 1000; }
  uint64_t NowNanos() override { return nanos_.fetch_add(kPeriodUs * 1000); }
  void SleepForMicroseconds(int) override {}
  rocksdb::Status GetCurrentTime(int64_t*) override { return rocksdb::Status::NotSupported(); }
  std::string TimeToString(uint64_t) override { return ""; }

 private:
  std::atomic<uint64_t> nanos_{0};
};

TEST(GenericRateLimiter, CountsByPriority) {
  GenericRateLimiter limiter(1'000'000, kPeriodUs, 10, RateLimiter::Mode::kAllIo, std::make_shared<SteppingClock>(),
                             false);
  limiter.Request(1000, Env::IO_HIGH, nullptr);
  limiter.Request(1000, Env::IO_LOW, nullptr);
  limiter.Request(500, Env::IO_LOW, nullptr);
  EXPECT_EQ(limiter.GetTotalBytesThrough(Env::IO_LOW), 1500);
  EXPECT_EQ(limiter.GetTotalBytesThrough(Env::IO_TOTAL), 2500);
  EXPECT_EQ(limiter.GetTotalRequests(Env::IO_TOTAL), 3);
  int64_t waiting = -1;
  EXPECT_TRUE(limiter.GetTotalPendingRequests(&waiting, Env::IO_TOTAL).ok());
  EXPECT_EQ(waiting, 0);
}

TEST(GenericRateLimiter, ManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRequests = 50;
  GenericRateLimiter limiter(100'000'000, kPeriodUs, 10, RateLimiter::Mode::kAllIo, std::make_shared<SteppingClock>(),
                             false);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&limiter, t] {
      for (int i = 0; i < kRequests; ++i) limiter.Request(70'000, static_cast<Env::IOPriority>(t % 4), nullptr);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limiter.GetTotalBytesThrough(Env::IO_TOTAL), int64_t{kThreads} * kRequests * 70'000);
}

TEST(GenericRateLimiter, Modes) {
  const std::unique_ptr<RateLimiter> writes(rocksdb::NewGenericRateLimiter(1 << 30));
  EXPECT_TRUE(writes->IsRateLimited(RateLimiter::OpType::kWrite));
  EXPECT_FALSE(writes->IsRateLimited(RateLimiter::OpType::kRead));
  EXPECT_EQ(writes->RequestToken(5000, 0, Env::IO_LOW, nullptr, RateLimiter::OpType::kRead), 5000u);
}

TEST(GenericRateLimiter, TokensAreAlignedAndAtMostOneBurst) {
  GenericRateLimiter limiter(10'000'000, kPeriodUs, 10, RateLimiter::Mode::kAllIo, std::make_shared<SteppingClock>(),
                             false);
  const auto token = [&](size_t bytes, size_t alignment) {
    return limiter.RequestToken(bytes, alignment, Env::IO_LOW, nullptr, RateLimiter::OpType::kWrite);
  };
  EXPECT_EQ(limiter.GetSingleBurstBytes(), 10'000);
  EXPECT_EQ(token(5001, 512), 4608u);
  EXPECT_EQ(token(100, 512), 512u);
  EXPECT_EQ(token(1'000'000, 0), 10'000u);
  limiter.SetBytesPerSecond(2'000'000);
  EXPECT_EQ(limiter.GetBytesPerSecond(), 2'000'000);
  EXPECT_EQ(token(1'000'000, 0), 2'000u);
}

TEST(GenericRateLimiter, AutoTuningStartsAtHalf) {
  const std::unique_ptr<RateLimiter> limiter(
      rocksdb::NewGenericRateLimiter(1'000'000, 100'000, 10, RateLimiter::Mode::kAllIo, /*auto_tuned=*/true));
  EXPECT_EQ(limiter->GetBytesPerSecond(), 500'000);
}

TEST(TaskLimiter, TakesAndGivesBack) {
  TaskLimiter limiter("compactions", 2);
  auto first = limiter.Take(false);
  auto second = limiter.Take(false);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(limiter.Take(false), nullptr);
  auto forced = limiter.Take(true);
  EXPECT_EQ(limiter.GetOutstandingTask(), 3);
  first.reset();
  second.reset();
  EXPECT_NE(limiter.Take(false), nullptr);
  limiter.SetMaxOutstandingTask(0);
  EXPECT_EQ(limiter.Take(false), nullptr);
  limiter.ResetMaxOutstandingTask();
  EXPECT_NE(limiter.Take(false), nullptr);
  EXPECT_EQ(limiter.GetName(), "compactions");
}

}  // namespace
}  // namespace gneiss::compat
