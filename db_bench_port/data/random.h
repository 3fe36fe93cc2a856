#pragma once

#include <cstdint>
#include <random>

namespace bench {

// The source of key numbers. Seeded the same way, it gives the same numbers as db_bench, so both programs do the same
// operations.
class Random64 {
 public:
  explicit Random64(uint64_t seed) : engine_(seed) {}

  uint64_t Next() { return engine_(); }
  int64_t Below(int64_t limit) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(limit)); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace bench
