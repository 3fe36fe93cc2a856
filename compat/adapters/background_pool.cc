#include "compat/adapters/background_pool.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "compat/adapters/thread_status_updater.h"
#include "engine/base/no_memory.h"
#include "engine/base/start_thread.h"

namespace gneiss::compat {

namespace {

rocksdb::ThreadStatus::ThreadType ThreadTypeOf(rocksdb::Env::Priority priority) {
  switch (priority) {
    case rocksdb::Env::BOTTOM:
      return rocksdb::ThreadStatus::BOTTOM_PRIORITY;
    case rocksdb::Env::LOW:
      return rocksdb::ThreadStatus::LOW_PRIORITY;
    case rocksdb::Env::HIGH:
      return rocksdb::ThreadStatus::HIGH_PRIORITY;
    default:
      return rocksdb::ThreadStatus::USER;
  }
}

std::string ThreadNameOf(rocksdb::Env::Priority priority) {
  std::string name = "rocksdb:" + rocksdb::Env::PriorityToString(priority);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

void SetIdleIoPriority() {
  constexpr int kThisThread = 1;
  constexpr int kIdleClass = 3 << 13;
  syscall(SYS_ioprio_set, kThisThread, 0, kIdleClass);
}

void SetCpuPriority(rocksdb::CpuPriority priority) {
  if (priority == rocksdb::CpuPriority::kIdle) {
    const sched_param parameters{};
    sched_setscheduler(0, SCHED_IDLE, &parameters);
  } else if (priority == rocksdb::CpuPriority::kLow) {
    setpriority(PRIO_PROCESS, 0, 19);
  }
}

}  // namespace

BackgroundPool::BackgroundPool(rocksdb::Env::Priority priority, rocksdb::ThreadStatusUpdater* statuses)
    : priority_(priority), statuses_(statuses) {}

BackgroundPool::~BackgroundPool() { Join(State::kStopping); }

void BackgroundPool::Schedule(void (*function)(void*), void* arg, void* tag, void (*take_back)(void*)) {
  Job undo;
  if (take_back != nullptr) undo = [take_back, arg] { take_back(arg); };
  Submit({tag, [function, arg] { function(arg); }, std::move(undo)});
}

void BackgroundPool::Submit(QueuedJob job) {
  MutexLock lock(&mutex_);
  if (state_ != State::kOpen) return;
  StartThreads();
  jobs_.push_back(std::move(job));
  queue_length_.store(static_cast<unsigned>(jobs_.size()), std::memory_order_relaxed);
  // A surplus thread might take a single wake-up for its own and leave; and who joins the pool waits on it too.
  changed_.SignalAll();
}

int BackgroundPool::UnSchedule(void* tag) {
  std::vector<QueuedJob> taken;
  {
    MutexLock lock(&mutex_);
    const auto first =
        std::stable_partition(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job.tag != tag; });
    taken.assign(std::make_move_iterator(first), std::make_move_iterator(jobs_.end()));
    jobs_.erase(first, jobs_.end());
    queue_length_.store(static_cast<unsigned>(jobs_.size()), std::memory_order_relaxed);
  }
  for (const QueuedJob& job : taken) {
    if (job.take_back) job.take_back();
  }
  return static_cast<int>(taken.size());
}

void BackgroundPool::SetLimit(int limit, bool may_reduce) {
  ThreadList retired;
  {
    MutexLock lock(&mutex_);
    if (state_ != State::kOpen) return;
    if (limit > limit_ || may_reduce) limit_ = std::max(0, limit);
    StartThreads();
    changed_.SignalAll();
    retired.swap(retired_);
  }
  // Each has left the loop for good, so none of them is the caller, even when a job changes its own pool.
  for (std::thread& thread : retired) thread.join();
}

int BackgroundPool::GetBackgroundThreads() {
  MutexLock lock(&mutex_);
  return limit_;
}

int BackgroundPool::ReserveThreads(int count) {
  MutexLock lock(&mutex_);
  const int granted = std::min(std::max(waiting_ - reserved_, 0), count);
  reserved_ += granted;
  return granted;
}

int BackgroundPool::ReleaseThreads(int count) {
  MutexLock lock(&mutex_);
  const int released = std::min(reserved_, count);
  reserved_ -= released;
  changed_.SignalAll();
  return released;
}

void BackgroundPool::LowerIOPriority() {
  MutexLock lock(&mutex_);
  priorities_.has_idle_io = true;
}

void BackgroundPool::LowerCPUPriority(rocksdb::CpuPriority priority) {
  MutexLock lock(&mutex_);
  priorities_.cpu = priority;
}

void BackgroundPool::StartThreads() {
  while (static_cast<int>(threads_.size()) < limit_) {
    const auto self = threads_.emplace(threads_.end());
    const auto run = [this, self] { RunThread(self); };
    try {
      *self = threads_.size() == 1 ? StartThread(run) : std::thread(run);
    } catch (const std::exception&) {  // those that there are do the work
      threads_.erase(self);
      return;
    }
    pthread_setname_np(self->native_handle(), ThreadNameOf(priority_).c_str());
  }
}

void BackgroundPool::Join(State how) {
  ThreadList all;
  {
    MutexLock lock(&mutex_);
    state_ = how;
    limit_ = 0;
    reserved_ = 0;
    changed_.SignalAll();
    while (!threads_.empty()) changed_.Wait(&mutex_);
    all.swap(retired_);
    state_ = State::kOpen;
  }
  for (std::thread& thread : all) thread.join();
}

bool BackgroundPool::MustLeave() const {
  if (state_ == State::kStopping) return true;
  if (state_ == State::kDraining) return jobs_.empty();
  return static_cast<int>(threads_.size()) > limit_;
}

bool BackgroundPool::MayRunJob() const { return !jobs_.empty() && (state_ != State::kOpen || waiting_ > reserved_); }

BackgroundPool::QueuedJob BackgroundPool::TakeJob() {
  QueuedJob job = std::move(jobs_.front());
  jobs_.pop_front();
  queue_length_.store(static_cast<unsigned>(jobs_.size()), std::memory_order_relaxed);
  return job;
}

void BackgroundPool::RunThread(ThreadList::iterator self) {
  // Without memory it works unlisted.
  DropBadAlloc([this] {
    if (statuses_ != nullptr) statuses_->RegisterThread(ThreadTypeOf(priority_), static_cast<uint64_t>(gettid()));
  });
  RunJobs(self);
  if (statuses_ != nullptr) statuses_->UnregisterThread();
}

void BackgroundPool::RunJobs(ThreadList::iterator self) {
  Priorities applied;
  MutexLock lock(&mutex_);
  while (true) {
    ++waiting_;
    while (!MustLeave() && !MayRunJob()) changed_.Wait(&mutex_);
    --waiting_;
    if (MustLeave()) break;
    const Priorities wanted = priorities_;
    QueuedJob job = TakeJob();
    MutexUnlock unlock(&mutex_);
    ApplyPriorities(wanted, &applied);
    job.run();
    job = {};
  }
  retired_.splice(retired_.end(), threads_, self);
  changed_.SignalAll();
}

void BackgroundPool::ApplyPriorities(const Priorities& wanted, Priorities* applied) {
  if (wanted.has_idle_io && !applied->has_idle_io) SetIdleIoPriority();
  if (wanted.cpu < applied->cpu) SetCpuPriority(wanted.cpu);
  *applied = wanted;
}

}  // namespace gneiss::compat

namespace rocksdb {

ThreadPool* NewThreadPool(int num_threads) {
  auto* const pool = new gneiss::compat::BackgroundPool(Env::LOW);
  pool->SetBackgroundThreads(num_threads);
  return pool;
}

}  // namespace rocksdb
