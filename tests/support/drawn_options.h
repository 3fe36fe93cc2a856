// Options drawn at random from what both libraries can do, small enough that little data causes flushes and merges.
#pragma once

#include <rocksdb/options.h>

#include <cstdint>
#include <string>

namespace gneiss {

struct DrawnOptions {
  rocksdb::DBOptions db;
  rocksdb::ColumnFamilyOptions family;
  // In words, for a failure's report.
  std::string text;
};

// `directory` is where the database will be. Files lie in up to three directories below it. A database keeps its `seed`
// for life; `opening` draws what may change when it is opened again.
DrawnOptions DrawOptions(uint64_t seed, uint64_t opening, const std::string& directory);

// A LOG that nobody reads only costs time.
std::shared_ptr<rocksdb::Logger> NewSilentLogger();

}  // namespace gneiss
