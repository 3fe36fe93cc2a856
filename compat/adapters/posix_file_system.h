// The operating system's file system as rocksdb::FileSystem. FileSystem::Default() is the one everybody shares.
//
// Owner:   the caller of NewPosixFileSystem.
// Threads: every method is safe from any thread.
// Errors:  RocksDB's texts, see posix_error.h.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace gneiss::compat {

inline constexpr char kPosixFileSystemName[] = "PosixFileSystem";

std::unique_ptr<rocksdb::FileSystem> NewPosixFileSystem();

}  // namespace gneiss::compat
