// schedules_test: runs scenarios under the scheduler, each seed in a process of its own that begins in the same state.
//
// Usage: schedules_test [--scenario NAME] [--seed FIRST] [--runs N] [--trace]
//        schedules_test --planted          the planted faults must be found, and found again in the replay
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/schedules/engine_scenarios.h"
#include "tests/schedules/scenario.h"
#include "tests/schedules/scheduler.h"

namespace gneiss::schedules {

std::span<const Scenario> EngineScenarios() {
  static constexpr std::array kScenarios = {
      Scenario{"reclaim", ReclaimScenario},   Scenario{"cache", CacheScenario}, Scenario{"history", HistoryScenario},
      Scenario{"queue", QueueScenario},       Scenario{"logs", LogsScenario},   Scenario{"commit", CommitScenario},
      Scenario{"rotation", RotationScenario}, Scenario{"get", GetScenario},     Scenario{"install", InstallScenario},
      Scenario{"drop", DropScenario},         Scenario{"close", CloseScenario},
  };
  return kScenarios;
}

namespace {

constexpr unsigned kSecondsMax = 120;  // of one run; it takes some milliseconds

struct Arguments {
  std::string scenario;
  uint64_t first_seed = 1;
  uint64_t runs = 0;  // 0: as the scenario's default
  bool prints_steps = false;
  bool wants_planted = false;
};

[[noreturn]] void Usage() {
  std::fprintf(stderr, "usage: schedules_test [--scenario NAME] [--seed FIRST] [--runs N] [--trace] | --planted\n");
  std::exit(2);
}

Arguments Parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto value = [&] { return i + 1 < count ? words[++i] : (Usage(), nullptr); };
    if (word == "--scenario") {
      arguments.scenario = value();
    } else if (word == "--seed") {
      arguments.first_seed = std::strtoull(value(), nullptr, 10);
    } else if (word == "--runs") {
      arguments.runs = std::strtoull(value(), nullptr, 10);
    } else if (word == "--trace") {
      arguments.prints_steps = true;
    } else if (word == "--planted") {
      arguments.wants_planted = true;
    } else {
      Usage();
    }
  }
  return arguments;
}

// Addresses decide little (the slot of a hash table, a stack taken again), but a replay shall be exact.
void KeepAddressesFixed(char** words) {
  const int now = personality(0xffffffff);
  if (now == -1 || (now & ADDR_NO_RANDOMIZE) != 0) return;
  if (personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) == -1) return;
  execv("/proc/self/exe", words);
}

// All threads take turns, so one processor is enough, and handing over on it is quickest.
void StayOnOneProcessor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
  sched_setaffinity(0, sizeof(one), &one);
}

