// DatabaseImpl holds a database's parts together. Each method group lives in the .cc file named beside it.
//
// Lock order: commit leadership (CommitQueue) > manifest turn > mutex_ > SnapshotList, WalSet, ObsoleteFiles, pools.
//             engine/db/README.md explains it. No I/O and no callback runs under mutex_.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/no_memory.h"
#include "engine/base/thread_pool.h"
#include "engine/db/commit_queue.h"
#include "engine/db/database.h"
#include "engine/db/obsolete_files.h"
#include "engine/db/throttle.h"
#include "engine/db/wal_set.h"
#include "engine/version/manifest.h"

namespace gneiss {

class BlobUses;
class ReplayedLog;
struct BatchRecord;
struct ExternalTable;

class DatabaseImpl final : public Database {
 public:
  DatabaseImpl(const DatabaseConfig& config, std::string dir);
  ~DatabaseImpl() override;

  // open.cc
  Status OpenFamilies(const std::vector<FamilyDescriptor>& families, std::vector<FamilyPtr>* handles);
  Status Close() override;
  const std::string& Directory() const override { return dir_; }
  const std::string& Identity() const override { return db_id_; }

  // commit.cc
  Status Write(const WriteParams& params, std::string* rep) override;
  Status FlushWal(bool sync) override;
  Status SyncWal() override;
  SeqNo LatestSeq() const override { return published_seq_.load(std::memory_order_acquire); }

  // wal_calls.cc
  Status LockWal() override EXCLUDES(mutex_);
  Status UnlockWal() override EXCLUDES(mutex_);
  Status ListWals(std::vector<WalFile>* files) override;
  Status CurrentWal(WalFile* file) override;
  const std::string& WalDirectoryName() const override { return wal_dir_; }
  std::vector<PreparedPtr> Prepared() const override;  // marked_batch.cc
  Status UpdatesSince(SeqNo seq, std::unique_ptr<UpdateIterator>* iterator) override;

  // read.cc
  Status Get(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value) override;
  Status GetAt(const DbReadParams& params, ColumnFamily* family, Slice bare_key, PinnedValue* value,
               std::string* found_timestamp) override;
  Status GetEntity(const DbReadParams& params, ColumnFamily* family, Slice key, PinnedValue* value,
                   bool* is_entity) override;
  Status GetOperands(const DbReadParams& params, ColumnFamily* family, Slice key,
                     std::vector<std::string>* operands) override;
  std::unique_ptr<InternalIterator> NewEntryIterator(const FamilyPtr& family) override;
  void MultiGet(const DbReadParams& params, MultiGetRequest* requests, size_t count) override;
  std::unique_ptr<DbIterator> NewIterator(const IteratorParams& params, const FamilyPtr& family) override;
  Status NewIterators(const IteratorParams& params, const std::vector<FamilyPtr>& families,
                      std::vector<std::unique_ptr<DbIterator>>* iterators) override;
  const Snapshot* GetSnapshot() override;
  void ReleaseSnapshot(const Snapshot* snapshot) override;

  // families.cc
  Status CreateFamily(const FamilyDescriptor& descriptor, FamilyPtr* handle) override;
  Status DropFamily(const FamilyPtr& family) override;
  Status RaiseHistoryStart(const FamilyPtr& family, Slice timestamp) override;
  Status SetFamilyConfig(const FamilyPtr& family, const FamilyConfig& config) override;
  FamilyPtr DefaultFamily() override;

  // tuning.cc
  Status SetTuning(const DatabaseTuning& tuning,
                   const std::vector<std::pair<FamilyPtr, FamilyConfig>>& families) override;

  // flush.cc
  Status Flush(const FlushParams& params, const std::vector<FamilyPtr>& families) override;

  // compact.cc
  Status CompactRange(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin,
                      const Slice* end) override;

  // compact_files.cc
  Status CompactFiles(const CompactFilesParams& params, const FamilyPtr& family, CompactFilesReport* report) override;
  Status SuggestCompactRange(const FamilyPtr& family, const OptionalRange& range) override;
  Status PromoteLevel0(const FamilyPtr& family, int target_level) override;

  // drop_files.cc
  Status DeleteFilesInRanges(const FamilyPtr& family, const std::vector<OptionalRange>& ranges,
                             bool include_end) override;
  Status DeleteTable(uint64_t number) override;

