#include "engine/base/logger.h"

namespace gneiss {

void Log(Logger* logger, LogLevel level, const char* format, ...) {
  if (logger == nullptr || !logger->Wants(level)) return;
  va_list arguments;
  va_start(arguments, format);
  logger->Write(level, format, arguments);
  va_end(arguments);
}

}  // namespace gneiss
