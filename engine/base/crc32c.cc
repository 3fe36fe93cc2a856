#include "engine/base/crc32c.h"

#include <array>
#include <bit>

#include "engine/base/coding.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gneiss {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // Castagnoli's, bit-reflected: the lowest power is the highest bit

// kTables[k][b] is the crc of byte b followed by k zero bytes, without the inversions at both ends.
using SliceTables = std::array<std::array<uint32_t, 256>, 8>;
constexpr SliceTables MakeTables() {
  SliceTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}
constexpr SliceTables kTables = MakeTables();

uint32_t ExtendPortable(uint32_t crc, const char* data, size_t size) {
  uint32_t state = ~crc;
  for (; size >= 8; data += 8, size -= 8) {
    const uint64_t word = DecodeU64(data) ^ state;
    state = 0;
    for (unsigned i = 0; i < 8; ++i) state ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; size > 0; ++data, --size)
    state = (state >> 8) ^ kTables[0][(state ^ static_cast<unsigned char>(*data)) & 0xff];
  return ~state;
}

#if defined(__x86_64__)

// x^power modulo the polynomial, reflected.
constexpr uint32_t PowerOfX(uint64_t power) {
  uint32_t value = uint32_t{1} << 31;
  for (; power > 0; --power) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
  return value;
}

// Three independent streams hide the three cycles that one crc32 instruction takes. Then
//   crc(A B C) = crc(A) * x^(16 n) + crc(B) * x^(8 n) + crc(C)        for streams of n bytes.
// A carry-less product of two reflected words comes out multiplied by x, and the crc32 instruction over the product
// multiplies by x^32 and reduces: hence the 33.
template <size_t kStreamBytes>
__attribute__((target("sse4.2,pclmul"))) inline uint64_t ExtendThreeStreams(uint64_t state, const char** data,
                                                                            size_t* size) {
  static constexpr uint32_t kShiftOne = PowerOfX(8 * kStreamBytes - 33);
  static constexpr uint32_t kShiftTwo = PowerOfX(16 * kStreamBytes - 33);
  while (*size >= 3 * kStreamBytes) {
    const char* p = *data;
    uint64_t a = state;
    uint64_t b = 0;
    uint64_t c = 0;
    for (const char* const end = p + kStreamBytes; p < end; p += 8) {
      a = _mm_crc32_u64(a, DecodeU64(p));
      b = _mm_crc32_u64(b, DecodeU64(p + kStreamBytes));
      c = _mm_crc32_u64(c, DecodeU64(p + 2 * kStreamBytes));
    }
    const __m128i shifts = _mm_set_epi64x(kShiftTwo, kShiftOne);
    const __m128i a_far = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(a)), shifts, 0x10);
    const __m128i b_far = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(b)), shifts, 0x00);
    state = c ^ _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_xor_si128(a_far, b_far))));
    *data += 3 * kStreamBytes;
    *size -= 3 * kStreamBytes;
  }
  return state;
}

__attribute__((target("sse4.2,pclmul"))) uint32_t ExtendSse42(uint32_t crc, const char* data, size_t size) {
  uint64_t state = static_cast<uint32_t>(~crc);
  state = ExtendThreeStreams<2048>(state, &data, &size);
  state = ExtendThreeStreams<256>(state, &data, &size);
  state = ExtendThreeStreams<64>(state, &data, &size);
  for (; size >= 8; data += 8, size -= 8) state = _mm_crc32_u64(state, DecodeU64(data));
  auto short_state = static_cast<uint32_t>(state);
  for (; size > 0; ++data, --size) short_state = _mm_crc32_u8(short_state, static_cast<unsigned char>(*data));
  return ~short_state;
}

#endif

using ExtendFn = uint32_t (*)(uint32_t crc, const char* data, size_t size);

ExtendFn BestExtend() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) return &ExtendSse42;
#endif
  return &ExtendPortable;
}

}  // namespace

uint32_t Crc32cExtend(uint32_t crc, const char* data, size_t size) {
  static const ExtendFn extend = BestExtend();
  return extend(crc, data, size);
}

uint32_t Crc32cExtendPortable(uint32_t crc, const char* data, size_t size) { return ExtendPortable(crc, data, size); }

}  // namespace gneiss
