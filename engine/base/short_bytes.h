// Comparing and copying keys without a call: most keys are short, and most neighbours differ in their first words.
//
// Threads: plain functions. Neither touches a byte outside of what it is given.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/base/coding.h"
#include "engine/base/slice.h"

namespace gneiss {

// As a.compare(b).
inline int CompareBytes(Slice a, Slice b) {
  constexpr size_t kWord = sizeof(uint64_t);
  if (a.size() < kWord || b.size() < kWord) [[unlikely]]
    return a.compare(b);
  uint64_t x = LoadBigEndian64(a.data());
  uint64_t y = LoadBigEndian64(b.data());
  if (x == y && a.size() >= 2 * kWord && b.size() >= 2 * kWord) {
    x = LoadBigEndian64(a.data() + kWord);
    y = LoadBigEndian64(b.data() + kWord);
  }
  if (x != y) [[likely]]
    return x < y ? -1 : 1;
  return a.compare(b);
}

// How many bytes both begin with.
inline size_t CommonPrefix(Slice a, Slice b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t i = 0;
  for (; i + 8 <= limit; i += 8) {
    const uint64_t difference = DecodeU64(a.data() + i) ^ DecodeU64(b.data() + i);
    if (difference != 0) return i + static_cast<size_t>(std::countr_zero(difference)) / 8;
  }
  while (i < limit && a[i] == b[i]) ++i;
  return i;
}

// As memcpy; the two must not overlap.
inline void CopyBytes(char* to, Slice from) {
  struct Piece {
    uint64_t words[2];
  };
  const size_t size = from.size();
  if (size >= sizeof(Piece) && size <= 2 * sizeof(Piece)) {
    Piece first;
    Piece last;
    std::memcpy(&first, from.data(), sizeof(Piece));
    std::memcpy(&last, from.data() + size - sizeof(Piece), sizeof(Piece));
    std::memcpy(to, &first, sizeof(Piece));
    std::memcpy(to + size - sizeof(Piece), &last, sizeof(Piece));
  } else {
    std::memcpy(to, from.data(), size);
  }
}

}  // namespace gneiss
