// Programs with a fault that only some interleavings show: what the scheduler must find, and replay.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/read_guard.h"
#include "tests/schedules/scenario.h"

namespace gneiss::schedules {

namespace {

// A read and a write where one addition was meant.
void LostUpdate(Random* /*random*/) {
  std::atomic<int> counter{0};
  const auto add = [&counter] {
    for (int i = 0; i < 3; ++i) counter.store(counter.load() + 1);
  };
  std::thread other(add);
  add();
  other.join();
  SCHEDULE_CHECK(counter.load() == 6, "an update was lost");
}

// The flag is set without the lock, so the wake-up may come between the look at it and the wait.
void LostWakeUp(Random* /*random*/) {
  Mutex mutex;
  CondVar is_set_now;
  std::atomic<bool> is_set{false};
  std::thread setter([&] {
    is_set.store(true);
    is_set_now.Signal();
  });
  {
    MutexLock lock(&mutex);
    while (!is_set.load()) is_set_now.Wait(&mutex);
  }
  setter.join();
}

void LocksInBothOrders(Random* /*random*/) {
  Mutex first;
  Mutex second;
  std::thread other([&] {
    MutexLock outer(&second);
    MutexLock inner(&first);
  });
  {
    MutexLock outer(&first);
    MutexLock inner(&second);
  }
  other.join();
}

// A reader without a guard: what it points to may be gone.
void FreedUnderAReader(Random* /*random*/) {
  struct Object {
    uint64_t number;
  };
  std::atomic<Object*> newest{new Object{1}};
  std::atomic<uint64_t> done{0};
  std::thread reader([&] {
    for (int round = 0; round < 4; ++round) {
      const Object* const object = newest.load();
      done.fetch_add(1);
      SCHEDULE_CHECK(object->number > 0, "nonsense");
    }
  });
  for (int round = 0; round < 4; ++round) {
    Object* const old = newest.exchange(new Object{2});
    Retire([old] { delete old; });
    ReclaimAll();
    done.fetch_add(1);
  }
  reader.join();
  delete newest.load();
}

// Shows only when the second thread runs wholly between two steps of the first, which in turn runs between two of the
// third: rare for a walk at random.
void ThreeInOneOrder(Random* /*random*/) {
  std::atomic<int> stage{0};
  const auto spend = [](int steps) {
    std::atomic<int> nothing{0};
    for (int i = 0; i < steps; ++i) nothing.store(i);
  };
  std::thread second([&] {
    spend(20);
    if (stage.load() == 1) {
      spend(20);
      if (stage.load() == 1) stage.store(2);
    }
  });
  std::thread third([&] {
    spend(20);
    if (stage.load() == 2) {
      spend(20);
      SCHEDULE_CHECK(stage.load() != 2, "the rare order came");
    }
  });
  spend(20);
  stage.store(1);
  spend(60);
  stage.store(3);
  second.join();
  third.join();
}

// The last two of three waiters are never woken when two signals find one waiter.
void SignalWhereAllWait(Random* /*random*/) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 2; ++i) {
    threads.emplace_back([&, i] {
      MutexLock lock(&mutex);
      while (turn != i) changed.Wait(&mutex);
    });
  }
  for (int i = 1; i <= 2; ++i) {
    MutexLock lock(&mutex);
    turn = i;
    changed.Signal();
  }
  for (std::thread& thread : threads) thread.join();
}

constexpr std::array kFaults = {
    Scenario{"lost-update", LostUpdate, "an update was lost"},
    Scenario{"lost-wake-up", LostWakeUp, "deadlock"},
    Scenario{"locks-in-both-orders", LocksInBothOrders, "deadlock"},
    Scenario{"freed-under-a-reader", FreedUnderAReader, "that thread"},
    Scenario{"three-in-one-order", ThreeInOneOrder, "the rare order came"},
    Scenario{"signal-where-all-wait", SignalWhereAllWait, "deadlock"},
};

}  // namespace

std::span<const Scenario> PlantedFaults() { return kFaults; }

}  // namespace gneiss::schedules
