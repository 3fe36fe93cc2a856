// The heap of a run. It never gives out an address twice and knows which it took back, so that the use of a freed
// object is found at the first access, and addresses are the same in every replay.
//
// Threads: allocation is safe from any thread. IsFreed is right for the thread whose turn it is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gneiss::schedules {

inline constexpr uintptr_t kHeapBegin = uintptr_t{1} << 40;
inline constexpr size_t kHeapBytes = size_t{1} << 33;
inline constexpr size_t kGrainBytes = 16;
extern const volatile uint8_t* heap_grains;  // one for each grain of the heap: 1, it was freed; null: no heap yet

inline bool IsFreed(const volatile void* address) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - kHeapBegin;
  return offset < kHeapBytes && heap_grains != nullptr && heap_grains[offset / kGrainBytes] != 0;
}

// Ends the process, telling who freed it.
[[noreturn]] void FailFreed(const volatile void* address, const char* what, const void* caller);

}  // namespace gneiss::schedules
