// ObsoleteFiles gathers files that nobody needs any more and deletes them from a background thread. Logs go to the
// archive first where there is one. What a dead table leaves in memory goes the same way, whether or not its file may.
//
// Owner:   shared by the database and its TableFiles (the last reader of a table may outlive the database).
// Threads: every method is safe from any thread. Add never blocks on I/O; Purge does the deleting.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/db/config.h"
#include "engine/db/wal_directory.h"
#include "engine/io/file_name.h"
#include "engine/version/table_file.h"

namespace gneiss {

class ObsoleteFiles : public FileReaper {
 public:
  struct Entry {
    FileKind kind = FileKind::kTable;
    uint64_t number = 0;
    std::string path;
    std::unique_ptr<TableRemains> remains = nullptr;
  };
  ObsoleteFiles(const DatabaseConfig& config, std::shared_ptr<WalDirectory> wal_directory)
      : config_(config), wal_directory_(std::move(wal_directory)) {}

  void TableUnreferenced(uint64_t number, const std::string& directory, std::unique_ptr<TableRemains> remains) override
      EXCLUDES(mutex_);
  void BlobFileUnreferenced(uint64_t number, const std::string& path) override EXCLUDES(mutex_);
  void Add(FileKind kind, uint64_t number, std::string path) EXCLUDES(mutex_);

  // Called (without a lock) whenever there is something to purge; must only schedule. Cleared by Stop.
  void SetScheduler(std::function<void()> schedule) EXCLUDES(mutex_);

  // While disabled, files wait. Disable calls nest; Enable(force) ends them all. Both return the nesting level.
  int Disable() EXCLUDES(mutex_);
  int Enable(bool force) EXCLUDES(mutex_);
  bool IsEnabled() const EXCLUDES(mutex_);
  uint64_t MinTableNumber() const EXCLUDES(mutex_);  // UINT64_MAX when no table waits

  // Deletes what waits.
  void Purge() EXCLUDES(mutex_);
  // Returns when no Purge that began before is still deleting.
  void WaitForPurge() EXCLUDES(mutex_);

 private:
  void Add(Entry entry) EXCLUDES(mutex_);
  void BuryRemains() EXCLUDES(mutex_);
  void Delete(const Entry& entry);
  Status Remove(const Entry& entry);

  const DatabaseConfig config_;
  const std::shared_ptr<WalDirectory> wal_directory_;
  mutable Mutex mutex_;
  CondVar purged_;
  int purges_ GUARDED_BY(mutex_) = 0;  // running
  std::vector<Entry> waiting_ GUARDED_BY(mutex_);
  int disabled_ GUARDED_BY(mutex_) = 0;
  std::function<void()> schedule_ GUARDED_BY(mutex_);
};

}  // namespace gneiss
