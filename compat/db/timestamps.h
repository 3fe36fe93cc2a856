// What calls say about timestamps, checked against the family: RocksDB's statuses. Keys and bounds without timestamps
// as the engine wants them.
//
// Threads: plain functions, safe from any thread.
#pragma once

#include <rocksdb/options.h>

#include <string>

#include "compat/db/core.h"
#include "compat/status_map.h"

namespace gneiss::compat {

inline bool HasTimestamps(const rocksdb::ColumnFamilyHandle* family) {
  return FamilyOf(family)->order.has_timestamps();
}

rocksdb::Status TimestampsEnabledError(const std::string& family_name);
// For calls without a timestamp: the family must not have any.
inline rocksdb::Status CheckNoTimestamps(const rocksdb::ColumnFamilyHandle* family) {
  if (!HasTimestamps(family)) [[likely]]
    return rocksdb::Status::OK();
  return TimestampsEnabledError(FamilyOf(family)->name);
}
// For calls with one.
rocksdb::Status CheckTimestamp(const rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& timestamp);
// ReadOptions::timestamp, given or not.
rocksdb::Status CheckReadTimestamp(const rocksdb::ReadOptions& options, const rocksdb::ColumnFamilyHandle* family);

// The end of a range, or a begin, as the engine has it: before all versions of the key. Null: unbounded.
class RangeBound {
 public:
  RangeBound(const rocksdb::Slice* bare_key, const KeyOrder& order) : is_set_(bare_key != nullptr) {
    if (!is_set_) return;
    slice_ = ToEngine(*bare_key);
    if (!order.has_timestamps()) return;
    bytes_ = order.BeforeVersions(slice_);
    slice_ = bytes_;
  }
  RangeBound(const RangeBound&) = delete;
  RangeBound& operator=(const RangeBound&) = delete;
  const Slice* get() const { return is_set_ ? &slice_ : nullptr; }
  Slice slice() const { return slice_; }

 private:
  const bool is_set_;
  std::string bytes_;
  Slice slice_;
};

}  // namespace gneiss::compat
