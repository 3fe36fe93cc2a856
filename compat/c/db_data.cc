// c.h: reading and writing one database; iterators and snapshots.
#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::Iterator;
using rocksdb::PinnableSlice;
using rocksdb::ReadOptions;
using rocksdb::Slice;
using rocksdb::Status;

namespace {

char* Get(rocksdb::DB* db, const ReadOptions& options, rocksdb::ColumnFamilyHandle* family, const Slice& key,
          size_t* vallen, char** errptr) {
  PinnableSlice value;
  const Status status = db->Get(options, family, key, &value);
  return ReturnValue(status, value, vallen, errptr);
}

char* GetWithTimestamp(rocksdb::DB* db, const ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                       const Slice& key, size_t* vallen, char** ts, size_t* tslen, char** errptr) {
  PinnableSlice value;
  std::string timestamp;
  const Status status = db->Get(options, family, key, &value, &timestamp);
  if (status.ok()) {
    *ts = CopyBytes(timestamp, tslen);
  } else {
    *tslen = 0;
  }
  return ReturnValue(status, value, vallen, errptr);
}

rocksdb_pinnableslice_t* GetPinned(rocksdb::DB* db, const ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                                   const Slice& key, char** errptr) {
  auto result = std::make_unique<rocksdb_pinnableslice_t>();
  if (SaveErrorUnlessNotFound(errptr, db->Get(options, family, key, &result->rep))) return nullptr;
  return result.release();
}

struct MayExistArgs {
  char** value;
  size_t* val_len;
  const char* timestamp;
  size_t timestamp_len;
  unsigned char* value_found;
};

unsigned char KeyMayExist(rocksdb::DB* db, const ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                          const Slice& key, const MayExistArgs& args) {
  std::string value;
  std::string timestamp;
  if (args.timestamp != nullptr) timestamp.assign(args.timestamp, args.timestamp_len);
  bool found = false;
  const bool may_exist = db->KeyMayExist(options, family, key, &value, args.timestamp != nullptr ? &timestamp : nullptr,
                                         args.value_found != nullptr ? &found : nullptr);
  if (args.value_found != nullptr) {
    *args.value_found = found;
    if (found) *args.value = CopyBytes(value, args.val_len);
  }
  return may_exist;
}

}  // namespace

extern "C" {

void rocksdb_put(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen, const char* val,
                 size_t vallen, char** errptr) {
  SaveError(errptr, db->rep->Put(options->rep, Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_put_cf(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key, size_t keylen,
                    const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, db->rep->Put(options->rep, cf->rep, Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_put_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                         const char* ts, size_t tslen, const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, db->rep->Put(options->rep, Slice(key, keylen), Slice(ts, tslen), Slice(val, vallen)));
}

void rocksdb_put_cf_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key,
                            size_t keylen, const char* ts, size_t tslen, const char* val, size_t vallen,
                            char** errptr) {
  SaveError(errptr, db->rep->Put(options->rep, cf->rep, Slice(key, keylen), Slice(ts, tslen), Slice(val, vallen)));
}

void rocksdb_delete(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                    char** errptr) {
  SaveError(errptr, db->rep->Delete(options->rep, Slice(key, keylen)));
}

void rocksdb_delete_cf(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key,
                       size_t keylen, char** errptr) {
  SaveError(errptr, db->rep->Delete(options->rep, cf->rep, Slice(key, keylen)));
}

void rocksdb_delete_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                            const char* ts, size_t tslen, char** errptr) {
  SaveError(errptr, db->rep->Delete(options->rep, Slice(key, keylen), Slice(ts, tslen)));
}

void rocksdb_delete_cf_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key,
                               size_t keylen, const char* ts, size_t tslen, char** errptr) {
  SaveError(errptr, db->rep->Delete(options->rep, cf->rep, Slice(key, keylen), Slice(ts, tslen)));
}

void rocksdb_singledelete(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                          char** errptr) {
  SaveError(errptr, db->rep->SingleDelete(options->rep, Slice(key, keylen)));
}

void rocksdb_singledelete_cf(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key,
                             size_t keylen, char** errptr) {
  SaveError(errptr, db->rep->SingleDelete(options->rep, cf->rep, Slice(key, keylen)));
}

void rocksdb_singledelete_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                                  const char* ts, size_t tslen, char** errptr) {
  SaveError(errptr, db->rep->SingleDelete(options->rep, Slice(key, keylen), Slice(ts, tslen)));
}

void rocksdb_singledelete_cf_with_ts(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf,
                                     const char* key, size_t keylen, const char* ts, size_t tslen, char** errptr) {
  SaveError(errptr, db->rep->SingleDelete(options->rep, cf->rep, Slice(key, keylen), Slice(ts, tslen)));
}

void rocksdb_delete_range_cf(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* start_key,
                             size_t start_key_len, const char* end_key, size_t end_key_len, char** errptr) {
  SaveError(errptr,
            db->rep->DeleteRange(options->rep, cf->rep, Slice(start_key, start_key_len), Slice(end_key, end_key_len)));
}

