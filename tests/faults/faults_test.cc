// Lets a database's I/O fail at one call, or from one call on, while it works or while it recovers from a crash, and
// holds what it answers and what it keeps against its promises. README.md says which.
//
//     faults_test [--seed N] [--points N] [--failures N] [--isolated 1]        one seed is one fault point
#include <rocksdb/env.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <memory>

#include "tests/disk/disk_file_system.h"
#include "tests/disk/power_cut.h"
#include "tests/faults/fault_gate.h"
#include "tests/parity/dice.h"
#include "tests/support/opened_db.h"
#include "tests/support/program_options.h"

namespace gneiss::faults {
namespace {

using disk::Disk;
using disk::Image;
using parity::Dice;
using parity::SeedFor;
using rocksdb::Status;

const char* const kDirectory = "/db";
const std::vector<std::string> kFamilies = {"default", "one", "two"};

// What was written, and what became of it.
struct Written {
  NumberedBatch batch;
  bool is_acknowledged = false;
  bool is_durable = false;  // synced, and acknowledged
};

struct Totals {
  uint64_t points = 0, fired = 0, refused_openings = 0, failed_calls = 0, resumed = 0, resume_refused = 0, failures = 0;
};

// One fault point, from an empty disk to the last look at what is left.
class Point {
 public:
  Point(uint64_t seed, Totals* totals) : seed_(seed), dice_(SeedFor(seed, 0, 21)), totals_(totals) {}

  // "" or what went wrong.
  std::string Run() {
    Image image;
    image.directories = {kDirectory};
    disk_ = std::make_shared<Disk>(image);
    const bool is_in_recovery = dice_.OneIn(3);
    if (is_in_recovery) {
      RunRecovery();
    } else {
      RunWork();
    }
    if (problem_.empty()) CutPower();
    return problem_.empty() ? "" : fault_text_ + log_ + "\n  " + problem_;
  }

 private:
  // One process.
  struct Life {
    explicit Life(const std::shared_ptr<Disk>& disk)
        : fs(disk::NewDiskFileSystem(disk, &gate)), env(rocksdb::NewCompositeEnv(fs)) {}
    ~Life() { db.Close(); }
    FaultGate gate;
    std::shared_ptr<rocksdb::FileSystem> fs;
    std::unique_ptr<rocksdb::Env> env;
    OpenedDb db;
  };

  void Fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  void Note(const std::string& what) { log_ += "\n    " + what; }

  Status Open() {
    DrawnOptions options = DrawOptions(seed_, openings_++, kDirectory);
    // A damaged tail that a fault left behind must not keep a database closed.
    options.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.db.env = life_->env.get();
    if (options_text_.empty()) options_text_ = options.text;
    return life_->db.Open(options, kDirectory, kFamilies);
  }

  Fault DrawFault(uint64_t calls) {
    Fault fault;
    fault.at = dice_.Between(1, std::max<uint64_t>(1, calls));
    fault.error = dice_.Coin() ? Fault::Error::kIoError : Fault::Error::kNoSpace;
    fault.is_lasting = dice_.Coin();
    fault.changes_only = dice_.Coin();
    fault.short_thousandths = dice_.Pick({0, 0, 300, 999});
    fault_text_ = ToString(fault) + "; options:" + options_text_;
    return fault;
  }

  // --- a fault while the database works

  void RunWork() {
    life_ = std::make_unique<Life>(disk_);
    const bool faults_at_creation = dice_.OneIn(8);
    if (faults_at_creation) life_->gate.Arm(DrawFault(60));
    Status status = Open();
    if (!status.ok()) {
      ++totals_->refused_openings;
      ++failed_calls_;
      if (!faults_at_creation) return Fail("the first Open: " + status.ToString());
      life_->gate.Heal();
      status = Open();
      if (!status.ok()) return Fail("Open after a failed creation: " + status.ToString());
    }
    const uint64_t steps = dice_.Between(15, 90);
    if (!faults_at_creation) life_->gate.Arm(DrawFault(steps * 3));
    for (uint64_t i = 0; i < steps; ++i) Step();
    CheckReported();
    life_->gate.Heal();
    Resume();
    Check("after Resume");
    for (uint64_t i = 0; i < 12 && problem_.empty(); ++i) MustWork();
    Check("after more work");
    if (dice_.Coin()) life_->gate.Die();
    life_->db.Close();
    NoteDeath();
    Reopen("after closing");
  }

  // Acknowledged, not synced: a process that dies takes nothing away, but the log's buffer where it is flushed by hand.
  void NoteDeath() {
    if (!DrawOptions(seed_, 0, kDirectory).db.manual_wal_flush) return;
    for (Written& each : written_) each.is_acknowledged = each.is_durable;
  }

