#pragma once

#include <rocksdb/slice.h>

#include <memory>
#include <random>
#include <string>

#include "db_bench_port/flags/settings.h"

namespace bench {

// Values: pieces of one pool of text that compresses to the share of its size that --compression_ratio asks for. The
// pool is larger than any compressor's window, so values taken in a row look fresh. The bytes are those of db_bench.
//
// Threads: one object per thread.
class ValueSource {
 public:
  ValueSource(const Settings& settings, uint32_t fixed_bytes);

  rocksdb::Slice Next() { return Next(NextSize()); }
  rocksdb::Slice Next(uint32_t bytes);

 private:
  uint32_t NextSize();

  ValueSizes sizes_;
  uint32_t fixed_bytes_;
  std::mt19937 size_engine_;
  std::normal_distribution<double> normal_;
  std::uniform_int_distribution<uint32_t> uniform_;
  std::string pool_;
  size_t position_ = 0;
};

}  // namespace bench
