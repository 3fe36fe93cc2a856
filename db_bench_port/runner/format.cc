#include <cstdarg>
#include <cstdio>

#include "db_bench_port/runner/bench_thread.h"

namespace bench {

std::string Format(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

}  // namespace bench
