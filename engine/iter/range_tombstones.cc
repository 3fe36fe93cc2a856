#include "engine/iter/range_tombstones.h"

#include <algorithm>
#include <functional>
#include <set>

namespace gneiss {

void RangeTombstoneList::Add(Slice start_user_key, Slice end_user_key, SeqNo seq) {
  if (order_.Compare(start_user_key, end_user_key) >= 0) return;
  added_.push_back({std::string(start_user_key), std::string(end_user_key), seq});
}

// A sweep over all starts and ends in key order, with the seqs of the tombstones now open.
void RangeTombstoneList::Build() {
  struct Edge {
    const std::string* key;
    SeqNo seq;
    bool opens;
  };
  std::vector<Edge> edges;
  edges.reserve(2 * added_.size());
  for (const Tombstone& tombstone : added_) {
    edges.push_back({&tombstone.start, tombstone.seq, true});
    edges.push_back({&tombstone.end, tombstone.seq, false});
  }
  std::sort(edges.begin(), edges.end(),
            [this](const Edge& a, const Edge& b) { return order_.Compare(*a.key, *b.key) < 0; });
  fragments_.clear();
  std::multiset<SeqNo, std::greater<>> open;
  for (size_t i = 0; i < edges.size();) {
    const std::string& key = *edges[i].key;
    for (; i < edges.size() && order_.Compare(*edges[i].key, key) == 0; ++i) {
      if (edges[i].opens) {
        open.insert(edges[i].seq);
      } else {
        open.erase(open.find(edges[i].seq));
      }
    }
    if (open.empty()) continue;
    Fragment& fragment = fragments_.emplace_back();
    fragment.start = key;
    fragment.end = *edges[i].key;  // an open tombstone still has its end ahead
    std::unique_copy(open.begin(), open.end(), std::back_inserter(fragment.seqs));
  }
  added_.clear();
}

SeqNo RangeTombstoneList::CoveringSeq(Slice user_key, SeqNo read_seq) const {
  const auto after =
      std::upper_bound(fragments_.begin(), fragments_.end(), user_key,
                       [this](Slice key, const Fragment& fragment) { return order_.Compare(key, fragment.start) < 0; });
  if (after == fragments_.begin()) return 0;
  const Fragment& fragment = *std::prev(after);
  if (order_.Compare(user_key, fragment.end) >= 0) return 0;
  const auto visible = std::lower_bound(fragment.seqs.begin(), fragment.seqs.end(), read_seq, std::greater<>());
  return visible == fragment.seqs.end() ? 0 : *visible;
}

}  // namespace gneiss
