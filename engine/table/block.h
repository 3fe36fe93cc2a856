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
#include <new>
#include <utility>

#include "engine/base/coding.h"
#include "engine/base/prefetch.h"
#include "engine/base/recycled_buffer.h"
#include "engine/base/slice.h"
#include "engine/table/block_heads.h"

namespace gneiss {

// Where a payload lies: in `owned`, or (owned is empty) in memory that outlives its users.
struct BlockBytes {
  static BlockBytes CopyOf(Slice payload) {
    RecycledBuffer owned(payload.size());
    payload.copy(owned.get(), payload.size());
    const Slice copy(owned.get(), payload.size());
    return {.owned = std::move(owned), .payload = copy};
  }

  RecycledBuffer owned;
  Slice payload;
};

// What a scan asks for before it reads its first entry.
inline constexpr int kScanLines = 10;

class Block {
 public:
  enum class Heads : uint8_t { kNone, kBuild };  // kBuild: for internal keys in bytewise order only

  // Null when the payload's end does not describe a block.
  static std::unique_ptr<Block> Parse(BlockBytes bytes, Heads heads = Heads::kNone);
  static void operator delete(void* memory) { ::operator delete(memory); }

  const char* entries() const { return payload_.data(); }
  uint32_t entries_bytes() const { return entries_bytes_; }
  const char* entries_end() const { return payload_.data() + entries_bytes_; }
  const char* payload_end() const { return payload_.data() + payload_.size(); }
  uint32_t restart_count() const { return restart_count_; }
  // At most entries_bytes(), whatever the payload says.
  uint32_t RestartOffset(uint32_t index) const {
    const uint32_t offset = DecodeU32(payload_.data() + restarts_at_ + index * sizeof(uint32_t));
    return offset <= entries_bytes_ ? offset : entries_bytes_;
  }
  // RestartOffset(0), without a look at the payload's end.
  uint32_t first_offset() const { return first_offset_; }
  // What is known of the entries' heads; empty when nothing.
  const BlockHeads& heads() const { return heads_; }
  // The block object and its heads lie side by side; a search needs all of them at once.
  void PrefetchHeads() const { PrefetchLines(this, 5); }
  // What a scan from its start, or back from its end, reads first.
  void PrefetchStart() const { PrefetchLines(entries() + first_offset_, kScanLines); }
  void PrefetchEnd() const { PrefetchLines(payload_end() - 3 * kCacheLineBytes, 3); }
  bool owns_payload() const { return static_cast<bool>(owned_); }
  size_t MemoryBytes() const { return sizeof(*this) + heads_.MemoryBytes() + owned_.capacity_bytes(); }

 private:
  Block() = default;

  RecycledBuffer owned_;
  Slice payload_;
  uint32_t entries_bytes_ = 0;
  uint32_t restarts_at_ = 0;
  uint32_t restart_count_ = 0;
  uint32_t first_offset_ = 0;
  BlockHeads heads_;  // its arrays lie behind this object, in the same allocation
};

}  // namespace gneiss
