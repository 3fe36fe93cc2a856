#include "tests/user_env/machine_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <set>

namespace {

std::atomic<bool> is_noting{false};
thread_local bool is_inside = false;  // noting makes calls itself
std::mutex mutex;
std::set<std::string>& Noted() {
  static auto* const noted = new std::set<std::string>;
  return *noted;
}

// The nearest callers, innermost first: library and offset, or function where its name is known.
std::string Callers() {
  constexpr int kDepth = 9;
  constexpr int kOwn = 3;
  void* addresses[kDepth];
  const int count = backtrace(addresses, kDepth);
  char** const names = backtrace_symbols(addresses, count);
  std::string text;
  for (int i = kOwn; i < count; ++i) text += std::string("      ") + names[i] + "\n";
  std::free(names);
  return text;
}

void Note(const char* call, const char* path = "") {
  if (!is_noting.load() || is_inside) return;
  is_inside = true;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    Noted().insert(std::string(call) + " " + path + "\n" + Callers());
  }
  is_inside = false;
}

template <typename Function>
Function* Hidden(Function* /*own*/, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
#define GNEISS_HIDDEN(name) Hidden(&name, #name)

mode_t ModeIn(int flags, va_list arguments) { return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0; }

}  // namespace

namespace gneiss {

void BeginNotingMachineCalls() {
  Callers();  // backtrace loads a library the first time
  const std::lock_guard<std::mutex> lock(mutex);
  Noted().clear();
  is_noting.store(true);
}

std::vector<std::string> EndNotingMachineCalls() {
  is_noting.store(false);
  const std::lock_guard<std::mutex> lock(mutex);
  return {Noted().begin(), Noted().end()};
}

}  // namespace gneiss

// The clocks of the C++ library, which ask the kernel without a name that could be stood in front of.
namespace std::chrono {
inline namespace _V2 {

steady_clock::time_point steady_clock::now() noexcept {
  Note("steady_clock::now");
  timespec time;
  GNEISS_HIDDEN(clock_gettime)(CLOCK_MONOTONIC, &time);
  return time_point(duration(seconds(time.tv_sec) + nanoseconds(time.tv_nsec)));
}
system_clock::time_point system_clock::now() noexcept {
  Note("system_clock::now");
  timespec time;
  GNEISS_HIDDEN(clock_gettime)(CLOCK_REALTIME, &time);
  return time_point(duration(seconds(time.tv_sec) + nanoseconds(time.tv_nsec)));
}

}  // namespace _V2
}  // namespace std::chrono

extern "C" {

#define GNEISS_OPEN(name)                          \
  int name(const char* path, int flags, ...) {     \
    Note(#name, path);                             \
    va_list arguments;                             \
    va_start(arguments, flags);                    \
    const mode_t mode = ModeIn(flags, arguments);  \
    va_end(arguments);                             \
    return GNEISS_HIDDEN(name)(path, flags, mode); \
  }
#define GNEISS_OPENAT(name)                                   \
  int name(int directory, const char* path, int flags, ...) { \
    Note(#name, path);                                        \
    va_list arguments;                                        \
    va_start(arguments, flags);                               \
    const mode_t mode = ModeIn(flags, arguments);             \
    va_end(arguments);                                        \
    return GNEISS_HIDDEN(name)(directory, path, flags, mode); \
  }
#define GNEISS_PATH_CALL(result, name, suffix) \
  result name(const char* path) suffix {       \
    Note(#name, path);                         \
    return GNEISS_HIDDEN(name)(path);          \
  }

GNEISS_OPEN(open)
GNEISS_OPEN(open64)
GNEISS_OPENAT(openat)
GNEISS_OPENAT(openat64)
GNEISS_PATH_CALL(DIR*, opendir, )
GNEISS_PATH_CALL(int, unlink, noexcept)
GNEISS_PATH_CALL(int, rmdir, noexcept)

FILE* fopen(const char* path, const char* mode) {
  Note("fopen", path);
  return GNEISS_HIDDEN(fopen)(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  Note("fopen64", path);
  return GNEISS_HIDDEN(fopen64)(path, mode);
}
int mkdir(const char* path, mode_t mode) noexcept {
  Note("mkdir", path);
  return GNEISS_HIDDEN(mkdir)(path, mode);
}
int rename(const char* from, const char* to) noexcept {
  Note("rename", from);
  return GNEISS_HIDDEN(rename)(from, to);
}
int link(const char* from, const char* to) noexcept {
  Note("link", from);
  return GNEISS_HIDDEN(link)(from, to);
}
int access(const char* path, int mode) noexcept {
  Note("access", path);
  return GNEISS_HIDDEN(access)(path, mode);
}
int stat(const char* path, struct stat* facts) noexcept {
  Note("stat", path);
  return reinterpret_cast<int (*)(const char*, struct stat*)>(dlsym(RTLD_NEXT, "stat"))(path, facts);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  // How long a thread has computed is no time that anybody could set.
  if (clock != CLOCK_THREAD_CPUTIME_ID) Note("clock_gettime");
  return GNEISS_HIDDEN(clock_gettime)(clock, now);
}
int gettimeofday(timeval* now, void* zone) noexcept {
  Note("gettimeofday");
  return GNEISS_HIDDEN(gettimeofday)(now, zone);
}
time_t time(time_t* seconds) noexcept {
  Note("time");
  return GNEISS_HIDDEN(time)(seconds);
}

}  // extern "C"
