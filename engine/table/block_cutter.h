// A BlockCutter decides where the data blocks of one table end, in place of their size; the user's
// rocksdb::FlushBlockPolicy behind compat/.
//
// Owner:   a cutter belongs to its table's writer and goes before the block that it was made for.
// Threads: one thread; the factory is safe from any thread.
// Errors:  none.
#pragma once

#include <memory>

#include "engine/base/slice.h"
#include "engine/table/block_builder.h"

namespace gneiss {

class BlockCutter {
 public:
  virtual ~BlockCutter() = default;
  // Asked before each entry, also for the first one of a block, which makes no difference then.
  virtual bool MustCutBefore(Slice internal_key, Slice value) = 0;
};

class BlockCutterFactory {
 public:
  virtual ~BlockCutterFactory() = default;
  virtual std::unique_ptr<BlockCutter> Create(const BlockBuilder& block) const = 0;  // null: blocks end by their size
};

}  // namespace gneiss
