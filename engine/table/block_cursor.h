// A BlockCursor walks one block's entries, both ways. It is a plain class without virtual calls, made to live on the
// stack or inside an iterator and to be moved from block to block.
//
// Algorithm: Next decodes the entry behind the current one; a key that shares nothing is used where it lies, others are
//          put together in a buffer. Seek: binary search over the restart points, then forward. Prev keeps the entries
//          of the current restart interval, so that going back over an interval decodes it once.
// Owner:   borrows the block. key() and value() hold until the next move; value() lies in the block and holds as long
//          as that.
// Threads: one thread.
// Errors:  damaged bytes end the walk: not Valid() and is_damaged().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/key/internal_key.h"
#include "engine/key/key_order.h"
#include "engine/table/block.h"
#include "engine/table/block_entry.h"
#include "engine/table/key_buffer.h"

namespace gneiss {

class BlockCursor {
 public:
  // kInternal: keys of at least kTrailerBytes. kRaw: any bytes (meta blocks); these are only walked, never sought.
  enum class Keys : uint8_t { kInternal, kRaw };
  static constexpr SeqNo kNoGlobalSeq = ~SeqNo{0};

  BlockCursor() = default;

  // Starts on a block, not Valid yet. With a global seq every key shows that seq instead of its own.
  void Attach(const Block* block, const KeyOrder& order, SeqNo global_seq = kNoGlobalSeq, Keys keys = Keys::kInternal);
  void Detach() { Attach(nullptr, KeyOrder()); }

  bool Valid() const { return next_ != nullptr; }
  void Invalidate() { next_ = nullptr; }
  bool is_damaged() const { return is_damaged_; }
  Slice key() const { return key_; }
  Slice value() const { return value_; }

  void SeekToFirst();
  void SeekToLast();
  void Seek(Slice internal_key);  // the first entry >= internal_key
  void Next() {
    if (!back_.empty()) [[unlikely]]
      back_.clear();
    FetchFar(next_, kFetchAheadBytes);
    StepOrEnd();
  }
  void Prev();

 private:
  // Scans ask for the lines that they read some entries later, behind the kScanLines they began with; where a block
  // ends, they ask in vain. Going back, those are about a restart interval of small entries away.
  static constexpr intptr_t kFetchAheadBytes = 512;
  static constexpr intptr_t kFetchBackBytes = -2048;
  static void FetchFar(const char* from, intptr_t distance) {
    const intptr_t at = reinterpret_cast<intptr_t>(from) + distance;
    PrefetchLines(reinterpret_cast<const char*>(at), 2);
  }

  // What Prev remembers of an entry; its key lies in back_keys_.
  struct BackEntry {
    const char* start;
    const char* next;
    Slice value;
    size_t key_at;
    size_t key_size;
  };

  void Step();  // decodes the entry at next_
  void StepOrEnd() {
    if (next_ >= block_->entries_end()) {
      next_ = nullptr;
    } else {
      Step();
    }
  }
  void Damaged() {
    is_damaged_ = true;
    next_ = nullptr;
  }
  void JumpTo(uint32_t offset);  // of an entry that shares nothing
  void JumpToRestart(uint32_t index) { JumpTo(block_->RestartOffset(index)); }
  // To an entry not behind the sought one, from which Seek goes on; false: there is none, or damage.
  bool SeekByRestarts(Slice internal_key);
  bool SeekByHeads(Slice user_key);
  void JumpToEntry(uint32_t i);  // by its number; only when heads cover entries
  Slice PutTogether(EntryHeader header, const char* tail);
  void ShowLastBefore(uint32_t restart, const char* end);
  void ShowLastOfBack();
  void ShowKey(Slice stored);
  void ShowGlobalSeq();

  const Block* block_ = nullptr;
  KeyOrder order_;
  SeqNo global_seq_ = kNoGlobalSeq;
  Keys keys_ = Keys::kInternal;
  bool is_damaged_ = false;
  const char* start_ = nullptr;  // of the current entry
  const char* next_ = nullptr;   // of the entry behind it; null: not Valid
  Slice stored_key_;             // as the block has it: what the next entry's shared bytes refer to
  Slice key_;                    // as it is shown
  Slice value_;
  KeyBuffer buffer_;             // of stored_key_, when it was put together
  std::string global_key_;       // of key_, with a global seq
  std::vector<BackEntry> back_;  // after Prev: the entries of this restart interval up to the current one
  std::string back_keys_;
};

}  // namespace gneiss
