#pragma once

#include <rocksdb/db.h>

// What --stats_per_interval and --thread_status_per_interval add to an interval's report, on stderr.
namespace bench {

void PrintDatabaseStats(rocksdb::DB* db);
void PrintThreadStatus();

}  // namespace bench
