// A TableFilter is a table's filter in memory: one for the whole table, or one for each part of its key range.
//
// Format:  docs/formats/filter.md.
// Owner:   owns the bytes. Threads: immutable after loading.
// Errors:  none: a damaged or unknown filter answers "maybe".
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/filter/filter.h"
#include "engine/table/block.h"
#include "engine/table/table_index.h"

namespace gneiss {

class TableFilter {
 public:
  // One filter for all keys.
  explicit TableFilter(BlockBytes bytes) { AddPart(std::move(bytes)); }
  // `index` has one entry for each part to come.
  explicit TableFilter(std::unique_ptr<TableIndex> index) : index_(std::move(index)) {}
  void AddPart(BlockBytes bytes) {
    parts_.emplace_back(bytes.payload);
    bytes_.push_back(std::move(bytes));
  }

  // False when the key is certainly absent. `user_key` chooses the part; `key` is it or its prefix, `hash` Xxph3(key).
  bool MayMatch(Slice user_key, Slice key, uint64_t hash) const {
    const FilterReader& part = index_ == nullptr ? parts_.front() : PartOf(user_key);
    return part.needs_key() ? part.MayMatch(key) : part.MayMatchHash(hash);
  }
  void Prefetch(Slice user_key, uint64_t hash) const {
    (index_ == nullptr ? parts_.front() : PartOf(user_key)).Prefetch(hash);
  }
  size_t MemoryBytes() const;

 private:
  const FilterReader& PartOf(Slice user_key) const;

  const std::unique_ptr<TableIndex> index_;
  std::vector<FilterReader> parts_;
  std::vector<BlockBytes> bytes_;
};

}  // namespace gneiss
