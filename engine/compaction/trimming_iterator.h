// A TrimmingIterator leaves out the versions of its child that are newer than a timestamp, as if they had never been
// written. For rocksdb::DB::OpenAndTrimHistory.
//
// Forward only, from where the child stands: compactions go nowhere else. A key too short for a timestamp is shown, for
// the reader to tell of.
// Owner:   owns the child; borrows the timestamp. Threads: one thread. Errors: the child's.
#pragma once

#include <memory>
#include <utility>

#include "engine/iter/internal_iterator.h"
#include "engine/key/key_order.h"

namespace gneiss {

class TrimmingIterator final : public InternalIterator {
 public:
  TrimmingIterator(const KeyOrder& order, std::unique_ptr<InternalIterator> child, Slice newest)
      : order_(order), child_(std::move(child)), newest_(newest) {
    PassOver();
  }

  bool Valid() const override { return child_->Valid(); }
  void SeekToFirst() override {
    child_->SeekToFirst();
    PassOver();
  }
  void SeekToLast() override { child_->SeekToLast(); }
  void Seek(Slice internal_key) override {
    child_->Seek(internal_key);
    PassOver();
  }
  void SeekForPrev(Slice internal_key) override { child_->SeekForPrev(internal_key); }
  void Next() override {
    child_->Next();
    PassOver();
  }
  void Prev() override { child_->Prev(); }
  Slice key() const override { return child_->key(); }
  Slice value() const override { return child_->value(); }
  Status status() const override { return child_->status(); }

  static bool IsNewer(const KeyOrder& order, Slice user_key, Slice newest) {
    return order.HoldsTimestamp(user_key) && order.CompareTimestamp(order.TimestampOf(user_key), newest) > 0;
  }

 private:
  void PassOver() {
    while (child_->Valid() && IsNewer(order_, UserKeyOf(child_->key()), newest_)) child_->Next();
  }

  const KeyOrder order_;
  const std::unique_ptr<InternalIterator> child_;
  const Slice newest_;
};

}  // namespace gneiss
