// Lets one allocation fail somewhere in a short life of a database: opening, writing, flushing, merging, reading. Each
// call must answer with a Status or let std::bad_alloc through; the process must not end, hang or read memory that is
// not its own; the database must go on or say why not; and no acknowledged write may be lost. README.md says more.
//
//     allocation_faults_test [--seed N] [--points N]     one seed is one fault point
//     allocation_faults_test life SEED DIRECTORY         the process that meets it
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>

#include "tests/faults/failing_new.h"
#include "tests/parity/dice.h"
#include "tests/support/opened_db.h"
#include "tests/support/program_options.h"
#include "tests/support/temp_dir.h"

namespace gneiss::faults {
namespace {

using parity::Dice;
using parity::SeedFor;
using rocksdb::Status;

const std::vector<std::string> kFamilies = {"default", "one"};
constexpr unsigned kHangSeconds = 60;
constexpr uint64_t kSteps = 40;
constexpr uint64_t kAllocationsMax = 6000;  // about what a life makes

NumberedBatch BatchOf(uint64_t seed, uint64_t number) {
  return {.seed = seed, .number = number, .families = kFamilies, .owner = {}};
}

DrawnOptions OptionsOf(uint64_t seed, uint64_t opening, const std::string& directory) {
  DrawnOptions options = DrawOptions(seed, opening, directory);
  options.db.manual_wal_flush = false;  // what is acknowledged survives the process
  return options;
}

// --- the process that meets the failure

class Life {
 public:
  Life(uint64_t seed, const std::string& directory)
      : seed_(seed), dice_(SeedFor(seed, 0, 31)), directory_(directory), acknowledged_(directory + ".acknowledged") {}

  int Run() {
    CountOnlyInScopes();
    // Small numbers, so that opening is met as often as all the rest.
    const uint64_t at = dice_.Coin() ? dice_.Between(1, 1500) : dice_.Between(1, kAllocationsMax);
    const uint64_t more = dice_.Pick({0, 0, 0, 1, 20});
    const DrawnOptions options = OptionsOf(seed_, 0, directory_);
    ArmAllocations(at, more);
    bool is_open = Call("Open", [&] { return db_.Open(options, directory_, kFamilies); });
    if (!is_open) {
      ArmAllocations(0, 0);
      is_open = Call("Open again", [&] { return db_.Open(options, directory_, kFamilies); });
      if (!is_open) return Fail("it does not open once memory is there again");
    }
    for (uint64_t i = 1; i <= kSteps; ++i) Step(i);
    ArmAllocations(0, 0);
    // A job that went without memory may not have told yet: then there is nothing to resume from, and the error comes
    // later.
    Call("PauseBackgroundWork", [&] { return db_->PauseBackgroundWork(); });
    Call("ContinueBackgroundWork", [&] { return db_->ContinueBackgroundWork(); });
    // What is in memory may not be trusted any more; then reopening must help.
    if (!Call("Resume", [&] { return db_->Resume(); })) {
      db_.Close();
      if (!Call("Open", [&] { return db_.Open(options, directory_, kFamilies); })) return Fail("it does not reopen");
    }
    if (const std::string problem = Check(); !problem.empty()) return Fail(problem);
    if (!Call("Put", [&] { return db_->Put({}, "after", "1"); }))
      return Fail("it does not write once memory is there again");
    if (dice_.Coin()) db_.Close();
    std::_Exit(0);
  }

 private:
  // True when the call succeeded.
  template <typename Function>
  bool Call(const char* name, Function function) {
    Status status;
    bool has_thrown = false;
    try {
      const CountingScope scope;
      status = function();
    } catch (const std::bad_alloc&) {
      has_thrown = true;
    }
    if (!has_thrown && status.ok()) return true;
    std::printf("%s: %s\n", name, has_thrown ? "std::bad_alloc" : status.ToString().c_str());
    std::fflush(stdout);
    return false;
  }

