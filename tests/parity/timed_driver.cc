// One turn of a timed hand-over: families with user-defined timestamps. As driver.cc, started by handover.py:
//
//     parity_timed turn DIRECTORY STATE SEED TURN FEATURES
//     parity_timed library
//     parity_timed features DIRECTORY
//
// The model keeps every write, so that any time at or after the start of history can be asked for.
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/parity/ledger.h"
#include "tests/parity/matrix.h"
#include "tests/parity/timed_model.h"

namespace gneiss::parity {
namespace {

constexpr int kDrawsMax = 400;
constexpr uint64_t kUseTimedOptions = 7;
constexpr uint64_t kUseTimedChecks = 8;
constexpr uint64_t kUseTimedKill = 9;

std::string Told(const std::string& what, const rocksdb::Status& status) {
  return status.ok() ? std::string() : what + ": " + status.ToString();
}

bool IsTimed(const std::string& family) { return family != kPlainFamily; }

std::string Shown(const TimedVersion& version) {
  return version.key.substr(0, 20) + "@" + std::to_string(version.time) +
         (version.value ? "=" + version.value->substr(0, 12) + "(" + std::to_string(version.value->size()) + ")"
                        : " deleted");
}

// What was read against what must be. A version before the start of history may have lost its time.
std::string Difference(const std::vector<TimedVersion>& expected, const std::vector<TimedVersion>& found,
                       uint64_t start) {
  const auto same = [&](const TimedVersion& a, const TimedVersion& b) {
    const bool is_history = a.time < start && b.time < start;
    return a.key == b.key && a.value == b.value && (is_history || a.time == b.time);
  };
  for (size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
    if (i < expected.size() && i < found.size() && same(expected[i], found[i])) continue;
    return "entry " + std::to_string(i) + " must be " + (i < expected.size() ? Shown(expected[i]) : "none") +
           " and is " + (i < found.size() ? Shown(found[i]) : "none");
  }
  return {};
}

// ReadOptions with the timestamps that they point to.
struct TimedReadOptions {
  TimedReadOptions(bool is_timed, uint64_t time, const rocksdb::Snapshot* snapshot) : bytes(Ts(time)), slice(bytes) {
    if (is_timed) options.timestamp = &slice;
    options.snapshot = snapshot;
    options.total_order_seek = true;
  }
  void From(uint64_t time) {
    start_bytes = Ts(time);
    start_slice = start_bytes;
    options.iter_start_ts = &start_slice;
  }
  std::string bytes, start_bytes;
  rocksdb::Slice slice, start_slice;
  rocksdb::ReadOptions options;
};

class TimedSession {
 public:
  TimedSession(std::string directory, uint64_t seed, uint64_t turn, TurnTraits traits, Features features)
      : directory_(std::move(directory)), seed_(seed), turn_(turn), traits_(traits), features_(features) {
    features_.has_blobs = false;  // the reference's blobs do not fit versions that lost their times
    traits_.may_skip_wal = false;
    shape_ = Model::Fresh(SeedFor(seed, 0, 0));
    shape_.may_have_old_tables = false;
    shape_.families.clear();
    uint64_t number = 0;
    for (const char* name : {kTimedFamilies[0], kTimedFamilies[1], kPlainFamily}) {
      FamilyPlan plan = DrawFamilyPlan(SeedFor(seed, 0, ++number), name, shape_);
      plan.order = IsTimed(name) ? Order::kTimed : Order::kBytewise;
      if (plan.style == Style::kFifo) {
        plan.style = Style::kLeveled;
        plan.levels = 7;
      }
      shape_.families.emplace_back(plan);
    }
  }
  ~TimedSession() { Close(); }

