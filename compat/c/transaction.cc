// c.h: transactions, pessimistic and optimistic.
#include "compat/c/transaction_handles.h"

#include <cstdlib>

#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::ColumnFamilyHandle;
using rocksdb::OptimisticTransactionDB;
using rocksdb::PinnableSlice;
using rocksdb::ReadOptions;
using rocksdb::Slice;
using rocksdb::Status;
using rocksdb::Transaction;
using rocksdb::TransactionDB;
using Bool = unsigned char;

namespace {

// `get(value)` is one lookup into a PinnableSlice; these two bring its outcome into the shapes of c.h.
template <class Get>
char* CopyOut(size_t* length, char** errptr, Get get) {
  PinnableSlice value;
  const Status status = get(&value);
  return ReturnValue(status, value, length, errptr);
}

template <class Get>
rocksdb_pinnableslice_t* PinOut(char** errptr, Get get) {
  auto result = std::make_unique<rocksdb_pinnableslice_t>();
  if (SaveErrorUnlessNotFound(errptr, get(&result->rep))) return nullptr;
  return result.release();
}

// The overload of GetForUpdate for the default column family only knows strings.
Status GetForUpdateDefault(Transaction* txn, const ReadOptions& options, const Slice& key, bool exclusive,
                           PinnableSlice* value) {
  Status status = txn->GetForUpdate(options, key, value->GetSelf(), exclusive);
  value->PinSelf();
  return status;
}

char* PropertyValue(rocksdb::DB* db, const char* name) {
  std::string value;
  return db->GetProperty(name, &value) ? CopyText(value) : nullptr;
}

// Begin reuses `old_txn` when there is one, as BeginTransaction does with the transaction in it.
template <class TxnDb, class TxnOptions>
rocksdb_transaction_t* Begin(TxnDb* db, const rocksdb_writeoptions_t* write_options, const TxnOptions* txn_options,
                             rocksdb_transaction_t* old_txn) {
  Transaction* old_rep = old_txn == nullptr ? nullptr : old_txn->rep;
  Transaction* txn = db->rep->BeginTransaction(write_options->rep, txn_options->rep, old_rep);
  if (old_txn == nullptr) return new rocksdb_transaction_t{txn};
  old_txn->rep = txn;
  return old_txn;
}

}  // namespace

