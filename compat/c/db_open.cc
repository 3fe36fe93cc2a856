// c.h: opening, closing and destroying databases; column families.
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/options_util.h>

#include <cstdlib>

#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::ColumnFamilyHandle;
using rocksdb::ColumnFamilyOptions;
using rocksdb::DB;
using rocksdb::DBOptions;
using rocksdb::DBWithTTL;
using rocksdb::Status;

namespace {

// Runs `open(descriptors, &handles, &db)` and hands the handles out, for all the ..._column_families functions.
template <class Open>
rocksdb_t* OpenColumnFamilies(int count, const char* const* names, const rocksdb_options_t* const* options,
                              CfHandle** handles_out, char** errptr, Open open) {
  DB* db = nullptr;
  std::vector<ColumnFamilyHandle*> handles;
  if (SaveError(errptr, open(ToDescriptors(count, names, options), &handles, &db))) return nullptr;
  WrapHandles(handles, handles_out);
  return new rocksdb_t{db};
}

}  // namespace

extern "C" {

rocksdb_t* rocksdb_open(const rocksdb_options_t* options, const char* name, char** errptr) {
  DB* db = nullptr;
  const Status status = DB::Open(options->rep, name, &db);
  return WrapOrNull<rocksdb_t>(errptr, status, db);
}

rocksdb_t* rocksdb_open_with_ttl(const rocksdb_options_t* options, const char* name, int ttl, char** errptr) {
  DBWithTTL* db = nullptr;
  const Status status = DBWithTTL::Open(options->rep, name, &db, ttl);
  return WrapOrNull<rocksdb_t>(errptr, status, static_cast<DB*>(db));
}

rocksdb_t* rocksdb_open_for_read_only(const rocksdb_options_t* options, const char* name,
                                      unsigned char error_if_wal_file_exists, char** errptr) {
  DB* db = nullptr;
  const Status status = DB::OpenForReadOnly(options->rep, name, &db, error_if_wal_file_exists != 0);
  return WrapOrNull<rocksdb_t>(errptr, status, db);
}

rocksdb_t* rocksdb_open_as_secondary(const rocksdb_options_t* options, const char* name, const char* secondary_path,
                                     char** errptr) {
  DB* db = nullptr;
  const Status status = DB::OpenAsSecondary(options->rep, name, secondary_path, &db);
  return WrapOrNull<rocksdb_t>(errptr, status, db);
}

rocksdb_t* rocksdb_open_column_families(const rocksdb_options_t* db_options, const char* name, int num_column_families,
                                        const char* const* column_family_names,
                                        const rocksdb_options_t* const* column_family_options,
                                        CfHandle** column_family_handles, char** errptr) {
  return OpenColumnFamilies(num_column_families, column_family_names, column_family_options, column_family_handles,
                            errptr, [&](const auto& families, auto* handles, DB** db) {
                              return DB::Open(DBOptions(db_options->rep), name, families, handles, db);
                            });
}

rocksdb_t* rocksdb_open_and_trim_history(const rocksdb_options_t* db_options, const char* name, int num_column_families,
                                         const char* const* column_family_names,
                                         const rocksdb_options_t* const* column_family_options,
                                         CfHandle** column_family_handles, char* trim_ts, size_t trim_tslen,
                                         char** errptr) {
  return OpenColumnFamilies(num_column_families, column_family_names, column_family_options, column_family_handles,
                            errptr, [&](const auto& families, auto* handles, DB** db) {
                              return DB::OpenAndTrimHistory(DBOptions(db_options->rep), name, families, handles, db,
                                                            std::string(trim_ts, trim_tslen));
                            });
}

rocksdb_t* rocksdb_open_column_families_with_ttl(const rocksdb_options_t* db_options, const char* name,
                                                 int num_column_families, const char* const* column_family_names,
                                                 const rocksdb_options_t* const* column_family_options,
                                                 CfHandle** column_family_handles, const int* ttls, char** errptr) {
  const std::vector<int32_t> ttl_list(ttls, ttls + num_column_families);
  return OpenColumnFamilies(num_column_families, column_family_names, column_family_options, column_family_handles,
                            errptr, [&](const auto& families, auto* handles, DB** db) {
                              DBWithTTL* ttl_db = nullptr;
                              Status status = DBWithTTL::Open(DBOptions(db_options->rep), name, families, handles,
                                                              &ttl_db, ttl_list);
                              *db = ttl_db;
                              return status;
                            });
}

rocksdb_t* rocksdb_open_for_read_only_column_families(const rocksdb_options_t* db_options, const char* name,
                                                      int num_column_families, const char* const* column_family_names,
                                                      const rocksdb_options_t* const* column_family_options,
                                                      CfHandle** column_family_handles,
                                                      unsigned char error_if_wal_file_exists, char** errptr) {
  return OpenColumnFamilies(num_column_families, column_family_names, column_family_options, column_family_handles,
                            errptr, [&](const auto& families, auto* handles, DB** db) {
                              return DB::OpenForReadOnly(DBOptions(db_options->rep), name, families, handles, db,
                                                         error_if_wal_file_exists != 0);
                            });
}

rocksdb_t* rocksdb_open_as_secondary_column_families(const rocksdb_options_t* db_options, const char* name,
                                                     const char* secondary_path, int num_column_families,
                                                     const char* const* column_family_names,
                                                     const rocksdb_options_t* const* column_family_options,
                                                     CfHandle** column_family_handles, char** errptr) {
  return OpenColumnFamilies(num_column_families, column_family_names, column_family_options, column_family_handles,
                            errptr, [&](const auto& families, auto* handles, DB** db) {
                              return DB::OpenAsSecondary(DBOptions(db_options->rep), name, secondary_path, families,
                                                         handles, db);
                            });
}

void rocksdb_close(rocksdb_t* db) {
  delete db->rep;
  delete db;
}

void rocksdb_destroy_db(const rocksdb_options_t* options, const char* name, char** errptr) {
  SaveError(errptr, rocksdb::DestroyDB(name, options->rep));
}

void rocksdb_repair_db(const rocksdb_options_t* options, const char* name, char** errptr) {
  SaveError(errptr, rocksdb::RepairDB(name, options->rep));
}

void rocksdb_try_catch_up_with_primary(rocksdb_t* db, char** errptr) {
  SaveError(errptr, db->rep->TryCatchUpWithPrimary());
}

char** rocksdb_list_column_families(const rocksdb_options_t* options, const char* name, size_t* lencf, char** errptr) {
  std::vector<std::string> names;
  SaveError(errptr, DB::ListColumnFamilies(DBOptions(options->rep), name, &names));
  *lencf = names.size();
  char** list = static_cast<char**>(malloc(sizeof(char*) * (names.size() + 1)));
  for (size_t i = 0; i < names.size(); ++i) list[i] = CopyText(names[i]);
  return list;
}

void rocksdb_list_column_families_destroy(char** list, size_t len) {
  for (size_t i = 0; i < len; ++i) free(list[i]);
  free(list);
}

CfHandle* rocksdb_create_column_family(rocksdb_t* db, const rocksdb_options_t* column_family_options,
                                       const char* column_family_name, char** errptr) {
  ColumnFamilyHandle* handle = nullptr;
  const Status status =
      db->rep->CreateColumnFamily(ColumnFamilyOptions(column_family_options->rep), column_family_name, &handle);
  return WrapOrNull<CfHandle>(errptr, status, handle);
}

CfHandle* rocksdb_create_column_family_with_ttl(rocksdb_t* db, const rocksdb_options_t* column_family_options,
                                                const char* column_family_name, int ttl, char** errptr) {
  ColumnFamilyHandle* handle = nullptr;
  const Status status = static_cast<DBWithTTL*>(db->rep)->CreateColumnFamilyWithTtl(
      ColumnFamilyOptions(column_family_options->rep), column_family_name, &handle, ttl);
  return WrapOrNull<CfHandle>(errptr, status, handle);
}

void rocksdb_drop_column_family(rocksdb_t* db, CfHandle* handle, char** errptr) {
  SaveError(errptr, db->rep->DropColumnFamily(handle->rep));
}

uint32_t rocksdb_column_family_handle_get_id(CfHandle* handle) { return handle->rep->GetID(); }

char* rocksdb_column_family_handle_get_name(CfHandle* handle, size_t* name_len) {
  return CopyBytes(handle->rep->GetName(), name_len);
}

void rocksdb_column_family_handle_destroy(CfHandle* handle) {
  delete handle->rep;
  delete handle;
}

void rocksdb_load_latest_options(const char* db_path, rocksdb_env_t* env, bool ignore_unknown_options,
                                 rocksdb_cache_t* cache, rocksdb_options_t** db_options, size_t* num_column_families,
                                 char*** list_column_family_names, rocksdb_options_t*** list_column_family_options,
                                 char** errptr) {
  *db_options = nullptr;
  *num_column_families = 0;
  *list_column_family_names = nullptr;
  *list_column_family_options = nullptr;
  DBOptions loaded;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  if (SaveError(errptr, rocksdb::LoadLatestOptions(db_path, env->rep, &loaded, &families, ignore_unknown_options,
                                                   &cache->rep))) {
    return;
  }
  *db_options = new rocksdb_options_t{rocksdb::Options(loaded, ColumnFamilyOptions())};
  *num_column_families = families.size();
  *list_column_family_names = static_cast<char**>(malloc(families.size() * sizeof(char*)));
  *list_column_family_options = static_cast<rocksdb_options_t**>(malloc(families.size() * sizeof(rocksdb_options_t*)));
  for (size_t i = 0; i < families.size(); ++i) {
    (*list_column_family_names)[i] = CopyText(families[i].name);
    (*list_column_family_options)[i] = new rocksdb_options_t{rocksdb::Options(DBOptions(), families[i].options)};
  }
}

void rocksdb_load_latest_options_destroy(rocksdb_options_t* db_options, char** list_column_family_names,
                                         rocksdb_options_t** list_column_family_options, size_t len) {
  delete db_options;
  for (size_t i = 0; list_column_family_names != nullptr && i < len; ++i) free(list_column_family_names[i]);
  for (size_t i = 0; list_column_family_options != nullptr && i < len; ++i) delete list_column_family_options[i];
  free(list_column_family_names);
  free(list_column_family_options);
}

}  // extern "C"
