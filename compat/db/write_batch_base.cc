// rocksdb::WriteBatchBase: the SliceParts overloads join their parts and call the plain ones.

#include "rocksdb/write_batch_base.h"

#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <string>

namespace rocksdb {

Status WriteBatchBase::Put(ColumnFamilyHandle* column_family, const SliceParts& key, const SliceParts& value) {
  std::string key_bytes;
  std::string value_bytes;
  return Put(column_family, Slice(key, &key_bytes), Slice(value, &value_bytes));
}
Status WriteBatchBase::Put(const SliceParts& key, const SliceParts& value) {
  std::string key_bytes;
  std::string value_bytes;
  return Put(Slice(key, &key_bytes), Slice(value, &value_bytes));
}
Status WriteBatchBase::Merge(ColumnFamilyHandle* column_family, const SliceParts& key, const SliceParts& value) {
  std::string key_bytes;
  std::string value_bytes;
  return Merge(column_family, Slice(key, &key_bytes), Slice(value, &value_bytes));
}
Status WriteBatchBase::Merge(const SliceParts& key, const SliceParts& value) {
  std::string key_bytes;
  std::string value_bytes;
  return Merge(Slice(key, &key_bytes), Slice(value, &value_bytes));
}
Status WriteBatchBase::Delete(ColumnFamilyHandle* column_family, const SliceParts& key) {
  std::string key_bytes;
  return Delete(column_family, Slice(key, &key_bytes));
}
Status WriteBatchBase::Delete(const SliceParts& key) {
  std::string key_bytes;
  return Delete(Slice(key, &key_bytes));
}
Status WriteBatchBase::SingleDelete(ColumnFamilyHandle* column_family, const SliceParts& key) {
  std::string key_bytes;
  return SingleDelete(column_family, Slice(key, &key_bytes));
}
Status WriteBatchBase::SingleDelete(const SliceParts& key) {
  std::string key_bytes;
  return SingleDelete(Slice(key, &key_bytes));
}
Status WriteBatchBase::DeleteRange(ColumnFamilyHandle* column_family, const SliceParts& begin_key,
                                   const SliceParts& end_key) {
  std::string begin_bytes;
  std::string end_bytes;
  return DeleteRange(column_family, Slice(begin_key, &begin_bytes), Slice(end_key, &end_bytes));
}
Status WriteBatchBase::DeleteRange(const SliceParts& begin_key, const SliceParts& end_key) {
  std::string begin_bytes;
  std::string end_bytes;
  return DeleteRange(Slice(begin_key, &begin_bytes), Slice(end_key, &end_bytes));
}

}  // namespace rocksdb
