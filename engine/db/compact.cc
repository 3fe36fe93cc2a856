// Compaction as the database runs it: automatic jobs on the compaction pool, manual ones on the caller's thread.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

void ApplyWishes(const CompactRangeParams* manual, CompactionConfig* config) {
  if (manual == nullptr) return;
  if (manual->collects_blob_garbage) config->blob.collects_garbage = *manual->collects_blob_garbage;
  if (manual->blob_age_cutoff >= 0 && manual->blob_age_cutoff <= 1) config->blob.age_cutoff = manual->blob_age_cutoff;
}

void CountBytes(CompactionReason reason, const CompactionResult& result, StatsSink* stats) {
  const uint64_t read = result.bytes_read + result.blob_bytes_read;
  const uint64_t written = result.bytes_written + result.blob_bytes_written;
  AddTicker(stats, Ticker::kCompactReadBytes, read);
  AddTicker(stats, Ticker::kCompactWriteBytes, written);
  if (reason == CompactionReason::kFilesMarkedForCompaction) {
    AddTicker(stats, Ticker::kCompactReadBytesMarked, read);
    AddTicker(stats, Ticker::kCompactWriteBytesMarked, written);
  } else if (reason == CompactionReason::kPeriodicCompaction) {
    AddTicker(stats, Ticker::kCompactReadBytesPeriodic, read);
    AddTicker(stats, Ticker::kCompactWriteBytesPeriodic, written);
  } else if (reason == CompactionReason::kTtl) {
    AddTicker(stats, Ticker::kCompactReadBytesTtl, read);
    AddTicker(stats, Ticker::kCompactWriteBytesTtl, written);
  }
}

// Room for a compaction's outputs, for as long as it runs.
class SpaceForCompaction {
 public:
  SpaceForCompaction(FileSpace* space, uint64_t input_bytes)
      : space_(space), bytes_(input_bytes), has_room_(space == nullptr || space->TakeForCompaction(input_bytes)) {}
  ~SpaceForCompaction() {
    if (space_ != nullptr && has_room_) space_->CompactionEnded(bytes_);
  }
  SpaceForCompaction(const SpaceForCompaction&) = delete;
  SpaceForCompaction& operator=(const SpaceForCompaction&) = delete;
  bool has_room() const { return has_room_; }

 private:
  FileSpace* const space_;
  const uint64_t bytes_;
  const bool has_room_;
};

}  // namespace

void DatabaseImpl::RunCompactionJob(const FamilyPtr& family) {
  std::optional<CompactionWork> work;
  bool has_work = false;
  Status status = CatchBadAlloc([&] {
    MutexLock lock(&mutex_);
    family->is_compaction_queued = false;
    const auto config = family->config();
    if (MayWorkInBackground() && !family->is_dropped.load() && family->manual_compactions == 0 &&
        !config->compaction.disable_auto_compactions) {
      work = ChooseCompaction(*family->version, family->compaction_state, config->compaction,
                              static_cast<uint64_t>(config_.clock->UnixSeconds()), &family->cursors);
    }
    // When the merge that is in the way ends, the next one is chosen.
    if (work && IsOutputClaimed(*family, *work)) work.reset();
    if (work) {
      BeginWork(family.get(), *work);
      ++family->running_compactions;
      ++running_compactions_;
      has_work = true;
      MaybeScheduleCompaction(family);  // another one may fit beside it
    }
    return Status::Ok();
  });
  if (has_work) status = DoWork(family, std::move(*work), {.canceled = &are_jobs_cancelled_});
  const bool is_too_large = status.code() == Status::Code::kCompactionTooLarge;  // for the space that there may be
  if (is_too_large) RetryCompactionsLater();
  const bool is_retried = status.IsNoSpace() || MayGoAway(status);
  if (!status.ok() && !is_retried && !is_too_large && !status.IsShutdownInProgress() &&
      !status.IsColumnFamilyDropped()) {
    SetBackgroundError(status, BackgroundErrorReason::kCompaction);
  }
  // Writes may go on while there is room for logs and flushes.
  if (is_retried) {
    Log(config_.logger, LogLevel::kWarn, "[%s] Compaction is tried again later: %s", family->name.c_str(),
        status.ToString().c_str());
    if (!status.IsNoSpace()) {
      AddTicker(config_.stats, Ticker::kRetryableBackgroundErrors);
      AddTicker(config_.stats, Ticker::kAutoResumes);  // it will be chosen again
    }
    Status told = Status(status).WithSeverity(Status::Severity::kSoftError);
    if (config_.events != nullptr) config_.events->OnBackgroundError(BackgroundErrorReason::kCompaction, &told);
    RetryCompactionsLater();
  }
  {
    MutexLock lock(&mutex_);
    --queued_jobs_;
    if (has_work) {
      --family->running_compactions;
      --running_compactions_;
      MaybeScheduleCompaction(family);
    }
    state_changed_.SignalAll();
  }
  family->dead_spans.Age();
  Reclaim();
}

