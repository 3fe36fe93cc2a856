#include "engine/iter/merging_iterator.h"

#include <cstdint>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/perf.h"

namespace gneiss {
namespace {

class EmptyIterator final : public InternalIterator {
 public:
  explicit EmptyIterator(Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(Slice) override {}
  void SeekForPrev(Slice) override {}
  void Next() override { GNEISS_DCHECK(false); }
  void Prev() override { GNEISS_DCHECK(false); }
  Slice key() const override { return {}; }
  Slice value() const override { return {}; }
  Status status() const override { return status_; }

 private:
  const Status status_;
};

// The tree: children are the leaves n..2n-1 of an implicit binary tree whose inner nodes are 1..n-1. losers_[i] is the
// child that lost the match at inner node i; losers_[0] is the overall winner. A child that moved plays again on its
// way to the root only. The runner-up, the best of the losers on the winner's path, is found when a winner has won
// twice in a row: while it stays below the runner-up nothing else needs to be looked at.
class MergingIterator final : public InternalIterator {
 public:
  MergingIterator(const KeyOrder& order, std::vector<std::unique_ptr<InternalIterator>> children) : order_(order) {
    children_.reserve(children.size());
    for (auto& child : children) children_.push_back(Child{.iterator = std::move(child)});
    losers_.resize(children_.size());
  }

  bool Valid() const override { return is_valid_; }
  Slice key() const override { return children_[winner_].key; }
  Slice value() const override { return children_[winner_].iterator->value(); }
  Status status() const override { return status_; }

  void SeekToFirst() override {
    is_forward_ = true;
    for (Child& child : children_) child.iterator->SeekToFirst();
    StartOver();
  }
  void SeekToLast() override {
    is_forward_ = false;
    for (Child& child : children_) child.iterator->SeekToLast();
    StartOver();
  }
  void Seek(Slice target) override {
    is_forward_ = true;
    const PerfTimer timer(&PerfCounters::seek_child_seek_time);
    PerfAdd(&PerfCounters::seek_child_seek_count, children_.size());
    for (Child& child : children_) child.iterator->Seek(target);
    StartOver();
  }
  void SeekForPrev(Slice target) override {
    is_forward_ = false;
    for (Child& child : children_) child.iterator->SeekForPrev(target);
    StartOver();
  }

  void Next() override {
    Slice key;
    Slice value;
    NextEntry(&key, &value);
  }
  void Prev() override {
    GNEISS_DCHECK(is_valid_);
    if (is_forward_) [[unlikely]] {
      TurnBackward();
      return;
    }
    Child& child = children_[winner_];
    child.is_live = child.iterator->PrevKey(&child.key);
    SetHead(&child);
    PlayOn();
  }
  bool NextEntry(Slice* key, Slice* value) override {
    GNEISS_DCHECK(is_valid_);
    const uint32_t last = winner_;
    bool has_value = false;  // that of the child that was last
    if (is_forward_) [[likely]] {
      Child& child = children_[last];
      child.is_live = child.iterator->NextEntry(&child.key, value);
      SetHead(&child);
      PlayOn();
      has_value = winner_ == last;
    } else {
      TurnForward();
    }
    if (!is_valid_) return false;
    *key = children_[winner_].key;
    if (!has_value) *value = children_[winner_].iterator->value();
    return true;
  }
  bool PrevKey(Slice* key) override {
    Prev();
    if (!is_valid_) return false;
    *key = children_[winner_].key;
    return true;
  }

 private:
  struct Child {
    std::unique_ptr<InternalIterator> iterator;
    Slice key = {};             // iterator->key() while is_live
    uint64_t head = kDeadHead;  // orders as the keys do, in the current direction; ties decide nothing
    bool is_live = false;
  };
  static constexpr uint64_t kDeadHead = UINT64_MAX;
  static constexpr uint32_t kNone = UINT32_MAX;

  uint64_t HeadOf(Slice key) const {
    switch (order_.type()) {
      case KeyOrder::Type::kBytewise:
        return is_forward_ ? KeyOrder::HeadOf(UserKeyOf(key)) : ~KeyOrder::HeadOf(UserKeyOf(key));
      case KeyOrder::Type::kReverseBytewise:
        return is_forward_ ? ~KeyOrder::HeadOf(UserKeyOf(key)) : KeyOrder::HeadOf(UserKeyOf(key));
      case KeyOrder::Type::kCustom:
        break;
    }
    return 0;
  }