  // ingest.cc
  Status Ingest(const std::vector<IngestParams>& families, std::vector<IngestedTable>* ingested) override;

  Status Import(const FamilyPtr& family, const std::vector<ImportedTable>& files, bool moves_files) override;

  // secondary.cc
  Status CatchUp() override;

  // repair.cc; on a database that was not opened
  Status Repair(const RepairParams& params);

  // background.cc
  Status WaitForBackgroundWork() override;
  Status PauseBackgroundWork() override;
  Status ContinueBackgroundWork() override;
  void CancelBackgroundWork(bool wait) override;
  Status Resume() override;
  Status BackgroundError() const override;

  // facts.cc
  Status DisableFileDeletions() override;
  Status EnableFileDeletions(bool force) override;
  uint64_t ApproximateBytes(const FamilyPtr& family, Slice start, Slice end, bool include_files,
                            bool include_memtables) override;
  Memtable::RangeEstimate EstimateMemtables(const FamilyPtr& family, Slice start, Slice end) override;
  FamilyFacts Facts(const FamilyPtr& family) override;
  DatabaseFacts Facts() override;
  void ResetFacts() override;
  Status VerifyChecksums(const ReadParams& params) override;
  Status VerifyFileChecksums() override;
  Status GetLiveFiles(std::vector<std::string>* names, uint64_t* manifest_bytes, bool flush_memtables) override;
  LiveFileSet LiveFiles() override;

 private:
  // One family's part of an install: what the edit changes, and what else changes with it.
  struct FamilyChange {
    FamilyPtr family;
    VersionEdit edit;
    bool preserves_snapshots = true;
    const std::vector<OutputTable>* outputs = nullptr;        // properties of the added tables, where they are known
    const std::vector<OutputBlobFile>* blob_files = nullptr;  // likewise, of the added blob files
    size_t flushed_memtables = 0;  // so many of the oldest sealed ones are in the edit's tables
  };
  // What recovery carries from log to log.
  struct Replay {
    std::map<uint32_t, VersionEdit> edits;  // by family: tables written while replaying
    std::map<uint32_t, uint64_t> log_numbers;
    SeqNo next_seq = 0;
    SeqNo lowest_seq = 0;     // a record below it is not what follows on what was read before
    bool is_stopped = false;  // the rest lies behind damage
    bool is_stopped_by_filter = false;
    uint64_t damaged_log = 0;
    bool may_be_whole = false;              // the damaged log: all that is wrong with it is a few zeros at its end
    uint64_t lowest_log = 0;                // older ones are not needed
    std::map<uint64_t, uint64_t> log_ends;  // of the logs read so far: where the last record ends
  };
  // How a compaction departs from its family's config, and who wants to know.
  struct JobOrders {
    const std::atomic<bool>* canceled = nullptr;
    int subcompactions_max = 0;                  // 0: the config's
    const CompactRangeParams* manual = nullptr;  // a call of CompactRange: what it asks of blob files
    const CompactFilesParams* files = nullptr;   // a call of CompactFiles: listeners are not told
    CompactFilesReport* report = nullptr;
  };
  // Why the commit leader must look up before the next group.
  enum Attention : uint32_t { kRotate = 1, kError = 2, kThrottle = 4, kWalFull = 8, kDeadSpans = 16 };

  // --- read.cc
  // What the newest view holds of the key up to `seq`, published or not.
  Status GetUpTo(SeqNo seq, const ColumnFamily& family, Slice key, PinnedValue* value);
  // Memory counts as persisted for as long as all of it is in the log.
  bool SkipsMemory(const DbReadParams& params) const {
    return params.persisted_only && has_unlogged_data_.load(std::memory_order_acquire);
  }

