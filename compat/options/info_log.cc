// CreateLoggerFromOptions: the LOG file of a database, moved away when it opens, and rolled by size or age on request.
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstdarg>
#include <deque>
#include <vector>

#include "compat/options/info_log.h"
#include "engine/base/mutex.h"

namespace gneiss::compat {

namespace {

using rocksdb::Env;
using rocksdb::InfoLogLevel;
using rocksdb::Logger;
using rocksdb::Status;

constexpr size_t kHeaderBytesMax = 1024;
constexpr size_t kPrefixBytesMax = 255;

// A log that starts a new file when the present one is too large or too old. What was logged as a header is repeated at
// the top of each file.
class RollingLogger : public Logger {
 public:
  RollingLogger(Env* env, const InfoLogNames& names, const rocksdb::DBOptions& options)
      : Logger(options.info_log_level),
        env_(env),
        names_(names),
        bytes_max_(options.max_log_file_size),
        age_max_us_(options.log_file_time_to_roll * 1'000'000),
        files_max_(options.keep_log_file_num) {}
  ~RollingLogger() override { Close().PermitUncheckedError(); }

  // Moves an old LOG away, finds older ones, and opens the new one.
  Status Open() EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    if (env_->FileExists(names_.Current()).ok()) MoveAway();
    FindOldFiles();
    Status s = OpenNext();
    if (s.ok() && file_->GetLogFileSize() == Logger::kDoNotSupportGetLogFileSize) {
      return Status::NotSupported("The underlying logger doesn't support GetLogFileSize()");
    }
    return s.ok() ? DropOldFiles() : s;
  }

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override EXCLUDES(mutex_) {
    if (std::shared_ptr<Logger> file = FileToWrite()) file->Logv(format, arguments);
  }
  void LogHeader(const char* format, va_list arguments) override EXCLUDES(mutex_) {
    va_list copy;
    va_copy(copy, arguments);
    char line[kHeaderBytesMax];
    vsnprintf(line, sizeof(line), format, copy);
    va_end(copy);
    std::shared_ptr<Logger> file;
    {
      MutexLock lock(&mutex_);
      headers_.emplace_back(line);
      file = file_;
    }
    if (file != nullptr) file->Logv(format, arguments);
  }
  void Flush() override EXCLUDES(mutex_) {
    if (std::shared_ptr<Logger> file = File()) file->Flush();
  }
  size_t GetLogFileSize() const override EXCLUDES(mutex_) {
    const std::shared_ptr<Logger> file = File();
    return file == nullptr ? 0 : file->GetLogFileSize();
  }
  void SetInfoLogLevel(InfoLogLevel level) override EXCLUDES(mutex_) {
    Logger::SetInfoLogLevel(level);
    if (std::shared_ptr<Logger> file = File()) file->SetInfoLogLevel(level);
  }

 protected:
  Status CloseImpl() override EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    return file_ == nullptr ? Status::OK() : file_->Close();
  }

 private:
  std::shared_ptr<Logger> File() const EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    return file_;
  }

  std::shared_ptr<Logger> FileToWrite() EXCLUDES(mutex_) {
    MutexLock lock(&mutex_);
    if (file_ != nullptr && MustRoll()) Roll();
    return file_;
  }

  bool MustRoll() const REQUIRES(mutex_) {
    if (bytes_max_ > 0 && file_->GetLogFileSize() >= bytes_max_) return true;
    return age_max_us_ > 0 && env_->GetSystemClock()->NowMicros() >= opened_us_ + age_max_us_;
  }

  // A log that cannot be opened again is lost; the database goes on without one.
  void Roll() REQUIRES(mutex_) {
    MoveAway();
    if (!OpenNext().ok()) return;
    for (const std::string& header : headers_) WriteLine(file_.get(), "%s", header.c_str());
    Status s = DropOldFiles();
    if (!s.ok()) WriteLine(file_.get(), "Fail to trim old info log file: %s", s.ToString().c_str());
  }

  static void WriteLine(Logger* file, const char* format, ...) __attribute__((format(printf, 2, 3))) {
    va_list arguments;
    va_start(arguments, format);
    file->Logv(format, arguments);
    va_end(arguments);
  }

  // Two rolls may fall into one microsecond, so a taken name is followed by the next one.
  void MoveAway() REQUIRES(mutex_) {
    uint64_t now_us = env_->GetSystemClock()->NowMicros();
    std::string old_name = names_.Old(now_us);
    while (env_->FileExists(old_name).ok()) old_name = names_.Old(++now_us);
    file_.reset();  // a thread that still writes to it keeps it open under its new name
    env_->RenameFile(names_.Current(), old_name).PermitUncheckedError();
    old_files_.push_back(old_name);
  }

  Status OpenNext() REQUIRES(mutex_) {
    Status s = env_->NewLogger(names_.Current(), &file_);
    if (!s.ok()) {
      file_.reset();
      return s;
    }
    file_->SetInfoLogLevel(GetInfoLogLevel());
    opened_us_ = env_->GetSystemClock()->NowMicros();
    return s;
  }

  void FindOldFiles() REQUIRES(mutex_) {
    std::vector<std::string> children;
    if (!env_->GetChildren(names_.directory(), &children).ok()) return;
    old_files_.clear();
    std::sort(children.begin(), children.end());
    for (const std::string& child : children) {
      if (names_.IsOld(child)) old_files_.push_back(names_.directory() + "/" + child);
    }
  }

  Status DropOldFiles() REQUIRES(mutex_) {
    while (!old_files_.empty() && old_files_.size() >= files_max_) {
      const std::string oldest = old_files_.front();
      old_files_.pop_front();
      Status s = env_->DeleteFile(oldest);
      if (!s.ok()) return s;
    }
    return Status::OK();
  }

  Env* const env_;
  const InfoLogNames names_;
  const size_t bytes_max_;
  const uint64_t age_max_us_;
  const size_t files_max_;
  mutable Mutex mutex_;
  std::shared_ptr<Logger> file_ GUARDED_BY(mutex_);
  uint64_t opened_us_ GUARDED_BY(mutex_) = 0;
  std::vector<std::string> headers_ GUARDED_BY(mutex_);
  std::deque<std::string> old_files_ GUARDED_BY(mutex_);
};

