// Scanning one table file alone, as if it were a database (rocksdb::SstFileReader).
#pragma once

#include <memory>

#include "engine/db/config.h"
#include "engine/db/db_iterator.h"
#include "engine/table/table_reader.h"

namespace gneiss {

// Shows the newest entries with at most `seq`. Range tombstones are not applied, as RocksDB's reader does not. The
// reader outlives the iterator.
std::unique_ptr<DbIterator> NewTableScan(const FamilyConfig& config, const TableReader& reader,
                                         const IteratorParams& params, SeqNo seq);

}  // namespace gneiss
