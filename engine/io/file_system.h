// The FileSystem is where the engine does all its I/O: the operating system's (Posix()), a user's (through
// compat/adapters), or a test's.
//
// Units:   offsets and sizes count bytes.
// Owner:   files are owned by whoever opened them and closed by their destructor; a WritableFile that was not closed
//          first drops its buffered bytes' errors, so writers call Close.
// Threads: a FileSystem and a RandomAccessFile are safe from any thread; other files belong to one thread at a time.
// Errors:  IoError with the file's name; a missing file has sub-code kPathNotFound, a full disk kNoSpace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

class SequentialFile {
 public:
  virtual ~SequentialFile() = default;
  // Reads up to `size` bytes into scratch; *result may point there. A short result means the end of the file.
  virtual Status Read(size_t size, Slice* result, char* scratch) = 0;
  virtual Status Skip(uint64_t bytes) = 0;
};

enum class AccessPattern : uint8_t { kNormal, kRandom, kSequential, kWillNeed, kDontNeed };

class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // Reads up to `size` bytes at `offset`. *result may point into scratch or into memory that lives as long as the file
  // (mmap).
  virtual Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const = 0;
  virtual Status Prefetch(uint64_t /*offset*/, size_t /*size*/) { return Status::Ok(); }
  virtual void Hint(AccessPattern /*pattern*/) {}
};

class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(Slice bytes) = 0;  // handed to the operating system before it returns: no user-space buffer
  // As one Append of all of them, one behind the other.
  virtual Status AppendParts(const Slice* parts, size_t count);
  virtual Status Sync() = 0;   // fdatasync: data and size are durable
  virtual Status Close() = 0;  // trims space allocated ahead
  virtual Status Truncate(uint64_t size) = 0;
  // Starts writing back [offset, offset + size) without waiting.
  virtual Status RangeSync(uint64_t /*offset*/, uint64_t /*size*/) { return Status::Ok(); }
  // Allocates space ahead without changing the file's size (fallocate KEEP_SIZE).
  virtual Status Allocate(uint64_t /*offset*/, uint64_t /*size*/) { return Status::Ok(); }
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual Status Sync() = 0;
};

class FileLock {
 public:
  virtual ~FileLock() = default;
};

// What Posix() makes of them: direct reads pass the page cache by; mmap reads map the whole file and win over direct
// reads; after a Sync, direct writes leave nothing in the page cache; mmap writes are plain writes; a log is appended
// to through a mapping (PosixLogFile).
struct FileOptions {
  bool use_direct_reads = false;
  bool use_direct_writes = false;
  bool use_mmap_reads = false;
  bool use_mmap_writes = false;
  size_t log_block_bytes = 0;  // 0: the file is no log that Create begins
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  static FileSystem* Posix();  // never destroyed

  virtual Status OpenSequential(const std::string& path, std::unique_ptr<SequentialFile>* file) = 0;
  virtual Status OpenRandomAccess(const std::string& path, const FileOptions& options,
                                  std::unique_ptr<RandomAccessFile>* file) = 0;
  virtual Status Create(const std::string& path, const FileOptions& options,
                        std::unique_ptr<WritableFile>* file) = 0;  // truncates
  virtual Status Reopen(const std::string& path, const FileOptions& options,
                        std::unique_ptr<WritableFile>* file) = 0;  // appends
  // Renames old_path to path (a file no longer needed), opens it for writing from its start, keeping its size.
  virtual Status Reuse(const std::string& path, const std::string& old_path, std::unique_ptr<WritableFile>* file) = 0;
  virtual Status OpenDirectory(const std::string& path, std::unique_ptr<Directory>* directory) = 0;

  virtual Status FileExists(const std::string& path) = 0;                                  // OK, NotFound, or an error
  virtual Status List(const std::string& directory, std::vector<std::string>* names) = 0;  // without "." and ".."
  virtual Status Remove(const std::string& path) = 0;
  virtual Status CreateDir(const std::string& path) = 0;
  virtual Status CreateDirIfMissing(const std::string& path) = 0;
  virtual Status RemoveDir(const std::string& path) = 0;
  virtual Status FileSize(const std::string& path, uint64_t* size) = 0;
  virtual Status ModifiedUnixSeconds(const std::string& path, uint64_t* seconds) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  // Puts bytes over those in the middle of a file, durably.
  virtual Status Overwrite(const std::string& path, uint64_t /*offset*/, Slice /*bytes*/) {
    return Status::NotSupported("Overwriting bytes of a file", path);
  }
  // Error text as RocksDB's: "While lock file: <path>: Resource temporarily unavailable" and, from the same process,
  // "lock hold by current process, acquire time ... acquiring thread ...: <path>: No locks available".
  virtual Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) = 0;
};

// Helpers over any FileSystem.
Status ReadWholeFile(FileSystem* fs, const std::string& path, std::string* contents);
// Writes, and syncs and closes when asked.
Status WriteWholeFile(FileSystem* fs, const std::string& path, Slice contents, bool sync);
Status SyncDirectory(FileSystem* fs, const std::string& path);

}  // namespace gneiss