  void Step() {
    const uint64_t draw = dice_.Below(100);
    Status status;
    std::string call;
    if (draw < 75) {
      call = "Write";
      status = Write(dice_.OneIn(4));
    } else if (draw < 80) {
      call = "FlushWAL";
      status = life_->db->FlushWAL(true);
      if (status.ok()) NoteDurable();
    } else if (draw < 92) {
      call = "Flush";
      status = Flush();
    } else if (draw < 96) {
      call = "CompactRange";
      status = life_->db->CompactRange({}, life_->db.handles().at(dice_.Pick(kFamilies)), nullptr, nullptr);
    } else {
      call = "read";
      State state;
      const std::string unread = ReadState(life_->db.get(), life_->db.handles(), "", &state);
      // A read may meet the fault itself, but what it shows must be right.
      if (unread.empty()) CheckState(state, "during the work");
    }
    if (status.ok()) return;
    if (++failed_calls_ <= 6) Note(call + ": " + status.ToString());
    ++totals_->failed_calls;
    if (!life_->gate.HasFired()) Fail(call + " fails without a fault: " + status.ToString());
    if (status.IsCorruption()) Fail(call + " calls a failed call damage: " + status.ToString());
  }

  Status Write(bool sync) {
    written_.push_back({.batch = {.seed = seed_, .number = written_.size() + 1, .families = kFamilies, .owner = {}}});
    const Status status = life_->db.Write(written_.back().batch, sync);
    written_.back().is_acknowledged = status.ok();
    if (status.ok() && sync) NoteDurable();
    return status;
  }
  void NoteDurable() {
    for (Written& each : written_) each.is_durable = each.is_acknowledged;
  }
  Status Flush() {
    rocksdb::FlushOptions options;
    options.allow_write_stall = true;
    std::vector<rocksdb::ColumnFamilyHandle*> chosen;
    for (const auto& [name, handle] : life_->db.handles()) {
      if (dice_.Coin()) chosen.push_back(handle);
    }
    return chosen.empty() ? Status::OK() : life_->db->Flush(options, chosen);
  }

  void CheckReported() {
    if (!life_->gate.HasFired()) return;
    ++totals_->fired;
    Note("the first call to fail: " + life_->gate.Fired());
    uint64_t background_errors = 0;
    life_->db->GetIntProperty("rocksdb.background-errors", &background_errors);
    if (failed_calls_ == 0 && background_errors == 0 && life_->gate.HasFiredOnPromise()) {
      Fail("nobody was told of a failed " + life_->gate.Fired());
    }
  }

  void Resume() {
    if (!problem_.empty() || !life_->gate.HasFired()) return;
    AwaitBackground();
    Status status = life_->db->Resume();
    if (status.ok()) {
      ++totals_->resumed;
      return;
    }
    // RocksDB cannot resume from all of it; then reopening must help.
    ++totals_->resume_refused;
    Note("Resume: " + status.ToString());
    if (IsGneiss()) return Fail("Resume: " + status.ToString());
    life_->db.Close();
    NoteDeath();
    status = Open();
    if (!status.ok()) Fail("Open after Resume was refused: " + status.ToString());
  }

  // A job that met the fault may not have told yet: then there is nothing to resume from, and the error comes later.
  void AwaitBackground() {
    life_->db->PauseBackgroundWork().PermitUncheckedError();
    life_->db->ContinueBackgroundWork().PermitUncheckedError();
  }

  static bool IsGneiss() {
    const auto& properties = rocksdb::GetRocksBuildProperties();
    const auto tag = properties.find("rocksdb_build_git_tag");
    return tag != properties.end() && tag->second == "gneiss";
  }

  void MustWork() {
    const Status status = dice_.OneIn(6) ? Flush() : Write(dice_.OneIn(3));
    if (!status.ok()) Fail("after Resume: " + status.ToString());
  }

  // --- a fault while the database recovers

  void RunRecovery() {
    life_ = std::make_unique<Life>(disk_);
    Status status = Open();
    if (!status.ok()) return Fail("the first Open: " + status.ToString());
    for (uint64_t i = dice_.Between(5, 60); i > 0 && problem_.empty(); --i) Step();
    life_->gate.Die();
    life_->db.Close();
    NoteDeath();
    const int attempts = static_cast<int>(dice_.Between(1, 3));
    for (int i = 0; i < attempts && problem_.empty(); ++i) {
      life_ = std::make_unique<Life>(disk_);
      life_->gate.Arm(DrawFault(100));
      status = Open();
      totals_->fired += life_->gate.HasFired();
      if (!status.ok()) {
        ++totals_->refused_openings;
        Note("Open: " + status.ToString() + "; first failed call: " + life_->gate.Fired());
        if (!life_->gate.HasFired()) Fail("Open fails without a fault: " + status.ToString());
      } else {
        for (uint64_t step = dice_.Below(10); step > 0; --step) Step();
        if (problem_.empty() && dice_.Coin()) {
          life_->gate.Heal();
          Resume();
          Check("after Resume");
        }
      }
      if (dice_.Coin()) life_->gate.Die();
      life_->db.Close();
      NoteDeath();
    }
    Reopen("after faults while recovering");
  }

