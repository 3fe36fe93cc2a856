// The programs inside the library: rocksdb/sst_dump_tool.h and db_dump_tool.h.
#include <rocksdb/db_dump_tool.h>
#include <rocksdb/sst_dump_tool.h>

#include <cstdio>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::NotBuilt;

int SSTDumpTool::Run(int, char const* const*, Options) {
  fprintf(stderr, "%s\n", NotBuilt("SSTDumpTool").ToString().c_str());
  return 1;
}

bool DbDumpTool::Run(const DumpOptions&, Options) {
  fprintf(stderr, "%s\n", NotBuilt("DbDumpTool").ToString().c_str());
  return false;
}

bool DbUndumpTool::Run(const UndumpOptions&, Options) {
  fprintf(stderr, "%s\n", NotBuilt("DbUndumpTool").ToString().c_str());
  return false;
}

}  // namespace rocksdb
