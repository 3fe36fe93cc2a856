#include "engine/table/block_heads.h"

#include <algorithm>
#include <cstring>

#include "engine/base/coding.h"
#include "engine/key/internal_key.h"
#include "engine/table/block_builder.h"
#include "engine/table/block_entry.h"

namespace gneiss {

namespace {

constexpr size_t kEntriesBytesMax = 0xffff;  // offsets are 16 bits
constexpr size_t kPrefixBytesMax = 96;
constexpr size_t kHeadBytes = 4;
// Below this, heads for every entry would cost too much of the cache.
constexpr size_t kEntryBytesForFullCover = 40;

uint32_t LoadHead(const char* bytes, size_t size) {
  unsigned char padded[kHeadBytes] = {};
  std::memcpy(padded, bytes, std::min(size, kHeadBytes));
  return __builtin_bswap32(DecodeU32(reinterpret_cast<const char*>(padded)));
}

// Walks entries, keeping the first `kept_bytes` of the current key and no more: every block that enters the cache is
// walked, and most keys differ from their predecessors far behind.
class KeyStartWalker {
 public:
  KeyStartWalker(Slice entries, size_t kept_bytes)
      : begin_(entries.data()), end_(begin_ + entries.size()), next_(begin_), kept_bytes_(kept_bytes) {}

  void JumpTo(uint32_t offset) {
    next_ = begin_ + offset;
    key_bytes_ = 0;
  }
  // False at the end, and for damage: then IsAtEnd() is false.
  bool Step() {
    if (next_ >= end_) return false;
    at_ = next_;
    EntryHeader header;
    const char* tail = DecodeEntryHeader(next_, end_, &header);
    if (tail == nullptr || header.shared > key_bytes_ || header.KeyBytes() < kTrailerBytes) return false;
    if (header.shared < kept_bytes_) Keep(header.shared, tail, header.tail);
    shared_ = header.shared;
    key_bytes_ = header.KeyBytes();
    next_ = tail + header.tail + header.value;
    return true;
  }
  bool IsAtEnd() const { return next_ == end_; }
  uint32_t offset() const { return static_cast<uint32_t>(at_ - begin_); }
  size_t shared() const { return shared_; }
  // The user key's start, as far as it is kept.
  Slice user_key_start() const { return Slice(start_, std::min(key_bytes_ - kTrailerBytes, kept_bytes_)); }

 private:
  static constexpr size_t kChunk = 16;

  void Keep(size_t from, const char* tail, size_t tail_bytes) {
    const size_t wanted = std::min(tail_bytes, kept_bytes_ - from);
    const bool is_chunk = wanted <= kChunk && static_cast<size_t>(end_ - tail) >= kChunk;
    std::memcpy(start_ + from, tail, is_chunk ? kChunk : wanted);
  }

  const char* const begin_;
  const char* const end_;
  const char* next_;
  const char* at_ = nullptr;
  const size_t kept_bytes_;
  size_t shared_ = 0;
  size_t key_bytes_ = 0;
  char start_[kPrefixBytesMax + kHeadBytes + kChunk];
};

}  // namespace

size_t BlockHeads::Plan(Slice entries, const char* restarts, uint32_t restart_count) {
  if (entries.empty() || entries.size() > kEntriesBytesMax || restart_count == 0) return 0;
  // Counts the entries, and checks that restart points lie where entries begin.
  uint32_t entry_count = 0;
  uint32_t restart = 0;
  uint32_t per_restart = 0;
  bool is_regular = true;
  KeyStartWalker walker(entries, 0);
  while (walker.Step()) {
    if (restart < restart_count && DecodeU32(restarts + restart * sizeof(uint32_t)) == walker.offset()) {
      if (restart == 1) per_restart = entry_count;
      if (restart > 0 && entry_count != restart * per_restart) is_regular = false;
      ++restart;
    }
    ++entry_count;
  }
  if (!walker.IsAtEnd() || restart != restart_count) return 0;
  if (restart_count == 1) per_restart = entry_count;

  // The keys are sorted: what the first and the last have in common, all have.
  KeyStartWalker first(entries, kPrefixBytesMax);
  KeyStartWalker last(entries, kPrefixBytesMax);
  if (!first.Step()) return 0;
  last.JumpTo(DecodeU32(restarts + (restart_count - 1) * sizeof(uint32_t)));
  while (last.Step()) {
  }
  if (!last.IsAtEnd()) return 0;
  entries_per_restart_ = is_regular ? static_cast<uint16_t>(per_restart) : 0;
  prefix_bytes_ = static_cast<uint16_t>(CommonPrefix(first.user_key_start(), last.user_key_start()));
  covers_entries_ = entries.size() >= entry_count * kEntryBytesForFullCover && is_regular;
  count_ = covers_entries_ ? entry_count : restart_count;
  return PaddedPrefixBytes() + count_ * kBytesPerHead;
}

void BlockHeads::Build(Slice entries, const char* restarts, char* memory) {
  memory_ = memory;
  char* heads = memory + PaddedPrefixBytes();
  auto* head_at = reinterpret_cast<uint32_t*>(heads);
  auto* offset_at = reinterpret_cast<uint16_t*>(head_at + count_);
  KeyStartWalker walker(entries, prefix_bytes_ + kHeadBytes);
  for (uint32_t i = 0; i < count_; ++i) {
    if (!covers_entries_) walker.JumpTo(DecodeU32(restarts + i * sizeof(uint32_t)));
    if (!walker.Step()) return Clear();
    const Slice start = walker.user_key_start();
    if (i == 0) start.copy(memory, prefix_bytes_);
    if (start.size() < prefix_bytes_) return Clear();
    // What an entry shares with the one before needs no look.
    if (walker.shared() < prefix_bytes_ && start.substr(0, prefix_bytes_) != prefix()) return Clear();
    const uint32_t head = HeadOf(start);
    if (i > 0 && head < head_at[i - 1]) return Clear();
    head_at[i] = head;
    offset_at[i] = static_cast<uint16_t>(walker.offset());
  }
}

void BlockHeads::CopyKeyStart(uint32_t i, char* to) const {
  std::memcpy(to, memory_, prefix_bytes_);
  EncodeU32(to + prefix_bytes_, __builtin_bswap32(head(i)));
}

uint32_t BlockHeads::HeadOf(Slice user_key) const {
  const Slice rest = user_key.substr(prefix_bytes_);
  if (rest.size() >= kHeadBytes) [[likely]]
    return __builtin_bswap32(DecodeU32(rest.data()));
  return LoadHead(rest.data(), rest.size());
}

uint32_t BlockHeads::LowerBound(uint32_t head) const {
  // Halves without branches down to a window, then counts in it, which compilers do with vector instructions.
  constexpr uint32_t kWindow = 32;
  const uint32_t* base = heads();
  uint32_t left = count_;
  while (left > kWindow) {
    const uint32_t half = left / 2;
    base += base[half - 1] < head ? half : 0;
    left -= half;
  }
  uint32_t below = 0;
  for (uint32_t i = 0; i < left; ++i) below += base[i] < head ? 1 : 0;
  return static_cast<uint32_t>(base - heads()) + below;
}

}  // namespace gneiss
