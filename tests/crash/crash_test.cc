// A writer process puts numbered records into two column families, one batch for both, and is killed (SIGKILL) at a
// random moment; then the database is opened here and checked: per thread the records are 0..n-1 without a hole, n lies
// between what was acknowledged and what was begun, and both families agree. The kill leaves the page cache alone, so
// this also holds for writes that were not synced. Where flushes are atomic the records are not logged at all: those
// before the last flush must be there, the families agree all the same.
//
//     crash_test                                  the test
//     crash_test write DIR LEDGER THREADS MODE    the writer; ends only by being killed or by an error
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/test_seed.h"
#include "tests/crash/ledger.h"
#include "tests/support/temp_dir.h"

namespace gneiss::crash {
namespace {

constexpr int kUsualKills = 20;
constexpr int kKillsPerDirectory = 5;
constexpr long kPollNanos = 200'000;
constexpr long kEarlyKillNanosMax = 60'000'000;
constexpr uint64_t kSyncedRecordsMax = 400;
constexpr uint64_t kUnsyncedRecordsMax = 12'000;
constexpr uint64_t kRecordsPerFlush = 500;
const char* const kFamilyNames[] = {"default", "other"};

enum class Mode { kUnsynced, kSynced, kAtomicFlush };

// The database with its two families. They flush at different times, so that one log serves both unevenly; the values
// of one lie in blob files.
struct OpenDb {
  rocksdb::Status Open(const std::string& dir, Mode mode) {
    rocksdb::DBOptions options;
    options.atomic_flush = mode == Mode::kAtomicFlush;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    rocksdb::ColumnFamilyOptions small;
    small.write_buffer_size = 128 << 10;
    small.target_file_size_base = 64 << 10;
    small.max_bytes_for_level_base = 512 << 10;
    rocksdb::ColumnFamilyOptions large = small;
    large.write_buffer_size = 700 << 10;
    large.enable_blob_files = true;
    large.blob_file_size = 200 << 10;
    large.enable_blob_garbage_collection = true;
    large.blob_garbage_collection_age_cutoff = 0.5;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(options, dir, {{kFamilyNames[0], small}, {kFamilyNames[1], large}}, &families, &opened);
    db.reset(opened);
    return status;
  }
  ~OpenDb() {
    for (rocksdb::ColumnFamilyHandle* family : families) db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
};

int Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

// --- the writer

void WriteRecords(OpenDb* open, Ledger* ledger, int thread, Mode mode) {
  rocksdb::WriteOptions options;
  options.sync = mode == Mode::kSynced;
  options.disableWAL = mode == Mode::kAtomicFlush;
  for (uint64_t number = (*ledger)->acknowledged[thread].load();; ++number) {
    rocksdb::WriteBatch batch;
    for (rocksdb::ColumnFamilyHandle* family : open->families) {
      batch.Put(family, KeyOf(thread, number), ValueOf(thread, number)).PermitUncheckedError();
      batch.Put(family, HeadKeyOf(thread), std::to_string(number)).PermitUncheckedError();
    }
    (*ledger)->begun[thread].store(number + 1);
    rocksdb::Status status = open->db->Write(options, &batch);
    if (mode == Mode::kAtomicFlush) {
      if (number % kRecordsPerFlush != 0) continue;
      if (status.ok()) status = open->db->Flush({}, open->families);
    }
    if (!status.ok()) std::_Exit(Fail("write: " + status.ToString()));
    (*ledger)->acknowledged[thread].store(number + 1);
  }
}

int RunWriter(const std::string& dir, const std::string& ledger_file, int threads, Mode mode) {
  Ledger ledger(ledger_file);
  OpenDb open;
  const rocksdb::Status status = open.Open(dir, mode);
  if (!status.ok()) return Fail("the writer cannot open: " + status.ToString());
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) running.emplace_back(WriteRecords, &open, &ledger, i, mode);
  for (std::thread& thread : running) thread.join();
  return 0;
}

// --- the check

// Returns the number of records of `thread` in `family`, or -1 after saying what is wrong.
int64_t CountPrefix(const OpenDb& open, rocksdb::ColumnFamilyHandle* family, int thread) {
  const std::unique_ptr<rocksdb::Iterator> iterator(open.db->NewIterator({}, family));
  const std::string prefix = KeyOf(thread, 0).substr(0, 3);
  uint64_t number = 0;
  for (iterator->Seek(prefix); iterator->Valid() && iterator->key().starts_with(prefix); iterator->Next(), ++number) {
    if (iterator->key() == KeyOf(thread, number) && iterator->value() == ValueOf(thread, number)) continue;
    std::fprintf(stderr, "%s: expected %s, found %s\n", family->GetName().c_str(), KeyOf(thread, number).c_str(),
                 iterator->key().ToString().c_str());
    return -1;
  }
  if (!iterator->status().ok()) return Fail(iterator->status().ToString()) - 2;
  std::string head;
  const rocksdb::Status status = open.db->Get({}, family, HeadKeyOf(thread), &head);
  const std::string expected = number == 0 ? "" : std::to_string(number - 1);
  if (head == expected && (status.ok() || (status.IsNotFound() && number == 0))) return static_cast<int64_t>(number);
  return Fail(family->GetName() + ": the head says " + head + " " + status.ToString() + ", expected " + expected) - 2;
}

bool Verify(const std::string& dir, Ledger* ledger, Mode mode) {
  OpenDb open;
  const rocksdb::Status status = open.Open(dir, mode);
  if (!status.ok()) return Fail("cannot open after the kill: " + status.ToString()) == 0;
  for (int thread = 0; thread < kThreadsMax; ++thread) {
    const int64_t found = CountPrefix(open, open.families[0], thread);
    const int64_t also_found = CountPrefix(open, open.families[1], thread);
    const uint64_t acknowledged = (*ledger)->acknowledged[thread].load();
    const uint64_t begun = (*ledger)->begun[thread].load();
    std::printf("  thread %d: acknowledged %llu, begun %llu, found %lld and %lld\n", thread,
                static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(begun),
                static_cast<long long>(found), static_cast<long long>(also_found));
    if (found < 0 || found != also_found) return Fail("the families differ or have a hole") == 0;
    const auto count = static_cast<uint64_t>(found);
    if (count < acknowledged) return Fail("an acknowledged record is lost") == 0;
    if (count > begun) return Fail("a record that nobody wrote") == 0;
    // The next writer goes on from what is there.
    (*ledger)->acknowledged[thread].store(count);
    (*ledger)->begun[thread].store(count);
  }
  return true;
}

// --- the killer

void Pause(long nanos) {
  const timespec pause = {0, nanos};
  nanosleep(&pause, nullptr);
}

pid_t StartWriter(const std::string& dir, const std::string& ledger_file, int threads, Mode mode) {
  const std::string count = std::to_string(threads);
  const std::string mode_text = std::to_string(static_cast<int>(mode));
  const pid_t child = fork();
  if (child != 0) return child;
  execl("/proc/self/exe", "crash_test", "write", dir.c_str(), ledger_file.c_str(), count.c_str(), mode_text.c_str(),
        nullptr);
  _exit(127);
}

// Kills once `records` more are acknowledged, or, for 0, at some moment of the start. False when the writer ended
// alone.
bool KillAfter(pid_t child, uint64_t records, long early_nanos, const Ledger& ledger) {
  const uint64_t goal = ledger.Acknowledged() + records;
  if (records == 0) Pause(early_nanos);
  int ended = 0;
  while (ledger.Acknowledged() < goal) {
    if (waitpid(child, &ended, WNOHANG) == child) return false;
    Pause(kPollNanos);
  }
  kill(child, SIGKILL);
  return waitpid(child, &ended, 0) == child && WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL;
}

int RunTest() {
  std::mt19937_64 random(TestSeed(7083));
  const char* const kills_text = std::getenv("GNEISS_KILLS");
  const int kills = kills_text == nullptr ? kUsualKills : std::atoi(kills_text);
  const TempDir temp;
  bool is_atomic = true;
  for (int kill = 0; kill < kills; ++kill) {
    const std::string name = temp.path() + "/" + std::to_string(kill / kKillsPerDirectory);
    if (kill >= kKillsPerDirectory) {
      std::filesystem::remove_all(temp.path() + "/" + std::to_string(kill / kKillsPerDirectory - 1));
    }
    const int threads = 1 + static_cast<int>(random() % kThreadsMax);
    // One mode per directory: unlogged records must not lie between logged ones.
    if (kill % kKillsPerDirectory == 0) is_atomic = !is_atomic;
    const Mode mode = is_atomic ? Mode::kAtomicFlush : random() % 3 == 0 ? Mode::kSynced : Mode::kUnsynced;
    const uint64_t records_max = mode == Mode::kSynced ? kSyncedRecordsMax : kUnsyncedRecordsMax;
    const uint64_t records = random() % 6 == 0 ? 0 : 1 + random() % records_max;
    const auto early_nanos = static_cast<long>(random() % kEarlyKillNanosMax);
    std::printf("kill %d: %d threads, mode %d, after %llu records\n", kill, threads, static_cast<int>(mode),
                static_cast<unsigned long long>(records));
    const std::string ledger_file = name + ".ledger";
    Ledger ledger(ledger_file);
    const pid_t child = StartWriter(name, ledger_file, threads, mode);
    if (!KillAfter(child, records, early_nanos, ledger)) return Fail("the writer ended before it was killed");
    if (!Verify(name, &ledger, mode)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace gneiss::crash

int main(int argc, char** argv) {
  if (argc == 6 && std::string(argv[1]) == "write") {
    return gneiss::crash::RunWriter(argv[2], argv[3], std::atoi(argv[4]),
                                    static_cast<gneiss::crash::Mode>(std::atoi(argv[5])));
  }
  return gneiss::crash::RunTest();
}
