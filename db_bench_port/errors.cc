#include "db_bench_port/errors.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace bench {

void Fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::fflush(nullptr);
  std::_Exit(1);
}

void FailStatus(const char* what, const rocksdb::Status& status) {
  Fail("%s error: %s", what, status.ToString().c_str());
}

}  // namespace bench