  // --- looking

  void Reopen(const std::string& when) {
    if (!problem_.empty()) return;
    life_ = std::make_unique<Life>(disk_);
    const Status status = Open();
    if (!status.ok()) return Fail(when + " it does not open: " + status.ToString());
    Check(when);
    for (uint64_t i = 0; i < 3 && problem_.empty(); ++i) MustWork();
    Check(when + " and more work");
    life_->gate.Die();
    life_->db.Close();
    NoteDeath();
  }

  void Check(const std::string& when) {
    if (!problem_.empty()) return;
    State state;
    const std::string unread = ReadState(life_->db.get(), life_->db.handles(), "", &state);
    if (!unread.empty()) return Fail(when + ": " + unread);
    CheckState(state, when);
  }

  // Every acknowledged batch is there whole, of the others each one whole or not at all, and nothing else.
  void CheckState(const State& found, const std::string& when, bool durable_only = false) {
    const std::set<uint64_t> markers = MarkersIn("", found.at("default"));
    State expected;
    for (const Written& each : written_) {
      const bool is_there = markers.count(each.batch.number) != 0;
      const bool must_be_there = durable_only ? each.is_durable : each.is_acknowledged;
      if (must_be_there && !is_there) return Fail(when + ": batch " + std::to_string(each.batch.number) + " is lost");
      if (is_there) Apply(ChangesOf(each.batch), &expected);
    }
    const std::string difference = Difference(expected, found);
    if (!difference.empty()) Fail(when + ": " + difference);
  }

  // At the end the power goes: what a failed sync did not write must not have been promised later.
  void CutPower() {
    const disk::Trace trace = disk_->TakeTrace();
    disk::PowerCut power(trace);
    power.GoTo(trace.size());
    std::string how;
    disk_ = std::make_shared<Disk>(dice_.Coin() ? power.Durable() : power.Cut(&dice_, &how));
    life_ = std::make_unique<Life>(disk_);
    const Status status = Open();
    if (!status.ok()) return Fail("after a power cut (" + how + ") it does not open: " + status.ToString());
    State state;
    const std::string unread = ReadState(life_->db.get(), life_->db.handles(), "", &state);
    if (!unread.empty()) return Fail("after a power cut: " + unread);
    CheckState(state, "after a power cut (" + how + ")", /*durable_only=*/true);
  }

  const uint64_t seed_;
  Dice dice_;
  Totals* const totals_;
  std::shared_ptr<Disk> disk_;
  std::unique_ptr<Life> life_;
  std::vector<Written> written_;
  uint64_t openings_ = 0;
  uint64_t failed_calls_ = 0;
  std::string fault_text_, log_, options_text_;
  std::string problem_;
};

void Print(const Totals& totals) {
  std::printf("%" PRIu64 " fault points, %" PRIu64 " reached; %" PRIu64 " calls failed, %" PRIu64
              " openings refused, %" PRIu64 " times resumed, %" PRIu64 " times Resume was refused; %" PRIu64
              " violations\n",
              totals.points, totals.fired, totals.failed_calls, totals.refused_openings, totals.resumed,
              totals.resume_refused, totals.failures);
  std::fflush(stdout);
}

// In a process of its own: RocksDB as Debian builds it ends at some faults by an assertion.
std::string RunIsolated(uint64_t seed) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    Totals totals;
    const std::string problem = Point(seed, &totals).Run();
    std::printf("%s%s", problem.c_str(), problem.empty() ? "" : "\n");
    std::fflush(stdout);
    _exit(problem.empty() ? 0 : 1);
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  if (WIFSIGNALED(ended)) return "killed by signal " + std::to_string(WTERMSIG(ended));
  return WEXITSTATUS(ended) == 0 ? "" : "as told above";
}

int Run(const ProgramOptions& options) {
  const uint64_t first = options.Number("seed", 1);
  const uint64_t points = options.Number("points", 500);
  std::printf("seeds from %" PRIu64 " on\n", first);
  Totals totals;
  for (uint64_t seed = first; seed < first + points && totals.failures < options.Number("failures", 10); ++seed) {
    ++totals.points;
    const std::string problem = options.Number("isolated", 0) != 0 ? RunIsolated(seed) : Point(seed, &totals).Run();
    if (seed % 1000 == 0) Print(totals);
    if (problem.empty()) continue;
    ++totals.failures;
    std::printf("FAILED seed %" PRIu64 ": %s\nreplay: faults_test --points 1 --seed %" PRIu64 "\n", seed,
                problem.c_str(), seed);
    std::fflush(stdout);
  }
  Print(totals);
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gneiss::faults

int main(int argc, char** argv) {
  const gneiss::ProgramOptions options(argc, argv, {"seed", "points", "isolated", "failures"});
  return gneiss::faults::Run(options);
}
