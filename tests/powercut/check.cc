#include "tests/powercut/check.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <memory>

#include "tests/disk/disk_file_system.h"
#include "tests/disk/power_cut.h"
#include "tests/parity/dice.h"
#include "tests/support/opened_db.h"

namespace gneiss::powercut {

namespace {

using disk::Disk;
using disk::Image;
using parity::Dice;
using parity::SeedFor;
using rocksdb::Status;

const std::string kNotOpened = "not opened: ";
constexpr uint64_t kRecoverySeed = uint64_t{1} << 60;

DrawnOptions OptionsFor(uint64_t seed, uint64_t draw, const std::string& directory) {
  return DrawOptions(seed, SeedFor(seed, draw, 4), directory);
}

bool MayRefuse(const rocksdb::DBOptions& options) {
  return options.wal_recovery_mode != rocksdb::WALRecoveryMode::kPointInTimeRecovery;
}

uint64_t Mixed(uint64_t hash, const std::string& bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return (hash ^ bytes.size()) * 0x100000001b3u;
}

std::string Describe(const State& state) {
  std::string text;
  for (const auto& [family, content] : state) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const auto& [key, value] : content) hash = Mixed(Mixed(hash, key), value);
    text += family + ": " + std::to_string(content.size()) + " keys, hash " + std::to_string(hash) + "; ";
  }
  return text;
}

// A disk that one process opens.
struct Opened {
  explicit Opened(const Image& image)
      : disk(std::make_shared<Disk>(image)),
        fs(disk::NewDiskFileSystem(disk, &gate)),
        env(rocksdb::NewCompositeEnv(fs)) {}
  ~Opened() { db.Close(); }

  // Also makes the lasting families when the database is new. `problem` tells of families that should not be there or
  // should.
  Status Open(DrawnOptions options, const Expectation& expected, std::string* problem) {
    options.db.env = env.get();
    std::vector<std::string> there;
    const Status listed = rocksdb::DB::ListColumnFamilies(options.db, kDirectory, &there);
    const bool is_missing = !disk->IsFile(std::string(kDirectory) + "/CURRENT");
    if (!listed.ok() && !is_missing) return listed;
    if (is_missing && expected.must_exist) *problem = "CURRENT is lost";
    for (const std::string& name : there) {
      const auto known = expected.families.find(name);
      if (known == expected.families.end() || !known->second.may_be_there)
        *problem = "the dropped family " + name + " is there";
    }
    for (const auto& [name, family] : expected.families) {
      const bool is_there = std::find(there.begin(), there.end(), name) != there.end();
      if (family.must_be_there && !is_there) *problem = "the family " + name + " is lost";
    }
    std::vector<std::string> families = there;
    for (const std::string& name : kLastingFamilies) {
      if (std::find(there.begin(), there.end(), name) == there.end()) families.push_back(name);
    }
    return db.Open(options, kDirectory, families);
  }

  disk::LifeGate gate;
  std::shared_ptr<Disk> disk;
  std::shared_ptr<rocksdb::FileSystem> fs;
  std::unique_ptr<rocksdb::Env> env;
  OpenedDb db;
};

// Which prefix of the batches is there, and whether all families hold just that.
std::string CheckPrefix(const Expectation& expected, const State& found, size_t* count) {
  const std::set<uint64_t> markers = MarkersIn("", found.at("default"));
  *count = 0;
  State state;
  for (const NumberedBatch& batch : expected.batches) {
    if (markers.count(batch.number) == 0) break;
    Apply(ChangesOf(batch), &state);
    ++*count;
  }
  if (*count < expected.at_least) {
    return "batch " + std::to_string(expected.batches[*count].number) + " is lost, " +
           std::to_string(expected.at_least) + " batches were durable, found " + std::to_string(markers.size()) +
           " markers";
  }
  const std::string difference = Difference(state, found);
  return difference.empty() ? "" : "after " + std::to_string(*count) + " batches: " + difference;
}

struct FirstOpening {
  Expectation expected;  // for a cut during or after it
  size_t acknowledged = SIZE_MAX;
  disk::Trace trace;
};

Status OpenAndRead(Opened* opened, const DrawnOptions& options, const Expectation& expected, State* state,
                   Verdict* verdict) {
  const Status status = opened->Open(options, expected, &verdict->problem);
  if (!status.ok()) {
    verdict->content = kNotOpened + std::to_string(static_cast<int>(status.code()));
    verdict->is_refused = status.IsCorruption() && MayRefuse(options.db);
    if (!verdict->is_refused && verdict->problem.empty()) verdict->problem = "does not open: " + status.ToString();
    return status;
  }
  const std::string unread = ReadState(opened->db.get(), opened->db.handles(), "", state);
  if (verdict->problem.empty()) verdict->problem = unread;
  if (verdict->problem.empty()) verdict->problem = CheckPrefix(expected, *state, &verdict->found);
  verdict->content = Describe(*state);
  return status;
}

