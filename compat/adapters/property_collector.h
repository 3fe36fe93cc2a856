// The user's TablePropertiesCollectorFactory as the engine's PropertyCollectorFactory.
//
// Owner:   shares the factory; a collector belongs to one table's writer.
// Threads: as the engine's: a factory is called from any thread.
// Errors:  a collector that fails loses its properties; the table is written all the same, as in RocksDB.
#pragma once

#include <rocksdb/table_properties.h>

#include <memory>
#include <vector>

#include "engine/table/property_collector.h"

namespace gneiss::compat {

std::vector<std::shared_ptr<const PropertyCollectorFactory>> PropertyCollectorsOf(
    const std::vector<std::shared_ptr<rocksdb::TablePropertiesCollectorFactory>>& factories);

}  // namespace gneiss::compat
