#pragma once

#include <rocksdb/options.h>

#include <cstdint>

namespace bench {

// Range deletions among writes: one after every `every` writes, from the `after`-th on, `count` in all, each over
// `width` keys.
struct RangeDeletions {
  int64_t after = 0;
  int64_t every = 0;  // 0: none
  int64_t width = 0;
  int64_t count = 0;

  bool IsDue(int64_t writes) const {
    if (every <= 0 || writes <= after) return false;
    const int64_t since = writes - after;
    return since % every == 0 && since / every <= count;
  }
};

// What one benchmark works with: the flags as they are, and then what the benchmark's own definition changes.
struct Params {
  int64_t num = 0;
  int64_t reads = 0;
  int64_t writes = 0;
  int64_t deletes = 0;
  int64_t readwrites = 0;
  int64_t merge_keys = 0;
  int key_size = 0;
  int value_size = 0;
  int64_t entries_per_batch = 1;
  int threads = 1;
  bool reads_operands = false;  // with GetMergeOperands
  RangeDeletions range_deletions;
  rocksdb::ReadOptions read_options;
  rocksdb::WriteOptions write_options;
};

Params ParamsFromFlags();

}  // namespace bench
