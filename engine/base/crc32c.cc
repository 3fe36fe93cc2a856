#include "engine/base/crc32c.h"

#include <array>
#include <bit>
#include <vector>

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

// Folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009): 16 bytes with D bits
// behind them are replaced by 16 bytes of the same remainder at the end of those D bits. The first eight bytes are the
// higher half, so they are multiplied by x^(64 + D) and the others by x^D, less the 33 of a reflected product.
struct FoldFactors {
  uint32_t first_half;
  uint32_t second_half;
};
template <size_t kBytes>
constexpr FoldFactors FactorsToFold() {
  return {.first_half = PowerOfX(8 * kBytes + 64 - 33), .second_half = PowerOfX(8 * kBytes - 33)};
}

template <size_t kBytes>
__attribute__((target("avx512f,vpclmulqdq"))) inline __m512i FoldWide(__m512i from, __m512i onto) {
  static constexpr FoldFactors kFactors = FactorsToFold<kBytes>();
  const __m512i factors =
      _mm512_set4_epi64(kFactors.second_half, kFactors.first_half, kFactors.second_half, kFactors.first_half);
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(from, factors, 0x00),
                                   _mm512_clmulepi64_epi128(from, factors, 0x11), onto, kXorOfThree);
}

__attribute__((target("pclmul"))) inline __m128i Fold(__m128i from, __m128i onto) {
  static constexpr FoldFactors kFactors = FactorsToFold<sizeof(__m128i)>();
  const __m128i factors = _mm_set_epi64x(kFactors.second_half, kFactors.first_half);
  return _mm_xor_si128(
      _mm_xor_si128(_mm_clmulepi64_si128(from, factors, 0x00), _mm_clmulepi64_si128(from, factors, 0x11)), onto);
}

// Twice to three times as fast as three streams. What is short gains nothing.
constexpr size_t kWideBytesMin = 1024;

__attribute__((target("avx512f,vpclmulqdq,sse4.2,pclmul"))) uint32_t ExtendAvx512(uint32_t crc, const char* data,
                                                                                  size_t size) {
  if (size < kWideBytesMin) return ExtendSse42(crc, data, size);
  constexpr size_t kVector = sizeof(__m512i);
  constexpr size_t kStep = 4 * kVector;
  __m512i a =
      _mm512_xor_si512(_mm512_loadu_si512(data), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~crc))));
  __m512i b = _mm512_loadu_si512(data + kVector);
  __m512i c = _mm512_loadu_si512(data + 2 * kVector);
  __m512i d = _mm512_loadu_si512(data + 3 * kVector);
  for (data += kStep, size -= kStep; size >= kStep; data += kStep, size -= kStep) {
    a = FoldWide<kStep>(a, _mm512_loadu_si512(data));
    b = FoldWide<kStep>(b, _mm512_loadu_si512(data + kVector));
    c = FoldWide<kStep>(c, _mm512_loadu_si512(data + 2 * kVector));
    d = FoldWide<kStep>(d, _mm512_loadu_si512(data + 3 * kVector));
  }
  d = FoldWide<kVector>(FoldWide<kVector>(FoldWide<kVector>(a, b), c), d);
  __m128i rest = _mm512_extracti32x4_epi32(d, 0);
  rest = Fold(rest, _mm512_extracti32x4_epi32(d, 1));
  rest = Fold(rest, _mm512_extracti32x4_epi32(d, 2));
  rest = Fold(rest, _mm512_extracti32x4_epi32(d, 3));
  uint64_t state = _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(rest)));
  state = _mm_crc32_u64(state, static_cast<uint64_t>(_mm_extract_epi64(rest, 1)));
  // GCC adds none before this call. With upper halves in use every SSE instruction of the thread waits for them.
  _mm256_zeroupper();
  return ExtendSse42(~static_cast<uint32_t>(state), data, size);
}

bool HasStreams() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}
bool HasFolding() { return HasStreams() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq"); }

#endif

Crc32cExtendFn BestExtend() {
#if defined(__x86_64__)
  if (HasFolding()) return &ExtendAvx512;
  if (HasStreams()) return &ExtendSse42;
#endif
  return &ExtendPortable;
}

}  // namespace

uint32_t Crc32cExtend(uint32_t crc, const char* data, size_t size) {
  static const Crc32cExtendFn extend = BestExtend();
  return extend(crc, data, size);
}

std::vector<Crc32cWay> Crc32cWays() {
  std::vector<Crc32cWay> ways = {{"tables", &ExtendPortable}};
#if defined(__x86_64__)
  if (HasStreams()) ways.push_back({"three streams", &ExtendSse42});
  if (HasFolding()) ways.push_back({"folding", &ExtendAvx512});
#endif
  return ways;
}

}  // namespace gneiss
