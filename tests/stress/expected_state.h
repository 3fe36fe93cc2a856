// What the writers of a database have begun and been promised, in a file outside of it that every process maps: it is
// true at any moment at which a process may be killed. A writer's batches follow from its seed and their numbers, so
// counts say it all.
//
// Threads: each counter is written by one thread and read by any.
// Errors:  a file that cannot be mapped ends the program.
#pragma once

#include <atomic>
#include <cstdint>

#include "tests/support/shared_counters.h"

namespace gneiss::stress {

constexpr uint64_t kWritersMax = 4;

struct Counters {
  struct Writer {
    std::atomic<uint64_t> begun;         // before Write is called
    std::atomic<uint64_t> acknowledged;  // after it returned OK
    std::atomic<uint64_t> flushed;       // of the acknowledged ones: covered by a flush of the log, or of all families
  };
  Writer writers[kWritersMax];
  std::atomic<uint64_t> lives;
};

class ExpectedState : public SharedCounters<Counters> {
 public:
  using SharedCounters::SharedCounters;
  uint64_t Acknowledged() const {
    uint64_t sum = 0;
    for (const Counters::Writer& writer : (*this)->writers) sum += writer.acknowledged.load();
    return sum;
  }
};

}  // namespace gneiss::stress
