#include "compat/adapters/posix_files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "compat/adapters/posix_error.h"
#include "compat/adapters/scoped_timer.h"
#include "engine/base/coding.h"

namespace gneiss::compat {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus PosixIoError(const std::string& context, const std::string& file, int errno_value) {
  const std::string text = file.empty() ? context : context + ": " + file;
  char buffer[256];
  const char* const reason = strerror_r(errno_value, buffer, sizeof(buffer));
  switch (errno_value) {
    case ENOSPC: {
      IOStatus status = IOStatus::NoSpace(text, reason);
      status.SetRetryable(true);
      return status;
    }
    case ESTALE:
      return IOStatus::IOError(IOStatus::kStaleFile);
    case ENOENT:
      return IOStatus::PathNotFound(text, reason);
    default:
      return IOStatus::IOError(text, reason);
  }
}

namespace {

// One write moves at most this many bytes: some systems refuse 2 GiB, and the cut keeps direct writes aligned.
constexpr size_t kWriteBytesMax = size_t{1} << 30;

// Calls `io(buffer, size)` until `size` bytes are moved, the file ends, or an error. Returns the bytes moved, or -1.
template <typename Io>
ssize_t MoveAll(char* buffer, size_t size, Io io) {
  size_t done = 0;
  while (done < size) {
    const ssize_t moved = io(buffer + done, std::min(size - done, kWriteBytesMax), done);
    if (moved > 0) {
      done += static_cast<size_t>(moved);
    } else if (moved == 0) {
      break;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(done);
}

ssize_t PreadAll(int fd, char* buffer, size_t size, uint64_t offset) {
  return MoveAll(buffer, size,
                 [&](char* to, size_t n, size_t done) { return pread(fd, to, n, static_cast<off_t>(offset + done)); });
}

bool WriteAll(int fd, const Slice& data) {
  return MoveAll(const_cast<char*>(data.data()), data.size(),
                 [&](const char* from, size_t n, size_t) { return write(fd, from, n); }) >= 0;
}

bool PwriteAll(int fd, const Slice& data, uint64_t offset) {
  return MoveAll(const_cast<char*>(data.data()), data.size(), [&](const char* from, size_t n, size_t done) {
           return pwrite(fd, from, n, static_cast<off_t>(offset + done));
         }) >= 0;
}

std::string RangeText(uint64_t offset, uint64_t size) {
  return std::to_string(offset) + " len " + std::to_string(size);
}

// Device, inode and inode generation tell a file from every other, even after its name and inode are used again.
size_t UniqueIdOf(int fd, char* id, size_t max_size) {
  constexpr size_t kVarint64BytesMax = 10;
  if (max_size < 3 * kVarint64BytesMax) return 0;
  struct stat info {};
  long generation = 0;
  if (fstat(fd, &info) != 0 || ioctl(fd, FS_IOC_GETVERSION, &generation) != 0) return 0;
  std::string text;
  PutVarint64(&text, info.st_dev);
  PutVarint64(&text, info.st_ino);
  PutVarint64(&text, static_cast<uint64_t>(generation));
  std::copy(text.begin(), text.end(), id);
  return text.size();
}

IOStatus DropPages(const OpenedFile& file, const std::string& context, size_t offset, size_t length) {
  if (file.is_direct) return IOStatus::OK();
  const int error =
      posix_fadvise(file.fd.get(), static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  return error == 0 ? IOStatus::OK() : PosixIoError(context, file.name, error);
}

int FadviseOf(rocksdb::FSRandomAccessFile::AccessPattern pattern) {
  using File = rocksdb::FSRandomAccessFile;
  switch (pattern) {
    case File::kNormal:
      return POSIX_FADV_NORMAL;
    case File::kRandom:
      return POSIX_FADV_RANDOM;
    case File::kSequential:
      return POSIX_FADV_SEQUENTIAL;
    case File::kWillNeed:
      return POSIX_FADV_WILLNEED;
    case File::kWontNeed:
      return POSIX_FADV_DONTNEED;
  }
  return POSIX_FADV_NORMAL;
}

class PosixSequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit PosixSequentialFile(OpenedFile file) : file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    const ssize_t got =
        MoveAll(scratch, n, [&](char* to, size_t size, size_t) { return read(file_.fd.get(), to, size); });
    *result = Slice(scratch, static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return got >= 0 ? IOStatus::OK() : PosixIoError("While reading file sequentially", file_.name, errno);
  }
  IOStatus PositionedRead(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                          IODebugContext*) override {
    const ssize_t got = PreadAll(file_.fd.get(), scratch, n, offset);
    *result = Slice(scratch, static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got >= 0) return IOStatus::OK();
    return PosixIoError("While pread " + std::to_string(n) + " bytes from offset " + std::to_string(offset), file_.name,
                        errno);
  }
  IOStatus Skip(uint64_t n) override {
    if (lseek(file_.fd.get(), static_cast<off_t>(n), SEEK_CUR) >= 0) return IOStatus::OK();
    return PosixIoError("While fseek to skip " + std::to_string(n) + " bytes", file_.name, errno);
  }
  bool use_direct_io() const override { return file_.is_direct; }
  IOStatus InvalidateCache(size_t offset, size_t length) override {
    return DropPages(file_, "While fadvise NotNeeded offset " + RangeText(offset, length), offset, length);
  }

 private:
  OpenedFile file_;
};

class PosixRandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit PosixRandomAccessFile(OpenedFile file) : file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    const ssize_t got = PreadAll(file_.fd.get(), scratch, n, offset);
    *result = Slice(scratch, static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return got >= 0 ? IOStatus::OK() : PosixIoError("While pread offset " + RangeText(offset, n), file_.name, errno);
  }
  IOStatus Prefetch(uint64_t offset, size_t n, const IOOptions&, IODebugContext*) override {
    if (file_.is_direct || readahead(file_.fd.get(), static_cast<off64_t>(offset), n) == 0) return IOStatus::OK();
    return PosixIoError("While prefetching offset " + RangeText(offset, n), file_.name, errno);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return UniqueIdOf(file_.fd.get(), id, max_size); }
  void Hint(AccessPattern pattern) override {
    if (!file_.is_direct) posix_fadvise(file_.fd.get(), 0, 0, FadviseOf(pattern));
  }
  bool use_direct_io() const override { return file_.is_direct; }
  IOStatus InvalidateCache(size_t offset, size_t length) override {
    return DropPages(file_, "While fadvise NotNeeded offset " + RangeText(offset, length), offset, length);
  }

 private:
  OpenedFile file_;
};

class PosixMappedFile final : public rocksdb::FSRandomAccessFile {
 public:
  PosixMappedFile(OpenedFile file, char* base, uint64_t size) : file_(std::move(file)), base_(base), size_(size) {}
  ~PosixMappedFile() override { munmap(base_, size_); }

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* /*scratch*/,
                IODebugContext*) const override {
    if (offset > size_) {
      *result = Slice();
      return PosixIoError(
          "While mmap read offset " + std::to_string(offset) + " larger than file length " + std::to_string(size_),
          file_.name, EINVAL);
    }
    *result = Slice(base_ + offset, std::min<uint64_t>(n, size_ - offset));
    return IOStatus::OK();
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return UniqueIdOf(file_.fd.get(), id, max_size); }
  // The POSIX_MADV_ numbers are those of POSIX_FADV_.
  void Hint(AccessPattern pattern) override { posix_madvise(base_, size_, FadviseOf(pattern)); }
  IOStatus InvalidateCache(size_t offset, size_t length) override {
    return DropPages(file_, "While fadvise not needed. Offset " + RangeText(offset, length), offset, length);
  }

 private:
  OpenedFile file_;
  char* const base_;
  const uint64_t size_;
};

class PosixWritableFile final : public rocksdb::FSWritableFile {
 public:
  PosixWritableFile(OpenedFile file, const rocksdb::FileOptions& options, uint64_t size)
      : FSWritableFile(options),
        file_(std::move(file)),
        may_allocate_(options.allow_fallocate),
        keeps_size_(options.fallocate_with_keep_size),
        size_(size) {}
  ~PosixWritableFile() override {
    if (file_.fd.is_open()) Close(IOOptions(), nullptr).PermitUncheckedError();
  }

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    if (!WriteAll(file_.fd.get(), data)) return PosixIoError("While appending to file", file_.name, errno);
    size_ += data.size();
    return IOStatus::OK();
  }
  using FSWritableFile::PositionedAppend;
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions&, IODebugContext*) override {
    if (!PwriteAll(file_.fd.get(), data, offset)) {
      return PosixIoError("While pwrite to file at offset " + std::to_string(offset), file_.name, errno);
    }
    size_ = offset + data.size();
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    if (ftruncate(file_.fd.get(), static_cast<off_t>(size)) != 0) {
      return PosixIoError("While ftruncate file to size " + std::to_string(size), file_.name, errno);
    }
    size_ = size;
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    if (allocated_end_ > size_) TrimAllocatedAhead();
    if (file_.fd.Close() != 0) return PosixIoError("While closing file after writing", file_.name, errno);
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (fdatasync(file_.fd.get()) != 0) return PosixIoError("While fdatasync", file_.name, errno);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (fsync(file_.fd.get()) != 0) return PosixIoError("While fsync", file_.name, errno);
    return IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  bool use_direct_io() const override { return file_.is_direct; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }
  size_t GetUniqueId(char* id, size_t max_size) const override { return UniqueIdOf(file_.fd.get(), id, max_size); }
  IOStatus InvalidateCache(size_t offset, size_t length) override {
    return DropPages(file_, "While fadvise NotNeeded", offset, length);
  }

  void SetWriteLifeTimeHint(rocksdb::Env::WriteLifeTimeHint hint) override {
    if (hint == write_hint_) return;
    uint64_t kernel_hint = hint;
    if (fcntl(file_.fd.get(), F_SET_RW_HINT, &kernel_hint) == 0) write_hint_ = hint;
  }

  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    if (!HasSyncFileRange()) return FSWritableFile::RangeSync(offset, size, options, debug);
    // Strictly: also wait for all that was started before, so that never more than one call's bytes are under way.
    const int error = strict_bytes_per_sync_ ? sync_file_range(file_.fd.get(), 0, static_cast<off64_t>(offset + size),
                                                               SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE)
                                             : sync_file_range(file_.fd.get(), static_cast<off64_t>(offset),
                                                               static_cast<off64_t>(size), SYNC_FILE_RANGE_WRITE);
    if (error == 0) return IOStatus::OK();
    return PosixIoError("While sync_file_range returned " + std::to_string(error), file_.name, errno);
  }

