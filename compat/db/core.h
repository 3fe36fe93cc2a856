// A DbCore is everything behind one open rocksdb::DB: the engine's Database and the adapters it was given.
//
// Owner:   shared by the DB, its column family handles, iterators and snapshots, so that what outlives the DB stays
// safe: it then
//          answers ShutdownInProgress, or goes on reading what it holds.
// Threads: the adapters are immutable; options that may change are guarded by options_mutex.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/logger.h"
#include "engine/base/stats.h"
#include "engine/db/database.h"

namespace gneiss::compat {

// A family's options as the database uses them, and their section of the OPTIONS file once it has been rendered: with
// hundreds of families most of a new file is as it was.
struct FamilyOptions {
  rocksdb::ColumnFamilyOptions options;
  std::string file_section;
};

struct DbCore {
  std::string name;
  std::string session_id;
  std::atomic<bool> has_inplace_updates{false};  // a family asks for them: RocksDB then gives no snapshots
  std::atomic<rocksdb::DB*> db{nullptr};         // what listeners are told; null until the DB is open
  rocksdb::DBOptions db_options;  // sanitised, as the database uses them; SetDBOptions changes the mutable ones only
  std::shared_ptr<rocksdb::FileSystem> rocks_fs;
  std::unique_ptr<FileSystem> owned_fs;  // null when the engine uses its own POSIX one
  std::unique_ptr<Clock> owned_clock;
  std::unique_ptr<Logger> logger;
  std::unique_ptr<StatsSink> stats;
  std::unique_ptr<EventSink> events;
  std::unique_ptr<RateLimit> rate_limit;
  std::unique_ptr<FileSpace> file_space;  // null for an SstFileManager of the program's own class
  std::unique_ptr<WalFilter> wal_filter;
  std::unique_ptr<FileChecksums> file_checksums;

  mutable std::mutex options_mutex;
  std::map<std::string, FamilyOptions> family_options;  // sanitised, by family name
  std::map<std::string, FamilyPtr> families;            // open ones, for calls over all of them

  std::unique_ptr<Database> database;  // last: it uses all of the above

  rocksdb::DBOptions DbOptions() const {
    const std::lock_guard<std::mutex> lock(options_mutex);
    return db_options;
  }
  rocksdb::ColumnFamilyOptions OptionsOf(const std::string& family) const {
    const std::lock_guard<std::mutex> lock(options_mutex);
    const auto found = family_options.find(family);
    return found == family_options.end() ? rocksdb::ColumnFamilyOptions() : found->second.options;
  }
};

class FamilyHandle final : public rocksdb::ColumnFamilyHandle {
 public:
  FamilyHandle(std::shared_ptr<DbCore> core, FamilyPtr family, const rocksdb::Comparator* comparator)
      : core_(std::move(core)), family_(std::move(family)), comparator_(comparator) {}

  ~FamilyHandle() override {
    for (const auto& listener : core_->db_options.listeners) listener->OnColumnFamilyHandleDeletionStarted(this);
  }

  const std::string& GetName() const override { return family_->name; }
  uint32_t GetID() const override { return family_->id; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor* descriptor) override {
    *descriptor = rocksdb::ColumnFamilyDescriptor(family_->name, core_->OptionsOf(family_->name));
    return rocksdb::Status::OK();
  }
  const rocksdb::Comparator* GetComparator() const override { return comparator_; }

  const FamilyPtr& family() const { return family_; }
  const std::shared_ptr<DbCore>& core() const { return core_; }

 private:
  const std::shared_ptr<DbCore> core_;
  const FamilyPtr family_;
  const rocksdb::Comparator* const comparator_;
};

class SnapshotHandle final : public rocksdb::Snapshot {
 public:
  SnapshotHandle(std::shared_ptr<DbCore> core, const gneiss::Snapshot* inner) : core_(std::move(core)), inner_(inner) {}
  ~SnapshotHandle() override { core_->database->ReleaseSnapshot(inner_); }
  rocksdb::SequenceNumber GetSequenceNumber() const override { return inner_->seq(); }
  int64_t GetUnixTime() const override { return inner_->unix_seconds(); }
  uint64_t GetTimestamp() const override { return UINT64_MAX; }
  const gneiss::Snapshot* inner() const { return inner_; }

 private:
  const std::shared_ptr<DbCore> core_;
  const gneiss::Snapshot* const inner_;
};

// A handle from DB::Open or CreateColumnFamily is always a FamilyHandle, a snapshot from GetSnapshot a SnapshotHandle.
inline const FamilyPtr& FamilyOf(const rocksdb::ColumnFamilyHandle* handle) {
  return static_cast<const FamilyHandle*>(handle)->family();
}
inline const gneiss::Snapshot* SnapshotOf(const rocksdb::Snapshot* snapshot) {
  return snapshot == nullptr ? nullptr : static_cast<const SnapshotHandle*>(snapshot)->inner();
}

}  // namespace gneiss::compat
