// The workload: one thread that writes, flushes, merges, creates and drops families, reopens and sometimes dies, with
// the database's own background threads beside it. So a seed draws the same steps each time, but not the same order of
// operations on the disk; what failed is replayed from the saved recording.
#include <rocksdb/env.h>

#include <memory>

#include "tests/disk/disk_file_system.h"
#include "tests/parity/dice.h"
#include "tests/powercut/recording.h"
#include "tests/support/opened_db.h"

namespace gneiss::powercut {

namespace {

using disk::Disk;
using parity::Dice;
using parity::SeedFor;
using rocksdb::Status;

// One life of the process: its own view of the disk, which ends with it.
struct Life {
  explicit Life(const std::shared_ptr<Disk>& disk)
      : fs(disk::NewDiskFileSystem(disk, &gate)), env(rocksdb::NewCompositeEnv(fs)) {}
  ~Life() { db.Close(); }
  disk::LifeGate gate;
  std::shared_ptr<rocksdb::FileSystem> fs;
  std::unique_ptr<rocksdb::Env> env;
  OpenedDb db;
};

class Workload {
 public:
  explicit Workload(uint64_t seed) : seed_(seed), dice_(SeedFor(seed, 0, 3)), disk_(std::make_shared<Disk>()) {
    recording_.seed = seed;
    disk_->CreateDir(kDirectory, false).PermitUncheckedError();
    disk_->SyncDir("/").PermitUncheckedError();
  }

  Recording Run(uint64_t steps) {
    Open();
    for (uint64_t step = 0; step < steps && recording_.problem.empty(); ++step) Step();
    life_->db.Close();
    life_.reset();
    recording_.trace = disk_->TakeTrace();
    return std::move(recording_);
  }

 private:
  void Step() {
    const uint64_t draw = dice_.Below(1000);
    if (draw < 740) return Write(dice_.OneIn(5));
    if (draw < 780) {
      // SyncWAL promises nothing for what a log flushed by hand still keeps back.
      if (!FlushesLogByHand()) CallDurable(life_->db->SyncWAL(), "SyncWAL");
      return;
    }
    if (draw < 810) return CallDurable(life_->db->FlushWAL(true), "FlushWAL");
    if (draw < 830) return Expect(life_->db->FlushWAL(false), "FlushWAL");
    if (draw < 890) return Flush();
    if (draw < 915) return Compact();
    if (draw < 935) return CreateFamily();
    if (draw < 955) return DropFamily();
    if (draw < 965) return Expect(life_->db->SetOptions({{"max_write_buffer_number", "3"}}), "SetOptions");
    if (draw < 982) return Reopen();
    Die();
  }

  void Expect(const Status& status, const char* call) {
    if (!status.ok()) recording_.problem = std::string(call) + ": " + status.ToString();
  }
  bool FlushesLogByHand() const { return DrawOptions(seed_, 0, kDirectory).db.manual_wal_flush; }
  size_t Now() const { return disk_->TraceSize(); }
  void Note(Event::Kind kind, size_t begin, uint64_t number, NumberedBatch batch = {}, const std::string& family = {}) {
    recording_.events.push_back({kind, begin, Now(), number, std::move(batch), family});
  }

  void Open() {
    life_ = std::make_unique<Life>(disk_);
    DrawnOptions options = DrawOptions(seed_, openings_++, kDirectory);
    if (openings_ == 1) recording_.text = options.text;
    options.db.env = life_->env.get();
    std::vector<std::string> families = kLastingFamilies;
    families.insert(families.end(), passing_families_.begin(), passing_families_.end());
    const size_t begin = Now();
    Expect(life_->db.Open(options, kDirectory, families), "Open");
    if (openings_ == 1) Note(Event::Kind::kDurable, begin, 0);
  }

  void Write(bool sync) {
    std::vector<std::string> families = kLastingFamilies;
    for (const std::string& name : passing_families_) {
      if (dice_.Coin()) families.push_back(name);
    }
    const NumberedBatch batch = {.seed = seed_ + (uint64_t{lives_} << 32), .number = ++last_, .families = families};
    const size_t begin = Now();
    // The batch may reach the disk as soon as the call begins.
    recording_.events.push_back({Event::Kind::kBatch, begin, begin, last_, batch, {}});
    Expect(life_->db.Write(batch, sync), "Write");
    if (sync) Note(Event::Kind::kDurable, begin, last_);
  }

