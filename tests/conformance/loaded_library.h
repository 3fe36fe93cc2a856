// Which librocksdb this process runs on: the same program is started with Gneiss's library and with RocksDB's own.
//
// Owner:   strings of the process's lifetime.
// Threads: safe from any thread.
// Errors:  a process that maps no librocksdb, or two, ends at start (CheckLoadedLibrary).
#pragma once

#include <string>

namespace gneiss::conformance {

// The file that the running librocksdb was mapped from.
const std::string& LoadedLibraryPath();

// True when RocksDB's own library is loaded. Only a case that names a bug of RocksDB may ask.
bool IsReference();

// False, with a line on stderr, when the library is not the one that CONFORMANCE_LIBRARY asks for.
bool CheckLoadedLibrary();

}  // namespace gneiss::conformance
