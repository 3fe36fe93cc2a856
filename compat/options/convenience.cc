// The functions of convenience.h that work on a database or a file instead of on options.
#include <rocksdb/convenience.h>

#include "compat/not_supported.h"
#include "compat/options/db_internals.h"

namespace gneiss::compat {

DbInternals* DbInternalsOf(rocksdb::DB* db) { return dynamic_cast<DbInternals*>(db->GetRootDB()); }

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::DbInternalsOf;

void CancelAllBackgroundWork(DB* db, bool wait) {
  if (auto* internals = DbInternalsOf(db)) internals->CancelAllBackgroundWork(wait);
}

Status DeleteFilesInRanges(DB* db, ColumnFamilyHandle* column_family, const RangePtr* ranges, size_t n,
                           bool include_end) {
  if (auto* internals = DbInternalsOf(db)) {
    return internals->DeleteFilesInRanges(column_family, ranges, n, include_end);
  }
  return gneiss::compat::NotBuilt("DeleteFilesInRanges");
}

Status DeleteFilesInRange(DB* db, ColumnFamilyHandle* column_family, const Slice* begin, const Slice* end,
                          bool include_end) {
  const RangePtr range(begin, end);
  return DeleteFilesInRanges(db, column_family, &range, 1, include_end);
}

Status VerifySstFileChecksum(const Options& options, const EnvOptions& env_options, const std::string& file_path) {
  return VerifySstFileChecksum(options, env_options, ReadOptions(), file_path);
}

Status VerifySstFileChecksum(const Options&, const EnvOptions&, const ReadOptions&, const std::string&,
                             const SequenceNumber&) {
  return gneiss::compat::NotBuilt("VerifySstFileChecksum");
}

}  // namespace rocksdb