void DatabaseImpl::BeginWork(ColumnFamily* family, const CompactionWork& work) {
  work.MarkInputs(true);
  if (work.output_level == 0 || work.type == CompactionWork::Type::kDrop) return;
  ClaimRange(family, work.inputs.front().tables.front()->meta().number, work.output_level,
             RangeOf(family->order, work));
}

void DatabaseImpl::EndWork(ColumnFamily* family, const CompactionWork& work) {
  work.MarkInputs(false);
  family->output_claims.erase(work.inputs.front().tables.front()->meta().number);
  state_changed_.SignalAll();
}

void DatabaseImpl::ClaimRange(ColumnFamily* family, uint64_t table_number, int level, const KeyRange& range) {
  if (level == 0) return;
  family->output_claims.emplace(table_number, ColumnFamily::OutputClaim{.level = level,
                                                                        .first_user_key = std::string(*range.begin),
                                                                        .last_user_key = std::string(*range.end)});
}

bool DatabaseImpl::IsRangeClaimed(const ColumnFamily& family, int level, const KeyRange& range) {
  return std::any_of(family.output_claims.begin(), family.output_claims.end(), [&](const auto& each) {
    const ColumnFamily::OutputClaim& claim = each.second;
    return claim.level == level && family.order.Compare(claim.first_user_key, *range.end) <= 0 &&
           family.order.Compare(*range.begin, claim.last_user_key) <= 0;
  });
}

// Inputs that are busy show most conflicts; this shows the others: two merges of which neither reads a table of the
// output level there.
bool DatabaseImpl::IsOutputClaimed(const ColumnFamily& family, const CompactionWork& work) {
  if (work.output_level == 0 || family.output_claims.empty()) return false;
  return IsRangeClaimed(family, work.output_level, RangeOf(family.order, work));
}

// Runs the work that BeginWork has begun, installs its result and ends it.
Status DatabaseImpl::DoWork(const FamilyPtr& family, CompactionWork work, const JobOrders& orders) {
  bool has_ended = false;
  const Status status = CatchBadAlloc([&] { return DoBegunWork(family, &work, orders, &has_ended); });
  if (!has_ended) {
    MutexLock lock(&mutex_);
    EndWork(family.get(), work);
  }
  return status;
}

