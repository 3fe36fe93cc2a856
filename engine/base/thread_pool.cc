#include "engine/base/thread_pool.h"

#include <utility>

#include "engine/base/no_memory.h"

#if defined(__linux__)
#include <pthread.h>
#include <sys/resource.h>
#endif

namespace gneiss {

namespace {

// About a third of a normal thread's share of a busy processor: the caller's threads go first, yet background work
// keeps pace with a writer that never pauses.
constexpr int kBackgroundNice = 5;
constexpr int kIdleNice = 19;

// On Linux "this process" means the calling thread.
int OwnNice() {
#if defined(__linux__)
  return getpriority(PRIO_PROCESS, 0);
#else
  return 0;
#endif
}

void PrepareThread(const ThreadPool::Config& config, [[maybe_unused]] int nice) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), config.name);
  // A refusal leaves the maker's priority, which is harmless.
  if (config.priority != ThreadPool::CpuPriority::kNormal) setpriority(PRIO_PROCESS, 0, nice);
#endif
}

}  // namespace

// Lower than whoever makes the pool, not than whoever submits the job that starts a thread: that may be another pool's.
ThreadPool::ThreadPool(const Config& config)
    : config_(config),
      background_nice_(config.priority == CpuPriority::kIdle ? kIdleNice : OwnNice() + kBackgroundNice),
      threads_max_(config.threads_max) {}

ThreadPool::~ThreadPool() {
  std::list<std::function<void()>> dropped;
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    is_stopping_ = true;
    dropped.swap(jobs_);
    threads.swap(threads_);
    work_or_stop_.SignalAll();
  }
  dropped.clear();  // without the lock, and before waiting: a running job may wait for what a closure holds
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::Enqueue(std::function<void()> job) {
  MutexLock lock(&mutex_);
  jobs_.push_back(std::move(job));
  try {
    StartMissingThreads();
  } catch (const std::exception&) {
    if (threads_.empty()) {
      jobs_.pop_back();
      throw;
    }
  }
  work_or_stop_.Signal();
}

void ThreadPool::SetThreadsMax(int threads_max) {
  MutexLock lock(&mutex_);
  threads_max_ = threads_max;
  try {
    StartMissingThreads();
  } catch (const std::exception&) {  // the next job tries again; what is queued has a thread already
  }
  work_or_stop_.SignalAll();
}

void ThreadPool::WaitIdle() {
  MutexLock lock(&mutex_);
  while (!jobs_.empty() || running_ > 0) idle_.Wait(&mutex_);
}

size_t ThreadPool::QueueLength() {
  MutexLock lock(&mutex_);
  return jobs_.size();
}

void ThreadPool::StartMissingThreads() {
  const auto waiting = [this]() REQUIRES(mutex_) { return threads_.size() - static_cast<size_t>(running_); };
  while (!is_stopping_ && static_cast<int>(threads_.size()) < threads_max_ && waiting() < jobs_.size()) {
    threads_.emplace_back(&ThreadPool::RunThread, this);
  }
}

void ThreadPool::RunThread() {
  PrepareThread(config_, background_nice_);
  MutexLock lock(&mutex_);
  while (true) {
    // A pool that was made smaller keeps its threads asleep: at most threads_max_ of them run.
    while (!is_stopping_ && (jobs_.empty() || running_ >= threads_max_)) work_or_stop_.Wait(&mutex_);
    if (is_stopping_) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    ++running_;
    {
      MutexUnlock unlock(&mutex_);
      // A job tells of missing memory itself, where it can.
      CatchBadAlloc([&job] {
        job();
        return Status::Ok();
      }).IgnoreError("what is left is the job's own bookkeeping");
      job = nullptr;  // what the closure holds is released before the pool counts as idle
    }
    --running_;
    if (!jobs_.empty()) work_or_stop_.Signal();
    if (jobs_.empty() && running_ == 0) idle_.SignalAll();
  }
}

}  // namespace gneiss
