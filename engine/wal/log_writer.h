// A LogWriter appends records to a log file (WAL or MANIFEST).
//
// Units:   bytes.
// Owner:   owns the file.
// Threads: one thread at a time, except that Sync may run beside AddRecords of a later group (the file allows it).
// Errors:  the first failed Append or Sync is kept and returned ever after: nothing may be written behind an unknown
// tail.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/wal/log_format.h"

namespace gneiss {

class LogWriter {
 public:
  struct Config {
    uint64_t log_number = 0;
    bool is_recyclable = false;
    bool is_manual_flush = false;       // records stay in memory until Flush()
    uint64_t allocate_ahead_bytes = 0;  // 0: never. Space is allocated in steps of this size
    uint64_t initial_bytes = 0;         // when appending to an existing file
  };
  LogWriter(const Config& config, std::unique_ptr<WritableFile> file);
  ~LogWriter();

  // Appends each as a record of its own, all with one write to the file.
  Status AddRecords(const Slice* records, size_t count);
  Status AddRecord(Slice record) { return AddRecords(&record, 1); }
  Status Flush();  // hands buffered records to the file
  Status Sync();   // Flush, then make durable
  Status Close();

  uint64_t log_number() const { return config_.log_number; }
  uint64_t FileBytes() const { return file_bytes_; }

 private:
  void EncodeRecord(Slice record);
  void EncodeFragment(FragmentType type, Slice payload);

  const Config config_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;  // encoded, not yet written
  size_t block_offset_ = 0;
  uint64_t file_bytes_ = 0;  // with what is buffered
  uint64_t allocated_bytes_ = 0;
  Status failed_;
};

}  // namespace gneiss
