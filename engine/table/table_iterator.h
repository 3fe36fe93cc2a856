// A TableIterator walks a table's entries in order: block by block through the index, entry by entry in each block.
//
// Owner:   borrows the TableCore; keeps the current block alive, and near its end also the next one.
// Threads: one thread.
// Errors:  ends the walk; status() says why.
#pragma once

#include <cstdint>

#include "engine/iter/internal_iterator.h"
#include "engine/table/read_ahead.h"
#include "engine/table/table_core.h"

namespace gneiss {

class TableIterator final : public InternalIterator {
 public:
  TableIterator(const TableCore* core, const ReadParams& params);

  bool Valid() const override { return cursor_.Valid(); }
  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(Slice internal_key) override;
  void SeekForPrev(Slice internal_key) override;
  void Next() override {
    Slice key;
    Slice value;
    NextEntry(&key, &value);
  }
  void Prev() override {
    Slice key;
    PrevKey(&key);
  }
  Slice key() const override { return cursor_.key(); }
  Slice value() const override { return cursor_.value(); }
  Status status() const override { return status_; }
  bool NextEntry(Slice* key, Slice* value) override {
    cursor_.Next();
    if (!cursor_.Valid()) [[unlikely]] {
      SkipForward();
      if (!cursor_.Valid()) return false;
    }
    *key = cursor_.key();
    *value = cursor_.value();
    if (value->data() >= near_from_) [[unlikely]]
      ComeNear();
    return true;
  }
  bool PrevKey(Slice* key) override {
    cursor_.Prev();
    if (!cursor_.Valid()) [[unlikely]] {
      SkipBackward();
      if (!cursor_.Valid()) return false;
    }
    if (cursor_.value().data() < near_below_) [[unlikely]]
      ComeNear();
    *key = cursor_.key();
    return true;
  }

 private:
  enum class Direction : uint8_t { kForward, kBackward };
  static inline const char* const kNever = reinterpret_cast<const char*>(UINTPTR_MAX);

  bool Start();                                   // forgets errors; makes sure of the index
  bool OpenBlock(size_t i, Direction direction);  // false: failed
  bool IsForward() const { return near_index_ > open_block_; }
  Status GetBlock(size_t i, BlockRef* block);
  void ComeNear();
  void WatchFor(size_t bytes_left);
  void StopWatching() {
    near_from_ = kNever;
    near_below_ = nullptr;
  }
  void ForgetNear();
  bool IsLeftOut(Slice user_key) const;
  void SeekInOrder(Slice internal_key);
  void SkipForward();   // at a block's end: to the next entry there is
  void SkipBackward();  // before a block's start: to the entry before
  bool FailIfDamaged();
  void Fail(Status status);

  const TableCore* const core_;
  const ReadParams params_;
  ReadAhead ahead_;
  MetaRef<TableIndex> index_;
  size_t block_index_ = 0;
  size_t open_block_ = ~size_t{0};  // which one block_ is
  BlockRef block_;
  // The block that the scan comes to behind block_, and the places in that where it is time for a step towards it:
  // going forward, at or behind the first; going backward, before the second.
  size_t near_index_ = 0;
  BlockRef near_block_;           // once it was found in the cache
  bool near_is_missing_ = false;  // or was not
  const char* near_from_ = kNever;
  const char* near_below_ = nullptr;
  BlockCursor cursor_;
  Status status_;
};

}  // namespace gneiss
