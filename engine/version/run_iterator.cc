// The iterator over a run: at most one table is open at a time.
#include <utility>

#include "engine/iter/merging_iterator.h"
#include "engine/version/run.h"

namespace gneiss {

namespace {

class RunIterator final : public InternalIterator {
 public:
  RunIterator(const KeyOrder& order, std::shared_ptr<const Run> run, int level, const ReadParams& params)
      : order_(order), run_(std::move(run)), level_(level), params_(params), index_(TableCount()) {}

  bool Valid() const override { return entries_ != nullptr && entries_->Valid(); }
  Slice key() const override { return entries_->key(); }
  Slice value() const override { return entries_->value(); }
  Status status() const override { return entries_ == nullptr ? status_ : entries_->status(); }

  void SeekToFirst() override {
    if (Open(0)) entries_->SeekToFirst();
    SkipForward();
  }
  void SeekToLast() override {
    if (Open(TableCount() - 1)) entries_->SeekToLast();
    SkipBackward();
  }
  void Seek(Slice internal_key) override {
    if (Open(run_->FindInternalKey(order_, internal_key))) entries_->Seek(internal_key);
    SkipForward();
  }
  void SeekForPrev(Slice internal_key) override {
    size_t index = run_->FindInternalKey(order_, internal_key);
    const bool is_inside = index < TableCount() && order_.CompareInternal(SmallestOf(index), internal_key) <= 0;
    if (!is_inside) --index;  // wraps for the first: no table
    if (Open(index)) {
      if (is_inside) {
        entries_->SeekForPrev(internal_key);
      } else {
        entries_->SeekToLast();
      }
    }
    SkipBackward();
  }
  void Next() override {
    entries_->Next();
    SkipForward();
  }
  void Prev() override {
    entries_->Prev();
    SkipBackward();
  }
  bool PrevKey(Slice* key) override {
    if (entries_->PrevKey(key)) [[likely]]
      return true;
    SkipBackward();
    if (!Valid()) return false;
    *key = entries_->key();
    return true;
  }
  bool NextEntry(Slice* key, Slice* value) override {
    if (entries_->NextEntry(key, value)) [[likely]]
      return true;
    SkipForward();
    if (!Valid()) return false;
    *key = entries_->key();
    *value = entries_->value();
    return true;
  }

 private:
  size_t TableCount() const { return run_->tables().size(); }
  Slice SmallestOf(size_t index) const { return run_->tables()[index]->meta().smallest.Encode(); }

  void CloseTable() {
    entries_.reset();
    reader_.Reset();
    index_ = TableCount();
  }

  // Makes the table current. False when there is none at `index` or it does not open.
  bool Open(size_t index) {
    status_ = Status::Ok();
    if (index == index_ && entries_ != nullptr) return true;
    CloseTable();
    if (index >= TableCount()) return false;
    status_ = run_->tables()[index]->Reader(level_, &reader_, params_.cache_only);
    if (!status_.ok()) return false;
    const bool is_wanted = params_.table_filter == nullptr || (*params_.table_filter)(reader_->properties());
    entries_ = is_wanted ? reader_->NewIterator(params_) : NewEmptyIterator(Status::Ok());
    index_ = index;
    return true;
  }

  // Goes on to the next table for as long as the current one is exhausted. An error stays where it is.
  void SkipForward() {
    while (entries_ != nullptr && !entries_->Valid() && entries_->status().ok()) {
      if (Open(index_ + 1)) entries_->SeekToFirst();
    }
  }
  void SkipBackward() {
    while (entries_ != nullptr && !entries_->Valid() && entries_->status().ok()) {
      if (Open(index_ - 1)) entries_->SeekToLast();
    }
  }

  const KeyOrder order_;
  const std::shared_ptr<const Run> run_;
  const int level_;
  ReadParams params_;
  size_t index_;  // of the open table; TableCount() when there is none
  ReaderRef reader_;
  std::unique_ptr<InternalIterator> entries_;  // of reader_, so destroyed before it
  Status status_;                              // of opening
};

}  // namespace

std::unique_ptr<InternalIterator> NewRunIterator(const KeyOrder& order, std::shared_ptr<const Run> run, int level,
                                                 const ReadParams& params) {
  return std::make_unique<RunIterator>(order, std::move(run), level, params);
}

}  // namespace gneiss
