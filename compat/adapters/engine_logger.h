// The engine's view of a rocksdb::Logger.
//
// Owner:   the result shares the logger.
// Threads: as safe as the logger.
#pragma once

#include <rocksdb/env.h>

#include <memory>

#include "engine/base/logger.h"

namespace gneiss::compat {

// Null for null. The logger's own level decides what is written.
std::unique_ptr<gneiss::Logger> NewEngineLogger(const std::shared_ptr<rocksdb::Logger>& logger);

}  // namespace gneiss::compat
