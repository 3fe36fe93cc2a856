// CRC-32C (Castagnoli), as RFC 3720 appendix B.4 defines it, in hardware where the processor has it (chosen at run
// time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/slice.h"

namespace gneiss {

// Returns the crc of A followed by `data`, where `crc` is the crc of A (0 for the empty A).
uint32_t Crc32cExtend(uint32_t crc, const char* data, size_t size);
// All the ways to do that which this processor knows, the one that Crc32cExtend takes last: for tests and benchmarks.
using Crc32cExtendFn = uint32_t (*)(uint32_t crc, const char* data, size_t size);
struct Crc32cWay {
  const char* name;
  Crc32cExtendFn extend;
};
std::vector<Crc32cWay> Crc32cWays();

inline uint32_t Crc32c(Slice bytes) { return Crc32cExtend(0, bytes.data(), bytes.size()); }

// RocksDB stores crcs masked, because a crc over bytes that hold their own crc is weak (LevelDB's util/crc32c.h).
inline constexpr uint32_t kCrcMaskDelta = 0xa282ead8U;
inline uint32_t MaskCrc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + kCrcMaskDelta; }
inline uint32_t UnmaskCrc(uint32_t masked) {
  const uint32_t rotated = masked - kCrcMaskDelta;
  return (rotated >> 17) | (rotated << 15);
}

}  // namespace gneiss
