// Opening, closing, destroying.

#include <rocksdb/convenience.h>
#include <rocksdb/version.h>

#include <algorithm>
#include <random>

#include "compat/db/db_impl.h"
#include "compat/db/open_config.h"
#include "compat/db/persisted_stats.h"
#include "compat/db/stats_history.h"
#include "compat/not_supported.h"
#include "compat/options/sanitize.h"
#include "compat/options/sst_file_manager.h"
#include "compat/status_map.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

namespace {

// Twenty characters of 0-9A-Z, as RocksDB's session ids.
std::string NewSessionId() {
  static constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::random_device device;
  std::string id;
  for (int i = 0; i < 20; ++i) id.push_back(kDigits[device() % 36]);
  return id;
}

std::vector<rocksdb::ColumnFamilyDescriptor> OnlyDefault(const rocksdb::Options& options) {
  return {rocksdb::ColumnFamilyDescriptor(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions(options))};
}

// The caller need not know the family of persist_stats_to_disk.
std::vector<rocksdb::ColumnFamilyDescriptor> WithStatsFamily(
    const DatabaseConfig& config, const std::string& name,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  const std::string& stats = rocksdb::kPersistentStatsColumnFamilyName;
  std::vector<rocksdb::ColumnFamilyDescriptor> all = families;
  const bool is_named =
      std::any_of(families.begin(), families.end(), [&](const auto& each) { return each.name == stats; });
  std::vector<std::string> there;
  ListFamilies(config, name, &there).IgnoreError("a new database has none");
  if (!is_named && std::find(there.begin(), there.end(), stats) != there.end()) {
    all.emplace_back(stats, StatsFamilyOptions());
  }
  return all;
}

// LOG begins as RocksDB's does: tools read the version and the options there.
void LogOptions(const DbCore& core) {
  rocksdb::Logger* const log = core.db_options.info_log.get();
  if (log == nullptr) return;
  rocksdb::Header(log, "RocksDB version: %s\n", rocksdb::GetRocksVersionAsString(true).c_str());
  rocksdb::Header(log, "DB Session ID:  %s\n", core.session_id.c_str());
  core.db_options.Dump(log);
  for (const auto& [name, family] : core.family_options) {
    rocksdb::Header(log, "--------------- Options for column family [%s]:\n", name.c_str());
    family.options.Dump(log);
  }
}

// What is there already.
void TellFileSpace(const DbCore& core) {
  if (core.file_space == nullptr) return;
  BuiltinSstFileManager(core.db_options.sst_file_manager.get())->SetStatisticsPtr(core.db_options.statistics);
  const LiveFileSet live = core.database->LiveFiles();
  for (const LiveTable& table : live.tables) {
    core.file_space->FileAdded(TableName(table.family->opener->DirectoryOf(table.meta), table.meta.number),
                               table.meta.file_bytes);
  }
  for (const LiveBlobFile& file : live.blob_files) {
    core.file_space->FileAdded(file.family->blob_opener->PathOf(file.meta.number));
  }
}

}  // namespace

DbImpl::DbImpl(std::shared_ptr<DbCore> core)
    : core_(std::move(core)), stats_history_(std::make_shared<StatsHistory>()) {
  default_handle_ = MakeHandle(core_->database->DefaultFamily());
}

DbImpl::~DbImpl() {
  periodic_work_.Stop();
  are_manual_compactions_canceled_.store(true);
  core_->database->Close().IgnoreError("a destructor has no one to tell");
}

