// The files of the Posix FileSystem: each wraps one descriptor.
//
// Units:   offsets and sizes count bytes.
// Owner:   a file owns its descriptor. FileDescriptor closes what it holds.
// Threads: as file_system.h says. PosixWritableFile::Sync may run beside Append: it reads the descriptor only.
// Errors:  IoError with RocksDB's context texts, which users search for.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/io/file_system.h"

namespace gneiss {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Returns close's result; the descriptor is gone either way.
  int Close();

 private:
  int fd_ = -1;
};

// "context: path: what errno says"
Status PosixError(const std::string& context, const std::string& path, int errno_value);

// WritableFile's Sync, RangeSync and Allocate. PosixTrim gives back what was allocated behind `size`; space that stays
// allocated is only wasted, so its failures are not reported.
Status PosixSync(const FileDescriptor& fd, const std::string& path);
Status PosixRangeSync(const FileDescriptor& fd, const std::string& path, uint64_t offset, uint64_t size);
Status PosixAllocate(const FileDescriptor& fd, const std::string& path, uint64_t offset, uint64_t size);
void PosixTrim(const FileDescriptor& fd, uint64_t size, uint64_t allocated_end);

class PosixSequentialFile final : public SequentialFile {
 public:
  PosixSequentialFile(const std::string& path, FileDescriptor fd) : path_(path), fd_(std::move(fd)) {}
  Status Read(size_t size, Slice* result, char* scratch) override;
  Status Skip(uint64_t bytes) override;

 private:
  const std::string path_;
  const FileDescriptor fd_;
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  PosixRandomAccessFile(const std::string& path, FileDescriptor fd) : path_(path), fd_(std::move(fd)) {}
  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override;
  Status Prefetch(uint64_t offset, size_t size) override;
  void Hint(AccessPattern pattern) override;

 private:
  const std::string path_;
  const FileDescriptor fd_;
};

// Reads past the page cache (O_DIRECT): whole sectors into an aligned buffer of the thread, then copied.
class PosixDirectFile final : public RandomAccessFile {
 public:
  PosixDirectFile(const std::string& path, FileDescriptor fd) : path_(path), fd_(std::move(fd)) {}
  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override;

 private:
  const std::string path_;
  const FileDescriptor fd_;
};

// The whole file is mapped; results point into the mapping.
class PosixMmapFile final : public RandomAccessFile {
 public:
  static Status Open(const std::string& path, const FileDescriptor& fd, std::unique_ptr<RandomAccessFile>* file);
  ~PosixMmapFile() override;
  PosixMmapFile(const PosixMmapFile&) = delete;
  PosixMmapFile& operator=(const PosixMmapFile&) = delete;
  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override;
  void Hint(AccessPattern pattern) override;

 private:
  PosixMmapFile(const std::string& path, Slice mapped) : path_(path), mapped_(mapped) {}

  const std::string path_;
  const Slice mapped_;
};

class PosixWritableFile final : public WritableFile {
 public:
  struct Config {
    std::string path;
    uint64_t size = 0;                 // where the next byte goes
    bool drops_cache_on_sync = false;  // what direct writes ask for: written bytes do not stay in the page cache
  };
  PosixWritableFile(Config config, FileDescriptor fd)
      : config_(std::move(config)), fd_(std::move(fd)), size_(config_.size) {}
  ~PosixWritableFile() override;
  Status Append(Slice bytes) override;
  Status AppendParts(const Slice* parts, size_t count) override;
  Status Sync() override;
  Status Close() override;
  Status Truncate(uint64_t size) override;
  Status RangeSync(uint64_t offset, uint64_t size) override;
  Status Allocate(uint64_t offset, uint64_t size) override;

 private:
  const Config config_;
  FileDescriptor fd_;
  uint64_t size_;
  uint64_t allocated_end_ = 0;
};

class PosixDirectory final : public Directory {
 public:
  explicit PosixDirectory(FileDescriptor fd) : fd_(std::move(fd)) {}
  Status Sync() override;

 private:
  const FileDescriptor fd_;
};

}  // namespace gneiss
