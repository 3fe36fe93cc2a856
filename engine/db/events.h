// The EventSink hears of what happens in the background; rocksdb::EventListener behind compat.
//
// Threads: called from background threads (OnBackgroundError also from writers), never under a lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/compaction/choose.h"
#include "engine/compaction/compaction_job.h"

namespace gneiss {

// Why memtables were flushed; RocksDB's FlushReason numbers.
enum class FlushCause : uint8_t {
  kOther = 0x00,
  kWriteBufferManager = 0x05,
  kWriteBufferFull = 0x06,
  kManual = 0x0a,
  kErrorRecovery = 0x0b
};

struct FlushEvent {
  uint32_t family_id = 0;
  std::string family_name;
  int job_id = 0;
  uint64_t file_number = 0;
  std::string file_path;
  bool triggered_slowdown = false;
  bool triggered_stop = false;
  SeqNo smallest_seq = 0;
  SeqNo largest_seq = 0;
  TableProperties properties;
  uint64_t oldest_blob_file_number = 0;
  std::vector<BlobFileMeta> blob_files;
  const BlobFileOpener* blob_opener = nullptr;  // knows where the blob files lie
  Compression blob_compression = Compression::kNone;
  FlushCause cause = FlushCause::kOther;
  // What goes in.
  uint64_t memtables = 0, entries = 0, deletions = 0, memory_bytes = 0;
  // What came out; known when completed.
  uint64_t file_bytes = 0;
  std::vector<size_t> tables_per_level;
  uint64_t sealed_left = 0;
  std::string compression_name;
};

struct MemtableEvent {
  std::string family_name;
  SeqNo first_seq = 0, earliest_seq = 0;
  uint64_t entries = 0, deletions = 0;
};

// A family's own condition; writes to all families are slowed down or stopped by the worst one.
enum class StallCondition : uint8_t { kNormal, kDelayed, kStopped };
struct StallEvent {
  std::string family_name;
  StallCondition before = StallCondition::kNormal;
  StallCondition now = StallCondition::kNormal;
};

struct TableStartEvent {
  std::string family_name;
  std::string file_path;
  int job_id = 0;
  bool is_flush = false;
};

struct CompactionEvent {
  uint32_t family_id = 0;
  std::string family_name;
  int job_id = 0;
  const CompactionWork* work = nullptr;
  const CompactionResult* result = nullptr;  // null at the beginning
  Status status;
  const TableOpener* opener = nullptr;  // knows where the tables lie
  Compression compression = Compression::kNone;
  const BlobFileOpener* blob_opener = nullptr;  // likewise the blob files
  Compression blob_compression = Compression::kNone;
  std::string compression_name;
  std::vector<size_t> tables_per_level;  // known when completed
};

// A blob file begun, or finished as `status` says. Unlike the other events these come while the file is written.
struct BlobFileEvent {
  enum class Reason : uint8_t { kFlush = 0, kCompaction = 1, kRecovery = 2 };  // rocksdb's numbers
  std::string family_name;
  int job_id = 0;
  Reason reason = Reason::kFlush;
  std::string path;
  uint64_t blob_count = 0;
  uint64_t blob_bytes = 0;
  Status status;
};

enum class BackgroundErrorReason : uint8_t {
  kFlush,
  kCompaction,
  kWriteCallback,
  kMemTable,
  kManifestWrite,
  kFlushNoWal,
  kManifestWriteNoWal
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnFlushBegin(const FlushEvent&) {}
  virtual void OnFlushCompleted(const FlushEvent&) {}
  virtual void OnCompactionBegin(const CompactionEvent&) {}
  virtual void OnCompactionCompleted(const CompactionEvent&) {}
  // May clear *status to keep writing (rocksdb::EventListener::OnBackgroundError).
  virtual void OnBackgroundError(BackgroundErrorReason, Status* /*status*/) {}
  // Before the database tries to get over an error by itself; false: it shall not.
  virtual bool OnRecoveryBegin(BackgroundErrorReason, const Status& /*error*/) { return true; }
  // After it did (`now` is OK), or after the last try. Also after Resume.
  virtual void OnRecoveryEnd(const Status& /*before*/, const Status& /*now*/) {}
  virtual void OnBlobFileBegun(const BlobFileEvent&) {}
  virtual void OnBlobFileFinished(const BlobFileEvent&) {}
  virtual void OnBlobFileDeleted(const std::string& /*path*/, uint64_t /*number*/, const Status&) {}
  virtual void OnMemtableSealed(const MemtableEvent&) {}
  virtual void OnStallChanged(const StallEvent&) {}
  virtual void OnTableFileStarted(const TableStartEvent&) {}
  virtual void OnTableFileDeleted(const std::string& /*path*/, uint64_t /*number*/, const Status&) {}
};

}  // namespace gneiss
