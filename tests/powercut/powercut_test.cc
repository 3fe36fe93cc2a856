// Records workloads on a disk in memory, cuts the power at many points of each and opens what may be left. README.md
// says what is checked and how to replay.
//
//     powercut_test [--seed N] [--traces N] [--states N] [--steps N] [--reference EVERY [--show 1]] [--keep DIR]
//                   [--failures N]
//     powercut_test replay RECORDING OPERATIONS DRAW
//     powercut_test describe SEED DRAW ROOT         what a directory holds, for the other library
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/disk/power_cut.h"
#include "tests/powercut/check.h"
#include "tests/support/program_options.h"
#include "tests/support/temp_dir.h"

namespace gneiss::powercut {
namespace {

using disk::Image;
using disk::PowerCut;
using parity::Dice;
using parity::SeedFor;

constexpr size_t kFirstCut = 2;  // the directory itself is made and durable

struct Totals {
  uint64_t traces = 0, operations = 0, states = 0, second_cuts = 0, refused = 0, compared = 0, refused_by_reference = 0,
           other_prefix = 0, reference_violations = 0, failures = 0;
  void Print() const {
    std::printf("%" PRIu64 " workloads with %" PRIu64 " operations on the disk, %" PRIu64 " states opened, %" PRIu64
                " cut a second time, %" PRIu64
                " refused by "
                "recovery modes that ask for whole logs, %" PRIu64 " violations\n",
                traces, operations, states, second_cuts, refused, failures);
    if (compared > 0) {
      std::printf("  %" PRIu64 " also opened by the reference: it read the same but for %" PRIu64
                  " that it refused, %" PRIu64
                  " with another "
                  "prefix of the batches, %" PRIu64 " with no prefix or less than was durable\n",
                  compared, refused_by_reference, other_prefix, reference_violations);
    }
    std::fflush(stdout);
  }
};

Image ImageAt(PowerCut* power, uint64_t seed, const Cut& cut, std::string* how) {
  power->GoTo(cut.operations);
  Dice dice(SeedFor(seed, cut.draw, 6));
  return power->Cut(&dice, how);
}

// The same program without LD_LIBRARY_PATH, so that it finds the system's library. Empty when that did not work.
std::string DescribeByReference(uint64_t seed, uint64_t draw, const Image& image) {
  const TempDir temp;
  disk::WriteImage(image, temp.path());
  const std::string output = temp.path() + "/described";
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    unsetenv("LD_LIBRARY_PATH");
    if (std::freopen(output.c_str(), "w", stdout) == nullptr) _exit(126);
    execl("/proc/self/exe", "powercut_test", "describe", std::to_string(seed).c_str(), std::to_string(draw).c_str(),
          temp.path().c_str(), nullptr);
    _exit(127);
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) return "the reference ended with " + std::to_string(ended);
  std::ifstream in(output);
  std::string line;
  std::getline(in, line);
  return line;
}

class Runner {
 public:
  explicit Runner(const ProgramOptions& options) : options_(options) {}

  int Run() {
    const uint64_t first = options_.Number("seed", 7083);
    const uint64_t traces = options_.Number("traces", 40);
    std::printf("seeds from %llu on\n", (unsigned long long)first);
    for (uint64_t i = 0; i < traces && totals_.failures < options_.Number("failures", 10); ++i) {
      RunTrace(first + i);
      if ((i + 1) % 100 == 0) totals_.Print();
    }
    totals_.Print();
    return totals_.failures == 0 ? 0 : 1;
  }

