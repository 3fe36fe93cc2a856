// Recovery: the logs are read back in order, each entry goes to its family's memtable under its old sequence number,
// and memtables that fill up become level-0 tables.

#include <algorithm>
#include <set>

#include "engine/db/followed.h"
#include "engine/io/file_name.h"
#include "engine/wal/batch_steps.h"
#include "engine/wal/log_chain.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

// A leftover of a crash is deleted by its name while new files are made, so none of them may get that name.
Status DatabaseImpl::SkipNumbersOfLeftovers() {
  uint64_t next = next_file_number_.load(std::memory_order_relaxed);
  for (const std::string& dir : Directories()) {
    std::vector<std::string> names;
    const Status listed = config_.fs->List(dir, &names);
    if (!listed.ok() && !listed.IsPathNotFound()) return listed;
    for (const std::string& name : names) {
      uint64_t number = 0;
      FileKind kind;
      // The names of old info logs carry times.
      if (ParseFileName(name, &number, &kind) && kind != FileKind::kInfoLog) next = std::max(next, number + 1);
    }
  }
  next_file_number_.store(next, std::memory_order_relaxed);
  return Status::Ok();
}

Status DatabaseImpl::ReplayLogs(const RecoveredState& state) {
  std::vector<std::string> names;
  const Status listed = config_.fs->List(wal_dir_, &names);
  if (!listed.ok() && !listed.IsPathNotFound()) return listed;
  if (config_.tracks_wals && !config_.is_best_efforts) GNEISS_RETURN_IF_ERROR(CheckTrackedWals(state, names));
  uint64_t lowest_needed = state.min_log_number_to_keep;
  std::map<uint32_t, uint64_t> log_numbers;
  std::map<std::string, uint32_t> ids;
  {
    MutexLock lock(&mutex_);
    // With two-phase commits an older log may hold a prepared section.
    if (!config_.allow_2pc) lowest_needed = std::max(lowest_needed, MinLogNumber());
    for (const auto& [id, family] : families_) {
      log_numbers[id] = family->log_number;
      ids[family->name] = id;
    }
  }
  if (config_.wal_filter != nullptr) config_.wal_filter->OnFamilies(log_numbers, ids);
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    uint64_t number = 0;
    FileKind kind;
    if (!ParseFileName(name, &number, &kind)) continue;
    if (kind == FileKind::kWal && number >= lowest_needed) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  if (config_.is_best_efforts) PutLogsAside(&numbers);
  if (config_.is_read_only && config_.error_if_wal_file_exists && !numbers.empty()) {
    return Status::Corruption(
        "The db was opened in readonly mode with error_if_wal_file_exists flag but a WAL file already exists");
  }
  Replay replay;
  replay.lowest_log = lowest_needed;
  for (const uint64_t number : numbers) {
    if (replay.is_stopped_by_filter) break;
    std::unique_ptr<ReplayedLog> log;
    GNEISS_RETURN_IF_ERROR(OpenLogToReplay(number, &log));
    GNEISS_RETURN_IF_ERROR(ReplayLog(log.get(), &replay));
  }
  // Point-in-time: what lies behind the damage is gone, so no family may hold tables with data from behind it.
  std::vector<FamilyPtr> families;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) families.push_back(family);
  }
  // A log was synced before tables with data from behind it were installed: no record of it was torn then, and zeros at
  // its end are just zeros.
  const bool has_lost = replay.is_stopped && !replay.may_be_whole;
  if (has_lost && families.size() > 1) {
    for (const FamilyPtr& family : families) {
      if (family->log_number > replay.damaged_log && family->version->TableCount() > 0) {
        return Status::Corruption("SST file is ahead of WALs in CF " + family->name);
      }
    }
  }
  published_seq_.store(allocated_seq_, std::memory_order_release);
  if (config_.is_read_only) return Status::Ok();
  for (const FamilyPtr& family : families) {
    if (family->active->empty()) continue;
    // A family that filled up during the replay is flushed to the end: its log would be replayed over its tables.
    // What a filter changed must not come back either.
    const bool may_stay = config_.avoid_flush_during_recovery && !replay.is_stopped && config_.wal_filter == nullptr;
    if (may_stay && !replay.edits.contains(family->id)) continue;
    GNEISS_RETURN_IF_ERROR(FlushRecovered(family.get(), &replay));
  }
  const bool keeps_logs =
      prepared_.OldestLog() != UINT64_MAX ||
      std::any_of(families.begin(), families.end(), [](const auto& f) { return !f->active->empty(); });
  if (keeps_logs) {
    for (const uint64_t number : numbers) {
      uint64_t bytes = 0;
      GNEISS_RETURN_IF_ERROR(config_.fs->FileSize(WalName(wal_dir_, number), &bytes));
      GNEISS_RETURN_IF_ERROR(RewriteRecoveredLog(number));
      wals_.AddRecovered(number, bytes);
    }
  }
  return StartWriting(state, &replay);
}

