// From rocksdb's options to the engine's configs, once, at open.
//
// Owner:   what the configs point at lives in the DbCore.
// Errors:  InvalidArgument with RocksDB's texts for impossible options; NotSupported, naming the option, for what is
// not built.
//          docs/compatibility.md says of every option whether it is honoured, a hint, or refused.
#pragma once

#include <rocksdb/options.h>

#include <string>

#include "compat/db/core.h"

namespace gneiss::compat {

// Fills the core's adapters and *config from core->db_options (sanitised).
rocksdb::Status DatabaseConfigOf(DbCore* core, DatabaseConfig* config);

// What SetDBOptions may change of it.
DatabaseTuning TuningOf(const rocksdb::DBOptions& options);

// Validates and sanitises one family's options and resolves them.
rocksdb::Status FamilyDescriptorOf(const DbCore& core, const std::string& name,
                                   const rocksdb::ColumnFamilyOptions& options, rocksdb::ColumnFamilyOptions* sanitized,
                                   FamilyDescriptor* descriptor);

}  // namespace gneiss::compat
