// DBOptions::persist_stats_to_disk: what the statistics counted lies in a column family of its own, as RocksDB keeps
// it.
//
// Format:  key "<ten digits of seconds since 1970>#<name of the ticker>", value the count since the time before, in
//          decimal. Two more keys tell the format's version.
// Owner:   an iterator shares the database's core and the family.
// Threads: safe from any thread; an iterator belongs to one thread at a time.
// Errors:  as the calls of the DB.
#pragma once

#include <rocksdb/stats_history.h>

#include <memory>

#include "compat/db/core.h"
#include "compat/db/stats_history.h"

namespace gneiss::compat {

// How RocksDB makes the family.
rocksdb::ColumnFamilyOptions StatsFamilyOptions();

bool IsStatsFormatKnown(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family);
rocksdb::Status WriteStatsFormat(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family);

rocksdb::Status PersistStats(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, uint64_t now_seconds,
                             const StatsHistory::Counts& counts);
std::unique_ptr<rocksdb::StatsHistoryIterator> NewPersistedStatsIterator(std::shared_ptr<DbCore> core, FamilyPtr family,
                                                                         uint64_t start_seconds, uint64_t end_seconds);

}  // namespace gneiss::compat
