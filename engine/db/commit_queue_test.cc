#include "engine/db/commit_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "engine/base/test_seed.h"

namespace gneiss {
namespace {

// What the commit path does with a queue, with counters in the place of the log and the memtables.
class QueueUser {
 public:
  void Write(const WriteParams& params, std::string* rep) {
    Writer writer(params, rep);
    switch (queue.Join(&writer)) {
      case CommitQueue::Role::kLeader:
        Lead(&writer);
        break;
      case CommitQueue::Role::kInserter:
        inserted.fetch_add(1);
        if (queue.FinishInsert(writer.group)) {
          Finish(writer.group, &writer);
        } else {
          queue.WaitDone(&writer);
        }
        break;
      case CommitQueue::Role::kDone:
        break;
    }
    EXPECT_NE(writer.first_seq, 0u) << "returned before it was committed";
  }

  void RunAlone() {
    Writer writer(WriteParams{});
    EXPECT_EQ(queue.Join(&writer), CommitQueue::Role::kLeader);
    EXPECT_FALSE(is_leading.exchange(true));
    CommitGroup group;
    queue.FormGroup(&writer, 1 << 20, &group);
    EXPECT_EQ(group.writer_count, 1u);
    is_leading = false;
    queue.Finish(&group, &writer);
  }

  CommitQueue queue;
  std::function<void()> before_launch = [] {};
  std::atomic<bool> is_leading{false};
  uint64_t committed = 0;  // the leader's
  size_t largest_group = 0;
  std::atomic<uint64_t> inserted{0};
  std::atomic<uint64_t> finished_groups{0};

 private:
  void Lead(Writer* leader) {
    EXPECT_FALSE(is_leading.exchange(true)) << "two leaders";
    CommitGroup group;
    queue.FormGroup(leader, 1 << 20, &group);
    size_t count = 0;
    for (Writer* writer : group) {
      writer->first_seq = ++committed;
      writer->is_skipped = writer->rep->size() == 1;
      EXPECT_TRUE(leader->params.sync || !writer->params.sync) << "a sync was not asked of the log";
      ++count;
    }
    EXPECT_EQ(count, group.writer_count);
    largest_group = std::max(largest_group, count);
    if (count < 2) {
      if (!leader->is_skipped) inserted.fetch_add(1);
      Finish(&group, leader);
      return;
    }
    before_launch();
    queue.LaunchInserts(&group);
    if (!leader->is_skipped) inserted.fetch_add(1);
    if (queue.FinishInsert(&group)) {
      Finish(&group, leader);
    } else {
      queue.WaitDone(leader);
    }
  }
  void Finish(CommitGroup* group, Writer* self) {
    finished_groups.fetch_add(1);
    is_leading = false;
    queue.Finish(group, self);
  }
};

TEST(CommitQueue, EveryWriterIsCommittedOnceAndOneLeaderAtATime) {
  constexpr int kThreads = 6;
  constexpr int kWrites = 3000;
  QueueUser user;
  std::atomic<uint64_t> skipped{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&user, &skipped, t] {
      Random random(TestSeed(11) + static_cast<uint64_t>(t));
      for (int i = 0; i < kWrites; ++i) {
        const bool is_skipped = random.OneIn(10);
        std::string rep(is_skipped ? 1 : 20, 'x');
        if (is_skipped) skipped.fetch_add(1);
        WriteParams params;
        params.sync = random.OneIn(4);
        user.Write(params, &rep);
        if (random.OneIn(50)) user.RunAlone();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(user.committed, uint64_t{kThreads} * kWrites);
  EXPECT_EQ(user.inserted + skipped, uint64_t{kThreads} * kWrites);
  EXPECT_LE(user.finished_groups, uint64_t{kThreads} * kWrites);
}

// The queue as a leader finds it: others have joined and wait.
TEST(CommitQueue, GroupsStopAtWhatCannotShare) {
  CommitQueue queue;
  std::string small(10, 'x'), large(1000, 'x');
  WriteParams plain, synced;
  synced.sync = true;
  Writer leader(plain, &small);
  ASSERT_EQ(queue.Join(&leader), CommitQueue::Role::kLeader);
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  const auto follow = [&](const WriteParams& params, std::string* rep, size_t expected_position) {
    threads.emplace_back([&queue, &done, params, rep] {
      Writer writer(params, rep);
      if (queue.Join(&writer) == CommitQueue::Role::kLeader) {
        CommitGroup group;
        queue.FormGroup(&writer, 1 << 20, &group);
        queue.Finish(&group, &writer);
      }
      done.fetch_add(1);
    });
    // Until it has queued up.
    for (size_t found = 0; found < expected_position;) {
      std::this_thread::yield();
      CommitGroup group;
      queue.FormGroup(&leader, 1 << 20, &group);
      found = group.writer_count;
    }
  };
  follow(plain, &small, 2);
  follow(plain, &large, 3);
  CommitGroup limited;
  queue.FormGroup(&leader, 800, &limited);
  EXPECT_EQ(limited.writer_count, 2u) << "the third would make it too large";
  CommitGroup group;
  queue.FormGroup(&leader, 1 << 20, &group);
  EXPECT_EQ(group.writer_count, 3u);
  EXPECT_FALSE(group.needs_sync);
  queue.Finish(&group, &leader);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 2);
}

// A leader whose own stores are slow to reach memory, because they miss the caches, wakes a follower that is just going
// to sleep. The follower once missed that for good: the new state was still under way when the waker saw no sleeper.
TEST(CommitQueue, NoWakeUpIsLostBehindSlowStores) {
  constexpr size_t kFarBytes = size_t{256} << 20;
  constexpr int kThreads = 2;
  QueueUser user;
  std::vector<char> far(kFarBytes);
  user.before_launch = [&far, random = Random(TestSeed(12))]() mutable {
    const auto go = std::chrono::steady_clock::now() + std::chrono::nanoseconds(random.Uniform(20'000));
    while (std::chrono::steady_clock::now() < go) {
    }
    for (uint64_t stores = random.Uniform(24); stores > 0; --stores) {
      *static_cast<volatile char*>(&far[random.Uniform(kFarBytes)]) = 1;
    }
  };
  std::atomic<bool> is_over{false};
  std::atomic<uint64_t> writes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::string rep(20, 'x');
      while (!is_over) {
        user.Write(WriteParams{}, &rep);
        writes.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (int second = 0; second < 5; ++second) {
    const uint64_t before = writes;
    for (int wait = 0; wait < 600 && (wait < 10 || writes == before); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    GNEISS_CHECK(writes != before);  // the sleepers cannot be joined
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gneiss