  // Takes over where the child's iterator stands.
  void Load(Child* child) {
    child->is_live = child->iterator->Valid();
    if (child->is_live) child->key = child->iterator->key();
    SetHead(child);
  }
  void SetHead(Child* child) {
    if (child->is_live) [[likely]] {
      child->head = HeadOf(child->key);
    } else {
      Exhausted(child);
    }
  }
  void Exhausted(Child* child) {
    child->head = kDeadHead;
    if (!status_.ok()) return;
    status_ = child->iterator->status();
  }

  // True when a comes before b in the current direction. Equal keys: the newer child, which has the lower index, comes
  // first going forward and last going backward.
  bool Before(uint32_t a, uint32_t b) const {
    const Child& x = children_[a];
    const Child& y = children_[b];
    if (x.head != y.head) [[likely]]
      return x.head < y.head;
    return BeforeSlow(a, b);
  }
  bool BeforeSlow(uint32_t a, uint32_t b) const {
    const Child& x = children_[a];
    const Child& y = children_[b];
    if (!x.is_live || !y.is_live) return x.is_live || (!y.is_live && a < b);
    const int order = order_.CompareInternal(x.key, y.key);
    if (order != 0) return is_forward_ ? order < 0 : order > 0;
    return is_forward_ ? a < b : a > b;
  }

  // All children have been moved: read their keys and play every match.
  void StartOver() {
    status_ = Status::Ok();
    for (Child& child : children_) Load(&child);
    PlayAll();
  }
  void PlayAll() {
    winner_ = PlayBelow(1);
    losers_[0] = winner_;
    runner_up_ = kNone;
    Settle();
  }
  uint32_t PlayBelow(uint32_t node) {
    const auto n = static_cast<uint32_t>(children_.size());
    if (node >= n) return node - n;
    const uint32_t left = PlayBelow(2 * node);
    const uint32_t right = PlayBelow(2 * node + 1);
    const bool left_wins = Before(left, right);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  // The winner has moved: find the next one.
  void PlayOn() {
    if (runner_up_ != kNone && Before(winner_, runner_up_)) {
      Settle();
      return;
    }
    const uint32_t previous = winner_;
    const auto n = static_cast<uint32_t>(children_.size());
    uint32_t winner = winner_;
    for (uint32_t node = (winner + n) / 2; node > 0; node /= 2) {
      if (Before(losers_[node], winner)) std::swap(losers_[node], winner);
    }
    winner_ = winner;
    runner_up_ = winner == previous ? FindRunnerUp() : kNone;
    Settle();
  }
  uint32_t FindRunnerUp() const {
    const auto n = static_cast<uint32_t>(children_.size());
    uint32_t best = kNone;
    for (uint32_t node = (winner_ + n) / 2; node > 0; node /= 2) {
      if (best == kNone || Before(losers_[node], best)) best = losers_[node];
    }
    return best;
  }
  void Settle() { is_valid_ = children_[winner_].is_live && status_.ok(); }

  // Turning round: every other child goes to its neighbour of the current key on the other side. They are sought, not
  // stepped: a memtable may have got entries between the current key and where the child stands.
  void TurnForward() {
    is_forward_ = true;
    const Slice current = children_[winner_].key;
    for (uint32_t i = 0; i < children_.size(); ++i) {
      if (i == winner_) continue;
      InternalIterator* iterator = children_[i].iterator.get();
      iterator->Seek(current);
      // An equal key of a newer child comes before the current one.
      if (i < winner_ && iterator->Valid() && order_.CompareInternal(iterator->key(), current) == 0) iterator->Next();
    }
    children_[winner_].iterator->Next();
    StartOver();
  }
  void TurnBackward() {
    is_forward_ = false;
    const Slice current = children_[winner_].key;
    for (uint32_t i = 0; i < children_.size(); ++i) {
      if (i == winner_) continue;
      InternalIterator* iterator = children_[i].iterator.get();
      iterator->SeekForPrev(current);
      // An equal key of an older child comes after the current one.
      if (i > winner_ && iterator->Valid() && order_.CompareInternal(iterator->key(), current) == 0) iterator->Prev();
    }
    children_[winner_].iterator->Prev();
    StartOver();
  }

  const KeyOrder order_;
  std::vector<Child> children_;
  std::vector<uint32_t> losers_;
  uint32_t winner_ = 0;
  uint32_t runner_up_ = kNone;
  bool is_forward_ = true;
  bool is_valid_ = false;
  Status status_;
};

}  // namespace

std::unique_ptr<InternalIterator> NewEmptyIterator(Status status) {
  return std::make_unique<EmptyIterator>(std::move(status));
}

std::unique_ptr<InternalIterator> NewMergingIterator(const KeyOrder& order,
                                                     std::vector<std::unique_ptr<InternalIterator>> children) {
  if (children.empty()) return NewEmptyIterator();
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<MergingIterator>(order, std::move(children));
}

}  // namespace gneiss
