// The bit arithmetic of RocksDB's two Bloom filters. Builders and readers share it, so that they agree by construction.
//
// Format:  docs/formats/filter.md.
// Units:   a line is the 64 bytes (legacy filters: a power of two of bytes) in which all probes of a key fall.
// Threads: plain functions.
#pragma once

#include <cstdint>

namespace gneiss {

inline constexpr size_t kFilterTrailerBytes = 5;
inline constexpr uint32_t kBloomLineBytes = 64;
inline constexpr uint32_t kGoldenRatio32 = 0x9e3779b9;
inline constexpr uint32_t kLegacyBloomSeed = 0xbc9f1d34;

// Fast local Bloom, format_version 5: the hash's low half chooses the line, the high half the bits in it.
struct FastBloom {
  static uint32_t LineOf(uint64_t hash, uint32_t line_count) {
    return static_cast<uint32_t>(((hash & 0xffffffffU) * line_count) >> 32);
  }
  static void Add(uint64_t hash, int probes, char* line) {
    auto h = static_cast<uint32_t>(hash >> 32);
    for (int i = 0; i < probes; ++i, h *= kGoldenRatio32) {
      const uint32_t bit = h >> 23;  // nine bits: 512 places
      line[bit >> 3] = static_cast<char>(line[bit >> 3] | (1 << (bit & 7)));
    }
  }
  static bool MayMatch(uint64_t hash, int probes, const char* line) {
    auto h = static_cast<uint32_t>(hash >> 32);
    for (int i = 0; i < probes; ++i, h *= kGoldenRatio32) {
      const uint32_t bit = h >> 23;
      if ((line[bit >> 3] & (1 << (bit & 7))) == 0) return false;
    }
    return true;
  }
  static int ProbesFor(int millibits_per_key);
};

// Before format_version 5: a 32-bit hash chooses both.
struct LegacyBloom {
  static uint32_t LineOf(uint32_t hash, uint32_t line_count) { return hash % line_count; }
  static void Add(uint32_t hash, int probes, char* line) {
    const uint32_t delta = (hash >> 17) | (hash << 15);
    for (int i = 0; i < probes; ++i, hash += delta) {
      const uint32_t bit = hash & (kBloomLineBytes * 8 - 1);
      line[bit >> 3] = static_cast<char>(line[bit >> 3] | (1 << (bit & 7)));
    }
  }
  static bool MayMatch(uint32_t hash, int probes, const char* line, uint32_t line_bits) {
    const uint32_t delta = (hash >> 17) | (hash << 15);
    for (int i = 0; i < probes; ++i, hash += delta) {
      const uint32_t bit = hash & (line_bits - 1);
      if ((line[bit >> 3] & (1 << (bit & 7))) == 0) return false;
    }
    return true;
  }
  static int ProbesFor(int bits_per_key);
};

}  // namespace gneiss
