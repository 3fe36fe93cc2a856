// A RangeTombstoneBuilder gathers range tombstones from several sources for one RangeTombstoneList.
//
// Owner:   copies the keys it is given. Threads: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/iter/range_tombstones.h"

namespace gneiss {

class RangeTombstoneBuilder {
 public:
  explicit RangeTombstoneBuilder(const KeyOrder& order) : order_(order) {}

  void Add(Slice start_user_key, Slice end_user_key, SeqNo seq) {
    added_.push_back({std::string(start_user_key), std::string(end_user_key), seq});
  }
  std::unique_ptr<RangeTombstoneList> Build() const {
    std::vector<RangeTombstone> tombstones;
    tombstones.reserve(added_.size());
    for (const Owned& each : added_) tombstones.push_back({each.start, each.end, each.seq});
    return std::make_unique<RangeTombstoneList>(order_, tombstones);
  }

 private:
  struct Owned {
    std::string start;
    std::string end;
    SeqNo seq;
  };

  const KeyOrder order_;
  std::vector<Owned> added_;
};

}  // namespace gneiss
