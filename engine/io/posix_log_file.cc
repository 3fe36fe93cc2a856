#include "engine/io/posix_log_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/perf.h"
#include "engine/io/write_parts.h"

#if defined(__linux__)
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

namespace gneiss {

namespace {

using Head = uint64_t;  // a fragment's header and the first byte behind it: one store

// From here on a call costs less than the page faults that storing would bring.
constexpr size_t kPieceBytesForCall = 8192;

// The process may be killed between any two instructions, and others may be reading the file. An x86 keeps stores in
// order, so that only the compiler must be told; ThreadSanitizer knows no other fences.
inline void KeepStoresInOrder() {
#if defined(__x86_64__) || defined(__i386__)
  std::atomic_signal_fence(std::memory_order_release);
#else
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

}  // namespace

bool PosixLogFile::IsTrusted(const FileDescriptor& fd) {
#if defined(__linux__)
  constexpr long kXfsMagic = 0x58465342;  // linux/magic.h lacks it
  static const bool is_switched_off = [] {
    const char* const setting = std::getenv("GNEISS_LOG_MAPPING");
    return setting != nullptr && std::strcmp(setting, "0") == 0;
  }();
  struct statfs info;
  if (is_switched_off || fstatfs(fd.get(), &info) != 0) return false;
  return info.f_type == EXT4_SUPER_MAGIC || info.f_type == TMPFS_MAGIC || info.f_type == kXfsMagic;
#else
  return false;
#endif
}

PosixLogFile::~PosixLogFile() {
  if (fd_.is_open()) Close().IgnoreError("whoever cares for the last bytes has closed the file");
}

Status PosixLogFile::Append(Slice bytes) {
  CountBytesWritten(bytes.size());  // storing them takes no time worth a clock's
  const size_t append_bytes = bytes.size();
  while (!bytes.empty()) {
    if (!HasWindowAtEnd()) {
      if (TakesCall(append_bytes)) return AppendBehindEnd(&bytes, 1);
      if (!is_mapping_ || !MoveWindow()) {
        GNEISS_RETURN_IF_ERROR(StopMapping());
        return AppendBehindEnd(&bytes, 1);
      }
    }
    const Slice piece = bytes.substr(0, block_bytes_ - size_ % block_bytes_);
    GNEISS_RETURN_IF_ERROR(AppendPiece(piece));
    size_ += piece.size();
    bytes.remove_prefix(piece.size());
  }
  return Status::Ok();
}

Status PosixLogFile::AppendParts(const Slice* parts, size_t count) {
  const uint64_t bytes = TotalBytes(parts, count);
  if (!TakesCall(bytes)) return WritableFile::AppendParts(parts, count);
  CountBytesWritten(bytes);
  return AppendBehindEnd(parts, count);
}

// A large append needs no window, but fills one that there is.
bool PosixLogFile::TakesCall(size_t bytes) const {
  return bytes >= kAppendBytesForCall && !HasWindowAtEnd() && size_ == file_size_;
}

// A process that is killed meanwhile leaves a part, and the file ends with it.
Status PosixLogFile::AppendBehindEnd(const Slice* parts, size_t count) {
  LeaveWindow();
  GNEISS_RETURN_IF_ERROR(WriteAt(parts, count, size_));
  size_ += TotalBytes(parts, count);
  file_size_ = std::max(file_size_, size_);
  return Status::Ok();
}

// A window holds whole blocks, so a piece never leaves it.
Status PosixLogFile::AppendPiece(Slice piece) {
  char* const place = window_ + (size_ - window_begin_);
  if (piece.size() < sizeof(Head)) {
    std::memcpy(place, piece.data(), piece.size());
    return Status::Ok();
  }
  Head head;
  std::memcpy(&head, piece.data(), sizeof(head));
  const Slice rest = piece.substr(sizeof(head));
  if (rest.size() >= kPieceBytesForCall) {
    GNEISS_RETURN_IF_ERROR(WriteAt(&rest, 1, size_ + sizeof(head)));
  } else {
    std::memcpy(place + sizeof(head), rest.data(), rest.size());
  }
  KeepStoresInOrder();
  std::memcpy(place, &head, sizeof(head));
  KeepStoresInOrder();
  return Status::Ok();
}

bool PosixLogFile::MoveWindow() {
  LeaveWindow();
#if defined(__linux__)
  const uint64_t begin = size_ / kWindowBytes * kWindowBytes;
  if (fallocate(fd_.get(), 0, static_cast<off_t>(begin), kWindowBytes) != 0) return false;
  file_size_ = std::max(file_size_, begin + kWindowBytes);
  if ((mapping_ == nullptr || begin - mapping_begin_ >= kMappingBytes) && !MapFrom(begin)) return false;
  window_ = mapping_ + (begin - mapping_begin_);
  window_begin_ = begin;
  return true;
#else
  return false;
#endif
}

bool PosixLogFile::MapFrom(uint64_t begin) {
  Unmap();
  void* const mapped =
      mmap(nullptr, kMappingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), static_cast<off_t>(begin));
  if (mapped == MAP_FAILED) return false;
  mapping_ = static_cast<char*>(mapped);
  mapping_begin_ = begin;
  return true;
}

// The pages stay in the page cache.
void PosixLogFile::LeaveWindow() {
  if (window_ != nullptr) madvise(std::exchange(window_, nullptr), kWindowBytes, MADV_DONTNEED);
}

void PosixLogFile::Unmap() {
  window_ = nullptr;
  if (mapping_ != nullptr) munmap(std::exchange(mapping_, nullptr), kMappingBytes);
}

// Goes on with write calls, whose torn tails end where the file ends.
Status PosixLogFile::StopMapping() {
  Unmap();
  is_mapping_ = false;
  return file_size_ > size_ ? Truncate(size_) : Status::Ok();
}

Status PosixLogFile::WriteAt(const Slice* parts, size_t count, uint64_t offset) {
  const auto write = [this, offset](iovec* vectors, int vector_count, uint64_t done_bytes) {
    return pwritev(fd_.get(), vectors, vector_count, static_cast<off_t>(offset + done_bytes));
  };
  return WriteParts(parts, count, write) ? Status::Ok() : PosixError("While appending to file", path_, errno);
}

Status PosixLogFile::Sync() { return PosixSync(fd_, path_); }

Status PosixLogFile::Close() {
  if (!fd_.is_open()) return Status::Ok();
  Unmap();
  if (file_size_ > size_) PosixTrim(fd_, size_, file_size_);
  if (fd_.Close() != 0) return PosixError("While closing file after writing", path_, errno);
  return Status::Ok();
}

Status PosixLogFile::Truncate(uint64_t size) {
  Unmap();
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return PosixError("While ftruncate file to size " + std::to_string(size), path_, errno);
  }
  size_ = file_size_ = size;
  return Status::Ok();
}

Status PosixLogFile::RangeSync(uint64_t offset, uint64_t size) { return PosixRangeSync(fd_, path_, offset, size); }

}  // namespace gneiss
