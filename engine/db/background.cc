// Scheduling of flushes and compactions, pausing and cancelling them, and the background-error state.

#include <algorithm>
#include <utility>

#include "engine/db/database_impl.h"

namespace gneiss {

bool DatabaseImpl::MayWorkInBackground() const {
  return paused_ == 0 && !is_shutting_down_.load() && !are_jobs_cancelled_.load() && background_error_.ok();
}

void DatabaseImpl::RequestFlush(const FamilyPtr& family) {
  family->is_flush_requested = true;
  MaybeScheduleFlush(family);
}

void DatabaseImpl::MaybeScheduleFlush(const FamilyPtr& family) {
  if (config_.is_flush_atomic) return MaybeScheduleJointFlush();
  if (!MayWorkInBackground() || family->is_flush_queued || family->is_flushing || family->sealed.empty()) return;
  const auto enough = static_cast<size_t>(family->config()->write_buffers_to_merge_min);
  if (!family->is_flush_requested && family->sealed.size() < enough) return;
  family->is_flush_queued = true;
  ++queued_jobs_;
  flush_pool_->Submit([this, family] { RunFlush(family); });
}

// One at a time, so that what was sealed first becomes durable first.
void DatabaseImpl::MaybeScheduleJointFlush() {
  if (!MayWorkInBackground() || is_joint_flush_queued_ || running_flushes_ > 0) return;
  const bool is_due = std::any_of(families_.begin(), families_.end(), [this](const auto& each) REQUIRES(mutex_) {
    return HasMemtablesToFlush(*each.second);
  });
  if (!is_due) return;
  is_joint_flush_queued_ = true;
  ++queued_jobs_;
  flush_pool_->Submit([this] { RunFlush(nullptr); });
}

void DatabaseImpl::MaybeScheduleCompaction(const FamilyPtr& family) {
  if (config_.is_read_only || !MayWorkInBackground() || family->is_compaction_queued ||
      family->manual_compactions > 0) {
    return;
  }
  if (family->running_compactions >= background_compactions_max_.load(std::memory_order_relaxed) ||
      family->is_dropped.load())
    return;
  if (compaction_retry_after_us_ > config_.clock->NowMicros()) return;
  const auto config = family->config();
  if (config->compaction.disable_auto_compactions) return;
  if (!NeedsCompaction(*family->version, family->compaction_state, config->compaction)) return;
  family->is_compaction_queued = true;
  ++queued_jobs_;
  compaction_pool_->Submit([this, family] { RunCompactionJob(family); });
}

void DatabaseImpl::MaybeScheduleAll() {
  if (config_.is_flush_atomic) MaybeScheduleJointFlush();
  for (const auto& [id, family] : families_) {
    if (!config_.is_flush_atomic) MaybeScheduleFlush(family);
    MaybeScheduleCompaction(family);
  }
}

void DatabaseImpl::SchedulePurge() {
  flush_pool_->Submit([this] { obsolete_files_->Purge(); });
}

Status DatabaseImpl::WaitForBackgroundWork() {
  MutexLock lock(&mutex_);
  while (queued_jobs_ > 0 && background_error_.ok() && !is_closed_) state_changed_.Wait(&mutex_);
  return background_error_;
}

Status DatabaseImpl::PauseBackgroundWork() {
  MutexLock lock(&mutex_);
  ++paused_;
  while (running_flushes_ + running_compactions_ > 0) state_changed_.Wait(&mutex_);
  return Status::Ok();
}

Status DatabaseImpl::ContinueBackgroundWork() {
  MutexLock lock(&mutex_);
  if (paused_ == 0) return Status::InvalidArgument("Background work is not paused");
  if (--paused_ == 0) MaybeScheduleAll();
  return Status::Ok();
}

void DatabaseImpl::CancelBackgroundWork(bool wait) {
  are_jobs_cancelled_.store(true);
  MutexLock lock(&mutex_);
  state_changed_.SignalAll();
  while (wait && running_flushes_ + running_compactions_ > 0) state_changed_.Wait(&mutex_);
}

Status DatabaseImpl::BackgroundError() const {
  MutexLock lock(&mutex_);
  return background_error_;
}

void DatabaseImpl::SetBackgroundError(Status status, BackgroundErrorReason reason) {
  Recovery recovery = Recovery::kNone;
  bool is_soft = false;
  if (MayGoAway(status) && !status.IsNoSpace()) AddTicker(config_.stats, Ticker::kRetryableBackgroundErrors);
  const Status told = CatchBadAlloc([&] {
    recovery = RecoveryFrom(status);
    const bool is_lost = status.IsCorruption() || status.severity() == Status::Severity::kUnrecoverableError;
    // The log holds, or need not hold, what a flush could not write: then writes go on.
    is_soft = reason == BackgroundErrorReason::kFlushNoWal && MayGoAway(status);
    Status::Severity severity = is_soft ? Status::Severity::kSoftError : Status::Severity::kHardError;
    if (is_lost) severity = Status::Severity::kUnrecoverableError;
    if (status.severity() < severity) status = std::move(status).WithSeverity(severity);
    if (config_.events != nullptr) config_.events->OnBackgroundError(reason, &status);
    if (!status.ok()) {
      Log(config_.logger, LogLevel::kError, "Background error%s: %s", is_soft ? "" : ", writes stop",
          status.ToString().c_str());
    }
    return Status::Ok();
  });
  if (status.ok()) {
    if (told.ok()) return;  // the listener forgave it
    status = told;
  }
  {
    MutexLock lock(&mutex_);
    ++background_error_count_;
    if (background_error_.ok() || status.severity() > background_error_.severity()) background_error_ = status;
    if (!is_soft) attention_.fetch_or(kError);
    state_changed_.SignalAll();
  }
  BeginRecovery(status, recovery, reason);
}

// Makes writing possible again after an I/O error: a fresh log, because the old one's tail is unknown, and, when it
// failed, a fresh MANIFEST. Everything in memory is flushed before anybody writes again, because the old log cannot be
// trusted to hold it, and by one atomic group of edits: the log may hold a batch whose write was answered with an
// error, and no family may take it from there when another does not.
Status DatabaseImpl::Resume() {
  if (config_.is_read_only) return ReadOnlyError();
  Status cleared;
  const Status status = ResumeOnce(&cleared);
  if (!cleared.ok() && config_.events != nullptr) config_.events->OnRecoveryEnd(cleared, Status::Ok());
  return status.ok() ? BackgroundError() : status;  // writing may have failed again since
}

Status DatabaseImpl::ResumeOnce(Status* cleared) {
  {
    MutexLock lock(&mutex_);
    if (is_closed_) return Status::ShutdownInProgress("the database is closed");
    if (background_error_.ok()) return Status::Ok();
    if (background_error_.severity() >= Status::Severity::kFatalError) return background_error_;
    // What still runs may fail later, and would look like a new error.
    while (running_flushes_ + running_compactions_ > 0) state_changed_.Wait(&mutex_);
  }
  GNEISS_RETURN_IF_ERROR(AsOnlyWriter([&] { return FlushIntoFreshLog(cleared); }));
  Log(config_.logger, LogLevel::kInfo, "Resumed after: %s", cleared->ToString().c_str());
  MutexLock lock(&mutex_);
  if (background_error_.ok()) MaybeScheduleAll();
  return Status::Ok();
}

Status DatabaseImpl::FlushIntoFreshLog(Status* cleared) {
  if (BackgroundError().ok()) return Status::Ok();  // another caller was faster
  const uint64_t number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
  GNEISS_RETURN_IF_ERROR(wals_.Replace(number));
  std::vector<FamilyPtr> families = AllFamilies();
  std::erase_if(families, [](const FamilyPtr& family) { return family->is_dropped.load(); });
  GNEISS_RETURN_IF_ERROR(SealTogether(families));
  {
    MutexLock lock(&mutex_);
    ++running_flushes_;
  }
  const Status status = FlushSealed(families, number);
  MutexLock lock(&mutex_);
  --running_flushes_;
  state_changed_.SignalAll();
  if (!status.ok()) return status;
  wals_.TrustAgain();
  *cleared = std::exchange(background_error_, Status::Ok());
  is_recovering_ = false;
  attention_.fetch_and(~kError);
  compaction_retry_after_us_ = 0;
  return status;
}

}  // namespace gneiss
