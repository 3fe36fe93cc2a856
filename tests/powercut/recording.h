// A Recording is one seeded workload on a Disk: what it did to the disk, and what the database promised meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/disk/trace.h"
#include "tests/support/numbered_batches.h"

namespace gneiss::powercut {

extern const char* const kDirectory;
extern const std::vector<std::string> kLastingFamilies;

struct Event {
  enum class Kind : uint8_t {
    kBatch,         // `batch` was written
    kDurable,       // all batches up to `number` were promised to be durable; 0: the database was promised to exist
    kRollback,      // the process died; of the batches only those up to `number` were still there
    kCreateFamily,  // `family`
    kDropFamily,
  };
  Kind kind;
  size_t begin = 0;  // operations in the trace before the call and when it had returned
  size_t end = 0;
  uint64_t number = 0;
  NumberedBatch batch;
  std::string family;
};

struct Recording {
  uint64_t seed = 0;
  disk::Trace trace;
  std::vector<Event> events;
  std::string text;     // the options in words
  std::string problem;  // not empty: the workload itself went wrong
};

// What may be found after a cut.
struct Expectation {
  struct Family {
    bool may_be_there = false;
    bool must_be_there = false;
  };
  bool must_exist = false;
  std::vector<NumberedBatch> batches;  // in order; what is found is a prefix of them ...
  size_t at_least = 0;                 // ... of so many or more
  std::map<std::string, Family> families;
};

Recording Record(uint64_t seed, uint64_t steps);
Expectation ExpectedAfter(const Recording& recording, size_t operations);

void Save(const Recording& recording, const std::string& file);
Recording Load(const std::string& file);

}  // namespace gneiss::powercut
