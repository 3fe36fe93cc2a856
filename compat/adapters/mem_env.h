// An Env that keeps its files in memory: NewMemEnv, and the FileSystem under it.
//
// Paths are plain names: a file may be made in a directory nobody created, and a directory exists as soon as something
// lies in it. Time on the Env passes only by sleeping (see emulated_clock.h).
//
// Owner:   the Env shares its FileSystem. A file's bytes live until the last name and the last open file are gone.
// Threads: every method of the FileSystem is safe from any thread. One open file belongs to one thread at a time, but
//          many may be open on the same bytes.
// Errors:  PathNotFound for what does not exist; a lock file cannot be opened, another file cannot be locked.
#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <memory>

#include "compat/adapters/composite_env.h"

namespace gneiss::compat {

inline constexpr char kMemFileSystemName[] = "MemoryFileSystem";

// `clock` gives modification times.
std::unique_ptr<rocksdb::FileSystem> NewMemFileSystem(const std::shared_ptr<rocksdb::SystemClock>& clock);

class MemEnv final : public rocksdb::CompositeEnvWrapper {
 public:
  MemEnv(rocksdb::Env* base, const std::shared_ptr<rocksdb::SystemClock>& clock);

  static const char* kClassName() { return "MockEnv"; }
  const char* Name() const override { return kClassName(); }
};

}  // namespace gneiss::compat
