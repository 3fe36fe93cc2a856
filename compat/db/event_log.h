// The EventLog writes the EVENT_LOG_v1 lines of LOG, one JSON object each, that tools parse.
//
// Owner:   owns the sink it hands every event on to. `core` outlives it.
// Threads: called from background threads, never under a lock.
// Errors:  none; a line that cannot be logged is lost.
#pragma once

#include <rocksdb/env.h>

#include <memory>

#include "compat/db/core.h"

namespace gneiss::compat {

// `next` may be null.
std::unique_ptr<EventSink> NewEventLog(const DbCore* core, std::shared_ptr<rocksdb::Logger> log,
                                       std::unique_ptr<EventSink> next);

}  // namespace gneiss::compat
