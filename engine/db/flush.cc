// Flush: sealed memtables become one level-0 table. Run by the flush pool, one flush at a time per family, oldest data
// first.

#include <algorithm>
#include <chrono>

#include "engine/base/read_guard.h"
#include "engine/compaction/blob_placement.h"
#include "engine/compaction/retention.h"
#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"
#include "engine/iter/merging_iterator.h"
#include "engine/iter/range_tombstone_builder.h"

namespace gneiss {

namespace {

uint64_t ThreadCpuMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

std::unique_ptr<RangeTombstoneList> TombstonesOf(const std::vector<MemtablePtr>& memtables, const KeyOrder& order) {
  RangeTombstoneBuilder builder(order);
  for (const MemtablePtr& memtable : memtables) {
    const std::unique_ptr<InternalIterator> iterator = memtable->NewRangeTombstoneIterator();
    if (iterator == nullptr) continue;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      builder.Add(UserKeyOf(iterator->key()), iterator->value(), SeqOf(iterator->key()));
    }
  }
  return builder.Build();
}

// When the first of what these memtables hold was written; 0: they hold nothing.
uint64_t OldestKeyTime(const std::vector<MemtablePtr>& memtables) {
  uint64_t oldest = 0;
  for (const MemtablePtr& memtable : memtables) {
    const uint64_t written = memtable->oldest_unix_seconds();
    if (written != 0 && (oldest == 0 || written < oldest)) oldest = written;
  }
  return oldest;
}

// A replay does not know when entries were written. FIFO drops tables by their own age.
void SetTimes(const std::vector<MemtablePtr>& memtables, const FamilyConfig& config, BlobFileEvent::Reason reason,
              TableOutputConfig* output) {
  const auto now = static_cast<uint64_t>(output->table.clock->UnixSeconds());
  const uint64_t oldest_key = reason == BlobFileEvent::Reason::kRecovery ? 0 : OldestKeyTime(memtables);
  const bool is_fifo = config.compaction.style == CompactionStyle::kFifo;
  output->table.oldest_key_unix_seconds = oldest_key;
  output->oldest_ancestor_unix_seconds = oldest_key == 0 || is_fifo ? now : std::min(oldest_key, now);
}

// A Ribbon policy may leave tables above a level to Bloom filters, which are quicker made; a flush counts as level -1.
// Styles that know no levels count as the last one.
void ChooseFilter(CompactionStyle style, int level, FilterConfig* filter) {
  const bool has_levels = style == CompactionStyle::kLevel || style == CompactionStyle::kUniversal;
  if (filter->type != FilterConfig::Type::kRibbon || !has_levels || level >= filter->bloom_before_level) return;
  filter->type = FilterConfig::Type::kBloom;
}

// What of the memtables reached the tables, and what was hidden in them already.
void CountGarbage(const Retention::Counts& counts, const std::vector<MemtablePtr>& memtables,
                  const std::vector<OutputTable>& outputs, StatsSink* stats) {
  if (stats == nullptr) return;
  uint64_t payload = counts.input_key_bytes + counts.input_value_bytes;
  for (const MemtablePtr& memtable : memtables) {
    const std::unique_ptr<InternalIterator> tombstones = memtable->NewRangeTombstoneIterator();
    if (tombstones == nullptr) continue;
    for (tombstones->SeekToFirst(); tombstones->Valid(); tombstones->Next()) {
      payload += tombstones->key().size() + tombstones->value().size();
    }
  }
  uint64_t written = 0;
  for (const OutputTable& output : outputs) {
    written += output.properties.raw_key_bytes + output.properties.raw_value_bytes;
  }
  if (written > payload) return;
  stats->Add(Ticker::kMemtablePayloadBytesAtFlush, payload);
  stats->Add(Ticker::kMemtableGarbageBytesAtFlush, payload - written);
}

// A table without a filter keeps that of its memtable, where it is small beside it: reads of other keys then spare a
// block each. It goes when the table has been compacted.
void KeepFilter(const Memtable& memtable, std::vector<OutputTable>* outputs) {
  constexpr uint64_t kTablePartMax = 32;
  const std::shared_ptr<const MemtableFilter> filter = memtable.filter();
  if (filter == nullptr) return;
  for (OutputTable& output : *outputs) {
    const bool is_small = filter->MemoryBytes() <= output.meta.file_bytes / kTablePartMax;
    if (is_small && output.properties.filter_bytes == 0) output.key_filter = filter;
  }
}

CacheWarming WarmingOf(const TableReadConfig& read) {
  return {.cache = read.block_cache.get(),
          .includes_meta_blocks = read.cache_index_and_filter_blocks,
          .has_high_priority = read.cache_index_and_filter_blocks_with_high_priority};
}

}  // namespace

