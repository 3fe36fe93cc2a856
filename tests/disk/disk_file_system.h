// A DiskFileSystem shows a Disk to a database through RocksDB's public FileSystem interface, so that the same test runs
// on any library behind those headers. Each call first asks a Gate, which can let it pass, fail it or cut it short.
//
// Owner:   shares the disk; the gate must outlive the file system and the files it opened.
// Threads: as the interface asks.
// Errors:  the gate's and the disk's.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

#include "tests/disk/disk.h"

namespace gneiss::disk {

enum class Call : uint8_t {
  kOpenForReading,
  kOpenForWriting,
  kRead,
  kAppend,
  kFlush,
  kSync,
  kRangeSync,
  kAllocate,
  kTruncate,
  kClose,
  kRename,
  kLink,
  kRemove,
  kCreateDir,
  kRemoveDir,
  kOpenDir,
  kSyncDir,
  kList,
  kExists,
  kSize,
  kLock,
};
const char* NameOf(Call call);

class Gate {
 public:
  virtual ~Gate() = default;
  // Not OK: the call fails so. `bytes` counts what an append would write; an append that fails writes as many bytes as
  // are left in it.
  virtual rocksdb::IOStatus Enter(Call call, const std::string& path, size_t* bytes) = 0;
};

// Lets everything pass until the process that uses it has "died": from then on nothing reaches the disk.
class LifeGate : public Gate {
 public:
  rocksdb::IOStatus Enter(Call, const std::string&, size_t* bytes) override {
    if (is_alive_.load()) return rocksdb::IOStatus::OK();
    *bytes = 0;
    return rocksdb::IOStatus::IOError("the process has died");
  }
  void Die() { is_alive_.store(false); }

 private:
  std::atomic<bool> is_alive_{true};
};

std::shared_ptr<rocksdb::FileSystem> NewDiskFileSystem(std::shared_ptr<Disk> disk, Gate* gate);

}  // namespace gneiss::disk
