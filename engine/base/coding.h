// Little-endian fixed integers and LEB128 varints, the number encodings of every RocksDB format.
//
// Errors: a Get function returns false (or nullptr) when the input is cut short or a varint is too long;
//         the input is then left in an unspecified state.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "engine/base/slice.h"

namespace gneiss {

static_assert(std::endian::native == std::endian::little, "fixed integers are stored as they lie in memory");

inline constexpr size_t kVarint32BytesMax = 5;
inline constexpr size_t kVarint64BytesMax = 10;

inline uint16_t DecodeU16(const char* p) {
  uint16_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline uint32_t DecodeU32(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline uint64_t DecodeU64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline void EncodeU16(char* p, uint16_t v) { std::memcpy(p, &v, sizeof(v)); }
inline void EncodeU32(char* p, uint32_t v) { std::memcpy(p, &v, sizeof(v)); }
inline void EncodeU64(char* p, uint64_t v) { std::memcpy(p, &v, sizeof(v)); }
inline void PutU16(std::string* out, uint16_t v) { out->append(reinterpret_cast<const char*>(&v), sizeof(v)); }
inline void PutU32(std::string* out, uint32_t v) { out->append(reinterpret_cast<const char*>(&v), sizeof(v)); }
inline void PutU64(std::string* out, uint64_t v) { out->append(reinterpret_cast<const char*>(&v), sizeof(v)); }

// Big-endian 8 bytes: the first eight bytes of a key as a number that orders as the bytes do.
inline uint64_t LoadBigEndian64(const char* p) { return __builtin_bswap64(DecodeU64(p)); }

// Writes at most kVarint64BytesMax bytes at p and returns the byte after the last one written.
inline char* EncodeVarint64(char* p, uint64_t v) {
  auto* out = reinterpret_cast<unsigned char*>(p);
  while (v >= 0x80) {
    *out++ = static_cast<unsigned char>(v | 0x80);
    v >>= 7;
  }
  *out++ = static_cast<unsigned char>(v);
  return reinterpret_cast<char*>(out);
}
inline char* EncodeVarint32(char* p, uint32_t v) { return EncodeVarint64(p, v); }
inline int VarintLength(uint64_t v) {
  int length = 1;
  for (; v >= 0x80; v >>= 7) ++length;
  return length;
}

inline void PutVarint64(std::string* out, uint64_t v) {
  char buffer[kVarint64BytesMax];
  out->append(buffer, static_cast<size_t>(EncodeVarint64(buffer, v) - buffer));
}
inline void PutVarint32(std::string* out, uint32_t v) { PutVarint64(out, v); }
inline void PutLengthPrefixed(std::string* out, Slice bytes) {
  PutVarint32(out, static_cast<uint32_t>(bytes.size()));
  out->append(bytes);
}
// Signed numbers as zigzag, for delta-encoded index values.
inline uint64_t ZigZag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
inline int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

// Decode from [p, limit); return the byte after the varint, or nullptr.
const char* DecodeVarint64Slow(const char* p, const char* limit, uint64_t* v);
const char* DecodeVarint32Slow(const char* p, const char* limit, uint32_t* v);
inline const char* DecodeVarint64(const char* p, const char* limit, uint64_t* v) {
  if (p < limit && static_cast<unsigned char>(*p) < 0x80) [[likely]] {
    *v = static_cast<unsigned char>(*p);
    return p + 1;
  }
  return DecodeVarint64Slow(p, limit, v);
}
inline const char* DecodeVarint32(const char* p, const char* limit, uint32_t* v) {
  if (p < limit && static_cast<unsigned char>(*p) < 0x80) [[likely]] {
    *v = static_cast<unsigned char>(*p);
    return p + 1;
  }
  return DecodeVarint32Slow(p, limit, v);
}

// Each takes its bytes off the front of *in.
bool GetU16(Slice* in, uint16_t* v);
bool GetU32(Slice* in, uint32_t* v);
bool GetU64(Slice* in, uint64_t* v);
bool GetVarint64(Slice* in, uint64_t* v);
inline bool GetVarint32(Slice* in, uint32_t* v) {
  const char* const limit = in->data() + in->size();
  const char* const next = DecodeVarint32(in->data(), limit, v);
  if (next == nullptr) return false;
  *in = Slice(next, static_cast<size_t>(limit - next));
  return true;
}
// Every record of a write batch goes through here, so it is inline.
inline bool GetLengthPrefixed(Slice* in, Slice* bytes) {
  const char* const limit = in->data() + in->size();
  uint32_t length = 0;
  const char* const next = DecodeVarint32(in->data(), limit, &length);
  if (next == nullptr || static_cast<size_t>(limit - next) < length) return false;
  *bytes = Slice(next, length);
  *in = Slice(next + length, static_cast<size_t>(limit - next) - length);
  return true;
}

}  // namespace gneiss
