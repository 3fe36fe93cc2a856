// Sweeps over the borders of the tombstones in key order. Between two borders the same tombstones cover every key, and
// of those the newest of each stripe is kept; a kept one goes on until it is no longer among them.
#include <algorithm>
#include <iterator>
#include <set>

#include "engine/compaction/retention.h"
#include "engine/compaction/stripes.h"

namespace gneiss {

namespace {

using Tombstones = std::vector<std::pair<InternalKey, std::string>>;

class TombstoneSweep {
 public:
  TombstoneSweep(const KeyOrder& order, const std::vector<SeqNo>& snapshots, bool is_bottommost)
      : order_(order), snapshots_(snapshots), is_bottommost_(is_bottommost) {}

  Tombstones Run(const Tombstones& tombstones);

 private:
  struct Border {
    Slice user_key;
    SeqNo seq;
    bool is_start;
  };
  struct Open {
    SeqNo seq;
    Slice start;
  };

  std::vector<Open> KeptFrom(Slice user_key) const;
  void MoveTo(Slice user_key);

  const KeyOrder& order_;
  const std::vector<SeqNo>& snapshots_;
  const bool is_bottommost_;
  std::multiset<SeqNo, std::greater<>> covering_;  // newest first
  std::vector<Open> kept_;                         // newest first
  Tombstones out_;
};

Tombstones TombstoneSweep::Run(const Tombstones& tombstones) {
  std::vector<Border> borders;
  for (const auto& [start, end] : tombstones) {
    if (order_.Compare(start.user_key(), end) >= 0) continue;
    borders.push_back({start.user_key(), start.seq(), true});
    borders.push_back({end, start.seq(), false});
  }
  std::sort(borders.begin(), borders.end(),
            [this](const Border& a, const Border& b) { return order_.Compare(a.user_key, b.user_key) < 0; });
  for (size_t i = 0; i < borders.size();) {
    const Slice user_key = borders[i].user_key;
    for (; i < borders.size() && order_.Equal(borders[i].user_key, user_key); ++i) {
      // An end may come before the start of another tombstone of its seq, never before its own.
      if (borders[i].is_start) {
        covering_.insert(borders[i].seq);
      } else {
        covering_.erase(covering_.find(borders[i].seq));
      }
    }
    MoveTo(user_key);
  }
  std::sort(out_.begin(), out_.end(), [this](const auto& a, const auto& b) {
    return order_.CompareInternal(a.first.Encode(), b.first.Encode()) < 0;
  });
  return std::move(out_);
}

std::vector<TombstoneSweep::Open> TombstoneSweep::KeptFrom(Slice user_key) const {
  std::vector<Open> kept;
  size_t last_stripe = SIZE_MAX;
  for (const SeqNo seq : covering_) {
    const size_t stripe = StripeOf(snapshots_, seq);
    if (stripe == last_stripe || (stripe == 0 && is_bottommost_)) continue;
    last_stripe = stripe;
    kept.push_back({seq, user_key});
  }
  return kept;
}

// What is kept from user_key on: those kept before that go on keep their start, the others end here.
void TombstoneSweep::MoveTo(Slice user_key) {
  std::vector<Open> next = KeptFrom(user_key);
  for (const Open& open : kept_) {
    const auto same = std::find_if(next.begin(), next.end(), [&](const Open& other) { return other.seq == open.seq; });
    if (same != next.end()) {
      same->start = open.start;
    } else {
      out_.emplace_back(InternalKey(open.start, open.seq, Kind::kRangeDelete), user_key);
    }
  }
  kept_ = std::move(next);
}

}  // namespace

Tombstones RetainRangeTombstones(const KeyOrder& order, Tombstones tombstones, const std::vector<SeqNo>& snapshots,
                                 bool is_bottommost) {
  if (tombstones.empty()) return tombstones;
  return TombstoneSweep(order, snapshots, is_bottommost).Run(tombstones);
}

}  // namespace gneiss
