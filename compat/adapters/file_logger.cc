#include "compat/adapters/file_logger.h"

#include <rocksdb/system_clock.h>
#include <sys/time.h>
#include <time.h>

#include <cstdio>

#include "compat/adapters/scoped_timer.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {

namespace {

using rocksdb::IOOptions;

constexpr size_t kBufferBytes = 64 * 1024;
constexpr size_t kLineBytesMax = 64 * 1024;
constexpr uint64_t kFlushEveryMicros = 5'000'000;

// "2026/01/02-03:04:05.000000 12345 "
void AppendLineStart(uint64_t thread_id, std::string* line) {
  timeval now{};
  gettimeofday(&now, nullptr);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char text[96];
  const int size = snprintf(text, sizeof(text), "%04d/%02d/%02d-%02d:%02d:%02d.%06d %llu ", local.tm_year + 1900,
                            local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                            static_cast<int>(now.tv_usec), static_cast<unsigned long long>(thread_id));
  line->append(text, static_cast<size_t>(size));
}

void AppendMessage(const char* format, va_list arguments, std::string* line) {
  char small[512];
  va_list first_try;
  va_copy(first_try, arguments);
  const int size = vsnprintf(small, sizeof(small), format, first_try);
  va_end(first_try);
  if (size < 0) return;
  if (static_cast<size_t>(size) < sizeof(small)) {
    line->append(small, static_cast<size_t>(size));
    return;
  }
  const size_t start = line->size();
  line->resize(start + static_cast<size_t>(size) + 1);
  va_list second_try;
  va_copy(second_try, arguments);
  vsnprintf(line->data() + start, static_cast<size_t>(size) + 1, format, second_try);
  va_end(second_try);
  line->pop_back();  // the terminating zero
}

class FileLogger final : public rocksdb::Logger {
 public:
  FileLogger(std::unique_ptr<rocksdb::FSWritableFile> file, rocksdb::Env* env)
      : Logger(rocksdb::InfoLogLevel::ERROR_LEVEL), env_(env), file_(std::move(file)) {}

  ~FileLogger() override {
    if (!closed_) CloseImpl().PermitUncheckedError();
    closed_ = true;
  }

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    ScopedTimer timer(&rocksdb::IOStatsContext::logger_nanos);
    std::string line;
    AppendLineStart(env_->GetThreadID(), &line);
    AppendMessage(format, arguments, &line);
    if (line.size() >= kLineBytesMax) line.resize(kLineBytesMax - 1);
    if (line.back() != '\n') line.push_back('\n');

    const uint64_t now_us = env_->GetSystemClock()->NowMicros();
    MutexLock lock(&mutex_);
    buffer_.append(line);
    logged_bytes_ += line.size();
    if (buffer_.size() >= kBufferBytes || now_us - flushed_at_us_ >= kFlushEveryMicros) FlushAt(now_us);
  }

  void Flush() override {
    const uint64_t now_us = env_->GetSystemClock()->NowMicros();
    MutexLock lock(&mutex_);
    FlushAt(now_us);
  }

  size_t GetLogFileSize() const override {
    MutexLock lock(&mutex_);
    return logged_bytes_;
  }

 protected:
  rocksdb::Status CloseImpl() override {
    MutexLock lock(&mutex_);
    if (file_ == nullptr) return rocksdb::Status::OK();
    FlushAt(0);
    const rocksdb::IOStatus closed = file_->Close(IOOptions(), nullptr);
    file_.reset();
    if (closed.ok()) return rocksdb::Status::OK();
    const char* const reason = closed.getState();
    return rocksdb::Status::IOError(std::string("Close of log file failed with error:") +
                                    (reason == nullptr ? "" : reason));
  }

 private:
  void FlushAt(uint64_t now_us) REQUIRES(mutex_) {
    flushed_at_us_ = now_us;
    if (file_ != nullptr && !buffer_.empty()) {
      file_->Append(buffer_, IOOptions(), nullptr).PermitUncheckedError();
      file_->Flush(IOOptions(), nullptr).PermitUncheckedError();
    }
    buffer_.clear();
  }

  rocksdb::Env* const env_;
  mutable Mutex mutex_;
  std::unique_ptr<rocksdb::FSWritableFile> file_ GUARDED_BY(mutex_);  // null once closed
  std::string buffer_ GUARDED_BY(mutex_);
  uint64_t flushed_at_us_ GUARDED_BY(mutex_) = 0;
  size_t logged_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

rocksdb::IOStatus NewFileLogger(rocksdb::FileSystem* fs, const std::string& path, const IOOptions& io_options,
                                rocksdb::Env* env, std::shared_ptr<rocksdb::Logger>* result,
                                rocksdb::IODebugContext* debug) {
  rocksdb::FileOptions options;
  options.io_options = io_options;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const rocksdb::IOStatus opened = fs->NewWritableFile(path, options, &file, debug);
  if (opened.ok()) *result = std::make_shared<FileLogger>(std::move(file), env);
  return opened;
}

}  // namespace gneiss::compat

namespace rocksdb {

Status NewEnvLogger(const std::string& fname, Env* env, std::shared_ptr<Logger>* result) {
  return gneiss::compat::NewFileLogger(env->GetFileSystem().get(), fname, IOOptions(), env, result, nullptr);
}

}  // namespace rocksdb
