// A WalFilter looks at each log record before recovery applies it (rocksdb::WalFilter behind compat/).
//
// Owner:   the caller of the engine; it outlives the opening.
// Threads: called by the thread that opens the database.
// Errors:  told by the verdict.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/base/slice.h"

namespace gneiss {

class WalFilter {
 public:
  enum class Verdict : uint8_t { kApply, kIgnore, kStopReplay, kCorrupted, kUnknown };

  virtual ~WalFilter() = default;
  virtual const char* Name() const = 0;
  // The families by id with their log numbers, and their ids by name. Called once, before the first record.
  virtual void OnFamilies(const std::map<uint32_t, uint64_t>& log_numbers,
                          const std::map<std::string, uint32_t>& ids) = 0;
  // `batch` is a write batch. A replacement for it goes to *changed, which is empty otherwise.
  virtual Verdict OnRecord(uint64_t log_number, const std::string& path, Slice batch, std::string* changed) = 0;
};

}  // namespace gneiss
