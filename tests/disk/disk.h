// A Disk is a file system in memory that keeps a Trace of what was done to it. DiskFileSystem shows it to a database.
//
// Owner:   files live as long as a name or an open file refers to them.
// Threads: every method is safe from any thread; one lock serves the whole disk, so the trace has one order.
// Errors:  as an operating system's: a missing name is NotFound to some calls, PathNotFound to others.
#pragma once

#include <rocksdb/io_status.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/disk/trace.h"

namespace gneiss::disk {

// What lies on a disk, without history.
struct Image {
  std::map<std::string, std::string> files;
  std::set<std::string> directories;
};

// Writes an image's files below `root` of the real file system, to be opened by another process.
void WriteImage(const Image& image, const std::string& root);

class Disk {
 public:
  struct File {
    uint64_t number = 0;
    std::string bytes;
  };
  using FilePtr = std::shared_ptr<File>;

  Disk() { directories_.insert("/"); }
  // All of it durable.
  explicit Disk(const Image& image);

  rocksdb::IOStatus Create(const std::string& path, bool truncates, FilePtr* file);
  rocksdb::IOStatus Open(const std::string& path, FilePtr* file) const;
  void Append(File* file, const char* bytes, size_t size);
  void WriteAt(File* file, uint64_t offset, const char* bytes, size_t size);
  void Truncate(File* file, uint64_t size);
  void Sync(File* file, bool succeeds);
  size_t Read(const File& file, uint64_t offset, size_t size, char* to) const;
  uint64_t Size(const File& file) const;

  rocksdb::IOStatus Rename(const std::string& from, const std::string& to);
  rocksdb::IOStatus Link(const std::string& from, const std::string& to);
  rocksdb::IOStatus Remove(const std::string& path);
  rocksdb::IOStatus CreateDir(const std::string& path, bool may_exist);
  rocksdb::IOStatus RemoveDir(const std::string& path);
  rocksdb::IOStatus SyncDir(const std::string& path);
  bool IsFile(const std::string& path) const;
  bool IsDir(const std::string& path) const;
  rocksdb::IOStatus List(const std::string& directory, std::vector<std::string>* names) const;

  size_t TraceSize() const;
  Trace TakeTrace();
  Image Now() const;

 private:
  void Record(Operation::Kind kind, uint64_t file, uint64_t offset, std::string bytes, const std::string& path,
              const std::string& other_path = {}) {
    trace_.push_back({kind, file, offset, std::move(bytes), path, other_path});
  }

  mutable std::mutex mutex_;
  std::map<std::string, FilePtr> files_;
  std::set<std::string> directories_;
  uint64_t next_number_ = 1;
  Trace trace_;
};

}  // namespace gneiss::disk
