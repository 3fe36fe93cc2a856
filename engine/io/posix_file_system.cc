#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "engine/base/mutex.h"
#include "engine/base/perf.h"
#include "engine/io/posix_file.h"
#include "engine/io/posix_log_file.h"

namespace gneiss {

namespace {

int OpenRetrying(const std::string& path, int flags) {
  const IoTimer timer(&IoCounters::open_nanos);
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Status OpenFile(const std::string& path, int flags, const char* context, FileDescriptor* fd) {
  *fd = FileDescriptor(OpenRetrying(path, flags));
  return fd->is_open() ? Status::Ok() : PosixError(context, path, errno);
}

// Nobody looks at when a table was last read, and keeping it is a part of every read. Only the file's owner may ask for
// this; others go without.
void DoWithoutAccessTimes([[maybe_unused]] const FileDescriptor& fd) {
#if defined(O_NOATIME)
  fcntl(fd.get(), F_SETFL, O_NOATIME);
#endif
}

// The locks that this process holds. fcntl locks belong to the process: the system would grant a second one for the
// same file, and closing any descriptor of the file would drop them all. So a held file is found here, by name or by
// identity (another name of the same file), before it is opened a second time.
class LockTable {
 public:
  struct Entry {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    int64_t acquired_unix_seconds = 0;
    uint64_t thread = 0;
  };

  Status Acquire(const std::string& path, FileDescriptor* fd) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    if (const Entry* held = FindHeld(path); held != nullptr) {
      return PosixError("lock hold by current process, acquire time " + std::to_string(held->acquired_unix_seconds) +
                            " acquiring thread " + std::to_string(held->thread),
                        path, ENOLCK);
    }
    entries_.reserve(entries_.size() + 1);  // what needs memory comes before the lock
    Entry entry{.path = path,
                .acquired_unix_seconds = static_cast<int64_t>(time(nullptr)),
                .thread = static_cast<uint64_t>(pthread_self())};
    GNEISS_RETURN_IF_ERROR(OpenFile(path, O_RDWR | O_CREAT, "while open a file for lock", fd));
    struct stat info;
    if (SetLock(*fd, F_WRLCK) != 0 || fstat(fd->get(), &info) != 0) {
      const int error = errno;
      fd->Close();  // under the mutex: a later close could drop the lock that another thread gets meanwhile
      return PosixError("While lock file", path, error);
    }
    entry.device = info.st_dev;
    entry.inode = info.st_ino;
    entries_.push_back(std::move(entry));
    return Status::Ok();
  }

  void Release(const std::string& path, FileDescriptor* fd) EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    std::erase_if(entries_, [&path](const Entry& entry) { return entry.path == path; });
    SetLock(*fd, F_UNLCK);
    fd->Close();
  }

 private:
  static int SetLock(const FileDescriptor& fd, short type) {
    struct flock request = {};
    request.l_type = type;
    request.l_whence = SEEK_SET;  // the whole file
    return fcntl(fd.get(), F_SETLK, &request);
  }

  const Entry* FindHeld(const std::string& path) const REQUIRES(mutex_) {
    struct stat info;
    const bool exists = stat(path.c_str(), &info) == 0;
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.path == path || (exists && entry.device == info.st_dev && entry.inode == info.st_ino);
    });
    return found == entries_.end() ? nullptr : &*found;
  }

  Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
};

