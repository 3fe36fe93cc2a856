// The one way in which compat/ says that a feature of RocksDB is not built: never a silent no-op.
//
// Units:   `name` is the public name a RocksDB user knows, such as "Checkpoint::ExportColumnFamily".
// Owner:   the texts are copied into the result.
// Threads: safe from any thread.
// Errors:  NotBuilt and NotBuiltIo answer NotSupported; NotBuiltC sets *errptr as c.h asks (malloc'ed text);
//          FailNotBuilt is for functions that cannot report anything: it names itself on stderr and aborts.
//
// Every name given here is listed in docs/compatibility.md, and tests/abi/check_not_supported.py holds the two
// against each other. So pass a string literal, on the same line as the call.
#pragma once

#include <rocksdb/io_status.h>
#include <rocksdb/status.h>

namespace gneiss::compat {

rocksdb::Status NotBuilt(const char* name);
rocksdb::IOStatus NotBuiltIo(const char* name);
void NotBuiltC(char** errptr, const char* name);
[[noreturn]] void FailNotBuilt(const char* name);

}  // namespace gneiss::compat
