// c.h: backups, checkpoints, table files written outside a database and their ingestion.
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction_db.h>

#include "compat/c/handles.h"
#include "compat/c/option_handles.h"
#include "compat/c/transaction_handles.h"

using namespace gneiss::compat;
using rocksdb::BackupEngine;
using rocksdb::BackupEngineOptions;
using rocksdb::Checkpoint;
using rocksdb::Slice;
using rocksdb::Status;
using Bool = unsigned char;

struct rocksdb_backup_engine_t {
  std::unique_ptr<BackupEngine> rep;
};
struct rocksdb_backup_engine_info_t {
  std::vector<rocksdb::BackupInfo> rep;
};
struct rocksdb_backup_engine_options_t {
  BackupEngineOptions rep;
};
struct rocksdb_restore_options_t {
  rocksdb::RestoreOptions rep;
};
struct rocksdb_checkpoint_t {
  std::unique_ptr<Checkpoint> rep;
};
struct rocksdb_sstfilewriter_t {
  rocksdb::SstFileWriter rep;
};
struct rocksdb_ingestexternalfileoptions_t {
  rocksdb::IngestExternalFileOptions rep;
};

namespace {

rocksdb_backup_engine_t* OpenBackupEngine(rocksdb::Env* env, const BackupEngineOptions& options, char** errptr) {
  BackupEngine* engine = nullptr;
  if (SaveError(errptr, BackupEngine::Open(env, options, &engine))) return nullptr;
  return new rocksdb_backup_engine_t{std::unique_ptr<BackupEngine>(engine)};
}

rocksdb_checkpoint_t* CreateCheckpointObject(rocksdb::DB* db, char** errptr) {
  Checkpoint* checkpoint = nullptr;
  if (SaveError(errptr, Checkpoint::Create(db, &checkpoint))) return nullptr;
  return new rocksdb_checkpoint_t{std::unique_ptr<Checkpoint>(checkpoint)};
}

std::vector<std::string> ToStrings(const char* const* list, size_t count) {
  return std::vector<std::string>(list, list + count);
}

}  // namespace