Status DatabaseImpl::DoBegunWork(const FamilyPtr& family, CompactionWork* begun, const JobOrders& orders,
                                 bool* has_ended) {
  CompactionWork& work = *begun;
  const int job_id = next_job_id_.fetch_add(1);
  const int output_level = work.output_level;
  const bool is_merge = work.type == CompactionWork::Type::kMerge;
  const SpaceForCompaction space(is_merge ? config_.file_space : nullptr, work.InputBytes());
  if (!space.has_room()) {
    AddTicker(config_.stats, Ticker::kCompactionCancelled);
    return Status::Make(Status::Code::kCompactionTooLarge, "");
  }
  Log(config_.logger, LogLevel::kInfo, "[%s] [JOB %d] Compacting %zu@%d files to L%d, score %.2f, %s",
      family->name.c_str(), job_id, work.InputTableCount(), work.inputs.front().level, output_level, work.score,
      work.reason);
  TableOutputConfig output =
      OutputConfig(*family, *family->config(), output_level, work.base_level, work.is_bottommost);
  output.sync_time = Histogram::kCompactionOutputSync;
  output.path_id = work.path_id;
  output.path =
      family->opener->config().paths[std::min<size_t>(work.path_id, family->opener->config().paths.size() - 1)];
  if (orders.files != nullptr && orders.files->compression) {
    output.table.compression = *orders.files->compression;
    output.table.compression_name = CompressionName(output.table.compression);
  }
  CompactionEvent event{.family_id = family->id,
                        .family_name = family->name,
                        .job_id = job_id,
                        .work = &work,
                        .status = {},
                        .opener = family->opener.get(),
                        .compression = output.table.compression,
                        .blob_opener = family->blob_opener.get(),
                        .blob_compression = family->config()->compaction.blob.compression};
  event.compression_name = output.table.compression_name;
  TellOfStarts(*family, job_id, /*is_flush=*/false, &output);
  EventSink* const events = orders.files == nullptr ? config_.events : nullptr;
  if (events != nullptr) events->OnCompactionBegin(event);

  FamilyChange change{.family = family, .edit = {}};
  CompactionResult result;
  Status status;
  uint64_t upper_bytes = 0;
  uint64_t output_level_bytes = 0;
  for (const CompactionInput& input : work.inputs) {
    for (const TableFilePtr& table : input.tables) {
      (input.level == output_level ? output_level_bytes : upper_bytes) += table->meta().file_bytes;
    }
  }
  if (is_merge) {
    auto config = family->config();
    CompactionJobParams params{.work = work, .config = nullptr, .output = {}};
    auto compaction_config = std::make_shared<CompactionConfig>(config->compaction);
    if (orders.subcompactions_max > 0) compaction_config->subcompactions_max = orders.subcompactions_max;
    ApplyWishes(orders.manual, compaction_config.get());
    params.config = std::move(compaction_config);
    {
      MutexLock lock(&mutex_);
      params.version = family->version;
    }
    params.output = std::move(output);
    params.blob_output = BlobConfigOf(*family, *config, output_level, job_id, BlobFileEvent::Reason::kCompaction);
    params.snapshots = snapshots_.Seqs();
    params.history_start = family->HistoryStart();
    if (orders.manual != nullptr) params.trim_timestamp = orders.manual->trim_timestamp;
    params.column_family_id = family->id;
    params.is_cancelled = orders.canceled;
    params.stats = config_.stats;
    params.logger = config_.logger;
    status = RunCompaction(params, &result);
    change.edit = std::move(result.edit);
    change.preserves_snapshots = !result.counts.filter_changed_anything && params.trim_timestamp.empty();
    change.outputs = &result.outputs;
    change.blob_files = &result.blob_files;
  } else {
    change.edit = EditOfMoveOrDrop(work);
    change.preserves_snapshots = work.type == CompactionWork::Type::kMove;
  }
  if (status.ok()) {
    const size_t tables_written = change.edit.added_tables.size();
    status = Install({std::move(change)});
    MutexLock lock(&mutex_);
    LevelCounters& counters = family->levels[static_cast<size_t>(output_level)];
    if (is_merge) {
      ++counters.jobs;
      counters.micros += result.elapsed_us;
      counters.cpu_micros += result.cpu_us;
      counters.bytes_read_upper += upper_bytes;
      counters.bytes_read_output += output_level_bytes;
      counters.bytes_written += result.bytes_written;
      counters.blob_bytes_read += result.blob_bytes_read;
      counters.blob_bytes_written += result.blob_bytes_written;
      counters.tables_written += tables_written;
      counters.entries_in += result.counts.input_entries;
      counters.entries_dropped += result.counts.dropped_hidden + result.counts.dropped_obsolete +
                                  result.counts.dropped_by_filter + result.counts.dropped_range_deleted;
      throttle_.NoteDrained(upper_bytes, result.elapsed_us);
    } else if (work.type == CompactionWork::Type::kMove) {
      counters.bytes_moved += upper_bytes;
      counters.tables_moved += work.InputTableCount();
    }
  }
  {
    MutexLock lock(&mutex_);
    EndWork(family.get(), work);
    *has_ended = true;
    event.tables_per_level = family->version->TablesPerLevel();
  }
  RecordHistogram(config_.stats, Histogram::kCompaction, result.elapsed_us);
  RecordHistogram(config_.stats, Histogram::kCompactionCpu, result.cpu_us);
  CountBytes(static_cast<CompactionReason>(work.reason_number), result, config_.stats);
  Log(config_.logger, LogLevel::kInfo,
      "[%s] [JOB %d] Compacted to L%d: %llu bytes read, %llu written, %llu entries in, %s", family->name.c_str(),
      job_id, output_level, static_cast<unsigned long long>(result.bytes_read),
      static_cast<unsigned long long>(result.bytes_written),
      static_cast<unsigned long long>(result.counts.input_entries), status.ToString().c_str());
  event.result = &result;
  event.status = status;
  if (events != nullptr) events->OnCompactionCompleted(event);
  if (orders.report != nullptr) {
    *orders.report = {
        .job_id = job_id, .work = std::move(work), .result = std::move(result), .compression = event.compression};
  }
  return status;
}