 private:
  void RunTrace(uint64_t seed) {
    Dice dice(SeedFor(seed, 0, 7));
    const Recording recording = Record(seed, dice.Between(20, options_.Number("steps", 160)));
    ++totals_.traces;
    totals_.operations += recording.trace.size();
    if (!recording.problem.empty()) return Fail(recording, {}, recording.problem, "");
    std::vector<Cut> cuts(options_.Number("states", 50));
    for (Cut& cut : cuts)
      cut = {.operations = dice.Between(kFirstCut, recording.trace.size()), .draw = dice.Below(1u << 30)};
    std::sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) { return a.operations < b.operations; });
    PowerCut power(recording.trace);
    for (const Cut& cut : cuts) {
      std::string how;
      const Image image = ImageAt(&power, seed, cut, &how);
      const Verdict verdict = CheckCut(recording, image, cut);
      ++totals_.states;
      totals_.second_cuts += verdict.has_second_cut;
      totals_.refused += verdict.is_refused;
      if (!verdict.problem.empty()) return Fail(recording, cut, verdict.problem, how);
      const uint64_t every = options_.Number("reference", 0);
      if (every == 0 || totals_.states % every != 0) continue;
      ++totals_.compared;
      const std::string other = DescribeByReference(seed, cut.draw, image);
      if (other == verdict.content) continue;
      // What was found here has kept all promises already.
      if (other.starts_with("not opened: ") && !verdict.is_refused) {
        ++totals_.refused_by_reference;
      } else if (IsOtherPrefix(recording, cut, other)) {
        ++totals_.other_prefix;
      } else {
        ++totals_.reference_violations;
      }
      if (options_.Number("show", 0) == 0) continue;
      std::printf("seed %" PRIu64 ", cut %zu, draw %" PRIu64 ",%s; %s\n  here      %s\n  reference %s\n", seed,
                  cut.operations, cut.draw, recording.text.c_str(), how.c_str(), verdict.content.c_str(),
                  other.c_str());
    }
  }

  void Fail(const Recording& recording, const Cut& cut, const std::string& problem, const std::string& how) {
    ++totals_.failures;
    const std::string kept = options_.Text("keep", std::filesystem::temp_directory_path().string()) +
                             "/gneiss_powercut_" + std::to_string(recording.seed);
    Save(recording, kept);
    std::printf("FAILED seed %llu,%s\n  %s\n  %s\nreplay: powercut_test replay %s %zu %llu\n",
                (unsigned long long)recording.seed, recording.text.c_str(), problem.c_str(), how.c_str(), kept.c_str(),
                cut.operations, (unsigned long long)cut.draw);
    std::fflush(stdout);
  }

  const ProgramOptions& options_;
  Totals totals_;
};

int Replay(const std::string& file, const Cut& cut) {
  const Recording recording = Load(file);
  PowerCut power(recording.trace);
  std::string how;
  const Image image = ImageAt(&power, recording.seed, cut, &how);
  const size_t begin = cut.operations < 12 ? 0 : cut.operations - 12;
  for (size_t i = begin; i < cut.operations; ++i) std::printf("%6zu %s\n", i, ToString(recording.trace[i]).c_str());
  std::printf("then the power was cut; %s\n", how.c_str());
  for (const auto& [path, bytes] : image.files) std::printf("%8zu %s\n", bytes.size(), path.c_str());
  const std::string root = file + ".disk";
  std::filesystem::remove_all(root);
  WriteImage(image, root);
  const Verdict verdict = CheckCut(recording, image, cut);
  std::printf("options:%s\nthe disk is in %s\nfound %zu batches; %s\n%s\n", recording.text.c_str(), root.c_str(),
              verdict.found, verdict.content.c_str(), verdict.problem.empty() ? "no problem" : verdict.problem.c_str());
  return verdict.problem.empty() ? 0 : 1;
}

}  // namespace
}  // namespace gneiss::powercut

int main(int argc, char** argv) {
  using namespace gneiss::powercut;
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "replay" && argc == 5)
    return Replay(argv[2], {std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10)});
  if (what == "describe" && argc == 5) {
    std::printf(
        "%s\n",
        DescribeDirectory(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10), argv[4]).c_str());
    return 0;
  }
  const gneiss::ProgramOptions options(argc, argv,
                                       {"seed", "traces", "states", "steps", "reference", "show", "keep", "failures"});
  return Runner(options).Run();
}
