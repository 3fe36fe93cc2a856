// What the battery found, each as a case of its own, and what it does not reach. RocksDB 7.8.3 fails most of them.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include "tests/disk/disk_file_system.h"
#include "tests/disk/power_cut.h"
#include "tests/support/opened_db.h"

namespace gneiss::powercut {
namespace {

using disk::Disk;
using disk::Image;
using disk::Operation;
using disk::PowerCut;

const std::vector<std::string> kFamilies = {"default", "one"};

// A machine: its disk, and one process that has the database open.
class Machine {
 public:
  explicit Machine(const Image& image) : disk(std::make_shared<Disk>(image)) {}
  ~Machine() { db.Close(); }

  rocksdb::Status Open() {
    fs_ = disk::NewDiskFileSystem(disk, &gate);
    env_ = rocksdb::NewCompositeEnv(fs_);
    options.db.env = env_.get();
    options.db.create_if_missing = options.db.create_missing_column_families = true;
    options.db.info_log = NewSilentLogger();
    return db.Open(options, "/db", kFamilies);
  }
  rocksdb::Status Put(const std::string& family, const std::string& key, const std::string& value, bool sync = false) {
    rocksdb::WriteOptions write;
    write.sync = sync;
    return db->Put(write, db.handles().at(family), key, value);
  }
  std::string Get(const std::string& family, const std::string& key) {
    std::string value;
    const rocksdb::Status status = db->Get({}, db.handles().at(family), key, &value);
    return status.ok() ? value : status.IsNotFound() ? "(none)" : status.ToString();
  }
  std::vector<std::string> Logs() const {
    std::vector<std::string> logs;
    for (const auto& [path, bytes] : disk->Now().files) {
      if (path.ends_with(".log")) logs.push_back(path);
    }
    return logs;
  }

  DrawnOptions options;
  disk::LifeGate gate;
  std::shared_ptr<Disk> disk;
  OpenedDb db;

