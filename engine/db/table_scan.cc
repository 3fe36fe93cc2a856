#include "engine/db/table_scan.h"

#include "engine/db/column_family.h"

namespace gneiss {

std::unique_ptr<DbIterator> NewTableScan(const FamilyConfig& config, const TableReader& reader,
                                         const IteratorParams& params, SeqNo seq) {
  DbIterator::Source source;
  // A family with nothing in it: the iterator takes order, merge operator and lifetime from there.
  source.family = std::make_shared<ColumnFamily>(0, kDefaultFamilyName, config, nullptr, nullptr);
  source.super_version = new SuperVersion(
      std::make_shared<Memtable>(Memtable::Config{.order = config.order, .arena_block_bytes = config.arena_block_bytes},
                                 1, 0),
      {}, std::make_shared<const Version>(config.order, 1));
  source.entries = reader.NewIterator(params.table);
  source.merge_operator = config.compaction.merge_operator.get();
  source.skips_before_reseek_max = config.skips_before_reseek_max;
  source.seq = seq;
  source.order = config.order;
  if (config.order.has_timestamps()) ShowVersions(params, &source);
  return std::make_unique<DbIterator>(params, std::move(source));
}

}  // namespace gneiss
