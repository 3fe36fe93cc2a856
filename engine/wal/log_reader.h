// A LogReader reads the records of a log file back, and tells a torn tail from damage.
//
// Owner:   owns the file. The record returned is borrowed until the next call.
// Threads: one thread.
// Errors:  damage is told to the Reporter with the number of bytes skipped; what follows depends on the recovery mode:
//          kTolerateCorruptedTailRecords, kAbsoluteConsistency, kPointInTimeRecovery (stop at the first damage),
//          kSkipAnyCorruptedRecords (go on behind it). An incomplete record at the very end is a torn tail: in all
//          modes but kAbsoluteConsistency it ends the file without an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/wal/log_format.h"

namespace gneiss {

// rocksdb::WALRecoveryMode's numbers.
enum class WalRecoveryMode : uint8_t {
  kTolerateCorruptedTailRecords = 0,
  kAbsoluteConsistency = 1,
  kPointInTimeRecovery = 2,
  kSkipAnyCorruptedRecords = 3,
};

class LogReader {
 public:
  class Reporter {
   public:
    virtual ~Reporter() = default;
    virtual void Corruption(size_t bytes, const Status& why) = 0;
  };
  LogReader(std::unique_ptr<SequentialFile> file, uint64_t log_number, Reporter* reporter);
  ~LogReader();

  // False at the end of the log.
  bool ReadRecord(Slice* record, WalRecoveryMode mode = WalRecoveryMode::kTolerateCorruptedTailRecords);
  uint64_t LastRecordOffset() const { return last_record_offset_; }
  uint64_t LastRecordEnd() const { return last_record_end_; }
  bool is_recycled() const { return is_recycled_; }

 private:
  std::unique_ptr<SequentialFile> file_;
  const uint64_t log_number_;
  Reporter* const reporter_;
  uint64_t last_record_offset_ = 0;
  uint64_t last_record_end_ = 0;
  bool is_recycled_ = false;
};

}  // namespace gneiss
