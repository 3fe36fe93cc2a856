#include "tests/schedules/threads.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <unordered_map>

#include "tests/schedules/scheduler.h"

namespace {

using gneiss::schedules::BlockOn;
using gneiss::schedules::Fail;
using gneiss::schedules::HasEnded;
using gneiss::schedules::IsScheduled;
using gneiss::schedules::kNever;
using gneiss::schedules::NowNanos;
using gneiss::schedules::Reach;
using gneiss::schedules::Step;
using gneiss::schedules::ThreadNow;
using gneiss::schedules::WakeAll;
using gneiss::schedules::WakeOne;

// The definition that this program's own one hides. Looked up by whoever comes first: a local static would make a
// thread wait for another in a way that the scheduler takes for the program's.
template <typename Function>
Function* Hidden(Function* /*own*/, std::atomic<void*>* known, const char* name) {
  void* real = known->load(std::memory_order_relaxed);
  if (real == nullptr) {
    real = dlsym(RTLD_NEXT, name);
    known->store(real, std::memory_order_relaxed);
  }
  return reinterpret_cast<Function*>(real);
}
#define GNEISS_HIDDEN(name)                             \
  (*([] {                                               \
    static constinit std::atomic<void*> known{nullptr}; \
    return Hidden(&name, &known, #name);                \
  }()))

#define GNEISS_CALLER __builtin_return_address(0)

struct HeldLock {
  uint32_t owner;
  uint32_t depth;
};
// Locks that some thread of the run holds. Only the thread whose turn it is looks here.
std::unordered_map<const void*, HeldLock>& HeldLocks() {
  static auto* const held = new std::unordered_map<const void*, HeldLock>;
  return *held;
}

bool TakeLock(pthread_mutex_t* mutex) {
  auto [held, is_new] = HeldLocks().try_emplace(mutex, HeldLock{.owner = ThreadNow(), .depth = 1});
  if (is_new) return true;
  if (held->second.owner != ThreadNow() || mutex->__data.__kind != PTHREAD_MUTEX_RECURSIVE_NP) return false;
  ++held->second.depth;
  return true;
}

void Lock(pthread_mutex_t* mutex) {
  while (!TakeLock(mutex)) BlockOn(mutex);
}

void Unlock(pthread_mutex_t* mutex) {
  const auto held = HeldLocks().find(mutex);
  if (held == HeldLocks().end() || held->second.owner != ThreadNow())
    Fail("a lock is given back by who does not hold it");
  if (--held->second.depth > 0) return;
  HeldLocks().erase(held);
  WakeAll(mutex);
}

uint64_t NanosOf(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

// All clocks of a run show the same time.
void Tell(timespec* time) {
  time->tv_sec = static_cast<time_t>(NowNanos() / 1'000'000'000);
  time->tv_nsec = static_cast<long>(NowNanos() % 1'000'000'000);
}

int WaitOn(pthread_cond_t* condition, pthread_mutex_t* mutex, uint64_t until_nanos, const void* caller) {
  Reach(Step::kWait, condition, caller);
  Unlock(mutex);
  const bool is_woken = BlockOn(condition, until_nanos);
  Lock(mutex);
  return is_woken ? 0 : ETIMEDOUT;
}

void SleepFor(const timespec& time, const void* caller) {
  static const char nobody_wakes_it = 0;
  Reach(Step::kSleep, nullptr, caller);
  BlockOn(&nobody_wakes_it, NowNanos() + NanosOf(time));
}

long Futex(const uint32_t* word, long operation, long value, const timespec* time, const void* caller) {
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      Reach(Step::kWait, word, caller);
      if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != static_cast<uint32_t>(value)) {
        errno = EAGAIN;
        return -1;
      }
      const bool is_relative = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT;
      const uint64_t until = time == nullptr ? kNever : NanosOf(*time) + (is_relative ? NowNanos() : 0);
      if (BlockOn(word, until)) return 0;
      errno = ETIMEDOUT;
      return -1;
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      if (value == 1) {
        WakeOne(word);
      } else {
        WakeAll(word);
      }
      Reach(Step::kWake, word, caller);
      return 0;
    default:
      Fail("a futex operation that the scheduler does not know: %ld", operation);
  }
}

struct StartOfThread {
  void* (*function)(void*);
  void* argument;
  gneiss::schedules::Thread* thread;
};

// Runs after the thread's other thread_local objects are gone.
void EndOfThread(void*) { gneiss::schedules::End(); }
pthread_key_t EndKey() {
  static const pthread_key_t key = [] {
    pthread_key_t made;
    if (pthread_key_create(&made, EndOfThread) != 0) Fail("no key for the ends of threads");
    return made;
  }();
  return key;
}

void* RunThread(void* argument) {
  const StartOfThread start = *static_cast<StartOfThread*>(argument);
  delete static_cast<StartOfThread*>(argument);
  pthread_setspecific(EndKey(), start.thread);
  gneiss::schedules::Begin(start.thread);
  return start.function(start.argument);
}

std::unordered_map<pthread_t, gneiss::schedules::Thread*>& Threads() {
  static auto* const threads = new std::unordered_map<pthread_t, gneiss::schedules::Thread*>;
  return *threads;
}

}  // namespace

namespace gneiss::schedules {

long RealSyscall(long number, const void* address, long a, long b) {
  long result = number;
  register long fourth asm("r10") = 0;  // no time-out
  asm volatile("syscall" : "+a"(result) : "D"(address), "S"(a), "d"(b), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}

}  // namespace gneiss::schedules

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_mutex_lock)(mutex);
  Reach(Step::kLock, mutex, GNEISS_CALLER);
  Lock(mutex);
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_mutex_trylock)(mutex);
  Reach(Step::kLock, mutex, GNEISS_CALLER);
  return TakeLock(mutex) ? 0 : EBUSY;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_mutex_unlock)(mutex);
  Unlock(mutex);
  Reach(Step::kUnlock, mutex, GNEISS_CALLER);
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_cond_wait)(condition, mutex);
  return WaitOn(condition, mutex, kNever, GNEISS_CALLER);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_cond_timedwait)(condition, mutex, until);
  return WaitOn(condition, mutex, NanosOf(*until), GNEISS_CALLER);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_cond_clockwait)(condition, mutex, clock, until);
  return WaitOn(condition, mutex, NanosOf(*until), GNEISS_CALLER);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_cond_signal)(condition);
  WakeOne(condition);
  Reach(Step::kWake, condition, GNEISS_CALLER);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_cond_broadcast)(condition);
  WakeAll(condition);
  Reach(Step::kWake, condition, GNEISS_CALLER);
  return 0;
}

