// The random number generators that Debian's db_bench lays out inline.
//
// Layout:  as RocksDB 7.8.3's util/random.h.
// Owner:   the program.
// Threads: one thread per generator.
// Errors:  none.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace rocksdb {

// The minimal standard generator of Park and Miller: seed' = 16807 * seed mod (2^31 - 1).
class Random {
 public:
  uint32_t Next() { return seed_ = static_cast<uint32_t>(uint64_t{seed_} * 16807 % 2147483647); }
  uint32_t Uniform(uint32_t n) { return Next() % n; }
  // `length` characters from ' ' to '~'.
  std::string RandomString(int length);

 private:
  uint32_t seed_;
};
static_assert(sizeof(Random) == 4);

class Random64 {
 public:
  uint64_t Next() { return generator_(); }
  bool OneIn(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(generator_) == 0; }

 private:
  std::mt19937_64 generator_;
};
static_assert(sizeof(Random64) == 2504);

}  // namespace rocksdb
