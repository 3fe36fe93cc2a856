#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>

#include "db_bench_port/data/key_format.h"
#include "db_bench_port/errors.h"
#include "db_bench_port/flags/flags.h"
#include "db_bench_port/runner/params.h"

namespace bench {

// Deletes ranges of keys among other writes: one range tombstone each, or with --expand_range_tombstones one delete per
// key.
class RangeDeleter {
 public:
  RangeDeleter(KeyBuffer begin, KeyBuffer end, const RangeDeletions& deletions)
      : begin_(std::move(begin)), end_(std::move(end)), width_(deletions.width) {}

  // `family` is null for the default one.
  void AddTo(rocksdb::WriteBatch* batch, rocksdb::ColumnFamilyHandle* family, uint64_t first, int64_t key_count) {
    ++done_;
    if (!FLAGS_expand_range_tombstones) {
      const auto& begin = begin_.Make(first, key_count);
      const auto& end = end_.Make(first + width_, key_count);
      CheckOk("deleterange", batch->DeleteRange(family, begin, end));
      return;
    }
    for (int64_t i = 0; i < width_; ++i) CheckOk("delete", batch->Delete(family, begin_.Make(first + i, key_count)));
  }

  int64_t done() const { return done_; }

 private:
  KeyBuffer begin_;
  KeyBuffer end_;
  int64_t width_;
  int64_t done_ = 0;
};

}  // namespace bench
