// What listeners and callers are told of a compaction.
#pragma once

#include <rocksdb/listener.h>

#include "engine/db/events.h"

namespace gneiss::compat {

// Reads the inputs' properties from the tables where they are known without I/O.
rocksdb::CompactionJobInfo JobInfoOf(const CompactionEvent& event);

}  // namespace gneiss::compat