LockTable* HeldLocks() {
  static LockTable* const table = new LockTable;  // lives to the end: locks may be released by static destructors
  return table;
}

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(const std::string& path) : path_(path) {}
  ~PosixFileLock() override {
    if (fd_.is_open()) HeldLocks()->Release(path_, &fd_);
  }
  Status Acquire() { return HeldLocks()->Acquire(path_, &fd_); }

 private:
  const std::string path_;
  FileDescriptor fd_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Status OpenSequential(const std::string& path, std::unique_ptr<SequentialFile>* file) override {
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(OpenFile(path, O_RDONLY, "While opening a file for sequentially reading", &fd));
    *file = std::make_unique<PosixSequentialFile>(path, std::move(fd));
    return Status::Ok();
  }

  Status OpenRandomAccess(const std::string& path, const FileOptions& options,
                          std::unique_ptr<RandomAccessFile>* file) override {
    const bool is_direct = options.use_direct_reads && !options.use_mmap_reads;
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(
        OpenFile(path, O_RDONLY | (is_direct ? O_DIRECT : 0), "While open a file for random read", &fd));
    if (options.use_mmap_reads) return PosixMmapFile::Open(path, fd, file);
    if (is_direct) {
      *file = std::make_unique<PosixDirectFile>(path, std::move(fd));
    } else {
      DoWithoutAccessTimes(fd);
      *file = std::make_unique<PosixRandomAccessFile>(path, std::move(fd));
    }
    return Status::Ok();
  }

  Status Create(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override {
    const bool is_log = options.log_block_bytes > 0;
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(
        OpenFile(path, (is_log ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC, "While open a file for appending", &fd));
    if (is_log && PosixLogFile::IsTrusted(fd)) {
      *file = std::make_unique<PosixLogFile>(path, std::move(fd), options.log_block_bytes);
      return Status::Ok();
    }
    return WrapWritable({.path = path, .drops_cache_on_sync = options.use_direct_writes}, std::move(fd), file);
  }

  Status Reopen(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override {
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(OpenFile(path, O_WRONLY | O_CREAT, "While open a file for appending", &fd));
    const off_t end = lseek(fd.get(), 0, SEEK_END);
    if (end < 0) return PosixError("While open a file for appending", path, errno);
    return WrapWritable(
        {.path = path, .size = static_cast<uint64_t>(end), .drops_cache_on_sync = options.use_direct_writes},
        std::move(fd), file);
  }

  Status Overwrite(const std::string& path, uint64_t offset, Slice bytes) override {
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(OpenFile(path, O_WRONLY, "While open file for random read/write", &fd));
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return PosixError("While write random read/write file", path, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    if (fdatasync(fd.get()) != 0) return PosixError("While fdatasync random read/write file", path, errno);
    return Status::Ok();
  }

  Status Reuse(const std::string& path, const std::string& old_path, std::unique_ptr<WritableFile>* file) override {
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(OpenFile(old_path, O_WRONLY, "while reopen file for write", &fd));
    if (::rename(old_path.c_str(), path.c_str()) != 0) {
      return PosixError("while rename file to " + path, old_path, errno);
    }
    return WrapWritable({.path = path}, std::move(fd), file);
  }

  Status OpenDirectory(const std::string& path, std::unique_ptr<Directory>* directory) override {
    FileDescriptor fd;
    GNEISS_RETURN_IF_ERROR(OpenFile(path, O_RDONLY | O_DIRECTORY, "While open directory", &fd));
    *directory = std::make_unique<PosixDirectory>(std::move(fd));
    return Status::Ok();
  }

  Status FileExists(const std::string& path) override {
    if (access(path.c_str(), F_OK) == 0) return Status::Ok();
    switch (const int error = errno) {
      case EACCES:
      case ELOOP:
      case ENAMETOOLONG:
      case ENOENT:
      case ENOTDIR:
        return Status::NotFound();
      default:
        return Status::IoError("Unexpected error(" + std::to_string(error) + ") accessing file `" + path + "' ");
    }
  }

  Status List(const std::string& directory, std::vector<std::string>* names) override {
    names->clear();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), &closedir);
    if (stream == nullptr) {
      if (errno == EACCES || errno == ENOENT || errno == ENOTDIR) return Status::NotFound();
      return PosixError("While opendir", directory, errno);
    }
    while (true) {
      errno = 0;  // the only way to tell the end from an error
      const dirent* const entry = readdir(stream.get());
      if (entry == nullptr) break;
      const Slice name = entry->d_name;
      if (name != "." && name != "..") names->emplace_back(name);
    }
    return errno == 0 ? Status::Ok() : PosixError("While readdir", directory, errno);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status::Ok() : PosixError("while unlink() file", path, errno);
  }

  Status CreateDir(const std::string& path) override {
    return ::mkdir(path.c_str(), 0755) == 0 ? Status::Ok() : PosixError("While mkdir", path, errno);
  }

  Status CreateDirIfMissing(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) == 0) return Status::Ok();
    if (errno != EEXIST) return PosixError("While mkdir if missing", path, errno);
    struct stat info;
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Status::Ok();
    return Status::IoError("`" + path + "' exists but is not a directory");
  }

  Status RemoveDir(const std::string& path) override {
    return ::rmdir(path.c_str()) == 0 ? Status::Ok() : PosixError("file rmdir", path, errno);
  }

  Status FileSize(const std::string& path, uint64_t* size) override {
    *size = 0;
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return PosixError("while stat a file for size", path, errno);
    *size = static_cast<uint64_t>(info.st_size);
    return Status::Ok();
  }

  Status ModifiedUnixSeconds(const std::string& path, uint64_t* seconds) override {
    *seconds = 0;
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return PosixError("while stat a file for modification time", path, errno);
    *seconds = static_cast<uint64_t>(info.st_mtime);
    return Status::Ok();
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
    return PosixError("While renaming a file to " + to, from, errno);
  }

  Status Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return Status::Ok();
    // Callers copy the file instead when they see NotSupported.
    if (errno == EXDEV) return Status::NotSupported("No cross FS links allowed");
    if (errno == ENOTSUP) return Status::NotSupported("Links not supported by FS");
    return PosixError("while link file to " + to, from, errno);
  }

  Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override {
    auto held = std::make_unique<PosixFileLock>(path);
    GNEISS_RETURN_IF_ERROR(held->Acquire());
    *lock = std::move(held);
    return Status::Ok();
  }

 private:
  static Status WrapWritable(PosixWritableFile::Config config, FileDescriptor fd, std::unique_ptr<WritableFile>* file) {
    *file = std::make_unique<PosixWritableFile>(std::move(config), std::move(fd));
    return Status::Ok();
  }
};

}  // namespace

FileSystem* FileSystem::Posix() {
  static PosixFileSystem* const file_system = new PosixFileSystem;
  return file_system;
}

}  // namespace gneiss
