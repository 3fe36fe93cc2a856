// Runs a fuzz target without libFuzzer: on files, or on a corpus and on what a seeded mutator makes of it.
//
//     fuzz_x FILE...                                               each of them, once
//     fuzz_x --corpus DIR [--seconds N] [--executions N] [--seed N]
//
// When an input ends the process, it is kept in $TMPDIR/gneiss_fuzz_<target>_<seed>.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/parity/dice.h"
#include "tests/support/program_options.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace gneiss::fuzz {
namespace {

using parity::Dice;

constexpr unsigned kHangSeconds = 60;
constexpr size_t kInputBytesMax = 1 << 18;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> ReadCorpus(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const bool fits = entry.path().filename().string().find(FuzzCorpusName()) != std::string::npos;
    if (entry.is_regular_file() && fits) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus = {""};
  for (const std::string& path : paths) corpus.push_back(ReadFile(path));
  return corpus;
}

// What a signal handler can reach.
const std::string* at_work = nullptr;
char kept_path[512];

void Keep() {
  if (at_work == nullptr || kept_path[0] == 0) return;
  const int fd = open(kept_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd >= 0 && write(fd, at_work->data(), at_work->size()) >= 0) close(fd);
  at_work = nullptr;
}

void KeepAndDie(int signal) {
  Keep();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void Execute(const std::string& input) {
  at_work = &input;
  alarm(kHangSeconds);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// One change of the bytes at random.
void Change(Dice* dice, const std::vector<std::string>& corpus, std::string* input) {
  const size_t at = input->empty() ? 0 : dice->Below(input->size());
  const size_t length = 1 + dice->Below(dice->OneIn(4) ? 64 : 4);
  switch (dice->Below(8)) {
    case 0:
      if (!input->empty()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << dice->Below(8)));
      return;
    case 1:
      if (!input->empty())
        (*input)[at] = static_cast<char>(dice->Pick({0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, 0x3d, 0x7b}));
      return;
    case 2:
      if (!input->empty()) (*input)[at] = static_cast<char>(dice->Next());
      return;
    case 3:
      input->erase(at, length);
      return;
    case 4:
      input->insert(at, length, static_cast<char>(dice->Next()));
      return;
    case 5:
      input->insert(at, input->substr(dice->Below(input->size() + 1), length));
      return;
    case 6: {
      const std::string& other = dice->Pick(corpus);
      if (!other.empty()) input->replace(at, length, other.substr(dice->Below(other.size()), length));
      return;
    }
    default:
      if (dice->OneIn(10)) input->resize(at);
  }
}

int Run(const ProgramOptions& options, const std::string& name) {
  const std::vector<std::string> corpus = ReadCorpus(options.Text("corpus", "."));
  const uint64_t seed = options.Number("seed", 1);
  const uint64_t executions = options.Number("executions", UINT64_MAX);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.Number("seconds", 3600 * 24));
  std::printf("%s: %zu inputs, GNEISS_SEED=%" PRIu64 "\n", name.c_str(), corpus.size(), seed);
  const std::string kept =
      (std::filesystem::temp_directory_path() / ("gneiss_fuzz_" + name + "_" + std::to_string(seed)));
  std::printf("what ends it is replayed by: %s %s\n", name.c_str(), kept.c_str());
  std::fflush(stdout);
  kept.copy(kept_path, sizeof(kept_path) - 1);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, KeepAndDie);
  if (&__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(Keep);
  for (const std::string& input : corpus) Execute(input);
  Dice dice(seed);
  uint64_t done = corpus.size();
  for (; done < executions && std::chrono::steady_clock::now() < end; ++done) {
    std::string input = dice.Pick(corpus);
    for (uint64_t count = dice.Between(1, dice.OneIn(4) ? 20 : 4); count > 0; --count) Change(&dice, corpus, &input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    Execute(input);
  }
  std::printf("%s: %" PRIu64 " executions\n", name.c_str(), done);
  return 0;
}

}  // namespace
}  // namespace gneiss::fuzz

int main(int argc, char** argv) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  const bool has_options = argc > 1 && std::string(argv[1]).starts_with("--");
  if (has_options) {
    return gneiss::fuzz::Run(gneiss::ProgramOptions(argc, argv, {"corpus", "seconds", "executions", "seed"}), name);
  }
  for (int i = 1; i < argc; ++i) gneiss::fuzz::Execute(gneiss::fuzz::ReadFile(argv[i]));
  return 0;
}
