#include "tests/schedules/scheduler.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <unordered_map>
#include <vector>

#include "engine/base/random.h"
#include "tests/schedules/threads.h"

namespace gneiss::schedules {

struct Thread {
  uint32_t number = 0;
  bool is_blocked = false;
  bool has_ended = false;
  bool has_timed_out = false;
  const void* waits_for = nullptr;
  uint64_t until_nanos = kNever;
  uint64_t priority = 0;
  std::atomic<uint32_t> has_turn{0};
};

namespace {

constexpr uint64_t kStepsMax = 3'000'000;
constexpr uint64_t kNanosPerStep = 50;
// Threads that only sleep and look again make no progress.
constexpr uint64_t kJumpsMax = 200'000;
// A thread that spins waits for others, also where it does not say so.
constexpr uint64_t kStepsInARowMax = 20'000;
// Priorities below are given to threads that were lowered, each lower than the one before.
constexpr uint64_t kLowered = uint64_t{1} << 32;
constexpr uint64_t kFirstNanos = 1'700'000'000'000'000'000;

const char* NameOf(Step step) {
  constexpr std::array kNames = {"atomic", "lock", "unlock", "wait",  "wake", "start",
                                 "join",   "end",  "yield",  "sleep", "file"};
  return kNames[static_cast<size_t>(step)];
}

struct Event {
  uint64_t number;
  uint32_t thread;
  Step step;
  uint32_t object;
  const void* caller;
};

// Numbered as they appear, so that a hash knows no address.
struct Object {
  uint32_t id = 0;
  uint32_t thread = 0;  // who met it first
  bool is_shared = false;
};

void Print(const Event& event) {
  std::fprintf(stderr, "  step %7llu  thread %2u  %-6s  object %4u  at %p\n",
               static_cast<unsigned long long>(event.number), event.thread, NameOf(event.step), event.object,
               event.caller);
}

// What one run is about. Only the thread whose turn it is touches it.
class Schedule {
 public:
  Schedule(const RunParams& params, Result* result)
      : random_(params.seed * 0x9e3779b97f4a7c15 + 1), prints_steps_(params.prints_steps), result_(result) {
    uses_priorities_ = random_.Uniform(2) == 0;
    chooses_at_shared_only_ = random_.Uniform(2) == 0;
    constexpr std::array<uint64_t, 5> kOneSwitchIn = {1, 2, 6, 20, 80};
    one_switch_in_ = kOneSwitchIn[random_.Uniform(kOneSwitchIn.size())];
    if (!uses_priorities_) return;
    constexpr std::array<uint64_t, 6> kHorizons = {20, 100, 400, 2000, 8000, 30'000};
    const uint64_t horizon = kHorizons[random_.Uniform(kHorizons.size())];
    for (uint64_t left = 1 + random_.Uniform(6); left > 0; --left) changes_.push_back(1 + random_.Uniform(horizon));
  }

  Thread* Register() {
    Thread& thread = threads_.emplace_back();
    thread.number = static_cast<uint32_t>(threads_.size() - 1);
    thread.priority = kLowered + 1 + random_.Uniform(uint64_t{1} << 31);
    result_->threads = static_cast<uint32_t>(threads_.size());
    return &thread;
  }

  void Reach(Thread* self, Step step, const void* object, const void* caller) {
    if (!Note(self, step, object, caller) && chooses_at_shared_only_ && step == Step::kAtomic) return;
    ++choices_;
    if (uses_priorities_) {
      for (const uint64_t change : changes_) {
        if (first_choice_ + change == choices_) Lower(self);
      }
      if (steps_in_a_row_ > kStepsInARowMax) {
        Lower(self);
        steps_in_a_row_ = 0;
      }
    }
    PassTurn(self);
  }

  void Yield(Thread* self, const void* caller) {
    Note(self, Step::kYield, nullptr, caller);
    Lower(self);
    PassTurn(self);
  }

  bool BlockOn(Thread* self, const void* object, uint64_t until_nanos) {
    self->is_blocked = true;
    self->has_timed_out = false;
    self->waits_for = object;
    self->until_nanos = until_nanos;
    PassTurn(self);
    return !self->has_timed_out;
  }

  void WakeOne(const void* object) {
    std::vector<Thread*>& waiting = scratch_;
    waiting.clear();
    for (Thread& thread : threads_) {
      if (thread.is_blocked && thread.waits_for == object) waiting.push_back(&thread);
    }
    if (!waiting.empty()) Unblock(waiting[random_.Uniform(waiting.size())]);
  }
  void WakeAll(const void* object) {
    for (Thread& thread : threads_) {
      if (thread.is_blocked && thread.waits_for == object) Unblock(&thread);
    }
  }

  void End(Thread* self, const void* caller) {
    Note(self, Step::kEnd, self, caller);
    self->has_ended = true;
    WakeAll(self);
    Give(Next(self));  // and nobody gives it back
  }

  void MarkBegin() { first_choice_ = choices_; }

  uint64_t NowNanos() const { return now_nanos_; }
  uint64_t StepNow() const { return result_->steps; }
  Result* result() { return result_; }

  void PrintLast() const {
    const uint64_t count = result_->steps < last_.size() ? result_->steps : last_.size();
    for (uint64_t i = result_->steps - count + 1; i <= result_->steps; ++i) Print(last_[i % last_.size()]);
    for (const Thread& thread : threads_) {
      if (thread.has_ended) continue;
      std::fprintf(stderr, "  thread %2u %s\n", thread.number, thread.is_blocked ? "waits" : "can run");
    }
  }

 private:
  // True when other threads have met the object too.
  bool Note(Thread* self, Step step, const void* object, const void* caller) {
    const uint64_t number = ++result_->steps;
    now_nanos_ += kNanosPerStep;
    Object& known = objects_[object];
    if (known.id == 0 && object != nullptr) known = {.id = ++object_count_, .thread = self->number};
    if (known.thread != self->number) known.is_shared = true;
    const uint32_t id = known.id;
    const uint64_t word = (uint64_t{id} << 16) | (uint64_t{self->number} << 8) | static_cast<uint64_t>(step);
    result_->hash = (result_->hash ^ word) * 0x100000001b3 + (result_->hash >> 47);
    Event& event = last_[number % last_.size()];
    event = {.number = number, .thread = self->number, .step = step, .object = id, .caller = caller};
    if (prints_steps_) Print(event);
    if (number > kStepsMax) Fail("it does not end: %llu steps", static_cast<unsigned long long>(number));
    return known.is_shared;
  }

  void Lower(Thread* thread) { thread->priority = --lowest_; }

  static void Unblock(Thread* thread) {
    thread->is_blocked = false;
    thread->waits_for = nullptr;
    thread->until_nanos = kNever;
  }

  void EndWaitsUntil(uint64_t nanos) {
    for (Thread& thread : threads_) {
      if (!thread.is_blocked || thread.until_nanos > nanos) continue;
      Unblock(&thread);
      thread.has_timed_out = true;
    }
  }

  static bool CanRun(const Thread& thread) { return !thread.is_blocked && !thread.has_ended; }

  bool SomeoneCanRun() const {
    for (const Thread& thread : threads_) {
      if (CanRun(thread)) return true;
    }
    return false;
  }

  // Everybody waits: what comes next is the first time-out.
  void JumpToTimeout() {
    uint64_t next = kNever;
    for (const Thread& thread : threads_) {
      if (thread.is_blocked && thread.until_nanos < next) next = thread.until_nanos;
    }
    if (next == kNever) Fail("deadlock: every thread waits, and for no time-out");
    if (++jumps_ > kJumpsMax) Fail("stuck: threads do nothing but sleep");
    now_nanos_ = next;
    EndWaitsUntil(next);
  }

  Thread* Next(Thread* self) {
    EndWaitsUntil(now_nanos_);
    if (!SomeoneCanRun()) JumpToTimeout();
    if (uses_priorities_) {
      Thread* highest = nullptr;
      for (Thread& thread : threads_) {
        if (CanRun(thread) && (highest == nullptr || thread.priority > highest->priority)) highest = &thread;
      }
      return highest;
    }
    if (CanRun(*self) && random_.Uniform(one_switch_in_) != 0) return self;
    std::vector<Thread*>& ready = scratch_;
    ready.clear();
    for (Thread& thread : threads_) {
      if (CanRun(thread)) ready.push_back(&thread);
    }
    return ready[random_.Uniform(ready.size())];
  }

  void PassTurn(Thread* self) {
    Thread* const next = Next(self);
    if (next == self) {
      ++steps_in_a_row_;
      return;
    }
    Give(next);
    WaitForTurn(self);
  }

  void Give(Thread* next) {
    steps_in_a_row_ = 0;
    ++result_->switches;
    next->has_turn.store(1, std::memory_order_release);
    RealSyscall(SYS_futex, &next->has_turn, FUTEX_WAKE_PRIVATE, 1);
  }

 public:
  static void WaitForTurn(Thread* self) {
    while (self->has_turn.load(std::memory_order_acquire) == 0) {
      RealSyscall(SYS_futex, &self->has_turn, FUTEX_WAIT_PRIVATE, 0);
    }
    self->has_turn.store(0, std::memory_order_relaxed);
  }

 private:
  Random random_;
  const bool prints_steps_;
  Result* const result_;
  bool uses_priorities_ = false;
  uint64_t one_switch_in_ = 1;
  std::vector<uint64_t> changes_;  // choices at which the running thread is lowered
  // Most atomic operations are on memory that is still one thread's own. Half of the seeds spend no choice on those,
  // which finds what needs few switches in long runs; the others miss no point.
  bool chooses_at_shared_only_ = false;
  uint64_t choices_ = 0;
  uint64_t first_choice_ = 0;
  uint64_t lowest_ = kLowered;
  uint64_t steps_in_a_row_ = 0;
  uint64_t jumps_ = 0;
  uint64_t now_nanos_ = kFirstNanos;
  std::deque<Thread> threads_;
  std::vector<Thread*> scratch_;
  std::unordered_map<const void*, Object> objects_;
  uint32_t object_count_ = 0;
  std::array<Event, 24> last_{};
};

Schedule* schedule = nullptr;  // of this process
thread_local Thread* self = nullptr;

}  // namespace

void Run(const RunParams& params, Result* result, const std::function<void()>& body) {
  *result = Result();
  schedule = new Schedule(params, result);
  self = schedule->Register();
  body();
  self = nullptr;  // threads that are left wait for ever, until the process ends
  result->is_complete = true;
}

void MarkBegin() { schedule->MarkBegin(); }

void Fail(const char* format, ...) {
  char text[sizeof(Result::failure)];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (schedule != nullptr) {
    std::snprintf(schedule->result()->failure, sizeof(text), "%s", text);
    if (std::getenv("GNEISS_SCHEDULE_QUIET") == nullptr) schedule->PrintLast();
  } else {
    std::fprintf(stderr, "%s\n", text);
  }
  _exit(1);
}

bool IsScheduled() { return self != nullptr; }
void Reach(Step step, const void* object, const void* caller) { schedule->Reach(self, step, object, caller); }
bool BlockOn(const void* object, uint64_t until_nanos) { return schedule->BlockOn(self, object, until_nanos); }
void WakeOne(const void* object) { schedule->WakeOne(object); }
void WakeAll(const void* object) { schedule->WakeAll(object); }
void Yield(const void* caller) { schedule->Yield(self, caller); }
uint64_t NowNanos() { return schedule->NowNanos(); }
uint64_t StepNow() { return schedule == nullptr ? 0 : schedule->StepNow(); }
uint32_t ThreadNow() { return self == nullptr ? 0 : self->number; }

Thread* Register() { return schedule->Register(); }
void Begin(Thread* thread) {
  Schedule::WaitForTurn(thread);
  self = thread;
}
void End() {
  Thread* const ended = self;
  self = nullptr;  // what the system does at a thread's end is its own
  schedule->End(ended, nullptr);
}
bool HasEnded(const Thread* thread) { return thread->has_ended; }

}  // namespace gneiss::schedules
