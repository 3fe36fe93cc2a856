// A Database is one open directory: column families of sorted data, written through one commit path.
//
// Paths:   engine/db/README.md follows a put, a get, a flush and a compaction through the files.
// Owner:   the caller owns the Database and closes it before its config's pointers go. FamilyPtr handles, iterators and
//          snapshots may outlive Close: they then answer ShutdownInProgress or stay readable, never crash.
// Threads: every method is safe from any thread, but Close waits for no caller: end other calls first.
// Errors:  RocksDB's codes and texts. After a background error writes return it until Resume or reopening; reads go on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/db/column_family.h"
#include "engine/db/config.h"
#include "engine/db/db_iterator.h"
#include "engine/db/prepared_sections.h"
#include "engine/db/snapshot_list.h"
#include "engine/db/update_iterator.h"
#include "engine/key/pinned_value.h"

namespace gneiss {

struct WriteParams {
  bool sync = false;
  bool disable_wal = false;
  bool no_slowdown = false;
  bool low_priority = false;
  bool ignore_missing_families = false;
  // Only so much of the batch, with so many of its data records, goes to the log. 0: all of it.
  size_t logged_bytes = 0;
  uint32_t logged_count = 0;
};

struct DbReadParams {
  ReadParams table;
  const Snapshot* snapshot = nullptr;
  bool persisted_only = false;  // kPersistedTier
  // For families with timestamps, of their size: versions that are newer are not seen. MultiGet and GetAt heed it.
  const Slice* timestamp = nullptr;
};

struct FlushParams {
  bool wait = true;
  bool allow_write_stall = false;
};

struct CompactRangeParams {
  bool exclusive = true;
  bool change_level = false;
  int target_level = -1;
  uint32_t target_path_id = 0;
  enum class Bottommost : uint8_t { kSkip = 0, kIfHaveCompactionFilter = 1, kForce = 2, kForceOptimized = 3 };
  Bottommost bottommost = Bottommost::kIfHaveCompactionFilter;
  bool allow_write_stall = false;
  int subcompactions_max = 0;  // 0: the config's
  const std::atomic<bool>* canceled = nullptr;
  std::optional<bool> collects_blob_garbage;  // none: as the family's config says
  double blob_age_cutoff = -1;                // not within [0, 1]: likewise
  std::string trim_timestamp;                 // versions newer than that go, whatever snapshots see; empty: none
};

// A merge of tables that the caller names (rocksdb::DB::CompactFiles).
struct CompactFilesParams {
  std::vector<uint64_t> table_numbers;
  int output_level = 0;
  uint32_t path_id = 0;
  std::optional<Compression> compression;  // instead of the config's
  uint64_t output_file_bytes_max = UINT64_MAX;
  int subcompactions_max = 0;  // 0: the config's
  const std::atomic<bool>* canceled = nullptr;
};
struct CompactFilesReport {
  int job_id = 0;
  CompactionWork work;  // without inputs when nothing was done
  CompactionResult result;
  Compression compression = Compression::kNone;
};

// Files for one column family (rocksdb::DB::IngestExternalFile).
struct IngestParams {
  FamilyPtr family;
  std::vector<std::string> paths;
  bool moves_files = false;
  bool falls_back_to_copy = true;          // where the file system has no links
  bool keeps_snapshots_repeatable = true;  // open snapshots give the files a seq of their own
  bool allow_global_seq = true;
  bool allow_blocking_flush = true;
  bool writes_global_seq = true;  // into the files too
  bool verify_checksums = false;
  size_t verify_readahead_bytes = 0;
  bool fails_if_not_bottommost = false;
  uint8_t temperature = 0;
};
// Tables that another database exported, for a family that has none (rocksdb::DB::CreateColumnFamilyWithImport).
struct ImportedTable {
  std::string path;
  int level = 0;
  SeqNo smallest_seq = 0;
  SeqNo largest_seq = 0;
  uint8_t temperature = 0;
};
struct IngestedTable {
  FamilyPtr family;
  std::string outside_path;
  std::string inside_path;
  int level = 0;
  SeqNo seq = 0;
  TableProperties properties;
};

// User keys from begin to end, both included; null: unbounded.
struct OptionalRange {
  const Slice* begin = nullptr;
  const Slice* end = nullptr;
};

// What a copy of the database is made of, at one moment.
struct LiveTable {
  FamilyPtr family;
  int level = 0;
  TableMeta meta;
};
struct LiveBlobFile {
  FamilyPtr family;
  BlobFileMeta meta;
};
struct LiveFileSet {
  std::vector<LiveTable> tables;
  std::vector<LiveBlobFile> blob_files;
  uint64_t manifest_number = 0;
  uint64_t manifest_bytes = 0;
  uint64_t options_number = 0;  // 0: no OPTIONS file
  uint64_t min_log_number = 0;  // logs below hold nothing that the tables do not
};

struct MultiGetRequest {
  ColumnFamily* family = nullptr;
  Slice key;
  PinnedValue* value = nullptr;
  std::string* timestamp = nullptr;  // becomes the version's, of a value or of a deletion; null: not wanted
  Status status;
};

// Facts for properties and metadata calls, read in one piece.
struct FamilyFacts {
  VersionPtr version;
  CompactionState compaction;
  uint64_t sealed_count = 0;
  std::vector<VersionPtr> older_versions;  // which readers still hold
  uint64_t live_versions = 0;              // the newest, and those that older readers hold
  uint64_t flush_pending = 0, compaction_pending = 0;
  uint64_t active_bytes = 0, all_memtables_bytes = 0, pinned_memtables_bytes = 0;
  uint64_t active_entries = 0, sealed_entries = 0, active_deletes = 0, sealed_deletes = 0;
  uint64_t super_version_number = 0;
  uint64_t log_number = 0;
  uint64_t earliest_seq_in_memory = 0;
  std::vector<LevelCounters> levels;  // what compactions did, per output level
  FamilyCounters counters;
};
struct DatabaseFacts {
  uint64_t running_flushes = 0, running_compactions = 0;
  uint64_t background_errors = 0;
  bool is_write_stopped = false;
  uint64_t delayed_write_bytes_per_second = 0;  // 0: not delayed
  uint64_t snapshot_count = 0, oldest_snapshot_unix_seconds = 0;
  SeqNo oldest_snapshot_seq = 0;
  bool is_file_deletion_enabled = true;
  uint64_t min_log_number_to_keep = 0, min_obsolete_table_number = UINT64_MAX;
  uint64_t counted_since_unix_micros = 0;  // the opening, or the last ResetFacts
  CommitCounters commits;
};

class Database {
 public:
  // Opens (or creates) `dir`. `families` must name every family in the directory unless read-only; "default" is
  // required.
  static Status Open(const DatabaseConfig& config, const std::string& dir,
                     const std::vector<FamilyDescriptor>& families, std::vector<FamilyPtr>* handles,
                     std::unique_ptr<Database>* database);
  virtual ~Database() = default;  // closes

