// A LogWriter appends records to a log file (WAL or MANIFEST).
//
// Units:   bytes.
// Owner:   owns the file.
// Threads: one thread at a time, except that Sync and FileBytes may run beside AddRecords of a later group: the wait
// for
//          the disk holds no lock, and writing goes on meanwhile. Sync covers what AddRecords had finished before.
// Errors:  the first failed Append or Sync is kept and returned ever after: nothing may be written behind an unknown
//          tail.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/compression.h"
#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/wal/log_format.h"

namespace gneiss {

class LogWriter {
 public:
  struct Config {
    uint64_t log_number = 0;
    bool is_recyclable = false;
    bool is_manual_flush = false;                  // records stay in memory until Flush()
    uint64_t allocate_ahead_bytes = 0;             // 0: never. Space is allocated in steps of this size
    uint64_t initial_bytes = 0;                    // when appending to an existing file
    Compression compression = Compression::kNone;  // of records: kNone or kZstd; only for files that begin here
  };
  LogWriter(const Config& config, std::unique_ptr<WritableFile> file);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Appends each as a record of its own, all with one write to the file.
  Status AddRecords(const Slice* records, size_t count) EXCLUDES(mutex_);
  Status AddRecord(Slice record) { return AddRecords(&record, 1); }
  Status Flush() EXCLUDES(mutex_);  // hands buffered records to the file
  Status Sync() EXCLUDES(mutex_);   // Flush, then make durable
  Status Close() EXCLUDES(mutex_);

  // False when a Sync covers all that was appended.
  bool HasUnsynced() const { return synced_bytes_.load(std::memory_order_acquire) < FileBytes(); }

  uint64_t log_number() const { return config_.log_number; }
  uint64_t FileBytes() const { return file_bytes_.load(std::memory_order_relaxed); }  // with what is buffered

 private:
  Status EncodeRecord(Slice record) REQUIRES(mutex_);
  size_t FragmentBytesMax() const;
  void EncodePayload(Slice payload) REQUIRES(mutex_);
  void EncodeFragment(FragmentType type, Slice payload, bool is_borrowed) REQUIRES(mutex_);
  bool CanBorrow(Slice record) const;
  Status WriteBuffer() REQUIRES(mutex_);
  Status AppendBuffer() REQUIRES(mutex_);
  void AllocateAhead() REQUIRES(mutex_);
  Status Failure() EXCLUDES(failure_mutex_);
  Status KeepFailure(Status status) EXCLUDES(failure_mutex_);

  const Config config_;
  const std::unique_ptr<WritableFile> file_;
  std::atomic<uint64_t> file_bytes_;
  std::atomic<uint64_t> written_bytes_;  // without what is buffered
  std::atomic<uint64_t> synced_bytes_;

  Mutex mutex_;                            // before failure_mutex_; not held while Sync waits for the disk
  std::string buffer_ GUARDED_BY(mutex_);  // encoded, not yet written
  // Large payloads go to the file from where they are. Between two calls of AddRecords there are none.
  struct Borrowed {
    size_t buffer_offset;  // they belong in the buffer here
    Slice bytes;
  };
  std::vector<Borrowed> borrowed_ GUARDED_BY(mutex_);
  std::vector<Slice> parts_ GUARDED_BY(mutex_);  // scratch of AppendBuffer
  ByteBuffer compressed_ GUARDED_BY(mutex_);     // scratch of EncodeRecord
  size_t block_offset_ GUARDED_BY(mutex_);
  uint64_t allocated_bytes_ GUARDED_BY(mutex_);
  bool can_allocate_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;

  std::atomic<bool> has_failed_{false};
  Mutex failure_mutex_;
  Status failed_ GUARDED_BY(failure_mutex_);
};

}  // namespace gneiss
