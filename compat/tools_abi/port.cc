#include "compat/tools_abi/port.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace rocksdb {

namespace {

void Check(const char* call, int result) {
  if (result == 0) return;
  fprintf(stderr, "gneiss: %s: %s\n", call, strerror(result));
  abort();
}

extern "C" void PrintStackAndDie(int signal_number) {
  constexpr int kFramesMax = 64;
  void* frames[kFramesMax];
  const char kTitle[] = "Received a fatal signal; the stack:\n";
  if (write(STDERR_FILENO, kTitle, sizeof(kTitle) - 1) > 0) {
    backtrace_symbols_fd(frames, backtrace(frames, kFramesMax), STDERR_FILENO);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

namespace port {

Mutex::Mutex(bool adaptive) {
  pthread_mutexattr_t attributes;
  Check("pthread_mutexattr_init", pthread_mutexattr_init(&attributes));
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
  if (adaptive) Check("pthread_mutexattr_settype", pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP));
#endif
  Check("pthread_mutex_init", pthread_mutex_init(&mutex_, &attributes));
  Check("pthread_mutexattr_destroy", pthread_mutexattr_destroy(&attributes));
}

Mutex::~Mutex() { Check("pthread_mutex_destroy", pthread_mutex_destroy(&mutex_)); }

void Mutex::Lock() {
  Check("pthread_mutex_lock", pthread_mutex_lock(&mutex_));
  is_locked_ = true;
}

void Mutex::Unlock() {
  is_locked_ = false;
  Check("pthread_mutex_unlock", pthread_mutex_unlock(&mutex_));
}

CondVar::CondVar(Mutex* mutex) : mutex_(mutex) { Check("pthread_cond_init", pthread_cond_init(&condition_, nullptr)); }

CondVar::~CondVar() { Check("pthread_cond_destroy", pthread_cond_destroy(&condition_)); }

void CondVar::Wait() {
  mutex_->is_locked_ = false;
  Check("pthread_cond_wait", pthread_cond_wait(&condition_, &mutex_->mutex_));
  mutex_->is_locked_ = true;
}

bool CondVar::TimedWait(uint64_t until_us) {
  timespec until{};
  until.tv_sec = static_cast<time_t>(until_us / 1000000);
  until.tv_nsec = static_cast<long>(until_us % 1000000 * 1000);
  mutex_->is_locked_ = false;
  const int result = pthread_cond_timedwait(&condition_, &mutex_->mutex_, &until);
  mutex_->is_locked_ = true;
  if (result == ETIMEDOUT) return true;
  Check("pthread_cond_timedwait", result);
  return false;
}

void CondVar::Signal() { Check("pthread_cond_signal", pthread_cond_signal(&condition_)); }

void CondVar::SignalAll() { Check("pthread_cond_broadcast", pthread_cond_broadcast(&condition_)); }

RWMutex::RWMutex() { Check("pthread_rwlock_init", pthread_rwlock_init(&lock_, nullptr)); }

RWMutex::~RWMutex() { Check("pthread_rwlock_destroy", pthread_rwlock_destroy(&lock_)); }

void RWMutex::WriteLock() { Check("pthread_rwlock_wrlock", pthread_rwlock_wrlock(&lock_)); }

void RWMutex::WriteUnlock() { Check("pthread_rwlock_unlock", pthread_rwlock_unlock(&lock_)); }

void InstallStackTraceHandler() {
  void* frame;
  backtrace(&frame, 1);  // loads what it needs now, not inside a handler
  for (const int signal_number : {SIGILL, SIGSEGV, SIGBUS, SIGABRT}) signal(signal_number, PrintStackAndDie);
}

}  // namespace port

void InstrumentedMutex::Lock() { mutex_.Lock(); }

bool InstrumentedCondVar::TimedWait(uint64_t until_us) { return condition_.TimedWait(until_us); }

}  // namespace rocksdb
