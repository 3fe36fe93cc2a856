#include <algorithm>

#include "engine/compaction/retention.h"
#include "engine/compaction/stripes.h"

namespace gneiss {

namespace {

// Of the tombstones over one piece, newest first, the newest of each stripe.
std::vector<SeqNo> KeptSeqs(std::span<const SeqNo> seqs, const std::vector<SeqNo>& snapshots, bool is_bottommost) {
  std::vector<SeqNo> kept;
  size_t last_stripe = SIZE_MAX;
  for (const SeqNo seq : seqs) {
    const size_t stripe = StripeOf(snapshots, seq);
    if (stripe == last_stripe || (stripe == 0 && is_bottommost)) continue;
    last_stripe = stripe;
    kept.push_back(seq);
  }
  return kept;
}

}  // namespace

RangeTombstones RetainRangeTombstones(const KeyOrder& order, const RangeTombstoneList& list,
                                      const std::vector<SeqNo>& snapshots, bool is_bottommost) {
  RangeTombstones kept;
  std::vector<size_t> growing;  // indexes in `kept` of those that reach up to the piece at hand
  for (size_t number = 0; number < list.PieceCount(); ++number) {
    const RangeTombstoneList::Piece piece = list.PieceAt(number);
    std::vector<size_t> still_growing;
    for (const SeqNo seq : KeptSeqs(piece.seqs, snapshots, is_bottommost)) {
      const auto neighbour = std::find_if(growing.begin(), growing.end(), [&](size_t i) {
        return kept[i].first.seq() == seq && order.Equal(kept[i].second, piece.start);
      });
      if (neighbour != growing.end()) {
        kept[*neighbour].second = piece.end;
        still_growing.push_back(*neighbour);
      } else {
        still_growing.push_back(kept.size());
        kept.emplace_back(InternalKey(piece.start, seq, Kind::kRangeDelete), piece.end);
      }
    }
    growing = std::move(still_growing);
  }
  return kept;  // sorted: pieces ascend, and within one the seqs descend
}

}  // namespace gneiss
