#include "compat/c/handles.h"

#include <cstdlib>
#include <cstring>

namespace gneiss::compat {

using rocksdb::Slice;
using rocksdb::Status;

bool SaveError(char** errptr, const Status& status) {
  if (status.ok()) return false;
  free(*errptr);
  *errptr = CopyText(status.ToString());
  return true;
}

bool SaveErrorUnlessNotFound(char** errptr, const Status& status) {
  return status.IsNotFound() || SaveError(errptr, status);
}

char* CopyBytes(const Slice& bytes, size_t* length) {
  *length = bytes.size();
  // malloc(0) may return NULL, which would read as "not found".
  char* copy = static_cast<char*>(malloc(bytes.empty() ? 1 : bytes.size()));
  if (!bytes.empty()) memcpy(copy, bytes.data(), bytes.size());
  return copy;
}

char* CopyText(const std::string& text) { return strdup(text.c_str()); }

char* ReturnValue(const Status& status, const Slice& value, size_t* length, char** errptr) {
  if (!SaveErrorUnlessNotFound(errptr, status)) return CopyBytes(value, length);
  *length = 0;
  return nullptr;
}

std::vector<Slice> ToSlices(size_t count, const char* const* data, const size_t* sizes) {
  std::vector<Slice> slices(count);
  for (size_t i = 0; i < count; ++i) slices[i] = Slice(data[i], sizes[i]);
  return slices;
}

std::vector<rocksdb::ColumnFamilyHandle*> ToHandles(size_t count,
                                                    const rocksdb_column_family_handle_t* const* handles) {
  std::vector<rocksdb::ColumnFamilyHandle*> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = handles[i]->rep;
  return result;
}

std::vector<rocksdb::ColumnFamilyDescriptor> ToDescriptors(int count, const char* const* names,
                                                           const rocksdb_options_t* const* options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (int i = 0; i < count; ++i) descriptors.emplace_back(names[i], rocksdb::ColumnFamilyOptions(options[i]->rep));
  return descriptors;
}

void WrapHandles(const std::vector<rocksdb::ColumnFamilyHandle*>& from, rocksdb_column_family_handle_t** to) {
  for (size_t i = 0; i < from.size(); ++i) to[i] = new rocksdb_column_family_handle_t{from[i]};
}

void ReturnValues(const std::vector<Status>& statuses, const std::vector<std::string>& values,
                  const std::vector<std::string>& timestamps, const MultiGetResults& results) {
  for (size_t i = 0; i < statuses.size(); ++i) {
    results.errs[i] = nullptr;
    results.values[i] = ReturnValue(statuses[i], values[i], &results.value_sizes[i], &results.errs[i]);
    if (results.timestamps == nullptr) continue;
    if (statuses[i].ok()) {
      results.timestamps[i] = CopyBytes(timestamps[i], &results.timestamp_sizes[i]);
    } else {
      results.timestamps[i] = nullptr;
      results.timestamp_sizes[i] = 0;
    }
  }
}

}  // namespace gneiss::compat