// Later syncs will rest on this log. The process that wrote it may have died before it was synced, or saw a sync fail:
// then another sync of the same pages may succeed and mean nothing. So it is written anew.
Status DatabaseImpl::RewriteRecoveredLog(uint64_t number) {
  const std::string path = WalName(wal_dir_, number);
  const std::string temp = TempName(wal_dir_, number);
  std::unique_ptr<SequentialFile> from;
  std::unique_ptr<WritableFile> to;
  GNEISS_RETURN_IF_ERROR(config_.fs->OpenSequential(path, &from));
  GNEISS_RETURN_IF_ERROR(config_.fs->Create(temp, FileOptions(), &to));
  constexpr size_t kPieceBytes = size_t{256} << 10;
  const auto scratch = std::make_unique<char[]>(kPieceBytes);
  Slice piece;
  do {
    GNEISS_RETURN_IF_ERROR(from->Read(kPieceBytes, &piece, scratch.get()));
    if (!piece.empty()) GNEISS_RETURN_IF_ERROR(to->Append(piece));
  } while (!piece.empty());
  GNEISS_RETURN_IF_ERROR(to->Sync());
  GNEISS_RETURN_IF_ERROR(to->Close());
  GNEISS_RETURN_IF_ERROR(config_.fs->Rename(temp, path));
  return SyncDirectory(config_.fs, wal_dir_);
}

// A log whose sync the MANIFEST tells of must be there, and no shorter than it was then.
Status DatabaseImpl::CheckTrackedWals(const RecoveredState& state, const std::vector<std::string>& wal_dir_names) {
  std::set<uint64_t> present;
  for (const std::string& name : wal_dir_names) {
    uint64_t number = 0;
    FileKind kind;
    if (ParseFileName(name, &number, &kind) && kind == FileKind::kWal) present.insert(number);
  }
  for (const auto& [number, synced_bytes] : state.wals) {
    if (!synced_bytes) continue;
    if (present.count(number) == 0) {
      return Status::Corruption("Missing WAL with log number: " + std::to_string(number) + ".");
    }
    uint64_t bytes = 0;
    GNEISS_RETURN_IF_ERROR(config_.fs->FileSize(WalName(wal_dir_, number), &bytes));
    if (bytes < *synced_bytes) {
      return Status::Corruption("Size mismatch: WAL (log number: " + std::to_string(number) + ") in MANIFEST is " +
                                std::to_string(*synced_bytes) + " bytes , but actually is " + std::to_string(bytes) +
                                " bytes on disk.");
    }
  }
  MutexLock lock(&mutex_);
  tracked_wals_ = state.wals;
  return Status::Ok();
}

Status DatabaseImpl::OpenLogToReplay(uint64_t number, std::unique_ptr<ReplayedLog>* log) {
  const std::string path = WalName(wal_dir_, number);
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(config_.fs->OpenSequential(path, &file));
  Log(config_.logger, LogLevel::kInfo, "Recovering log #%llu mode %d", static_cast<unsigned long long>(number),
      static_cast<int>(config_.wal_recovery_mode));
  *log = std::make_unique<ReplayedLog>(config_.logger, number, path, std::move(file));
  return Status::Ok();
}