// The state is glibc's: 2 is done, so that what libc compiled in agrees.
int pthread_once(pthread_once_t* once, void (*function)()) {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_once)(once, function);
  constexpr int kRunning = 1;
  constexpr int kDone = 2;
  Reach(Step::kLock, once, GNEISS_CALLER);
  while (*once == kRunning) BlockOn(once);
  if (*once == kDone) return 0;
  *once = kRunning;
  function();
  *once = kDone;
  WakeAll(once);
  return 0;
}

int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*function)(void*), void* argument) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_create)(id, attributes, function, argument);
  EndKey();
  auto* const thread = gneiss::schedules::Register();
  auto* const start = new StartOfThread{.function = function, .argument = argument, .thread = thread};
  const int error = GNEISS_HIDDEN(pthread_create)(id, attributes, RunThread, start);
  if (error != 0) Fail("pthread_create: error %d", error);
  Threads()[*id] = thread;
  Reach(Step::kStart, thread, GNEISS_CALLER);
  return 0;
}

int pthread_join(pthread_t id, void** value) {
  if (!IsScheduled()) return GNEISS_HIDDEN(pthread_join)(id, value);
  const auto found = Threads().find(id);
  if (found == Threads().end()) Fail("a thread is joined that the run did not start");
  gneiss::schedules::Thread* const thread = found->second;
  Reach(Step::kJoin, thread, GNEISS_CALLER);
  while (!HasEnded(thread)) BlockOn(thread);
  Threads().erase(id);
  return GNEISS_HIDDEN(pthread_join)(id, value);
}

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (IsScheduled() && number == SYS_futex) {
    return Futex(reinterpret_cast<const uint32_t*>(arguments[0]), arguments[1], arguments[2],
                 reinterpret_cast<const timespec*>(arguments[3]), GNEISS_CALLER);
  }
  return GNEISS_HIDDEN(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                                arguments[5]);
}

int sched_yield() noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(sched_yield)();
  gneiss::schedules::Yield(GNEISS_CALLER);
  return 0;
}

int nanosleep(const timespec* time, timespec* left) {
  if (!IsScheduled()) return GNEISS_HIDDEN(nanosleep)(time, left);
  SleepFor(*time, GNEISS_CALLER);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(clock_gettime)(clock, time);
  Tell(time);
  return 0;
}

time_t time(time_t* seconds) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* time, void* zone) noexcept {
  if (!IsScheduled()) return GNEISS_HIDDEN(gettimeofday)(time, zone);
  timespec now;
  Tell(&now);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

}  // extern "C"