  // Flushes what has no log, ends background work, closes files, releases the lock. Idempotent; the first result is
  // kept.
  virtual Status Close() = 0;

  // `rep` is a write batch (engine/wal/write_batch.h); its sequence number is filled in.
  virtual Status Write(const WriteParams& params, std::string* rep) = 0;
  virtual Status Get(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value) = 0;
  // Get for a family with timestamps. *found_timestamp (may be null) becomes that of the value or deletion found, else
  // empty. InvalidArgument for a timestamp before the family's history start.
  virtual Status GetAt(const DbReadParams& params, ColumnFamily* family, Slice bare_key, PinnedValue* value,
                       std::string* found_timestamp) = 0;
  // As Get, but a wide-column entity comes as it is stored: *is_entity tells.
  virtual Status GetEntity(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value,
                           bool* is_entity) = 0;
  // The key's merge operands with the value they build on, oldest first. A plain value is the only one.
  virtual Status GetOperands(const DbReadParams& params, ColumnFamily* family, Slice key,
                             std::vector<std::string>* operands) = 0;
  virtual void MultiGet(const DbReadParams& params, MultiGetRequest* requests, size_t count) = 0;
  virtual std::unique_ptr<DbIterator> NewIterator(const IteratorParams& params, const FamilyPtr& family) = 0;
  // Every entry of the family, hidden ones too, in internal order; range tombstones are left out. Ends before the
  // database does.
  virtual std::unique_ptr<InternalIterator> NewEntryIterator(const FamilyPtr& family) = 0;
  // All at one sequence number.
  virtual Status NewIterators(const IteratorParams& params, const std::vector<FamilyPtr>& families,
                              std::vector<std::unique_ptr<DbIterator>>* iterators) = 0;

  virtual const Snapshot* GetSnapshot() = 0;
  virtual void ReleaseSnapshot(const Snapshot* snapshot) = 0;

  virtual Status CreateFamily(const FamilyDescriptor& descriptor, FamilyPtr* handle) = 0;
  virtual Status DropFamily(const FamilyPtr& family) = 0;
  // Of a family with timestamps: versions of a key that are older than `timestamp` may go, but for the newest of them.
  virtual Status RaiseHistoryStart(const FamilyPtr& family, Slice timestamp) = 0;
  virtual Status SetFamilyConfig(const FamilyPtr& family, const FamilyConfig& config) = 0;  // mutable parts only
  // Changes what may change of the database's config, and with it the families' (mutable parts only).
  virtual Status SetTuning(const DatabaseTuning& tuning,
                           const std::vector<std::pair<FamilyPtr, FamilyConfig>>& families) = 0;
  virtual FamilyPtr DefaultFamily() = 0;

