#include "db_bench_port/data/key_sequence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "db_bench_port/errors.h"

namespace bench {

KeySequence::KeySequence(Random64* random, KeyOrder order, uint64_t count, uint64_t seed)
    : random_(random), order_(order), count_(count) {
  if (order_ != KeyOrder::kUniqueRandom) return;
  shuffled_.resize(count);
  std::iota(shuffled_.begin(), shuffled_.end(), 0);
  std::shuffle(shuffled_.begin(), shuffled_.end(), std::mt19937_64(static_cast<uint32_t>(seed)));
}

uint64_t KeySequence::At(uint64_t index) const {
  if (index >= shuffled_.size()) Fail("more writes are asked for than there are keys (--num=%zu)", shuffled_.size());
  return shuffled_[index];
}

int64_t SkewedKey(Random64* random, double range, int64_t count) {
  const uint64_t drawn = random->Next();
  if (range == 0) return static_cast<int64_t>(drawn % static_cast<uint64_t>(count));
  constexpr uint64_t kSteps = uint64_t{1} << 62;
  const long double x = static_cast<long double>(drawn % kSteps) / static_cast<long double>(kSteps);
  const auto skewed = static_cast<uint64_t>(std::exp(-x * range) * static_cast<long double>(count));
  // Hot keys would be neighbours; a multiplication by a large prime spreads them over the whole range.
  constexpr uint64_t kSpread = 0x5bd1e995;
  return static_cast<int64_t>(skewed * kSpread % static_cast<uint64_t>(count));
}

}  // namespace bench