  IOStatus Allocate(uint64_t offset, uint64_t size, const IOOptions&, IODebugContext*) override {
    if (!may_allocate_) return IOStatus::OK();
    ScopedTimer timer(&rocksdb::IOStatsContext::allocate_nanos);
    if (fallocate(file_.fd.get(), keeps_size_ ? FALLOC_FL_KEEP_SIZE : 0, static_cast<off_t>(offset),
                  static_cast<off_t>(size)) != 0) {
      return PosixIoError("While fallocate offset " + RangeText(offset, size), file_.name, errno);
    }
    allocated_end_ = std::max(allocated_end_, offset + size);
    return IOStatus::OK();
  }

 private:
  // Gives back the blocks behind the last byte. Failing to only wastes space.
  void TrimAllocatedAhead() {
    [[maybe_unused]] const int truncated = ftruncate(file_.fd.get(), static_cast<off_t>(size_));
    // Some file systems keep blocks behind the end when the size did not change.
    fallocate(file_.fd.get(), FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, static_cast<off_t>(size_),
              static_cast<off_t>(allocated_end_ - size_));
  }

  // On ZFS the call succeeds and does nothing; some systems lack it.
  bool HasSyncFileRange() {
    if (!sync_file_range_is_known_) {
      constexpr long kZfsMagic = 0x2fc12fc1;
      struct statfs info {};
      const bool is_zfs = fstatfs(file_.fd.get(), &info) == 0 && info.f_type == kZfsMagic;
      has_sync_file_range_ = !is_zfs && !(sync_file_range(file_.fd.get(), 0, 0, 0) != 0 && errno == ENOSYS);
      sync_file_range_is_known_ = true;
    }
    return has_sync_file_range_;
  }

