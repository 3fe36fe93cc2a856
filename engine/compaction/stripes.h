// A stripe is the set of entries that the same snapshots see. Stripe i holds the seqs in (snapshots[i-1],
// snapshots[i]]; the last one is seen by no snapshot, only by readers of the newest data. Stripe 0 is seen by all.
// Threads: a plain function.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/key/internal_key.h"

namespace gneiss {

// `snapshots` ascending.
inline size_t StripeOf(const std::vector<SeqNo>& snapshots, SeqNo seq) {
  if (snapshots.empty() || seq <= snapshots.front()) return 0;
  if (seq > snapshots.back()) return snapshots.size();
  return static_cast<size_t>(std::lower_bound(snapshots.begin(), snapshots.end(), seq) - snapshots.begin());
}

}  // namespace gneiss
