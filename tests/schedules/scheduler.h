// The Scheduler runs the threads of a test one at a time and decides, by a seed, which one goes on at each yield point:
// an atomic operation, a lock, a wait, a wake-up, the begin and end of a thread, a file operation. So one seed is one
// interleaving, and the same seed is the same interleaving again.
//
// Points:  nobody writes them into the engine. The compiler does (-fsanitize=thread makes a call of each atomic
//          operation and each access to memory; atomics.cc answers those calls instead of ThreadSanitizer), and
//          threads.cc takes the place of libc's locks, condition variables, futexes, threads, sleeps and clocks.
// Choice:  half of the seeds walk at random, switching often or seldom. The others give each thread a priority, run the
//          highest that can run, and lower it at a few steps drawn ahead (PCT, Burckhardt et al., ASPLOS 2010): a bug
//          that needs d constraints is found with a probability that does not depend on how many threads idle.
// Time:    is virtual. It goes on a little with each step, and when all threads wait it jumps to the next time-out.
// Owner:   one run per process, which ends with it: what is left of threads and memory goes with the process.
// Limits:  memory is sequentially consistent: nothing here finds a memory order that is too weak.
// Errors:  a deadlock, an endless run, a freed object in use, or a scenario's own check ends the process by Fail.
#pragma once

#include <cstdint>
#include <functional>

namespace gneiss::schedules {

enum class Step : uint8_t { kAtomic, kLock, kUnlock, kWait, kWake, kStart, kJoin, kEnd, kYield, kSleep, kFile };

// Of a run that ended well; a failed one leaves what it had.
struct Result {
  uint64_t steps = 0;
  uint64_t switches = 0;
  uint64_t hash = 0;  // of every step: which thread, what, and on which object
  uint32_t threads = 0;
  bool is_complete = false;
  char failure[500] = {};
};

struct RunParams {
  uint64_t seed = 0;
  bool prints_steps = false;
};

// Runs `body`, and every thread that it starts, as the seed says. *result may lie in memory shared with a parent.
void Run(const RunParams& params, Result* result, const std::function<void()>& body);

// A scenario's preparations are over: the choices at which priorities change are counted from here.
void MarkBegin();

// Ends the process; the text says what went wrong.
[[noreturn]] void Fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// For what stands between the threads and the scheduler. Outside of a run, and in threads that the scheduler does not
// know, IsScheduled is false and nothing else may be called.
inline constexpr uint64_t kNever = UINT64_MAX;
bool IsScheduled();
void Reach(Step step, const void* object, const void* caller);
// Until a Wake of the object, then true; or until the virtual time, then false.
bool BlockOn(const void* object, uint64_t until_nanos = kNever);
void WakeOne(const void* object);
void WakeAll(const void* object);
void Yield(const void* caller);
uint64_t NowNanos();
uint64_t StepNow();
uint32_t ThreadNow();

// A thread's life: its maker registers it, it begins by waiting for its turn, and it ends as the last thing it does.
struct Thread;
Thread* Register();
void Begin(Thread* thread);
void End();
bool HasEnded(const Thread* thread);

}  // namespace gneiss::schedules
