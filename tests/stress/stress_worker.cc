// One life of a database under stress: opens it, holds it against the expected state, then writes with several threads,
// reads, flushes, merges, creates and drops families, until it is killed or its time is over. stress.py starts it.
//
//     stress_worker DIRECTORY SEED MILLISECONDS     0: until killed
//
// DIRECTORY.expected is the expected state. Exit code 1: a promise was broken; what was is printed. 3: all is well, but
// the directory has nothing more to tell.
#include <rocksdb/env.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/parity/dice.h"
#include "tests/stress/expected_state.h"
#include "tests/support/opened_db.h"

namespace gneiss::stress {
namespace {

using parity::Dice;
using parity::SeedFor;
using rocksdb::Status;

const std::vector<std::string> kFamilies = {"default", "one", "two"};
constexpr size_t kValueBytesMax = 2000;
constexpr int kFamiliesDiffer = 3;  // as they may without a log: the directory has nothing more to tell

// How a directory is written, for life.
struct Plan {
  explicit Plan(uint64_t seed) {
    Dice dice(SeedFor(seed, 0, 41));
    writers = dice.Between(1, kWritersMax);
    const uint64_t draw = dice.Below(10);
    always_syncs = draw == 0;
    never_logs = draw == 1 || draw == 2;
    is_flush_atomic = draw == 2 || draw == 3;
  }
  uint64_t writers;
  bool always_syncs;
  bool never_logs;       // disableWAL
  bool is_flush_atomic;  // atomic_flush
  std::string Text() const {
    return std::string(always_syncs ? " always syncs" : "") + (never_logs ? " never logs" : "") +
           (is_flush_atomic ? " atomic flush" : "") + " " + std::to_string(writers) + " writers";
  }
};

DrawnOptions OptionsOf(uint64_t seed, uint64_t life, const std::string& directory) {
  DrawnOptions options = DrawOptions(seed, life, directory);
  // A log that a killed process left may end in the middle of a record.
  if (options.db.wal_recovery_mode == rocksdb::WALRecoveryMode::kAbsoluteConsistency) {
    options.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  }
  options.db.atomic_flush = Plan(seed).is_flush_atomic;
  // Both at once is more than RocksDB bears.
  if (options.db.atomic_flush) options.db.track_and_verify_wals_in_manifest = options.db.enable_pipelined_write = false;
  return options;
}

class Life {
 public:
  Life(std::string directory, uint64_t seed, uint64_t milliseconds)
      : directory_(std::move(directory)),
        seed_(seed),
        plan_(seed),
        milliseconds_(milliseconds),
        expected_(directory_ + ".expected"),
        life_(expected_->lives.fetch_add(1)),
        begin_(std::chrono::steady_clock::now()) {}

  int Run() {
    const DrawnOptions options = OptionsOf(seed_, life_, directory_);
    std::filesystem::create_directories(directory_);  // RocksDB makes wal_dir before the directory that holds it
    std::vector<std::string> families;
    rocksdb::DB::ListColumnFamilies(options.db, directory_, &families).PermitUncheckedError();
    for (const std::string& name : kFamilies) {
      if (std::find(families.begin(), families.end(), name) == families.end()) families.push_back(name);
    }
    const Status status = db_.Open(options, directory_, families);
    if (!status.ok()) Fail("it does not open: " + status.ToString());
    DropPassingFamilies();
    for (uint64_t i = 0; i < plan_.writers; ++i) CheckWriter(i);
    std::printf("checked %" PRIu64 " batches;%s%s\n", expected_.Acknowledged(), options.text.c_str(),
                plan_.Text().c_str());
    std::fflush(stdout);
    if (families_differ_) std::_Exit(kFamiliesDiffer);
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < plan_.writers; ++i) threads.emplace_back([this, i] { WriteLoop(i); });
    threads.emplace_back([this] { ReadLoop(); });
    threads.emplace_back([this] { MaintenanceLoop(); });
    for (std::thread& thread : threads) thread.join();
    db_.Close();
    NoteClosed();
    return 0;
  }

 private:
  [[noreturn]] void Fail(const std::string& problem) {
    const std::lock_guard lock(print_mutex_);
    std::printf("FAILED: %s\n", problem.c_str());
    std::fflush(stdout);
    std::_Exit(1);
  }
  void Must(const Status& status, const char* call) {
    if (!status.ok()) Fail(std::string(call) + ": " + status.ToString());
  }
  bool IsOver() const {
    return milliseconds_ != 0 && std::chrono::steady_clock::now() - begin_ > std::chrono::milliseconds(milliseconds_);
  }

  static std::string OwnerOf(uint64_t writer) { return "w" + std::to_string(writer) + "/"; }
  NumberedBatch BatchOf(uint64_t writer, uint64_t number) const {
    return {.seed = SeedFor(seed_, writer, 42),
            .number = number,
            .families = kFamilies,
            .owner = OwnerOf(writer),
            .value_bytes_max = kValueBytesMax};
  }

