// The Logger receives the lines of the LOG file. GNEISS_LOG formats only when someone listens.
//
// Owner:   the caller of the engine. Threads: Write is called from any thread, never under a lock a reader takes.
#pragma once

#include <cstdarg>

namespace gneiss {

enum class LogLevel : unsigned char {
  kDebug = 0,
  kInfo,
  kWarn,
  kError,
  kFatal,
  kHeader
};  // rocksdb::InfoLogLevel's numbers

class Logger {
 public:
  virtual ~Logger() = default;
  virtual bool Wants(LogLevel level) const = 0;
  virtual void Write(LogLevel level, const char* format, va_list arguments) = 0;
  virtual void Flush() {}
};

// `logger` may be null.
void Log(Logger* logger, LogLevel level, const char* format, ...) __attribute__((format(printf, 3, 4)));

}  // namespace gneiss
