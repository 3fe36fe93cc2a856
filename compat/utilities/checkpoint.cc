// rocksdb/utilities/checkpoint.h
#include <rocksdb/utilities/checkpoint.h>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::NotBuilt;

Status Checkpoint::Create(DB*, Checkpoint** checkpoint_ptr) {
  *checkpoint_ptr = nullptr;
  return NotBuilt("Checkpoint");
}

Status Checkpoint::CreateCheckpoint(const std::string&, uint64_t, uint64_t*) {
  return NotBuilt("Checkpoint::CreateCheckpoint");
}

Status Checkpoint::ExportColumnFamily(ColumnFamilyHandle*, const std::string&, ExportImportFilesMetaData**) {
  return NotBuilt("Checkpoint::ExportColumnFamily");
}

}  // namespace rocksdb
