// What happens to options when a database opens: impossible values are corrected as RocksDB 7.8.3 corrects them, then
// what remains contradictory is refused with its messages.
//
// Order at open: 1. ValidateForOpen, 2. SanitizeDbOptions, 3. SanitizeCfOptions for each column family.
//
// Owner:   everything is returned by value; objects inside stay shared.
// Threads: plain functions.
// Errors:  InvalidArgument or NotSupported with RocksDB's texts; NotSupported naming the feature for what is not built.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <string>
#include <vector>

namespace gneiss::compat {

// Fills in an environment, a logger (unless read_only), a write buffer manager and an SstFileManager, and starts as
// many background threads as the options allow. A logger that cannot be made leaves none and its error in *log_status.
rocksdb::DBOptions SanitizeDbOptions(const std::string& dbname, const rocksdb::DBOptions& source, bool read_only,
                                     rocksdb::Status* log_status);

// `db_options` are sanitised already.
rocksdb::ColumnFamilyOptions SanitizeCfOptions(const rocksdb::DBOptions& db_options,
                                               const rocksdb::ColumnFamilyOptions& source);

// How many flushes and compactions may run at once.
struct BackgroundLimits {
  int flushes_max;
  int compactions_max;
};
BackgroundLimits BackgroundLimitsOf(const rocksdb::DBOptions& options);

rocksdb::Status ValidateDbOptions(const rocksdb::DBOptions& options);
rocksdb::Status ValidateCfOptions(const rocksdb::DBOptions& db_options, const rocksdb::ColumnFamilyOptions& cf_options);
// Both, and the objects in the options, and that the tables are of a kind that is built.
rocksdb::Status ValidateForOpen(const rocksdb::DBOptions& db_options,
                                const std::vector<rocksdb::ColumnFamilyDescriptor>& column_families);

}  // namespace gneiss::compat