  OpenedFile file_;
  const bool may_allocate_;
  const bool keeps_size_;
  bool sync_file_range_is_known_ = false;
  bool has_sync_file_range_ = false;
  uint64_t size_;
  uint64_t allocated_end_ = 0;
};

class PosixRandomRWFile final : public rocksdb::FSRandomRWFile {
 public:
  explicit PosixRandomRWFile(OpenedFile file) : file_(std::move(file)) {}

  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions&, IODebugContext*) override {
    if (PwriteAll(file_.fd.get(), data, offset)) return IOStatus::OK();
    return PosixIoError("While write random read/write file at offset " + std::to_string(offset), file_.name, errno);
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    const ssize_t got = PreadAll(file_.fd.get(), scratch, n, offset);
    if (got < 0) {
      return PosixIoError("While reading random read/write file offset " + RangeText(offset, n), file_.name, errno);
    }
    *result = Slice(scratch, static_cast<size_t>(got));
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (fdatasync(file_.fd.get()) == 0) return IOStatus::OK();
    return PosixIoError("While fdatasync random read/write file", file_.name, errno);
  }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (fsync(file_.fd.get()) == 0) return IOStatus::OK();
    return PosixIoError("While fsync random read/write file", file_.name, errno);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    if (file_.fd.Close() == 0) return IOStatus::OK();
    return PosixIoError("While close random read/write file", file_.name, errno);
  }

 private:
  OpenedFile file_;
};

