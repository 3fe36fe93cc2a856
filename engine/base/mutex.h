// Locks that Clang's thread-safety analysis understands (-Wthread-safety), over the standard ones.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define GNEISS_TSA(x) __attribute__((x))
#else
#define GNEISS_TSA(x)
#endif
#define CAPABILITY(x) GNEISS_TSA(capability(x))
#define SCOPED_CAPABILITY GNEISS_TSA(scoped_lockable)
#define GUARDED_BY(x) GNEISS_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) GNEISS_TSA(pt_guarded_by(x))
#define REQUIRES(...) GNEISS_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) GNEISS_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) GNEISS_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) GNEISS_TSA(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) GNEISS_TSA(try_acquire_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS GNEISS_TSA(no_thread_safety_analysis)

namespace gneiss {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }
  bool TryLock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() RELEASE() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

// Gives the lock back for a while inside a MutexLock's scope, for I/O and callbacks.
class SCOPED_CAPABILITY MutexUnlock {
 public:
  explicit MutexUnlock(Mutex* mutex) RELEASE(mutex) : mutex_(mutex) { mutex_->Unlock(); }
  ~MutexUnlock() RELEASE() { mutex_->Lock(); }  // to the analysis: releases the release
  MutexUnlock(const MutexUnlock&) = delete;
  MutexUnlock& operator=(const MutexUnlock&) = delete;

 private:
  Mutex* const mutex_;
};

class CondVar {
 public:
  // The caller holds `mutex`; it is released while waiting. Wake-ups may be spurious.
  void Wait(Mutex* mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when the time ran out.
  bool WaitFor(Mutex* mutex, uint64_t timeout_us) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    const bool woken = condition_.wait_for(lock, std::chrono::microseconds(timeout_us)) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void Signal() { condition_.notify_one(); }
  void SignalAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace gneiss
