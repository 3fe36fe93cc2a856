#pragma once

#include <rocksdb/options.h>

#include "db_bench_port/database/caches.h"
#include "db_bench_port/flags/settings.h"

namespace bench {

// The options of every database of this run: from --options_file when given, from the flags otherwise, and in both
// cases with what a benchmark cannot do without (create_if_missing, the shared caches, the statistics).
rocksdb::Options MakeOptions(const Settings& settings, const Caches& caches);

// The parts, each from the flags of one subject.
void SetDatabaseOptions(const Settings& settings, const Caches& caches, rocksdb::Options* options);
void SetWriteOptions(const Settings& settings, rocksdb::Options* options);
void SetMemtableOptions(rocksdb::Options* options);
void SetCompactionOptions(const Settings& settings, rocksdb::Options* options);
void SetBlobOptions(const Settings& settings, const Caches& caches, rocksdb::Options* options);
void SetTableFactory(const Caches& caches, rocksdb::Options* options);

}  // namespace bench
