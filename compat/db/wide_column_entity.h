// Encoding of wide-column entities (engine/iter/wide_column.h reads them back).
//
// Errors: InvalidArgument for too many or too long columns; duplicate names are Corruption, as in RocksDB.
#pragma once

#include <rocksdb/status.h>
#include <rocksdb/wide_columns.h>

#include <string>

namespace gneiss::compat {

rocksdb::Status EncodeEntity(const rocksdb::WideColumns& columns, std::string* entity);

}  // namespace gneiss::compat
