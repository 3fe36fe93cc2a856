// The scenarios of EngineScenarios, each in the file of its kind.
#pragma once

#include "tests/schedules/scenario.h"

namespace gneiss::schedules {

// part_scenarios.cc
void ReclaimScenario(Random* random);
void CacheScenario(Random* random);
void HistoryScenario(Random* random);
void QueueScenario(Random* random);

// log_scenario.cc
void LogsScenario(Random* random);

// database_scenarios.cc
void CommitScenario(Random* random);
void RotationScenario(Random* random);
void GetScenario(Random* random);
void InstallScenario(Random* random);
void DropScenario(Random* random);
void CloseScenario(Random* random);

}  // namespace gneiss::schedules