  void Step(uint64_t number) {
    const uint64_t draw = dice_.Below(100);
    if (draw < 70) {
      rocksdb::WriteBatch batch;
      AddTo(ChangesOf(BatchOf(seed_, number)), db_.handles(), &batch);
      rocksdb::WriteOptions options;
      options.sync = dice_.OneIn(4);
      const bool is_written = Call("Write", [&] { return db_->Write(options, &batch); });
      if (is_written) acknowledged_ << number << std::endl;
      acknowledged_numbers_.push_back(is_written ? number : 0);
    } else if (draw < 80) {
      Call("Flush", [&] {
        rocksdb::FlushOptions options;
        options.allow_write_stall = true;
        return db_->Flush(options, {db_.handles().at("default"), db_.handles().at("one")});
      });
    } else if (draw < 86) {
      Call("CompactRange", [&] { return db_->CompactRange({}, nullptr, nullptr); });
    } else if (draw < 93) {
      std::string value;
      Call("Get", [&] {
        const Status status = db_->Get({}, "k01", &value);
        return status.IsNotFound() ? Status::OK() : status;
      });
    } else {
      Call("scan", [&] {
        const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}));
        for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
        }
        return iterator->status();
      });
    }
  }

  std::string Check() {
    State found;
    if (const std::string problem = ReadState(db_.get(), db_.handles(), "", &found); !problem.empty()) return problem;
    const std::set<uint64_t> markers = MarkersIn("", found.at("default"));
    State expected;
    for (uint64_t number = 1; number <= kSteps; ++number) {
      if (markers.count(number) != 0) Apply(ChangesOf(BatchOf(seed_, number)), &expected);
    }
    for (const uint64_t number : acknowledged_numbers_) {
      if (number != 0 && markers.count(number) == 0) return "batch " + std::to_string(number) + " is lost";
    }
    return Difference(expected, found);
  }

  int Fail(const std::string& problem) {
    std::printf("%s\n", problem.c_str());
    std::fflush(stdout);
    std::_Exit(1);
  }

  const uint64_t seed_;
  Dice dice_;
  const std::string directory_;
  std::ofstream acknowledged_;
  std::vector<uint64_t> acknowledged_numbers_;
  OpenedDb db_;
};

// --- the process that looks

struct Ended {
  int status = 0;
  std::string output;
};

Ended RunLife(uint64_t seed, const std::string& directory) {
  const std::string output = directory + ".output";
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    alarm(kHangSeconds);
    if (std::freopen(output.c_str(), "w", stdout) == nullptr || dup2(1, 2) < 0) _exit(126);
    execl("/proc/self/exe", "allocation_faults_test", "life", std::to_string(seed).c_str(), directory.c_str(), nullptr);
    _exit(127);
  }
  Ended ended;
  waitpid(child, &ended.status, 0);
  std::ifstream in(output);
  for (std::string line; std::getline(in, line);) ended.output += "    " + line + "\n";
  return ended;
}

std::string CheckDirectory(uint64_t seed, const std::string& directory) {
  OpenedDb db;
  const Status status = db.Open(OptionsOf(seed, 1, directory), directory, kFamilies);
  if (!status.ok()) return "afterwards it does not open: " + status.ToString();
  State found;
  if (const std::string problem = ReadState(db.get(), db.handles(), "", &found); !problem.empty()) return problem;
  found.at("default").erase("after");
  const std::set<uint64_t> markers = MarkersIn("", found.at("default"));
  std::ifstream acknowledged(directory + ".acknowledged");
  for (uint64_t number = 0; acknowledged >> number;) {
    if (markers.count(number) == 0) return "afterwards batch " + std::to_string(number) + " is lost";
  }
  State expected;
  for (const uint64_t number : markers) Apply(ChangesOf(BatchOf(seed, number)), &expected);
  const std::string difference = Difference(expected, found);
  return difference.empty() ? "" : "afterwards: " + difference;
}

// "" or what went wrong.
std::string RunPoint(uint64_t seed, bool* has_failed_call) {
  const TempDir temp;
  const std::string directory = temp.path() + "/db";
  std::filesystem::create_directories(directory);
  const Ended ended = RunLife(seed, directory);
  *has_failed_call = !ended.output.empty();
  if (!WIFEXITED(ended.status)) {
    const int signal = WTERMSIG(ended.status);
    return (signal == SIGALRM ? "it hangs\n" : "killed by signal " + std::to_string(signal) + "\n") + ended.output;
  }
  if (WEXITSTATUS(ended.status) != 0)
    return "exit code " + std::to_string(WEXITSTATUS(ended.status)) + "\n" + ended.output;
  const std::string problem = CheckDirectory(seed, directory);
  return problem.empty() ? "" : problem + "\n" + ended.output;
}

