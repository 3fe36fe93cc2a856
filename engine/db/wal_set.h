// The WalSet is the database's live write-ahead logs: the one being written, and older ones that still hold unflushed
// data.
//
// Owner:   owns the writers and knows the files; deleting files is the caller's.
// Threads: Append, Flush and Rotate by the commit leader only. Sync, SyncClosed and the readings are safe from any
// thread. Errors:  the first failed write or sync; a failed log takes no more records (LogWriter).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/db/config.h"
#include "engine/wal/log_chain.h"
#include "engine/wal/log_writer.h"

namespace gneiss {

// Logs that are closed and durable, with their sizes.
using SyncedLogs = std::vector<std::pair<uint64_t, uint64_t>>;

class WalSet {
 public:
  WalSet(const DatabaseConfig& config, std::string dir) : config_(config), dir_(std::move(dir)) {}

  // Starts log `number`; the one before is closed to writes. `allocate_ahead_bytes` is about one write buffer.
  Status Rotate(uint64_t number, uint64_t allocate_ahead_bytes) EXCLUDES(mutex_);
  // Starts log `number` although the current one failed: that one is dropped from the set of logs to sync, its file
  // stays until its data was flushed.
  Status Replace(uint64_t number) EXCLUDES(mutex_, sync_mutex_);
  // What a replaced log held is durable elsewhere. Until then Sync has nothing good to say.
  void TrustAgain() { is_log_lost_.store(false); }
  // A log that recovery read and that is kept because its data was not flushed. It is durable.
  void AddRecovered(uint64_t number, uint64_t bytes) EXCLUDES(mutex_);

  Status Append(const Slice* records, size_t count);  // write batches
  Status Flush();
  // Everything appended so far, in all logs. The closed ones among those synced are appended to *synced.
  Status Sync(SyncedLogs* synced) EXCLUDES(mutex_, sync_mutex_);
  Status SyncClosed(SyncedLogs* synced) EXCLUDES(mutex_, sync_mutex_);  // all but the current log

  // Forgets logs below `number`; returns them for deletion. Their writers are closed.
  std::vector<uint64_t> DropBelow(uint64_t number) EXCLUDES(mutex_, sync_mutex_);
  Status Close() EXCLUDES(mutex_, sync_mutex_);

  uint64_t current_number() const { return current_number_.load(std::memory_order_acquire); }
  bool IsCurrentEmpty() const { return current_bytes_.load(std::memory_order_relaxed) == 0; }
  uint64_t TotalBytes() const {
    return closed_bytes_.load(std::memory_order_relaxed) + current_bytes_.load(std::memory_order_relaxed);
  }
  std::vector<uint64_t> LiveNumbers() const EXCLUDES(mutex_);
  // What was written to log `number`, without the space that an open file holds ahead. UINT64_MAX when it is not open.
  uint64_t WrittenBytes(uint64_t number) const EXCLUDES(mutex_);
  uint64_t OldestNumber() const EXCLUDES(mutex_);

 private:
  struct Log {
    uint64_t number = 0;
    uint64_t bytes = 0;
    std::shared_ptr<LogWriter> writer;  // null: already synced and closed, or recovered
  };
  Status AppendFirst(const Slice* records, size_t count) EXCLUDES(mutex_);
  Status SyncUpTo(bool with_current, SyncedLogs* synced) EXCLUDES(mutex_, sync_mutex_);

  const DatabaseConfig& config_;
  const std::string dir_;
  std::shared_ptr<LogWriter> current_;   // the commit leader's
  std::optional<LogBefore> log_before_;  // the commit leader's: not durable when the current log began
  std::atomic<uint64_t> current_number_{0};
  std::atomic<uint64_t> current_bytes_{0};
  std::atomic<uint64_t> closed_bytes_{0};
  Mutex sync_mutex_;  // one sync at a time; taken before mutex_
  mutable Mutex mutex_;
  std::deque<Log> logs_ GUARDED_BY(mutex_);  // oldest first; the last is the current one
  std::atomic<bool> is_log_lost_{false};
  std::atomic<bool> is_directory_synced_{true};  // false: a new log's name may not be durable
};

}  // namespace gneiss
