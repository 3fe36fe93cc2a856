// Takes the place of libc's threads, locks, condition variables, futexes, sleeps and clocks: the program's own
// definitions come before those of shared libraries, also for calls out of libstdc++. In threads that the scheduler
// does not run each goes on to the real one.
#pragma once

namespace gneiss::schedules {

// The real one: a futex call without a time-out.
long RealSyscall(long number, const void* address, long a = 0, long b = 0);

}  // namespace gneiss::schedules
