// A TableProbe is what a batch of point reads finds out about one key in one table ahead of the read itself: which
// block it will search, and that block, if the cache has it. Each step only asks the processor for what the next step
// looks at, so that many keys wait for memory together instead of one after the other.
//
// Owner:   keeps the block alive; borrows the reader, which its user keeps open.
// Threads: one thread.
// Errors:  none. What a probe does not know, the read finds out.
#pragma once

#include "engine/table/block_source.h"

namespace gneiss {

class TableReader;

struct TableProbe {
  const TableReader* reader = nullptr;  // null: nothing is known
  size_t block_index = 0;
  BlockRef block;  // may be empty
};

}  // namespace gneiss
