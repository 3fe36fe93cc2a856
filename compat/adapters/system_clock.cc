// The operating system's clock as rocksdb::SystemClock.
#include <rocksdb/system_clock.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>

#include "compat/adapters/emulated_clock.h"
#include "compat/adapters/posix_error.h"
#include "compat/adapters/register_factory.h"

namespace rocksdb {

namespace {

uint64_t ReadNanos(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

class PosixClock final : public SystemClock {
 public:
  const char* Name() const override { return kDefaultName(); }
  const char* NickName() const override { return "PosixClock"; }

  uint64_t NowMicros() override { return ReadNanos(CLOCK_REALTIME) / 1000; }
  uint64_t NowNanos() override { return ReadNanos(CLOCK_MONOTONIC); }
  uint64_t CPUMicros() override { return CPUNanos() / 1000; }
  uint64_t CPUNanos() override { return ReadNanos(CLOCK_THREAD_CPUTIME_ID); }
  void SleepForMicroseconds(int micros) override { usleep(static_cast<useconds_t>(micros)); }

  Status GetCurrentTime(int64_t* unix_time) override {
    const time_t now = time(nullptr);
    if (now == static_cast<time_t>(-1)) return gneiss::compat::PosixIoError("GetCurrentTime", "", errno);
    *unix_time = now;
    return Status::OK();
  }

  // The text fills 64 bytes, zeros included, as RocksDB's does.
  std::string TimeToString(uint64_t seconds_since_1970) override {
    const auto seconds = static_cast<time_t>(seconds_since_1970);
    tm local{};
    localtime_r(&seconds, &local);
    std::string text(64, '\0');
    snprintf(text.data(), text.size(), "%04d/%02d/%02d-%02d:%02d:%02d ", local.tm_year + 1900, local.tm_mon + 1,
             local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
    return text;
  }
};

}  // namespace

const std::shared_ptr<SystemClock>& SystemClock::Default() {
  static const auto* const clock = new std::shared_ptr<SystemClock>(std::make_shared<PosixClock>());
  return *clock;
}

Status SystemClock::CreateFromString(const ConfigOptions& options, const std::string& value,
                                     std::shared_ptr<SystemClock>* result) {
  if (Default()->IsInstanceOf(value)) {
    *result = Default();
    return Status::OK();
  }
  static std::once_flag registered;
  std::call_once(registered, [] {
    using gneiss::compat::EmulatedClock;
    gneiss::compat::RegisterFactory<SystemClock>(EmulatedClock::kClassName(),
                                                 [] { return new EmulatedClock(Default(), false); });
  });
  return gneiss::compat::LoadObject(options, value, result);
}

}  // namespace rocksdb
