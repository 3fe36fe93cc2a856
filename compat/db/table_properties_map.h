// The engine's TableProperties under rocksdb's field names: a copy of fields.
#pragma once

#include <rocksdb/table_properties.h>

#include "engine/table/table_properties.h"

namespace gneiss::compat {

rocksdb::TableProperties RocksPropertiesOf(const TableProperties& properties);

}  // namespace gneiss::compat
