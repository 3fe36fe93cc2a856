// The seed of a random test: GNEISS_SEED from the environment, or the test's own. It is printed, so that a failure can
// be replayed. For tests only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace gneiss {

inline uint64_t TestSeed(uint64_t usual_seed) {
  const char* const text = std::getenv("GNEISS_SEED");
  const uint64_t seed = text == nullptr ? usual_seed : std::strtoull(text, nullptr, 10);
  std::printf("GNEISS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace gneiss