  // --- open.cc, recover.cc
  Status LockAndCheckDirectory(bool* is_new);
  Status IsDatabaseThere(bool* is_there);
  Status MakePathsOf(const std::vector<FamilyDescriptor>& descriptors);
  Status LoadIdentity();
  Status AddFamilies(const RecoveredState& state, const std::vector<FamilyDescriptor>& families);
  std::map<std::string, FamilyPtr> FamiliesByName() EXCLUDES(mutex_);
  Status AddMissingFamilies(const std::vector<FamilyDescriptor>& families) EXCLUDES(mutex_);
  FamilyPtr MakeFamily(uint32_t id, const FamilyDescriptor& descriptor);
  static Status SetRecoveredHistory(const RecoveredFamily& recovered, ColumnFamily* family);
  Status LoadTables(const RecoveredFamily& recovered, ColumnFamily* family);
  Status CheckTablesOnDisk(const ColumnFamily& family);
  Status SkipNumbersOfLeftovers() EXCLUDES(mutex_);
  Status ReplayLogs(const RecoveredState& state);
  Status CheckTrackedWals(const RecoveredState& state, const std::vector<std::string>& wal_dir_names);
  static bool IsBehindHole(const LogBefore& before, const Replay& replay);
  Status StopAtHole(uint64_t cut_log, uint64_t next_log, Replay* replay) EXCLUDES(mutex_);
  Status RewriteRecoveredLog(uint64_t number);
  Status OpenLogToReplay(uint64_t number, std::unique_ptr<ReplayedLog>* log);
  Status ReplayLog(ReplayedLog* log, Replay* replay);
  Status FilterRecord(uint64_t log_number, const std::string& path, Slice* record, std::string* changed,
                      Replay* replay);
  Status ReplayBatch(Slice record, uint64_t log_number, Replay* replay);
  Status ReplaySteps(Slice record, uint64_t log_number, Replay* replay);
  Memtable* MemtableToReplayInto(ColumnFamily* family, uint64_t log_number);
  Status ReplayRecords(Slice record, uint64_t log_number, SeqNo* seq, Replay* replay);
  Status FlushRecovered(ColumnFamily* family, Replay* replay);
  Status StartWriting(const RecoveredState& state, Replay* replay);
  std::set<std::string> Directories() EXCLUDES(mutex_);
  Status FindObsoleteFiles();

  Status AddNewFamilies(const std::vector<FamilyDescriptor>& descriptors, std::vector<FamilyPtr>* made)
      EXCLUDES(mutex_);
  Status LogNewFamilies(const std::vector<FamilyDescriptor>& descriptors, std::vector<FamilyPtr>* made)
      EXCLUDES(mutex_);
  Status PersistOptions() EXCLUDES(mutex_);
  Status WriteOptionsFile() EXCLUDES(mutex_);
  Status FlushUnlogged() EXCLUDES(mutex_);
  bool IsClosed() const EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    return is_closed_;
  }
  static Status ClosedError() { return Status::ShutdownInProgress("the database is closed"); }

  // --- best_efforts.cc
  class WholeFiles;
  Status RecoverBestEfforts(const std::vector<FamilyDescriptor>& families, RecoveredState* state);
  void PutLogsAside(std::vector<uint64_t>* numbers);

  // --- tuning.cc
  void LimitOpenTables(int max_open_files);
  void LimitLogs() REQUIRES(mutex_);

  // --- commit.cc
  Status Lead(Writer* writer);
  Status PrepareGroup(const Writer& writer);
  Status WaitWhileThrottled(const Writer& writer);
  void AdmitWriters(CommitGroup* group);
  Status CheckBatch(Writer* writer, bool* is_marked) const;
  Status LogGroup(CommitGroup* group);
  Status SyncGroup();
  void InsertBatch(Writer* writer, CommitGroup* group, bool is_concurrent);
  static void NoteForDeadSpans(ColumnFamily* family, const BatchRecord& record);
  void InsertRecords(Slice rep, SeqNo* seq, bool is_concurrent);
  void FinishGroup(CommitGroup* group, Writer* self);
  void FailGroup(CommitGroup* group, Writer* self);
  ColumnFamily* CommitFamily(uint32_t id) const {
    return id < commit_families_.size() ? commit_families_[id].get() : nullptr;
  }
  void NoteMemtableFull(ColumnFamily* family);
  // Runs `action` as the only writer.
  template <typename Action>
  Status AsOnlyWriter(Action action);
  void AcknowledgeDeadSpans();
  void RequestDeadSpanAcknowledgement();
  // Only as commit leader, the next three. Where flushes are atomic, what is sealed together is flushed together.
  Status RotateMarked();
  Status SealTogether(const std::vector<FamilyPtr>& families) EXCLUDES(mutex_);
  Status RotateMemtable(const FamilyPtr& family) EXCLUDES(mutex_);
  void MarkForWalSpace() EXCLUDES(mutex_);

