// Pools of background threads: order, tags, limits, reservations and joining.
#include "compat/adapters/background_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compat/adapters/thread_status_updater.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {
namespace {

using rocksdb::Env;

// Closed until opened; passing waits.
class Gate {
 public:
  void Open() {
    MutexLock lock(&mutex_);
    is_open_ = true;
    changed_.SignalAll();
  }
  void Pass() {
    MutexLock lock(&mutex_);
    ++arrived_;
    changed_.SignalAll();
    while (!is_open_) changed_.Wait(&mutex_);
  }
  void WaitForArrivals(int count) {
    MutexLock lock(&mutex_);
    while (arrived_ < count) changed_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool is_open_ GUARDED_BY(mutex_) = false;
  int arrived_ GUARDED_BY(mutex_) = 0;
};

TEST(BackgroundPool, RunsAllJobsBeforeJoining) {
  const std::unique_ptr<rocksdb::ThreadPool> pool(rocksdb::NewThreadPool(3));
  EXPECT_EQ(3, pool->GetBackgroundThreads());
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) pool->SubmitJob([&ran] { ++ran; });
  const std::function<void()> one_more = [&ran] { ++ran; };
  pool->SubmitJob(one_more);
  pool->WaitForJobsAndJoinAllThreads();
  EXPECT_EQ(101, ran.load());
  EXPECT_EQ(0u, pool->GetQueueLen());
}

TEST(BackgroundPool, OneThreadRunsInOrder) {
  BackgroundPool pool(Env::LOW);
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) pool.SubmitJob([&order, i] { order.push_back(i); });
  EXPECT_EQ(10u, pool.GetQueueLen());
  pool.SetBackgroundThreads(1);
  pool.WaitForJobsAndJoinAllThreads();
  EXPECT_EQ((std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), order);
}

TEST(BackgroundPool, UnScheduleTakesBackWhatIsQueued) {
  static int taken_back;
  static std::atomic<int> ran;
  taken_back = 0;
  ran = 0;
  BackgroundPool pool(Env::LOW);
  Gate gate;
  pool.SetBackgroundThreads(1);
  pool.SubmitJob([&gate] { gate.Pass(); });
  gate.WaitForArrivals(1);
  int tag = 0;
  int other_tag = 0;
  int argument = 7;
  const auto run = [](void*) { ++ran; };
  const auto take_back = [](void* arg) { taken_back += *static_cast<int*>(arg); };
  pool.Schedule(run, &argument, &tag, take_back);
  pool.Schedule(run, &argument, &other_tag, nullptr);
  pool.Schedule(run, &argument, &tag, nullptr);
  EXPECT_EQ(3u, pool.GetQueueLen());
  EXPECT_EQ(2, pool.UnSchedule(&tag));
  EXPECT_EQ(7, taken_back);
  EXPECT_EQ(0, pool.UnSchedule(&tag));
  gate.Open();
  pool.WaitForJobsAndJoinAllThreads();
  EXPECT_EQ(1, ran.load());
}

TEST(BackgroundPool, LimitGrowsAndShrinks) {
  BackgroundPool pool(Env::HIGH);
  pool.SetBackgroundThreads(2);
  pool.IncBackgroundThreadsIfNeeded(1);
  EXPECT_EQ(2, pool.GetBackgroundThreads());
  pool.IncBackgroundThreadsIfNeeded(4);
  EXPECT_EQ(4, pool.GetBackgroundThreads());
  Gate four;
  for (int i = 0; i < 4; ++i) pool.SubmitJob([&four] { four.Pass(); });
  four.WaitForArrivals(4);  // four threads at once
  pool.SetBackgroundThreads(1);
  EXPECT_EQ(1, pool.GetBackgroundThreads());
  four.Open();
  // With one thread left, never two jobs at once.
  std::atomic<int> at_once{0};
  std::atomic<bool> met{false};
  pool.WaitForJobsAndJoinAllThreads();
  pool.SetBackgroundThreads(1);
  for (int i = 0; i < 50; ++i) {
    pool.SubmitJob([&] {
      if (++at_once > 1) met = true;
      --at_once;
    });
  }
  pool.WaitForJobsAndJoinAllThreads();
  EXPECT_FALSE(met.load());
}