class PosixDirectory final : public rocksdb::FSDirectory {
 public:
  explicit PosixDirectory(OpenedFile file) : file_(std::move(file)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (!file_.fd.is_open() || fsync(file_.fd.get()) == 0) return IOStatus::OK();
    return PosixIoError("While fsync", "a directory", errno);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    if (file_.fd.Close() == 0) return IOStatus::OK();
    return PosixIoError("While closing directory ", file_.name, errno);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return UniqueIdOf(file_.fd.get(), id, max_size); }

 private:
  OpenedFile file_;
};

class PosixMappedBuffer final : public rocksdb::MemoryMappedFileBuffer {
 public:
  PosixMappedBuffer(void* base, size_t size) : MemoryMappedFileBuffer(base, size) {}
  ~PosixMappedBuffer() override { munmap(base_, length_); }
};

}  // namespace

std::unique_ptr<rocksdb::FSSequentialFile> NewPosixSequentialFile(OpenedFile file) {
  return std::make_unique<PosixSequentialFile>(std::move(file));
}

std::unique_ptr<rocksdb::FSRandomAccessFile> NewPosixRandomAccessFile(OpenedFile file) {
  return std::make_unique<PosixRandomAccessFile>(std::move(file));
}

IOStatus NewPosixMappedFile(OpenedFile file, uint64_t size, std::unique_ptr<rocksdb::FSRandomAccessFile>* result) {
  void* const base = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd.get(), 0);
  if (base == MAP_FAILED) return PosixIoError("while mmap file for read", file.name, errno);
  *result = std::make_unique<PosixMappedFile>(std::move(file), static_cast<char*>(base), size);
  return IOStatus::OK();
}

std::unique_ptr<rocksdb::FSWritableFile> NewPosixWritableFile(OpenedFile file, const rocksdb::FileOptions& options,
                                                              uint64_t size) {
  return std::make_unique<PosixWritableFile>(std::move(file), options, size);
}

std::unique_ptr<rocksdb::FSRandomRWFile> NewPosixRandomRWFile(OpenedFile file) {
  return std::make_unique<PosixRandomRWFile>(std::move(file));
}

std::unique_ptr<rocksdb::FSDirectory> NewPosixDirectory(OpenedFile file) {
  return std::make_unique<PosixDirectory>(std::move(file));
}

IOStatus NewPosixMappedBuffer(OpenedFile file, uint64_t size,
                              std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result) {
  void* const base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd.get(), 0);
  if (base == MAP_FAILED) return PosixIoError("while mmap file for read", file.name, errno);
  *result = std::make_unique<PosixMappedBuffer>(base, size);
  return IOStatus::OK();
}

}  // namespace gneiss::compat
