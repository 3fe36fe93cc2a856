// A Logger that writes lines to a file: "2026/01/02-03:04:05.000000 12345 text", local time and thread id.
//
// Lines are collected and reach the file when five seconds have passed since they last did, when 64 KiB have gathered,
// after a warning or worse, and on Flush and Close.
//
// Owner:   the logger owns its file; `env` gives thread ids and the clock and must outlive it.
// Threads: every method is safe from any thread.
// Errors:  failing to write a line is ignored, as there is nowhere to say so; Close reports failing to close.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>
#include <string>

namespace gneiss::compat {

// Makes the file anew.
rocksdb::IOStatus NewFileLogger(rocksdb::FileSystem* fs, const std::string& path, const rocksdb::IOOptions& io_options,
                                rocksdb::Env* env, std::shared_ptr<rocksdb::Logger>* result,
                                rocksdb::IODebugContext* debug);

}  // namespace gneiss::compat