std::vector<FamilyPtr> DatabaseImpl::AllFamilies() const {
  MutexLock lock(&mutex_);
  std::vector<FamilyPtr> families;
  for (const auto& [id, family] : families_) families.push_back(family);
  return families;
}

// Until one more memtable and one more table of level 0 would not slow down writers. Not needed any more: meanwhile
// somebody else flushed what was in memory.
Status DatabaseImpl::WaitUntilFlushStallsNobody(const ColumnFamily& family, bool* is_needed) {
  *is_needed = true;
  MutexLock lock(&mutex_);
  const uint64_t newest_id = family.active->id();
  while (true) {
    if (family.is_dropped.load()) return Status::Ok();  // Flush answers that itself
    if (is_shutting_down_.load() || are_jobs_cancelled_.load()) {
      return Status::ShutdownInProgress("the database is closing");
    }
    const Memtable& oldest = family.sealed.empty() ? *family.active : *family.sealed.front().memtable;
    *is_needed = oldest.id() <= newest_id;
    if (!*is_needed) return Status::Ok();
    // Limits so low that background work needs a stall to begin: waiting for it would not end.
    const auto config = family.config();
    const bool is_flush_due = family.sealed.size() >= static_cast<size_t>(config->write_buffers_to_merge_min);
    const bool is_compaction_due = StallMeasuresOf(family)[1].value >= config->compaction.level0_compaction_trigger;
    if (!is_flush_due && !is_compaction_due) return Status::Ok();
    const StallMeasures measures = StallMeasuresOf(family, 1, 1);
    const bool stalls = std::any_of(measures.begin(), measures.end(),
                                    [](const StallMeasure& each) { return each.IsStop() || each.IsSlowdown(); });
    if (!stalls) return Status::Ok();
    // What is waited for may never come then.
    if (!background_error_.ok()) return background_error_;
    state_changed_.Wait(&mutex_);
  }
}

Status DatabaseImpl::Flush(const FlushParams& params, const std::vector<FamilyPtr>& asked_for) {
  if (config_.is_read_only) return ReadOnlyError();
  if (!params.wait && throttle_.mode() == Throttle::Mode::kStopped) {
    return Status::TryAgain(
        "Writes have been stopped, thus unable to perform manual flush. Please try again later after writes are "
        "resumed");
  }
  std::vector<FamilyPtr> families = asked_for;
  if (!params.allow_write_stall) {
    families.clear();
    for (const FamilyPtr& family : asked_for) {
      bool is_needed = false;
      GNEISS_RETURN_IF_ERROR(WaitUntilFlushStallsNobody(*family, &is_needed));
      if (is_needed) families.push_back(family);
    }
    if (families.empty()) return Status::Ok();
    if (config_.is_flush_atomic) families = asked_for;
  }
  std::vector<std::pair<FamilyPtr, uint64_t>> targets;  // family, id of the newest memtable to flush
  const Status rotated = AsOnlyWriter([&] {
    GNEISS_RETURN_IF_ERROR(BackgroundError());
    std::vector<FamilyPtr> live;
    for (const FamilyPtr& family : families) {
      if (family->is_dropped.load() && families.size() == 1) return Status::ColumnFamilyDropped("");
      if (family->is_dropped.load()) continue;
      live.push_back(family);
      targets.emplace_back(family, family->active->id());
      MutexLock lock(&mutex_);
      family->flush_cause = FlushCause::kManual;  // before the rotation, which may start the flush
    }
    GNEISS_RETURN_IF_ERROR(SealTogether(live));
    MutexLock lock(&mutex_);
    for (const FamilyPtr& family : live) {
      if (family->sealed.empty()) {
        family->flush_cause = FlushCause::kWriteBufferFull;
        continue;
      }
      RequestFlush(family);
    }
    return Status::Ok();
  });
  GNEISS_RETURN_IF_ERROR(rotated);
  if (!params.wait) return Status::Ok();
  GNEISS_RETURN_IF_ERROR(WaitForFlushes(targets));
  DropOldLogs();  // the flush's own thread may not have come so far
  return Status::Ok();
}

