// A PosixLogFile appends to a log through a shared mapping, because a store costs a fifth of a system call and reaches
// the page cache just as surely: what was appended survives the death of the process, however it comes.
//
// Space is allocated and the file's size is set ahead, a window at a time, so the log ends in zeros until Close trims
// them; log readers take such zeros for the end (RocksDB's too, since it has once written logs through mappings
// itself).
//
// Space comes with the windows and with large appends, so Allocate has nothing to do: a whole write buffer allocated
// ahead is time and, on tmpfs, memory for logs that often end sooner.
//
// The mapping reaches many windows ahead, past the end of the file, and a window that is full gives its pages back in
// place. mmap and munmap would wait for whoever has the system fill or free other memory of the process meanwhile,
// such as the thread that readies blocks for memtables.
//
// Large appends find pages more cheaply with one write call behind the end of the file, which takes their parts from
// where they are, and wait neither for a window's pages to be cleared nor for faults; a window follows them when a
// small one comes.
//
// Order:   an append to a window is cut at the borders of the log's blocks, and the pieces appear one after the other,
//          each at once: its first eight bytes, which hold the fragment's header, are stored last and with one
//          instruction. So a process that is killed leaves whole pieces, then zeros where the next header would be,
//          then perhaps parts of an unfinished piece in the same block, then zeros.
// Units:   bytes.
// Owner:   owns the descriptor and the mapping.
// Threads: Sync may run beside Append; everything else belongs to one thread at a time.
// Errors:  where space cannot be allocated or mapped it goes on with write calls, whose errors tell what is wrong. A
//          file system that goes away below a mapping (a device that fails, a forced read-only remount) sends SIGBUS,
//          so only the file systems that IsTrusted names are written this way.
#pragma once

#include <memory>
#include <string>

#include "engine/io/posix_file.h"

namespace gneiss {

class PosixLogFile final : public WritableFile {
 public:
  // `fd` is open for reading and writing and the file is empty. `block_bytes` is a power of two, at most kWindowBytes.
  PosixLogFile(std::string path, FileDescriptor fd, size_t block_bytes)
      : path_(std::move(path)), fd_(std::move(fd)), block_bytes_(block_bytes) {}
  ~PosixLogFile() override;
  PosixLogFile(const PosixLogFile&) = delete;
  PosixLogFile& operator=(const PosixLogFile&) = delete;

  // True where allocated space is certain to be there when a store needs it: ext4, XFS and tmpfs, unless the
  // environment sets GNEISS_LOG_MAPPING=0.
  static bool IsTrusted(const FileDescriptor& fd);

  Status Append(Slice bytes) override;
  Status AppendParts(const Slice* parts, size_t count) override;
  Status Sync() override;
  Status Close() override;
  Status Truncate(uint64_t size) override;
  Status RangeSync(uint64_t offset, uint64_t size) override;
  Status Allocate(uint64_t /*offset*/, uint64_t /*size*/) override { return Status::Ok(); }

 private:
  static constexpr uint64_t kWindowBytes = uint64_t{512} << 10;
  static constexpr uint64_t kMappingBytes = uint64_t{64} << 20;  // of addresses; of memory, a window at most

  bool HasWindowAtEnd() const { return window_ != nullptr && size_ - window_begin_ < kWindowBytes; }
  bool MoveWindow();
  bool MapFrom(uint64_t begin);
  void LeaveWindow();
  // Whether an append of so many bytes goes behind the end of the file with a call.
  bool TakesCall(size_t bytes) const;
  Status AppendBehindEnd(const Slice* parts, size_t count);
  void Unmap();
  Status StopMapping();
  Status AppendPiece(Slice piece);
  Status WriteAt(const Slice* parts, size_t count, uint64_t offset);

  const std::string path_;
  FileDescriptor fd_;
  const size_t block_bytes_;
  uint64_t size_ = 0;       // of what was appended
  uint64_t file_size_ = 0;  // as the file system knows it
  bool is_mapping_ = true;
  char* mapping_ = nullptr;  // bytes [mapping_begin_, mapping_begin_ + kMappingBytes) of the file, or null
  uint64_t mapping_begin_ = 0;
  char* window_ = nullptr;  // bytes [window_begin_, window_begin_ + kWindowBytes) of the file, in the mapping, or null
  uint64_t window_begin_ = 0;
};

}  // namespace gneiss