  // --- after opening

  void DropPassingFamilies() {
    std::vector<std::string> names;
    for (const auto& [name, handle] : db_.handles()) {
      if (std::find(kFamilies.begin(), kFamilies.end(), name) == kFamilies.end()) names.push_back(name);
    }
    for (const std::string& name : names) {
      Must(db_->DropColumnFamily(db_.handles().at(name)), "DropColumnFamily");
      db_.Release(name);
    }
  }

  // Each family holds a prefix of the writer's batches; the same in all, but where nothing is logged and families are
  // flushed one by one.
  void CheckWriter(uint64_t writer) {
    Counters::Writer& counters = expected_->writers[writer];
    const uint64_t begun = counters.begun.load();
    const bool may_lose = plan_.never_logs || OptionsOf(seed_, 0, directory_).db.manual_wal_flush;
    const uint64_t promised = may_lose ? counters.flushed.load() : counters.acknowledged.load();
    std::map<std::string, uint64_t> counts;
    for (const std::string& family : kFamilies) counts[family] = CheckFamily(writer, family, begun);
    for (const auto& [family, count] : counts) {
      const std::string where = OwnerOf(writer) + " in " + family + ": ";
      if (count < promised) {
        Fail(where + std::to_string(promised) + " batches were promised, found " + std::to_string(count));
      }
      const bool may_differ = plan_.never_logs && !plan_.is_flush_atomic;
      families_differ_ = families_differ_ || count != counts["default"];
      if (count != counts["default"] && !may_differ)
        Fail(where + std::to_string(count) + " batches, not as in default");
    }
    const uint64_t count = counts["default"];
    counters.begun.store(count);
    counters.acknowledged.store(count);
    counters.flushed.store(std::min(count, counters.flushed.load()));
    models_[writer] = StateAfter(writer, count);
  }

  State StateAfter(uint64_t writer, uint64_t count) const {
    State state;
    for (uint64_t number = 1; number <= count; ++number) Apply(ChangesOf(BatchOf(writer, number)), &state);
    return state;
  }

  uint64_t CheckFamily(uint64_t writer, const std::string& family, uint64_t begun) {
    State found;
    const std::string unread = ReadFamily(db_.get(), db_.handles().at(family), OwnerOf(writer), &found[family]);
    if (!unread.empty()) Fail(unread);
    const std::set<uint64_t> markers = MarkersIn(OwnerOf(writer), found[family]);
    const uint64_t count = markers.size();
    if (count > 0 && *markers.rbegin() != count) Fail(OwnerOf(writer) + " in " + family + ": a hole");
    if (count > begun) Fail(OwnerOf(writer) + " in " + family + ": batches that nobody wrote");
    State state;
    state[family] = StateAfter(writer, count)[family];
    const std::string difference = Difference(state, found);
    if (!difference.empty()) Fail(OwnerOf(writer) + " after " + std::to_string(count) + " batches: " + difference);
    return count;
  }

  // --- while it lives

  void WriteLoop(uint64_t writer) {
    Dice dice(SeedFor(seed_, life_, 43, writer));
    Counters::Writer& counters = expected_->writers[writer];
    while (!IsOver()) {
      const uint64_t number = counters.acknowledged.load() + 1;
      const NumberedBatch batch = BatchOf(writer, number);
      counters.begun.store(number);
      const bool sync = !plan_.never_logs && (plan_.always_syncs || dice.OneIn(50));
      Must(db_.Write(batch, sync, plan_.never_logs), "Write");
      counters.acknowledged.store(number);
      if (sync) counters.flushed.store(number);
      Apply(ChangesOf(batch), &models_[writer]);
      if (dice.OneIn(200)) CheckOwn(writer, &dice);
    }
  }

  // Nobody else writes this writer's keys, so a snapshot must show just what it has written.
  void CheckOwn(uint64_t writer, Dice* dice) {
    const rocksdb::Snapshot* const snapshot = db_->GetSnapshot();
    if (dice->Coin()) std::this_thread::yield();
    State found;
    const std::string& family = dice->Pick(kFamilies);
    const std::string unread =
        ReadFamily(db_.get(), db_.handles().at(family), OwnerOf(writer), &found[family], snapshot);
    db_->ReleaseSnapshot(snapshot);
    if (!unread.empty()) Fail(unread);
    State expected;
    expected[family] = models_[writer][family];
    const std::string difference = Difference(expected, found);
    if (!difference.empty()) Fail("at a snapshot: " + difference);
  }

