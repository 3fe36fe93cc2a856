#include "engine/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/coding.h"
#include "engine/base/xxh3_avx2.h"

namespace gneiss {

namespace {

#if defined(__x86_64__)
bool HasAvx2() {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  return has_avx2;
}
#endif

}  // namespace

uint32_t XxHash32(Slice bytes, uint32_t seed) { return XXH32(bytes.data(), bytes.size(), seed); }
uint64_t XxHash64(Slice bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

uint64_t Xxh3(Slice bytes) {
#if defined(__x86_64__)
  // Up to here no vectors are used.
  if (bytes.size() > XXH3_MIDSIZE_MAX && HasAvx2()) return Xxh3Avx2(bytes.data(), bytes.size());
#endif
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint32_t LegacyHash32(Slice bytes, uint32_t seed) {
  constexpr uint32_t kMultiplier = 0xc6a4a793;
  uint32_t hash = seed ^ (static_cast<uint32_t>(bytes.size()) * kMultiplier);
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    hash = (hash + DecodeU32(bytes.data())) * kMultiplier;
    hash ^= hash >> 16;
  }
  if (!bytes.empty()) {
    // LevelDB added the last bytes as signed chars, and files depend on that.
    uint32_t tail = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      tail += static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(bytes[i]))) << (8 * i);
    }
    hash = (hash + tail) * kMultiplier;
    hash ^= hash >> 24;
  }
  return hash;
}

}  // namespace gneiss
