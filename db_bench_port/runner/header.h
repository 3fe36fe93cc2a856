#pragma once

#include <rocksdb/options.h>

namespace bench {

// Prints what is run on: machine and library to stderr, the sizes and settings to stdout, as db_bench does.
void PrintHeader(const rocksdb::Options& options);

}  // namespace bench
