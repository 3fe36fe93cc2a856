// The user's SstPartitionerFactory as the engine's TablePartitionerFactory.
//
// Owner:   shares the factory.
// Threads: as the engine's: a factory is called from any thread, a partitioner by one compaction.
#pragma once

#include <rocksdb/sst_partitioner.h>

#include <memory>

#include "engine/compaction/compaction_config.h"

namespace gneiss::compat {

// Null for null.
std::shared_ptr<TablePartitionerFactory> PartitionerFactoryOf(std::shared_ptr<rocksdb::SstPartitionerFactory> factory);

}  // namespace gneiss::compat
