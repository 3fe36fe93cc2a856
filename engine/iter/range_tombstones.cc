#include "engine/iter/range_tombstones.h"

#include <algorithm>
#include <functional>

namespace gneiss {
namespace {

// The distinct bounds of all tombstones, in order, copied to *bytes.
std::vector<Slice> CollectBounds(const KeyOrder& order, const std::vector<RangeTombstone>& tombstones,
                                 std::string* bytes) {
  std::vector<Slice> bounds;
  bounds.reserve(2 * tombstones.size());
  for (const RangeTombstone& tombstone : tombstones) {
    bounds.push_back(tombstone.start);
    bounds.push_back(tombstone.end);
  }
  std::sort(bounds.begin(), bounds.end(), [&order](Slice a, Slice b) { return order.Compare(a, b) < 0; });
  const auto same = [&order](Slice a, Slice b) { return order.Equal(a, b); };
  bounds.erase(std::unique(bounds.begin(), bounds.end(), same), bounds.end());

  size_t size = 0;
  for (const Slice bound : bounds) size += bound.size();
  bytes->reserve(size);  // no append below moves what was appended before
  for (Slice& bound : bounds) {
    const size_t at = bytes->size();
    bytes->append(bound);
    bound = Slice(bytes->data() + at, bound.size());
  }
  return bounds;
}

}  // namespace

// A sweep over the bounds, with the seqs of the tombstones that are open at each.
RangeTombstoneList::RangeTombstoneList(const KeyOrder& order, const std::vector<RangeTombstone>& tombstones)
    : order_(order) {
  std::vector<RangeTombstone> by_start;
  by_start.reserve(tombstones.size());
  for (const RangeTombstone& tombstone : tombstones) {
    if (!order.HoldsTimestamp(tombstone.start) || !order.HoldsTimestamp(tombstone.end)) continue;  // damaged
    if (order.Compare(tombstone.start, tombstone.end) < 0) by_start.push_back(tombstone);
  }
  std::sort(by_start.begin(), by_start.end(),
            [&order](const RangeTombstone& a, const RangeTombstone& b) { return order.Compare(a.start, b.start) < 0; });
  const std::vector<Slice> bounds = CollectBounds(order, by_start, &keys_);

  std::vector<RangeTombstone> open;  // newest first
  auto next = by_start.begin();
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    std::erase_if(open, [&](const RangeTombstone& tombstone) { return order.Compare(tombstone.end, bounds[i]) <= 0; });
    for (; next != by_start.end() && order.Compare(next->start, bounds[i]) <= 0; ++next) {
      const auto is_newer = [](const RangeTombstone& a, const RangeTombstone& b) { return a.seq > b.seq; };
      open.insert(std::upper_bound(open.begin(), open.end(), *next, is_newer), *next);
    }
    if (open.empty()) continue;
    const size_t seqs_begin = seqs_.size();
    for (const RangeTombstone& tombstone : open) {
      const bool is_new = seqs_.size() == seqs_begin || seqs_.back() != tombstone.seq;
      if (!is_new) continue;
      seqs_.push_back(tombstone.seq);
      timestamps_.append(order.TimestampOf(tombstone.start));
    }
    pieces_.push_back({.start = bounds[i], .end = bounds[i + 1], .seqs_begin = seqs_begin, .seqs_end = seqs_.size()});
  }
}

RangeTombstoneList::Piece RangeTombstoneList::PieceAt(size_t i) const {
  const StoredPiece& piece = pieces_[i];
  return {.start = piece.start,
          .end = piece.end,
          .seqs = std::span(seqs_).subspan(piece.seqs_begin, piece.seqs_end - piece.seqs_begin),
          .timestamps = Slice(timestamps_)
                            .substr(piece.seqs_begin * order_.timestamp_bytes(),
                                    (piece.seqs_end - piece.seqs_begin) * order_.timestamp_bytes())};
}

SeqNo RangeTombstoneList::Piece::NewestUpTo(SeqNo read_seq) const {
  const auto it = std::lower_bound(seqs.begin(), seqs.end(), read_seq, std::greater<SeqNo>());
  return it != seqs.end() ? *it : 0;
}

size_t RangeTombstoneList::FirstEndingAfter(Slice user_key) const {
  const auto it = std::partition_point(pieces_.begin(), pieces_.end(), [this, user_key](const StoredPiece& piece) {
    return order_.Compare(piece.end, user_key) <= 0;
  });
  return static_cast<size_t>(it - pieces_.begin());
}

SeqNo RangeTombstoneList::CoveringSeq(Slice user_key, SeqNo read_seq) const {
  const size_t i = FirstEndingAfter(user_key);
  if (i == pieces_.size() || order_.Compare(pieces_[i].start, user_key) > 0) return 0;
  return PieceAt(i).NewestUpTo(read_seq);
}

SeqNo RangeTombstoneList::CoveringSeqAt(Slice user_key, SeqNo read_seq, Slice read_timestamp, Slice* timestamp) const {
  const size_t i = FirstEndingAfter(user_key);
  if (i == pieces_.size() || order_.Compare(pieces_[i].start, user_key) > 0) return 0;
  const Piece piece = PieceAt(i);
  const size_t bytes = order_.timestamp_bytes();
  for (size_t k = 0; k < piece.seqs.size(); ++k) {
    const Slice its_own = piece.timestamps.substr(k * bytes, bytes);
    if (piece.seqs[k] > read_seq || order_.CompareTimestamp(its_own, read_timestamp) > 0) continue;
    if (timestamp != nullptr) *timestamp = its_own;
    return piece.seqs[k];
  }
  return 0;
}

}  // namespace gneiss
