// The search over a block's restart points.
//
// Format:  docs/formats/block.md. Threads: plain functions. Errors: nullopt for damaged entries.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/key/internal_key.h"
#include "engine/table/block.h"
#include "engine/table/block_entry.h"

namespace gneiss {

// The internal key at a restart point, where no entry shares anything.
inline std::optional<Slice> KeyAtRestart(const Block& block, uint32_t index) {
  EntryHeader header;
  const char* tail = DecodeEntryHeader(block.entries() + block.RestartOffset(index), block.entries_end(), &header);
  if (tail == nullptr || header.shared != 0 || header.tail < kTrailerBytes) return std::nullopt;
  return Slice(tail, header.tail);
}

// The last restart point whose key `is_before` the sought one, or the first; the block has at least one.
template <typename IsBefore>
std::optional<uint32_t> LastRestartBefore(const Block& block, IsBefore is_before) {
  uint32_t left = 0;
  uint32_t right = block.restart_count() - 1;
  while (left < right) {
    const uint32_t middle = left + (right - left + 1) / 2;
    const std::optional<Slice> key = KeyAtRestart(block, middle);
    if (!key) return std::nullopt;
    if (is_before(*key)) {
      left = middle;
    } else {
      right = middle - 1;
    }
  }
  return left;
}

}  // namespace gneiss
