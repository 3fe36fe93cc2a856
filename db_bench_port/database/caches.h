#pragma once

#include <rocksdb/cache.h>

#include <memory>

#include "db_bench_port/flags/settings.h"

namespace bench {

// The caches that the flags ask for, made once and shared by every database that the program opens. Null where none is
// asked for.
struct Caches {
  std::shared_ptr<rocksdb::Cache> block;
  std::shared_ptr<rocksdb::Cache> compressed;
  std::shared_ptr<rocksdb::Cache> rows;
  std::shared_ptr<rocksdb::Cache> blobs;
};

Caches MakeCaches(const Settings& settings);

// The report of a simulated cache; empty when there is none.
std::string SimulatedCacheReport(const Caches& caches);

}  // namespace bench
