#include "engine/base/read_guard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace gneiss {
namespace {

TEST(ReadGuardTest, RetiredObjectsWaitForReclaim) {
  ReclaimAll();
  int freed = 0;
  Retire([&] { ++freed; });
  Retire([&] { ++freed; });
  EXPECT_EQ(freed, 0);
  EXPECT_TRUE(Reclaim());
  EXPECT_EQ(freed, 2);
}

TEST(ReadGuardTest, ReclaimInsideAGuardFreesNothing) {
  int freed = 0;
  {
    ReadGuard guard;
    Retire([&] { ++freed; });
    EXPECT_FALSE(Reclaim());
    EXPECT_EQ(freed, 0);
  }
  EXPECT_TRUE(Reclaim());
  EXPECT_EQ(freed, 1);
}

// Runs `during` while another thread holds a guard, nested once more and closed again.
void WithReaderElsewhere(const std::function<void()>& during) {
  std::atomic<bool> is_open{false};
  std::atomic<bool> may_close{false};
  std::thread reader([&] {
    ReadGuard outer;
    { ReadGuard inner; }
    is_open.store(true);
    is_open.notify_all();
    may_close.wait(false);
  });
  is_open.wait(false);
  during();
  may_close.store(true);
  may_close.notify_all();
  reader.join();
}

TEST(ReadGuardTest, AnOpenGuardElsewhereKeepsWhatItCouldSee) {
  ReclaimAll();
  int freed_before = 0;
  int freed_during = 0;
  Retire([&] { ++freed_before; });
  WithReaderElsewhere([&] {
    Retire([&] { ++freed_during; });
    EXPECT_FALSE(Reclaim());
    EXPECT_EQ(freed_before, 1) << "the guard opened after it was retired";
    EXPECT_EQ(freed_during, 0);
  });
  ReclaimAll();
  EXPECT_EQ(freed_during, 1);
}

TEST(ReadGuardTest, ReclaimWithinWaitsForAnOpenGuard) {
  ReclaimAll();
  std::atomic<bool> is_freed{false};
  std::thread reclaimer;
  WithReaderElsewhere([&] {
    Retire([&] { is_freed = true; });
    EXPECT_FALSE(ReclaimWithin(std::chrono::microseconds(200)));
    EXPECT_FALSE(is_freed);
    reclaimer = std::thread([] { EXPECT_TRUE(ReclaimWithin(std::chrono::minutes(1))); });
  });
  reclaimer.join();
  EXPECT_TRUE(is_freed);
}

TEST(ReadGuardTest, ClosuresMayRetireAndAskForReclaim) {
  ReclaimAll();
  int freed = 0;
  Retire([&] {
    Retire([&] { ++freed; });
    EXPECT_FALSE(Reclaim());
    ++freed;
  });
  EXPECT_FALSE(Reclaim());
  EXPECT_EQ(freed, 1);
  EXPECT_TRUE(Reclaim());
  EXPECT_EQ(freed, 2);
}

TEST(ReadGuardTest, GuardsWorkWhileTheThreadEnds) {
  struct UsesGuardAtEnd {
    ~UsesGuardAtEnd() {
      for (int i = 0; i < 3; ++i) {
        ReadGuard guard;
        Retire([count = freed] { ++*count; });
      }
    }
    std::atomic<int>* freed = nullptr;
  };
  std::atomic<int> freed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&freed] {
      // Made before the guard's own thread-local state, so destroyed after it.
      thread_local UsesGuardAtEnd at_end;
      at_end.freed = &freed;
      ReadGuard guard;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(freed.load(), 0);
  ReclaimAll();
  EXPECT_EQ(freed.load(), 24);
}

// Readers follow a pointer that a writer keeps replacing; a freed object is poisoned first, so that a reader that could
// still see it fails (and sanitizers report it).
TEST(ReadGuardTest, ReadersNeverSeeAFreedObject) {
  struct Object {
    explicit Object(uint64_t n) : value(n), twin(n) {}
    ~Object() { value = ~twin; }
    uint64_t value;
    uint64_t twin;
  };
  constexpr uint64_t kSwaps = 20000;
  std::atomic<Object*> current{new Object(0)};
  std::atomic<bool> is_stopping{false};
  std::atomic<uint64_t> freed{0};
  std::atomic<uint64_t> reads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      uint64_t last = 0;
      while (!is_stopping.load(std::memory_order_relaxed)) {
        ReadGuard guard;
        const Object* object = current.load(std::memory_order_acquire);
        ASSERT_EQ(object->value, object->twin);
        ASSERT_GE(object->value, last);
        last = object->value;
        reads.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      for (uint64_t n = 1; n <= kSwaps; ++n) {
        if (i == 1) {
          Reclaim();
          continue;
        }
        Object* old = current.exchange(new Object(n), std::memory_order_acq_rel);
        Retire([old, &freed] {
          delete old;
          freed.fetch_add(1, std::memory_order_relaxed);
        });
        if (n % 64 == 0) Reclaim();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  while (reads.load() < 100) std::this_thread::yield();
  is_stopping.store(true);
  for (auto& reader : readers) reader.join();
  ReclaimAll();
  EXPECT_EQ(freed.load(), kSwaps);
  delete current.load();
}

// Threads come and go while guards open and close, so slots pass from hand to hand.
TEST(ReadGuardTest, SlotsAreReusedByLaterThreads) {
  std::atomic<uint64_t> freed{0};
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        { ReadGuard guard; }
        Retire([&] { freed.fetch_add(1); });
        Reclaim();
      });
    }
    for (auto& thread : threads) thread.join();
  }
  ReclaimAll();
  EXPECT_EQ(freed.load(), 4u * kRounds);
}

}  // namespace
}  // namespace gneiss
