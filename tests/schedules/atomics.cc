// Answers the calls that -fsanitize=thread puts into the code under test: each atomic operation is a yield point and
// then happens, each access to memory is checked against what was freed. ThreadSanitizer itself is not linked.
#include <cstdint>

#include "tests/schedules/memory.h"
#include "tests/schedules/scheduler.h"

namespace {

using gneiss::schedules::FailFreed;
using gneiss::schedules::IsFreed;
using gneiss::schedules::IsScheduled;
using gneiss::schedules::Reach;
using gneiss::schedules::Step;

inline void CheckAccess(const volatile void* address, const char* what, const void* caller) {
  if (IsFreed(address)) [[unlikely]]
    FailFreed(address, what, caller);
}

inline void ReachAtomic(const volatile void* address, const void* caller) {
  if (!IsScheduled()) return;
  Reach(Step::kAtomic, const_cast<const void*>(address), caller);
  CheckAccess(address, "uses, as an atomic,", caller);
}

}  // namespace

#define GNEISS_CALLER __builtin_return_address(0)

#define GNEISS_ACCESS(size)                                                                      \
  void __tsan_read##size(void* p) { CheckAccess(p, "reads", GNEISS_CALLER); }                    \
  void __tsan_write##size(void* p) { CheckAccess(p, "writes", GNEISS_CALLER); }                  \
  void __tsan_unaligned_read##size(void* p) { CheckAccess(p, "reads", GNEISS_CALLER); }          \
  void __tsan_unaligned_write##size(void* p) { CheckAccess(p, "writes", GNEISS_CALLER); }        \
  void __tsan_volatile_read##size(void* p) { CheckAccess(p, "reads", GNEISS_CALLER); }           \
  void __tsan_volatile_write##size(void* p) { CheckAccess(p, "writes", GNEISS_CALLER); }         \
  void __tsan_unaligned_volatile_read##size(void* p) { CheckAccess(p, "reads", GNEISS_CALLER); } \
  void __tsan_unaligned_volatile_write##size(void* p) { CheckAccess(p, "writes", GNEISS_CALLER); }

#define GNEISS_FETCH(bits, name)                                                                     \
  uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile void* p, uint##bits##_t value, int) {   \
    ReachAtomic(p, GNEISS_CALLER);                                                                   \
    return __atomic_fetch_##name(static_cast<volatile uint##bits##_t*>(p), value, __ATOMIC_SEQ_CST); \
  }

#define GNEISS_COMPARE(bits, name)                                                                                \
  bool __tsan_atomic##bits##_compare_exchange_##name(volatile void* p, void* expected, uint##bits##_t value, int, \
                                                     int) {                                                       \
    ReachAtomic(p, GNEISS_CALLER);                                                                                \
    return __atomic_compare_exchange_n(static_cast<volatile uint##bits##_t*>(p),                                  \
                                       static_cast<uint##bits##_t*>(expected), value, false, __ATOMIC_SEQ_CST,    \
                                       __ATOMIC_SEQ_CST);                                                         \
  }

#define GNEISS_ATOMIC(bits)                                                                        \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile void* p, int) {                         \
    ReachAtomic(p, GNEISS_CALLER);                                                                 \
    return __atomic_load_n(static_cast<const volatile uint##bits##_t*>(p), __ATOMIC_SEQ_CST);      \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile void* p, uint##bits##_t value, int) {                  \
    ReachAtomic(p, GNEISS_CALLER);                                                                 \
    __atomic_store_n(static_cast<volatile uint##bits##_t*>(p), value, __ATOMIC_SEQ_CST);           \
  }                                                                                                \
  uint##bits##_t __tsan_atomic##bits##_exchange(volatile void* p, uint##bits##_t value, int) {     \
    ReachAtomic(p, GNEISS_CALLER);                                                                 \
    return __atomic_exchange_n(static_cast<volatile uint##bits##_t*>(p), value, __ATOMIC_SEQ_CST); \
  }                                                                                                \
  GNEISS_FETCH(bits, add)                                                                          \
  GNEISS_FETCH(bits, sub)                                                                          \
  GNEISS_FETCH(bits, and)                                                                          \
  GNEISS_FETCH(bits, or)                                                                           \
  GNEISS_FETCH(bits, xor)                                                                          \
  GNEISS_COMPARE(bits, strong)                                                                     \
  GNEISS_COMPARE(bits, weak)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit(void*) {}
void __tsan_vptr_update(void** p, void*) { CheckAccess(p, "writes", GNEISS_CALLER); }
void __tsan_vptr_read(void** p) { CheckAccess(p, "reads", GNEISS_CALLER); }
void __tsan_read_range(void* p, uintptr_t) { CheckAccess(p, "reads", GNEISS_CALLER); }
void __tsan_write_range(void* p, uintptr_t) { CheckAccess(p, "writes", GNEISS_CALLER); }
void __tsan_atomic_thread_fence(int) {}  // threads take turns: every order is already kept
void __tsan_atomic_signal_fence(int) {}

GNEISS_ACCESS(1)
GNEISS_ACCESS(2)
GNEISS_ACCESS(4)
GNEISS_ACCESS(8)
GNEISS_ACCESS(16)
GNEISS_ATOMIC(8)
GNEISS_ATOMIC(16)
GNEISS_ATOMIC(32)
GNEISS_ATOMIC(64)

}  // extern "C"
