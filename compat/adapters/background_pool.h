// A BackgroundPool is one of an Env's pools of background threads, and what NewThreadPool returns.
//
// Threads start as soon as the limit allows them and wait for jobs. Lowering the limit lets surplus threads leave as
// they become idle. A job carries a tag under which it can be taken back while it is still queued.
//
// Owner:   the pool owns its threads; its destructor stops them and drops what has not begun.
// Threads: every method is safe from any thread, except that joining from a job would wait for itself.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/threadpool.h>

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <thread>

#include "engine/base/mutex.h"

namespace gneiss::compat {

class BackgroundPool final : public rocksdb::ThreadPool {
 public:
  using Job = std::function<void()>;

  // Threads of an Env's pool appear in `statuses` (may be null).
  explicit BackgroundPool(rocksdb::Env::Priority priority, rocksdb::ThreadStatusUpdater* statuses = nullptr);
  ~BackgroundPool() override;

  void SubmitJob(const Job& job) override { Submit({nullptr, job, nullptr}); }
  void SubmitJob(Job&& job) override { Submit({nullptr, std::move(job), nullptr}); }
  void Schedule(void (*function)(void*), void* arg, void* tag, void (*take_back)(void*));
  // Removes queued jobs of `tag`, calls their take_back functions, and returns how many there were.
  int UnSchedule(void* tag) EXCLUDES(mutex_);

  void SetBackgroundThreads(int num) override { SetLimit(num, true); }
  void IncBackgroundThreadsIfNeeded(int num) { SetLimit(num, false); }
  int GetBackgroundThreads() override EXCLUDES(mutex_);
  unsigned int GetQueueLen() const override { return queue_length_.load(std::memory_order_relaxed); }

  // A reserved thread takes no job until it is released. Both return how many were granted.
  int ReserveThreads(int count) override EXCLUDES(mutex_);
  int ReleaseThreads(int count) override EXCLUDES(mutex_);

  // Both leave the pool with a limit of zero threads, ready to be used again. The first leaves jobs in the queue.
  void JoinAllThreads() override { Join(State::kStopping); }
  void WaitForJobsAndJoinAllThreads() override { Join(State::kDraining); }

  void LowerIOPriority() EXCLUDES(mutex_);
  void LowerCPUPriority(rocksdb::CpuPriority priority) EXCLUDES(mutex_);

 private:
  enum class State { kOpen, kDraining, kStopping };
  struct QueuedJob {
    void* tag;
    Job run;
    Job take_back;
  };
  using ThreadList = std::list<std::thread>;
  struct Priorities {
    bool has_idle_io = false;
    rocksdb::CpuPriority cpu = rocksdb::CpuPriority::kNormal;
  };

  void Submit(QueuedJob job) EXCLUDES(mutex_);
  void SetLimit(int limit, bool may_reduce) EXCLUDES(mutex_);
  void StartThreads() REQUIRES(mutex_);
  void Join(State how) EXCLUDES(mutex_);
  void RunThread(ThreadList::iterator self) EXCLUDES(mutex_);
  void RunJobs(ThreadList::iterator self) EXCLUDES(mutex_);
  bool MustLeave() const REQUIRES(mutex_);
  bool MayRunJob() const REQUIRES(mutex_);
  QueuedJob TakeJob() REQUIRES(mutex_);
  static void ApplyPriorities(const Priorities& wanted, Priorities* applied);

  const rocksdb::Env::Priority priority_;
  rocksdb::ThreadStatusUpdater* const statuses_;
  std::atomic<unsigned> queue_length_{0};

  Mutex mutex_;
  CondVar changed_;
  State state_ GUARDED_BY(mutex_) = State::kOpen;
  int limit_ GUARDED_BY(mutex_) = 0;
  int waiting_ GUARDED_BY(mutex_) = 0;
  int reserved_ GUARDED_BY(mutex_) = 0;
  Priorities priorities_ GUARDED_BY(mutex_);
  std::deque<QueuedJob> jobs_ GUARDED_BY(mutex_);
  ThreadList threads_ GUARDED_BY(mutex_);
  ThreadList retired_ GUARDED_BY(mutex_);  // ended or about to end; joined by whoever passes by
};

}  // namespace gneiss::compat
