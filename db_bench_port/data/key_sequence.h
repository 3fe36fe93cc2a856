#pragma once

#include <cstdint>
#include <vector>

#include "db_bench_port/data/random.h"

namespace bench {

enum class KeyOrder { kSequential, kRandom, kUniqueRandom };

// Key numbers below `count`, in one of three orders. A unique random sequence holds all its numbers in memory and ends
// after `count`.
class KeySequence {
 public:
  KeySequence(Random64* random, KeyOrder order, uint64_t count, uint64_t seed);

  uint64_t Next() {
    switch (order_) {
      case KeyOrder::kSequential:
        return next_++;
      case KeyOrder::kRandom:
        return random_->Next() % count_;
      case KeyOrder::kUniqueRandom:
        break;
    }
    return At(next_++);
  }

  // The number at a place of a unique random sequence.
  uint64_t At(uint64_t index) const;

 private:
  Random64* random_;
  KeyOrder order_;
  uint64_t count_;
  uint64_t next_ = 0;
  std::vector<uint64_t> shuffled_;
};

// Random key numbers below `count`; with range above 0 skewed as count * exp(-range * x), x uniform in [0, 1), and then
// spread.
int64_t SkewedKey(Random64* random, double range, int64_t count);

}  // namespace bench
