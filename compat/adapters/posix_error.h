// Turns an errno into the IOStatus that RocksDB's POSIX file system gives for it.
//
// Errors:  ENOSPC is NoSpace and retryable, ENOENT is PathNotFound, ESTALE is a bare StaleFile; others are IOError. The
//          text is "<context>: <file>: <errno's text>".
// Threads: plain function.
#pragma once

#include <rocksdb/io_status.h>

#include <string>

namespace gneiss::compat {

rocksdb::IOStatus PosixIoError(const std::string& context, const std::string& file, int errno_value);

}  // namespace gneiss::compat
