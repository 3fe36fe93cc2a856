#include "engine/table/block_heads.h"

#include <algorithm>
#include <cstring>

#include "engine/base/coding.h"
#include "engine/base/short_bytes.h"
#include "engine/key/internal_key.h"
#include "engine/table/block_entry.h"

namespace gneiss {

namespace {

constexpr size_t kPrefixBytesMax = 96;
constexpr size_t kHeadBytes = 4;

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

// The first entry's key, which shares nothing.
Slice FirstKey(Slice entries, size_t bytes) {
  EntryHeader header;
  return Slice(DecodeEntryHeader(entries.data(), entries.data() + entries.size(), &header), bytes);
}

}  // namespace

// The keys are sorted: what the first and the last have in common, all have.
bool BlockHeads::SetPrefix(Slice entries, uint32_t last_restart) {
  KeyStartWalker first(entries, kPrefixBytesMax);
  KeyStartWalker last(entries, kPrefixBytesMax);
  if (!first.Step()) return false;
  last.JumpTo(last_restart);
  while (last.Step()) {
  }
  if (!last.IsAtEnd()) return false;
  prefix_bytes_ = static_cast<uint16_t>(CommonPrefix(first.user_key_start(), last.user_key_start()));
  return true;
}

size_t BlockHeads::Plan(Slice entries, const char* restarts, uint32_t restart_count, Draft* draft) {
  if (entries.empty() || entries.size() > kEntriesBytesMax || restart_count == 0) return 0;
  const auto restart_at = [restarts](uint32_t i) { return DecodeU32(restarts + i * sizeof(uint32_t)); };
  if (restart_at(restart_count - 1) >= entries.size() || !SetPrefix(entries, restart_at(restart_count - 1))) return 0;

  // Counts the entries, and checks that restart points lie where entries begin.
  const auto full_cover_max = static_cast<uint32_t>(entries.size() / kEntryBytesForFullCover);
  uint32_t entry_count = 0;
  uint32_t restart = 0;
  uint32_t per_restart = 0;
  uint32_t last_head = 0;
  bool is_regular = true;
  KeyStartWalker walker(entries, prefix_bytes_ + kHeadBytes);
  for (; walker.Step(); ++entry_count) {
    if (restart < restart_count && restart_at(restart) == walker.offset()) {
      if (restart == 1) per_restart = entry_count;
      if (restart > 0 && entry_count != restart * per_restart) is_regular = false;
      ++restart;
    }
    if (entry_count >= full_cover_max) continue;
    const Slice start = walker.user_key_start();
    if (start.size() < prefix_bytes_) return 0;
    // What an entry shares with the one before needs no look.
    const bool may_leave = entry_count > 0 && walker.shared() < prefix_bytes_;
    if (may_leave && start.substr(0, prefix_bytes_) != FirstKey(entries, prefix_bytes_)) return 0;
    const uint32_t head = HeadOf(start);
    if (head < last_head) return 0;
    last_head = head;
    draft->heads_[entry_count] = head;
    draft->offsets_[entry_count] = static_cast<uint16_t>(walker.offset());
  }
  if (!walker.IsAtEnd() || restart != restart_count) return 0;
  if (restart_count == 1) per_restart = entry_count;
  entries_per_restart_ = is_regular ? static_cast<uint16_t>(per_restart) : 0;
  covers_entries_ = entry_count <= full_cover_max && is_regular;
  count_ = covers_entries_ ? entry_count : restart_count;
  return PaddedPrefixBytes() + count_ * kBytesPerHead;
}

void BlockHeads::Build(Slice entries, const char* restarts, const Draft& draft, char* memory) {
  memory_ = memory;
  FirstKey(entries, prefix_bytes_).copy(memory, prefix_bytes_);
  if (!covers_entries_) return BuildAtRestarts(entries, restarts);
  std::memcpy(heads(), draft.heads_, count_ * sizeof(uint32_t));
  std::memcpy(offsets(), draft.offsets_, count_ * sizeof(uint16_t));
}

void BlockHeads::BuildAtRestarts(Slice entries, const char* restarts) {
  uint32_t* const head_at = heads();
  uint16_t* const offset_at = offsets();
  KeyStartWalker walker(entries, prefix_bytes_ + kHeadBytes);
  for (uint32_t i = 0; i < count_; ++i) {
    walker.JumpTo(DecodeU32(restarts + i * sizeof(uint32_t)));
    if (!walker.Step()) return Clear();
    const Slice start = walker.user_key_start();
    if (start.size() < prefix_bytes_ || start.substr(0, prefix_bytes_) != prefix()) return Clear();
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
