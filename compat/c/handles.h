// What stands behind the opaque types of c.h, and the conventions every file of compat/c shares.
//
// Units:   lengths are bytes. Results that the caller frees are malloc'ed and carry no terminating zero unless they are
// text. Owner:   a handle owns what its comment says; the caller owns the handle and gives it back to its _destroy
// function. Threads: as the C++ object behind the handle. Errors:  a failed Status goes to *errptr as malloc'ed text
// (SaveError); NotFound is not an error where c.h returns NULL for it.
#pragma once

#include <rocksdb/c.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

struct rocksdb_t {
  rocksdb::DB* rep;  // owned
};
struct rocksdb_column_family_handle_t {
  rocksdb::ColumnFamilyHandle* rep;  // owned
};
struct rocksdb_iterator_t {
  rocksdb::Iterator* rep;  // owned
};
struct rocksdb_snapshot_t {
  const rocksdb::Snapshot* rep;  // the database's
};
struct rocksdb_writebatch_t {
  rocksdb::WriteBatch rep;
};
struct rocksdb_writebatch_wi_t {
  rocksdb::WriteBatchWithIndex* rep;  // owned, unless it came from a transaction
};
struct rocksdb_pinnableslice_t {
  rocksdb::PinnableSlice rep;
};
struct rocksdb_options_t {
  rocksdb::Options rep;
};
// The C++ options point at slices; the slices live here. Their bytes stay the caller's.
struct rocksdb_readoptions_t {
  rocksdb::ReadOptions rep;
  rocksdb::Slice upper_bound;
  rocksdb::Slice lower_bound;
  rocksdb::Slice timestamp;
  rocksdb::Slice iter_start_ts;
};
struct rocksdb_writeoptions_t {
  rocksdb::WriteOptions rep;
};
struct rocksdb_flushoptions_t {
  rocksdb::FlushOptions rep;
};
struct rocksdb_compactoptions_t {
  rocksdb::CompactRangeOptions rep;
  rocksdb::Slice full_history_ts_low;
};
struct rocksdb_block_based_table_options_t {
  rocksdb::BlockBasedTableOptions rep;
};
struct rocksdb_cache_t {
  std::shared_ptr<rocksdb::Cache> rep;
};
struct rocksdb_env_t {
  rocksdb::Env* rep;
  bool is_default;  // the default Env is never deleted
};
// A policy or transform is handed over to the options that take it, and the handle goes with it.
struct rocksdb_filterpolicy_t {
  std::unique_ptr<const rocksdb::FilterPolicy> rep;
};
struct rocksdb_slicetransform_t {
  std::unique_ptr<const rocksdb::SliceTransform> rep;
};

namespace gneiss::compat {

using CfHandle = rocksdb_column_family_handle_t;  // the long name fills most lines of c.h

// Returns true when `status` is an error, and then replaces *errptr by its text.
bool SaveError(char** errptr, const rocksdb::Status& status);

// For lookups: OK is false, NotFound is true and leaves *errptr alone, any other error is true and saved.
bool SaveErrorUnlessNotFound(char** errptr, const rocksdb::Status& status);

// malloc'ed copies; CopyBytes stores the length and adds no terminating zero.
char* CopyBytes(const rocksdb::Slice& bytes, size_t* length);
char* CopyText(const std::string& text);

// The outcome of a lookup: a malloc'ed copy, or NULL and length 0.
char* ReturnValue(const rocksdb::Status& status, const rocksdb::Slice& value, size_t* length, char** errptr);

std::vector<rocksdb::Slice> ToSlices(size_t count, const char* const* data, const size_t* sizes);
std::vector<rocksdb::ColumnFamilyHandle*> ToHandles(size_t count, const rocksdb_column_family_handle_t* const* handles);
std::vector<rocksdb::ColumnFamilyDescriptor> ToDescriptors(int count, const char* const* names,
                                                           const rocksdb_options_t* const* options);
void WrapHandles(const std::vector<rocksdb::ColumnFamilyHandle*>& from, rocksdb_column_family_handle_t** to);

// Fills the parallel result arrays of the multi_get family. `timestamps` may be absent.
struct MultiGetResults {
  char** values;
  size_t* value_sizes;
  char** errs;
  char** timestamps = nullptr;
  size_t* timestamp_sizes = nullptr;
};
void ReturnValues(const std::vector<rocksdb::Status>& statuses, const std::vector<std::string>& values,
                  const std::vector<std::string>& timestamps, const MultiGetResults& results);

// The two halves of "a NULL key means no bound".
class OptionalSlice {
 public:
  OptionalSlice(const char* data, size_t size) : slice_(data, data == nullptr ? 0 : size), present_(data != nullptr) {}
  const rocksdb::Slice* get() const { return present_ ? &slice_ : nullptr; }

 private:
  rocksdb::Slice slice_;
  bool present_;
};

// Makes the handle H around an owned pointer, or returns NULL after saving the error.
template <class H, class Rep>
H* WrapOrNull(char** errptr, const rocksdb::Status& status, Rep* rep) {
  return SaveError(errptr, status) ? nullptr : new H{rep};
}

template <class Field, class Value>
void AssignField(Field& field, Value value) {
  field = static_cast<Field>(value);
}

}  // namespace gneiss::compat

// Setters and getters that do nothing but copy one field; TYPE is the C type, FIELD a member of h->rep.
#define GNEISS_C_SET(function, handle, type, field) \
  void function(handle* h, type v) { gneiss::compat::AssignField(h->rep.field, v); }
#define GNEISS_C_GET(function, handle, type, field) \
  type function(handle* h) { return static_cast<type>(h->rep.field); }
#define GNEISS_C_CREATE_DESTROY(prefix, handle)          \
  handle* prefix##_create(void) { return new handle(); } \
  void prefix##_destroy(handle* h) { delete h; }
