// The MergingIterator shows several sorted sources as one, in both directions.
//
// Algorithm: a tournament (loser) tree over the children with the current key and its 8-byte head cached per child;
//          while the winning child stays below the runner-up, Next costs one comparison. Equal internal keys do not
//          occur between children except from repeated ingestion; then the child with the lower index (newer) comes
//          first.
// Owner:   owns its children. Threads and errors as InternalIterator: the first failed child ends the iteration.
#pragma once

#include <memory>
#include <vector>

#include "engine/iter/internal_iterator.h"
#include "engine/key/key_order.h"

namespace gneiss {

// `children` newest first. One child is returned as it is; none gives an empty iterator.
std::unique_ptr<InternalIterator> NewMergingIterator(const KeyOrder& order,
                                                     std::vector<std::unique_ptr<InternalIterator>> children);
std::unique_ptr<InternalIterator> NewEmptyIterator(Status status = Status::Ok());

}  // namespace gneiss
