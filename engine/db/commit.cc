// The write path: a batch joins the queue, its leader logs the group, the memtables take the entries, the leader
// publishes.
//
// Order within a group, each step resting on the one before:
//   1. rotate, wait or refuse, when attention_ says so (PrepareGroup)
//   2. check every batch and give it its sequence numbers (AdmitWriters)
//   3. append all batches to the log with one write, and sync when asked (LogGroup)
//   4. insert into the memtables, each entry under its own sequence number (InsertBatch)
//   5. publish the group's last sequence number, then wake its writers (FinishGroup)

#include <algorithm>

#include "engine/base/perf.h"
#include "engine/db/database_impl.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {

// Waking a follower costs about as much as inserting this many entries.
constexpr uint64_t kEntriesForParallelInsert = 64;
// Shorter sleeps are not worth a context switch; the debt is kept.
constexpr uint64_t kSleepMinUs = 1000;
constexpr uint64_t kSleepMaxUs = 10'000;

// Only the commit leader counts, so that a locked instruction is spared.
void Count(std::atomic<uint64_t>* counter, uint64_t by) {
  counter->store(counter->load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// The batch up to its termination point, with the count of what is left.
Slice LoggedPart(Writer* writer) {
  if (writer->marked == nullptr) writer->marked = std::make_unique<MarkedBatch>();
  std::string& record = writer->marked->log_record;
  record.assign(*writer->rep, 0, writer->params.logged_bytes);
  EncodeU32(record.data() + 8, writer->params.logged_count);
  return record;
}

}  // namespace

Status DatabaseImpl::Write(const WriteParams& params, std::string* rep) {
  if (config_.is_read_only) return ReadOnlyError();
  if (rep->size() < kBatchHeaderBytes) return Status::Corruption("malformed WriteBatch (too small)");
  if (params.logged_bytes > rep->size() || (params.logged_bytes > 0 && params.logged_bytes < kBatchHeaderBytes)) {
    return Status::InvalidArgument("WAL termination point lies outside of the WriteBatch");
  }
  if (params.sync && params.disable_wal) return Status::InvalidArgument("Sync writes has to enable WAL.");
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  if (config_.memtable_budget != nullptr && config_.memtable_budget->WantsRelief()) [[unlikely]]
    GNEISS_RETURN_IF_ERROR(RelieveMemory(params));
  Writer writer(params, rep);
  CommitQueue::Role role;
  {
    const PerfTimer timer(&PerfCounters::write_thread_wait_nanos);
    role = commit_queue_.Join(&writer);
  }
  switch (role) {
    case CommitQueue::Role::kLeader:
      writer.status = Lead(&writer);
      break;
    case CommitQueue::Role::kInserter:
      InsertBatch(&writer, writer.group, /*is_concurrent=*/true);
      if (commit_queue_.FinishInsert(writer.group)) {
        FinishGroup(writer.group, &writer);
      } else {
        commit_queue_.WaitDone(&writer);
      }
      break;
    case CommitQueue::Role::kDone:
      break;
  }
  if (is_timed) RecordHistogram(config_.stats, Histogram::kWrite, config_.clock->NowMicros() - start_us);
  return writer.status;
}

Status DatabaseImpl::Lead(Writer* leader) {
  CommitGroup group;
  const bool is_timed = PerfTimes();
  Status status;
  if (attention_.load(std::memory_order_acquire) != 0) [[unlikely]] {
    status = CatchBadAlloc([&] { return PrepareGroup(*leader); });
    const bool is_throttled = (attention_.load(std::memory_order_acquire) & kThrottle) != 0;
    if (status.ok() && is_throttled) status = CatchBadAlloc([&] { return WaitWhileThrottled(*leader); });
  }
  commit_queue_.FormGroup(leader, config_.write_group_bytes_max, &group);
  if (status.ok()) {
    status = CatchBadAlloc([&] {
      AdmitWriters(&group);
      const PerfTimer timer(&PerfCounters::write_wal_time, is_timed);
      return group.disable_wal ? Status::Ok() : LogGroup(&group);
    });
  }
  if (!status.ok()) {
    const Status undone = CatchBadAlloc([&] { return AbandonGroupMarkers(group); });
    if (!undone.ok()) SetBackgroundError(Status::MemoryIsStale(), BackgroundErrorReason::kMemTable);
    for (Writer* writer : group) {
      if (writer->status.ok()) writer->status = status;
    }
    commit_queue_.Finish(&group, leader);
    return leader->status;
  }
  if (group.disable_wal && !has_unlogged_data_.load(std::memory_order_relaxed)) has_unlogged_data_.store(true);
  if (group.writer_count > 1 && config_.allow_concurrent_memtable_write && !group.is_in_order &&
      group.entry_count >= kEntriesForParallelInsert) {
    commit_queue_.LaunchInserts(&group);
    if (!leader->is_skipped) {
      const PerfTimer timer(&PerfCounters::write_memtable_time, is_timed);
      InsertBatch(leader, &group, /*is_concurrent=*/true);
    }
    if (!commit_queue_.FinishInsert(&group)) {
      commit_queue_.WaitDone(leader);
      return leader->status;
    }
  } else {
    const PerfTimer timer(&PerfCounters::write_memtable_time, is_timed);
    for (Writer* writer : group) {
      if (!writer->is_skipped) InsertBatch(writer, &group, /*is_concurrent=*/false);
    }
  }
  FinishGroup(&group, leader);
  return leader->status;
}

Status DatabaseImpl::PrepareGroup(const Writer& writer) {
  const uint32_t bits = attention_.load(std::memory_order_acquire);
  if ((bits & kError) != 0) {
    MutexLock lock(&mutex_);
    if (!background_error_.ok()) return background_error_;
    if (is_closed_) return ClosedError();
  }
  const PerfTimer timer(&PerfCounters::write_scheduling_flushes_compactions_time);
  if ((bits & kWalFull) != 0) MarkForWalSpace();
  if ((bits & kDeadSpans) != 0) AcknowledgeDeadSpans();
  if ((attention_.load(std::memory_order_acquire) & kRotate) != 0) GNEISS_RETURN_IF_ERROR(RotateMarked());
  return Status::Ok();
}

Status DatabaseImpl::WaitWhileThrottled(const Writer& writer) {
  if (writer.params.no_slowdown && throttle_.mode() != Throttle::Mode::kFree) return Status::Incomplete("Write stall");
  const PerfTimer timer(&PerfCounters::write_delay_time);
  const uint64_t start_us = config_.clock->NowMicros();
  Status status;
  if (throttle_.mode() == Throttle::Mode::kStopped) {
    MutexLock lock(&mutex_);
    while (throttle_.mode() == Throttle::Mode::kStopped && background_error_.ok() && !is_shutting_down_.load()) {
      state_changed_.Wait(&mutex_);
    }
    status = is_shutting_down_.load() ? ClosedError() : background_error_;
  }
  const uint64_t bytes = (writer.rep == nullptr ? 0 : writer.rep->size()) + std::exchange(unthrottled_bytes_, 0);
  uint64_t wait_us = throttle_.DelayMicros(bytes);
  if (wait_us < kSleepMinUs) wait_us = 0;
  while (wait_us > 0 && throttle_.mode() == Throttle::Mode::kDelayed) {
    const uint64_t step_us = std::min(wait_us, kSleepMaxUs);
    config_.clock->SleepMicros(step_us);
    wait_us -= step_us;
  }
  const uint64_t stalled_us = config_.clock->NowMicros() - start_us;
  Count(&commit_counters_.stall_micros, stalled_us);
  AddTicker(config_.stats, Ticker::kStallMicros, stalled_us);
  RecordHistogram(config_.stats, Histogram::kStall, stalled_us);
  return status;
}

// RocksDB leaves such keys to the comparator.
static Status ShortKeyError() {
  return Status::InvalidArgument("a key of a column family that enables timestamp is too short to hold one");
}

// A batch is checked whole before it reaches the log: what is logged must be replayable.
Status DatabaseImpl::CheckBatch(Writer* writer, bool* is_marked) const {
  BatchReader reader(*writer->rep);
  BatchRecord record;
  uint64_t count = 0;
  while (!reader.AtEnd()) {
    GNEISS_RETURN_IF_ERROR(reader.Next(&record));
    if (!IsDataRecord(record.kind)) {
      if (!IsTransactionMarker(record.kind)) continue;
      if (!config_.allow_2pc) return Status::NotSupported("two-phase markers in a WriteBatch need allow_2pc");
      if (writer->params.disable_wal) return Status::InvalidArgument("two-phase markers in a WriteBatch need the WAL");
      *is_marked = true;
      continue;
    }
    ++count;
    const ColumnFamily* const family = CommitFamily(record.column_family_id);
    if (family == nullptr) {
      if (writer->params.ignore_missing_families) continue;
      return Status::InvalidArgument("Invalid column family specified in write batch");
    }
    if (record.key.size() < family->order.timestamp_bytes()) return ShortKeyError();
    if (record.kind == Kind::kMerge) {
      if (family->merge_operator.load(std::memory_order_relaxed) == nullptr) {
        return Status::InvalidArgument("Merge requires `ColumnFamilyOptions::merge_operator != nullptr`");
      }
      writer->reads_back = writer->reads_back || FoldsMerges(*family);
    }
    if (record.kind == Kind::kRangeDelete) {
      if (!family->order.HoldsTimestamp(record.value)) return ShortKeyError();
      if (family->order.Compare(record.key, record.value) > 0) {
        return Status::InvalidArgument("end key comes before start key");
      }
    }
  }
  if (count != BatchCount(*writer->rep)) return Status::Corruption("WriteBatch has wrong count");
  return Status::Ok();
}

void DatabaseImpl::AdmitWriters(CommitGroup* group) {
  SeqNo last = allocated_seq_;
  uint64_t bytes = 0;
  for (Writer* writer : *group) {
    bool is_marked = false;
    uint32_t count = BatchCount(*writer->rep);
    writer->status = CheckBatch(writer, &is_marked);
    if (is_marked && writer->status.ok()) [[unlikely]]
      writer->status = AdmitMarkers(writer, &count);
    if (!writer->status.ok()) {
      writer->is_skipped = true;
      continue;
    }
    group->is_in_order = group->is_in_order || writer->reads_back;
    writer->first_seq = last + 1;
    SetBatchSeq(writer->rep->data(), writer->first_seq);
    last += count;
    bytes += writer->rep->size();
  }
  group->entry_count = last - allocated_seq_;
  group->last_seq = last;
  allocated_seq_ = last;
  const size_t writers = group->writer_count;
  Count(&commit_counters_.writes, writers);
  Count(&commit_counters_.groups, 1);
  Count(&commit_counters_.keys, group->entry_count);
  Count(&commit_counters_.bytes, bytes);
  unthrottled_bytes_ += bytes - (group->leader->is_skipped ? 0 : group->leader->rep->size());
  if (config_.stats != nullptr) {
    config_.stats->Add(Ticker::kKeysWritten, group->entry_count);
    config_.stats->Add(Ticker::kBytesWritten, bytes);
    config_.stats->Add(Ticker::kWritesDoneBySelf, 1);
    if (writers > 1) config_.stats->Add(Ticker::kWritesDoneByOther, writers - 1);
    config_.stats->Record(Histogram::kBytesPerWrite, bytes);
  }
}

Status DatabaseImpl::LogGroup(CommitGroup* group) {
  log_records_.clear();
  uint64_t bytes = 0;
  for (Writer* writer : *group) {
    if (writer->is_skipped) continue;
    log_records_.push_back(writer->params.logged_bytes == 0 ? Slice(*writer->rep) : LoggedPart(writer));
    bytes += log_records_.back().size();
  }
  // From here on a failure leaves the log's tail unknown.
  const Status status = CatchBadAlloc([&] {
    GNEISS_RETURN_IF_ERROR(wals_.Append(log_records_.data(), log_records_.size()));
    return group->needs_sync ? SyncGroup() : Status::Ok();
  });
  if (!status.ok()) {
    SetBackgroundError(status, BackgroundErrorReason::kWriteCallback);
    return status;
  }
  Count(&commit_counters_.wal_bytes, bytes);
  Count(&commit_counters_.writes_with_wal, log_records_.size());
  if (config_.stats != nullptr) {
    config_.stats->Add(Ticker::kWalFileBytes, bytes);
    config_.stats->Add(Ticker::kWritesWithWal, log_records_.size());
  }
  if (wals_.TotalBytes() > wal_bytes_max_.load(std::memory_order_relaxed)) attention_.fetch_or(kWalFull);
  return Status::Ok();
}

Status DatabaseImpl::SyncGroup() {
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  SyncedLogs synced;
  Status status = wals_.Sync(&synced);
  if (status.ok()) status = TrackWals(synced);
  Count(&commit_counters_.wal_syncs, 1);
  if (is_timed) RecordHistogram(config_.stats, Histogram::kWalSync, config_.clock->NowMicros() - start_us);
  return status;
}

void DatabaseImpl::InsertBatch(Writer* writer, CommitGroup* group, bool is_concurrent) {
  try {
    if (writer->marked != nullptr && !writer->marked->steps.empty()) [[unlikely]]
      return InsertMarked(writer, is_concurrent);
    SeqNo seq = writer->first_seq;
    InsertRecords(*writer->rep, &seq, is_concurrent);
  } catch (const std::bad_alloc&) {
    group->has_failed.store(true);
  }
}

void DatabaseImpl::NoteForDeadSpans(ColumnFamily* family, const BatchRecord& record) {
  if (!IsDeletion(record.kind) && record.kind != Kind::kRangeDelete) family->dead_spans.NoteWrite(record.key);
}

void DatabaseImpl::InsertRecords(Slice rep, SeqNo* seq, bool is_concurrent) {
  BatchReader reader(rep);
  BatchRecord record;
  ColumnFamily* family = nullptr;
  while (!reader.AtEnd()) {
    // CheckBatch has read the same bytes without a complaint.
    GNEISS_CHECK(reader.Next(&record).ok());
    if (!IsDataRecord(record.kind)) continue;
    if (family == nullptr || family->id != record.column_family_id) {
      if (family != nullptr) NoteMemtableFull(family);
      family = CommitFamily(record.column_family_id);
    }
    if (family != nullptr) {
      if (record.kind == Kind::kMerge && !is_concurrent && FoldsMerges(*family)) [[unlikely]] {
        AddMerge(family, *seq, record.key, record.value);
      } else {
        family->active->Add(*seq, record.kind, record.key, record.value, is_concurrent);
      }
      if (family->dead_spans.IsWatching()) [[unlikely]]
        NoteForDeadSpans(family, record);
    }
    ++*seq;
  }
  if (family != nullptr) NoteMemtableFull(family);
}

void DatabaseImpl::NoteMemtableFull(ColumnFamily* family) {
  if (family->IsFull(*family->active) && !family->wants_rotation.exchange(true, std::memory_order_relaxed))
    attention_.fetch_or(kRotate);
}

// By a commit leader before it begins, or by whoever finds the queue empty: all groups before are in the memtables.
void DatabaseImpl::AcknowledgeDeadSpans() {
  attention_.fetch_and(~kDeadSpans);
  for (const FamilyPtr& family : commit_families_) {
    if (family != nullptr && family->dead_spans.NeedsAcknowledgement()) family->dead_spans.Acknowledge(allocated_seq_);
  }
}

// Without waiting for anybody: the caller is a reader.
void DatabaseImpl::RequestDeadSpanAcknowledgement() {
  attention_.fetch_or(kDeadSpans);
  Writer writer(WriteParams{});
  if (!commit_queue_.TryLead(&writer)) return;
  AcknowledgeDeadSpans();
  commit_queue_.FinishAlone(&writer);
}

// The log holds batches of which the memtables hold a part only. It is never published, and nothing is written after
// it; reopening reads the whole of it from the log.
void DatabaseImpl::FailGroup(CommitGroup* group, Writer* self) {
  SetBackgroundError(Status::MemoryIsStale(), BackgroundErrorReason::kMemTable);
  for (Writer* writer : *group) {
    if (writer->status.ok()) writer->status = Status::MemoryIsStale();
  }
  commit_queue_.Finish(group, self);
}

void DatabaseImpl::FinishGroup(CommitGroup* group, Writer* self) {
  if (group->has_failed.load(std::memory_order_relaxed)) [[unlikely]]
    return FailGroup(group, self);
  published_seq_.store(group->last_seq, std::memory_order_release);
  commit_queue_.Finish(group, self);
}

Status DatabaseImpl::FlushWal(bool sync) {
  if (config_.is_read_only) return ReadOnlyError();
  bool is_locked = false;
  {
    MutexLock lock(&mutex_);
    is_locked = wal_locks_ > 0;
  }
  // With the logs locked nothing is left to flush, and the queue stands still.
  const Status status = is_locked ? Status::Ok() : AsOnlyWriter([this] { return wals_.Flush(); });
  if (status.IsShutdownInProgress()) return status;
  if (!status.ok()) {
    SetBackgroundError(status, BackgroundErrorReason::kWriteCallback);
    return status;
  }
  return sync ? SyncWal() : Status::Ok();
}

Status DatabaseImpl::SyncWal() {
  if (config_.is_read_only) return ReadOnlyError();
  SyncedLogs synced;
  const Status status = wals_.Sync(&synced);
  if (!status.ok()) {
    SetBackgroundError(status, BackgroundErrorReason::kWriteCallback);
    return status;
  }
  return TrackWals(synced);
}

Status DatabaseImpl::RotateMarked() {
  attention_.fetch_and(~kRotate);
  const Status status = CatchBadAlloc([this] {
    std::vector<FamilyPtr> families;
    std::copy_if(commit_families_.begin(), commit_families_.end(), std::back_inserter(families),
                 [](const FamilyPtr& family) { return family != nullptr && family->wants_rotation.load(); });
    return families.empty() ? Status::Ok() : SealTogether(config_.is_flush_atomic ? AllFamilies() : families);
  });
  // Families that are still marked are not marked a second time.
  if (!status.ok()) attention_.fetch_or(kRotate);
  return status;
}

Status DatabaseImpl::SealTogether(const std::vector<FamilyPtr>& families) {
  for (const FamilyPtr& family : families) GNEISS_RETURN_IF_ERROR(RotateMemtable(family));
  if (!config_.is_flush_atomic) return Status::Ok();
  // From here on a flush takes them, all at once.
  MutexLock lock(&mutex_);
  ++cuts_;
  MaybeScheduleJointFlush();
  return Status::Ok();
}

// Seals the family's active memtable. A new log begins with it, so that logs can go when their data was flushed.
Status DatabaseImpl::RotateMemtable(const FamilyPtr& family) {
  family->wants_rotation.store(false, std::memory_order_relaxed);
  if (family->active->empty()) return Status::Ok();
  const bool is_new_log = !wals_.IsCurrentEmpty();
  if (is_new_log) {
    const uint64_t number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
    const Status status = wals_.Rotate(number, family->write_buffer_bytes.load(std::memory_order_relaxed));
    if (!status.ok()) {
      SetBackgroundError(status, BackgroundErrorReason::kMemTable);
      return status;
    }
  }
  const uint64_t log_number = wals_.current_number();
  // A mere load pays for no filter.
  MemtablePtr fresh = family->NewMemtable(allocated_seq_ + 1, /*is_filtered=*/family->active->was_read());
  family->active->Seal();
  if (config_.events != nullptr) {
    const Memtable& sealed = *family->active;
    config_.events->OnMemtableSealed({.family_name = family->name,
                                      .first_seq = sealed.first_seq(),
                                      .earliest_seq = sealed.earliest_seq(),
                                      .entries = sealed.EntryCount(),
                                      .deletions = sealed.DeletionCount()});
  }
  GNEISS_RETURN_IF_ERROR(WholeOrStale([&] {
    MutexLock lock(&mutex_);
    family->sealed.push_back({.memtable = family->active,
                              .next_log_number = log_number,
                              .prepared_log = family->active_prepared_log.exchange(UINT64_MAX),
                              .cut = cuts_ + 1});
    family->active = std::move(fresh);
    if (is_new_log) {
      for (const auto& [id, other] : families_) {
        if (other->active->empty() && other->sealed.empty()) other->log_number = log_number;
      }
    }
    InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
    MaybeScheduleFlush(family);
    return Status::Ok();
  }));
  TellStalls();
  return Status::Ok();
}

// The logs have grown past their limit: flush the families that hold the oldest one.
void DatabaseImpl::MarkForWalSpace() {
  attention_.fetch_and(~kWalFull);
  const uint64_t oldest = wals_.OldestNumber();
  if (oldest == space_marked_log_ && oldest != wals_.current_number()) return;
  space_marked_log_ = oldest;
  MutexLock lock(&mutex_);
  for (const auto& [id, family] : families_) {
    if (family->log_number > oldest) continue;
    if (!family->active->empty()) {
      family->wants_rotation.store(true, std::memory_order_relaxed);
      attention_.fetch_or(kRotate);
    }
    RequestFlush(family);
  }
}

}  // namespace gneiss