  // --- successive_merges.cc; by the commit leader
  static bool FoldsMerges(const ColumnFamily& family) {
    return family.successive_merges_max.load(std::memory_order_relaxed) > 0 && !family.order.has_timestamps();
  }
  void AddMerge(ColumnFamily* family, SeqNo seq, Slice user_key, Slice operand);
  bool MergeOntoStored(const ColumnFamily& family, SeqNo seq, Slice user_key, Slice operand, std::string* merged);

  // --- memory_relief.cc; before the caller joins the commit queue
  Status RelieveMemory(const WriteParams& params) EXCLUDES(mutex_);
  Status FlushIfWanted() EXCLUDES(mutex_);
  Status FlushForMemory() EXCLUDES(mutex_);  // as the only writer
  Status WaitForRoom() EXCLUDES(mutex_);
  bool IsFlushDue(const ColumnFamily& family) const REQUIRES(mutex_);

  // --- marked_batch.cc
  Status AdmitMarkers(Writer* writer, uint32_t* entries);
  Status TakeCommitted(const PreparedSection& section, BatchStep* step) const;
  void AbandonMarkers(const Writer& writer);
  Status AbandonGroupMarkers(const CommitGroup& group);
  void InsertMarked(Writer* writer, bool is_concurrent);
  bool NotePreparedLogs(const PreparedSection& section);

  // --- install.cc
  // Takes the manifest turn, logs the edits, installs what they say. Blocks; the caller holds no lock.
  Status Install(std::vector<FamilyChange> changes) EXCLUDES(mutex_);
  // The same for who has the turn already, and keeps it.
  Status InstallInTurn(std::vector<FamilyChange>* changes) EXCLUDES(mutex_);
  void TakeSpace(const std::vector<FamilyChange>& changes) EXCLUDES(mutex_);
  void InstallVersion(const FamilyChange& change, const VersionPtr& next) REQUIRES(mutex_);
  // kAllOrNone: recovery takes them together (an atomic group).
  enum class EditGrouping : uint8_t { kAllOrNone, kEachAlone };
  Status LogEdits(const std::vector<VersionEdit>& edits, EditGrouping grouping = EditGrouping::kAllOrNone)
      EXCLUDES(mutex_);
  Status TryLogEdits(const std::vector<VersionEdit>& edits, EditGrouping grouping) EXCLUDES(mutex_);
  Status NewManifest(const std::vector<VersionEdit>& extra) EXCLUDES(mutex_);
  Status SyncLogsForState() EXCLUDES(mutex_);
  std::vector<VersionEdit> StateAsEdits() EXCLUDES(mutex_);
  // Runs `action`, which locks mutex_ where it needs to, while nobody else writes the MANIFEST or changes Versions.
  template <typename Action>
  Status InManifestTurn(Action action) EXCLUDES(mutex_);
  void TakeManifestTurn() EXCLUDES(mutex_);
  void EndManifestTurn() EXCLUDES(mutex_);
  // What the MANIFEST or the log tells already is brought to memory whole, or nothing more is built on memory.
  template <typename Action>
  Status WholeOrStale(Action action) EXCLUDES(mutex_);
  SuperVersionPtr NewSuperVersion(ColumnFamily* family) REQUIRES(mutex_);
  void InstallSuperVersion(ColumnFamily* family, bool preserves_snapshots) REQUIRES(mutex_);
  void UpdateCompactionState(ColumnFamily* family) REQUIRES(mutex_);
  void UpdateThrottle() REQUIRES(mutex_);
  // Memtables, level 0, bytes to compact: as they are, or as they would be with so much more.
  using StallMeasures = std::array<StallMeasure, 3>;
  StallMeasures StallMeasuresOf(const ColumnFamily& family, size_t more_memtables = 0, size_t more_runs = 0) const
      REQUIRES(mutex_);
  void NoteStall(ColumnFamily* family, StallCondition now) REQUIRES(mutex_);
  void FlushWhatBarsLevel0(const FamilyPtr& family) REQUIRES(mutex_);
  // Tells listeners of changed stall conditions. Called after whatever may have changed them, without a lock.
  void TellStalls() EXCLUDES(mutex_);
  // Notes synced logs in the MANIFEST, where the config asks for it.
  Status TrackWals(const SyncedLogs& synced) EXCLUDES(mutex_);
  SyncedLogs NoteTracked(const SyncedLogs& synced) REQUIRES(mutex_);
  Status UntrackWalsBelow(uint64_t number) EXCLUDES(mutex_);
  void DropOldLogs() EXCLUDES(mutex_, drop_logs_mutex_);
  uint64_t MinLogNumber() const REQUIRES(mutex_) { return MinLogNumberAfter({}); }
  // As it will be when these flushes are installed.
  uint64_t MinLogNumberAfter(const std::vector<FamilyChange>& flushes) const REQUIRES(mutex_);
  // `written` is what a job wrote, maybe this table too; null: no job did.
  TableFilePtr MakeTable(const ColumnFamily& family, const TableMeta& meta,
                         const std::vector<OutputTable>* written = nullptr) const;
  BlobFilePtr MakeBlobFile(const ColumnFamily& family, const BlobFileMeta& meta,
                           const std::vector<OutputBlobFile>* written = nullptr) const;