class Runner {
 public:
  Runner()
      : result_(static_cast<Result*>(
            mmap(nullptr, sizeof(Result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (result_ == MAP_FAILED) std::abort();
  }

  // The failure, or empty.
  std::string RunOnce(const Scenario& scenario, uint64_t seed, bool prints_steps, bool is_quiet) {
    *result_ = Result();
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == -1) std::abort();
    if (child == 0) {
      if (is_quiet) setenv("GNEISS_SCHEDULE_QUIET", "1", 1);
      alarm(kSecondsMax);
      StayOnOneProcessor();
      Random random(seed);
      Run({.seed = seed, .prints_steps = prints_steps}, result_, [&] { scenario.run(&random); });
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (result_->failure[0] != 0) return result_->failure;
    if (WIFSIGNALED(status)) return std::string("killed by a signal: ") + strsignal(WTERMSIG(status));
    if (WEXITSTATUS(status) != 0) return "ended with status " + std::to_string(WEXITSTATUS(status));
    return result_->is_complete ? "" : "ended early";
  }
  const Result& result() const { return *result_; }

 private:
  Result* const result_;
};

struct Totals {
  uint64_t runs = 0;
  uint64_t steps = 0;
  uint64_t switches = 0;
};

std::string ReplayLine(const Scenario& scenario, uint64_t seed) {
  return "schedules_test --scenario " + std::string(scenario.name) + " --seed " + std::to_string(seed) +
         " --runs 1 --trace";
}

bool RunsTheSameAgain(Runner* runner, const Scenario& scenario, uint64_t seed, bool is_quiet) {
  const Result before = runner->result();
  const std::string failure = runner->RunOnce(scenario, seed, false, is_quiet);
  if (runner->result().hash == before.hash && runner->result().steps == before.steps && failure == before.failure)
    return true;
  std::printf("FAILED: seed %llu of %s is not the same twice: %llu and %llu steps\n",
              static_cast<unsigned long long>(seed), scenario.name, static_cast<unsigned long long>(before.steps),
              static_cast<unsigned long long>(runner->result().steps));
  return false;
}

// True when nothing failed.
bool RunSeeds(Runner* runner, const Scenario& scenario, const Arguments& arguments, uint64_t usual_runs, Totals* all) {
  constexpr uint64_t kRunTwiceOneIn = 50;
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  const uint64_t runs = arguments.runs == 0 ? usual_runs : arguments.runs;
  for (uint64_t seed = arguments.first_seed; seed < arguments.first_seed + runs; ++seed) {
    const std::string failure = runner->RunOnce(scenario, seed, arguments.prints_steps, false);
    if (!failure.empty()) {
      std::printf("FAILED: %s: %s\nREPLAY: %s\n", scenario.name, failure.c_str(), ReplayLine(scenario, seed).c_str());
      return false;
    }
    ++totals.runs;
    totals.steps += runner->result().steps;
    totals.switches += runner->result().switches;
    if ((seed - arguments.first_seed) % kRunTwiceOneIn == 0 && !RunsTheSameAgain(runner, scenario, seed, false))
      return false;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%-9s %7llu seeds from %llu, %9llu steps, %8llu switches, %.1f s\n", scenario.name,
              static_cast<unsigned long long>(totals.runs), static_cast<unsigned long long>(arguments.first_seed),
              static_cast<unsigned long long>(totals.steps), static_cast<unsigned long long>(totals.switches), seconds);
  all->runs += totals.runs;
  all->steps += totals.steps;
  all->switches += totals.switches;
  return true;
}

// A planted fault must show within so many seeds, and at the same step in the replay.
bool FindsFault(Runner* runner, const Scenario& scenario) {
  constexpr uint64_t kSeedsMax = 2000;
  for (uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    const std::string failure = runner->RunOnce(scenario, seed, false, true);
    if (failure.empty()) continue;
    if (failure.find(scenario.expected_failure) == std::string::npos) {
      std::printf("FAILED: %s: another failure than expected: %s\nREPLAY: %s\n", scenario.name, failure.c_str(),
                  ReplayLine(scenario, seed).c_str());
      return false;
    }
    std::printf("%-22s found by seed %llu, after %llu steps: %s\n", scenario.name,
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(runner->result().steps),
                failure.c_str());
    return RunsTheSameAgain(runner, scenario, seed, true);
  }
  std::printf("FAILED: %s was not found in %llu seeds\n", scenario.name, static_cast<unsigned long long>(kSeedsMax));
  return false;
}

int Main(const Arguments& arguments) {
  Runner runner;
  Totals all;
  bool is_good = true;
  bool is_known = arguments.scenario.empty();
  if (arguments.wants_planted) {
    for (const Scenario& fault : PlantedFaults()) is_good &= FindsFault(&runner, fault);
    return is_good ? 0 : 1;
  }
  for (const Scenario& scenario : EngineScenarios()) {
    if (!arguments.scenario.empty() && arguments.scenario != scenario.name) continue;
    is_known = true;
    constexpr uint64_t kUsualRuns = 200;
    is_good &= RunSeeds(&runner, scenario, arguments, kUsualRuns, &all);
  }
  for (const Scenario& fault : PlantedFaults()) {
    if (arguments.scenario != fault.name) continue;
    is_known = true;
    is_good &= RunSeeds(&runner, fault, arguments, 1, &all);
  }
  if (!is_known) Usage();
  std::printf("%llu seeds, %llu steps, %llu switches: %s\n", static_cast<unsigned long long>(all.runs),
              static_cast<unsigned long long>(all.steps), static_cast<unsigned long long>(all.switches),
              is_good ? "nothing failed" : "FAILED");
  return is_good ? 0 : 1;
}

}  // namespace

}  // namespace gneiss::schedules

int main(int count, char** words) {
  const gneiss::schedules::Arguments arguments = gneiss::schedules::Parse(count, words);
  gneiss::schedules::KeepAddressesFixed(words);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  return gneiss::schedules::Main(arguments);
}
