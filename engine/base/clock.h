// The Clock is where the engine reads time, so that tests can set it.
//
// Units:   microseconds and nanoseconds since an arbitrary start for Now*(); seconds since 1970 for UnixSeconds().
// Threads: every method is safe from any thread.
#pragma once

#include <cstdint>

namespace gneiss {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t NowMicros() = 0;
  virtual uint64_t NowNanos() { return NowMicros() * 1000; }
  virtual int64_t UnixSeconds() = 0;
  virtual void SleepMicros(uint64_t micros) = 0;

  static Clock* System();  // never destroyed
};

}  // namespace gneiss