Status DatabaseImpl::ReplayLog(ReplayedLog* log, Replay* replay) {
  const uint64_t number = log->number();
  // Without paranoid checks no damage is an error.
  const WalRecoveryMode mode =
      config_.paranoid_checks ? config_.wal_recovery_mode : WalRecoveryMode::kSkipAnyCorruptedRecords;
  const bool ignores_damage = mode == WalRecoveryMode::kSkipAnyCorruptedRecords;
  LogReader& reader = log->reader();
  Slice record;
  std::string changed;
  Status status;
  while (!replay->is_stopped_by_filter && reader.ReadRecord(&record, mode)) {
    if (record.size() < kBatchHeaderBytes) {
      log->Corruption(record.size(), Status::Corruption("log record too small"));
      continue;
    }
    LogBefore before;
    const bool is_about_log_before = DecodeLogBefore(record, &before);
    if (is_about_log_before && !ignores_damage && IsBehindHole(before, *replay)) {
      return StopAtHole(before.number, number, replay);
    }
    if (replay->is_stopped) {
      // Replay goes on only where the damaged log had ended anyway: with the very next sequence number.
      if (BatchSeq(record) != replay->next_seq) return Status::Ok();
      replay->is_stopped = false;
    }
    if (is_about_log_before) continue;
    if (BatchSeq(record) < replay->lowest_seq) return Status::TryAgain("a log was continued otherwise", log->path());
    if (config_.wal_filter != nullptr) status = FilterRecord(number, log->path(), &record, &changed, replay);
    if (status.ok() && !record.empty()) status = ReplayBatch(record, number, replay);
    if (!status.ok()) {
      if (!status.IsCorruption() || !ignores_damage) {
        if (status.IsCorruption()) log->Corruption(record.size(), status);
        break;
      }
      log->Corruption(record.size(), status);
      status = Status::Ok();
    }
  }
  replay->log_ends[number] = reader.LastRecordEnd();
  if (!status.ok() && !status.IsCorruption()) return status;
  if (ignores_damage) return Status::Ok();
  // A torn tail is no damage, but what follows in later logs may lie behind a gap.
  const bool is_cut = config_.wal_recovery_mode == WalRecoveryMode::kPointInTimeRecovery && reader.has_torn_tail();
  if (log->damage().ok() && !is_cut) return Status::Ok();
  switch (config_.wal_recovery_mode) {
    case WalRecoveryMode::kSkipAnyCorruptedRecords:
      return Status::Ok();
    case WalRecoveryMode::kPointInTimeRecovery:
      // What cannot be read now may be there at the next try.
      if (log->damage().IsIoError()) return log->damage();
      Log(config_.logger, LogLevel::kWarn, "Point in time recovered to log #%llu seq #%llu",
          static_cast<unsigned long long>(number), static_cast<unsigned long long>(replay->next_seq));
      replay->is_stopped = true;
      replay->damaged_log = number;
      replay->may_be_whole = log->damage().ok() && reader.is_torn_tail_zeros();
      return Status::Ok();
    case WalRecoveryMode::kTolerateCorruptedTailRecords:  // LogReader does not report a torn tail in this mode
    case WalRecoveryMode::kAbsoluteConsistency:
      return log->damage();
  }
  return Status::Ok();
}

// What a later log holds was never durable when an earlier one is cut short: the sync of a log covers those before.
bool DatabaseImpl::IsBehindHole(const LogBefore& before, const Replay& replay) {
  if (before.number < replay.lowest_log) return false;
  const auto end = replay.log_ends.find(before.number);
  return end == replay.log_ends.end() || end->second < before.bytes;
}

Status DatabaseImpl::StopAtHole(uint64_t cut_log, uint64_t next_log, Replay* replay) {
  Log(config_.logger, LogLevel::kWarn, "log #%llu is cut short; log #%llu is not replayed",
      static_cast<unsigned long long>(cut_log), static_cast<unsigned long long>(next_log));
  if (config_.wal_recovery_mode == WalRecoveryMode::kAbsoluteConsistency) {
    return Status::Corruption("records are missing at the end", WalName(wal_dir_, cut_log));
  }
  replay->is_stopped = true;
  replay->damaged_log = cut_log;
  replay->may_be_whole = false;
  return Status::Ok();
}

// An empty record means that the filter wants it left out.
Status DatabaseImpl::FilterRecord(uint64_t log_number, const std::string& path, Slice* record, std::string* changed,
                                  Replay* replay) {
  changed->clear();
  const WalFilter::Verdict verdict = config_.wal_filter->OnRecord(log_number, path, *record, changed);
  switch (verdict) {
    case WalFilter::Verdict::kApply:
      break;
    case WalFilter::Verdict::kIgnore:
      *record = Slice();
      return Status::Ok();
    case WalFilter::Verdict::kStopReplay:
      replay->is_stopped_by_filter = true;
      *record = Slice();
      return Status::Ok();
    case WalFilter::Verdict::kCorrupted:
      return Status::Corruption("Corruption reported by Wal Filter ", config_.wal_filter->Name());
    case WalFilter::Verdict::kUnknown:
      return Status::NotSupported("Unknown WalProcessingOption returned by Wal Filter ", config_.wal_filter->Name());
  }
  if (changed->empty()) return Status::Ok();
  if (changed->size() < kBatchHeaderBytes) return Status::Corruption("malformed WriteBatch (too small)");
  if (BatchCount(*changed) > BatchCount(*record)) {
    return Status::NotSupported("More than original # of records returned by Wal Filter ", config_.wal_filter->Name());
  }
  SetBatchSeq(changed->data(), BatchSeq(*record));
  *record = *changed;
  return Status::Ok();
}

Status DatabaseImpl::ReplayBatch(Slice rep, uint64_t log_number, Replay* replay) {
  if (config_.allow_2pc) return ReplaySteps(rep, log_number, replay);
  SeqNo seq = BatchSeq(rep);
  GNEISS_RETURN_IF_ERROR(ReplayRecords(rep, log_number, &seq, replay));
  replay->next_seq = std::max(seq, BatchSeq(rep) + BatchCount(rep));
  if (replay->next_seq > 0) allocated_seq_ = std::max(allocated_seq_, replay->next_seq - 1);
  return Status::Ok();
}

