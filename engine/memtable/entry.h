// A memtable entry is one write as it lies in the memtable's arena: it never moves and never changes.
//
// Format:  varint32 user key size, varint32 value size, user key, 8 bytes trailer, value; not aligned. In memory only.
// Owner:   the arena it was written to; a `const char*` to its first byte stands for the entry.
#pragma once

#include <cstdint>

#include "engine/base/coding.h"
#include "engine/base/slice.h"
#include "engine/key/internal_key.h"

namespace gneiss {

class MemtableEntry {
 public:
  static size_t BytesFor(Slice user_key, Slice value) {
    const int header_bytes = VarintLength(user_key.size()) + VarintLength(value.size());
    return static_cast<size_t>(header_bytes) + user_key.size() + kTrailerBytes + value.size();
  }
  static void Write(char* at, Slice user_key, uint64_t trailer, Slice value) {
    at = EncodeVarint32(at, static_cast<uint32_t>(user_key.size()));
    at = EncodeVarint32(at, static_cast<uint32_t>(value.size()));
    user_key.copy(at, user_key.size());
    EncodeU64(at + user_key.size(), trailer);
    value.copy(at + user_key.size() + kTrailerBytes, value.size());
  }

  static Slice UserKey(const char* entry) {
    const Parts parts(entry);
    return Slice(parts.key, parts.key_size);
  }
  static Slice Key(const char* entry) {
    const Parts parts(entry);
    return Slice(parts.key, parts.key_size + kTrailerBytes);
  }
  static Slice Value(const char* entry) {
    const Parts parts(entry);
    return Slice(parts.key + parts.key_size + kTrailerBytes, parts.value_size);
  }

 private:
  struct Parts {
    explicit Parts(const char* entry) : key(entry + 2) {
      key_size = static_cast<unsigned char>(entry[0]);
      value_size = static_cast<unsigned char>(entry[1]);
      if ((key_size | value_size) >= 0x80) [[unlikely]] {
        const char* const limit = entry + 2 * kVarint32BytesMax;
        key = DecodeVarint32(DecodeVarint32(entry, limit, &key_size), limit, &value_size);
      }
    }
    const char* key;
    uint32_t key_size = 0;
    uint32_t value_size = 0;
  };
};

}  // namespace gneiss
