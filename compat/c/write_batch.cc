// c.h: write batches, plain and with an index.
#include <rocksdb/comparator.h>

#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::Slice;
using rocksdb::SliceParts;
using rocksdb::Status;
using rocksdb::WriteBatch;
using rocksdb::WriteBatchWithIndex;

namespace {

WriteBatch& Target(rocksdb_writebatch_t* b) { return b->rep; }
WriteBatch& Raw(rocksdb_writebatch_t* b) { return b->rep; }
WriteBatchWithIndex& Target(rocksdb_writebatch_wi_t* b) { return *b->rep; }
WriteBatch& Raw(rocksdb_writebatch_wi_t* b) { return *b->rep->GetWriteBatch(); }

// The pieces of one key or value; SliceParts points into it.
class Parts {
 public:
  Parts(int count, const char* const* data, const size_t* sizes)
      : slices_(ToSlices(static_cast<size_t>(count), data, sizes)) {}
  operator SliceParts() const { return SliceParts(slices_.data(), static_cast<int>(slices_.size())); }

 private:
  std::vector<Slice> slices_;
};

class PutDeleteHandler : public WriteBatch::Handler {
 public:
  using PutFunction = void (*)(void*, const char*, size_t, const char*, size_t);
  using DeletedFunction = void (*)(void*, const char*, size_t);
  PutDeleteHandler(void* state, PutFunction put, DeletedFunction deleted)
      : state_(state), put_(put), deleted_(deleted) {}
  void Put(const Slice& key, const Slice& value) override {
    put_(state_, key.data(), key.size(), value.data(), value.size());
  }
  void Delete(const Slice& key) override { deleted_(state_, key.data(), key.size()); }

 private:
  void* state_;
  PutFunction put_;
  DeletedFunction deleted_;
};

}  // namespace

extern "C" {

#define BATCH rocksdb_writebatch_t
#define OP(name) rocksdb_writebatch_##name
#include "compat/c/write_batch_ops.inc"
#undef BATCH
#undef OP

#define BATCH rocksdb_writebatch_wi_t
#define OP(name) rocksdb_writebatch_wi_##name
#include "compat/c/write_batch_ops.inc"
#undef BATCH
#undef OP

rocksdb_writebatch_t* rocksdb_writebatch_create(void) { return new rocksdb_writebatch_t(); }

rocksdb_writebatch_t* rocksdb_writebatch_create_from(const char* rep, size_t size) {
  return new rocksdb_writebatch_t{WriteBatch(std::string(rep, size))};
}

void rocksdb_writebatch_destroy(rocksdb_writebatch_t* b) { delete b; }

void rocksdb_writebatch_put_cf_with_ts(rocksdb_writebatch_t* b, CfHandle* cf, const char* key, size_t klen,
                                       const char* ts, size_t tslen, const char* val, size_t vlen) {
  b->rep.Put(cf->rep, Slice(key, klen), Slice(ts, tslen), Slice(val, vlen));
}

void rocksdb_writebatch_delete_cf_with_ts(rocksdb_writebatch_t* b, CfHandle* cf, const char* key, size_t klen,
                                          const char* ts, size_t tslen) {
  b->rep.Delete(cf->rep, Slice(key, klen), Slice(ts, tslen));
}

void rocksdb_writebatch_singledelete_cf_with_ts(rocksdb_writebatch_t* b, CfHandle* cf, const char* key, size_t klen,
                                                const char* ts, size_t tslen) {
  b->rep.SingleDelete(cf->rep, Slice(key, klen), Slice(ts, tslen));
}

void rocksdb_writebatch_pop_save_point(rocksdb_writebatch_t* b, char** errptr) {
  SaveError(errptr, b->rep.PopSavePoint());
}

rocksdb_writebatch_wi_t* rocksdb_writebatch_wi_create(size_t reserved_bytes, unsigned char overwrite_keys) {
  return new rocksdb_writebatch_wi_t{
      new WriteBatchWithIndex(rocksdb::BytewiseComparator(), reserved_bytes, overwrite_keys != 0)};
}

void rocksdb_writebatch_wi_destroy(rocksdb_writebatch_wi_t* b) {
  delete b->rep;
  delete b;
}

char* rocksdb_writebatch_wi_get_from_batch(rocksdb_writebatch_wi_t* wbwi, const rocksdb_options_t* options,
                                           const char* key, size_t keylen, size_t* vallen, char** errptr) {
  std::string value;
  const Status status = wbwi->rep->GetFromBatch(options->rep, Slice(key, keylen), &value);
  return ReturnValue(status, value, vallen, errptr);
}

char* rocksdb_writebatch_wi_get_from_batch_cf(rocksdb_writebatch_wi_t* wbwi, const rocksdb_options_t* options,
                                              CfHandle* cf, const char* key, size_t keylen, size_t* vallen,
                                              char** errptr) {
  std::string value;
  const Status status = wbwi->rep->GetFromBatch(cf->rep, options->rep, Slice(key, keylen), &value);
  return ReturnValue(status, value, vallen, errptr);
}

char* rocksdb_writebatch_wi_get_from_batch_and_db(rocksdb_writebatch_wi_t* wbwi, rocksdb_t* db,
                                                  const rocksdb_readoptions_t* options, const char* key, size_t keylen,
                                                  size_t* vallen, char** errptr) {
  std::string value;
  const Status status = wbwi->rep->GetFromBatchAndDB(db->rep, options->rep, Slice(key, keylen), &value);
  return ReturnValue(status, value, vallen, errptr);
}

char* rocksdb_writebatch_wi_get_from_batch_and_db_cf(rocksdb_writebatch_wi_t* wbwi, rocksdb_t* db,
                                                     const rocksdb_readoptions_t* options, CfHandle* cf,
                                                     const char* key, size_t keylen, size_t* vallen, char** errptr) {
  std::string value;
  const Status status = wbwi->rep->GetFromBatchAndDB(db->rep, options->rep, cf->rep, Slice(key, keylen), &value);
  return ReturnValue(status, value, vallen, errptr);
}

// The new iterator owns the base iterator; the base handle is gone after the call.
rocksdb_iterator_t* rocksdb_writebatch_wi_create_iterator_with_base(rocksdb_writebatch_wi_t* wbwi,
                                                                    rocksdb_iterator_t* base_iterator) {
  base_iterator->rep = wbwi->rep->NewIteratorWithBase(base_iterator->rep);
  return base_iterator;
}

rocksdb_iterator_t* rocksdb_writebatch_wi_create_iterator_with_base_cf(rocksdb_writebatch_wi_t* wbwi,
                                                                       rocksdb_iterator_t* base_iterator,
                                                                       CfHandle* cf) {
  base_iterator->rep = wbwi->rep->NewIteratorWithBase(cf->rep, base_iterator->rep);
  return base_iterator;
}

}  // extern "C"
