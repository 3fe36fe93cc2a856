// rocksdb::Logger's own functions, and the free functions that log.
#include <rocksdb/env.h>

#include <cstdio>
#include <memory>

namespace rocksdb {

Logger::~Logger() = default;

Status Logger::Close() {
  if (closed_) return Status::OK();
  closed_ = true;
  return CloseImpl();
}

Status Logger::CloseImpl() { return Status::NotSupported(); }

// A message's level stands before it, except for plain information and headers.
void Logger::Logv(const InfoLogLevel log_level, const char* format, va_list ap) {
  if (log_level < log_level_) return;
  if (log_level == HEADER_LEVEL) {
    LogHeader(format, ap);
    return;
  }
  if (log_level == INFO_LEVEL) {
    Logv(format, ap);
  } else {
    static constexpr const char* kNames[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    char prefixed[500];
    snprintf(prefixed, sizeof(prefixed), "[%s] %s", kNames[log_level], format);
    Logv(prefixed, ap);
  }
  if (log_level >= WARN_LEVEL) Flush();
}

namespace {

void LogAt(InfoLogLevel level, Logger* logger, const char* format, va_list arguments) {
  if (logger == nullptr || logger->GetInfoLogLevel() > level) return;
  if (level == HEADER_LEVEL) {
    logger->LogHeader(format, arguments);
  } else {
    logger->Logv(level, format, arguments);
  }
}

}  // namespace

void LogFlush(Logger* info_log) {
  if (info_log != nullptr) info_log->Flush();
}

void LogFlush(const std::shared_ptr<Logger>& info_log) { LogFlush(info_log.get()); }

// Each of the functions below is there for a Logger* and for a shared_ptr of one.
#define GNEISS_DEFINE_LOG(Function, LEVEL)                                          \
  void Function(Logger* info_log, const char* format, ...) {                        \
    va_list arguments;                                                              \
    va_start(arguments, format);                                                    \
    LogAt(LEVEL, info_log, format, arguments);                                      \
    va_end(arguments);                                                              \
  }                                                                                 \
  void Function(const std::shared_ptr<Logger>& info_log, const char* format, ...) { \
    va_list arguments;                                                              \
    va_start(arguments, format);                                                    \
    LogAt(LEVEL, info_log.get(), format, arguments);                                \
    va_end(arguments);                                                              \
  }

GNEISS_DEFINE_LOG(Log, INFO_LEVEL)
GNEISS_DEFINE_LOG(Header, HEADER_LEVEL)
GNEISS_DEFINE_LOG(Debug, DEBUG_LEVEL)
GNEISS_DEFINE_LOG(Info, INFO_LEVEL)
GNEISS_DEFINE_LOG(Warn, WARN_LEVEL)
GNEISS_DEFINE_LOG(Error, ERROR_LEVEL)
GNEISS_DEFINE_LOG(Fatal, FATAL_LEVEL)
#undef GNEISS_DEFINE_LOG

void Log(const InfoLogLevel log_level, Logger* info_log, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  LogAt(log_level, info_log, format, arguments);
  va_end(arguments);
}

void Log(const InfoLogLevel log_level, const std::shared_ptr<Logger>& info_log, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  LogAt(log_level, info_log.get(), format, arguments);
  va_end(arguments);
}

}  // namespace rocksdb