rocksdb::Status DbImpl::Open(const rocksdb::DBOptions& db_options, const std::string& name,
                             const std::vector<rocksdb::ColumnFamilyDescriptor>& families, bool is_read_only,
                             bool error_if_wal_file_exists, std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                             rocksdb::DB** db, bool is_secondary) {
  *db = nullptr;
  if (handles != nullptr) handles->clear();
  const bool has_default = std::any_of(families.begin(), families.end(), [](const auto& family) {
    return family.name == rocksdb::kDefaultColumnFamilyName;
  });
  if (!has_default) return rocksdb::Status::InvalidArgument("Default column family not specified");
  rocksdb::Status status = ValidateForOpen(db_options, families);
  if (!status.ok()) return status;
  auto core = std::make_shared<DbCore>();
  core->name = name;
  core->session_id = NewSessionId();
  rocksdb::Status log_status;
  core->db_options = SanitizeDbOptions(name, db_options, is_read_only, &log_status);
  log_status.PermitUncheckedError();
  DatabaseConfig config;
  status = DatabaseConfigOf(core.get(), &config);
  if (!status.ok()) return status;
  config.is_read_only = is_read_only;
  config.error_if_wal_file_exists = error_if_wal_file_exists;
  config.is_secondary = is_secondary;
  if (is_secondary) config.wal_recovery_mode = WalRecoveryMode::kPointInTimeRecovery;  // the newest log ends anywhere
  std::vector<FamilyDescriptor> descriptors;
  const bool persists_stats = db_options.persist_stats_to_disk && !is_read_only;
  for (const rocksdb::ColumnFamilyDescriptor& family :
       persists_stats ? WithStatsFamily(config, name, families) : families) {
    rocksdb::ColumnFamilyOptions sanitized;
    status = FamilyDescriptorOf(*core, family.name, family.options, &sanitized, &descriptors.emplace_back());
    if (!status.ok()) return status;
    core->family_options[family.name] = {sanitized, {}};
    if (sanitized.inplace_update_support) core->has_inplace_updates.store(true);
  }
  LogOptions(*core);
  std::vector<FamilyPtr> opened;
  status = ToRocks(Database::Open(config, name, descriptors, &opened, &core->database));
  if (!status.ok()) return status;
  for (const FamilyPtr& family : opened) core->families[family->name] = family;
  auto impl = std::make_unique<DbImpl>(core);
  impl->is_secondary_ = is_secondary;
  core->db.store(impl.get());
  if (persists_stats) {
    status = impl->OpenStatsFamily();
    if (!status.ok()) return status;
  }
  if (!is_read_only) {
    TellFileSpace(*core);
    impl->StartPeriodicWork();
  }
  std::vector<std::unique_ptr<rocksdb::ColumnFamilyHandle>> made;
  if (handles != nullptr) {
    for (size_t i = 0; i < families.size(); ++i) made.push_back(impl->MakeHandle(opened[i]));
  }
  if (handles != nullptr) handles->reserve(handles->size() + made.size());
  for (auto& handle : made) handles->push_back(handle.release());
  *db = impl.release();
  if (core->db_options.info_log != nullptr) core->db_options.info_log->Flush();
  return status;
}

rocksdb::Status DbImpl::Close() {
  if (core_->database->Facts().snapshot_count > 0) {
    return rocksdb::Status::Aborted("Cannot close DB with unreleased snapshot.");
  }
  are_manual_compactions_canceled_.store(true);
  periodic_work_.Stop();
  return ToRocks(core_->database->Close());
}
rocksdb::Status DbImpl::TryCatchUpWithPrimary() { return ToRocks(core_->database->CatchUp()); }
rocksdb::Status DbImpl::Resume() { return ToRocks(core_->database->Resume()); }

}  // namespace gneiss::compat