TEST(BackgroundPool, ReservedThreadsTakeNoJobs) {
  BackgroundPool pool(Env::LOW);
  Gate started;
  pool.SetBackgroundThreads(2);
  for (int i = 0; i < 2; ++i) pool.SubmitJob([&started] { started.Pass(); });
  started.WaitForArrivals(2);
  EXPECT_EQ(0, pool.ReserveThreads(2));  // both are busy
  started.Open();
  // Both become idle sooner or later.
  int reserved = 0;
  while (reserved < 2) reserved += pool.ReserveThreads(2 - reserved);
  EXPECT_EQ(0, pool.ReserveThreads(1));
  std::atomic<bool> ran{false};
  pool.SubmitJob([&ran] { ran = true; });
  EXPECT_EQ(1u, pool.GetQueueLen());
  EXPECT_EQ(2, pool.ReleaseThreads(5));
  EXPECT_EQ(0, pool.ReleaseThreads(1));
  pool.WaitForJobsAndJoinAllThreads();
  EXPECT_TRUE(ran.load());
}

TEST(BackgroundPool, JoinLeavesTheQueueAndThePoolUsable) {
  BackgroundPool pool(Env::LOW);
  std::atomic<int> ran{0};
  pool.SubmitJob([&ran] { ++ran; });
  pool.JoinAllThreads();
  EXPECT_EQ(0, ran.load());
  EXPECT_EQ(1u, pool.GetQueueLen());
  pool.SetBackgroundThreads(1);
  pool.WaitForJobsAndJoinAllThreads();
  EXPECT_EQ(1, ran.load());
}

TEST(BackgroundPool, AJobMayChangeItsOwnPool) {
  BackgroundPool pool(Env::LOW);
  Gate done;
  pool.SetBackgroundThreads(3);
  pool.SubmitJob([&] {
    pool.SetBackgroundThreads(1);
    pool.SetBackgroundThreads(4);
    pool.SubmitJob([&done] { done.Open(); });
  });
  done.Pass();
  EXPECT_EQ(4, pool.GetBackgroundThreads());
}

TEST(BackgroundPool, ThreadsAppearInTheStatusList) {
  rocksdb::ThreadStatusUpdater statuses;
  std::vector<rocksdb::ThreadStatus> list;
  {
    BackgroundPool pool(Env::BOTTOM, &statuses);
    Gate gate;
    pool.SetBackgroundThreads(1);
    pool.SubmitJob([&] {
      statuses.BeginOperation(rocksdb::ThreadStatus::OP_FLUSH, "db", "cf");
      statuses.SetStage(rocksdb::ThreadStatus::STAGE_FLUSH_RUN);
      statuses.SetProperty(rocksdb::ThreadStatus::FLUSH_BYTES_WRITTEN, 12);
      gate.Pass();
      statuses.EndOperation();
    });
    gate.WaitForArrivals(1);
    EXPECT_TRUE(statuses.GetThreadList(&list).ok());
    ASSERT_EQ(1u, list.size());
    EXPECT_EQ(rocksdb::ThreadStatus::BOTTOM_PRIORITY, list[0].thread_type);
    EXPECT_EQ("db", list[0].db_name);
    EXPECT_EQ("cf", list[0].cf_name);
    EXPECT_EQ(rocksdb::ThreadStatus::OP_FLUSH, list[0].operation_type);
    EXPECT_EQ(rocksdb::ThreadStatus::STAGE_FLUSH_RUN, list[0].operation_stage);
    EXPECT_EQ(12u, list[0].op_properties[rocksdb::ThreadStatus::FLUSH_BYTES_WRITTEN]);
    gate.Open();
  }
  EXPECT_TRUE(statuses.GetThreadList(&list).ok());
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace gneiss::compat
