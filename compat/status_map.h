// The one place that turns a Status of the engine into one of rocksdb's, and back.
//
// Both sides number their codes, sub-codes and severities alike, so a translation copies fields. Two differ on purpose:
// a full cache is Incomplete + kMemoryLimit in the engine and Aborted + kMemoryLimit in rocksdb (IsMemoryLimit()); and
// an I/O error without space is marked retryable, which the engine does not store.
//
// Owner:   messages are copied. OK costs nothing in either direction.
// Threads: plain functions.
#pragma once

#include <rocksdb/io_status.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss::compat {

rocksdb::Status ToRocksError(const gneiss::Status& status);
gneiss::Status ToEngineError(const rocksdb::Status& status);

inline rocksdb::Status ToRocks(const gneiss::Status& status) {
  return status.ok() ? rocksdb::Status() : ToRocksError(status);
}
inline gneiss::Status ToEngine(const rocksdb::Status& status) {
  return status.ok() ? gneiss::Status() : ToEngineError(status);
}
rocksdb::IOStatus ToRocksIo(const gneiss::Status& status);

inline gneiss::Slice ToEngine(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
inline rocksdb::Slice ToRocks(gneiss::Slice slice) { return {slice.data(), slice.size()}; }

}  // namespace gneiss::compat