Status DatabaseImpl::WaitForFlushes(const std::vector<std::pair<FamilyPtr, uint64_t>>& targets) {
  MutexLock lock(&mutex_);
  for (const auto& [family, newest_id] : targets) {
    while (!family->sealed.empty() && family->sealed.front().memtable->id() <= newest_id) {
      if (family->is_dropped.load()) break;
      if (!background_error_.ok()) return background_error_;
      if (is_shutting_down_.load()) return Status::ShutdownInProgress("the database is closing");
      if (are_jobs_cancelled_.load()) return Status::ShutdownInProgress("background work was cancelled");
      state_changed_.Wait(&mutex_);
    }
  }
  // The flush is done, and is the last one.
  return background_error_.sub_code() == Status::SubCode::kSpaceLimit ? background_error_ : Status::Ok();
}

// One family's part of a flush.
struct DatabaseImpl::FlushPart {
  explicit FlushPart(FamilyPtr flushed) : family(std::move(flushed)) {}

  FamilyPtr family;
  FlushEvent event;
  FamilyChange change;
  std::vector<MemtablePtr> newest_first;
  std::vector<OutputTable> outputs;
  std::vector<OutputBlobFile> blob_files;
};

bool DatabaseImpl::HasMemtablesToFlush(const ColumnFamily& family) const {
  return !family.sealed.empty() && (!config_.is_flush_atomic || family.sealed.front().cut <= cuts_);
}

// The families whose memtables the job takes, now marked as flushing.
std::vector<FamilyPtr> DatabaseImpl::BeginFlush(const FamilyPtr& family) {
  std::vector<FamilyPtr> families;
  if (!MayWorkInBackground()) return families;
  if (family != nullptr) {
    families.push_back(family);
  } else {
    for (const auto& [id, each] : families_) families.push_back(each);
  }
  std::erase_if(families, [this](const FamilyPtr& each) REQUIRES(mutex_) {
    return each->is_flushing || each->is_dropped.load() || !HasMemtablesToFlush(*each);
  });
  for (const FamilyPtr& each : families) each->is_flushing = true;
  if (!families.empty()) ++running_flushes_;
  return families;
}

void DatabaseImpl::RunFlush(const FamilyPtr& family) {
  std::vector<FamilyPtr> families;
  Status status;
  {
    MutexLock lock(&mutex_);
    (family == nullptr ? is_joint_flush_queued_ : family->is_flush_queued) = false;
    status = CatchBadAlloc([&]() REQUIRES(mutex_) {
      families = BeginFlush(family);
      return Status::Ok();
    });
  }
  bool is_log_error = false;
  if (!families.empty()) {
    status = CatchBadAlloc([&] { return FlushSealed(families, std::nullopt, &is_log_error); });
  }
  if (!status.ok() && !status.IsShutdownInProgress() && !status.IsColumnFamilyDropped()) {
    SetBackgroundError(status, is_log_error ? BackgroundErrorReason::kFlush : BackgroundErrorReason::kFlushNoWal);
  }
  {
    MutexLock lock(&mutex_);
    --queued_jobs_;
    if (!families.empty()) --running_flushes_;
    for (const FamilyPtr& each : families) {
      each->is_flushing = false;
      if (family != nullptr) MaybeScheduleFlush(each);
      MaybeScheduleCompaction(each);
    }
    if (family == nullptr) MaybeScheduleJointFlush();
    state_changed_.SignalAll();
  }
  for (const FamilyPtr& each : families) each->dead_spans.Age();
  // Frees the memtables. A reader that was at work at the first try would else keep them until the next flush.
  constexpr auto kReclaimTime = std::chrono::milliseconds(5);
  if (!families.empty()) ReclaimWithin(kReclaimTime);
}

