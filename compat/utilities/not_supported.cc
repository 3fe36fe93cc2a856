#include "compat/not_supported.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace gneiss::compat {

namespace {
std::string Text(const char* name) { return std::string(name) + " is not implemented by Gneiss yet"; }
}  // namespace

rocksdb::Status NotBuilt(const char* name) { return rocksdb::Status::NotSupported(Text(name)); }

rocksdb::IOStatus NotBuiltIo(const char* name) { return rocksdb::IOStatus::NotSupported(Text(name)); }

void NotBuiltC(char** errptr, const char* name) {
  free(*errptr);
  *errptr = strdup(NotBuilt(name).ToString().c_str());
}

void FailNotBuilt(const char* name) {
  fprintf(stderr, "gneiss: %s\n", Text(name).c_str());
  abort();
}

}  // namespace gneiss::compat