Status CreateDirectories(Env* env, const std::string& dbname, const std::string& log_dir) {
  Status s = env->CreateDirIfMissing(dbname);
  if (log_dir.empty()) return s;
  // The database may lie on a file system that is not there yet; the log does not need it.
  return env->CreateDirIfMissing(log_dir);
}

// Somebody else may move the file first: fine, as long as it is gone.
Status MoveOldLogAway(Env* env, const InfoLogNames& names) {
  Status s = env->FileExists(names.Current());
  if (s.IsNotFound()) return Status::OK();
  if (s.ok()) s = env->RenameFile(names.Current(), names.Old(env->GetSystemClock()->NowMicros()));
  if (s.IsPathNotFound() && env->FileExists(names.Current()).IsNotFound()) return Status::OK();
  return s;
}

}  // namespace

InfoLogNames::InfoLogNames(const std::string& dbname, const std::string& absolute_path, const std::string& log_dir)
    : directory_(log_dir.empty() ? dbname : log_dir), name_(log_dir.empty() ? "LOG" : FlatName(absolute_path)) {}

// "/data/db" becomes "data_db_LOG": several databases may share one log directory.
std::string InfoLogNames::FlatName(const std::string& path) {
  const std::string suffix = "_LOG";
  std::string name;
  for (size_t i = 0; i < path.size() && name.size() < kPrefixBytesMax - suffix.size(); ++i) {
    const char c = path[i];
    if (c == '/' && i > 0 && path[i - 1] == '/') continue;
    const bool is_kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    if (is_kept) {
      name += c;
    } else if (i > 0) {
      name += '_';
    }
  }
  return name + suffix;
}

std::string InfoLogNames::Old(uint64_t unix_us) const { return Current() + ".old." + std::to_string(unix_us); }

bool InfoLogNames::IsOld(const std::string& child) const {
  return child.compare(0, name_.size() + 5, name_ + ".old.") == 0;
}

}  // namespace gneiss::compat

namespace rocksdb {

Status CreateLoggerFromOptions(const std::string& dbname, const DBOptions& options, std::shared_ptr<Logger>* logger) {
  if (options.info_log != nullptr) {
    *logger = options.info_log;
    return Status::OK();
  }
  Env* env = options.env;
  std::string absolute_path;
  Status s = env->GetAbsolutePath(dbname, &absolute_path);
  if (s.ok()) s = gneiss::compat::CreateDirectories(env, dbname, options.db_log_dir);
  if (!s.ok()) return s;
  const gneiss::compat::InfoLogNames names(dbname, absolute_path, options.db_log_dir);
  if (options.log_file_time_to_roll > 0 || options.max_log_file_size > 0) {
    auto rolling = std::make_shared<gneiss::compat::RollingLogger>(env, names, options);
    s = rolling->Open();
    if (s.ok()) *logger = std::move(rolling);
    return s;
  }
  s = gneiss::compat::MoveOldLogAway(env, names);
  if (s.ok()) s = env->NewLogger(names.Current(), logger);
  if (s.ok() && *logger != nullptr) (*logger)->SetInfoLogLevel(options.info_log_level);
  return s;
}

}  // namespace rocksdb
