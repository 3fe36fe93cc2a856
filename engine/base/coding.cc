#include "engine/base/coding.h"

namespace gneiss {

const char* DecodeVarint64Slow(const char* p, const char* limit, uint64_t* v) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift <= 63 && p < limit; shift += 7) {
    const uint64_t byte = static_cast<unsigned char>(*p++);
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *v = result;
      return p;
    }
  }
  return nullptr;
}

const char* DecodeVarint32Slow(const char* p, const char* limit, uint32_t* v) {
  uint32_t result = 0;
  for (unsigned shift = 0; shift <= 28 && p < limit; shift += 7) {
    const uint32_t byte = static_cast<unsigned char>(*p++);
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *v = result;
      return p;
    }
  }
  return nullptr;
}

namespace {

template <typename T>
bool GetFixed(Slice* in, T* v) {
  if (in->size() < sizeof(T)) return false;
  std::memcpy(v, in->data(), sizeof(T));
  in->remove_prefix(sizeof(T));
  return true;
}

bool Advance(Slice* in, const char* next) {
  if (next == nullptr) return false;
  in->remove_prefix(static_cast<size_t>(next - in->data()));
  return true;
}

}  // namespace

bool GetU16(Slice* in, uint16_t* v) { return GetFixed(in, v); }
bool GetU32(Slice* in, uint32_t* v) { return GetFixed(in, v); }
bool GetU64(Slice* in, uint64_t* v) { return GetFixed(in, v); }
bool GetVarint64(Slice* in, uint64_t* v) { return Advance(in, DecodeVarint64(in->data(), in->data() + in->size(), v)); }

}  // namespace gneiss
