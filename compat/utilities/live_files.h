// The files that make up a database at one moment, and the means to copy them: what checkpoints and backups are made
// of.
//
// Units:   sizes in bytes; a size of 0 in CopyFile means the whole file.
// Owner:   the caller. While a KeepFiles lives, the database deletes none of its files.
// Threads: any thread; the database may go on writing.
// Errors:  the Env's. A database spread over several paths is NotSupported, as in RocksDB.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include <string>
#include <vector>

namespace gneiss::compat {

class KeepFiles {
 public:
  explicit KeepFiles(rocksdb::DB* db) : db_(db), status_(db->DisableFileDeletions()) {}
  ~KeepFiles() {
    if (status_.ok()) db_->EnableFileDeletions(/*force=*/false).PermitUncheckedError();
  }
  KeepFiles(const KeepFiles&) = delete;
  KeepFiles& operator=(const KeepFiles&) = delete;
  // A database that never deletes files says NotSupported, and that is as good.
  rocksdb::Status status() const { return status_.IsNotSupported() ? rocksdb::Status::OK() : status_; }

 private:
  rocksdb::DB* db_;
  rocksdb::Status status_;
};

// Memtables are flushed first when the logs hold at least `wal_bytes_for_flush` (0: always). The logs are part of the
// list, so what is written meanwhile does not tear a batch apart. Call it under a KeepFiles.
rocksdb::Status ListLiveFiles(rocksdb::DB* db, uint64_t wal_bytes_for_flush,
                              std::vector<rocksdb::LiveFileStorageInfo>* files);

// Copies up to `max_bytes` and syncs the copy.
rocksdb::Status CopyFile(rocksdb::Env* env, const std::string& from, const std::string& to, uint64_t max_bytes,
                         bool use_fsync, uint64_t* copied_bytes);

// Hard-links the files into `dir`, or copies them where they are to be cut, or lie on another file system.
rocksdb::Status LinkOrCopyFiles(rocksdb::Env* env, const std::vector<rocksdb::LiveFileStorageInfo>& files,
                                const std::string& dir, bool use_fsync);

}  // namespace gneiss::compat
