#include "engine/table/block_cursor.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/table/block_restarts.h"

namespace gneiss {

namespace {

// Most tails are short. Where there are bytes enough on both sides, copying a fixed number of them is faster. A key of
// 16 bytes with its trailer has 24.
constexpr size_t kCopyBytes = 32;

}  // namespace

void BlockCursor::Attach(const Block* block, const KeyOrder& order, SeqNo global_seq, Keys keys) {
  block_ = block;
  order_ = order;
  global_seq_ = global_seq;
  keys_ = keys;
  is_damaged_ = false;
  next_ = nullptr;
  back_.clear();
}

void BlockCursor::Step() {
  EntryHeader header;
  start_ = next_;
  const char* tail = DecodeEntryHeader(start_, block_->entries_end(), &header);
  if (tail == nullptr || header.shared > stored_key_.size()) [[unlikely]]
    return Damaged();
  const size_t key_size = header.KeyBytes();
  if (keys_ == Keys::kInternal && key_size < kTrailerBytes) [[unlikely]]
    return Damaged();
  value_ = Slice(tail + header.tail, header.value);
  next_ = tail + header.tail + header.value;
  if (header.shared == 0) return ShowKey(Slice(tail, key_size));
  const bool is_start_in_place = stored_key_.data() == buffer_.data();
  const bool is_room = buffer_.capacity() >= header.shared + kCopyBytes &&
                       block_->payload_end() - tail >= static_cast<ptrdiff_t>(kCopyBytes);
  if (!is_start_in_place || header.tail > kCopyBytes || !is_room) [[unlikely]]
    return ShowKey(PutTogether(header, tail));
  std::memcpy(buffer_.data() + header.shared, tail, kCopyBytes);
  ShowKey(Slice(buffer_.data(), key_size));
}

// A key that shares bytes with the one before, in buffer_.
Slice BlockCursor::PutTogether(EntryHeader header, const char* tail) {
  const bool is_start_in_place = stored_key_.data() == buffer_.data();
  buffer_.Reserve(header.KeyBytes() + kCopyBytes, is_start_in_place ? header.shared : 0);  // room for the next keys
  if (!is_start_in_place) std::memcpy(buffer_.data(), stored_key_.data(), header.shared);
  std::memcpy(buffer_.data() + header.shared, tail, header.tail);
  return Slice(buffer_.data(), header.KeyBytes());
}

// Gets the key by value: read back from stored_key_ at once, its two words would have to wait for their way to the
// cache, because they were written one by one.
inline void BlockCursor::ShowKey(Slice stored) {
  stored_key_ = stored;
  key_ = stored;
  if (global_seq_ != kNoGlobalSeq) [[unlikely]]
    ShowGlobalSeq();
}

void BlockCursor::ShowGlobalSeq() {
  const Kind kind = TrailerKind(TrailerOf(stored_key_));
  global_key_.assign(stored_key_);
  EncodeU64(global_key_.data() + global_key_.size() - kTrailerBytes, PackTrailer(global_seq_, kind));
  key_ = global_key_;
}

void BlockCursor::JumpTo(uint32_t offset) {
  back_.clear();
  stored_key_ = {};
  next_ = block_->entries() + offset;
}

void BlockCursor::SeekToFirst() {
  next_ = nullptr;
  if (block_->restart_count() == 0) return;
  block_->PrefetchStart();
  JumpTo(block_->first_offset());
  StepOrEnd();
}

void BlockCursor::SeekToLast() {
  next_ = nullptr;
  // Restart points at the very end hold no entry (an empty block has one such).
  for (uint32_t i = block_->restart_count(); i > 0; --i) {
    if (block_->RestartOffset(i - 1) < block_->entries_bytes()) {
      return ShowLastBefore(i - 1, block_->entries_end());
    }
  }
}

bool BlockCursor::SeekByRestarts(Slice internal_key) {
  // With a global seq the stored trailers do not count: intervals are chosen by user key.
  const bool is_by_user_key = global_seq_ != kNoGlobalSeq;
  const std::optional<uint32_t> restart = LastRestartBefore(*block_, [&](Slice key) {
    const int order = is_by_user_key ? order_.CompareStored(UserKeyOf(key), UserKeyOf(internal_key))
                                     : order_.CompareInternal(key, internal_key);
    return order < 0;
  });
  if (!restart) {
    Damaged();
    return false;
  }
  JumpToRestart(*restart);
  StepOrEnd();
  return Valid();
}

bool BlockCursor::SeekByHeads(Slice user_key) {
  const BlockHeads& heads = block_->heads();
  const int order = user_key.substr(0, heads.prefix_bytes()).compare(heads.prefix());
  if (order > 0) return false;
  const uint32_t i = order < 0 ? 0 : heads.LowerBound(heads.HeadOf(user_key));
  if (!heads.covers_entries()) {
    JumpToRestart(i == 0 ? 0 : i - 1);
    StepOrEnd();
  } else if (i < heads.count()) {
    JumpToEntry(i);
  }
  return Valid();
}

void BlockCursor::JumpToEntry(uint32_t i) {
  const BlockHeads& heads = block_->heads();
  EntryHeader header;
  const char* entry = block_->entries() + heads.offset(i);
  PrefetchLines(entry, kScanLines);
  const char* tail = DecodeEntryHeader(entry, block_->entries_end(), &header);
  const size_t known = heads.prefix_bytes() + sizeof(uint32_t);
  if (tail != nullptr && header.shared <= known && header.shared + kTrailerBytes <= header.KeyBytes()) [[likely]] {
    // What it shares with the entry before is in the prefix and its head.
    back_.clear();
    buffer_.Reserve(std::max(known, size_t{header.shared}), 0);
    heads.CopyKeyStart(i, buffer_.data());
    stored_key_ = Slice(buffer_.data(), header.shared);
    next_ = entry;
    return Step();
  }
  JumpToRestart(i / heads.entries_per_restart());
  for (uint32_t skip = i % heads.entries_per_restart(); skip > 0; --skip) {
    Step();
    if (!Valid()) return;
  }
  StepOrEnd();
}

void BlockCursor::Seek(Slice internal_key) {
  next_ = nullptr;
  if (block_->restart_count() == 0) return;
  const bool is_found = block_->heads().empty() ? SeekByRestarts(internal_key) : SeekByHeads(UserKeyOf(internal_key));
  if (!is_found) return;
  while (Valid() && order_.CompareInternal(key_, internal_key) < 0) StepOrEnd();
}

void BlockCursor::Prev() {
  if (!back_.empty()) {
    FetchFar(start_, kFetchBackBytes);
    back_.pop_back();
    if (!back_.empty()) return ShowLastOfBack();
  }
  const auto offset = static_cast<uint32_t>(start_ - block_->entries());
  next_ = nullptr;
  if (offset == 0) return;
  uint32_t left = 0;
  uint32_t right = block_->restart_count() - 1;
  while (left < right) {
    const uint32_t middle = left + (right - left + 1) / 2;
    if (block_->RestartOffset(middle) < offset) {
      left = middle;
    } else {
      right = middle - 1;
    }
  }
  ShowLastBefore(left, block_->entries() + offset);
}

void BlockCursor::ShowLastBefore(uint32_t restart, const char* end) {
  JumpToRestart(restart);
  back_keys_.clear();
  while (next_ < end) {
    Step();
    if (!Valid()) return back_.clear();
    back_.push_back({start_, next_, value_, back_keys_.size(), stored_key_.size()});
    back_keys_.append(stored_key_);
  }
  // Restart points out of order, or not where an entry begins.
  if (next_ != end || back_.empty()) {
    back_.clear();
    return Damaged();
  }
  ShowLastOfBack();
}

void BlockCursor::ShowLastOfBack() {
  const BackEntry& entry = back_.back();
  start_ = entry.start;
  next_ = entry.next;
  value_ = entry.value;
  ShowKey(Slice(back_keys_).substr(entry.key_at, entry.key_size));
}

}  // namespace gneiss
