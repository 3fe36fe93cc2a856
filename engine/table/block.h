// A Block is a block's uncompressed payload in memory: entries sorted by key, prefix-compressed, and restart points.
//
// Format:  docs/formats/block.md.
// Units:   offsets and sizes count bytes from the payload's start.
// Owner:   owns its payload, unless that lies in memory that lives as long as the file (mmap). Cursors borrow the
//          block.
// Threads: immutable after Parse; a cursor belongs to one thread.
// Errors:  any bytes may come: a cursor that meets damage turns invalid and says is_damaged().
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/coding.h"
#include "engine/base/slice.h"

namespace gneiss {

// Where a payload lies: in `owned`, or (owned is null) in memory that outlives its users.
struct BlockBytes {
  std::unique_ptr<char[]> owned;
  Slice payload;
};

// The fixed start of an entry: shared key bytes, own key bytes, value bytes.
struct EntryHeader {
  uint32_t shared = 0;
  uint32_t tail = 0;
  uint32_t value = 0;
};

// Decodes the header at `p`; returns where the key tail begins, or null when the entry does not fit before `limit`.
inline const char* DecodeEntryHeader(const char* p, const char* limit, EntryHeader* header) {
  if (limit - p < 3) [[unlikely]]
    return nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(p);
  header->shared = bytes[0];
  header->tail = bytes[1];
  header->value = bytes[2];
  if ((header->shared | header->tail | header->value) < 0x80) [[likely]] {
    p += 3;
  } else {
    p = DecodeVarint32(p, limit, &header->shared);
    if (p != nullptr) p = DecodeVarint32(p, limit, &header->tail);
    if (p != nullptr) p = DecodeVarint32(p, limit, &header->value);
    if (p == nullptr) return nullptr;
  }
  const uint64_t body = uint64_t{header->tail} + header->value;
  return static_cast<uint64_t>(limit - p) < body ? nullptr : p;
}

class Block {
 public:
  // Null when the payload's end does not describe a block.
  static std::unique_ptr<Block> Parse(BlockBytes bytes);

  const char* entries() const { return payload_.data(); }
  uint32_t entries_bytes() const { return entries_bytes_; }
  const char* entries_end() const { return payload_.data() + entries_bytes_; }
  uint32_t restart_count() const { return restart_count_; }
  // At most entries_bytes(), whatever the payload says.
  uint32_t RestartOffset(uint32_t index) const {
    const uint32_t offset = DecodeU32(payload_.data() + restarts_at_ + index * sizeof(uint32_t));
    return offset <= entries_bytes_ ? offset : entries_bytes_;
  }
  Slice payload() const { return payload_; }
  bool owns_payload() const { return owned_ != nullptr; }
  size_t MemoryBytes() const { return sizeof(*this) + (owned_ != nullptr ? payload_.size() : 0); }

 private:
  Block() = default;

  std::unique_ptr<char[]> owned_;
  Slice payload_;
  uint32_t entries_bytes_ = 0;
  uint32_t restarts_at_ = 0;
  uint32_t restart_count_ = 0;
};

}  // namespace gneiss
