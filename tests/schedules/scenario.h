// A Scenario is a small program of a few threads, with checks of its own. It runs under the scheduler, once per
// process; everything it draws comes from the seed.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/random.h"
#include "tests/schedules/scheduler.h"

namespace gneiss::schedules {

struct Scenario {
  const char* name;
  void (*run)(Random* random);
  const char* expected_failure = nullptr;  // of one with a planted fault: some seed must end so
};

// The engine's own, in the order of engine/README.md's layers; and those that show what the scheduler can find.
std::span<const Scenario> EngineScenarios();
std::span<const Scenario> PlantedFaults();

#define SCHEDULE_CHECK(condition, ...) \
  if (condition) [[likely]] {          \
  } else                               \
    ::gneiss::schedules::Fail(#condition ": " __VA_ARGS__)

}  // namespace gneiss::schedules