void rocksdb_merge(rocksdb_t* db, const rocksdb_writeoptions_t* options, const char* key, size_t keylen,
                   const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, db->rep->Merge(options->rep, Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_merge_cf(rocksdb_t* db, const rocksdb_writeoptions_t* options, CfHandle* cf, const char* key,
                      size_t keylen, const char* val, size_t vallen, char** errptr) {
  SaveError(errptr, db->rep->Merge(options->rep, cf->rep, Slice(key, keylen), Slice(val, vallen)));
}

void rocksdb_write(rocksdb_t* db, const rocksdb_writeoptions_t* options, rocksdb_writebatch_t* batch, char** errptr) {
  SaveError(errptr, db->rep->Write(options->rep, &batch->rep));
}

void rocksdb_write_writebatch_wi(rocksdb_t* db, const rocksdb_writeoptions_t* options, rocksdb_writebatch_wi_t* wbwi,
                                 char** errptr) {
  SaveError(errptr, db->rep->Write(options->rep, wbwi->rep->GetWriteBatch()));
}

char* rocksdb_get(rocksdb_t* db, const rocksdb_readoptions_t* options, const char* key, size_t keylen, size_t* vallen,
                  char** errptr) {
  return Get(db->rep, options->rep, db->rep->DefaultColumnFamily(), Slice(key, keylen), vallen, errptr);
}

char* rocksdb_get_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf, const char* key, size_t keylen,
                     size_t* vallen, char** errptr) {
  return Get(db->rep, options->rep, cf->rep, Slice(key, keylen), vallen, errptr);
}

char* rocksdb_get_with_ts(rocksdb_t* db, const rocksdb_readoptions_t* options, const char* key, size_t keylen,
                          size_t* vallen, char** ts, size_t* tslen, char** errptr) {
  return GetWithTimestamp(db->rep, options->rep, db->rep->DefaultColumnFamily(), Slice(key, keylen), vallen, ts, tslen,
                          errptr);
}

char* rocksdb_get_cf_with_ts(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf, const char* key,
                             size_t keylen, size_t* vallen, char** ts, size_t* tslen, char** errptr) {
  return GetWithTimestamp(db->rep, options->rep, cf->rep, Slice(key, keylen), vallen, ts, tslen, errptr);
}

rocksdb_pinnableslice_t* rocksdb_get_pinned(rocksdb_t* db, const rocksdb_readoptions_t* options, const char* key,
                                            size_t keylen, char** errptr) {
  return GetPinned(db->rep, options->rep, db->rep->DefaultColumnFamily(), Slice(key, keylen), errptr);
}

rocksdb_pinnableslice_t* rocksdb_get_pinned_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf,
                                               const char* key, size_t keylen, char** errptr) {
  return GetPinned(db->rep, options->rep, cf->rep, Slice(key, keylen), errptr);
}

void rocksdb_pinnableslice_destroy(rocksdb_pinnableslice_t* v) { delete v; }

const char* rocksdb_pinnableslice_value(const rocksdb_pinnableslice_t* v, size_t* vlen) {
  *vlen = v == nullptr ? 0 : v->rep.size();
  return v == nullptr ? nullptr : v->rep.data();
}

void rocksdb_multi_get(rocksdb_t* db, const rocksdb_readoptions_t* options, size_t num_keys,
                       const char* const* keys_list, const size_t* keys_list_sizes, char** values_list,
                       size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = db->rep->MultiGet(options->rep, ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

void rocksdb_multi_get_with_ts(rocksdb_t* db, const rocksdb_readoptions_t* options, size_t num_keys,
                               const char* const* keys_list, const size_t* keys_list_sizes, char** values_list,
                               size_t* values_list_sizes, char** timestamp_list, size_t* timestamp_list_sizes,
                               char** errs) {
  std::vector<std::string> values(num_keys);
  std::vector<std::string> timestamps(num_keys);
  const auto statuses =
      db->rep->MultiGet(options->rep, ToSlices(num_keys, keys_list, keys_list_sizes), &values, &timestamps);
  ReturnValues(statuses, values, timestamps,
               {values_list, values_list_sizes, errs, timestamp_list, timestamp_list_sizes});
}

void rocksdb_multi_get_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, const CfHandle* const* column_families,
                          size_t num_keys, const char* const* keys_list, const size_t* keys_list_sizes,
                          char** values_list, size_t* values_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  const auto statuses = db->rep->MultiGet(options->rep, ToHandles(num_keys, column_families),
                                          ToSlices(num_keys, keys_list, keys_list_sizes), &values);
  ReturnValues(statuses, values, {}, {values_list, values_list_sizes, errs});
}

void rocksdb_multi_get_cf_with_ts(rocksdb_t* db, const rocksdb_readoptions_t* options,
                                  const CfHandle* const* column_families, size_t num_keys, const char* const* keys_list,
                                  const size_t* keys_list_sizes, char** values_list, size_t* values_list_sizes,
                                  char** timestamps_list, size_t* timestamps_list_sizes, char** errs) {
  std::vector<std::string> values(num_keys);
  std::vector<std::string> timestamps(num_keys);
  const auto statuses = db->rep->MultiGet(options->rep, ToHandles(num_keys, column_families),
                                          ToSlices(num_keys, keys_list, keys_list_sizes), &values, &timestamps);
  ReturnValues(statuses, values, timestamps,
               {values_list, values_list_sizes, errs, timestamps_list, timestamps_list_sizes});
}

void rocksdb_batched_multi_get_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf, size_t num_keys,
                                  const char* const* keys_list, const size_t* keys_list_sizes,
                                  rocksdb_pinnableslice_t** values, char** errs, const bool sorted_input) {
  const std::vector<Slice> keys = ToSlices(num_keys, keys_list, keys_list_sizes);
  std::vector<PinnableSlice> found(num_keys);
  std::vector<Status> statuses(num_keys);
  db->rep->MultiGet(options->rep, cf->rep, num_keys, keys.data(), found.data(), statuses.data(), sorted_input);
  for (size_t i = 0; i < num_keys; ++i) {
    errs[i] = nullptr;
    values[i] = nullptr;
    if (!SaveErrorUnlessNotFound(&errs[i], statuses[i])) values[i] = new rocksdb_pinnableslice_t{std::move(found[i])};
  }
}

