// A MergeOperator folds merge operands into a value.
//
// Owner:   the caller of the engine. Threads: safe from any thread; must not throw.
// Errors:  false means the operands do not fit: the read or compaction reports Corruption.
#pragma once

#include <string>
#include <vector>

#include "engine/base/slice.h"

namespace gneiss {

class MergeOperator {
 public:
  virtual ~MergeOperator() = default;
  virtual const char* Name() const = 0;
  // `base` is null when no older value exists. Operands come oldest first.
  virtual bool FullMerge(Slice user_key, const Slice* base, const std::vector<Slice>& operands,
                         std::string* result) const = 0;
  // Folds two or more neighbouring operands, oldest first, into one; false keeps them apart.
  virtual bool PartialMerge(Slice user_key, const std::vector<Slice>& operands, std::string* result) const = 0;
  virtual bool AllowsSingleOperand() const { return false; }
};

}  // namespace gneiss