  // --- flush.cc
  std::vector<FamilyPtr> AllFamilies() const EXCLUDES(mutex_);
  // What must be flushed when `family` is: all of them, where flushes are atomic.
  std::vector<FamilyPtr> FamiliesToFlushWith(const FamilyPtr& family) const EXCLUDES(mutex_) {
    return config_.is_flush_atomic ? AllFamilies() : std::vector<FamilyPtr>{family};
  }
  // Each family with the id of the newest memtable that must be flushed.
  Status WaitUntilFlushStallsNobody(const ColumnFamily& family, bool* is_needed) EXCLUDES(mutex_);
  Status WaitForFlushes(const std::vector<std::pair<FamilyPtr, uint64_t>>& targets) EXCLUDES(mutex_);
  struct FlushPart;
  void RunFlush(const FamilyPtr& family);  // null: of all families, where flushes are atomic
  std::vector<FamilyPtr> BeginFlush(const FamilyPtr& family) REQUIRES(mutex_);
  bool HasMemtablesToFlush(const ColumnFamily& family) const REQUIRES(mutex_);
  // With `log_number`, families without memtables take part too: none of them needs an older log any more.
  Status FlushSealed(const std::vector<FamilyPtr>& families, std::optional<uint64_t> log_number = std::nullopt,
                     bool* is_log_error = nullptr) EXCLUDES(mutex_);
  void TakeSealed(FlushPart* part) REQUIRES(mutex_);
  Status WriteFlush(FlushPart* part) EXCLUDES(mutex_);
  Status InstallFlush(std::vector<FlushPart>* parts) EXCLUDES(mutex_);
  void RemoveOutputs(const FlushPart& part);
  void TellFlushed(FlushPart* part) EXCLUDES(mutex_);
  Status WriteLevel0(ColumnFamily* family, const std::vector<MemtablePtr>& memtables, int job_id,
                     std::vector<OutputTable>* outputs, std::vector<OutputBlobFile>* blob_files,
                     BlobFileEvent::Reason reason = BlobFileEvent::Reason::kFlush, bool* is_filtered = nullptr);
  void TellOfStarts(const ColumnFamily& family, int job_id, bool is_flush, TableOutputConfig* output);
  TableOutputConfig OutputConfig(const ColumnFamily& family, const FamilyConfig& config, int level, int base_level,
                                 bool is_bottommost);
  // None when values written to the level stay in tables.
  std::optional<BlobOutputConfig> BlobConfigOf(const ColumnFamily& family, const FamilyConfig& config, int level,
                                               int job_id, BlobFileEvent::Reason reason);

