// A CacheWarmer puts a table's blocks into the block cache while the table is written, in the form and under the keys
// in which the table's reader will look for them.
//
// Units:   bytes; offsets count from the file's start.
// Owner:   borrows the cache and the stats; copies what it is given.
// Threads: one thread.
// Errors:  none: what the cache does not take is read from the file later.
#pragma once

#include <string>
#include <vector>

#include "engine/table/meta_cache.h"
#include "engine/table/table_index.h"
#include "engine/table/table_options.h"

namespace gneiss {

class CacheWarmer {
 public:
  CacheWarmer(const CacheWarming& config, const KeyOrder& order, StatsSink* stats);

  bool IsActive() const { return config_.cache != nullptr; }
  // Index, filter and dictionary are looked for in the cache by readers that do not hold them.
  bool TakesMetaBlocks() const { return IsActive() && config_.includes_meta_blocks; }

  // Uncompressed payloads. Of index and filter the parts too, if they have any; `offset` is that of the top.
  void AddData(uint64_t offset, Slice payload) const;
  void AddIndex(uint64_t offset, const TableIndex::Format& format, const std::vector<std::string>& payloads) const;
  void AddFilter(uint64_t offset, Slice bits) const;
  void AddPartitionedFilter(uint64_t offset, const TableIndex::Format& format, Slice top,
                            const std::vector<Slice>& parts) const;
  void AddDictionary(uint64_t offset, Slice dictionary) const;

 private:
  const CacheWarming config_;
  const KeyOrder order_;
  StatsSink* const stats_;
  const MetaCache meta_cache_;
};

}  // namespace gneiss
