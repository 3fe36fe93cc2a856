#include "compat/db/periodic_work.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>

#include "engine/base/start_thread.h"

namespace gneiss::compat {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

class Timer {
 public:
  // Never destroyed: its thread may outlive main.
  static Timer& Shared() {
    static Timer& timer = *new Timer();
    return timer;
  }

  uint64_t Add(uint64_t period_seconds, std::function<void()> work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t id = next_id_++;
    const std::chrono::seconds period(period_seconds);
    // Databases that open together take turns.
    tasks_[id] = {std::move(work), period,
                  std::chrono::steady_clock::now() + std::chrono::seconds(id % period_seconds)};
    if (!has_thread_) {
      has_thread_ = true;
      StartThread([this] { Run(); }).detach();
    }
    changed_.notify_all();
    return id;
  }

  void Remove(uint64_t id) {
    std::unique_lock<std::mutex> lock(mutex_);
    tasks_.erase(id);
    changed_.notify_all();
    if (std::this_thread::get_id() == runner_) return;  // work that ends itself
    changed_.wait(lock, [&] { return running_ != id; });
  }

 private:
  struct Task {
    std::function<void()> work;
    std::chrono::seconds period{};
    SteadyTime next;
  };

  void Run() {
    pthread_setname_np(pthread_self(), "gneiss:timer");
    std::unique_lock<std::mutex> lock(mutex_);
    runner_ = std::this_thread::get_id();
    while (!tasks_.empty()) {
      const auto first = std::min_element(tasks_.begin(), tasks_.end(),
                                          [](const auto& a, const auto& b) { return a.second.next < b.second.next; });
      const SteadyTime now = std::chrono::steady_clock::now();
      if (first->second.next > now) {
        const SteadyTime until = first->second.next;
        changed_.wait_until(lock, until);
        continue;
      }
      first->second.next = now + first->second.period;
      running_ = first->first;
      const std::function<void()> work = first->second.work;
      lock.unlock();
      work();
      lock.lock();
      running_ = 0;
      changed_.notify_all();
    }
    runner_ = std::thread::id();
    has_thread_ = false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Task> tasks_;
  uint64_t next_id_ = 1;
  uint64_t running_ = 0;    // the task whose work runs; 0: none
  std::thread::id runner_;  // of the thread, while there is one
  bool has_thread_ = false;
};

}  // namespace

void PeriodicWork::Set(const char* name, uint64_t period_seconds, std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_stopped_) return;
  Piece& piece = pieces_[name];
  if (piece.period_seconds == period_seconds) return;
  if (piece.timer_id != 0) Timer::Shared().Remove(piece.timer_id);
  piece = {.timer_id = period_seconds == 0 ? 0 : Timer::Shared().Add(period_seconds, std::move(work)),
           .period_seconds = period_seconds};
}

void PeriodicWork::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_stopped_ = true;
  for (const auto& [name, piece] : pieces_) {
    if (piece.timer_id != 0) Timer::Shared().Remove(piece.timer_id);
  }
  pieces_.clear();
}

}  // namespace gneiss::compat