  // --- compact.cc
  void RunCompactionJob(const FamilyPtr& family);
  // Takes the inputs and the keys of the output level, until EndWork.
  void BeginWork(ColumnFamily* family, const CompactionWork& work) REQUIRES(mutex_);
  void EndWork(ColumnFamily* family, const CompactionWork& work) REQUIRES(mutex_);
  static bool IsOutputClaimed(const ColumnFamily& family, const CompactionWork& work);
  static bool IsRangeClaimed(const ColumnFamily& family, int level, const KeyRange& range);
  static void ClaimRange(ColumnFamily* family, uint64_t table_number, int level, const KeyRange& range);
  Status DoWork(const FamilyPtr& family, CompactionWork work, const JobOrders& orders) EXCLUDES(mutex_);
  Status DoBegunWork(const FamilyPtr& family, CompactionWork* begun, const JobOrders& orders, bool* has_ended)
      EXCLUDES(mutex_);
  struct LevelSpan {  // of the tables that overlap a range
    int first = -1;
    int last = -1;
    int base = 1;              // where level 0 goes
    uint64_t next_number = 0;  // of files: those from here on were made since
  };
  LevelSpan LevelsToCompact(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin,
                            const Slice* end) EXCLUDES(mutex_);
  Status CompactLevels(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin, const Slice* end)
      EXCLUDES(mutex_);
  Status CompactLevelRange(const CompactRangeParams& params, const FamilyPtr& family, ManualRequest request)
      EXCLUDES(mutex_);
  Status MoveToLevel(const FamilyPtr& family, int from_level, int to_level) EXCLUDES(mutex_);

  // --- drop_files.cc
  Status DropTables(const FamilyPtr& family, const std::vector<CompactionInput>& tables) EXCLUDES(mutex_);

  // --- ingest.cc
  struct IngestJob;
  Status PrepareIngest(IngestJob* job);
  Status FlushForIngest(const IngestJob& job) EXCLUDES(mutex_);
  Status PlaceTable(const IngestJob& job, SeqNo last_seq, ExternalTable* table, SeqNo* seq) EXCLUDES(mutex_);
  Status FinishIngest(std::vector<IngestJob>* jobs) EXCLUDES(mutex_);
  Status OverlapsMemory(const ColumnFamily& family, const KeyRange& range, bool* overlaps) EXCLUDES(mutex_);

  // --- secondary.cc; as the only writer
  struct Followed;
  struct FollowedFamily;
  Status FollowPrimary(bool* is_current) EXCLUDES(mutex_);
  Status FollowTables() EXCLUDES(mutex_);
  Status FollowFamily(const RecoveredFamily& recovered, FollowedFamily* followed) EXCLUDES(mutex_);
  Status FollowLogs() EXCLUDES(mutex_);
  Status FollowLog(uint64_t number, bool is_last) EXCLUDES(mutex_);
  Status CheckFollowedWals(const std::vector<std::string>& wal_dir_names) EXCLUDES(mutex_);
  void TellWalFilterOfFollowed();
  Memtable* FollowedMemtable(uint32_t family_id, uint64_t log_number) EXCLUDES(mutex_);
  MemtablePtr NewFollowedMemtable(ColumnFamily* family) EXCLUDES(mutex_);
  void SetFollowed(const FollowedFamily& followed) EXCLUDES(mutex_);
  bool MayFollowedLogsBeGone() const;
  void InstallFollowed() EXCLUDES(mutex_);
  Status ReadOnlyError() const {
    return Status::NotSupported(config_.is_secondary ? "Not supported operation in secondary mode."
                                                     : "Not supported operation in read only mode.");
  }

  // --- repair.cc
  void PutAside(const std::string& path);
  Status RepairFamily(const RepairParams& params, uint32_t id, const std::string& name, FamilyPtr* family);
  Status ScanTable(const RepairParams& params, uint64_t number, uint32_t path_id, FamilyPtr* family,
                   TableFilePtr* table, BlobUses* uses);
  Status ArrangeTables(ColumnFamily* family, Tables tables, const BlobUses& found_uses, VersionEdit edit);
  Status MergeWhole(ColumnFamily* family, Tables tables, std::vector<OutputTable>* outputs, BlobUses* uses);