// One family, or, where flushes are atomic, all that were sealed together: their tables come into being in one atomic
// group of edits.
Status DatabaseImpl::FlushSealed(const std::vector<FamilyPtr>& families, std::optional<uint64_t> log_number,
                                 bool* is_log_error) {
  std::vector<FlushPart> parts(families.begin(), families.end());
  bool has_other_families = false;
  {
    MutexLock lock(&mutex_);
    const int job_id = next_job_id_.fetch_add(1);
    for (FlushPart& part : parts) {
      part.event.job_id = job_id;
      TakeSealed(&part);
      if (log_number) part.change.edit.log_number = log_number;
    }
    has_other_families = families_.size() > 1;
  }
  // What the other families wrote before must not be lost when this part is durable.
  if (has_other_families) {
    SyncedLogs synced;
    const Status status = wals_.SyncClosed(&synced);
    if (is_log_error != nullptr) *is_log_error = !status.ok();
    GNEISS_RETURN_IF_ERROR(status);
    GNEISS_RETURN_IF_ERROR(TrackWals(synced));
  }
  if (config_.events != nullptr) {
    for (const FlushPart& part : parts) {
      if (part.event.memtables > 0) config_.events->OnFlushBegin(part.event);
    }
  }
  for (FlushPart& part : parts) {
    if (const Status status = WriteFlush(&part); !status.ok()) {
      for (const FlushPart& written : parts) RemoveOutputs(written);
      return status;
    }
  }
  GNEISS_RETURN_IF_ERROR(InstallFlush(&parts));
  DropOldLogs();
  for (FlushPart& part : parts) TellFlushed(&part);
  return Status::Ok();
}

void DatabaseImpl::TakeSealed(FlushPart* part) {
  const FamilyPtr& family = part->family;
  FlushEvent& event = part->event;
  event.family_id = family->id;
  event.family_name = family->name;
  event.cause = std::exchange(family->flush_cause, FlushCause::kWriteBufferFull);
  event.blob_opener = family->blob_opener.get();
  event.blob_compression = family->config()->compaction.blob.compression;
  family->is_flush_requested = false;
  part->change.family = family;
  for (const SealedMemtable& sealed : family->sealed) {
    if (config_.is_flush_atomic && sealed.cut > cuts_) break;  // the rest of its cut is being sealed just now
    part->newest_first.insert(part->newest_first.begin(), sealed.memtable);
    ++event.memtables;
    event.entries += sealed.memtable->EntryCount();
    event.deletions += sealed.memtable->DeletionCount();
    event.memory_bytes += sealed.memtable->MemoryUsage();
    part->change.edit.log_number = sealed.next_log_number;
  }
  part->change.flushed_memtables = part->newest_first.size();
}

