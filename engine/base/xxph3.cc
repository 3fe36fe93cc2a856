// The preview XXH3 (64 bits) of xxHash 0.7.2, as RocksDB fixed it in its formats, from the algorithm's description:
// four recipes by length. An empty input is RocksDB's own case: it hashes the seed.
#include <array>

#include "engine/base/coding.h"
#include "engine/base/hash.h"

namespace gneiss {

namespace {

constexpr uint64_t kPrime32A = 0x9e3779b1;
constexpr uint64_t kPrime32B = 0x85ebca77;
constexpr uint64_t kPrime32C = 0xc2b2ae3d;
constexpr uint64_t kPrime64A = 0x9e3779b185ebca87;
constexpr uint64_t kPrime64B = 0xc2b2ae3d27d4eb4f;
constexpr uint64_t kPrime64C = 0x165667b19e3779f9;
constexpr uint64_t kPrime64D = 0x85ebca77c2b2ae63;
constexpr uint64_t kPrime64E = 0x27d4eb2f165667c5;

constexpr size_t kSecretBytes = 192;
using Secret = std::array<uint64_t, kSecretBytes / 8>;

// The algorithm's fixed 192 random bytes, as little-endian words.
alignas(64) constexpr Secret kSecret = {
    0xbe4ba423396cfeb8, 0x1cad21f72c81017c, 0xdb979083e96dd4de, 0x1f67b3b7a4a44072, 0x78e5c0cc4ee679cb,
    0x2172ffcc7dd05a82, 0x8e2443f7744608b8, 0x4c263a81e69035e0, 0xcb00c391bb52283c, 0xa32e531b8b65d088,
    0x4ef90da297486471, 0xd8acdea946ef1938, 0x3f349ce33f76faa8, 0x1d4f0bc7c7bbdcf9, 0x3159b4cd4be0518a,
    0x647378d9c97e9fc8, 0xc3ebd33483acc5ea, 0xeb6313faffa081c5, 0x49daf0b751dd0d17, 0x9e68d429265516d3,
    0xfca1477d58be162b, 0xce31d07ad1b8f88f, 0x280416958f3acb45, 0x7e404bbbcafbd7af,
};

constexpr size_t kMiddleSizeMax = 240;
constexpr size_t kStripeBytes = 64;
constexpr size_t kStripesPerRound = (kSecretBytes - kStripeBytes) / 8;
constexpr size_t kRoundBytes = kStripesPerRound * kStripeBytes;

// The 64-bit word at byte `at` of the secret; not always at a multiple of 8.
inline uint64_t SecretWord(const Secret& secret, size_t at) {
  return DecodeU64(reinterpret_cast<const char*>(secret.data()) + at);
}

inline uint64_t MultiplyFold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t Avalanche(uint64_t h) {
  h = (h ^ (h >> 37)) * kPrime64C;
  return h ^ (h >> 32);
}

inline uint64_t Mix16(const char* p, size_t secret_at, uint64_t seed) {
  return MultiplyFold(DecodeU64(p) ^ (SecretWord(kSecret, secret_at) + seed),
                      DecodeU64(p + 8) ^ (SecretWord(kSecret, secret_at + 8) - seed));
}

uint64_t HashUpTo16(const char* p, size_t size, uint64_t seed) {
  if (size > 8) {
    const uint64_t low = DecodeU64(p) ^ (kSecret[0] + seed);
    const uint64_t high = DecodeU64(p + size - 8) ^ (kSecret[1] - seed);
    return Avalanche(size + low + high + MultiplyFold(low, high));
  }
  if (size >= 4) {
    const uint64_t input = DecodeU32(p) | (static_cast<uint64_t>(DecodeU32(p + size - 4)) << 32);
    const uint64_t keyed = input ^ (kSecret[0] + seed);
    const uint64_t mixed = size + (keyed ^ (keyed >> 51)) * kPrime32A;
    return Avalanche((mixed ^ (mixed >> 47)) * kPrime64B);
  }
  if (size > 0) {
    const auto byte = [p](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(p[i])); };
    const uint64_t input = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16 | static_cast<uint64_t>(size) << 24;
    return Avalanche((input ^ ((kSecret[0] & 0xffffffff) + seed)) * kPrime64A);
  }
  return MultiplyFold(seed + kSecret[0], kPrime64B);
}

// Pairs of 16 bytes from both ends inwards.
uint64_t Hash17To128(const char* p, size_t size, uint64_t seed) {
  uint64_t sum = size * kPrime64A;
  const size_t pairs = (size - 1) / 32 + 1;
  for (size_t i = 0; i < pairs; ++i) {
    sum += Mix16(p + 16 * i, 32 * i, seed) + Mix16(p + size - 16 * (i + 1), 32 * i + 16, seed);
  }
  return Avalanche(sum);
}

uint64_t Hash129To240(const char* p, size_t size, uint64_t seed) {
  uint64_t sum = size * kPrime64A;
  for (size_t i = 0; i < 8; ++i) sum += Mix16(p + 16 * i, 16 * i, seed);
  sum = Avalanche(sum);
  for (size_t i = 8; i < size / 16; ++i) sum += Mix16(p + 16 * i, 16 * (i - 8) + 3, seed);
  return Avalanche(sum + Mix16(p + size - 16, 136 - 17, seed));
}

using Lanes = std::array<uint64_t, 8>;

inline void AddStripe(Lanes* lanes, const char* p, const Secret& secret, size_t secret_at) {
  for (size_t i = 0; i < 8; ++i) {
    const uint64_t word = DecodeU64(p + 8 * i);
    const uint64_t keyed = word ^ SecretWord(secret, secret_at + 8 * i);
    (*lanes)[i] += word + (keyed & 0xffffffff) * (keyed >> 32);
  }
}

inline void Scramble(Lanes* lanes, const Secret& secret) {
  for (size_t i = 0; i < 8; ++i) {
    const uint64_t lane = (*lanes)[i];
    (*lanes)[i] = (lane ^ (lane >> 47) ^ SecretWord(secret, kSecretBytes - kStripeBytes + 8 * i)) * kPrime32A;
  }
}

uint64_t HashLong(const char* p, size_t size, const Secret& secret) {
  Lanes lanes = {kPrime32C, kPrime64A, kPrime64B, kPrime64C, kPrime64D, kPrime32B, kPrime64E, kPrime32A};
  const char* const end = p + size;
  for (; static_cast<size_t>(end - p) >= kRoundBytes; p += kRoundBytes) {
    for (size_t i = 0; i < kStripesPerRound; ++i) AddStripe(&lanes, p + i * kStripeBytes, secret, 8 * i);
    Scramble(&lanes, secret);
  }
  const size_t stripes = static_cast<size_t>(end - p) / kStripeBytes;
  for (size_t i = 0; i < stripes; ++i) AddStripe(&lanes, p + i * kStripeBytes, secret, 8 * i);
  // The last stripe overlaps the one before it.
  if (size % kStripeBytes != 0) AddStripe(&lanes, end - kStripeBytes, secret, kSecretBytes - kStripeBytes - 7);

  uint64_t sum = size * kPrime64A;
  for (size_t i = 0; i < 8; i += 2) {
    sum += MultiplyFold(lanes[i] ^ SecretWord(secret, 11 + 8 * i), lanes[i + 1] ^ SecretWord(secret, 19 + 8 * i));
  }
  return Avalanche(sum);
}

Secret SeededSecret(uint64_t seed) {
  Secret secret = kSecret;
  for (size_t i = 0; i < secret.size(); i += 2) {
    secret[i] += seed;
    secret[i + 1] -= seed;
  }
  return secret;
}

}  // namespace

uint64_t Xxph3(Slice bytes, uint64_t seed) {
  const char* const p = bytes.data();
  const size_t size = bytes.size();
  if (size <= 16) return HashUpTo16(p, size, seed);
  if (size <= 128) return Hash17To128(p, size, seed);
  if (size <= kMiddleSizeMax) return Hash129To240(p, size, seed);
  return seed == 0 ? HashLong(p, size, kSecret) : HashLong(p, size, SeededSecret(seed));
}

}  // namespace gneiss
