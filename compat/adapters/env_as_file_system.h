// An Env whose subclass overrides the old file functions, seen as a FileSystem and a SystemClock.
//
// This is what Env::GetFileSystem() answers for an Env that was made without a FileSystem of its own, so that every
// part of the library can speak to a FileSystem only.
//
// Owner:   neither object owns `env`, which owns them.
// Threads: as the Env's functions.
// Errors:  the Env's, unchanged.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <memory>

namespace gneiss::compat {

std::shared_ptr<rocksdb::FileSystem> NewEnvAsFileSystem(rocksdb::Env* env);
std::shared_ptr<rocksdb::SystemClock> NewEnvAsClock(rocksdb::Env* env);

}  // namespace gneiss::compat
