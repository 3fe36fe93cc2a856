// operator new of this program, which can be told to fail once. It replaces the library's as well.
//
// Threads: what a thread allocates is counted unless it says otherwise; threads of the library never do.
#pragma once

#include <cstdint>

namespace gneiss::faults {

// The `at`-th counted allocation from now on fails, and `more` after it. 0: none.
void ArmAllocations(uint64_t at, uint64_t more);
uint64_t CountedAllocations();

// While none of these is alive, what this thread allocates is not counted.
class CountingScope {
 public:
  CountingScope();
  ~CountingScope();
};
void CountOnlyInScopes();  // for this thread

}  // namespace gneiss::faults