  std::string Open(bool is_after_kill) {
    Dice dice(SeedFor(seed_, turn_, kUseTimedOptions, openings_++));
    rocksdb::Status status;
    for (int draw = 0; draw < kDrawsMax; ++draw) {
      rocksdb::DBOptions db_options = DrawDbOptions(&dice, directory_, shape_, traits_, features_, is_after_kill);
      db_options.create_missing_column_families = true;
      // The reference cannot take in a file whose checksum it would have to make from a mapping.
      if (db_options.allow_mmap_reads) db_options.file_checksum_gen_factory = nullptr;
      std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
      for (const Family& family : shape_.families) {
        descriptors.emplace_back(family.plan.name,
                                 DrawFamilyOptions(&dice, directory_, family.plan, features_, db_options));
      }
      std::vector<rocksdb::ColumnFamilyHandle*> handles;
      rocksdb::DB* db = nullptr;
      status = rocksdb::DB::Open(db_options, directory_, descriptors, &handles, &db);
      if (status.IsNotSupported() || status.IsIncomplete()) {
        ++refusals_;
        continue;
      }
      if (!status.ok()) return Told("Open", status);
      db_.reset(db);
      for (rocksdb::ColumnFamilyHandle* handle : handles) handles_[handle->GetName()] = handle;
      return {};
    }
    return "every draw of options is refused, the last with " + status.ToString();
  }