  // --- background.cc
  // Of what is sealed, whether or not there is enough of it.
  void RequestFlush(const FamilyPtr& family) REQUIRES(mutex_);
  void MaybeScheduleFlush(const FamilyPtr& family) REQUIRES(mutex_);
  void MaybeScheduleJointFlush() REQUIRES(mutex_);
  void MaybeScheduleCompaction(const FamilyPtr& family) REQUIRES(mutex_);
  void MaybeScheduleAll() REQUIRES(mutex_);
  void SchedulePurge();
  // `cleared` takes the error that this call cleared; none when there was none any more.
  Status ResumeOnce(Status* cleared) EXCLUDES(mutex_);
  Status FlushIntoFreshLog(Status* cleared) EXCLUDES(mutex_);  // as the only writer
  void SetBackgroundError(Status status, BackgroundErrorReason reason) EXCLUDES(mutex_);
  bool MayWorkInBackground() const REQUIRES(mutex_);

  // --- auto_recovery.cc
  // The file system calls it worth another try.
  static bool MayGoAway(const Status& error) {
    return error.IsIoError() && error.severity() == Status::Severity::kSoftError;
  }
  enum class Recovery : uint8_t { kNone, kWhenThereIsSpace, kTries };
  Recovery RecoveryFrom(const Status& error) const;
  void BeginRecovery(const Status& error, Recovery recovery, BackgroundErrorReason reason) EXCLUDES(mutex_);
  void RecoverByItself(const Status& error, Recovery recovery, uint64_t number) EXCLUDES(mutex_);
  bool WaitToRecover(Recovery recovery, uint64_t number, bool is_first) EXCLUDES(mutex_);
  bool HasSpaceAgain() EXCLUDES(mutex_);
  void RetryCompactionsLater() EXCLUDES(mutex_);

  const DatabaseConfig config_;
  const std::string dir_;
  const std::string wal_dir_;
  std::string db_id_;
  std::atomic<uint64_t> counted_since_unix_micros_{0};  // the opening, or the last ResetFacts
  std::unique_ptr<FileLock> lock_;
  // Which tables are open, as far as their number is limited.
  const std::shared_ptr<Cache> open_tables_;
  const std::shared_ptr<std::atomic<bool>> is_open_limited_;
  const std::shared_ptr<WalDirectory> wal_directory_;
  std::shared_ptr<ObsoleteFiles> obsolete_files_;
  SnapshotList snapshots_;

  // The commit path's. commit_families_ (by id) changes only as the only writer.
  CommitQueue commit_queue_;
  WalSet wals_;
  PreparedSections prepared_;
  Throttle throttle_;
  std::vector<FamilyPtr> commit_families_;
  SeqNo allocated_seq_ = 0;
  std::atomic<SeqNo> published_seq_{0};
  std::atomic<uint32_t> attention_{0};
  struct AtomicCommitCounters {
    std::atomic<uint64_t> writes{0}, keys{0}, bytes{0}, wal_bytes{0}, wal_syncs{0}, groups{0}, writes_with_wal{0},
        stall_micros{0};
    CommitCounters Load() const {
      const auto load = [](const std::atomic<uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
      return {.writes = load(writes),
              .keys = load(keys),
              .bytes = load(bytes),
              .wal_bytes = load(wal_bytes),
              .wal_syncs = load(wal_syncs),
              .groups = load(groups),
              .writes_with_wal = load(writes_with_wal),
              .stall_micros = load(stall_micros)};
    }
  };
  AtomicCommitCounters commit_counters_;  // since opening; only the commit leader counts
  CommitCounters commits_at_reset_ GUARDED_BY(mutex_);
  std::vector<Slice> log_records_;  // the leader's scratch
  uint64_t unthrottled_bytes_ = 0;  // followers' bytes not yet booked with the throttle
  uint64_t space_marked_log_ = 0;   // the log whose families were last asked to flush for space
  std::atomic<uint64_t> wal_bytes_max_{UINT64_MAX};
  // config_'s value at first, then SetTuning's.
  std::atomic<uint64_t> configured_wal_bytes_max_{0};  // 0: derived from the families
  std::atomic<uint64_t> bytes_per_sync_{0};
  std::atomic<int> background_compactions_max_{1};
  std::atomic<bool> avoids_flush_during_shutdown_{false};

  std::atomic<uint64_t> next_file_number_{2};
  std::atomic<int> next_job_id_{1};
  std::atomic<bool> is_shutting_down_{false};
  std::atomic<bool> has_unlogged_data_{false};  // written with disable_wal since the last flush of everything