unsigned char rocksdb_key_may_exist(rocksdb_t* db, const rocksdb_readoptions_t* options, const char* key,
                                    size_t key_len, char** value, size_t* val_len, const char* timestamp,
                                    size_t timestamp_len, unsigned char* value_found) {
  return KeyMayExist(db->rep, options->rep, db->rep->DefaultColumnFamily(), Slice(key, key_len),
                     {value, val_len, timestamp, timestamp_len, value_found});
}

unsigned char rocksdb_key_may_exist_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf,
                                       const char* key, size_t key_len, char** value, size_t* val_len,
                                       const char* timestamp, size_t timestamp_len, unsigned char* value_found) {
  return KeyMayExist(db->rep, options->rep, cf->rep, Slice(key, key_len),
                     {value, val_len, timestamp, timestamp_len, value_found});
}

rocksdb_iterator_t* rocksdb_create_iterator(rocksdb_t* db, const rocksdb_readoptions_t* options) {
  return new rocksdb_iterator_t{db->rep->NewIterator(options->rep)};
}

rocksdb_iterator_t* rocksdb_create_iterator_cf(rocksdb_t* db, const rocksdb_readoptions_t* options, CfHandle* cf) {
  return new rocksdb_iterator_t{db->rep->NewIterator(options->rep, cf->rep)};
}

void rocksdb_create_iterators(rocksdb_t* db, rocksdb_readoptions_t* opts, CfHandle** column_families,
                              rocksdb_iterator_t** iterators, size_t size, char** errptr) {
  std::vector<Iterator*> made;
  if (SaveError(errptr, db->rep->NewIterators(opts->rep, ToHandles(size, column_families), &made))) return;
  for (size_t i = 0; i < size; ++i) iterators[i] = new rocksdb_iterator_t{made[i]};
}

void rocksdb_iter_destroy(rocksdb_iterator_t* iter) {
  delete iter->rep;
  delete iter;
}

unsigned char rocksdb_iter_valid(const rocksdb_iterator_t* iter) { return iter->rep->Valid(); }

void rocksdb_iter_seek_to_first(rocksdb_iterator_t* iter) { iter->rep->SeekToFirst(); }

void rocksdb_iter_seek_to_last(rocksdb_iterator_t* iter) { iter->rep->SeekToLast(); }

void rocksdb_iter_seek(rocksdb_iterator_t* iter, const char* k, size_t klen) { iter->rep->Seek(Slice(k, klen)); }

void rocksdb_iter_seek_for_prev(rocksdb_iterator_t* iter, const char* k, size_t klen) {
  iter->rep->SeekForPrev(Slice(k, klen));
}

void rocksdb_iter_next(rocksdb_iterator_t* iter) { iter->rep->Next(); }

void rocksdb_iter_prev(rocksdb_iterator_t* iter) { iter->rep->Prev(); }

const char* rocksdb_iter_key(const rocksdb_iterator_t* iter, size_t* klen) {
  const Slice key = iter->rep->key();
  *klen = key.size();
  return key.data();
}

const char* rocksdb_iter_value(const rocksdb_iterator_t* iter, size_t* vlen) {
  const Slice value = iter->rep->value();
  *vlen = value.size();
  return value.data();
}

const char* rocksdb_iter_timestamp(const rocksdb_iterator_t* iter, size_t* tslen) {
  const Slice timestamp = iter->rep->timestamp();
  *tslen = timestamp.size();
  return timestamp.data();
}

void rocksdb_iter_get_error(const rocksdb_iterator_t* iter, char** errptr) { SaveError(errptr, iter->rep->status()); }

const rocksdb_snapshot_t* rocksdb_create_snapshot(rocksdb_t* db) {
  return new rocksdb_snapshot_t{db->rep->GetSnapshot()};
}

void rocksdb_release_snapshot(rocksdb_t* db, const rocksdb_snapshot_t* snapshot) {
  db->rep->ReleaseSnapshot(snapshot->rep);
  delete snapshot;
}

void rocksdb_free(void* ptr) { free(ptr); }

}  // extern "C"
