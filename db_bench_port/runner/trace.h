#pragma once

#include <rocksdb/env.h>

#include "db_bench_port/database/databases.h"

namespace bench {

// Traces the operations and the block cache's accesses of the first database, when --trace_file and
// --block_cache_trace_file ask.
class Trace {
 public:
  explicit Trace(rocksdb::Env* env) : env_(env) {}

  // Does nothing when the trace is on already.
  void Start(Databases* databases);
  void End(Databases* databases);

 private:
  void StartOperations(rocksdb::DB* db);
  void StartBlockCache(rocksdb::DB* db);

  rocksdb::Env* env_;
  rocksdb::DB* traced_ = nullptr;  // a fresh database ends the trace of the one before
};

}  // namespace bench
