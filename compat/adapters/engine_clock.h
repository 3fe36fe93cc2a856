// The engine's view of a rocksdb::SystemClock.
//
// Owner:   the result shares the clock.
// Threads: as safe as the clock.
#pragma once

#include <rocksdb/system_clock.h>

#include <memory>

#include "engine/base/clock.h"

namespace gneiss::compat {

// Null for the default clock: use gneiss::Clock::System().
std::unique_ptr<gneiss::Clock> NewEngineClock(const std::shared_ptr<rocksdb::SystemClock>& clock);

}  // namespace gneiss::compat
