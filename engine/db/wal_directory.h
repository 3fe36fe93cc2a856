// The WalDirectory is where log files lie: the live ones, and in archive/ those kept for readers of old updates.
//
// Units:   sizes in bytes, ages in seconds.
// Owner:   shared by the database and its ObsoleteFiles. Which logs are live is WalSet's to know; this one only sees
// files. Threads: every method is safe from any thread. Errors:  the file system's. A log that moves to the archive, or
// goes from there, while it is looked at is no error.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/db/config.h"
#include "engine/key/internal_key.h"

namespace gneiss {

struct WalFile {
  uint64_t number = 0;
  bool is_archived = false;
  SeqNo first_seq = 0;  // of its first batch
  uint64_t bytes = 0;
};

class WalDirectory {
 public:
  WalDirectory(const DatabaseConfig& config, std::string dir) : config_(config), dir_(std::move(dir)) {}

  // Logs that are no longer needed are kept (wal_ttl_seconds, wal_size_limit_bytes).
  bool KeepsArchive() const { return config_.wal_ttl_seconds > 0 || config_.wal_size_limit_bytes > 0; }
  Status CreateArchive();

  // Archived and live logs by number. Logs without a record are left out.
  Status List(std::vector<WalFile>* files) EXCLUDES(mutex_);
  // Opens a log, wherever it lies by now.
  Status OpenForReading(const WalFile& file, std::unique_ptr<SequentialFile>* opened) const;

  // Moves a log that is no longer needed into the archive.
  Status Archive(const std::string& path, uint64_t number);
  // Deletes what is older or more than the config allows, at most once per check interval. Without an archive it does
  // nothing.
  void PurgeArchive() EXCLUDES(mutex_);

 private:
  Status ListPlace(bool is_archived, std::vector<WalFile>* files) EXCLUDES(mutex_);
  Status Describe(WalFile* file, bool* is_gone) EXCLUDES(mutex_);
  Status ReadFirstSeq(const WalFile& file, SeqNo* seq) const;
  bool Exists(const WalFile& file) const;
  std::string PathOf(const WalFile& file) const;
  bool IsPurgeDue(uint64_t now_seconds) EXCLUDES(mutex_);
  bool DeleteArchived(uint64_t number) EXCLUDES(mutex_);

  const DatabaseConfig config_;
  const std::string dir_;
  Mutex mutex_;
  std::map<uint64_t, SeqNo> first_seqs_ GUARDED_BY(mutex_);  // a log's first record never changes
  uint64_t purged_unix_seconds_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gneiss