  std::string Close() {
    if (db_ == nullptr) return {};
    for (const auto& [snapshot, count] : snapshots_) db_->ReleaseSnapshot(snapshot);
    snapshots_.clear();
    for (const auto& [name, handle] : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handles_.clear();
    std::string wrong;
    if (traits_.has_manual_wal_flush) wrong = Told("FlushWAL before Close", db_->FlushWAL(false));
    if (wrong.empty()) wrong = Told("Close", db_->Close());
    db_.reset();
    return wrong;
  }

  std::string Run(const TimedOperation& operation, const TimedModel& before);
  // Everything at a few times, for each family.
  std::string Check(const TimedModel& model, size_t count, const rocksdb::Snapshot* snapshot, Dice* dice);
  int refusals() const { return refusals_; }

 private:
  std::string RunWrite(const TimedOperation& operation);
  std::string RunRaise(const TimedOperation& operation);
  std::string RunIngest(const TimedOperation& operation);
  std::string CheckFamily(const std::string& family, const TimedView& view, uint64_t time, uint64_t start,
                          const rocksdb::Snapshot* snapshot, Dice* dice);
  std::vector<TimedVersion> ReadAll(const std::string& family, const rocksdb::ReadOptions& options, bool is_forward,
                                    std::string* wrong);

  const std::string directory_;
  const uint64_t seed_;
  const uint64_t turn_;
  TurnTraits traits_;
  Features features_;
  Model shape_;
  uint64_t openings_ = 0;
  int refusals_ = 0;
  std::unique_ptr<rocksdb::DB> db_;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> handles_;
  std::vector<std::pair<const rocksdb::Snapshot*, size_t>> snapshots_;  // with how many writes each sees
};

std::string TimedSession::RunWrite(const TimedOperation& operation) {
  // The reference loses count of its checksums when it fills in a range deletion's timestamps.
  const size_t protection_bytes = operation.seed % 5 == 0 && !operation.is_later ? 8 : 0;
  rocksdb::WriteBatch batch(0, 0, protection_bytes, 8);
  uint64_t time = 0;
  rocksdb::Status status;
  for (const TimedWrite& write : operation.writes) {
    rocksdb::ColumnFamilyHandle* const handle = handles_.at(write.family);
    const std::string ts = Ts(write.time);
    const bool has_ts = IsTimed(write.family) && !operation.is_later;
    if (IsTimed(write.family)) time = write.time;
    switch (write.kind) {
      case TimedWrite::Kind::kPut:
        status = has_ts ? batch.Put(handle, write.key, ts, write.value) : batch.Put(handle, write.key, write.value);
        break;
      case TimedWrite::Kind::kDelete:
        status = has_ts ? batch.Delete(handle, write.key, ts) : batch.Delete(handle, write.key);
        break;
      case TimedWrite::Kind::kSingleDelete:
        status = has_ts ? batch.SingleDelete(handle, write.key, ts) : batch.SingleDelete(handle, write.key);
        break;
      case TimedWrite::Kind::kDeleteRange:
        status = has_ts ? batch.DeleteRange(handle, write.key, write.value, ts)
                        : batch.DeleteRange(handle, write.key, write.value);
        break;
    }
    if (!status.ok()) return Told("WriteBatch", status);
  }
  if (operation.is_later && time != 0) {
    const uint32_t plain = handles_.at(kPlainFamily)->GetID();
    status = batch.UpdateTimestamps(Ts(time), [plain](uint32_t id) { return size_t{id == plain ? 0u : 8u}; });
    if (!status.ok()) return Told("UpdateTimestamps", status);
  }
  rocksdb::WriteOptions options;
  options.sync = operation.is_sync;
  return Told("Write", db_->Write(options, &batch));
}

std::string TimedSession::RunRaise(const TimedOperation& operation) {
  // The MANIFEST has it at once. What the log still holds back would be lost from before.
  const rocksdb::Status flushed = db_->FlushWAL(false);
  if (!flushed.ok()) return Told("FlushWAL", flushed);
  rocksdb::ColumnFamilyHandle* const handle = handles_.at(operation.family);
  if (operation.kind == TimedOperation::Kind::kRaise) {
    return Told("IncreaseFullHistoryTsLow", db_->IncreaseFullHistoryTsLow(handle, Ts(operation.time)));
  }
  const std::string bytes = Ts(operation.time);
  rocksdb::Slice slice(bytes);
  rocksdb::CompactRangeOptions options;
  options.full_history_ts_low = &slice;
  options.allow_write_stall = true;
  if (operation.seed % 2 == 0) options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return Told("CompactRange with a start", db_->CompactRange(options, handle, nullptr, nullptr));
}

std::string TimedSession::RunIngest(const TimedOperation& operation) {
  const rocksdb::Status flushed = db_->FlushWAL(false);  // as above
  if (!flushed.ok()) return Told("FlushWAL", flushed);
  rocksdb::ColumnFamilyHandle* const handle = handles_.at(operation.family);
  const std::string file = directory_ + "_ingested.sst";
  std::filesystem::remove(file);  // a killed turn may have left it, linked to what the database took in
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->GetOptions(handle));
  rocksdb::Status status = writer.Open(file);
  for (const TimedWrite& write : operation.writes) {
    if (!status.ok()) break;
    status = write.kind == TimedWrite::Kind::kPut ? writer.Put(write.key, Ts(write.time), write.value)
                                                  : writer.Delete(write.key, Ts(write.time));
  }
  if (status.ok()) status = writer.Finish();
  if (!status.ok()) return Told("SstFileWriter", status);
  rocksdb::IngestExternalFileOptions options;
  options.move_files = operation.seed % 2 == 0;
  status = db_->IngestExternalFile(handle, {file}, options);
  std::filesystem::remove(file);
  return Told("IngestExternalFile", status);
}

std::vector<TimedVersion> TimedSession::ReadAll(const std::string& family, const rocksdb::ReadOptions& options,
                                                bool is_forward, std::string* wrong) {
  std::vector<TimedVersion> found;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, handles_.at(family)));
  for (is_forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); is_forward ? it->Next() : it->Prev()) {
    TimedVersion version{it->key().ToString(), IsTimed(family) ? TimeOf(it->timestamp()) : 0, it->value().ToString()};
    if (options.iter_start_ts != nullptr) {
      if (version.key.size() < 16) {
        *wrong = "a key shorter than an internal key";
        return {};
      }
      if (static_cast<uint8_t>(version.key[version.key.size() - 8]) != 1) version.value.reset();
      version.key.resize(version.key.size() - 16);
    }
    found.push_back(std::move(version));
  }
  if (!it->status().ok()) *wrong = it->status().ToString();
  if (!is_forward) std::reverse(found.begin(), found.end());
  return found;
}

