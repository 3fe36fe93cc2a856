#include "compat/db/timestamps.h"

namespace gneiss::compat {

rocksdb::Status TimestampsEnabledError(const std::string& family_name) {
  return rocksdb::Status::InvalidArgument("cannot call this method on column family " + family_name +
                                          " that enables timestamp");
}

rocksdb::Status CheckTimestamp(const rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& timestamp) {
  if (family == nullptr) return rocksdb::Status::InvalidArgument("column family handle cannot be null");
  const size_t bytes = FamilyOf(family)->order.timestamp_bytes();
  if (bytes == 0) {
    return rocksdb::Status::InvalidArgument("cannot call this method on column family " + FamilyOf(family)->name +
                                            " that does not enable timestamp");
  }
  if (timestamp.size() == bytes) return rocksdb::Status::OK();
  return rocksdb::Status::InvalidArgument("Timestamp sizes mismatch: expect " + std::to_string(bytes) + ", " +
                                          std::to_string(timestamp.size()) + " given");
}

rocksdb::Status CheckReadTimestamp(const rocksdb::ReadOptions& options, const rocksdb::ColumnFamilyHandle* family) {
  if (options.timestamp == nullptr) return CheckNoTimestamps(family);
  const rocksdb::Status checked = CheckTimestamp(family, *options.timestamp);
  return checked.ok() ? ToRocks(FamilyOf(family)->CheckReadTimestamp(ToEngine(*options.timestamp))) : checked;
}

}  // namespace gneiss::compat