// --- memtables that are full when memory is short

// Both families' memtables are full, and the write that should seal them meets the `at`-th failure. Once memory is
// there again they must be sealed, and those that come after them too. "" or what went wrong; `has_failed`: whether the
// write made as many allocations.
std::string RunRotation(uint64_t at, bool* has_failed) {
  constexpr uint64_t kBufferBytes = 64 << 10;
  const TempDir temp;
  DrawnOptions options;
  options.db.create_if_missing = true;
  options.db.create_missing_column_families = true;
  options.family.write_buffer_size = kBufferBytes;
  options.family.max_write_buffer_number = 8;
  OpenedDb db;
  if (const Status status = db.Open(options, temp.path() + "/db", kFamilies); !status.ok()) return status.ToString();
  const auto write = [&db](size_t bytes) {
    rocksdb::WriteBatch batch;
    for (const std::string& name : kFamilies) batch.Put(db.handles().at(name), "key", std::string(bytes, 'v'));
    return db->Write({}, &batch);
  };
  if (const Status status = write(2 * kBufferBytes); !status.ok()) return status.ToString();
  // The write alone is met, not what runs beside it.
  if (const Status status = db->PauseBackgroundWork(); !status.ok()) return status.ToString();
  ArmAllocations(at, 0);
  try {
    const CountingScope scope;
    db->Put({}, "small", "value").PermitUncheckedError();
  } catch (const std::bad_alloc&) {
  }
  *has_failed = CountedAllocations() >= at;
  ArmAllocations(0, 0);
  if (const Status status = db->ContinueBackgroundWork(); !status.ok()) return status.ToString();
  if (!db->Resume().ok()) return "";  // it says that it must be reopened
  for (int i = 0; i < 20; ++i) {
    if (const Status status = write(kBufferBytes / 4); !status.ok()) return status.ToString();
  }
  for (const std::string& name : kFamilies) {
    uint64_t bytes = 0;
    if (!db->GetIntProperty(db.handles().at(name), "rocksdb.cur-size-active-mem-table", &bytes)) return "no property";
    if (bytes > 2 * kBufferBytes) return "the memtable of " + name + " has " + std::to_string(bytes) + " bytes";
  }
  return "";
}

uint64_t RunRotations() {
  uint64_t failures = 0, at = 0;
  for (bool has_failed = true; has_failed;) {
    const std::string problem = RunRotation(++at, &has_failed);
    if (problem.empty()) continue;
    ++failures;
    std::printf("FAILED allocation %" PRIu64 " of sealing: %s\n", at, problem.c_str());
  }
  std::printf("%" PRIu64 " allocations failed while memtables were sealed; %" PRIu64 " violations\n", at - 1, failures);
  return failures;
}

int Run(const ProgramOptions& options) {
  CountOnlyInScopes();
  const uint64_t rotation_failures = RunRotations();
  const uint64_t first = options.Number("seed", 1);
  const uint64_t points = options.Number("points", 500);
  std::printf("seeds from %" PRIu64 " on\n", first);
  uint64_t failures = 0, done = 0, answered = 0;
  for (uint64_t seed = first; seed < first + points && failures < options.Number("failures", 10); ++seed) {
    ++done;
    bool has_failed_call = false;
    const std::string problem = RunPoint(seed, &has_failed_call);
    answered += has_failed_call;
    if (problem.empty()) continue;
    ++failures;
    std::printf("FAILED seed %" PRIu64 ": %s\nreplay: allocation_faults_test --points 1 --seed %" PRIu64 "\n", seed,
                problem.c_str(), seed);
    std::fflush(stdout);
  }
  std::printf("%" PRIu64 " allocation faults, %" PRIu64 " of them told of by a call; %" PRIu64 " violations\n", done,
              answered, failures);
  return failures + rotation_failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gneiss::faults

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "life") {
    return gneiss::faults::Life(std::strtoull(argv[2], nullptr, 10), argv[3]).Run();
  }
  const gneiss::ProgramOptions options(argc, argv, {"seed", "points", "failures"});
  return gneiss::faults::Run(options);
}