// A prepared section takes its sequence numbers when it is committed. A commit whose section is not there finds its
// data in tables already, or a log before was dropped as damaged.
Status DatabaseImpl::ReplaySteps(Slice rep, uint64_t log_number, Replay* replay) {
  std::vector<BatchStep> steps;
  GNEISS_RETURN_IF_ERROR(SplitIntoSteps(rep, &steps));
  SeqNo seq = BatchSeq(rep);
  for (BatchStep& step : steps) {
    if (step.action == BatchStep::Action::kApply) {
      GNEISS_RETURN_IF_ERROR(ReplayRecords(step.rep, log_number, &seq, replay));
      continue;
    }
    if (step.action == BatchStep::Action::kPrepare) {
      prepared_.Add(std::make_shared<PreparedSection>(
          PreparedSection{.name = step.name, .log_number = log_number, .rep = std::move(step.rep)}));
      continue;
    }
    const PreparedPtr section = prepared_.Find(step.name);
    if (section == nullptr) continue;
    if (step.action == BatchStep::Action::kCommit) {
      NotePreparedLogs(*section);
      GNEISS_RETURN_IF_ERROR(TakeCommitted(*section, &step));
      GNEISS_RETURN_IF_ERROR(ReplayRecords(step.rep, log_number, &seq, replay));
    }
    prepared_.Remove(step.name);
  }
  replay->next_seq = seq;
  if (seq > 0) allocated_seq_ = std::max(allocated_seq_, seq - 1);
  return Status::Ok();
}

// Null: the family is gone, or its tables hold this log's data already.
Memtable* DatabaseImpl::MemtableToReplayInto(ColumnFamily* family, uint64_t log_number) {
  if (family == nullptr) return nullptr;
  if (followed_ != nullptr) return FollowedMemtable(family->id, log_number);
  return log_number >= family->log_number ? family->active.get() : nullptr;
}

// `log_number` is the log that makes the records take effect.
Status DatabaseImpl::ReplayRecords(Slice rep, uint64_t log_number, SeqNo* seq, Replay* replay) {
  BatchReader reader(rep);
  BatchRecord record;
  while (!reader.AtEnd()) {
    GNEISS_RETURN_IF_ERROR(reader.Next(&record));
    if (!IsDataRecord(record.kind)) {
      if (!IsTransactionMarker(record.kind)) continue;
      return Status::NotSupported("WAL contains prepared transactions. Open with TransactionDB::Open().");
    }
    ColumnFamily* const family = CommitFamily(record.column_family_id);
    Memtable* const memtable = MemtableToReplayInto(family, log_number);
    if (memtable != nullptr) {
      const bool is_cut = !family->order.HoldsTimestamp(record.key) ||
                          (record.kind == Kind::kRangeDelete && !family->order.HoldsTimestamp(record.value));
      if (is_cut) return Status::Corruption("WriteBatch has a key too short for a timestamp");
      memtable->Add(*seq, record.kind, record.key, record.value, /*is_concurrent=*/false);
      if (family->dead_spans.IsWatching()) NoteForDeadSpans(family, record);
      replay->log_numbers.emplace(family->id, log_number);
      if (family->IsFull(*memtable) && !config_.is_read_only) {
        allocated_seq_ = std::max(allocated_seq_, *seq);
        GNEISS_RETURN_IF_ERROR(FlushRecovered(family, replay));
      }
    }
    ++*seq;
  }
  return Status::Ok();
}

Status DatabaseImpl::FlushRecovered(ColumnFamily* family, Replay* replay) {
  std::vector<OutputTable> outputs;
  std::vector<OutputBlobFile> blob_files;
  GNEISS_RETURN_IF_ERROR(WriteLevel0(family, {family->active}, next_job_id_.fetch_add(1), &outputs, &blob_files,
                                     BlobFileEvent::Reason::kRecovery));
  VersionEdit& edit = replay->edits[family->id];
  for (OutputTable& output : outputs) edit.added_tables.emplace_back(0, std::move(output.meta));
  for (OutputBlobFile& file : blob_files) edit.added_blob_files.push_back(std::move(file.meta));
  replay->log_numbers.erase(family->id);
  family->active_prepared_log.store(UINT64_MAX);
  family->active->Seal();
  family->active = family->NewMemtable(allocated_seq_ + 1);
  MutexLock lock(&mutex_);
  InstallSuperVersion(family, /*preserves_snapshots=*/true);
  return Status::Ok();
}

}  // namespace gneiss
