// Reading and writing a rocksdb file that takes aligned offsets, sizes and memory only (direct I/O).
//
// Units:   bytes; the alignment is the file's own.
// Owner:   the caller owns the files.
// Threads: AlignedRead is as safe as the file; an AlignedWriter belongs to one thread at a time.
// Errors:  the file's.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdlib>
#include <functional>
#include <memory>

#include "engine/base/slice.h"

namespace gneiss::compat {

struct FreeAligned {
  void operator()(char* memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<char[], FreeAligned>;

// `size` must be a multiple of `alignment`, a power of two.
AlignedMemory AllocateAligned(size_t alignment, size_t size);

// Reads [offset, offset + size) through an aligned buffer and copies it to `scratch`. `read` reads an aligned piece.
using AlignedReadFunction = std::function<rocksdb::IOStatus(uint64_t offset, size_t size, rocksdb::Slice*, char*)>;
rocksdb::IOStatus AlignedRead(const AlignedReadFunction& read, size_t alignment, uint64_t offset, size_t size,
                              rocksdb::Slice* result, char* scratch);

// Appends to a file that can only be written in whole aligned blocks. The last block is written padded with zeros, and
// again when more bytes have come; Finish cuts the padding off.
class AlignedWriter {
 public:
  explicit AlignedWriter(rocksdb::FSWritableFile* file);

  rocksdb::IOStatus Append(gneiss::Slice bytes);
  // Hands all bytes to the file.
  rocksdb::IOStatus WriteTail();
  rocksdb::IOStatus Finish();

 private:
  static constexpr size_t kBufferBytesMin = 256 * 1024;

  rocksdb::FSWritableFile* const file_;
  const size_t alignment_;
  const size_t capacity_;
  const AlignedMemory buffer_;
  size_t buffered_ = 0;         // bytes in the buffer
  uint64_t buffer_offset_ = 0;  // where in the file the buffer begins
  bool has_unwritten_ = false;
};

}  // namespace gneiss::compat