Status DatabaseImpl::CompactRange(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin,
                                  const Slice* end) {
  if (config_.is_read_only) return ReadOnlyError();
  if (IsClosed()) return ClosedError();
  if (params.canceled != nullptr && params.canceled->load()) {
    return Status::Make(Status::Code::kIncomplete, "", "", Status::SubCode::kManualCompactionPaused);
  }
  if (params.target_path_id >= family->opener->config().paths.size()) {
    return Status::InvalidArgument("Invalid target path ID");
  }
  if (begin != nullptr && end != nullptr && family->order.Compare(*begin, *end) > 0) return Status::Ok();
  if (family->is_dropped.load()) return Status::ColumnFamilyDropped("");
  bool needs_flush = true;
  if (begin != nullptr && end != nullptr) {
    GNEISS_RETURN_IF_ERROR(OverlapsMemory(*family, {.begin = *begin, .end = *end}, &needs_flush));
    MutexLock lock(&mutex_);
    needs_flush = needs_flush || (family->version->LevelCount() == 1 && family->MemoryBarsLevel0());
  }
  if (needs_flush) {
    GNEISS_RETURN_IF_ERROR(
        Flush(FlushParams{.wait = true, .allow_write_stall = params.allow_write_stall}, FamiliesToFlushWith(family)));
  }
  {
    MutexLock lock(&mutex_);
    ++family->manual_compactions;
  }
  const Status status = CatchBadAlloc([&] { return CompactLevels(params, family, begin, end); });
  MutexLock lock(&mutex_);
  --family->manual_compactions;
  MaybeScheduleCompaction(family);
  state_changed_.SignalAll();
  return status;
}

DatabaseImpl::LevelSpan DatabaseImpl::LevelsToCompact(const CompactRangeParams& params, const FamilyPtr& family,
                                                      const Slice* begin, const Slice* end) {
  MutexLock lock(&mutex_);
  // Running automatic compactions finish first, so that the levels looked at here are those worked on.
  while (params.exclusive && family->running_compactions > 0 && !is_shutting_down_.load()) state_changed_.Wait(&mutex_);
  LevelSpan span;
  for (int level = 0; level < family->version->LevelCount(); ++level) {
    if (family->version->Overlapping(level, begin, end).empty()) continue;
    if (span.first < 0) span.first = level;
    span.last = level;
  }
  span.base = family->compaction_state.base_level;
  span.next_number = next_file_number_.load(std::memory_order_relaxed);
  return span;
}

Status DatabaseImpl::CompactLevels(const CompactRangeParams& params, const FamilyPtr& family, const Slice* begin,
                                   const Slice* end) {
  const LevelSpan span = LevelsToCompact(params, family, begin, end);
  using Bottommost = CompactRangeParams::Bottommost;
  const bool is_forced = params.bottommost == Bottommost::kForce || params.bottommost == Bottommost::kForceOptimized;
  const auto config = family->config();
  const bool is_leveled = config->compaction.style == CompactionStyle::kLevel;
  Status status;
  for (int level = std::max(span.first, 0); span.last >= 0 && level <= span.last && status.ok(); ++level) {
    int output_level = level == 0 ? std::max(1, span.base) : level + 1;
    if (level > 0 && level < span.base) continue;
    if (!is_leveled) {
      output_level = span.last == 0 ? 0 : span.last;
    } else if (level == span.last && level > 0) {
      const bool has_filter = config->compaction.filter_factory != nullptr;
      if (params.bottommost == Bottommost::kSkip) break;
      if (params.bottommost == Bottommost::kIfHaveCompactionFilter && !has_filter) break;
      output_level = level;
    }
    ManualRequest request{.input_level = level, .output_level = output_level};
    request.begin_user_key = begin;
    request.end_user_key = end;
    request.path_id = params.target_path_id;
    // Forced, the deepest tables are rewritten, not moved down.
    request.allow_trivial_move =
        output_level != level && !(is_forced && level == span.last) && params.trim_timestamp.empty();
    // What this call itself has just written is rewritten too, so that filters see the merged values, unless told not
    // to.
    if (is_leveled && output_level == level && params.bottommost == Bottommost::kForceOptimized) {
      request.ignored_tables_from_number = span.next_number;
    }
    status = CompactLevelRange(params, family, request);
    // What was in level 0 may have become the deepest level of the range.
    if (status.ok() && output_level > level && output_level > span.last && level > 0) break;
    if (!is_leveled) break;
  }
  if (!status.ok() || !params.change_level) return status;
  int deepest = -1;
  {
    MutexLock lock(&mutex_);
    deepest = family->version->LastNonEmptyLevel();
  }
  return deepest > 0 ? MoveToLevel(family, deepest, params.target_level) : Status::Ok();
}

