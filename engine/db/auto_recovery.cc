// Getting over background errors without the caller.
//
// Two kinds may go away: a lack of space, and what the file system itself calls worth another try. After either, a
// thread does what a caller of Resume would do: when there is space again, however long that takes; or after a pause, a
// limited number of times. Nothing is assumed about files that failed, as Resume begins a fresh log and writes fresh
// tables.
//
// is_recovering_ goes with the error: whoever clears the one clears the other in the same step, so that an error that
// comes right after begins a recovery of its own. recovery_number_ tells a thread that its own is over.

#include <algorithm>
#include <chrono>

#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

constexpr uint64_t kSpacePollUs = 1'000'000;
constexpr uint64_t kCompactionRetryUs = 5'000'000;

uint64_t SteadyMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

DatabaseImpl::Recovery DatabaseImpl::RecoveryFrom(const Status& error) const {
  const bool is_over_limit = error.IsIoError() && error.sub_code() == Status::SubCode::kSpaceLimit;
  if (is_over_limit && config_.file_space != nullptr) return Recovery::kWhenThereIsSpace;
  if (error.IsNoSpace()) {
    const bool is_space_known = config_.free_bytes != nullptr && config_.free_bytes().has_value();
    return is_space_known ? Recovery::kWhenThereIsSpace : Recovery::kNone;
  }
  return MayGoAway(error) && config_.recovery_tries_max > 0 ? Recovery::kTries : Recovery::kNone;
}

void DatabaseImpl::BeginRecovery(const Status& error, Recovery recovery, BackgroundErrorReason reason) {
  if (recovery == Recovery::kNone || !is_open_.load()) return;
  {
    MutexLock lock(&mutex_);
    if (is_recovering_ || background_error_.severity() >= Status::Severity::kFatalError) return;
    is_recovering_ = true;
  }
  bool is_wanted = false;
  DropBadAlloc([&] { is_wanted = config_.events == nullptr || config_.events->OnRecoveryBegin(reason, error); });
  MutexLock lock(&mutex_);
  if (!is_wanted || is_shutting_down_.load() || background_error_.ok()) {
    is_recovering_ = false;
    return;
  }
  const uint64_t number = ++recovery_number_;
  if (recovery == Recovery::kTries) AddTicker(config_.stats, Ticker::kAutoResumes);
  recovery_pool_->Submit([this, error, recovery, number] {
    const Status done = CatchBadAlloc([&] {
      RecoverByItself(error, recovery, number);
      return Status::Ok();
    });
    MutexLock relock(&mutex_);
    if (!done.ok() && recovery_number_ == number) is_recovering_ = false;  // the error stays, for Resume
  });
}

void DatabaseImpl::RecoverByItself(const Status& error, Recovery recovery, uint64_t number) {
  Log(config_.logger, LogLevel::kInfo, "Recovery from the background error begins: %s", error.ToString().c_str());
  int tries_left = config_.recovery_tries_max;
  uint64_t tries = 0;  // waiting for space is none
  Status status;
  Status cleared;
  for (bool is_first = true; recovery != Recovery::kNone; is_first = false) {
    if (!WaitToRecover(recovery, number, is_first)) {
      if (!is_shutting_down_.load()) return;  // a caller of Resume was here, and told the end
      status = Status::ShutdownInProgress("the database is closing");
      break;
    }
    status = ResumeOnce(&cleared);
    if (recovery == Recovery::kTries) {
      ++tries;
      AddTicker(config_.stats, Ticker::kAutoResumeTries);
    }
    if (status.ok() && cleared.ok()) return;  // likewise
    if (status.ok()) break;
    recovery = RecoveryFrom(status);
    if (recovery == Recovery::kTries && --tries_left <= 0) {
      status = Status::Aborted("Exceeded resume retry count");
      break;
    }
  }
  if (!status.ok()) {
    Log(config_.logger, LogLevel::kWarn, "Recovery ends without success: %s", status.ToString().c_str());
    MutexLock lock(&mutex_);
    is_recovering_ = is_recovering_ && recovery_number_ != number;
  }
  if (tries > 0) {
    RecordHistogram(config_.stats, Histogram::kAutoResumeTries, tries);
    if (status.ok()) AddTicker(config_.stats, Ticker::kAutoResumeSuccesses);
  }
  if (config_.events != nullptr) config_.events->OnRecoveryEnd(error, status);
}

// False when there is nothing to recover from any more, or no time for it.
bool DatabaseImpl::WaitToRecover(Recovery recovery, uint64_t number, bool is_first) {
  uint64_t pause_us = recovery == Recovery::kTries ? config_.recovery_wait_us : kSpacePollUs;
  if (is_first) pause_us = 0;
  while (true) {
    const uint64_t until_us = SteadyMicros() + pause_us;
    {
      MutexLock lock(&mutex_);
      while (true) {
        if (is_shutting_down_.load() || !is_recovering_ || recovery_number_ != number) return false;
        const uint64_t now_us = SteadyMicros();
        if (now_us >= until_us) break;
        state_changed_.WaitFor(&mutex_, until_us - now_us);
      }
    }
    if (recovery == Recovery::kTries || HasSpaceAgain()) return true;
    pause_us = kSpacePollUs;
  }
}

// Enough for everything that Resume will flush, and for one write buffer at least.
bool DatabaseImpl::HasSpaceAgain() {
  if (config_.file_space != nullptr && config_.file_space->IsFull()) return false;
  uint64_t needed_bytes = 0;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) {
      needed_bytes += family->active->MemoryUsage();
      for (const SealedMemtable& sealed : family->sealed) needed_bytes += sealed.memtable->MemoryUsage();
    }
    for (const auto& [id, family] : families_) {
      needed_bytes = std::max(needed_bytes, uint64_t{family->write_buffer_bytes.load()});
    }
  }
  const std::optional<uint64_t> free_bytes = config_.free_bytes == nullptr ? std::nullopt : config_.free_bytes();
  return !free_bytes || *free_bytes >= needed_bytes;
}

// A compaction that failed for such a reason stops nobody: it is chosen again after a while.
void DatabaseImpl::RetryCompactionsLater() {
  MutexLock lock(&mutex_);
  compaction_retry_after_us_ = config_.clock->NowMicros() + kCompactionRetryUs;
  if (is_compaction_retry_due_ || is_shutting_down_.load()) return;
  is_compaction_retry_due_ = true;
  recovery_pool_->Submit([this] {
    const uint64_t until_us = SteadyMicros() + kCompactionRetryUs;
    MutexLock waiting(&mutex_);
    uint64_t now_us = SteadyMicros();
    while (!is_shutting_down_.load() && now_us < until_us) {
      state_changed_.WaitFor(&mutex_, until_us - now_us);
      now_us = SteadyMicros();
    }
    is_compaction_retry_due_ = false;
    compaction_retry_after_us_ = 0;
    MaybeScheduleAll();
  });
}

}  // namespace gneiss
