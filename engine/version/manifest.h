// The Manifest is the log of VersionEdits that rebuilds a database's tables and column families; CURRENT names it.
//
// Format:  docs/formats/manifest.md, over the record format of docs/formats/log.md.
// Owner:   owns the open MANIFEST file.
// Threads: one thread at a time (db/install.cc takes turns); no lock that a reader takes is held meanwhile.
// Errors:  a failed append or sync leaves the tail unknown: the writer must then be replaced by a new MANIFEST (Create)
//          before any further edit, as db/install.cc does on Resume.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/version/version_edit.h"
#include "engine/wal/log_writer.h"

namespace gneiss {

// What recovery learns of one column family: the fold of its edits.
struct RecoveredFamily {
  uint32_t id = 0;
  std::string name;
  std::string comparator;  // empty: never named
  uint64_t log_number = 0;
  std::string full_history_ts_low;
  std::map<int, std::map<uint64_t, TableMeta>> tables;  // level -> number -> table
  std::map<int, InternalKey> compact_cursors;
  // All that were ever added, with all of their garbage: which of them are still needed the Version finds out.
  std::map<uint64_t, std::pair<BlobFileMeta, BlobGarbage>> blob_files;
};

struct RecoveredState {
  uint64_t manifest_number = 0;
  uint64_t manifest_bytes = 0;
  std::string db_id;
  uint64_t next_file_number = 2;  // above every file number that the MANIFEST names
  uint64_t min_log_number_to_keep = 0;
  uint64_t prev_log_number = 0;
  SeqNo last_seq = 0;
  uint32_t max_column_family = 0;
  std::map<uint32_t, RecoveredFamily> families;      // dropped ones are gone; the default family is always there
  std::map<uint64_t, std::optional<uint64_t>> wals;  // tracked WALs with their synced size
};

// Reads CURRENT and the MANIFEST it names. Atomic groups are applied whole; an unfinished group or a torn tail at the
// end is dropped. Comparators and the number of levels are left for the caller to compare. Errors, with RocksDB's
// texts: a missing file as the file system says; Corruption ("CURRENT file does not end with newline", "no
// next_file_number entry in MANIFEST", ...) naming the file.
Status RecoverManifest(FileSystem* fs, const std::string& dir, RecoveredState* state);

// Follows a MANIFEST that somebody else writes.
class ManifestFollower {
 public:
  ManifestFollower(FileSystem* fs, std::string dir);
  ~ManifestFollower();
  // The first time as RecoverManifest; later only what was written since. TryAgain: CURRENT names another MANIFEST by
  // now. After an error, a missing file apart, a new follower is needed.
  Status ReadOn(bool* has_changed);
  const RecoveredState& state() const { return state_; }
  RecoveredState TakeState() { return std::move(state_); }

 private:
  class Reading;

  FileSystem* const fs_;
  const std::string dir_;
  RecoveredState state_;
  std::unique_ptr<Reading> reading_;  // null before the first time
};

// Tells which files of a state are there. NotFound and Corruption mean that one is lost; other errors end the recovery.
class FileProbe {
 public:
  virtual ~FileProbe() = default;
  virtual Status Check(const RecoveredFamily& family, int level, const TableMeta& table) = 0;
  virtual Status Check(const RecoveredFamily& family, const BlobFileMeta& file) = 0;
};
// Needs no CURRENT: takes the newest MANIFEST that can be read, and of each family the newest state in it whose files
// are all there, be it empty. Sequence and file numbers are those of the end, so that none is used twice.
Status RecoverWhatIsWhole(FileSystem* fs, const std::string& dir, FileProbe* probe, RecoveredState* state);
// Those that are not empty, newest first.
Status ListManifests(FileSystem* fs, const std::string& dir, std::vector<uint64_t>* numbers);

// Only the families' names, in id order (DB::ListColumnFamilies).
Status ListManifestFamilies(FileSystem* fs, const std::string& dir, std::vector<std::string>* names);

class Manifest {
 public:
  // Writes MANIFEST-`number` with `snapshot` (the whole state as edits), syncs it, then points CURRENT at it.
  static Status Create(FileSystem* fs, const std::string& dir, uint64_t number,
                       const std::vector<VersionEdit>& snapshot, uint64_t allocate_ahead_bytes,
                       std::unique_ptr<Manifest>* manifest);

  // Appends the edits as records of their own, one write, one sync.
  Status Log(const std::vector<VersionEdit>& edits);
  uint64_t number() const { return number_; }
  uint64_t FileBytes() const { return writer_->FileBytes(); }
  Status Close() { return writer_->Close(); }

 private:
  Manifest(uint64_t number, std::unique_ptr<LogWriter> writer) : number_(number), writer_(std::move(writer)) {}

  const uint64_t number_;
  std::unique_ptr<LogWriter> writer_;
};

}  // namespace gneiss