#define GNEISS_BACKUP_OPTION(type, name)                                                              \
  GNEISS_C_SET(rocksdb_backup_engine_options_set_##name, rocksdb_backup_engine_options_t, type, name) \
  GNEISS_C_GET(rocksdb_backup_engine_options_get_##name, rocksdb_backup_engine_options_t, type, name)
#define GNEISS_INGEST_OPTION(name) \
  GNEISS_C_SET(rocksdb_ingestexternalfileoptions_set_##name, rocksdb_ingestexternalfileoptions_t, Bool, name)

extern "C" {

rocksdb_backup_engine_t* rocksdb_backup_engine_open(const rocksdb_options_t* options, const char* path, char** errptr) {
  const BackupEngineOptions backup_options(path, nullptr, true, options->rep.info_log.get());
  return OpenBackupEngine(options->rep.env, backup_options, errptr);
}

rocksdb_backup_engine_t* rocksdb_backup_engine_open_opts(const rocksdb_backup_engine_options_t* options,
                                                         rocksdb_env_t* env, char** errptr) {
  return OpenBackupEngine(env->rep, options->rep, errptr);
}

void rocksdb_backup_engine_close(rocksdb_backup_engine_t* be) { delete be; }

void rocksdb_backup_engine_create_new_backup(rocksdb_backup_engine_t* be, rocksdb_t* db, char** errptr) {
  SaveError(errptr, be->rep->CreateNewBackup(db->rep));
}

void rocksdb_backup_engine_create_new_backup_flush(rocksdb_backup_engine_t* be, rocksdb_t* db, Bool flush_before_backup,
                                                   char** errptr) {
  SaveError(errptr, be->rep->CreateNewBackup(db->rep, flush_before_backup != 0));
}

void rocksdb_backup_engine_purge_old_backups(rocksdb_backup_engine_t* be, uint32_t num_backups_to_keep, char** errptr) {
  SaveError(errptr, be->rep->PurgeOldBackups(num_backups_to_keep));
}

void rocksdb_backup_engine_verify_backup(rocksdb_backup_engine_t* be, uint32_t backup_id, char** errptr) {
  SaveError(errptr, be->rep->VerifyBackup(backup_id));
}

void rocksdb_backup_engine_restore_db_from_latest_backup(rocksdb_backup_engine_t* be, const char* db_dir,
                                                         const char* wal_dir,
                                                         const rocksdb_restore_options_t* restore_options,
                                                         char** errptr) {
  SaveError(errptr, be->rep->RestoreDBFromLatestBackup(db_dir, wal_dir, restore_options->rep));
}

void rocksdb_backup_engine_restore_db_from_backup(rocksdb_backup_engine_t* be, const char* db_dir, const char* wal_dir,
                                                  const rocksdb_restore_options_t* restore_options,
                                                  const uint32_t backup_id, char** errptr) {
  SaveError(errptr, be->rep->RestoreDBFromBackup(backup_id, db_dir, wal_dir, restore_options->rep));
}

const rocksdb_backup_engine_info_t* rocksdb_backup_engine_get_backup_info(rocksdb_backup_engine_t* be) {
  auto* info = new rocksdb_backup_engine_info_t();
  be->rep->GetBackupInfo(&info->rep);
  return info;
}

int rocksdb_backup_engine_info_count(const rocksdb_backup_engine_info_t* info) {
  return static_cast<int>(info->rep.size());
}

int64_t rocksdb_backup_engine_info_timestamp(const rocksdb_backup_engine_info_t* info, int index) {
  return info->rep[index].timestamp;
}

uint32_t rocksdb_backup_engine_info_backup_id(const rocksdb_backup_engine_info_t* info, int index) {
  return info->rep[index].backup_id;
}

uint64_t rocksdb_backup_engine_info_size(const rocksdb_backup_engine_info_t* info, int index) {
  return info->rep[index].size;
}

uint32_t rocksdb_backup_engine_info_number_files(const rocksdb_backup_engine_info_t* info, int index) {
  return info->rep[index].number_files;
}

void rocksdb_backup_engine_info_destroy(const rocksdb_backup_engine_info_t* info) { delete info; }

rocksdb_backup_engine_options_t* rocksdb_backup_engine_options_create(const char* backup_dir) {
  return new rocksdb_backup_engine_options_t{BackupEngineOptions(backup_dir)};
}

void rocksdb_backup_engine_options_destroy(rocksdb_backup_engine_options_t* options) { delete options; }

GNEISS_C_SET(rocksdb_backup_engine_options_set_backup_dir, rocksdb_backup_engine_options_t, const char*, backup_dir)
GNEISS_BACKUP_OPTION(Bool, share_table_files)
GNEISS_BACKUP_OPTION(Bool, sync)
GNEISS_BACKUP_OPTION(Bool, destroy_old_data)
GNEISS_BACKUP_OPTION(Bool, backup_log_files)
GNEISS_BACKUP_OPTION(uint64_t, backup_rate_limit)
GNEISS_BACKUP_OPTION(uint64_t, restore_rate_limit)
GNEISS_BACKUP_OPTION(int, max_background_operations)
GNEISS_BACKUP_OPTION(uint64_t, callback_trigger_interval_size)
GNEISS_BACKUP_OPTION(int, max_valid_backups_to_open)
GNEISS_BACKUP_OPTION(int, share_files_with_checksum_naming)

void rocksdb_backup_engine_options_set_env(rocksdb_backup_engine_options_t* options, rocksdb_env_t* env) {
  options->rep.backup_env = env == nullptr ? nullptr : env->rep;
}

GNEISS_C_CREATE_DESTROY(rocksdb_restore_options, rocksdb_restore_options_t)
GNEISS_C_SET(rocksdb_restore_options_set_keep_log_files, rocksdb_restore_options_t, int, keep_log_files)

rocksdb_checkpoint_t* rocksdb_checkpoint_object_create(rocksdb_t* db, char** errptr) {
  return CreateCheckpointObject(db->rep, errptr);
}

rocksdb_checkpoint_t* rocksdb_transactiondb_checkpoint_object_create(rocksdb_transactiondb_t* txn_db, char** errptr) {
  return CreateCheckpointObject(txn_db->rep, errptr);
}

rocksdb_checkpoint_t* rocksdb_optimistictransactiondb_checkpoint_object_create(
    rocksdb_optimistictransactiondb_t* otxn_db, char** errptr) {
  return CreateCheckpointObject(otxn_db->rep, errptr);
}

void rocksdb_checkpoint_create(rocksdb_checkpoint_t* checkpoint, const char* checkpoint_dir,
                               uint64_t log_size_for_flush, char** errptr) {
  SaveError(errptr, checkpoint->rep->CreateCheckpoint(checkpoint_dir, log_size_for_flush));
}

void rocksdb_checkpoint_object_destroy(rocksdb_checkpoint_t* checkpoint) { delete checkpoint; }

rocksdb_sstfilewriter_t* rocksdb_sstfilewriter_create(const rocksdb_envoptions_t* env,
                                                      const rocksdb_options_t* io_options) {
  return new rocksdb_sstfilewriter_t{rocksdb::SstFileWriter(env->rep, io_options->rep)};
}

// The comparator of the options counts, as in RocksDB; the third argument is there for old clients.
rocksdb_sstfilewriter_t* rocksdb_sstfilewriter_create_with_comparator(const rocksdb_envoptions_t* env,
                                                                      const rocksdb_options_t* io_options,
                                                                      const rocksdb_comparator_t*) {
  return rocksdb_sstfilewriter_create(env, io_options);
}

void rocksdb_sstfilewriter_open(rocksdb_sstfilewriter_t* writer, const char* name, char** errptr) {
  SaveError(errptr, writer->rep.Open(name));
}

void rocksdb_sstfilewriter_add(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen, const char* val,
                               size_t vallen, char** errptr) {
  SaveError(errptr, writer->rep.Put(Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_sstfilewriter_put(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen, const char* val,
                               size_t vallen, char** errptr) {
  SaveError(errptr, writer->rep.Put(Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_sstfilewriter_put_with_ts(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen, const char* ts,
                                       size_t tslen, const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, writer->rep.Put(Slice(key, keylen), Slice(ts, tslen), Slice(val, vallen)));
}

void rocksdb_sstfilewriter_merge(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen, const char* val,
                                 size_t vallen, char** errptr) {
  SaveError(errptr, writer->rep.Merge(Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_sstfilewriter_delete(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen, char** errptr) {
  SaveError(errptr, writer->rep.Delete(Slice(key, keylen)));
}

void rocksdb_sstfilewriter_delete_with_ts(rocksdb_sstfilewriter_t* writer, const char* key, size_t keylen,
                                          const char* ts, size_t tslen, char** errptr) {
  SaveError(errptr, writer->rep.Delete(Slice(key, keylen), Slice(ts, tslen)));
}

void rocksdb_sstfilewriter_delete_range(rocksdb_sstfilewriter_t* writer, const char* begin_key, size_t begin_keylen,
                                        const char* end_key, size_t end_keylen, char** errptr) {
  SaveError(errptr, writer->rep.DeleteRange(Slice(begin_key, begin_keylen), Slice(end_key, end_keylen)));
}

void rocksdb_sstfilewriter_finish(rocksdb_sstfilewriter_t* writer, char** errptr) {
  SaveError(errptr, writer->rep.Finish(nullptr));
}

void rocksdb_sstfilewriter_file_size(rocksdb_sstfilewriter_t* writer, uint64_t* file_size) {
  *file_size = writer->rep.FileSize();
}

void rocksdb_sstfilewriter_destroy(rocksdb_sstfilewriter_t* writer) { delete writer; }

GNEISS_C_CREATE_DESTROY(rocksdb_ingestexternalfileoptions, rocksdb_ingestexternalfileoptions_t)
GNEISS_INGEST_OPTION(move_files)
GNEISS_INGEST_OPTION(snapshot_consistency)
GNEISS_INGEST_OPTION(allow_global_seqno)
GNEISS_INGEST_OPTION(allow_blocking_flush)
GNEISS_INGEST_OPTION(ingest_behind)

void rocksdb_ingest_external_file(rocksdb_t* db, const char* const* file_list, const size_t list_len,
                                  const rocksdb_ingestexternalfileoptions_t* opt, char** errptr) {
  SaveError(errptr, db->rep->IngestExternalFile(ToStrings(file_list, list_len), opt->rep));
}

void rocksdb_ingest_external_file_cf(rocksdb_t* db, CfHandle* handle, const char* const* file_list,
                                     const size_t list_len, const rocksdb_ingestexternalfileoptions_t* opt,
                                     char** errptr) {
  SaveError(errptr, db->rep->IngestExternalFile(handle->rep, ToStrings(file_list, list_len), opt->rep));
}

}  // extern "C"
