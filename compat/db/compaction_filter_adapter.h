// The user's rocksdb::CompactionFilter as the engine's EntryFilter.
//
// Owner:   a single filter belongs to the user and outlives the database; a factory is shared.
// Threads: a single filter is called from any thread, as its header says; a factory makes one filter per compaction.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>

#include "engine/compaction/compaction_config.h"

namespace gneiss::compat {

std::shared_ptr<EntryFilterFactory> NewCompactionFilterAdapter(
    const rocksdb::CompactionFilter* filter, std::shared_ptr<rocksdb::CompactionFilterFactory> factory);

}  // namespace gneiss::compat