Status DatabaseImpl::WriteFlush(FlushPart* part) {
  if (part->newest_first.empty()) return Status::Ok();
  ColumnFamily* const family = part->family.get();
  FamilyChange& change = part->change;
  const uint64_t start_us = config_.clock->NowMicros();
  const uint64_t start_cpu_us = ThreadCpuMicros();
  bool is_filtered = false;
  GNEISS_RETURN_IF_ERROR(WriteLevel0(family, part->newest_first, part->event.job_id, &part->outputs, &part->blob_files,
                                     BlobFileEvent::Reason::kFlush, &is_filtered));
  change.preserves_snapshots = !is_filtered;
  uint64_t bytes = 0;
  for (const OutputTable& output : part->outputs) {
    bytes += output.meta.file_bytes;
    change.edit.added_tables.emplace_back(0, output.meta);
  }
  uint64_t blob_bytes = 0;
  for (const OutputBlobFile& file : part->blob_files) {
    blob_bytes += file.meta.blob_bytes;
    part->event.blob_files.push_back(file.meta);
    change.edit.added_blob_files.push_back(file.meta);
  }
  // Counted before the install, which is what callers of Flush wait for: then the statistics already hold this flush.
  const uint64_t elapsed_us = config_.clock->NowMicros() - start_us;
  {
    MutexLock lock(&mutex_);
    ++family->counters.flushes;
    family->counters.flush_bytes += bytes + blob_bytes;
    LevelCounters& level0 = family->levels[0];
    ++level0.jobs;
    level0.micros += elapsed_us;
    level0.cpu_micros += ThreadCpuMicros() - start_cpu_us;
    level0.bytes_written += bytes;
    level0.blob_bytes_written += blob_bytes;
    level0.tables_written += part->outputs.size();
    throttle_.NoteDrained(bytes + blob_bytes, elapsed_us);
  }
  RecordHistogram(config_.stats, Histogram::kFlush, elapsed_us);
  AddTicker(config_.stats, Ticker::kFlushWriteBytes, bytes + blob_bytes);
  return Status::Ok();
}

// Families dropped meanwhile (no others can be, in the manifest turn) go without their part.
Status DatabaseImpl::InstallFlush(std::vector<FlushPart>* parts) {
  std::vector<FamilyChange> changes;
  const Status status = InManifestTurn([&] {
    {
      MutexLock lock(&mutex_);
      for (FlushPart& part : *parts) {
        part.change.outputs = &part.outputs;
        part.change.blob_files = &part.blob_files;
        if (!part.family->is_dropped.load()) changes.push_back(part.change);
      }
      if (!changes.empty()) changes.back().edit.min_log_number_to_keep = MinLogNumberAfter(changes);
    }
    return changes.empty() ? Status::ColumnFamilyDropped("Column family dropped") : InstallInTurn(&changes);
  });
  TellStalls();
  std::erase_if(*parts, [&](const FlushPart& part) {
    const bool is_left_out = std::none_of(changes.begin(), changes.end(),
                                          [&](const FamilyChange& change) { return change.family == part.family; });
    if (is_left_out) RemoveOutputs(part);
    return is_left_out;
  });
  return status;
}

// Of files that no edit names.
void DatabaseImpl::RemoveOutputs(const FlushPart& part) {
  for (const OutputTable& output : part.outputs) {
    config_.fs->Remove(part.family->opener->PathOf(output.meta)).IgnoreError("an orphan is swept at the next open");
  }
  for (const OutputBlobFile& file : part.blob_files) {
    config_.fs->Remove(part.family->blob_opener->PathOf(file.meta.number))
        .IgnoreError("an orphan is swept at the next open");
  }
}

void DatabaseImpl::TellFlushed(FlushPart* part) {
  FlushEvent& event = part->event;
  const ColumnFamily& family = *part->family;
  {
    MutexLock lock(&mutex_);
    event.tables_per_level = family.version->TablesPerLevel();
    event.sealed_left = family.sealed.size();
  }
  for (const OutputTable& output : part->outputs) {
    event.file_number = output.meta.number;
    event.file_path = family.opener->PathOf(output.meta);
    event.smallest_seq = output.meta.smallest_seq;
    event.largest_seq = output.meta.largest_seq;
    event.properties = output.properties;
    event.oldest_blob_file_number = output.meta.oldest_blob_file_number;
    event.file_bytes = output.meta.file_bytes;
    event.compression_name = output.properties.compression_name;
    Log(config_.logger, LogLevel::kInfo, "[%s] [JOB %d] Level-0 flush table #%llu: %llu bytes OK", family.name.c_str(),
        event.job_id, static_cast<unsigned long long>(output.meta.number),
        static_cast<unsigned long long>(output.meta.file_bytes));
    if (config_.events != nullptr) config_.events->OnFlushCompleted(event);
  }
}

