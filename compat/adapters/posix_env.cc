// The Env that Env::Default() returns: the default FileSystem and clock, and real pools of threads.
#include <dlfcn.h>
#include <pthread.h>
#include <rocksdb/env.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <thread>
#include <utility>

#include "compat/adapters/background_pool.h"
#include "compat/adapters/composite_env.h"
#include "compat/adapters/posix_error.h"
#include "compat/adapters/thread_status_updater.h"
#include "compat/not_supported.h"
#include "engine/base/mutex.h"
#include "engine/base/start_thread.h"

namespace gneiss::compat {

namespace {

using rocksdb::Status;

// Asked for with every line of a LOG. A forked child's thread is another one.
std::atomic<uint32_t> forks{0};

uint64_t ThreadId() {
  static const int watches_forks =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  thread_local pid_t id = 0;
  thread_local uint32_t id_forks = 0;
  const uint32_t now = forks.load(std::memory_order_relaxed);
  if (id == 0 || id_forks != now || watches_forks != 0) {
    id = gettid();
    id_forks = now;
  }
  return static_cast<uint64_t>(id);
}

class PosixLibrary final : public rocksdb::DynamicLibrary {
 public:
  PosixLibrary(std::string name, void* handle) : name_(std::move(name)), handle_(handle) {}
  ~PosixLibrary() override { dlclose(handle_); }

  const char* Name() const override { return name_.c_str(); }
  Status LoadSymbol(const std::string& symbol, void** function) override {
    dlerror();
    *function = dlsym(handle_, symbol.c_str());
    if (*function != nullptr) return Status::OK();
    const char* const reason = dlerror();
    return Status::NotFound("Error finding symbol: " + symbol, reason == nullptr ? "" : reason);
  }

 private:
  const std::string name_;
  void* const handle_;
};

// "stats" stands for libstats.so; a name with a slash is taken as it is, up to the ".so".
std::string LibraryFileName(const std::string& name) {
  std::string file = name;
  if (file.find(".so") == std::string::npos) file += ".so";
  if (file.find('/') == std::string::npos && file.compare(0, 3, "lib") != 0) file.insert(0, "lib");
  return file;
}

class PosixEnv final : public ComposedEnv {
 public:
  PosixEnv() : ComposedEnv(rocksdb::FileSystem::Default(), rocksdb::SystemClock::Default()) {
    thread_status_updater_ = new rocksdb::ThreadStatusUpdater;
    for (int priority = 0; priority < TOTAL; ++priority) {
      pools_[priority] = new BackgroundPool(static_cast<Priority>(priority), thread_status_updater_);
    }
  }

  const char* Name() const override { return "PosixEnv"; }
  const char* NickName() const override { return kDefaultName(); }

  void Schedule(void (*function)(void*), void* arg, Priority pri, void* tag, void (*take_back)(void*)) override {
    pool(pri)->Schedule(function, arg, tag, take_back);
  }
  int UnSchedule(void* tag, Priority pri) override { return pool(pri)->UnSchedule(tag); }
  unsigned int GetThreadPoolQueueLen(Priority pri) const override { return pool(pri)->GetQueueLen(); }
  int ReserveThreads(int count, Priority pri) override { return pool(pri)->ReserveThreads(count); }
  int ReleaseThreads(int count, Priority pri) override { return pool(pri)->ReleaseThreads(count); }
  void SetBackgroundThreads(int number, Priority pri) override { pool(pri)->SetBackgroundThreads(number); }
  int GetBackgroundThreads(Priority pri) override { return pool(pri)->GetBackgroundThreads(); }
  void IncBackgroundThreadsIfNeeded(int number, Priority pri) override {
    pool(pri)->IncBackgroundThreadsIfNeeded(number);
  }
  void LowerThreadPoolIOPriority(Priority pri) override { pool(pri)->LowerIOPriority(); }
  void LowerThreadPoolCPUPriority(Priority pri) override { pool(pri)->LowerCPUPriority(rocksdb::CpuPriority::kLow); }
  Status LowerThreadPoolCPUPriority(Priority pri, rocksdb::CpuPriority priority) override {
    pool(pri)->LowerCPUPriority(priority);
    return Status::OK();
  }

  void StartThread(void (*function)(void*), void* arg) override {
    MutexLock lock(&mutex_);
    started_.push_back(gneiss::StartThread([function, arg] { function(arg); }));
  }
  void WaitForJoin() override {
    std::vector<std::thread> threads;
    {
      MutexLock lock(&mutex_);
      threads.swap(started_);
    }
    for (std::thread& thread : threads) thread.join();
  }

  Status GetThreadList(std::vector<rocksdb::ThreadStatus>* threads) override {
    return thread_status_updater_->GetThreadList(threads);
  }
  uint64_t GetThreadID() const override { return ThreadId(); }

  Status GetHostName(char* name, uint64_t len) override {
    if (gethostname(name, len) == 0) return Status::OK();
    const int error = errno;
    char buffer[256];
    if (error == EFAULT || error == EINVAL) {
      return Status::InvalidArgument(strerror_r(error, buffer, sizeof(buffer)));
    }
    return PosixIoError("GetHostName", name, error);
  }

  Status SetAllowNonOwnerAccess(bool allow) override {
    return allow ? Status::OK() : NotBuilt("Env::SetAllowNonOwnerAccess(false)");
  }

  // An empty name is the program itself. `path` lists directories, separated by colons.
  Status LoadLibrary(const std::string& name, const std::string& path,
                     std::shared_ptr<rocksdb::DynamicLibrary>* result) override {
    std::vector<std::string> candidates;
    if (!name.empty()) {
      std::istringstream directories(path);
      for (std::string directory; std::getline(directories, directory, ':');) {
        candidates.push_back(directory + "/" + LibraryFileName(name));
      }
      if (path.empty()) candidates.push_back(LibraryFileName(name));
    } else {
      candidates.emplace_back();
    }
    for (const std::string& file : candidates) {
      void* const handle = dlopen(file.empty() ? nullptr : file.c_str(), RTLD_NOW);
      if (handle == nullptr) continue;
      *result = std::make_shared<PosixLibrary>(file, handle);
      return Status::OK();
    }
    const char* const reason = dlerror();
    return Status::IOError("Failed to open shared library: xs: " + name, reason == nullptr ? "" : reason);
  }

 private:
  BackgroundPool* pool(Priority priority) const { return pools_[std::clamp<int>(priority, 0, TOTAL - 1)]; }

  std::array<BackgroundPool*, TOTAL> pools_;
  Mutex mutex_;
  std::vector<std::thread> started_ GUARDED_BY(mutex_);
};

}  // namespace

}  // namespace gneiss::compat

namespace rocksdb {

// Made on first use, which may be in a static initialiser of the program, and never destroyed: threads may still run
// when static destructors do.
Env* Env::Default() {
  static auto* const env = new gneiss::compat::PosixEnv;
  return env;
}

}  // namespace rocksdb