Status DatabaseImpl::CompactLevelRange(const CompactRangeParams& params, const FamilyPtr& family,
                                       ManualRequest request) {
  std::optional<InternalKey> resume_from;
  Slice resume_user_key;
  while (true) {
    std::optional<CompactionWork> work;
    {
      MutexLock lock(&mutex_);
      bool conflict = true;
      while (conflict) {
        if (is_shutting_down_.load()) return Status::ShutdownInProgress("the database is closing");
        if (are_jobs_cancelled_.load()) return Status::ShutdownInProgress("background work was cancelled");
        if (!background_error_.ok()) return background_error_;
        if (params.canceled != nullptr && params.canceled->load()) {
          return Status::Make(Status::Code::kIncomplete, "", "", Status::SubCode::kManualCompactionPaused);
        }
        std::optional<InternalKey> next;
        conflict = false;
        work = ChooseManual(*family->version, family->config()->compaction, family->compaction_state, request, &next,
                            &conflict);
        if (conflict || (work && IsOutputClaimed(*family, *work))) {
          conflict = true;
          state_changed_.Wait(&mutex_);
        } else {
          resume_from = std::move(next);
        }
      }
      if (!work) return Status::Ok();
      BeginWork(family.get(), *work);
      ++running_compactions_;
    }
    const std::atomic<bool>* const canceled = params.canceled != nullptr ? params.canceled : &are_jobs_cancelled_;
    const Status status =
        DoWork(family, std::move(*work),
               {.canceled = canceled, .subcompactions_max = params.subcompactions_max, .manual = &params});
    {
      MutexLock lock(&mutex_);
      --running_compactions_;
      state_changed_.SignalAll();
    }
    Reclaim();
    GNEISS_RETURN_IF_ERROR(status);
    if (!resume_from) return Status::Ok();
    resume_user_key = resume_from->user_key();
    request.begin_user_key = &resume_user_key;
  }
}

// CompactRangeOptions::change_level: the tables of the deepest level go, unread, to target_level (-1: the shallowest
// level that can hold them), when all levels between are empty.
Status DatabaseImpl::MoveToLevel(const FamilyPtr& family, int from_level, int target_level) {
  FamilyChange change{.family = family, .edit = {}};
  CompactionWork work{.type = CompactionWork::Type::kMove};
  {
    MutexLock lock(&mutex_);
    const VersionPtr& version = family->version;
    int to_level = target_level;
    if (to_level < 0) {
      to_level = from_level;
      while (to_level > 1 && version->level(to_level - 1).table_count == 0 &&
             family->compaction_state.level_target_bytes[static_cast<size_t>(to_level - 1)] >=
                 version->level(from_level).bytes) {
        --to_level;
      }
    }
    if (to_level == from_level) return Status::Ok();
    if (to_level >= version->LevelCount()) return Status::InvalidArgument("Target level exceeds number of levels");
    const int low = std::min(from_level, to_level);
    const int high = std::max(from_level, to_level);
    for (int level = low; level <= high; ++level) {
      if (level != from_level && version->level(level).table_count > 0) {
        return Status::NotSupported(to_level < from_level ? "Levels between source and target are not empty for a move."
                                                          : "Lower levels are not empty for a move.");
      }
    }
    if (to_level == 0 && version->level(from_level).table_count > 1) {
      return Status::Aborted("More than one file cannot be moved to level 0.");
    }
    CompactionInput input{.level = from_level, .tables = {}};
    version->level(from_level).ForEachTable([&](const TableFilePtr& table) { input.tables.push_back(table); });
    work.inputs.push_back(std::move(input));
    work.output_level = to_level;
  }
  change.edit = EditOfMoveOrDrop(work);
  return Install({std::move(change)});
}

}  // namespace gneiss
