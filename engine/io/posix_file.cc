#include "engine/io/posix_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/perf.h"
#include "engine/io/write_parts.h"

namespace gneiss {

namespace {

// Linux transfers at most 0x7ffff000 bytes in one call; staying below keeps whole pages together.
constexpr size_t kTransferBytesMax = size_t{1} << 30;
constexpr uint64_t kSectorBytes = 4096;  // a multiple of every sector size in use

// Reads until `size` bytes or the end of the file; returns the count, or -1 with errno. `read_some(buffer, size, done)`
// is read or pread.
template <typename ReadSome>
ssize_t ReadFully(char* buffer, size_t size, const ReadSome& read_some) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = read_some(buffer + done, std::min(size - done, kTransferBytesMax), done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

int AdviceOf(AccessPattern pattern) {
  switch (pattern) {
    case AccessPattern::kNormal:
      return POSIX_FADV_NORMAL;
    case AccessPattern::kRandom:
      return POSIX_FADV_RANDOM;
    case AccessPattern::kSequential:
      return POSIX_FADV_SEQUENTIAL;
    case AccessPattern::kWillNeed:
      return POSIX_FADV_WILLNEED;
    case AccessPattern::kDontNeed:
      return POSIX_FADV_DONTNEED;
  }
  return POSIX_FADV_NORMAL;
}

int MapAdviceOf(AccessPattern pattern) {
  switch (pattern) {
    case AccessPattern::kNormal:
      return POSIX_MADV_NORMAL;
    case AccessPattern::kRandom:
      return POSIX_MADV_RANDOM;
    case AccessPattern::kSequential:
      return POSIX_MADV_SEQUENTIAL;
    case AccessPattern::kWillNeed:
      return POSIX_MADV_WILLNEED;
    case AccessPattern::kDontNeed:
      return POSIX_MADV_DONTNEED;
  }
  return POSIX_MADV_NORMAL;
}

std::string OffsetAndLength(const char* what, uint64_t offset, uint64_t size) {
  return std::string(what) + " offset " + std::to_string(offset) + " len " + std::to_string(size);
}

// A sector-aligned buffer that grows and stays with its thread.
class AlignedBuffer {
 public:
  ~AlignedBuffer() { std::free(bytes_); }
  char* Get(size_t size) {
    if (size > size_) {
      std::free(bytes_);
      bytes_ = static_cast<char*>(std::aligned_alloc(kSectorBytes, size));
      size_ = bytes_ == nullptr ? 0 : size;
    }
    return bytes_;
  }

 private:
  char* bytes_ = nullptr;
  size_t size_ = 0;
};

}  // namespace

FileDescriptor::~FileDescriptor() { Close(); }

int FileDescriptor::Close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

Status PosixError(const std::string& context, const std::string& path, int errno_value) {
  return Status::FromErrno(context + ": " + path, errno_value);
}

// Not repeated after EINTR or any other failure: the kernel may have forgotten which pages were not written.
Status PosixSync(const FileDescriptor& fd, const std::string& path) {
  const IoTimer timer(&IoCounters::fsync_nanos);
  return fdatasync(fd.get()) == 0 ? Status::Ok() : PosixError("While fdatasync", path, errno);
}

Status PosixRangeSync(const FileDescriptor& fd, const std::string& path, uint64_t offset, uint64_t size) {
  const IoTimer timer(&IoCounters::range_sync_nanos);
#if defined(__linux__)
  if (sync_file_range(fd.get(), static_cast<off64_t>(offset), static_cast<off64_t>(size), SYNC_FILE_RANGE_WRITE) != 0 &&
      errno != ENOSYS) {  // only a hint where the system lacks the call
    return PosixError("While sync_file_range returned -1", path, errno);
  }
#endif
  return Status::Ok();
}

Status PosixAllocate(const FileDescriptor& fd, const std::string& path, uint64_t offset, uint64_t size) {
  const IoTimer timer(&IoCounters::allocate_nanos);
#if defined(__linux__)
  if (fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
    return PosixError(OffsetAndLength("While fallocate", offset, size), path, errno);
  }
#endif
  return Status::Ok();
}

void PosixTrim(const FileDescriptor& fd, uint64_t size, uint64_t allocated_end) {
  [[maybe_unused]] const int truncated = ftruncate(fd.get(), static_cast<off_t>(size));
#if defined(__linux__)
  // Some file systems free nothing when the size stays the same.
  [[maybe_unused]] const int punched = fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                                 static_cast<off_t>(size), static_cast<off_t>(allocated_end - size));
#endif
}

Status PosixSequentialFile::Read(size_t size, Slice* result, char* scratch) {
  const IoTimer timer(&IoCounters::read_nanos);
  const ssize_t got = ReadFully(
      scratch, size, [this](char* buffer, size_t count, size_t /*done*/) { return ::read(fd_.get(), buffer, count); });
  if (got < 0) {
    *result = Slice();
    return PosixError("While reading file sequentially", path_, errno);
  }
  CountBytesRead(static_cast<uint64_t>(got));
  *result = Slice(scratch, static_cast<size_t>(got));
  return Status::Ok();
}

Status PosixSequentialFile::Skip(uint64_t bytes) {
  if (lseek(fd_.get(), static_cast<off_t>(bytes), SEEK_CUR) < 0) {
    return PosixError("While fseek to skip " + std::to_string(bytes) + " bytes", path_, errno);
  }
  return Status::Ok();
}

Status PosixRandomAccessFile::Read(uint64_t offset, size_t size, Slice* result, char* scratch) const {
  const IoTimer timer(&IoCounters::read_nanos);
  const ssize_t got = ReadFully(scratch, size, [this, offset](char* buffer, size_t count, size_t done) {
    return ::pread(fd_.get(), buffer, count, static_cast<off_t>(offset + done));
  });
  if (got < 0) [[unlikely]] {
    *result = Slice();
    return PosixError(OffsetAndLength("While pread", offset, size), path_, errno);
  }
  CountBytesRead(static_cast<uint64_t>(got));
  *result = Slice(scratch, static_cast<size_t>(got));
  return Status::Ok();
}

Status PosixRandomAccessFile::Prefetch(uint64_t offset, size_t size) {
#if defined(__linux__)
  if (readahead(fd_.get(), static_cast<off64_t>(offset), size) != 0) {
    return PosixError(OffsetAndLength("While prefetching", offset, size), path_, errno);
  }
#endif
  return Status::Ok();
}

void PosixRandomAccessFile::Hint(AccessPattern pattern) { posix_fadvise(fd_.get(), 0, 0, AdviceOf(pattern)); }

Status PosixDirectFile::Read(uint64_t offset, size_t size, Slice* result, char* scratch) const {
  thread_local AlignedBuffer aligned;
  *result = Slice();
  if (size == 0) return Status::Ok();
  const uint64_t begin = offset / kSectorBytes * kSectorBytes;
  const uint64_t end = (offset + size + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  char* const buffer = aligned.Get(end - begin);
  if (buffer == nullptr) return PosixError(OffsetAndLength("While pread", offset, size), path_, ENOMEM);
  const IoTimer timer(&IoCounters::read_nanos);
  const ssize_t got = ReadFully(buffer, end - begin, [this, begin](char* place, size_t count, size_t done) -> ssize_t {
    // Only the file's end leaves a part of a sector, and direct I/O cannot go on from there.
    if (done % kSectorBytes != 0) return 0;
    return ::pread(fd_.get(), place, count, static_cast<off_t>(begin + done));
  });
  if (got < 0) return PosixError(OffsetAndLength("While pread", offset, size), path_, errno);
  const size_t skipped = offset - begin;
  if (static_cast<size_t>(got) > skipped) {
    const size_t count = std::min(size, static_cast<size_t>(got) - skipped);
    std::memcpy(scratch, buffer + skipped, count);
    CountBytesRead(count);
    *result = Slice(scratch, count);
  }
  return Status::Ok();
}

Status PosixMmapFile::Open(const std::string& path, const FileDescriptor& fd, std::unique_ptr<RandomAccessFile>* file) {
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError("while stat a file for size", path, errno);
  const auto size = static_cast<size_t>(info.st_size);
  void* base = nullptr;
  if (size > 0) {  // an empty mapping is not allowed
    base = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (base == MAP_FAILED) return PosixError("while mmap file for read", path, errno);
  }
  file->reset(new PosixMmapFile(path, Slice(static_cast<const char*>(base), size)));
  return Status::Ok();
}

PosixMmapFile::~PosixMmapFile() {
  if (!mapped_.empty()) munmap(const_cast<char*>(mapped_.data()), mapped_.size());
}

Status PosixMmapFile::Read(uint64_t offset, size_t size, Slice* result, char* /*scratch*/) const {
  if (offset > mapped_.size()) {
    *result = Slice();
    return PosixError("While mmap read offset " + std::to_string(offset) + " larger than file length " +
                          std::to_string(mapped_.size()),
                      path_, EINVAL);
  }
  *result = mapped_.substr(offset, size);
  CountBytesRead(result->size());
  return Status::Ok();
}

void PosixMmapFile::Hint(AccessPattern pattern) {
  if (!mapped_.empty()) posix_madvise(const_cast<char*>(mapped_.data()), mapped_.size(), MapAdviceOf(pattern));
}

PosixWritableFile::~PosixWritableFile() {
  if (fd_.is_open()) Close().IgnoreError("whoever cares for the last bytes has closed the file");
}

Status PosixWritableFile::Append(Slice bytes) {
  const IoTimer timer(&IoCounters::write_nanos);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), std::min(bytes.size(), kTransferBytesMax));
    if (written < 0) {
      if (errno == EINTR) continue;
      return PosixError("While appending to file", config_.path, errno);
    }
    size_ += static_cast<uint64_t>(written);
    CountBytesWritten(static_cast<uint64_t>(written));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

Status PosixWritableFile::AppendParts(const Slice* parts, size_t count) {
  const IoTimer timer(&IoCounters::write_nanos);
  const auto write = [this](iovec* vectors, int vector_count, uint64_t /*done_bytes*/) {
    const ssize_t written = writev(fd_.get(), vectors, vector_count);
    if (written > 0) {
      size_ += static_cast<uint64_t>(written);
      CountBytesWritten(static_cast<uint64_t>(written));
    }
    return written;
  };
  return WriteParts(parts, count, write) ? Status::Ok() : PosixError("While appending to file", config_.path, errno);
}

Status PosixWritableFile::Sync() {
  GNEISS_RETURN_IF_ERROR(PosixSync(fd_, config_.path));
  if (config_.drops_cache_on_sync) posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
  return Status::Ok();
}

Status PosixWritableFile::Close() {
  if (!fd_.is_open()) return Status::Ok();
  if (allocated_end_ > size_) PosixTrim(fd_, size_, allocated_end_);
  if (fd_.Close() != 0) return PosixError("While closing file after writing", config_.path, errno);
  return Status::Ok();
}

Status PosixWritableFile::Truncate(uint64_t size) {
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0 || lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) < 0) {
    return PosixError("While ftruncate file to size " + std::to_string(size), config_.path, errno);
  }
  size_ = size;
  return Status::Ok();
}

Status PosixWritableFile::RangeSync(uint64_t offset, uint64_t size) {
  return PosixRangeSync(fd_, config_.path, offset, size);
}

Status PosixWritableFile::Allocate(uint64_t offset, uint64_t size) {
  GNEISS_RETURN_IF_ERROR(PosixAllocate(fd_, config_.path, offset, size));
  allocated_end_ = std::max(allocated_end_, offset + size);
  return Status::Ok();
}

Status PosixDirectory::Sync() {
  if (fsync(fd_.get()) != 0) return PosixError("While fsync", "a directory", errno);
  return Status::Ok();
}

}  // namespace gneiss