  // An iterator's order, forth and back, and the agreement of families at one point in time.
  void ReadLoop() {
    Dice dice(SeedFor(seed_, life_, 44));
    while (!IsOver()) {
      const uint64_t writer = dice.Below(plan_.writers);
      const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator({}, db_.handles().at(dice.Pick(kFamilies))));
      std::vector<std::string> keys;
      const size_t count = dice.Between(1, 200);
      for (iterator->Seek(OwnerOf(writer)); iterator->Valid() && keys.size() < count; iterator->Next()) {
        if (!keys.empty() && iterator->key().compare(keys.back()) <= 0) Fail("an iterator's keys are out of order");
        keys.push_back(iterator->key().ToString());
      }
      Must(iterator->status(), "Next");
      if (keys.empty()) continue;
      iterator->SeekForPrev(keys.back());
      for (size_t i = keys.size(); i-- > 0; iterator->Prev()) {
        if (!iterator->Valid() || iterator->key() != keys[i]) Fail("an iterator does not find back to " + keys[i]);
      }
    }
  }

  void MaintenanceLoop() {
    Dice dice(SeedFor(seed_, life_, 45));
    uint64_t passing = 0;
    while (!IsOver()) {
      const uint64_t draw = dice.Below(100);
      if (draw < 35) {
        Flush(&dice);
      } else if (draw < 45) {
        Must(db_->CompactRange({}, db_.handles().at(dice.Pick(kFamilies)), nullptr, nullptr), "CompactRange");
      } else if (draw < 55) {
        FlushLog(dice.Coin());
      } else if (draw < 60) {
        rocksdb::ColumnFamilyHandle* handle = nullptr;
        const std::string name = "passing" + std::to_string(passing++);
        Must(db_->CreateColumnFamily(OptionsOf(seed_, 0, directory_).family, name, &handle), "CreateColumnFamily");
        Must(db_->Put({}, handle, "k", "v"), "Put");
        if (dice.Coin()) Must(db_->Flush({}, handle), "Flush");
        Must(db_->DropColumnFamily(handle), "DropColumnFamily");
        Must(db_->DestroyColumnFamilyHandle(handle), "DestroyColumnFamilyHandle");
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(dice.Below(20)));
      }
    }
  }

  std::vector<uint64_t> AcknowledgedNow() {
    std::vector<uint64_t> counts;
    for (const Counters::Writer& writer : expected_->writers) counts.push_back(writer.acknowledged.load());
    return counts;
  }
  void NoteFlushed(const std::vector<uint64_t>& counts) {
    for (uint64_t i = 0; i < plan_.writers; ++i) {
      std::atomic<uint64_t>& flushed = expected_->writers[i].flushed;
      uint64_t before = flushed.load();
      while (before < counts[i] && !flushed.compare_exchange_weak(before, counts[i])) {
      }
    }
  }

  void Flush(Dice* dice) {
    const std::vector<uint64_t> counts = AcknowledgedNow();
    // Atomic is a flush of the families it is given: of all of them, if they shall agree.
    const bool is_whole = plan_.is_flush_atomic || dice->Coin();
    std::vector<rocksdb::ColumnFamilyHandle*> chosen;
    for (const std::string& family : kFamilies) {
      if (is_whole || chosen.empty()) chosen.push_back(db_.handles().at(family));
    }
    Must(db_->Flush({}, chosen), "Flush");
    if (is_whole) NoteFlushed(counts);
  }

  void FlushLog(bool sync) {
    const std::vector<uint64_t> counts = AcknowledgedNow();
    Must(db_->FlushWAL(sync), "FlushWAL");
    if (!plan_.never_logs) NoteFlushed(counts);
  }

  // Closing flushes a log that is flushed by hand, and, unless it is asked not to, families without a log.
  void NoteClosed() {
    if (plan_.never_logs && OptionsOf(seed_, life_, directory_).db.avoid_flush_during_shutdown) return;
    NoteFlushed(AcknowledgedNow());
  }

  const std::string directory_;
  const uint64_t seed_;
  const Plan plan_;
  const uint64_t milliseconds_;
  ExpectedState expected_;
  const uint64_t life_;
  const std::chrono::steady_clock::time_point begin_;
  OpenedDb db_;
  bool families_differ_ = false;
  State models_[kWritersMax];
  std::mutex print_mutex_;
};

}  // namespace
}  // namespace gneiss::stress

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "library") {
    const auto& properties = rocksdb::GetRocksBuildProperties();
    const auto tag = properties.find("rocksdb_build_git_tag");
    std::printf("%s\n", tag == properties.end() || tag->second != "gneiss" ? "RocksDB" : "Gneiss");
    return 0;
  }
  if (argc != 4) {
    std::fprintf(stderr, "usage: stress_worker DIRECTORY SEED MILLISECONDS\n");
    return 2;
  }
  return gneiss::stress::Life(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10)).Run();
}
