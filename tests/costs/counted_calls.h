#pragma once

#include <cstdint>

// Allocations of this program and of the library under it, counted for each thread. counted_calls.cc replaces malloc
// and its kin, so operator new, containers and plain malloc all count; an object that includes this header must be
// linked with it.
namespace costs {

// How often the calling thread has allocated since it began.
int64_t AllocationsOfThisThread();

}  // namespace costs
