// The operating system's file system as rocksdb::FileSystem: what FileSystem::Default() returns.
//
// What does not open a file goes through the engine's FileSystem::Posix(), so both share one table of held locks and
// one set of error texts. use_mmap_writes is a hint that changes nothing: files are written with write(2).
#include <dirent.h>
#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "compat/adapters/posix_error.h"
#include "compat/adapters/posix_file_system.h"
#include "compat/adapters/posix_files.h"
#include "compat/adapters/scoped_timer.h"
#include "compat/status_map.h"
#include "engine/io/file_system.h"

namespace gneiss::compat {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

struct HeldLock final : rocksdb::FileLock {
  std::unique_ptr<gneiss::FileLock> lock;
};

class PosixFileSystem final : public rocksdb::FileSystem {
 public:
  const char* Name() const override { return kPosixFileSystemName; }
  const char* NickName() const override { return kDefaultName(); }
  bool IsInstanceOf(const std::string& name) const override {
    return name == "posix" || FileSystem::IsInstanceOf(name);
  }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(name, O_RDONLY, ReadsDirectly(options), options.set_fd_cloexec);
    if (!file.fd.is_open()) return PosixIoError("While opening a file for sequentially reading", name, errno);
    *result = NewPosixSequentialFile(std::move(file));
    return IOStatus::OK();
  }

  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(name, O_RDONLY, ReadsDirectly(options), options.set_fd_cloexec);
    if (!file.fd.is_open()) return PosixIoError("While open a file for random read", name, errno);
    if (!options.use_mmap_reads) {
      *result = NewPosixRandomAccessFile(std::move(file));
      return IOStatus::OK();
    }
    uint64_t size = 0;
    const IOStatus sized = GetFileSize(name, IOOptions(), &size, nullptr);
    return sized.ok() ? NewPosixMappedFile(std::move(file), size, result) : sized;
  }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(name, O_WRONLY | O_CREAT | O_TRUNC, options.use_direct_writes, options.set_fd_cloexec);
    if (!file.fd.is_open()) return PosixIoError("While open a file for appending", name, errno);
    *result = NewPosixWritableFile(std::move(file), options, 0);
    return IOStatus::OK();
  }

  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(name, O_WRONLY | O_CREAT | O_APPEND, options.use_direct_writes, options.set_fd_cloexec);
    const off_t size = file.fd.is_open() ? lseek(file.fd.get(), 0, SEEK_END) : -1;
    if (size < 0) return PosixIoError("While open a file for appending", name, errno);
    *result = NewPosixWritableFile(std::move(file), options, static_cast<uint64_t>(size));
    return IOStatus::OK();
  }

  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(old_name, O_WRONLY, options.use_direct_writes, options.set_fd_cloexec);
    if (!file.fd.is_open()) return PosixIoError("while reopen file for write", name, errno);
    if (rename(old_name.c_str(), name.c_str()) != 0) {
      return PosixIoError("while rename file to " + name, old_name, errno);
    }
    file.name = name;
    *result = NewPosixWritableFile(std::move(file), options, 0);
    return IOStatus::OK();
  }

  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, IODebugContext*) override {
    OpenedFile file = Open(name, O_RDWR, false, options.set_fd_cloexec);
    if (!file.fd.is_open()) return PosixIoError("While open file for random read/write", name, errno);
    *result = NewPosixRandomRWFile(std::move(file));
    return IOStatus::OK();
  }

  IOStatus NewMemoryMappedFileBuffer(const std::string& name,
                                     std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result) override {
    OpenedFile file = Open(name, O_RDWR, false, true);
    if (!file.fd.is_open()) return PosixIoError("While open file for raw mmap buffer access", name, errno);
    uint64_t size = 0;
    const IOStatus sized = GetFileSize(name, IOOptions(), &size, nullptr);
    return sized.ok() ? NewPosixMappedBuffer(std::move(file), size, result) : sized;
  }

  IOStatus NewDirectory(const std::string& name, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    result->reset();
    OpenedFile file = Open(name, O_RDONLY, false, true);
    if (!file.fd.is_open()) return PosixIoError("While open directory", name, errno);
    *result = NewPosixDirectory(std::move(file));
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->FileExists(name));
  }
  IOStatus GetChildren(const std::string& dir, const IOOptions& options, std::vector<std::string>* names,
                       IODebugContext*) override {
    const IOStatus listed = ToRocksIo(posix_->List(dir, names));
    if (!listed.ok() || !options.do_not_recurse) return listed;
    std::erase_if(*names, [&dir](const std::string& name) { return IsDirectoryPath(dir + "/" + name); });
    return listed;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->Remove(name));
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->CreateDir(name));
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->CreateDirIfMissing(name));
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->RemoveDir(name));
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size, IODebugContext*) override {
    return ToRocksIo(posix_->FileSize(name, size));
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    return ToRocksIo(posix_->ModifiedUnixSeconds(name, time));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->Rename(from, to));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return ToRocksIo(posix_->Link(from, to));
  }

  IOStatus NumFileLinks(const std::string& name, const IOOptions&, uint64_t* count, IODebugContext*) override {
    struct stat info {};
    if (stat(name.c_str(), &info) != 0) return PosixIoError("while stat a file for num file links", name, errno);
    *count = info.st_nlink;
    return IOStatus::OK();
  }

  IOStatus AreFilesSame(const std::string& first, const std::string& second, const IOOptions&, bool* result,
                        IODebugContext*) override {
    struct stat one {};
    struct stat other {};
    if (stat(first.c_str(), &one) != 0) return PosixIoError("stat file", first, errno);
    if (stat(second.c_str(), &other) != 0) return PosixIoError("stat file", second, errno);
    *result = one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    return IOStatus::OK();
  }

  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
    *lock = nullptr;
    auto held = std::make_unique<HeldLock>();
    const IOStatus status = ToRocksIo(posix_->Lock(name, &held->lock));
    if (status.ok()) *lock = held.release();
    return status;
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }

  // A relative path gives the working directory alone: callers only want a name to tell databases apart by.
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result, IODebugContext*) override {
    if (!path.empty() && path[0] == '/') {
      *result = path;
      return IOStatus::OK();
    }
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof(directory)) == nullptr) return PosixIoError("getcwd", "", errno);
    *result = directory;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions& options, std::string* path, IODebugContext* debug) override {
    const char* const wanted = getenv("TEST_TMPDIR");
    const bool is_given = wanted != nullptr && wanted[0] != '\0';
    *path = is_given ? wanted : "/tmp/rocksdbtest-" + std::to_string(geteuid());
    return CreateDirIfMissing(*path, options, debug);
  }

  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, uint64_t* free_bytes, IODebugContext*) override {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return PosixIoError("While doing statvfs", path, errno);
    const bool may_use_reserved_blocks = geteuid() == 0;
    *free_bytes = uint64_t{info.f_bsize} * (may_use_reserved_blocks ? info.f_bfree : info.f_bavail);
    return IOStatus::OK();
  }

  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* result, IODebugContext*) override {
    const OpenedFile file = Open(path, O_RDONLY, false, true);
    if (!file.fd.is_open()) return PosixIoError("While open for IsDirectory()", path, errno);
    struct stat info {};
    if (fstat(file.fd.get(), &info) != 0) return PosixIoError("While doing stat for IsDirectory()", path, errno);
    if (result != nullptr) *result = S_ISDIR(info.st_mode);
    return IOStatus::OK();
  }

  FileOptions OptimizeForLogWrite(const FileOptions& file_options,
                                  const rocksdb::DBOptions& db_options) const override {
    FileOptions options = FileSystem::OptimizeForLogWrite(OptimizeForManifestWrite(file_options), db_options);
    return options;
  }
  FileOptions OptimizeForManifestWrite(const FileOptions& file_options) const override {
    FileOptions options = file_options;
    options.use_mmap_writes = false;
    options.use_direct_writes = false;
    options.fallocate_with_keep_size = true;
    return options;
  }

 private:
  static bool ReadsDirectly(const FileOptions& options) { return options.use_direct_reads && !options.use_mmap_reads; }

  static bool IsDirectoryPath(const std::string& path) {
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  }

  static OpenedFile Open(const std::string& name, int flags, bool is_direct, bool closes_on_exec) {
    ScopedTimer timer(&rocksdb::IOStatsContext::open_nanos);
    if (is_direct) flags |= O_DIRECT;
    if (closes_on_exec) flags |= O_CLOEXEC;
    int fd;
    do {
      fd = open(name.c_str(), flags, 0644);
    } while (fd < 0 && errno == EINTR);
    return {name, FileDescriptor(fd), is_direct};
  }

  gneiss::FileSystem* const posix_ = gneiss::FileSystem::Posix();
};

}  // namespace

std::unique_ptr<rocksdb::FileSystem> NewPosixFileSystem() { return std::make_unique<PosixFileSystem>(); }

}  // namespace gneiss::compat

namespace rocksdb {

std::shared_ptr<FileSystem> FileSystem::Default() {
  static const auto* const fs = new std::shared_ptr<FileSystem>(std::make_shared<gneiss::compat::PosixFileSystem>());
  return *fs;
}

}  // namespace rocksdb
