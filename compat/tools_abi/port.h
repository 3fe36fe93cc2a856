// The locks that Debian's db_bench and cache_bench allocate themselves and lock through the library.
//
// Layout:  as RocksDB 7.8.3 built without NDEBUG; the programs were compiled with these sizes. Nothing else uses them.
// Owner:   the program owns every object.
// Threads: thin covers over pthreads.
// Errors:  a failing pthread call names itself on stderr and aborts.
#pragma once

#include <pthread.h>
#include <rocksdb/statistics.h>
#include <rocksdb/system_clock.h>

#include <cstdint>

namespace rocksdb {

namespace port {

class Mutex {
 public:
  explicit Mutex(bool adaptive);
  Mutex(const Mutex&) = delete;
  void operator=(const Mutex&) = delete;
  ~Mutex();
  void Lock();
  void Unlock();

 private:
  friend class CondVar;
  pthread_mutex_t mutex_;
  bool is_locked_ = false;  // in the layout; RocksDB's assertions read it
};

class CondVar {
 public:
  explicit CondVar(Mutex* mutex);
  ~CondVar();
  void Wait();
  // Returns true when the time, in microseconds since 1970, came first.
  bool TimedWait(uint64_t until_us);
  void Signal();
  void SignalAll();

 private:
  pthread_cond_t condition_;
  Mutex* mutex_;
};

class RWMutex {
 public:
  RWMutex();
  RWMutex(const RWMutex&) = delete;
  void operator=(const RWMutex&) = delete;
  ~RWMutex();
  void WriteLock();
  void WriteUnlock();

 private:
  pthread_rwlock_t lock_;
};

// Prints a stack trace when the program dies of a signal.
void InstallStackTraceHandler();

static_assert(sizeof(Mutex) == 48 && sizeof(CondVar) == 56 && sizeof(RWMutex) == 56);

}  // namespace port

// The programs lay these two out inline and give them no statistics to keep.
class InstrumentedMutex {
 public:
  void Lock();

 private:
  friend class InstrumentedCondVar;
  port::Mutex mutex_{false};
  [[maybe_unused]] Statistics* stats_ = nullptr;
  [[maybe_unused]] SystemClock* clock_ = nullptr;
  [[maybe_unused]] int stats_code_ = 0;
};

class InstrumentedCondVar {
 public:
  explicit InstrumentedCondVar(InstrumentedMutex* mutex) : condition_(&mutex->mutex_) {}
  bool TimedWait(uint64_t until_us);

 private:
  port::CondVar condition_;
  [[maybe_unused]] Statistics* stats_ = nullptr;
  [[maybe_unused]] SystemClock* clock_ = nullptr;
  [[maybe_unused]] int stats_code_ = 0;
};

static_assert(sizeof(InstrumentedMutex) == 72 && sizeof(InstrumentedCondVar) == 80);

}  // namespace rocksdb