namespace rocksdb {

using gneiss::compat::DbImpl;
using gneiss::compat::NotBuilt;

DB::~DB() = default;

Status DB::Open(const Options& options, const std::string& name, DB** dbptr) {
  return DbImpl::Open(options, name, gneiss::compat::OnlyDefault(options), false, false, nullptr, dbptr);
}
Status DB::Open(const DBOptions& db_options, const std::string& name,
                const std::vector<ColumnFamilyDescriptor>& column_families, std::vector<ColumnFamilyHandle*>* handles,
                DB** dbptr) {
  return DbImpl::Open(db_options, name, column_families, false, false, handles, dbptr);
}
Status DB::OpenForReadOnly(const Options& options, const std::string& name, DB** dbptr, bool error_if_wal_file_exists) {
  return DbImpl::Open(options, name, gneiss::compat::OnlyDefault(options), true, error_if_wal_file_exists, nullptr,
                      dbptr);
}
Status DB::OpenForReadOnly(const DBOptions& db_options, const std::string& name,
                           const std::vector<ColumnFamilyDescriptor>& column_families,
                           std::vector<ColumnFamilyHandle*>* handles, DB** dbptr, bool error_if_wal_file_exists) {
  return DbImpl::Open(db_options, name, column_families, true, error_if_wal_file_exists, handles, dbptr);
}
Status DB::OpenAsSecondary(const Options& options, const std::string& name, const std::string& secondary_path,
                           DB** dbptr) {
  std::vector<ColumnFamilyHandle*> handles;
  const Status status =
      OpenAsSecondary(options, name, secondary_path, gneiss::compat::OnlyDefault(options), &handles, dbptr);
  for (ColumnFamilyHandle* handle : handles) delete handle;
  return status;
}
// The secondary's own directory holds its LOG.
Status DB::OpenAsSecondary(const DBOptions& db_options, const std::string& name, const std::string& secondary_path,
                           const std::vector<ColumnFamilyDescriptor>& column_families,
                           std::vector<ColumnFamilyHandle*>* handles, DB** dbptr) {
  *dbptr = nullptr;
  DBOptions options = db_options;
  if (options.info_log == nullptr) {
    const Status logged = CreateLoggerFromOptions(secondary_path, options, &options.info_log);
    if (!logged.ok()) return logged;
  }
  return DbImpl::Open(options, name, column_families, true, false, handles, dbptr, /*is_secondary=*/true);
}
Status DB::OpenAndCompact(const std::string&, const std::string&, const std::string&, std::string*,
                          const CompactionServiceOptionsOverride&) {
  return NotBuilt("DB::OpenAndCompact");
}
Status DB::OpenAndCompact(const OpenAndCompactOptions&, const std::string&, const std::string&, const std::string&,
                          std::string*, const CompactionServiceOptionsOverride&) {
  return NotBuilt("DB::OpenAndCompact");
}
Status DB::OpenAndTrimHistory(const DBOptions& db_options, const std::string& name,
                              const std::vector<ColumnFamilyDescriptor>& column_families,
                              std::vector<ColumnFamilyHandle*>* handles, DB** dbptr, std::string trim_ts) {
  *dbptr = nullptr;
  // What stays in the log would come back whole.
  if (db_options.avoid_flush_during_recovery) {
    return Status::InvalidArgument("avoid_flush_during_recovery incompatible with OpenAndTrimHistory");
  }
  DB* db = nullptr;
  Status status = Open(db_options, name, column_families, handles, &db);
  if (!status.ok()) return status;
  status = static_cast<DbImpl*>(db)->TrimHistory(*handles, trim_ts);
  if (status.ok()) {
    *dbptr = db;
    return status;
  }
  for (ColumnFamilyHandle* handle : *handles) delete handle;
  handles->clear();
  delete db;
  return status;
}

Status DB::ListColumnFamilies(const DBOptions& db_options, const std::string& name,
                              std::vector<std::string>* column_families) {
  gneiss::compat::DbCore core;
  core.name = name;
  core.db_options = db_options;
  gneiss::DatabaseConfig config;
  const Status status = gneiss::compat::DatabaseConfigOf(&core, &config);
  if (!status.ok()) return status;
  return gneiss::compat::ToRocks(gneiss::ListFamilies(config, name, column_families));
}

Status DestroyDB(const std::string& name, const Options& options, const std::vector<ColumnFamilyDescriptor>& families) {
  gneiss::compat::DbCore core;
  core.name = name;
  Status log_status;
  core.db_options = gneiss::compat::SanitizeDbOptions(name, options, /*read_only=*/true, &log_status);
  log_status.PermitUncheckedError();
  gneiss::DatabaseConfig config;
  const Status status = gneiss::compat::DatabaseConfigOf(&core, &config);
  if (!status.ok()) return status;
  std::vector<gneiss::FamilyDescriptor> descriptors;
  for (const ColumnFamilyDescriptor& family : families) {
    gneiss::FamilyDescriptor& descriptor = descriptors.emplace_back();
    descriptor.name = family.name;
    for (const DbPath& path : family.options.cf_paths) descriptor.config.paths.push_back(path.path);
  }
  return gneiss::compat::ToRocks(gneiss::DestroyDatabase(config, name, descriptors));
}

namespace {

Status Repair(const std::string& name, const DBOptions& db_options,
              const std::vector<ColumnFamilyDescriptor>& column_families, const ColumnFamilyOptions* unknown) {
  gneiss::compat::DbCore core;
  core.name = name;
  core.session_id = gneiss::compat::NewSessionId();
  Status log_status;
  core.db_options = gneiss::compat::SanitizeDbOptions(name, db_options, /*read_only=*/false, &log_status);
  log_status.PermitUncheckedError();
  gneiss::DatabaseConfig config;
  Status status = gneiss::compat::DatabaseConfigOf(&core, &config);
  gneiss::RepairParams params;
  ColumnFamilyOptions sanitized;
  for (const ColumnFamilyDescriptor& family : column_families) {
    if (!status.ok()) return status;
    status = gneiss::compat::FamilyDescriptorOf(core, family.name, family.options, &sanitized,
                                                &params.families.emplace_back());
  }
  if (status.ok() && unknown != nullptr) {
    status = gneiss::compat::FamilyDescriptorOf(core, "", *unknown, &sanitized, &params.unknown_family.emplace());
  }
  return status.ok() ? gneiss::compat::ToRocks(gneiss::RepairDatabase(config, name, params)) : status;
}

Status CheckHasDefault(const std::vector<ColumnFamilyDescriptor>& column_families) {
  for (const ColumnFamilyDescriptor& family : column_families) {
    if (family.name == kDefaultColumnFamilyName) return Status::OK();
  }
  return Status::InvalidArgument("column_families", "Must contain entry for default column family");
}

}  // namespace

Status RepairDB(const std::string& name, const DBOptions& db_options,
                const std::vector<ColumnFamilyDescriptor>& column_families) {
  const Status checked = CheckHasDefault(column_families);
  return checked.ok() ? Repair(name, db_options, column_families, nullptr) : checked;
}
Status RepairDB(const std::string& name, const DBOptions& db_options,
                const std::vector<ColumnFamilyDescriptor>& column_families,
                const ColumnFamilyOptions& unknown_options) {
  const Status checked = CheckHasDefault(column_families);
  return checked.ok() ? Repair(name, db_options, column_families, &unknown_options) : checked;
}
Status RepairDB(const std::string& name, const Options& options) {
  const ColumnFamilyOptions family(options);
  return Repair(name, options, gneiss::compat::OnlyDefault(options), &family);
}

}  // namespace rocksdb
