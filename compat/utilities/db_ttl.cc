// rocksdb/utilities/db_ttl.h
#include <rocksdb/utilities/db_ttl.h>

#include "compat/not_supported.h"

namespace rocksdb {

Status DBWithTTL::Open(const Options&, const std::string&, DBWithTTL** dbptr, int32_t, bool) {
  *dbptr = nullptr;
  return gneiss::compat::NotBuilt("DBWithTTL");
}

Status DBWithTTL::Open(const DBOptions&, const std::string&, const std::vector<ColumnFamilyDescriptor>&,
                       std::vector<ColumnFamilyHandle*>*, DBWithTTL** dbptr, const std::vector<int32_t>&, bool) {
  *dbptr = nullptr;
  return gneiss::compat::NotBuilt("DBWithTTL");
}

}  // namespace rocksdb
