#include "engine/table/block_search.h"

#include <algorithm>
#include <optional>

#include "engine/base/short_bytes.h"
#include "engine/table/block_entry.h"
#include "engine/table/block_restarts.h"

namespace gneiss {

namespace {

// Where to begin, and how many bytes of the sought key the (imagined) entry before is known to share with it.
struct Start {
  uint32_t offset = 0;
  size_t known = 0;
};

BlockSearch FindStart(const BlockHeads& heads, Slice user_key, Start* start) {
  const Slice own_prefix = user_key.substr(0, heads.prefix_bytes());
  if (const int order = own_prefix.compare(heads.prefix()); order != 0) {
    return order < 0 ? BlockSearch::kAbsent : BlockSearch::kExhausted;
  }
  const uint32_t head = heads.HeadOf(user_key);
  const uint32_t i = heads.LowerBound(head);
  if (!heads.covers_entries()) {
    start->offset = heads.offset(i == 0 ? 0 : i - 1);
    return BlockSearch::kFound;
  }
  if (i == heads.count()) return BlockSearch::kExhausted;
  if (heads.head(i) != head) return BlockSearch::kAbsent;
  start->offset = heads.offset(i);
  start->known = std::min<size_t>(heads.prefix_bytes() + sizeof(head), user_key.size());
  return BlockSearch::kFound;
}

// Without heads.
BlockSearch FindRestart(const Block& block, Slice user_key, Start* start) {
  if (block.restart_count() == 0) return BlockSearch::kExhausted;
  const std::optional<uint32_t> restart =
      LastRestartBefore(block, [user_key](Slice key) { return UserKeyOf(key) < user_key; });
  if (!restart) return BlockSearch::kUnsure;
  start->offset = block.RestartOffset(*restart);
  return BlockSearch::kFound;
}

}  // namespace

void PrefetchEntry(const Block& block, Slice user_key) {
  Start start;
  if (block.heads().empty() || FindStart(block.heads(), user_key, &start) != BlockSearch::kFound) return;
  PrefetchLines(block.entries() + start.offset, 3);  // a small entry
}

BlockSearch SearchBlock(const Block& block, Slice user_key, uint64_t trailer_max, BlockHit* hit) {
  Start start;
  const BlockSearch has_start =
      block.heads().empty() ? FindRestart(block, user_key, &start) : FindStart(block.heads(), user_key, &start);
  if (has_start != BlockSearch::kFound) return has_start;

  const char* next = block.entries() + start.offset;
  const char* const end = block.entries_end();
  size_t common = start.known;  // of the last entry's key (trailer included) and user_key
  bool is_below = false;        // the last entry's byte behind `common` is below user_key's
  bool is_first = true;
  while (next < end) {
    EntryHeader header;
    const char* tail = DecodeEntryHeader(next, end, &header);
    if (tail == nullptr || header.KeyBytes() < kTrailerBytes) return BlockSearch::kUnsure;
    next = tail + header.tail + header.value;
    const size_t own_bytes = header.KeyBytes() - kTrailerBytes;
    if (is_first) {
      // A head covers only what the entry has of it.
      common = std::min(common, own_bytes);
      if (header.shared > common) return BlockSearch::kUnsure;
      is_first = false;
    }
    if (header.shared <= common) {
      const Slice own_tail(tail, header.tail);
      const Slice sought_tail = user_key.substr(header.shared);
      const size_t more = CommonPrefix(own_tail, sought_tail);
      common = header.shared + more;
      is_below = more < own_tail.size() && more < sought_tail.size() &&
                 static_cast<unsigned char>(own_tail[more]) < static_cast<unsigned char>(sought_tail[more]);
    }
    if (common < std::min(own_bytes, user_key.size())) {
      if (is_below) continue;
      return BlockSearch::kAbsent;
    }
    if (own_bytes < user_key.size()) continue;
    if (own_bytes > user_key.size()) return BlockSearch::kAbsent;
    if (header.tail < kTrailerBytes) return BlockSearch::kUnsure;
    hit->trailer = DecodeU64(tail + header.tail - kTrailerBytes);
    if (hit->trailer > trailer_max) continue;
    hit->value = Slice(tail + header.tail, header.value);
    return BlockSearch::kFound;
  }
  return BlockSearch::kExhausted;
}

}  // namespace gneiss