std::string TimedSession::CheckFamily(const std::string& family, const TimedView& view, uint64_t time, uint64_t start,
                                      const rocksdb::Snapshot* snapshot, Dice* dice) {
  const bool is_timed = IsTimed(family);
  const std::string where = "family " + family + " at " + std::to_string(time) + " (start " + std::to_string(start) +
                            (snapshot != nullptr ? ", snapshot" : "") + "): ";
  const std::vector<TimedVersion> expected = view.Scan(time);
  std::string wrong;
  for (const bool is_forward : {true, false}) {
    TimedReadOptions read(is_timed, time, snapshot);
    const std::vector<TimedVersion> found = ReadAll(family, read.options, is_forward, &wrong);
    if (wrong.empty()) wrong = Difference(expected, found, start);
    if (!wrong.empty()) return where + (is_forward ? "forward " : "backward ") + wrong;
  }
  for (int i = 0; i < 10; ++i) {
    const std::string key = "key" + std::to_string(dice->Below(55));
    const TimedWrite* const write = view.Find(key, time);
    const bool is_there = write != nullptr && write->kind == TimedWrite::Kind::kPut;
    TimedReadOptions read(is_timed, time, snapshot);
    rocksdb::PinnableSlice value;
    std::string found_time;
    const rocksdb::Status status = db_->Get(read.options, handles_.at(family), key, &value, &found_time);
    if (is_there ? !status.ok() || value != write->value : !status.IsNotFound()) {
      return where + "Get " + key + " gives " + status.ToString() + " " + value.ToString().substr(0, 20) +
             ", must be " + (is_there ? write->value.substr(0, 20) : "none");
    }
    if (is_there && is_timed && write->time >= start && TimeOf(found_time) != write->time) {
      return where + "Get " + key + " has the time " + std::to_string(TimeOf(found_time));
    }
  }
  if (!is_timed) return {};
  const uint64_t from = start + dice->Below(time - start + 1);
  TimedReadOptions read(true, time, snapshot);
  read.From(from);
  const std::vector<TimedVersion> found = ReadAll(family, read.options, true, &wrong);
  if (wrong.empty()) wrong = Difference(view.Versions(from, time), found, start);
  return wrong.empty() ? wrong : where + "versions from " + std::to_string(from) + ": " + wrong;
}

std::string TimedSession::Check(const TimedModel& model, size_t count, const rocksdb::Snapshot* snapshot, Dice* dice) {
  for (const char* family : {kTimedFamilies[0], kTimedFamilies[1], kPlainFamily}) {
    const TimedView view(model, family, count);
    const uint64_t start = model.StartOf(family);
    if (start != 0) {
      std::string low;
      const rocksdb::Status status = db_->GetFullHistoryTsLow(handles_.at(family), &low);
      if (!status.ok()) return Told("GetFullHistoryTsLow", status);
      if (low != Ts(start)) return std::string("the start of ") + family + " must be " + std::to_string(start);
    }
    std::vector<uint64_t> times = {model.now + 1};
    if (IsTimed(family)) times.insert(times.end(), {start, start + dice->Below(model.now + 1 - start)});
    for (const uint64_t time : times) {
      const std::string wrong = CheckFamily(family, view, time, start, snapshot, dice);
      if (!wrong.empty()) return wrong;
    }
  }
  return {};
}