// Opens, checks, writes one synced batch more, closes or dies.
Verdict CheckFirst(const Image& image, const DrawnOptions& options, const Expectation& expected, Dice* dice,
                   FirstOpening* first) {
  Verdict verdict;
  Opened opened(image);
  State state;
  const size_t begin = opened.disk->TraceSize();
  if (!OpenAndRead(&opened, options, expected, &state, &verdict).ok() || !verdict.problem.empty()) return verdict;
  first->expected = expected;
  first->expected.must_exist = expected.must_exist || opened.disk->TraceSize() == begin;
  first->expected.batches.resize(verdict.found);
  first->expected.at_least = verdict.found;
  const NumberedBatch more = {
      .seed = kRecoverySeed, .number = expected.batches.size() + 1'000'000, .families = kLastingFamilies};
  first->expected.batches.push_back(more);
  const Status written = opened.db.Write(more, /*sync=*/true);
  if (!written.ok()) verdict.problem = "a write after recovery: " + written.ToString();
  first->acknowledged = opened.disk->TraceSize();
  Apply(ChangesOf(more), &state);
  State now;
  const std::string unread = ReadState(opened.db.get(), opened.db.handles(), "", &now);
  if (verdict.problem.empty()) verdict.problem = unread.empty() ? Difference(state, now) : unread;
  if (!verdict.problem.empty()) verdict.problem = "after recovery: " + verdict.problem;
  if (dice->Coin()) opened.gate.Die();
  opened.db.Close();
  first->trace = opened.disk->TakeTrace();
  return verdict;
}

}  // namespace

Verdict CheckCut(const Recording& recording, Image image, const Cut& cut) {
  Dice dice(SeedFor(recording.seed, cut.draw, 5));
  const DrawnOptions options = OptionsFor(recording.seed, cut.draw, kDirectory);
  const Expectation expected = ExpectedAfter(recording, cut.operations);
  FirstOpening first;
  Verdict verdict = CheckFirst(image, options, expected, &dice, &first);
  if (!verdict.problem.empty() || verdict.is_refused || dice.Coin()) return verdict;
  // The power goes again, while the database recovers or soon after.
  size_t begin = 0;
  while (begin < first.trace.size() && first.trace[begin].kind != disk::Operation::Kind::kSyncDir) ++begin;
  while (begin < first.trace.size() && first.trace[begin].kind == disk::Operation::Kind::kSyncDir) ++begin;
  const size_t at = begin + dice.Below(first.trace.size() - begin + 1);
  if (at >= first.acknowledged) {
    first.expected.at_least = first.expected.batches.size();
    first.expected.must_exist = true;
  }
  disk::PowerCut power(first.trace);
  power.GoTo(at);
  std::string how;
  const Image second = power.Cut(&dice, &how);
  Opened opened(second);
  State state;
  Verdict again;
  OpenAndRead(&opened, OptionsFor(recording.seed, cut.draw + 1, kDirectory), first.expected, &state, &again)
      .PermitUncheckedError();
  verdict.has_second_cut = true;
  verdict.is_refused = again.is_refused;
  if (!again.problem.empty()) {
    verdict.problem = "after a second cut, " + std::to_string(at) + " of " + std::to_string(first.trace.size()) +
                      " operations (" + how + "): " + again.problem;
  }
  return verdict;
}

bool IsOtherPrefix(const Recording& recording, const Cut& cut, const std::string& content) {
  const Expectation expected = ExpectedAfter(recording, cut.operations);
  State state;
  for (const auto& [name, family] : expected.families) {
    if (content.find(name + ": ") != std::string::npos) state[name];
  }
  for (size_t i = 0;; ++i) {
    if (i >= expected.at_least && Describe(state) == content) return true;
    if (i == expected.batches.size()) return false;
    Apply(ChangesOf(expected.batches[i]), &state);
    for (auto at = state.begin(); at != state.end();) {
      at = content.find(at->first + ": ") == std::string::npos ? state.erase(at) : std::next(at);
    }
  }
}

std::string DescribeDirectory(uint64_t seed, uint64_t draw, const std::string& root) {
  const std::string directory = root + kDirectory;
  const DrawnOptions options = OptionsFor(seed, draw, directory);
  std::vector<std::string> families;
  const Status listed = rocksdb::DB::ListColumnFamilies(options.db, directory, &families);
  for (const std::string& name : kLastingFamilies) {
    if (std::find(families.begin(), families.end(), name) == families.end()) families.push_back(name);
  }
  OpenedDb db;
  const Status status = db.Open(options, directory, families);
  if (!status.ok()) return kNotOpened + std::to_string(static_cast<int>(status.code()));
  State state;
  const std::string unread = ReadState(db.get(), db.handles(), "", &state);
  return unread.empty() ? Describe(state) : unread;
}

}  // namespace gneiss::powercut