 private:
  std::shared_ptr<rocksdb::FileSystem> fs_;
  std::unique_ptr<rocksdb::Env> env_;
};

Image EmptyDisk() {
  Image image;
  image.directories = {"/db"};
  return image;
}

// Two logs, neither synced; the first one's data did not reach the disk, the second one's did.
Image FirstLogLost(bool with_its_name) {
  Machine machine(EmptyDisk());
  machine.options.family.max_write_buffer_number = 4;
  EXPECT_TRUE(machine.Open().ok());
  EXPECT_TRUE(machine.Put("default", "k", "synced", true).ok());
  EXPECT_TRUE(machine.db->PauseBackgroundWork().ok());
  rocksdb::FlushOptions flush;
  flush.wait = false;
  EXPECT_TRUE(machine.db->Flush(flush).ok());
  EXPECT_TRUE(machine.Put("one", "k", "first").ok());
  EXPECT_TRUE(machine.db->Flush(flush, machine.db.handles().at("one")).ok());
  EXPECT_TRUE(machine.Put("default", "k", "second").ok());
  const std::vector<std::string> logs = machine.Logs();
  EXPECT_EQ(logs.size(), 3u);
  Image image = machine.disk->Now();
  if (with_its_name) {
    image.files.erase(logs[1]);
  } else {
    image.files[logs[1]].clear();
  }
  machine.gate.Die();
  EXPECT_TRUE(machine.db->ContinueBackgroundWork().ok());
  return image;
}

TEST(FoundTest, NothingComesBackFromBehindAHoleBetweenLogs) {
  for (const bool with_its_name : {false, true}) {
    const Image image = FirstLogLost(with_its_name);
    for (const auto mode :
         {rocksdb::WALRecoveryMode::kPointInTimeRecovery, rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords}) {
      Machine machine(image);
      machine.options.db.wal_recovery_mode = mode;
      const rocksdb::Status status = machine.Open();
      ASSERT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(machine.Get("default", "k"), "synced");
      EXPECT_EQ(machine.Get("one", "k"), "(none)");
    }
    Machine machine(image);
    machine.options.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
    EXPECT_TRUE(machine.Open().IsCorruption());
  }
}

// What the note about the log before must not do: hold up logs that are whole.
TEST(FoundTest, LogsThatAreWholeAreReplayed) {
  Machine machine(FirstLogLost(false));
  ASSERT_TRUE(machine.Open().ok());
  EXPECT_TRUE(machine.db->PauseBackgroundWork().ok());
  rocksdb::FlushOptions flush;
  flush.wait = false;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(machine.Put("one", "k" + std::to_string(i), "value").ok());
    EXPECT_TRUE(machine.db->Flush(flush, machine.db.handles().at(i == 0 ? "one" : "default")).ok());
  }
  EXPECT_TRUE(machine.Put("one", "k2", "value", true).ok());
  Machine again(machine.disk->Now());
  again.options.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  ASSERT_TRUE(again.Open().ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(again.Get("one", "k" + std::to_string(i)), "value");
  machine.gate.Die();
  EXPECT_TRUE(machine.db->ContinueBackgroundWork().ok());
}

// A process dies with writes that were not synced; the next one leaves them in their log and syncs a write of its own.
TEST(FoundTest, ALogKeptByRecoveryIsDurableBeforeLaterSyncs) {
  Image durable;
  {
    auto machine = std::make_unique<Machine>(EmptyDisk());
    ASSERT_TRUE(machine->Open().ok());
    ASSERT_TRUE(machine->Put("default", "before", "1").ok());
    const std::shared_ptr<Disk> disk = machine->disk;
    machine->gate.Die();
    machine.reset();
    Machine next(EmptyDisk());
    next.disk = disk;
    next.options.db.avoid_flush_during_recovery = true;
    ASSERT_TRUE(next.Open().ok());
    ASSERT_TRUE(next.Put("default", "after", "2", true).ok());
    next.gate.Die();
    next.db.Close();
    const disk::Trace trace = disk->TakeTrace();
    PowerCut power(trace);
    power.GoTo(trace.size());
    durable = power.Durable();
  }
  Machine machine(durable);
  ASSERT_TRUE(machine.Open().ok());
  EXPECT_EQ(machine.Get("default", "before"), "1");
  EXPECT_EQ(machine.Get("default", "after"), "2");
}

// The last record of the MANIFEST lies across a sector's end, and the power went while it was written: the file's size
// was there, one of the sectors was not.
TEST(FoundTest, ATornLastRecordOfTheManifestIsItsEnd) {
  Machine machine(EmptyDisk());
  ASSERT_TRUE(machine.Open().ok());
  for (int i = 0; i < 150; ++i) {
    ASSERT_TRUE(machine.Put("default", "k" + std::to_string(i), std::string(i % 7, 'v'), true).ok());
    ASSERT_TRUE(machine.db->Flush({}).ok());
  }
  machine.gate.Die();
  machine.db.Close();
  const disk::Trace trace = machine.disk->TakeTrace();
  PowerCut power(trace);
  std::map<uint64_t, std::string> manifests;
  int torn = 0;
  for (size_t at = 0; at < trace.size(); ++at) {
    const Operation& operation = trace[at];
    if (operation.kind == Operation::Kind::kCreate && operation.path.find("MANIFEST") != std::string::npos) {
      manifests[operation.file] = operation.path;
    }
    const uint64_t begin = operation.offset;
    const uint64_t end = begin + operation.bytes.size();
    const uint64_t sector = end / 512 * 512;
    const bool is_torn = operation.kind == Operation::Kind::kWrite && manifests.count(operation.file) != 0 &&
                         begin > 0 && sector > begin && end > sector;
    if (!is_torn) continue;
    ++torn;
    power.GoTo(at);
    for (const bool is_first_lost : {false, true}) {
      Image image = power.Durable();
      std::string lost = operation.bytes;
      const size_t cut = sector - begin;
      lost.replace(is_first_lost ? 0 : cut, is_first_lost ? cut : std::string::npos,
                   std::string(is_first_lost ? cut : lost.size() - cut, 0));
      image.files.at(manifests.at(operation.file)) += lost;
      Machine again(image);
      const rocksdb::Status status = again.Open();
      ASSERT_TRUE(status.ok()) << status.ToString() << " at " << begin << " to " << end;
      EXPECT_EQ(again.Get("default", "k0"), "");
    }
  }
  EXPECT_GT(torn, 10);
}

// Space was allocated ahead of a log in steps that are no multiple of anything, and a few zeros are what is left of it.
// The log was synced before the other family's table was installed, so nothing can be missing. (RocksDB does not open
// it.)
TEST(FoundTest, AFewZerosAtTheEndOfALogAreNoHole) {
  Machine machine(EmptyDisk());
  ASSERT_TRUE(machine.Open().ok());
  ASSERT_TRUE(machine.Put("default", "k", "logged").ok());
  ASSERT_TRUE(machine.Put("one", "k", "flushed").ok());
  ASSERT_TRUE(machine.db->Flush({}, machine.db.handles().at("one")).ok());
  machine.gate.Die();
  machine.db.Close();
  const std::string log = machine.Logs().front();
  for (size_t zeros = 1; zeros < 8; ++zeros) {
    Image image = machine.disk->Now();
    image.files.at(log) += std::string(zeros, 0);
    Machine again(image);
    const rocksdb::Status status = again.Open();
    ASSERT_TRUE(status.ok()) << zeros << ": " << status.ToString();
    EXPECT_EQ(again.Get("default", "k"), "logged");
    EXPECT_EQ(again.Get("one", "k"), "flushed");
  }
  Image image = machine.disk->Now();
  image.files.at(log) += "\1\2\3";  // may be the beginning of a record
  Machine again(image);
  EXPECT_TRUE(again.Open().IsCorruption());
}

// Of a log that ends in the beginning of a record nobody knows whether that was acknowledged. The next log's first
// sequence number tells: either nothing is missing, or what follows lies behind a hole.
TEST(FoundTest, BehindATornLogReplayGoesOnWithTheVeryNextSequenceNumber) {
  for (const bool has_gap : {false, true}) {
    Machine machine(EmptyDisk());
    ASSERT_TRUE(machine.Open().ok());
    ASSERT_TRUE(machine.Put("default", "k1", "first", true).ok());
    ASSERT_TRUE(machine.db->PauseBackgroundWork().ok());
    rocksdb::FlushOptions flush;
    flush.wait = false;
    ASSERT_TRUE(machine.db->Flush(flush).ok());
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    if (has_gap) {
      ASSERT_TRUE(machine.db->Put(unlogged, "gap", "").ok());
    }
    ASSERT_TRUE(machine.Put("default", "k2", "second", true).ok());
    Image image = machine.disk->Now();
    const std::vector<std::string> logs = machine.Logs();
    ASSERT_EQ(logs.size(), 2u);
    image.files.at(logs[0]) += "\1\2\3";
    Machine again(image);
    const rocksdb::Status status = again.Open();
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(again.Get("default", "k1"), "first");
    EXPECT_EQ(again.Get("default", "k2"), has_gap ? "(none)" : "second");
    machine.gate.Die();
    EXPECT_TRUE(machine.db->ContinueBackgroundWork().ok());
  }
}

// fsync of a file promises nothing about its name.
TEST(FoundTest, CurrentNeverNamesAManifestWhoseNameIsNotDurable) {
  Machine machine(EmptyDisk());
  machine.options.db.max_manifest_file_size = 1;
  ASSERT_TRUE(machine.Open().ok());
  ASSERT_TRUE(machine.Put("default", "k", "v").ok());
  ASSERT_TRUE(machine.db->Flush({}).ok());
  machine.db.Close();
  const disk::Trace trace = machine.disk->TakeTrace();
  int renames = 0;
  bool is_durable = false;
  for (const Operation& operation : trace) {
    if (operation.kind == Operation::Kind::kCreate && operation.path.find("MANIFEST") != std::string::npos) {
      is_durable = false;
    }
    if (operation.kind == Operation::Kind::kSyncDir && operation.path == "/db") is_durable = true;
    if (operation.kind == Operation::Kind::kRename && operation.other_path == "/db/CURRENT") {
      EXPECT_TRUE(is_durable);
      ++renames;
    }
  }
  EXPECT_GE(renames, 2);
}

}  // namespace
}  // namespace gneiss::powercut
