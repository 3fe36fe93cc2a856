// rocksdb/utilities/backup_engine.h
#include <rocksdb/utilities/backup_engine.h>

#include <cinttypes>
#include <cstdio>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::NotBuiltIo;

IOStatus BackupEngine::Open(const BackupEngineOptions&, Env*, BackupEngine** backup_engine_ptr) {
  *backup_engine_ptr = nullptr;
  return NotBuiltIo("BackupEngine");
}

IOStatus BackupEngineReadOnly::Open(const BackupEngineOptions&, Env*, BackupEngineReadOnly** backup_engine_ptr) {
  *backup_engine_ptr = nullptr;
  return NotBuiltIo("BackupEngineReadOnly");
}

void BackupEngineOptions::Dump(Logger* logger) const {
  Info(logger, "               Options.backup_dir: %s", backup_dir.c_str());
  Info(logger, "               Options.backup_env: %p", static_cast<void*>(backup_env));
  Info(logger, "        Options.share_table_files: %d", share_table_files);
  Info(logger, "                 Options.info_log: %p", static_cast<void*>(info_log));
  Info(logger, "                     Options.sync: %d", sync);
  Info(logger, "         Options.destroy_old_data: %d", destroy_old_data);
  Info(logger, "         Options.backup_log_files: %d", backup_log_files);
  Info(logger, "        Options.backup_rate_limit: %" PRIu64, backup_rate_limit);
  Info(logger, "       Options.restore_rate_limit: %" PRIu64, restore_rate_limit);
  Info(logger, "Options.max_background_operations: %d", max_background_operations);
}

void BackupStatistics::IncrementNumberSuccessBackup() { ++number_success_backup; }

void BackupStatistics::IncrementNumberFailBackup() { ++number_fail_backup; }

uint32_t BackupStatistics::GetNumberSuccessBackup() const { return number_success_backup; }

uint32_t BackupStatistics::GetNumberFailBackup() const { return number_fail_backup; }

std::string BackupStatistics::ToString() const {
  return "# success backup: " + std::to_string(number_success_backup) +
         ", # fail backup: " + std::to_string(number_fail_backup);
}

}  // namespace rocksdb
