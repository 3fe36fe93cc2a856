// SearchBlock finds the newest entry of one user key in a block, without putting keys together and without allocating.
//
// Algorithm: the block's heads, or its restart points, say where to look. From there entries are compared as they lie:
//          an entry that shares more with its predecessor than the predecessor does with the sought key compares the
//          same way; else only its own tail is looked at.
// Owner:   borrows everything. Threads: a plain function.
// Errors:  kUnsure for what it does not handle (damage, a trailer that is partly shared): a BlockCursor then gives the
//          answer or the error.
#pragma once

#include "engine/base/slice.h"
#include "engine/key/internal_key.h"
#include "engine/table/block.h"

namespace gneiss {

struct BlockHit {
  uint64_t trailer = 0;  // as stored
  Slice value;
};

enum class BlockSearch : uint8_t {
  kFound,
  kAbsent,     // a larger key follows
  kExhausted,  // all keys of the block are smaller
  kUnsure,
};

// The first entry of `user_key` whose trailer is at most `trailer_max`. The block's keys are in bytewise order.
BlockSearch SearchBlock(const Block& block, Slice user_key, uint64_t trailer_max, BlockHit* hit);

// Asks for the memory that SearchBlock will look at behind the heads.
void PrefetchEntry(const Block& block, Slice user_key);

}  // namespace gneiss
