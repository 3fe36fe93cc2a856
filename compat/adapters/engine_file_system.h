// The engine's view of a rocksdb::FileSystem, so that a user's own one is asked for every byte.
//
// The default FileSystem is not wrapped: the engine then uses the operating system directly. Any other gets the file
// options that RocksDB would give it: its Optimize functions are asked by the kind of file, which the name tells.
//
// Options honoured here: use_fsync, checksum_handoff_file_types, allow_fallocate, the direct I/O and mmap options and
// what else EnvOptions carries. A file that reports use_direct_io() is read and written in its alignment.
//
// Owner:   the result shares the FileSystem and keeps a copy of the options.
// Threads: as engine/io/file_system.h asks.
// Errors:  the FileSystem's, through compat/status_map.h.
#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/options.h>

#include <memory>

#include "engine/io/file_system.h"

namespace gneiss::compat {

// Null for the default FileSystem: use gneiss::FileSystem::Posix().
std::unique_ptr<gneiss::FileSystem> NewEngineFileSystem(const std::shared_ptr<rocksdb::FileSystem>& fs,
                                                        const rocksdb::DBOptions& options = rocksdb::DBOptions());

}  // namespace gneiss::compat