  Mutex drop_logs_mutex_;  // before the state mutex; guards nothing but the order of DropOldLogs
  mutable Mutex mutex_;    // the state mutex
  CondVar state_changed_;  // broadcast after every install, job end and throttle change
  std::map<uint32_t, FamilyPtr> families_ GUARDED_BY(mutex_);  // live ones, by id
  uint32_t max_family_id_ GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Followed> followed_;  // the commit path's, of a secondary; null: the next CatchUp reads everything
  std::unique_ptr<Manifest> manifest_;  // whoever has the manifest turn; null when read-only
  uint64_t recovered_manifest_number_ = 0;
  uint64_t recovered_manifest_bytes_ = 0;
  bool is_manifest_busy_ GUARDED_BY(mutex_) = false;
  bool is_manifest_broken_ GUARDED_BY(mutex_) = false;
  Status background_error_ GUARDED_BY(mutex_);
  std::map<uint64_t, std::optional<uint64_t>> tracked_wals_ GUARDED_BY(mutex_);  // in the MANIFEST, with synced sizes
  uint64_t tracked_wals_begin_ GUARDED_BY(mutex_) = 0;   // older ones are dropped, or about to be
  std::unique_ptr<Writer> wal_lock_ GUARDED_BY(mutex_);  // leads the commit queue while the logs are locked
  int wal_locks_ GUARDED_BY(mutex_) = 0;
  uint64_t background_error_count_ GUARDED_BY(mutex_) = 0;
  bool is_recovering_ GUARDED_BY(mutex_) = false;            // by itself, from background_error_
  uint64_t recovery_number_ GUARDED_BY(mutex_) = 0;          // of the newest such recovery
  bool is_compaction_retry_due_ GUARDED_BY(mutex_) = false;  // a job waits until compaction_retry_after_us_
  std::vector<StallEvent> stall_events_ GUARDED_BY(mutex_);  // not yet told
  uint64_t cuts_ GUARDED_BY(mutex_) = 0;                     // so many times all that SealTogether was given is sealed
  bool is_joint_flush_queued_ GUARDED_BY(mutex_) = false;
  int running_flushes_ GUARDED_BY(mutex_) = 0;
  int running_compactions_ GUARDED_BY(mutex_) = 0;
  int queued_jobs_ GUARDED_BY(mutex_) = 0;
  int paused_ GUARDED_BY(mutex_) = 0;
  uint64_t compaction_retry_after_us_ GUARDED_BY(mutex_) = 0;
  uint64_t options_file_number_ GUARDED_BY(mutex_) = 0;
  std::atomic<bool> are_jobs_cancelled_{false};
  std::atomic<bool> is_open_{false};  // set once, at the end of OpenFamilies
  bool is_closing_ GUARDED_BY(mutex_) = false;
  bool is_closed_ GUARDED_BY(mutex_) = false;  // set as the only writer: nothing changes the files any more
  bool is_close_done_ GUARDED_BY(mutex_) = false;
  Status close_status_ GUARDED_BY(mutex_);

  // Declared last: their threads end first.
  std::unique_ptr<ThreadPool> flush_pool_;
  std::unique_ptr<ThreadPool> compaction_pool_;
  std::unique_ptr<ThreadPool> memory_pool_;    // makes memory for memtables ready
  std::unique_ptr<ThreadPool> recovery_pool_;  // its threads begin when they are needed, and mostly wait
};

template <typename Action>
Status DatabaseImpl::AsOnlyWriter(Action action) {
  Writer writer(WriteParams{});
  commit_queue_.Join(&writer);  // an exclusive writer always comes to lead
  const Status status = CatchBadAlloc([&] { return IsClosed() ? ClosedError() : action(); });
  commit_queue_.FinishAlone(&writer);
  return status;
}

template <typename Action>
Status DatabaseImpl::InManifestTurn(Action action) {
  TakeManifestTurn();
  const Status status = CatchBadAlloc(action);
  EndManifestTurn();
  return status;
}

template <typename Action>
Status DatabaseImpl::WholeOrStale(Action action) {
  const Status status = CatchBadAlloc(action);
  if (status.ok()) return status;
  SetBackgroundError(Status::MemoryIsStale(), BackgroundErrorReason::kManifestWrite);
  return Status::MemoryIsStale();
}

}  // namespace gneiss
