// What encrypted_files.cc and encrypted_file_system.cc share.
//
// Owner:   AlignedBytes owns its memory.
// Threads: plain values.
// Errors:  none.
#pragma once

#include <rocksdb/io_status.h>

#include <cstddef>

namespace gneiss::compat {

rocksdb::IOStatus ToIoStatus(rocksdb::Status&& status);

// Memory at an address that direct I/O accepts.
class AlignedBytes {
 public:
  AlignedBytes(size_t size, size_t alignment);
  ~AlignedBytes();
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  char* data() const { return data_; }

 private:
  size_t alignment_;
  char* data_;
};

}  // namespace gneiss::compat
