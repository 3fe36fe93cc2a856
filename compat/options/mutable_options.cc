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

void CopyMutableDbOptions(const DBOptions& from, DBOptions* to) {
  to->compaction_readahead_size = from.compaction_readahead_size;
  to->strict_bytes_per_sync = from.strict_bytes_per_sync;
  to->bytes_per_sync = from.bytes_per_sync;
  to->max_background_jobs = from.max_background_jobs;
  to->avoid_flush_during_shutdown = from.avoid_flush_during_shutdown;
  to->max_background_flushes = from.max_background_flushes;
  to->delayed_write_rate = from.delayed_write_rate;
  to->max_open_files = from.max_open_files;
  to->max_subcompactions = from.max_subcompactions;
  to->writable_file_max_buffer_size = from.writable_file_max_buffer_size;
  to->wal_bytes_per_sync = from.wal_bytes_per_sync;
  to->max_background_compactions = from.max_background_compactions;
  to->max_total_wal_size = from.max_total_wal_size;
  to->delete_obsolete_files_period_micros = from.delete_obsolete_files_period_micros;
  to->stats_dump_period_sec = from.stats_dump_period_sec;
  to->stats_history_buffer_size = from.stats_history_buffer_size;
  to->stats_persist_period_sec = from.stats_persist_period_sec;
}

bool MutableDbOptionsAreEqual(const DBOptions& a, const DBOptions& b) {
  std::string mismatch;
  return OptionTypeInfo::TypesAreEqual(ConfigOptions(), MutableDbFields(), &a, &b, &mismatch);
}

}  // namespace gneiss::compat
