#include "engine/table/table_filter.h"

#include <algorithm>

#include "engine/key/internal_key.h"

namespace gneiss {

const FilterReader& TableFilter::PartOf(Slice user_key) const {
  static const FilterReader always_maybe;
  if (parts_.empty()) return always_maybe;
  const SeekKey seek(user_key, kSeqMax);
  // Behind the last separator, a prefix may still be in the last part.
  return parts_[std::min(index_->LowerBound(seek.Encode()), parts_.size() - 1)];
}

size_t TableFilter::MemoryBytes() const {
  size_t bytes = sizeof(*this) + parts_.capacity() * sizeof(FilterReader) + bytes_.capacity() * sizeof(BlockBytes);
  for (const BlockBytes& part : bytes_) {
    bytes += part.owned.capacity_bytes();
  }
  return index_ == nullptr ? bytes : bytes + index_->MemoryBytes();
}

}  // namespace gneiss