  virtual Status Flush(const FlushParams& params, const std::vector<FamilyPtr>& families) = 0;
  virtual Status CompactRange(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin,
                              const Slice* end) = 0;
  // Fills *report with what was done.
  virtual Status CompactFiles(const CompactFilesParams& params, const FamilyPtr& family,
                              CompactFilesReport* report) = 0;
  // Asks for the range's tables to be compacted soon, all but those of the last level.
  virtual Status SuggestCompactRange(const FamilyPtr& family, const OptionalRange& range) = 0;
  // Moves all of level 0, whose tables must be disjoint, to a level with nothing above it.
  virtual Status PromoteLevel0(const FamilyPtr& family, int target_level) = 0;
  // Drops the tables below level 0 that lie wholly inside a range. Open snapshots go on reading them.
  virtual Status DeleteFilesInRanges(const FamilyPtr& family, const std::vector<OptionalRange>& ranges,
                                     bool include_end) = 0;
  // Drops one table, which must be the oldest of its family's last level.
  virtual Status DeleteTable(uint64_t number) = 0;
  // Takes in files that were written outside; all of them, over all families, or none.
  virtual Status Ingest(const std::vector<IngestParams>& families, std::vector<IngestedTable>* ingested) = 0;
  virtual Status Import(const FamilyPtr& family, const std::vector<ImportedTable>& files, bool moves_files) = 0;
  // A secondary reads what the primary has done since. Open iterators keep what they show.
  virtual Status CatchUp() = 0;
  virtual Status WaitForBackgroundWork() = 0;  // until no flush or compaction is due or running
  virtual Status PauseBackgroundWork() = 0;
  virtual Status ContinueBackgroundWork() = 0;
  virtual void CancelBackgroundWork(bool wait) = 0;
  virtual Status FlushWal(bool sync) = 0;
  virtual Status SyncWal() = 0;
  // Holds up every write, with all that was written in the logs' files, until UnlockWal. Calls nest.
  virtual Status LockWal() = 0;
  virtual Status UnlockWal() = 0;
  // Live and archived logs by number. While file deletions are disabled none of them goes away.
  virtual Status ListWals(std::vector<WalFile>* files) = 0;
  virtual Status CurrentWal(WalFile* file) = 0;  // without its first_seq; IoError (kPathNotFound) when read-only
  virtual const std::string& WalDirectoryName() const = 0;
  // Transactions prepared and not yet committed: written since, or found by recovery.
  virtual std::vector<PreparedPtr> Prepared() const = 0;
  // Batches from the one that holds `seq` on. The iterator must not outlive the database.
  virtual Status UpdatesSince(SeqNo seq, std::unique_ptr<UpdateIterator>* iterator) = 0;
  virtual Status Resume() = 0;
  virtual Status DisableFileDeletions() = 0;
  virtual Status EnableFileDeletions(bool force) = 0;

  virtual SeqNo LatestSeq() const = 0;
  virtual uint64_t ApproximateBytes(const FamilyPtr& family, Slice start, Slice end, bool include_files,
                                    bool include_memtables) = 0;
  virtual Memtable::RangeEstimate EstimateMemtables(const FamilyPtr& family, Slice start, Slice end) = 0;
  virtual FamilyFacts Facts(const FamilyPtr& family) = 0;
  virtual DatabaseFacts Facts() = 0;
  virtual void ResetFacts() = 0;  // the counters in them begin anew
  virtual Status VerifyChecksums(const ReadParams& params) = 0;
  virtual Status VerifyFileChecksums() = 0;  // whole files against what the MANIFEST says, where it says something
  virtual Status GetLiveFiles(std::vector<std::string>* names, uint64_t* manifest_bytes, bool flush_memtables) = 0;
  virtual LiveFileSet LiveFiles() = 0;
  virtual const std::string& Directory() const = 0;
  virtual const std::string& Identity() const = 0;  // db_id
  virtual Status BackgroundError() const = 0;
};

// Rebuilds the MANIFEST of a database from its tables and logs; what is of no use is moved into lost/. Families that
// the tables name but the caller does not are opened as `unknown_family`, or, without one, their tables are put aside.
struct RepairParams {
  std::vector<FamilyDescriptor> families;
  std::optional<FamilyDescriptor> unknown_family;
};
Status RepairDatabase(const DatabaseConfig& config, const std::string& dir, const RepairParams& params);

// Every name that MANIFEST holds, without opening the database.
Status ListFamilies(const DatabaseConfig& config, const std::string& dir, std::vector<std::string>* names);
// Deletes a database's files (no others) and its directory if that leaves it empty. IoError when the database is open.
Status DestroyDatabase(const DatabaseConfig& config, const std::string& dir,
                       const std::vector<FamilyDescriptor>& families);

}  // namespace gneiss