std::string TimedSession::Run(const TimedOperation& operation, const TimedModel& before) {
  using Kind = TimedOperation::Kind;
  Dice dice(operation.seed);
  switch (operation.kind) {
    case Kind::kWrite:
      return RunWrite(operation);
    case Kind::kFlush:
    case Kind::kFlushAll: {
      rocksdb::FlushOptions options;
      options.allow_write_stall = true;
      std::vector<rocksdb::ColumnFamilyHandle*> which;
      for (const auto& [name, handle] : handles_) {
        if (operation.kind == Kind::kFlushAll || name == operation.family) which.push_back(handle);
      }
      const rocksdb::Status status = db_->Flush(options, which);
      return status.IsTryAgain() ? std::string() : Told("Flush", status);
    }
    case Kind::kCompact: {
      rocksdb::CompactRangeOptions options;
      options.allow_write_stall = true;
      options.exclusive_manual_compaction = dice.Coin();
      options.max_subcompactions = static_cast<uint32_t>(dice.Below(3));
      options.bottommost_level_compaction =
          dice.Pick({rocksdb::BottommostLevelCompaction::kSkip, rocksdb::BottommostLevelCompaction::kForce,
                     rocksdb::BottommostLevelCompaction::kForceOptimized});
      const rocksdb::Slice begin = operation.begin ? *operation.begin : rocksdb::Slice();
      const rocksdb::Slice end = operation.end ? *operation.end : rocksdb::Slice();
      return Told("CompactRange",
                  db_->CompactRange(options, handles_.at(operation.family), operation.begin ? &begin : nullptr,
                                    operation.end ? &end : nullptr));
    }
    case Kind::kRaise:
    case Kind::kCompactRaise:
      return RunRaise(operation);
    case Kind::kReopen: {
      const std::string wrong = Close();
      return wrong.empty() ? Open(false) : wrong;
    }
    case Kind::kFlushWal:
      return Told("FlushWAL", db_->FlushWAL(operation.is_sync));
    case Kind::kTakeSnapshot:
      if (snapshots_.size() < 3) snapshots_.emplace_back(db_->GetSnapshot(), before.writes.size());
      return {};
    case Kind::kReleaseSnapshot:
      if (!snapshots_.empty()) {
        db_->ReleaseSnapshot(snapshots_.front().first);
        snapshots_.erase(snapshots_.begin());
      }
      return {};
    case Kind::kIngest:
      return RunIngest(operation);
    case Kind::kCheck: {
      if (snapshots_.empty() || dice.Coin()) return Check(before, before.writes.size(), nullptr, &dice);
      const auto& [snapshot, count] = dice.Pick(snapshots_);
      return Check(before, count, snapshot, &dice);
    }
  }
  return {};
}

class TimedTurn {
 public:
  TimedTurn(const std::string& directory, std::string state, uint64_t seed, uint64_t turn, const std::string& features)
      : state_(std::move(state)),
        seed_(seed),
        turn_(turn),
        traits_(TraitsOf(seed, turn)),
        ledger_(state_ + "/ledger"),
        session_(directory, seed, turn, traits_, FeaturesOf(features)) {}

  int Run() {
    std::string wrong = Play();
    if (wrong.empty()) {
      std::printf("operations %llu entries %llu refusals %d\n", static_cast<unsigned long long>(traits_.operations),
                  static_cast<unsigned long long>(entries_), session_.refusals());
      return 0;
    }
    std::printf("%s\n", wrong.c_str());
    std::fflush(stdout);
    return 1;
  }

 private:
  static TurnTraits TraitsOf(uint64_t seed, uint64_t turn) {
    TurnTraits traits(seed, turn);
    traits.may_skip_wal = false;
    return traits;
  }

  // The model, and after a kill the states from the last that must be there to the last that was begun.
  std::vector<TimedModel> Candidates() {
    if (!std::filesystem::exists(state_ + "/model")) return {TimedModel()};
    TimedModel model = TimedModel::Load(state_ + "/model");
    if (ledger_->is_running.load() == 0) return {model};
    std::vector<TimedModel> candidates;
    const uint64_t safe = ledger_->safe.load(), begun = ledger_->begun.load();
    TimedStream stream(seed_, ledger_->turn.load());
    for (uint64_t done = 0;; ++done) {
      if (done >= safe) candidates.push_back(model);
      if (done == begun) return candidates;
      Apply(stream.Next(model), &model);
    }
  }

