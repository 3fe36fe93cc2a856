// Installing a change: log the edit in the MANIFEST, sync, then swap pointers. Whoever has the manifest turn may change
// Versions; the I/O happens without the state mutex.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"

namespace gneiss {

void DatabaseImpl::TakeManifestTurn() {
  MutexLock lock(&mutex_);
  while (is_manifest_busy_) state_changed_.Wait(&mutex_);
  is_manifest_busy_ = true;
}

void DatabaseImpl::EndManifestTurn() {
  MutexLock lock(&mutex_);
  is_manifest_busy_ = false;
  state_changed_.SignalAll();
}

TableFilePtr DatabaseImpl::MakeTable(const ColumnFamily& family, const TableMeta& meta,
                                     const std::vector<OutputTable>* written) const {
  const OutputTable* output = nullptr;
  for (size_t i = 0; written != nullptr && i < written->size(); ++i) {
    if ((*written)[i].meta.number == meta.number) output = &(*written)[i];
  }
  TableFilePtr table =
      std::make_shared<TableFile>(meta, family.opener, obsolete_files_, output == nullptr ? 0 : output->cache_id);
  if (output != nullptr) {
    table->NoteProperties(output->properties);
    table->SetKeyFilter(output->key_filter);
  }
  return table;
}

BlobFilePtr DatabaseImpl::MakeBlobFile(const ColumnFamily& family, const BlobFileMeta& meta,
                                       const std::vector<OutputBlobFile>* written) const {
  uint64_t cache_id = 0;
  for (size_t i = 0; written != nullptr && i < written->size(); ++i) {
    if ((*written)[i].meta.number == meta.number) cache_id = (*written)[i].cache_id;
  }
  return std::make_shared<BlobFile>(meta, family.blob_opener, obsolete_files_, cache_id);
}

Status DatabaseImpl::Install(std::vector<FamilyChange> changes) {
  const Status status = InManifestTurn([&] { return InstallInTurn(&changes); });
  TellStalls();
  return status;
}

Status DatabaseImpl::InstallInTurn(std::vector<FamilyChange>* all_changes) {
  std::vector<FamilyChange>& changes = *all_changes;
  // Versions change only under the manifest turn, so they can be read here without the mutex.
  std::vector<VersionPtr> next(changes.size());
  std::vector<VersionEdit> edits;
  for (size_t i = 0; i < changes.size(); ++i) {
    FamilyChange& change = changes[i];
    change.edit.column_family_id = change.family->id;
    if (change.family->is_dropped.load()) return Status::ColumnFamilyDropped("Column family dropped");
    GNEISS_RETURN_IF_ERROR(change.family->version->Apply(
        change.edit, [&](const TableMeta& meta) { return MakeTable(*change.family, meta, change.outputs); }, &next[i],
        [&](const BlobFileMeta& meta) { return MakeBlobFile(*change.family, meta, change.blob_files); }));
    edits.push_back(change.edit);
  }
  if (config_.file_space != nullptr) TakeSpace(changes);
  GNEISS_RETURN_IF_ERROR(LogEdits(edits));
  return WholeOrStale([&] {
    MutexLock lock(&mutex_);
    for (size_t i = 0; i < changes.size(); ++i) InstallVersion(changes[i], next[i]);
    return Status::Ok();
  });
}

// Before the install, for which callers of Flush wait: an error that follows is theirs too. What was written is kept
// all the same.
void DatabaseImpl::TakeSpace(const std::vector<FamilyChange>& changes) {
  bool is_job = false;
  bool is_flush = false;
  for (const FamilyChange& change : changes) {
    for (const auto& [level, meta] : change.edit.added_tables) {
      config_.file_space->FileAdded(TableName(change.family->opener->DirectoryOf(meta), meta.number), meta.file_bytes);
    }
    for (const BlobFileMeta& meta : change.edit.added_blob_files) {
      config_.file_space->FileAdded(change.family->blob_opener->PathOf(meta.number));
    }
    is_flush = is_flush || change.flushed_memtables > 0;
    is_job = is_job || (change.outputs != nullptr && !change.outputs->empty());
  }
  if (!is_job || !config_.file_space->IsFull()) return;
  SetBackgroundError(
      Status::Make(Status::Code::kIoError, "Max allowed space was reached", {}, Status::SubCode::kSpaceLimit),
      is_flush ? BackgroundErrorReason::kFlush : BackgroundErrorReason::kCompaction);
}

void DatabaseImpl::InstallVersion(const FamilyChange& change, const VersionPtr& next) {
  ColumnFamily* const family = change.family.get();
  const VersionPtr before = std::exchange(family->version, next);
  // The removing edit is durable: these files go with their last reader. A moved table lives on under the same number.
  for (const auto& [level, number] : change.edit.deleted_tables) {
    const bool is_moved = std::any_of(change.edit.added_tables.begin(), change.edit.added_tables.end(),
                                      [number = number](const auto& added) { return added.second.number == number; });
    if (is_moved) continue;
    before->level(level).ForEachTable([number = number](const TableFilePtr& table) {
      if (table->meta().number == number) table->MarkObsolete();
    });
  }
  for (const BlobFileUse& use : before->blob_files()) {
    if (family->version->FindBlobFile(use.file->meta().number) == nullptr) use.file->MarkObsolete();
  }
  if (change.edit.log_number) family->log_number = std::max(family->log_number, *change.edit.log_number);
  for (size_t m = 0; m < change.flushed_memtables; ++m) family->sealed.pop_front();
  InstallSuperVersion(family, change.preserves_snapshots);
}

// With the manifest turn. A MANIFEST whose tail is unknown, or that has grown too long, is replaced first.
Status DatabaseImpl::LogEdits(const std::vector<VersionEdit>& edits, EditGrouping grouping) {
  const Status status = CatchBadAlloc([&] { return TryLogEdits(edits, grouping); });
  if (status.IsMemoryLimit()) {
    // The record may be there all the same. A fresh MANIFEST will tell what memory holds.
    MutexLock lock(&mutex_);
    is_manifest_broken_ = true;
  }
  return status;
}

Status DatabaseImpl::TryLogEdits(const std::vector<VersionEdit>& edits, EditGrouping grouping) {
  bool is_broken = false;
  {
    MutexLock lock(&mutex_);
    if (is_closed_) return ClosedError();
    is_broken = is_manifest_broken_;
  }
  if (is_broken || manifest_->FileBytes() > config_.manifest_bytes_max) return NewManifest(edits);
  std::vector<VersionEdit> stamped = edits;
  for (VersionEdit& edit : stamped) {
    edit.next_file_number = next_file_number_.load(std::memory_order_relaxed);
    edit.last_seq = std::max(LatestSeq(), edit.last_seq.value_or(0));
  }
  if (stamped.size() > 1 && grouping == EditGrouping::kAllOrNone) {
    for (size_t i = 0; i < stamped.size(); ++i) {
      stamped[i].remaining_in_atomic_group = static_cast<uint32_t>(stamped.size() - 1 - i);
    }
  }
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  const Status status = manifest_->Log(stamped);
  if (is_timed) RecordHistogram(config_.stats, Histogram::kManifestSync, config_.clock->NowMicros() - start_us);
  if (!status.ok()) {
    {
      MutexLock lock(&mutex_);
      is_manifest_broken_ = true;
    }
    SetBackgroundError(status, BackgroundErrorReason::kManifestWrite);
  }
  return status;
}

// Writes the whole state, with `extra` applied on top, into a fresh MANIFEST and points CURRENT at it.
Status DatabaseImpl::NewManifest(const std::vector<VersionEdit>& extra) {
  if (manifest_ != nullptr) GNEISS_RETURN_IF_ERROR(SyncLogsForState());
  std::vector<VersionEdit> edits = StateAsEdits();
  edits.insert(edits.end(), extra.begin(), extra.end());
  const uint64_t number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
  edits.back().next_file_number = next_file_number_.load(std::memory_order_relaxed);
  SeqNo last_seq = LatestSeq();
  for (const VersionEdit& edit : extra) last_seq = std::max(last_seq, edit.last_seq.value_or(0));
  edits.back().last_seq = last_seq;
  std::unique_ptr<Manifest> fresh;
  const Status status =
      Manifest::Create(config_.fs, dir_, number, edits, config_.manifest_allocate_ahead_bytes, &fresh);
  if (!status.ok()) {
    {
      MutexLock lock(&mutex_);
      is_manifest_broken_ = true;
    }
    SetBackgroundError(status, BackgroundErrorReason::kManifestWrite);
    return status;
  }
  if (manifest_ != nullptr) {
    manifest_->Close().IgnoreError("CURRENT no longer names it");
    obsolete_files_->Add(FileKind::kManifest, manifest_->number(), ManifestName(dir_, manifest_->number()));
  }
  manifest_ = std::move(fresh);
  MutexLock lock(&mutex_);
  is_manifest_broken_ = false;
  return Status::Ok();
}

// A family without data in memory needs no older log, and the state says so. What such logs hold of other families must
// not be lost then: the next recovery would find this family's tables ahead of its logs.
Status DatabaseImpl::SyncLogsForState() {
  SyncedLogs synced;
  const Status status = wals_.SyncClosed(&synced);
  if (!status.ok()) {
    SetBackgroundError(status, BackgroundErrorReason::kWriteCallback);
    return status;
  }
  if (!config_.tracks_wals) return Status::Ok();
  MutexLock lock(&mutex_);
  NoteTracked(synced);
  return Status::Ok();
}

// A log may have been synced by one thread and dropped by another before the first comes to tell: the MANIFEST must not
// ask for it then.
SyncedLogs DatabaseImpl::NoteTracked(const SyncedLogs& synced) {
  SyncedLogs tracked;
  for (const auto& [number, bytes] : synced) {
    if (number < tracked_wals_begin_) continue;
    tracked_wals_[number] = bytes;
    tracked.emplace_back(number, bytes);
  }
  return tracked;
}

std::vector<VersionEdit> DatabaseImpl::StateAsEdits() {
  MutexLock lock(&mutex_);
  std::vector<VersionEdit> edits;
  if (config_.write_db_id_to_manifest) {
    VersionEdit edit;
    edit.db_id = db_id_;
    edits.push_back(std::move(edit));
  }
  if (!tracked_wals_.empty()) {
    VersionEdit edit;
    for (const auto& [number, bytes] : tracked_wals_) edit.added_wals.emplace_back(number, bytes);
    edits.push_back(std::move(edit));
  }
  for (const auto& [id, family] : families_) {
    if (family->is_dropped.load()) continue;  // it leaves families_ a moment after its edit
    VersionEdit name;
    name.column_family_id = id;
    if (id != 0) name.added_column_family = family->name;
    name.comparator = family->order.Name();
    edits.push_back(std::move(name));
    VersionEdit tables;
    tables.column_family_id = id;
    family->version->AppendTo(&tables);
    tables.log_number = family->log_number;
    if (const std::string start = family->HistoryStart(); !start.empty()) tables.full_history_ts_low = start;
    tables.last_seq = LatestSeq();
    for (size_t level = 0; level < family->cursors.size(); ++level) {
      if (!family->cursors[level].empty()) tables.compact_cursors.emplace_back(level, family->cursors[level]);
    }
    edits.push_back(std::move(tables));
  }
  edits.back().max_column_family = max_family_id_;
  edits.back().min_log_number_to_keep = MinLogNumber();
  return edits;
}

SuperVersionPtr DatabaseImpl::NewSuperVersion(ColumnFamily* family) {
  SuperVersionPtr next(new SuperVersion(family->active, family->SealedNewestFirst(), family->version));
  std::erase_if(family->versions, [](const auto& version) { return version.expired(); });
  if (family->versions.empty() || family->versions.back().lock() != family->version) {
    family->versions.push_back(family->version);
  }
  return next;
}

void DatabaseImpl::InstallSuperVersion(ColumnFamily* family, bool preserves_snapshots) {
  SuperVersionPtr next = NewSuperVersion(family);
  if (preserves_snapshots) {
    family->history.InstallPreserving(std::move(next));
  } else {
    snapshots_.BeginEpoch([&](Epoch epoch, const std::vector<Epoch>& live_epochs) {
      family->history.InstallChanging(std::move(next), epoch, live_epochs);
    });
  }
  UpdateCompactionState(family);
  UpdateThrottle();
}

void DatabaseImpl::UpdateCompactionState(ColumnFamily* family) {
  // A table taken in from outside may be newer than what waits in memory. What is written from now on is newer than all
  // tables that there are.
  family->compaction_state = ComputeCompactionState(*family->version, family->config()->compaction,
                                                    static_cast<uint64_t>(config_.clock->UnixSeconds()),
                                                    {.earliest_unflushed = family->FirstSeqInMemory()});
}

static size_t RunsForStalls(const Version& version, CompactionStyle style) {
  size_t runs = version.level(0).table_count;
  if (style != CompactionStyle::kUniversal) return runs;
  for (int level = 1; level < version.LevelCount(); ++level) runs += version.level(level).table_count > 0 ? 1 : 0;
  return runs;
}

DatabaseImpl::StallMeasures DatabaseImpl::StallMeasuresOf(const ColumnFamily& family, size_t more_memtables,
                                                          size_t more_runs) const {
  const auto config = family.config();
  const CompactionConfig& compaction = config->compaction;
  // With few memtables there is nothing between all is well and the stop; nor before a flush is due.
  const int memtables_max = config->write_buffers_max;
  const int slowdown = std::max(memtables_max - 1, config->write_buffers_to_merge_min + 1);
  StallMeasures measures;
  measures[0] = {.value = static_cast<double>(family.sealed.size() + more_memtables),
                 .slowdown = memtables_max > 3 ? static_cast<double>(slowdown) : 0,
                 .stop = static_cast<double>(memtables_max)};
  if (compaction.disable_auto_compactions) return measures;
  measures[1] = {.value = static_cast<double>(RunsForStalls(*family.version, compaction.style) + more_runs),
                 .slowdown = static_cast<double>(compaction.level0_slowdown_trigger),
                 .stop = static_cast<double>(compaction.level0_stop_trigger)};
  measures[2] = {.value = static_cast<double>(family.compaction_state.pending_bytes),
                 .slowdown = static_cast<double>(compaction.pending_bytes_soft_limit),
                 .stop = static_cast<double>(compaction.pending_bytes_hard_limit)};
  return measures;
}

// The worst family decides. Depth is how far it stands between its slowdown and its stop.
void DatabaseImpl::UpdateThrottle() {
  Throttle::Mode mode = Throttle::Mode::kFree;
  double depth = 0;
  for (const auto& [id, family] : families_) {
    FamilyCounters& counters = family->counters;
    const std::array<uint64_t*, 3> slowdowns = {&counters.memtable_slowdowns, &counters.level0_slowdowns,
                                                &counters.pending_bytes_slowdowns};
    const std::array<uint64_t*, 3> stops = {&counters.memtable_stops, &counters.level0_stops,
                                            &counters.pending_bytes_stops};
    const StallMeasures measures = StallMeasuresOf(*family);
    StallCondition condition = StallCondition::kNormal;
    for (size_t i = 0; i < measures.size(); ++i) {
      if (measures[i].IsStop()) {
        condition = StallCondition::kStopped;
        ++*stops[i];
      } else if (measures[i].IsSlowdown()) {
        condition = std::max(condition, StallCondition::kDelayed);
        ++*slowdowns[i];
        depth = std::max(depth, measures[i].Depth());
      }
    }
    if (measures[1].IsStop() || measures[1].IsSlowdown()) FlushWhatBarsLevel0(family);
    if (condition == StallCondition::kStopped) mode = Throttle::Mode::kStopped;
    if (condition == StallCondition::kDelayed && mode == Throttle::Mode::kFree) mode = Throttle::Mode::kDelayed;
    NoteStall(family.get(), condition);
  }
  throttle_.Update(mode, depth);
  if (mode == Throttle::Mode::kFree) {
    attention_.fetch_and(~kThrottle);
  } else {
    attention_.fetch_or(kThrottle);
  }
  state_changed_.SignalAll();
}

// Writes are to wait for level 0, whose newest tables, ingested ones, may be merged only after what is older in memory
// was flushed (Level0RowStarts): that must not wait for the writes. No ingestion ends while a writer waits, so that the
// next one to come seals the memtable before it waits.
void DatabaseImpl::FlushWhatBarsLevel0(const FamilyPtr& family) {
  if (family->config()->compaction.style == CompactionStyle::kLevel) return;  // merges level 0 into deeper ones
  if (!family->MemoryBarsLevel0()) return;
  if (!family->active->empty()) {
    family->wants_rotation.store(true, std::memory_order_relaxed);
    attention_.fetch_or(kRotate);
  }
  RequestFlush(family);
}

void DatabaseImpl::NoteStall(ColumnFamily* family, StallCondition now) {
  const StallCondition before = std::exchange(family->stall, now);
  if (before == now || config_.events == nullptr) return;
  stall_events_.push_back({.family_name = family->name, .before = before, .now = now});
}

void DatabaseImpl::TellStalls() {
  if (config_.events == nullptr) return;
  std::vector<StallEvent> events;
  {
    MutexLock lock(&mutex_);
    events.swap(stall_events_);
  }
  for (const StallEvent& event : events) config_.events->OnStallChanged(event);
}

// Prepared sections first, as marked_batch.cc explains.
uint64_t DatabaseImpl::MinLogNumberAfter(const std::vector<FamilyChange>& flushes) const {
  uint64_t lowest = prepared_.OldestLog();
  for (const auto& [id, family] : families_) {
    const auto flush = std::find_if(flushes.begin(), flushes.end(),
                                    [&family = family](const FamilyChange& each) { return each.family == family; });
    const bool is_flushed = flush != flushes.end();
    const uint64_t log_number = is_flushed ? *flush->edit.log_number : family->log_number;
    lowest = std::min({lowest, log_number, family->active_prepared_log.load()});
    for (size_t i = is_flushed ? flush->flushed_memtables : 0; i < family->sealed.size(); ++i) {
      lowest = std::min(lowest, family->sealed[i].prepared_log);
    }
  }
  return lowest;
}

Status DatabaseImpl::TrackWals(const SyncedLogs& synced) {
  if (!config_.tracks_wals || synced.empty()) return Status::Ok();
  return InManifestTurn([&] {
    VersionEdit edit;
    {
      MutexLock lock(&mutex_);
      for (const auto& [number, bytes] : NoteTracked(synced)) edit.added_wals.emplace_back(number, bytes);
    }
    return edit.added_wals.empty() ? Status::Ok() : LogEdits({edit});
  });
}

Status DatabaseImpl::UntrackWalsBelow(uint64_t number) {
  {
    MutexLock lock(&mutex_);
    tracked_wals_begin_ = std::max(tracked_wals_begin_, number);
    if (tracked_wals_.empty() || tracked_wals_.begin()->first >= number) return Status::Ok();
  }
  return InManifestTurn([&] {
    VersionEdit edit;
    edit.deleted_wals_before = number;
    GNEISS_RETURN_IF_ERROR(LogEdits({edit}));
    MutexLock lock(&mutex_);
    tracked_wals_.erase(tracked_wals_.begin(), tracked_wals_.lower_bound(number));
    return Status::Ok();
  });
}

// Under one lock, so that whoever calls it finds no log half dropped by another thread.
void DatabaseImpl::DropOldLogs() {
  MutexLock one_at_a_time(&drop_logs_mutex_);
  uint64_t lowest = 0;
  {
    MutexLock lock(&mutex_);
    lowest = MinLogNumber();
  }
  if (!UntrackWalsBelow(lowest).ok()) return;  // they stay until the MANIFEST no longer asks for them
  for (const uint64_t number : wals_.DropBelow(lowest)) {
    obsolete_files_->Add(FileKind::kWal, number, WalName(wal_dir_, number));
  }
}

}  // namespace gneiss
