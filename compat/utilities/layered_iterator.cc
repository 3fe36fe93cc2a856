// The iterator of WriteBatchWithIndex::NewIteratorWithBase: the database's keys with the batch's laid over them.
//
// Both sides stand on the current key or beyond it in the direction of travel. Where both hold the same key, the batch
// decides. Turning round places both sides anew beside the current key.
#include "compat/utilities/batch_index.h"

namespace gneiss::compat {

using rocksdb::Slice;
using rocksdb::Status;

namespace {

class LayeredIterator final : public rocksdb::Iterator {
 public:
  LayeredIterator(const BatchIndex* index, MergeOperators* merge_operators, rocksdb::ColumnFamilyHandle* family,
                  rocksdb::Iterator* base, const rocksdb::ReadOptions* options)
      : index_(index),
        merge_operators_(merge_operators),
        family_(family),
        order_(index->ComparatorOf(FamilyId(family))),
        base_(base),
        layer_(index, FamilyId(family)),
        lower_bound_(options == nullptr ? nullptr : options->iterate_lower_bound),
        upper_bound_(options == nullptr ? nullptr : options->iterate_upper_bound) {}

  bool Valid() const override { return side_ != Side::kNone && status_.ok(); }
  Slice key() const override { return side_ == Side::kBase ? base_->key() : layer_.key(); }
  Slice value() const override {
    if (side_ == Side::kBase) return base_->value();
    // Read anew: a growing batch may have moved.
    return is_merged_ ? Slice(merged_) : Slice(layer_.record().value);
  }
  Slice timestamp() const override { return base_->timestamp(); }
  Status status() const override { return status_.ok() ? base_->status() : status_; }

  void SeekToFirst() override {
    base_->SeekToFirst();
    if (lower_bound_ != nullptr) {
      layer_.Seek(*lower_bound_);
    } else {
      layer_.SeekToFirst();
    }
    SettleForward();
  }
  void Seek(const Slice& target) override {
    base_->Seek(target);
    layer_.Seek(lower_bound_ != nullptr && Compare(target, *lower_bound_) < 0 ? *lower_bound_ : target);
    SettleForward();
  }
  void SeekToLast() override {
    base_->SeekToLast();
    if (upper_bound_ != nullptr) {
      layer_.SeekBefore(*upper_bound_);
    } else {
      layer_.SeekToLast();
    }
    SettleBackward();
  }
  void SeekForPrev(const Slice& target) override {
    base_->SeekForPrev(target);
    if (upper_bound_ != nullptr && Compare(target, *upper_bound_) >= 0) {
      layer_.SeekBefore(*upper_bound_);
    } else {
      layer_.SeekForPrev(target);
    }
    SettleBackward();
  }
  void Next() override {
    if (!is_forward_) {
      const std::string current = key().ToString();
      base_->Seek(current);
      if (base_->Valid() && Compare(base_->key(), current) == 0) base_->Next();
      layer_.SeekPast(current);
    } else {
      if (side_ == Side::kBase || base_has_same_key_) base_->Next();
      if (side_ == Side::kLayer) layer_.SeekPast(layer_.key());
    }
    SettleForward();
  }
  void Prev() override {
    if (is_forward_) {
      const std::string current = key().ToString();
      base_->SeekForPrev(current);
      if (base_->Valid() && Compare(base_->key(), current) == 0) base_->Prev();
      layer_.SeekBefore(current);
    } else {
      if (side_ == Side::kBase || base_has_same_key_) base_->Prev();
      if (side_ == Side::kLayer) layer_.SeekBefore(layer_.key());
    }
    SettleBackward();
  }

 private:
  enum class Side { kNone, kBase, kLayer };

  int Compare(const Slice& a, const Slice& b) const { return order_->CompareWithoutTimestamp(a, false, b, false); }
  bool LayerInBounds() const {
    if (!layer_.Valid()) return false;
    if (is_forward_) return upper_bound_ == nullptr || Compare(layer_.key(), *upper_bound_) < 0;
    return lower_bound_ == nullptr || Compare(layer_.key(), *lower_bound_) >= 0;
  }

  void SettleForward() {
    is_forward_ = true;
    Settle();
  }
  void SettleBackward() {
    is_forward_ = false;
    Settle();
  }

  // Stops on the next key that exists: skips what the batch deleted.
  void Settle() {
    status_ = Status::OK();
    for (;;) {
      side_ = Side::kNone;
      is_merged_ = false;
      base_has_same_key_ = false;
      const bool has_base = base_->Valid();
      if (!has_base && !base_->status().ok()) return;
      const bool has_layer = LayerInBounds();
      if (!has_base && !has_layer) return;
      int order = !has_layer ? -1 : 1;  // negative: the base comes first
      if (has_base && has_layer) order = Compare(base_->key(), layer_.key()) * (is_forward_ ? 1 : -1);
      if (order < 0) {
        side_ = Side::kBase;
        return;
      }
      base_has_same_key_ = order == 0;
      if (Resolve()) {
        side_ = Side::kLayer;
        return;
      }
      StepOverDeleted();
    }
  }

  void StepOverDeleted() {
    if (is_forward_) {
      if (base_has_same_key_) base_->Next();
      layer_.SeekPast(layer_.key());
    } else {
      if (base_has_same_key_) base_->Prev();
      layer_.SeekBefore(layer_.key());
    }
  }

  // True when the key under the layer's cursor exists, or cannot be evaluated, with status_ set. Leaves the cursor on
  // the key's newest record.
  bool Resolve() {
    layer_.SeekForPrev(layer_.key());
    BatchLookup found = LookUpInBatch(*index_, merge_operators_, family_, layer_.key());
    if (found.outcome == BatchLookup::Outcome::kDeleted) return false;
    if (found.outcome == BatchLookup::Outcome::kMerging) {
      const Slice base_value = base_has_same_key_ ? base_->value() : Slice();
      found.status = merge_operators_->Merge(family_, layer_.key(), base_has_same_key_ ? &base_value : nullptr,
                                             found.operands, &found.merged);
    }
    status_ = found.status;
    is_merged_ = !found.operands.empty();
    if (is_merged_) merged_ = std::move(found.merged);
    return true;
  }

  const BatchIndex* index_;
  MergeOperators* merge_operators_;
  rocksdb::ColumnFamilyHandle* family_;
  const rocksdb::Comparator* order_;
  std::unique_ptr<rocksdb::Iterator> base_;
  BatchCursor layer_;
  const Slice* lower_bound_;
  const Slice* upper_bound_;
  bool is_forward_ = true;
  Side side_ = Side::kNone;
  bool base_has_same_key_ = false;
  bool is_merged_ = false;
  std::string merged_;
  Status status_;
};

}  // namespace

rocksdb::Iterator* NewLayeredIterator(const BatchIndex* index, MergeOperators* merge_operators,
                                      rocksdb::ColumnFamilyHandle* family, rocksdb::Iterator* base,
                                      const rocksdb::ReadOptions* options) {
  return new LayeredIterator(index, merge_operators, family, base, options);
}

}  // namespace gneiss::compat
