// rocksdb::ReadOptions and WriteOptions as the engine's parameters: copies of fields.
#pragma once

#include <rocksdb/options.h>

#include "compat/db/core.h"
#include "engine/db/database.h"

namespace gneiss::compat {

inline ReadParams TableParamsOf(const rocksdb::ReadOptions& options) {
  return {.verify_checksums = options.verify_checksums,
          .fill_cache = options.fill_cache,
          .cache_only = options.read_tier == rocksdb::kBlockCacheTier,
          .total_order_seek = options.total_order_seek,
          .prefix_same_as_start = options.prefix_same_as_start,
          .readahead_bytes = options.readahead_size,
          .ignore_range_deletions = options.ignore_range_deletions};
}

inline bool NeedsGate(const rocksdb::ReadOptions& options) {
  return options.deadline.count() != 0 || options.rate_limiter_priority != rocksdb::Env::IO_TOTAL;
}

// ReadOptions::deadline and rate_limiter_priority: asked before each block that comes from a file.
class ReadOptionsGate final : public ReadGate {
 public:
  ReadOptionsGate(const DbCore& core, const rocksdb::ReadOptions& options)
      : core_(core), deadline_us_(options.deadline.count()), priority_(options.rate_limiter_priority) {}
  Status BeforeRead(uint64_t bytes) override;
  bool IsPastDeadline() const;

 private:
  const DbCore& core_;
  const int64_t deadline_us_;
  const rocksdb::Env::IOPriority priority_;
};

inline DbReadParams ReadParamsOf(const rocksdb::ReadOptions& options, ReadGate* gate = nullptr) {
  DbReadParams params = {.table = TableParamsOf(options),
                         .snapshot = SnapshotOf(options.snapshot),
                         .persisted_only = options.read_tier == rocksdb::kPersistedTier};
  params.table.gate = gate;
  return params;
}

inline WriteParams WriteParamsOf(const rocksdb::WriteOptions& options) {
  return {.sync = options.sync,
          .disable_wal = options.disableWAL,
          .no_slowdown = options.no_slowdown,
          .low_priority = options.low_pri,
          .ignore_missing_families = options.ignore_missing_column_families};
}

}  // namespace gneiss::compat
