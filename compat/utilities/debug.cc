// rocksdb/utilities/debug.h
#include <rocksdb/utilities/debug.h>

#include "compat/options/db_internals.h"

namespace rocksdb {

// The names of the value types, by their numbers in internal keys and write batches.
std::string KeyVersion::GetTypeName() const {
  constexpr const char* kNames[] = {"TypeDeletion",
                                    "TypeValue",
                                    "TypeMerge",
                                    "TypeLogData",
                                    "TypeColumnFamilyDeletion",
                                    "TypeColumnFamilyValue",
                                    "TypeColumnFamilyMerge",
                                    "TypeSingleDeletion",
                                    "TypeColumnFamilySingleDeletion",
                                    "TypeBeginPrepareXID",
                                    "TypeEndPrepareXID",
                                    "TypeCommitXID",
                                    "TypeRollbackXID",
                                    "TypeNoop",
                                    "TypeColumnFamilyRangeDeletion",
                                    "TypeRangeDeletion",
                                    "TypeColumnFamilyBlobIndex",
                                    "TypeBlobIndex",
                                    "TypeBeginPersistedPrepareXID",
                                    "TypeBeginUnprepareXID",
                                    "TypeDeletionWithTimestamp",
                                    "TypeCommitXIDAndTimestamp",
                                    "TypeWideColumnEntity",
                                    "TypeColumnFamilyWideColumnEntity"};
  const bool is_known = type >= 0 && static_cast<size_t>(type) < std::size(kNames);
  return is_known ? kNames[type] : "Invalid";
}

Status GetAllKeyVersions(DB* db, Slice begin_key, Slice end_key, size_t max_num_ikeys,
                         std::vector<KeyVersion>* key_versions) {
  if (db == nullptr) return Status::InvalidArgument("db cannot be null.");
  return GetAllKeyVersions(db, db->DefaultColumnFamily(), begin_key, end_key, max_num_ikeys, key_versions);
}

Status GetAllKeyVersions(DB* db, ColumnFamilyHandle* cfh, Slice begin_key, Slice end_key, size_t max_num_ikeys,
                         std::vector<KeyVersion>* key_versions) {
  if (db == nullptr) return Status::InvalidArgument("db cannot be null.");
  if (cfh == nullptr) return Status::InvalidArgument("Column family handle cannot be null.");
  if (key_versions == nullptr) return Status::InvalidArgument("key_versions cannot be null.");
  key_versions->clear();
  auto* const internals = gneiss::compat::DbInternalsOf(db);
  if (internals == nullptr) return Status::NotSupported("GetAllKeyVersions needs a database opened by this library");
  return internals->ListEntries(cfh, begin_key, end_key, max_num_ikeys, key_versions);
}

}  // namespace rocksdb