  void CallDurable(const Status& status, const char* call) {
    Expect(status, call);
    Note(Event::Kind::kDurable, Now(), last_);
  }

  void Flush() {
    const size_t begin = Now();
    std::vector<rocksdb::ColumnFamilyHandle*> chosen;
    const bool is_whole = dice_.OneIn(3);
    for (const auto& [name, handle] : life_->db.handles()) {
      if (is_whole || dice_.OneIn(3)) chosen.push_back(handle);
    }
    rocksdb::FlushOptions options;
    options.wait = is_whole || dice_.Coin();
    options.allow_write_stall = true;
    if (chosen.empty()) return;
    const Status status = life_->db->Flush(options, chosen);
    Expect(status, "Flush");
    if (is_whole) Note(Event::Kind::kDurable, begin, last_);
  }

  void Compact() {
    auto handle = life_->db.handles().begin();
    std::advance(handle, static_cast<int64_t>(dice_.Below(life_->db.handles().size())));
    Expect(life_->db->CompactRange({}, handle->second, nullptr, nullptr), "CompactRange");
  }

  void CreateFamily() {
    if (passing_families_.size() >= 3) return;
    const std::string name = "passing" + std::to_string(next_family_++);
    const size_t begin = Now();
    recording_.events.push_back({Event::Kind::kCreateFamily, begin, SIZE_MAX, 0, {}, name});
    const size_t index = recording_.events.size() - 1;
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    Expect(life_->db->CreateColumnFamily(DrawOptions(seed_, 0, kDirectory).family, name, &handle),
           "CreateColumnFamily");
    if (handle == nullptr) return;
    recording_.events[index].end = Now();
    life_->db.Add(handle);
    passing_families_.push_back(name);
  }

  void DropFamily() {
    if (passing_families_.empty()) return;
    const size_t chosen = dice_.Below(passing_families_.size());
    const std::string name = passing_families_[chosen];
    recording_.events.push_back({Event::Kind::kDropFamily, Now(), SIZE_MAX, 0, {}, name});
    Expect(life_->db->DropColumnFamily(life_->db.handles().at(name)), "DropColumnFamily");
    recording_.events.back().end = Now();
    life_->db.Release(name);
    passing_families_.erase(passing_families_.begin() + static_cast<int64_t>(chosen));
  }

  void Reopen() {
    life_->db.Close();
    Open();
  }

  // What the process had handed to the operating system stays, synced or not. Only a log that is flushed by hand may
  // have kept batches back.
  void Die() {
    life_->gate.Die();
    const std::unique_ptr<Life> dead = std::move(life_);
    const size_t died = Now();
    Open();
    if (!recording_.problem.empty()) return;
    std::map<std::string, std::string> content;
    const std::string problem = ReadFamily(life_->db.get(), life_->db.handles().at("default"), "", &content);
    const std::set<uint64_t> markers = MarkersIn("", content);
    const uint64_t found = markers.empty() ? 0 : *markers.rbegin();
    if (!problem.empty() || found > last_) recording_.problem = "after dying: " + problem;
    if (found < last_ && !FlushesLogByHand()) {
      recording_.problem = "after dying: batch " + std::to_string(last_) + " is lost";
    }
    ++lives_;
    last_ = found;
    recording_.events.push_back({Event::Kind::kRollback, died, died, found, {}, {}});
  }

  const uint64_t seed_;
  Dice dice_;
  const std::shared_ptr<Disk> disk_;
  Recording recording_;
  std::unique_ptr<Life> life_;
  uint64_t openings_ = 0;
  uint32_t lives_ = 0;
  uint64_t last_ = 0;
  uint64_t next_family_ = 1;
  std::vector<std::string> passing_families_;
};

}  // namespace

Recording Record(uint64_t seed, uint64_t steps) { return Workload(seed).Run(steps); }

}  // namespace gneiss::powercut
