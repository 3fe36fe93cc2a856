#include "engine/base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/logger.h"

#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace gneiss {
namespace {

// Blocks jobs until opened, and tells how many wait there.
class Gate {
 public:
  void Pass() EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    ++arrived_;
    changed_.SignalAll();
    while (!is_open_) changed_.Wait(&mutex_);
  }
  void Open() EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    is_open_ = true;
    changed_.SignalAll();
  }
  void WaitArrived(int count) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    while (arrived_ < count) changed_.Wait(&mutex_);
  }
  int arrived() EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    return arrived_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int arrived_ GUARDED_BY(mutex_) = 0;
  bool is_open_ GUARDED_BY(mutex_) = false;
};

TEST(ThreadPoolTest, RunsEveryJobOnce) {
  ThreadPool pool({.threads_max = 3});
  std::atomic<int> runs{0};
  for (int i = 0; i < 1000; ++i) pool.Submit([&runs] { ++runs; });
  pool.WaitIdle();
  EXPECT_EQ(runs, 1000);
  EXPECT_EQ(pool.QueueLength(), 0u);
}

TEST(ThreadPoolTest, JobsMaySubmitJobs) {
  ThreadPool pool({.threads_max = 1});
  std::atomic<int> runs{0};
  pool.Submit([&] {
    for (int i = 0; i < 10; ++i) pool.Submit([&runs] { ++runs; });
  });
  pool.WaitIdle();
  EXPECT_EQ(runs, 10);
}

TEST(ThreadPoolTest, AtMostThreadsMaxRunAtOnce) {
  ThreadPool pool({.threads_max = 2});
  Gate gate;
  for (int i = 0; i < 5; ++i) pool.Submit([&gate] { gate.Pass(); });
  gate.WaitArrived(2);
  EXPECT_EQ(pool.QueueLength(), 3u);
  pool.SetThreadsMax(4);
  gate.WaitArrived(4);
  EXPECT_EQ(pool.QueueLength(), 1u);
  gate.Open();
  pool.WaitIdle();
  EXPECT_EQ(gate.arrived(), 5);
}

TEST(ThreadPoolTest, MayBeMadeSmaller) {
  ThreadPool pool({.threads_max = 4});
  Gate warm_up;
  for (int i = 0; i < 4; ++i) pool.Submit([&warm_up] { warm_up.Pass(); });
  warm_up.WaitArrived(4);
  pool.SetThreadsMax(1);
  warm_up.Open();
  pool.WaitIdle();
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  for (int i = 0; i < 200; ++i) {
    pool.Submit([&] {
      const int now = ++running;
      if (now > most) most = now;
      --running;
    });
  }
  pool.WaitIdle();
  EXPECT_EQ(most, 1);
}

TEST(ThreadPoolTest, DestructorDropsWhatHasNotBegun) {
  std::atomic<int> runs{0};
  const auto token = std::make_shared<int>(0);
  Gate gate;
  std::thread opener;
  {
    ThreadPool pool({.threads_max = 1});
    pool.Submit([&gate, &runs] {
      gate.Pass();
      ++runs;
    });
    gate.WaitArrived(1);
    for (int i = 0; i < 10; ++i) pool.Submit([&runs, token] { ++runs; });
    // The dropped jobs are gone before the running one ends.
    opener = std::thread([&gate, &token] {
      while (token.use_count() > 1) std::this_thread::yield();
      gate.Open();
    });
  }
  opener.join();
  EXPECT_EQ(runs, 1);
}

TEST(ThreadPoolTest, ClosuresAreReleasedBeforeThePoolIsIdle) {
  ThreadPool pool({.threads_max = 1});
  const auto token = std::make_shared<int>(0);
  pool.Submit([token] {});
  pool.WaitIdle();
  EXPECT_EQ(token.use_count(), 1);
}

#if defined(__linux__)
TEST(ThreadPoolTest, BackgroundThreadsYieldToWhoMadeThePool) {
  // In a thread of its own, because a lower priority cannot be taken back.
  std::thread maker([] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 3), 0);
    const int own = getpriority(PRIO_PROCESS, 0);
    std::atomic<int> first{0}, second{0};
    ThreadPool other({.threads_max = 1});
    ThreadPool pool({.threads_max = 1});
    pool.Submit([&] {
      first = getpriority(PRIO_PROCESS, 0);
      other.Submit([&second] { second = getpriority(PRIO_PROCESS, 0); });  // its thread begins here
    });
    pool.WaitIdle();
    other.WaitIdle();
    EXPECT_EQ(first, std::min(own + 5, 19));
    EXPECT_EQ(second, first);
    std::atomic<int> idle{0};
    ThreadPool last({.priority = ThreadPool::CpuPriority::kIdle});
    last.Submit([&idle] { idle = getpriority(PRIO_PROCESS, 0); });
    last.WaitIdle();
    EXPECT_EQ(idle, 19);
  });
  maker.join();
}
#endif

TEST(ClockTest, Moves) {
  Clock* const clock = Clock::System();
  const uint64_t micros = clock->NowMicros();
  const uint64_t nanos = clock->NowNanos();
  EXPECT_GE(nanos / 1000, micros);
  clock->SleepMicros(1);
  EXPECT_GE(clock->NowNanos(), nanos + 1000);
  EXPECT_GT(clock->UnixSeconds(), 1'600'000'000);
}

class CollectingLogger final : public Logger {
 public:
  bool Wants(LogLevel level) const override { return level >= LogLevel::kWarn; }
  void Write(LogLevel /*level*/, const char* format, va_list arguments) override {
    char line[100];
    std::vsnprintf(line, sizeof(line), format, arguments);
    lines.emplace_back(line);
  }
  std::vector<std::string> lines;
};

TEST(LoggerTest, WritesWhatIsWanted) {
  CollectingLogger logger;
  Log(&logger, LogLevel::kInfo, "not %s", "wanted");
  Log(&logger, LogLevel::kError, "%s %d", "wanted", 7);
  Log(nullptr, LogLevel::kError, "nobody listens");
  EXPECT_EQ(logger.lines, std::vector<std::string>{"wanted 7"});
}

}  // namespace
}  // namespace gneiss