#define GNEISS_TXN_DB_OPTION(type, name) \
  GNEISS_C_SET(rocksdb_transactiondb_options_set_##name, rocksdb_transactiondb_options_t, type, name)
#define GNEISS_TXN_OPTION(type, name) \
  GNEISS_C_SET(rocksdb_transaction_options_set_##name, rocksdb_transaction_options_t, type, name)

extern "C" {

GNEISS_C_CREATE_DESTROY(rocksdb_transactiondb_options, rocksdb_transactiondb_options_t)
GNEISS_TXN_DB_OPTION(int64_t, max_num_locks)
GNEISS_TXN_DB_OPTION(size_t, num_stripes)
GNEISS_TXN_DB_OPTION(int64_t, transaction_lock_timeout)
GNEISS_TXN_DB_OPTION(int64_t, default_lock_timeout)

GNEISS_C_CREATE_DESTROY(rocksdb_transaction_options, rocksdb_transaction_options_t)
GNEISS_TXN_OPTION(Bool, set_snapshot)
GNEISS_TXN_OPTION(Bool, deadlock_detect)
GNEISS_TXN_OPTION(int64_t, lock_timeout)
GNEISS_TXN_OPTION(int64_t, expiration)
GNEISS_TXN_OPTION(int64_t, deadlock_detect_depth)
GNEISS_TXN_OPTION(size_t, max_write_batch_size)
GNEISS_TXN_OPTION(Bool, skip_prepare)

GNEISS_C_CREATE_DESTROY(rocksdb_optimistictransaction_options, rocksdb_optimistictransaction_options_t)
GNEISS_C_SET(rocksdb_optimistictransaction_options_set_set_snapshot, rocksdb_optimistictransaction_options_t, Bool,
             set_snapshot)

rocksdb_transactiondb_t* rocksdb_transactiondb_open(const rocksdb_options_t* options,
                                                    const rocksdb_transactiondb_options_t* txn_db_options,
                                                    const char* name, char** errptr) {
  TransactionDB* db = nullptr;
  const Status status = TransactionDB::Open(options->rep, txn_db_options->rep, name, &db);
  return WrapOrNull<rocksdb_transactiondb_t>(errptr, status, db);
}

rocksdb_transactiondb_t* rocksdb_transactiondb_open_column_families(
    const rocksdb_options_t* options, const rocksdb_transactiondb_options_t* txn_db_options, const char* name,
    int num_column_families, const char* const* column_family_names,
    const rocksdb_options_t* const* column_family_options, CfHandle** column_family_handles, char** errptr) {
  TransactionDB* db = nullptr;
  std::vector<ColumnFamilyHandle*> handles;
  const auto families = ToDescriptors(num_column_families, column_family_names, column_family_options);
  const Status status = TransactionDB::Open(options->rep, txn_db_options->rep, name, families, &handles, &db);
  if (status.ok()) WrapHandles(handles, column_family_handles);
  return WrapOrNull<rocksdb_transactiondb_t>(errptr, status, db);
}

void rocksdb_transactiondb_close(rocksdb_transactiondb_t* txn_db) {
  delete txn_db->rep;
  delete txn_db;
}

CfHandle* rocksdb_transactiondb_create_column_family(rocksdb_transactiondb_t* txn_db,
                                                     const rocksdb_options_t* column_family_options,
                                                     const char* column_family_name, char** errptr) {
  ColumnFamilyHandle* handle = nullptr;
  const Status status = txn_db->rep->CreateColumnFamily(rocksdb::ColumnFamilyOptions(column_family_options->rep),
                                                        column_family_name, &handle);
  return WrapOrNull<CfHandle>(errptr, status, handle);
}

const rocksdb_snapshot_t* rocksdb_transactiondb_create_snapshot(rocksdb_transactiondb_t* txn_db) {
  return new rocksdb_snapshot_t{txn_db->rep->GetSnapshot()};
}

void rocksdb_transactiondb_release_snapshot(rocksdb_transactiondb_t* txn_db, const rocksdb_snapshot_t* snapshot) {
  txn_db->rep->ReleaseSnapshot(snapshot->rep);
  delete snapshot;
}

char* rocksdb_transactiondb_property_value(rocksdb_transactiondb_t* db, const char* propname) {
  return PropertyValue(db->rep, propname);
}

int rocksdb_transactiondb_property_int(rocksdb_transactiondb_t* db, const char* propname, uint64_t* out_val) {
  return db->rep->GetIntProperty(propname, out_val) ? 0 : -1;
}

void rocksdb_transactiondb_flush(rocksdb_transactiondb_t* txn_db, const rocksdb_flushoptions_t* options,
                                 char** errptr) {
  SaveError(errptr, txn_db->rep->Flush(options->rep));
}

void rocksdb_transactiondb_flush_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_flushoptions_t* options,
                                    CfHandle* cf, char** errptr) {
  SaveError(errptr, txn_db->rep->Flush(options->rep, cf->rep));
}

void rocksdb_transactiondb_flush_wal(rocksdb_transactiondb_t* txn_db, Bool sync, char** errptr) {
  SaveError(errptr, txn_db->rep->FlushWAL(sync != 0));
}

void rocksdb_transactiondb_write(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options,
                                 rocksdb_writebatch_t* batch, char** errptr) {
  SaveError(errptr, txn_db->rep->Write(options->rep, &batch->rep));
}

void rocksdb_transactiondb_put(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options, const char* key,
                               size_t klen, const char* val, size_t vlen, char** errptr) {
  SaveError(errptr, txn_db->rep->Put(options->rep, Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transactiondb_put_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options, CfHandle* cf,
                                  const char* key, size_t keylen, const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, txn_db->rep->Put(options->rep, cf->rep, Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_transactiondb_merge(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options,
                                 const char* key, size_t klen, const char* val, size_t vlen, char** errptr) {
  SaveError(errptr, txn_db->rep->Merge(options->rep, Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transactiondb_merge_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options,
                                    CfHandle* cf, const char* key, size_t klen, const char* val, size_t vlen,
                                    char** errptr) {
  SaveError(errptr, txn_db->rep->Merge(options->rep, cf->rep, Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transactiondb_delete(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options,
                                  const char* key, size_t klen, char** errptr) {
  SaveError(errptr, txn_db->rep->Delete(options->rep, Slice(key, klen)));
}

void rocksdb_transactiondb_delete_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_writeoptions_t* options,
                                     CfHandle* cf, const char* key, size_t keylen, char** errptr) {
  SaveError(errptr, txn_db->rep->Delete(options->rep, cf->rep, Slice(key, keylen)));
}

char* rocksdb_transactiondb_get(rocksdb_transactiondb_t* txn_db, const rocksdb_readoptions_t* options, const char* key,
                                size_t klen, size_t* vlen, char** errptr) {
  return CopyOut(vlen, errptr, [&](PinnableSlice* value) {
    return txn_db->rep->Get(options->rep, txn_db->rep->DefaultColumnFamily(), Slice(key, klen), value);
  });
}

char* rocksdb_transactiondb_get_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_readoptions_t* options, CfHandle* cf,
                                   const char* key, size_t keylen, size_t* vallen, char** errptr) {
  return CopyOut(vallen, errptr, [&](PinnableSlice* value) {
    return txn_db->rep->Get(options->rep, cf->rep, Slice(key, keylen), value);
  });
}

rocksdb_pinnableslice_t* rocksdb_transactiondb_get_pinned(rocksdb_transactiondb_t* txn_db,
                                                          const rocksdb_readoptions_t* options, const char* key,
                                                          size_t klen, char** errptr) {
  return PinOut(errptr, [&](PinnableSlice* value) {
    return txn_db->rep->Get(options->rep, txn_db->rep->DefaultColumnFamily(), Slice(key, klen), value);
  });
}

rocksdb_pinnableslice_t* rocksdb_transactiondb_get_pinned_cf(rocksdb_transactiondb_t* txn_db,
                                                             const rocksdb_readoptions_t* options, CfHandle* cf,
                                                             const char* key, size_t keylen, char** errptr) {
  return PinOut(
      errptr, [&](PinnableSlice* value) { return txn_db->rep->Get(options->rep, cf->rep, Slice(key, keylen), value); });
}

void rocksdb_transactiondb_multi_get(rocksdb_transactiondb_t* txn_db, const rocksdb_readoptions_t* options,
                                     size_t num_keys, const char* const* keys_list, const size_t* keys_list_sizes,
                                     char** values_list, size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = txn_db->rep->MultiGet(options->rep, ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

void rocksdb_transactiondb_multi_get_cf(rocksdb_transactiondb_t* txn_db, const rocksdb_readoptions_t* options,
                                        const CfHandle* const* column_families, size_t num_keys,
                                        const char* const* keys_list, const size_t* keys_list_sizes, char** values_list,
                                        size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = txn_db->rep->MultiGet(options->rep, ToHandles(num_keys, column_families),
                                              ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

rocksdb_iterator_t* rocksdb_transactiondb_create_iterator(rocksdb_transactiondb_t* txn_db,
                                                          const rocksdb_readoptions_t* options) {
  return new rocksdb_iterator_t{txn_db->rep->NewIterator(options->rep)};
}

rocksdb_iterator_t* rocksdb_transactiondb_create_iterator_cf(rocksdb_transactiondb_t* txn_db,
                                                             const rocksdb_readoptions_t* options, CfHandle* cf) {
  return new rocksdb_iterator_t{txn_db->rep->NewIterator(options->rep, cf->rep)};
}

rocksdb_transaction_t* rocksdb_transaction_begin(rocksdb_transactiondb_t* txn_db,
                                                 const rocksdb_writeoptions_t* write_options,
                                                 const rocksdb_transaction_options_t* txn_options,
                                                 rocksdb_transaction_t* old_txn) {
  return Begin(txn_db, write_options, txn_options, old_txn);
}

rocksdb_transaction_t** rocksdb_transactiondb_get_prepared_transactions(rocksdb_transactiondb_t* txn_db, size_t* cnt) {
  std::vector<Transaction*> txns;
  txn_db->rep->GetAllPreparedTransactions(&txns);
  *cnt = txns.size();
  if (txns.empty()) return nullptr;
  auto** list = static_cast<rocksdb_transaction_t**>(malloc(txns.size() * sizeof(rocksdb_transaction_t*)));
  for (size_t i = 0; i < txns.size(); ++i) list[i] = new rocksdb_transaction_t{txns[i]};
  return list;
}

void rocksdb_transaction_set_name(rocksdb_transaction_t* txn, const char* name, size_t name_len, char** errptr) {
  SaveError(errptr, txn->rep->SetName(std::string(name, name_len)));
}

char* rocksdb_transaction_get_name(rocksdb_transaction_t* txn, size_t* name_len) {
  return CopyBytes(txn->rep->GetName(), name_len);
}

void rocksdb_transaction_prepare(rocksdb_transaction_t* txn, char** errptr) { SaveError(errptr, txn->rep->Prepare()); }

void rocksdb_transaction_commit(rocksdb_transaction_t* txn, char** errptr) { SaveError(errptr, txn->rep->Commit()); }

void rocksdb_transaction_rollback(rocksdb_transaction_t* txn, char** errptr) {
  SaveError(errptr, txn->rep->Rollback());
}

void rocksdb_transaction_set_savepoint(rocksdb_transaction_t* txn) { txn->rep->SetSavePoint(); }

void rocksdb_transaction_rollback_to_savepoint(rocksdb_transaction_t* txn, char** errptr) {
  SaveError(errptr, txn->rep->RollbackToSavePoint());
}

void rocksdb_transaction_destroy(rocksdb_transaction_t* txn) {
  delete txn->rep;
  delete txn;
}

// The batch stays the transaction's; c.h lets the client free the handle with rocksdb_free, so it is malloc'ed.
rocksdb_writebatch_wi_t* rocksdb_transaction_get_writebatch_wi(rocksdb_transaction_t* txn) {
  auto* handle = static_cast<rocksdb_writebatch_wi_t*>(malloc(sizeof(rocksdb_writebatch_wi_t)));
  handle->rep = txn->rep->GetWriteBatch();
  return handle;
}

// Freed with rocksdb_free, says c.h.
const rocksdb_snapshot_t* rocksdb_transaction_get_snapshot(rocksdb_transaction_t* txn) {
  auto* handle = static_cast<rocksdb_snapshot_t*>(malloc(sizeof(rocksdb_snapshot_t)));
  handle->rep = txn->rep->GetSnapshot();
  return handle;
}

void rocksdb_transaction_rebuild_from_writebatch(rocksdb_transaction_t* txn, rocksdb_writebatch_t* writebatch,
                                                 char** errptr) {
  SaveError(errptr, txn->rep->RebuildFromWriteBatch(&writebatch->rep));
}

void rocksdb_transaction_rebuild_from_writebatch_wi(rocksdb_transaction_t* txn, rocksdb_writebatch_wi_t* wi,
                                                    char** errptr) {
  SaveError(errptr, txn->rep->RebuildFromWriteBatch(wi->rep->GetWriteBatch()));
}

void rocksdb_transaction_set_commit_timestamp(rocksdb_transaction_t* txn, uint64_t commit_timestamp) {
  // c.h gives this function no way to report an error.
  txn->rep->SetCommitTimestamp(commit_timestamp).PermitUncheckedError();
}

void rocksdb_transaction_set_read_timestamp_for_validation(rocksdb_transaction_t* txn, uint64_t read_timestamp) {
  // c.h gives this function no way to report an error.
  txn->rep->SetReadTimestampForValidation(read_timestamp).PermitUncheckedError();
}

char* rocksdb_transaction_get(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options, const char* key,
                              size_t klen, size_t* vlen, char** errptr) {
  std::string value;
  const Status status = txn->rep->Get(options->rep, Slice(key, klen), &value);
  return ReturnValue(status, value, vlen, errptr);
}

char* rocksdb_transaction_get_cf(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options, CfHandle* cf,
                                 const char* key, size_t klen, size_t* vlen, char** errptr) {
  return CopyOut(vlen, errptr,
                 [&](PinnableSlice* value) { return txn->rep->Get(options->rep, cf->rep, Slice(key, klen), value); });
}

rocksdb_pinnableslice_t* rocksdb_transaction_get_pinned(rocksdb_transaction_t* txn,
                                                        const rocksdb_readoptions_t* options, const char* key,
                                                        size_t klen, char** errptr) {
  return PinOut(errptr, [&](PinnableSlice* value) { return txn->rep->Get(options->rep, Slice(key, klen), value); });
}

rocksdb_pinnableslice_t* rocksdb_transaction_get_pinned_cf(rocksdb_transaction_t* txn,
                                                           const rocksdb_readoptions_t* options, CfHandle* cf,
                                                           const char* key, size_t klen, char** errptr) {
  return PinOut(errptr,
                [&](PinnableSlice* value) { return txn->rep->Get(options->rep, cf->rep, Slice(key, klen), value); });
}

char* rocksdb_transaction_get_for_update(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options,
                                         const char* key, size_t klen, size_t* vlen, Bool exclusive, char** errptr) {
  return CopyOut(vlen, errptr, [&](PinnableSlice* value) {
    return GetForUpdateDefault(txn->rep, options->rep, Slice(key, klen), exclusive != 0, value);
  });
}

char* rocksdb_transaction_get_for_update_cf(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options,
                                            CfHandle* cf, const char* key, size_t klen, size_t* vlen, Bool exclusive,
                                            char** errptr) {
  return CopyOut(vlen, errptr, [&](PinnableSlice* value) {
    return txn->rep->GetForUpdate(options->rep, cf->rep, Slice(key, klen), value, exclusive != 0);
  });
}

rocksdb_pinnableslice_t* rocksdb_transaction_get_pinned_for_update(rocksdb_transaction_t* txn,
                                                                   const rocksdb_readoptions_t* options,
                                                                   const char* key, size_t klen, Bool exclusive,
                                                                   char** errptr) {
  return PinOut(errptr, [&](PinnableSlice* value) {
    return GetForUpdateDefault(txn->rep, options->rep, Slice(key, klen), exclusive != 0, value);
  });
}

rocksdb_pinnableslice_t* rocksdb_transaction_get_pinned_for_update_cf(rocksdb_transaction_t* txn,
                                                                      const rocksdb_readoptions_t* options,
                                                                      CfHandle* cf, const char* key, size_t klen,
                                                                      Bool exclusive, char** errptr) {
  return PinOut(errptr, [&](PinnableSlice* value) {
    return txn->rep->GetForUpdate(options->rep, cf->rep, Slice(key, klen), value, exclusive != 0);
  });
}

void rocksdb_transaction_multi_get(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options, size_t num_keys,
                                   const char* const* keys_list, const size_t* keys_list_sizes, char** values_list,
                                   size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = txn->rep->MultiGet(options->rep, ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

void rocksdb_transaction_multi_get_cf(rocksdb_transaction_t* txn, const rocksdb_readoptions_t* options,
                                      const CfHandle* const* column_families, size_t num_keys,
                                      const char* const* keys_list, const size_t* keys_list_sizes, char** values_list,
                                      size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = txn->rep->MultiGet(options->rep, ToHandles(num_keys, column_families),
                                           ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

void rocksdb_transaction_put(rocksdb_transaction_t* txn, const char* key, size_t klen, const char* val, size_t vlen,
                             char** errptr) {
  SaveError(errptr, txn->rep->Put(Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transaction_put_cf(rocksdb_transaction_t* txn, CfHandle* cf, const char* key, size_t klen, const char* val,
                                size_t vlen, char** errptr) {
  SaveError(errptr, txn->rep->Put(cf->rep, Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transaction_merge(rocksdb_transaction_t* txn, const char* key, size_t klen, const char* val, size_t vlen,
                               char** errptr) {
  SaveError(errptr, txn->rep->Merge(Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transaction_merge_cf(rocksdb_transaction_t* txn, CfHandle* cf, const char* key, size_t klen,
                                  const char* val, size_t vlen, char** errptr) {
  SaveError(errptr, txn->rep->Merge(cf->rep, Slice(key, klen), Slice(val, vlen)));
}

void rocksdb_transaction_delete(rocksdb_transaction_t* txn, const char* key, size_t klen, char** errptr) {
  SaveError(errptr, txn->rep->Delete(Slice(key, klen)));
}

void rocksdb_transaction_delete_cf(rocksdb_transaction_t* txn, CfHandle* cf, const char* key, size_t klen,
                                   char** errptr) {
  SaveError(errptr, txn->rep->Delete(cf->rep, Slice(key, klen)));
}

rocksdb_iterator_t* rocksdb_transaction_create_iterator(rocksdb_transaction_t* txn,
                                                        const rocksdb_readoptions_t* options) {
  return new rocksdb_iterator_t{txn->rep->GetIterator(options->rep)};
}

rocksdb_iterator_t* rocksdb_transaction_create_iterator_cf(rocksdb_transaction_t* txn,
                                                           const rocksdb_readoptions_t* options, CfHandle* cf) {
  return new rocksdb_iterator_t{txn->rep->GetIterator(options->rep, cf->rep)};
}

rocksdb_optimistictransactiondb_t* rocksdb_optimistictransactiondb_open(const rocksdb_options_t* options,
                                                                        const char* name, char** errptr) {
  OptimisticTransactionDB* db = nullptr;
  const Status status = OptimisticTransactionDB::Open(options->rep, name, &db);
  return WrapOrNull<rocksdb_optimistictransactiondb_t>(errptr, status, db);
}

rocksdb_optimistictransactiondb_t* rocksdb_optimistictransactiondb_open_column_families(
    const rocksdb_options_t* options, const char* name, int num_column_families, const char* const* column_family_names,
    const rocksdb_options_t* const* column_family_options, CfHandle** column_family_handles, char** errptr) {
  OptimisticTransactionDB* db = nullptr;
  std::vector<ColumnFamilyHandle*> handles;
  const auto families = ToDescriptors(num_column_families, column_family_names, column_family_options);
  const Status status = OptimisticTransactionDB::Open(rocksdb::DBOptions(options->rep), name, families, &handles, &db);
  if (status.ok()) WrapHandles(handles, column_family_handles);
  return WrapOrNull<rocksdb_optimistictransactiondb_t>(errptr, status, db);
}

void rocksdb_optimistictransactiondb_close(rocksdb_optimistictransactiondb_t* otxn_db) {
  delete otxn_db->rep;
  delete otxn_db;
}

// The base database stays the transaction database's; only the handle is the caller's.
rocksdb_t* rocksdb_optimistictransactiondb_get_base_db(rocksdb_optimistictransactiondb_t* otxn_db) {
  rocksdb::DB* base = otxn_db->rep->GetBaseDB();
  return base == nullptr ? nullptr : new rocksdb_t{base};
}

void rocksdb_optimistictransactiondb_close_base_db(rocksdb_t* base_db) { delete base_db; }

rocksdb_transaction_t* rocksdb_optimistictransaction_begin(rocksdb_optimistictransactiondb_t* otxn_db,
                                                           const rocksdb_writeoptions_t* write_options,
                                                           const rocksdb_optimistictransaction_options_t* otxn_options,
                                                           rocksdb_transaction_t* old_txn) {
  return Begin(otxn_db, write_options, otxn_options, old_txn);
}

void rocksdb_optimistictransactiondb_write(rocksdb_optimistictransactiondb_t* otxn_db,
                                           const rocksdb_writeoptions_t* options, rocksdb_writebatch_t* batch,
                                           char** errptr) {
  SaveError(errptr, otxn_db->rep->Write(options->rep, &batch->rep));
}

char* rocksdb_optimistictransactiondb_property_value(rocksdb_optimistictransactiondb_t* db, const char* propname) {
  return PropertyValue(db->rep, propname);
}

int rocksdb_optimistictransactiondb_property_int(rocksdb_optimistictransactiondb_t* db, const char* propname,
                                                 uint64_t* out_val) {
  return db->rep->GetIntProperty(propname, out_val) ? 0 : -1;
}

}  // extern "C"
