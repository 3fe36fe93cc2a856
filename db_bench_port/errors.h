#pragma once

#include <rocksdb/status.h>

// A benchmark that goes wrong has no result: each of these prints why and ends the program with exit code 1, at once,
// without waiting for other threads.
namespace bench {

[[noreturn]] void Fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// "WHAT error: STATUS".
[[noreturn]] void FailStatus(const char* what, const rocksdb::Status& status);

inline void CheckOk(const char* what, const rocksdb::Status& status) {
  if (!status.ok()) [[unlikely]]
    FailStatus(what, status);
}

// For reads: not finding a key is an answer. Returns whether it was found.
inline bool CheckFound(const char* what, const rocksdb::Status& status) {
  if (status.ok()) return true;
  if (!status.IsNotFound()) FailStatus(what, status);
  return false;
}

}  // namespace bench
