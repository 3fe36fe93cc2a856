// A file system in memory for runs of the scheduler: each call is a yield point, what was not synced is known, and
// nothing of the machine's disk can change an interleaving. Directories are names only.
//
// Owner:   open files share what they hold with the file system, so they stay readable after Remove, as on POSIX.
// Threads: those of one run, which take turns: no locks.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace gneiss::schedules {

struct MemoryFile {
  std::string bytes;
  size_t durable_bytes = 0;  // the rest is lost when the power fails
};
using MemoryFilePtr = std::shared_ptr<MemoryFile>;

class MemoryFileSystem final : public FileSystem {
 public:
  // What the disk would hold after a power cut now. New and removed names count as durable at once.
  std::unique_ptr<MemoryFileSystem> AfterPowerCut() const;
  // And after the death of the process: what was appended is there.
  std::unique_ptr<MemoryFileSystem> AfterKill() const;

  Status OpenSequential(const std::string& path, std::unique_ptr<SequentialFile>* file) override;
  Status OpenRandomAccess(const std::string& path, const FileOptions& options,
                          std::unique_ptr<RandomAccessFile>* file) override;
  Status Create(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override;
  Status Reopen(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override;
  Status Reuse(const std::string& path, const std::string& old_path, std::unique_ptr<WritableFile>* file) override;
  Status OpenDirectory(const std::string& path, std::unique_ptr<Directory>* directory) override;
  Status FileExists(const std::string& path) override;
  Status List(const std::string& directory, std::vector<std::string>* names) override;
  Status Remove(const std::string& path) override;
  Status CreateDir(const std::string& path) override;
  Status CreateDirIfMissing(const std::string& path) override;
  Status RemoveDir(const std::string& path) override;
  Status FileSize(const std::string& path, uint64_t* size) override;
  Status ModifiedUnixSeconds(const std::string& path, uint64_t* seconds) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override;

 private:
  std::unique_ptr<MemoryFileSystem> Copy(bool is_power_cut) const;
  Status Find(const std::string& path, MemoryFilePtr* file) const;

  std::map<std::string, MemoryFilePtr> files_;
  std::set<std::string> directories_;
};

}  // namespace gneiss::schedules
