// rocksdb/utilities/option_change_migration.h: reshapes a database so that it opens with other compaction options.
#include <rocksdb/db.h>
#include <rocksdb/utilities/option_change_migration.h>

#include <limits>
#include <memory>

namespace rocksdb {

namespace {

constexpr int kNoTrigger = 999999;
constexpr uint64_t kOneFile = std::numeric_limits<int64_t>::max();

// Neither compacts by itself nor holds up writes.
Options WithoutCompactions(Options options) {
  options.disable_auto_compactions = true;
  options.level0_slowdown_writes_trigger = kNoTrigger;
  options.level0_stop_writes_trigger = kNoTrigger;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
  return options;
}

Status OpenDb(const Options& options, const std::string& name, std::unique_ptr<DB>* db) {
  DB* opened = nullptr;
  Status status = DB::Open(options, name, &opened);
  db->reset(opened);
  return status;
}

struct Target {
  int level;
  uint64_t level0_file_bytes = kOneFile;
  // Old records of the MANIFEST may name levels that the new options do not have; reopening writes a fresh one.
  bool is_reopened = true;
};

Status CompactTo(const Target& target, const Options& options, const std::string& name) {
  Options quiet = WithoutCompactions(options);
  CompactRangeOptions compact;
  compact.change_level = true;
  compact.target_level = target.level;
  if (target.level == 0) {
    quiet.target_file_size_base = target.level0_file_bytes;
    quiet.max_compaction_bytes = target.level0_file_bytes;
    compact.bottommost_level_compaction = BottommostLevelCompaction::kForce;
  }
  std::unique_ptr<DB> db;
  Status status = OpenDb(quiet, name, &db);
  if (status.ok()) status = db->CompactRange(compact, nullptr, nullptr);
  if (status.ok() && target.is_reopened) {
    db.reset();
    status = OpenDb(quiet, name, &db);
  }
  return status;
}

Status UsesLevelsFrom(int level, const Options& options, const std::string& name, bool* uses) {
  std::unique_ptr<DB> db;
  Status status = OpenDb(WithoutCompactions(options), name, &db);
  if (!status.ok()) return status;
  ColumnFamilyMetaData metadata;
  db->GetColumnFamilyMetaData(&metadata);
  *uses = !metadata.levels.empty() && metadata.levels.back().level >= level;
  return status;
}

Status MigrateToUniversal(const std::string& name, const Options& from, const Options& to) {
  if (from.num_levels <= to.num_levels) return Status::OK();
  bool uses_lost_levels = false;
  Status status = UsesLevelsFrom(to.num_levels, from, name, &uses_lost_levels);
  if (!status.ok() || !uses_lost_levels) return status;
  return CompactTo({.level = to.num_levels - 1}, from, name);
}

Status MigrateToLeveled(const std::string& name, const Options& from, const Options& to) {
  if (from.num_levels == 1) return Status::OK();
  Options options = from;
  options.target_file_size_base = to.target_file_size_base;
  if (!to.level_compaction_dynamic_level_bytes) return CompactTo({.level = 1}, options, name);
  // Dynamic levels fill from the last one up.
  if (to.num_levels > from.num_levels) return CompactTo({.level = to.num_levels - 1, .is_reopened = false}, to, name);
  return CompactTo({.level = to.num_levels - 1}, options, name);
}

Status MigrateToFifo(const std::string& name, const Options& from, const Options& to) {
  Target target{.level = 0};
  // In eight files, so that reaching the size limit drops an eighth and not everything.
  const uint64_t limit = to.compaction_options_fifo.max_table_files_size;
  if (limit >= 8) target.level0_file_bytes = limit / 8;
  return CompactTo(target, from, name);
}

}  // namespace

Status OptionChangeMigration(std::string dbname, const Options& old_opts, const Options& new_opts) {
  if (old_opts.compaction_style == kCompactionStyleFIFO) return Status::OK();  // any style can go on from there
  switch (new_opts.compaction_style) {
    case kCompactionStyleUniversal:
      return MigrateToUniversal(dbname, old_opts, new_opts);
    case kCompactionStyleLevel:
      return MigrateToLeveled(dbname, old_opts, new_opts);
    case kCompactionStyleFIFO:
      return MigrateToFifo(dbname, old_opts, new_opts);
    default:
      return Status::NotSupported("Do not how to migrate to this compaction style");
  }
}

}  // namespace rocksdb
