// A Dice draws everything that is random in a hand-over: the same seed gives the same draws on every machine and with
// every library, which the standard's distributions do not promise.
//
// Threads: one Dice per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace gneiss::parity {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Next() {  // splitmix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  // Both ends included.
  uint64_t Between(uint64_t least, uint64_t most) { return least + Below(most - least + 1); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool Coin() { return OneIn(2); }
  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return choices.begin()[Below(choices.size())];
  }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[Below(choices.size())];
  }

 private:
  uint64_t state_;
};

// A seed of its own for each use, so that one more draw in one place changes nothing elsewhere.
inline uint64_t SeedFor(uint64_t seed, uint64_t turn, uint64_t use, uint64_t number = 0) {
  Dice mix(seed * 0x100000001b3u ^ turn);
  mix = Dice(mix.Next() ^ use);
  return Dice(mix.Next() ^ number).Next();
}

}  // namespace gneiss::parity
