// The file objects of the default FileSystem, over POSIX file descriptors.
//
// Units:   offsets and sizes count bytes. Direct I/O wants offsets, sizes and memory aligned to 4096 bytes; the caller
//          sees to that, as rocksdb::FileSystem asks.
// Owner:   each object owns its descriptor and closes it.
// Threads: random-access files are safe from any thread, the others belong to one thread at a time; Sync of a writable
//          file may run beside appends.
// Errors:  IOStatus with RocksDB's texts, see posix_error.h.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <string>

#include "engine/io/posix_file.h"

namespace gneiss::compat {

struct OpenedFile {
  std::string name;
  FileDescriptor fd;
  bool is_direct = false;
};

std::unique_ptr<rocksdb::FSSequentialFile> NewPosixSequentialFile(OpenedFile file);
std::unique_ptr<rocksdb::FSRandomAccessFile> NewPosixRandomAccessFile(OpenedFile file);
// Serves reads from a mapping of the first `size` bytes.
rocksdb::IOStatus NewPosixMappedFile(OpenedFile file, uint64_t size,
                                     std::unique_ptr<rocksdb::FSRandomAccessFile>* result);
// `size` is the length of what stands before the first byte to append.
std::unique_ptr<rocksdb::FSWritableFile> NewPosixWritableFile(OpenedFile file, const rocksdb::FileOptions& options,
                                                              uint64_t size);
std::unique_ptr<rocksdb::FSRandomRWFile> NewPosixRandomRWFile(OpenedFile file);
std::unique_ptr<rocksdb::FSDirectory> NewPosixDirectory(OpenedFile file);
rocksdb::IOStatus NewPosixMappedBuffer(OpenedFile file, uint64_t size,
                                       std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result);

}  // namespace gneiss::compat
