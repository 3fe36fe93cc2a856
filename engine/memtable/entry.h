// A memtable entry is one write as it lies in the memtable's arena: it never moves and never changes.
//
// Format:  u32 user key size, u32 value size, user key, 8 bytes trailer, value. In memory only.
// Owner:   the arena it was written to; a `const char*` to its first byte stands for the entry.
#pragma once

#include <cstdint>

#include "engine/base/coding.h"
#include "engine/base/slice.h"
#include "engine/key/internal_key.h"

namespace gneiss {

struct MemtableEntry {
  static constexpr size_t kHeaderBytes = 8;

  static size_t BytesFor(Slice user_key, Slice value) {
    return kHeaderBytes + user_key.size() + kTrailerBytes + value.size();
  }
  static void Write(char* at, Slice user_key, uint64_t trailer, Slice value) {
    EncodeU32(at, static_cast<uint32_t>(user_key.size()));
    EncodeU32(at + 4, static_cast<uint32_t>(value.size()));
    char* const key = at + kHeaderBytes;
    user_key.copy(key, user_key.size());
    EncodeU64(key + user_key.size(), trailer);
    value.copy(key + user_key.size() + kTrailerBytes, value.size());
  }

  static Slice UserKey(const char* entry) { return Slice(entry + kHeaderBytes, DecodeU32(entry)); }
  static Slice Key(const char* entry) { return Slice(entry + kHeaderBytes, DecodeU32(entry) + kTrailerBytes); }
  static Slice Value(const char* entry) {
    return Slice(entry + kHeaderBytes + DecodeU32(entry) + kTrailerBytes, DecodeU32(entry + 4));
  }
};

}  // namespace gneiss
