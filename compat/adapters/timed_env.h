// A FileSystem that adds the time of each call to the env_*_nanos counters of the calling thread's PerfContext.
//
// Owner:   shares `base`; null means FileSystem::Default() once the options are prepared.
// Threads: as `base`.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace gneiss::compat {

inline constexpr char kTimedFileSystemName[] = "TimedFS";

std::unique_ptr<rocksdb::FileSystem> NewTimedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base);

}  // namespace gneiss::compat