Status DatabaseImpl::WriteLevel0(ColumnFamily* family, const std::vector<MemtablePtr>& memtables, int job_id,
                                 std::vector<OutputTable>* outputs, std::vector<OutputBlobFile>* blob_files,
                                 BlobFileEvent::Reason reason, bool* is_filtered) {
  std::vector<std::unique_ptr<InternalIterator>> children;
  uint64_t entries = 0;
  for (const MemtablePtr& memtable : memtables) {
    children.push_back(memtable->NewIterator());
    entries += memtable->EntryCount();
  }
  Log(config_.logger, LogLevel::kInfo, "[%s] [JOB %d] Flushing %zu memtables, %llu entries", family->name.c_str(),
      job_id, memtables.size(), static_cast<unsigned long long>(entries));
  const std::unique_ptr<InternalIterator> input = NewMergingIterator(family->order, std::move(children));
  input->SeekToFirst();

  const std::unique_ptr<RangeTombstoneList> tombstones = TombstonesOf(memtables, family->order);
  const std::vector<SeqNo> snapshots = snapshots_.Seqs();
  const auto config = family->config();
  std::unique_ptr<EntryFilter> filter;
  if (config->compaction.filter_factory != nullptr) {
    filter = config->compaction.filter_factory->Create({.column_family_id = family->id, .is_flush = true});
  }
  Retention retention({.order = family->order,
                       .snapshots = snapshots,
                       .enforces_single_delete_contracts = config->compaction.enforces_single_delete_contracts,
                       .merge_operator = config->compaction.merge_operator.get(),
                       .filter = filter.get(),
                       .range_tombstones = tombstones->empty() ? nullptr : tombstones.get(),
                       .history_start = family->HistoryStart(),
                       .stats = config_.stats,
                       .logger = config_.logger},
                      input.get());
  TableOutputConfig output_config = OutputConfig(*family, *config, 0, 1, /*is_bottommost=*/false);
  output_config.pace.is_high_priority = true;
  SetTimes(memtables, *config, reason, &output_config);
  if (reason == BlobFileEvent::Reason::kFlush) {
    ChooseFilter(config->compaction.style, -1, &output_config.table.format.filter);
    if (config->table_read.warms_cache_at_flush) output_config.table.warming = WarmingOf(config->table_read);
  }
  TellOfStarts(*family, job_id, /*is_flush=*/true, &output_config);
  TableOutput output(std::move(output_config));
  output.SetRangeTombstones(
      RetainRangeTombstones(family->order, *tombstones, snapshots, /*is_bottommost=*/false, family->HistoryStart()));
  std::optional<BlobOutput> blob_output;
  if (auto blob_config = BlobConfigOf(*family, *config, 0, job_id, reason); blob_config) {
    blob_config->pace.is_high_priority = true;
    const bool is_flush = reason == BlobFileEvent::Reason::kFlush;
    if (is_flush && config->compaction.blob.warms_cache_at_flush) blob_config->warm_cache = config->blob_cache.get();
    blob_output.emplace(std::move(*blob_config));
  }
  BlobPlacement placement({.output = blob_output ? &*blob_output : nullptr});
  for (; retention.Valid(); retention.Next()) {
    Slice key = retention.key();
    Slice value = retention.value();
    if (placement.IsActive()) GNEISS_RETURN_IF_ERROR(placement.Place(&key, &value));
    GNEISS_RETURN_IF_ERROR(output.Add(key, value));
  }
  GNEISS_RETURN_IF_ERROR(retention.status());
  if (is_filtered != nullptr) *is_filtered = retention.counts().filter_changed_anything;
  if (blob_output) GNEISS_RETURN_IF_ERROR(blob_output->Finish(blob_files));
  const Status finished = output.Finish(outputs);
  if (finished.ok() && reason == BlobFileEvent::Reason::kFlush) {
    CountGarbage(retention.counts(), memtables, *outputs, config_.stats);
    if (memtables.size() == 1) KeepFilter(*memtables.front(), outputs);
  }
  if (!finished.ok()) {
    for (const OutputBlobFile& file : *blob_files) {
      config_.fs->Remove(family->blob_opener->PathOf(file.meta.number))
          .IgnoreError("an orphan is swept at the next open");
    }
  }
  return finished;
}

