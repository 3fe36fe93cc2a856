#include "compat/options/mutable_options.h"

#include <rocksdb/convenience.h>

#include "compat/options/sanitize.h"

namespace gneiss::compat {

using rocksdb::ColumnFamilyOptions;
using rocksdb::ConfigOptions;
using rocksdb::DBOptions;
using rocksdb::OptionTypeInfo;
using rocksdb::Status;

Status ApplyMutableCfOptions(const DBOptions& db_options, const StringMap& values, ColumnFamilyOptions* options) {
  if (values.empty()) return Status::InvalidArgument("empty input");
  ConfigOptions how;
  how.mutable_options_only = true;
  ColumnFamilyOptions changed;
  Status s = rocksdb::GetColumnFamilyOptionsFromMap(how, *options, values, &changed);
  if (s.ok()) s = ValidateCfOptions(db_options, changed);
  if (s.ok()) *options = changed;
  return s;
}

Status ApplyMutableDbOptions(const StringMap& values, DBOptions* options) {
  if (values.empty()) return Status::InvalidArgument("empty input");
  DBOptions changed = *options;
  Status s = OptionTypeInfo::ParseType(ConfigOptions(), values, MutableDbFields(), &changed);
  // An open database always syncs in steps once this has been called, as RocksDB's does.
  if (changed.bytes_per_sync == 0) changed.bytes_per_sync = 1 << 20;
  if (s.ok()) s = ValidateDbOptions(changed);
  if (s.ok()) *options = changed;
  return s;
}

bool MutableDbOptionsAreEqual(const DBOptions& a, const DBOptions& b) {
  std::string mismatch;
  return OptionTypeInfo::TypesAreEqual(ConfigOptions(), MutableDbFields(), &a, &b, &mismatch);
}

}  // namespace gneiss::compat
