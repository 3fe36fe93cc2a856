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

// A reader may ask for any timestamp, so no tombstone stands for an older one.
RangeTombstones RetainVersions(const KeyOrder& order, const RangeTombstoneList& list,
                               const std::vector<SeqNo>& snapshots, bool is_bottommost, Slice history_start) {
  RangeTombstones kept;
  const size_t bytes = order.timestamp_bytes();
  for (size_t number = 0; number < list.PieceCount(); ++number) {
    const RangeTombstoneList::Piece piece = list.PieceAt(number);
    for (size_t i = 0; i < piece.seqs.size(); ++i) {
      const Slice timestamp = piece.timestamps.substr(i * bytes, bytes);
      const bool is_history = !history_start.empty() && order.CompareTimestamp(timestamp, history_start) < 0;
      if (is_bottommost && is_history && StripeOf(snapshots, piece.seqs[i]) == 0) continue;
      kept.emplace_back(
          InternalKey(std::string(order.BareKey(piece.start)).append(timestamp), piece.seqs[i], Kind::kRangeDelete),
          std::string(order.BareKey(piece.end)).append(timestamp));
    }
  }
  return kept;
}

}  // namespace

RangeTombstones RetainRangeTombstones(const KeyOrder& order, const RangeTombstoneList& list,
                                      const std::vector<SeqNo>& snapshots, bool is_bottommost, Slice history_start) {
  if (order.has_timestamps()) return RetainVersions(order, list, snapshots, is_bottommost, history_start);
  RangeTombstones kept;
  for (size_t number = 0; number < list.PieceCount(); ++number) {
    const RangeTombstoneList::Piece piece = list.PieceAt(number);
    for (const SeqNo seq : KeptSeqs(piece.seqs, snapshots, is_bottommost)) {
      kept.emplace_back(InternalKey(piece.start, seq, Kind::kRangeDelete), piece.end);
    }
  }
  return kept;  // sorted: pieces ascend, and within one the seqs descend
}

}  // namespace gneiss