std::optional<BlobOutputConfig> DatabaseImpl::BlobConfigOf(const ColumnFamily& family, const FamilyConfig& config,
                                                           int level, int job_id, BlobFileEvent::Reason reason) {
  const BlobConfig& blob = config.compaction.blob;
  if (!blob.writes_files || level < blob.starting_level) return std::nullopt;
  BlobOutputConfig output{
      .fs = config_.fs,
      .file_options = config_.file_options,
      .path = family.blob_opener->config().path,
      .writer = {.column_family_id = family.id,
                 .compression = blob.compression,
                 .stats = config_.stats,
                 .clock = config_.clock},
      .value_bytes_min = blob.value_bytes_min,
      .file_bytes_max = blob.file_bytes_max,
      .new_file_number = [this] { return next_file_number_.fetch_add(1, std::memory_order_relaxed); },
      .pace = {.limit = config_.rate_limit, .bytes_per_sync = bytes_per_sync_.load(std::memory_order_relaxed)}};
  if (config_.events == nullptr) return output;
  const BlobFileEvent begun{.family_name = family.name, .job_id = job_id, .reason = reason};
  const BlobFileOpener* const opener = family.blob_opener.get();
  output.on_begun = [this, opener, begun](uint64_t number) {
    BlobFileEvent event = begun;
    event.path = opener->PathOf(number);
    config_.events->OnBlobFileBegun(event);
  };
  output.on_finished = [this, opener, begun](const BlobFileMeta& meta, const Status& status) {
    BlobFileEvent event = begun;
    event.path = opener->PathOf(meta.number);
    event.blob_count = meta.blob_count;
    event.blob_bytes = meta.blob_bytes;
    event.status = status;
    config_.events->OnBlobFileFinished(event);
  };
  return output;
}

// Each new table is told of when its file number is drawn, which is just before it is created.
void DatabaseImpl::TellOfStarts(const ColumnFamily& family, int job_id, bool is_flush, TableOutputConfig* output) {
  if (config_.events == nullptr) return;
  output->new_file_number = [this, name = family.name, path = output->path, job_id, is_flush] {
    const uint64_t number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
    config_.events->OnTableFileStarted(
        {.family_name = name, .file_path = TableName(path, number), .job_id = job_id, .is_flush = is_flush});
    return number;
  };
}

TableOutputConfig DatabaseImpl::OutputConfig(const ColumnFamily& family, const FamilyConfig& config, int level,
                                             int base_level, bool is_bottommost) {
  TableOutputConfig output;
  output.fs = config_.fs;
  output.file_options = config_.file_options;
  output.path = family.opener->config().paths.front();
  output.file_checksums = config_.file_checksums;
  output.rereads_tables = config.compaction.rereads_new_tables;
  output.new_file_number = [this] { return next_file_number_.fetch_add(1, std::memory_order_relaxed); };
  output.pace = {.limit = config_.rate_limit, .bytes_per_sync = bytes_per_sync_.load(std::memory_order_relaxed)};
  TableWriteConfig& table = output.table;
  table.format = config.table_format;
  ChooseFilter(config.compaction.style, level, &table.format.filter);
  table.order = family.order;
  table.level = level;
  table.property_collectors = config.property_collectors;
  table.prefix_extractor = config.table_read.prefix_extractor;
  table.compression = CompressionFor(config.compaction, level, base_level, is_bottommost);
  table.compression_config = CompressionConfigFor(config.compaction, is_bottommost);
  if (is_bottommost && config.compaction.leaves_out_bottommost_filters)
    table.format.filter.type = FilterConfig::Type::kNone;
  table.column_family_id = family.id;
  table.column_family_name = family.name;
  table.compression_name = CompressionName(table.compression);
  if (config.compaction.merge_operator != nullptr) table.merge_operator_name = config.compaction.merge_operator->Name();
  table.comparator_name = family.order.Name();
  table.db_id = db_id_;
  table.db_session_id = config_.session_id;
  table.host_id = config_.host_id;
  table.stats = config_.stats;
  table.clock = config_.clock;
  return output;
}

}  // namespace gneiss
