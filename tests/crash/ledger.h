// A Ledger says, outside of the database and beyond the writer's death, which records were begun and which were
// acknowledged. It is a file mapped by the writer and by the process that kills it.
//
// Units:   counts of records per thread; record numbers start at 0 in each thread.
// Threads: each counter is written by one thread and read by any.
// Errors:  a file that cannot be mapped ends the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/support/shared_counters.h"

namespace gneiss::crash {

constexpr int kThreadsMax = 2;

struct Counters {
  std::atomic<uint64_t> begun[kThreadsMax];         // raised before Write is called
  std::atomic<uint64_t> acknowledged[kThreadsMax];  // raised after Write returned OK
};

class Ledger : public SharedCounters<Counters> {
 public:
  using SharedCounters::SharedCounters;
  uint64_t Acknowledged() const;
};

// The content of one record; the verifier computes it again.
std::string KeyOf(int thread, uint64_t number);
std::string HeadKeyOf(int thread);
std::string ValueOf(int thread, uint64_t number);

}  // namespace gneiss::crash