  std::string Verify(const std::vector<TimedModel>& candidates) {
    std::string first_wrong;
    for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
      Dice dice(SeedFor(seed_, turn_, kUseTimedChecks));
      const std::string wrong = session_.Check(*candidate, candidate->writes.size(), nullptr, &dice);
      if (wrong.empty()) {
        model_ = *candidate;
        return {};
      }
      if (first_wrong.empty()) first_wrong = wrong;
    }
    return "none of " + std::to_string(candidates.size()) + " states; from the newest: " + first_wrong;
  }

  void Die() {
    std::fflush(stdout);
    kill(getpid(), SIGKILL);
  }
  void StartKiller() {
    Dice dice(SeedFor(seed_, turn_, kUseTimedKill));
    const uint64_t spins = dice.Below(uint64_t{1} << dice.Between(5, 19));
    std::thread([this, spins] {
      while (!is_kill_due_.load(std::memory_order_acquire)) sched_yield();
      std::atomic<uint64_t> spun{0};
      while (spun.fetch_add(1) < spins) {
      }
      kill(getpid(), SIGKILL);
    }).detach();
  }

  std::string Operate() {
    TimedStream stream(seed_, turn_);
    for (uint64_t number = 0; number < traits_.operations; ++number) {
      const TimedOperation operation = stream.Next(model_);
      entries_ += operation.writes.size();
      const bool is_kill = traits_.is_killed && traits_.kill_at == number;
      ledger_->begun.store(number + 1);
      if (is_kill && !traits_.is_killed_after) is_kill_due_.store(true, std::memory_order_release);
      const std::string wrong = session_.Run(operation, model_);
      if (!wrong.empty()) return "operation " + std::to_string(number) + ": " + wrong;
      Apply(operation, &model_);
      using Kind = TimedOperation::Kind;
      const bool is_written_out = !traits_.has_manual_wal_flush || operation.kind == Kind::kFlushWal ||
                                  operation.kind == Kind::kReopen || operation.kind == Kind::kRaise ||
                                  operation.kind == Kind::kCompactRaise || operation.kind == Kind::kIngest ||
                                  operation.is_sync;
      if (is_written_out) ledger_->safe.store(number + 1);
      if (is_kill && traits_.is_killed_after) Die();
    }
    return {};
  }

  std::string Play() {
    const std::vector<TimedModel> candidates = Candidates();
    if (traits_.is_killed) StartKiller();
    const bool is_killed_opening = traits_.is_killed && traits_.kill_at == traits_.operations;
    if (is_killed_opening) is_kill_due_.store(true, std::memory_order_release);
    std::string wrong = session_.Open(ledger_->is_running.load() != 0);
    if (!wrong.empty()) return wrong;
    if (is_killed_opening) Die();
    wrong = Verify(candidates);
    if (!wrong.empty()) return "as handed over: " + wrong;
    model_.Save(state_ + "/model");
    ledger_->turn.store(turn_);
    ledger_->safe.store(0);
    ledger_->begun.store(0);
    ledger_->is_running.store(1);
    wrong = Operate();
    if (!wrong.empty()) return wrong;
    if (traits_.is_killed) Die();
    wrong = Verify({model_});
    if (wrong.empty()) wrong = session_.Close();
    if (!wrong.empty()) return "at the end: " + wrong;
    model_.Save(state_ + "/model");
    ledger_->is_running.store(0);
    return {};
  }

  const std::string state_;
  const uint64_t seed_;
  const uint64_t turn_;
  const TurnTraits traits_;
  Ledger ledger_;
  TimedSession session_;
  std::atomic<bool> is_kill_due_{false};
  TimedModel model_;
  uint64_t entries_ = 0;
};

std::string LoadedLibrary() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t path = line.find('/');
    if (path != std::string::npos && line.find("librocksdb", path) != std::string::npos) return line.substr(path);
  }
  return {};
}

int Main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "library") return std::printf("%s\n", LoadedLibrary().c_str()) < 0;
  if (command == "features" && argc == 3) return std::printf("compressed_logs\n") < 0;
  if (command == "turn" && argc == 7) {
    TimedTurn turn(argv[2], argv[3], std::stoull(argv[4]), std::stoull(argv[5]), argv[6]);
    return turn.Run();
  }
  std::printf("usage: see the head of timed_driver.cc\n");
  return 1;
}

}  // namespace
}  // namespace gneiss::parity

int main(int argc, char** argv) { return gneiss::parity::Main(argc, argv); }
