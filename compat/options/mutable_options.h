// Changing options of an open database: SetOptions and SetDBOptions.
//
// Owner:   *options is the caller's copy; on an error it is as before. A table factory in it is shared with the
// database
//          and is changed in place (block_based_table_factory={block_size=8K}).
// Threads: one change at a time per database.
// Errors:  InvalidArgument with RocksDB's texts: "empty input", "Could not find option: : x", "Option not changeable:
//          x", "Error parsing x:..."; for database options NotFound "Unrecognized option: x", as RocksDB has it.
#pragma once

#include <rocksdb/options.h>

#include "compat/options/option_field.h"

namespace gneiss::compat {

// Also validates the result against the database's options.
rocksdb::Status ApplyMutableCfOptions(const rocksdb::DBOptions& db_options, const StringMap& values,
                                      rocksdb::ColumnFamilyOptions* options);

// Validates the result as a whole, but not against the column families: the caller does that with ValidateCfOptions.
rocksdb::Status ApplyMutableDbOptions(const StringMap& values, rocksdb::DBOptions* options);

// The mutable ones only; the others may be read meanwhile.
void CopyMutableDbOptions(const rocksdb::DBOptions& from, rocksdb::DBOptions* to);

// Whether two sets of database options differ in a mutable one.
bool MutableDbOptionsAreEqual(const rocksdb::DBOptions& a, const rocksdb::DBOptions& b);

}  // namespace gneiss::compat
