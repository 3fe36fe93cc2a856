// What convenience.h and utilities/debug.h ask of an open database beyond the virtual functions of rocksdb::DB.
//
// Owner:   implemented by the class behind DB::Open, next to rocksdb::DB.
// Threads: every method is safe from any thread.
// Errors:  for a DB of another class the functions of convenience.h answer NotSupported, or do nothing.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/utilities/debug.h>

#include <vector>

namespace gneiss::compat {

class DbInternals {
 public:
  virtual ~DbInternals() = default;
  virtual void CancelAllBackgroundWork(bool wait) = 0;
  virtual rocksdb::Status DeleteFilesInRanges(rocksdb::ColumnFamilyHandle* column_family,
                                              const rocksdb::RangePtr* ranges, size_t n, bool include_end) = 0;
  // Every entry between two user keys (empty: unbounded; the end included), at most so many.
  virtual rocksdb::Status ListEntries(rocksdb::ColumnFamilyHandle* column_family, const rocksdb::Slice& begin,
                                      const rocksdb::Slice& end, size_t count_max,
                                      std::vector<rocksdb::KeyVersion>* entries) = 0;
};

// The database under all StackableDBs, or null if it is none of ours.
DbInternals* DbInternalsOf(rocksdb::DB* db);

}  // namespace gneiss::compat
