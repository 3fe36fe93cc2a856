// How one entry of a block begins: three varint32 that say how many bytes of the last key it shares, how many of its
// own follow, and how long the value behind them is.
//
// Format:  docs/formats/block.md. Threads: plain functions. Errors: null for an entry that does not fit.
#pragma once

#include <cstdint>

#include "engine/base/coding.h"

namespace gneiss {

struct EntryHeader {
  uint32_t shared = 0;
  uint32_t tail = 0;
  uint32_t value = 0;

  size_t KeyBytes() const { return size_t{shared} + tail; }
};

// DecodeEntryHeader where a number takes more than one byte; says nothing about what follows the header. Not inline, so
// that the headers of short entries need not lie in memory.
[[gnu::noinline]] inline const char* DecodeLongEntryHeader(const char* p, const char* limit, EntryHeader* header) {
  p = DecodeVarint32(p, limit, &header->shared);
  if (p != nullptr) p = DecodeVarint32(p, limit, &header->tail);
  if (p != nullptr) p = DecodeVarint32(p, limit, &header->value);
  return p;
}

// Decodes the header at `p`; returns where the key tail begins, or null when the entry does not fit before `limit`.
inline const char* DecodeEntryHeader(const char* p, const char* limit, EntryHeader* header) {
  if (limit - p < 3) [[unlikely]]
    return nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(p);
  *header = {.shared = bytes[0], .tail = bytes[1], .value = bytes[2]};
  if ((header->shared | header->tail | header->value) < 0x80) [[likely]] {
    p += 3;
  } else {
    EntryHeader longer;
    p = DecodeLongEntryHeader(p, limit, &longer);
    if (p == nullptr) return nullptr;
    *header = longer;
  }
  const uint64_t body = uint64_t{header->tail} + header->value;
  return static_cast<uint64_t>(limit - p) < body ? nullptr : p;
}

}  // namespace gneiss
