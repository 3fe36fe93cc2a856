// GNEISS_CHECK states a fact whose failure is our own mistake and would lose data: always on, aborts with the place.
// GNEISS_DCHECK is the same for hot loops: on in debug and sanitizer builds only.
// Bytes from a file and arguments from a caller are not checked so: they become a Status.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace gneiss {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* fact) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, fact);
  std::abort();
}

}  // namespace gneiss

#define GNEISS_CHECK(fact)                                             \
  (__builtin_expect(static_cast<bool>(fact), 1) ? static_cast<void>(0) \
                                                : ::gneiss::CheckFailed(__FILE__, __LINE__, #fact))
#ifdef GNEISS_DEBUG_CHECKS
#define GNEISS_DCHECK(fact) GNEISS_CHECK(fact)
#else
#define GNEISS_DCHECK(fact) static_cast<void>(sizeof(fact))
#endif
