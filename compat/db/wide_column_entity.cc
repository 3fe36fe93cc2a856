#include "compat/db/wide_column_entity.h"

#include <algorithm>

#include "engine/base/coding.h"

namespace gneiss::compat {

rocksdb::Status EncodeEntity(const rocksdb::WideColumns& columns, std::string* entity) {
  rocksdb::WideColumns sorted = columns;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name().compare(b.name()) < 0; });
  PutVarint32(entity, 1);  // the version of the format
  PutVarint32(entity, static_cast<uint32_t>(sorted.size()));
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i].name().size() > UINT32_MAX) return rocksdb::Status::InvalidArgument("Wide column name too long");
    if (sorted[i].value().size() > UINT32_MAX) return rocksdb::Status::InvalidArgument("Wide column value too long");
    if (i > 0 && sorted[i - 1].name() == sorted[i].name()) {
      return rocksdb::Status::Corruption("Wide columns out of order");
    }
    PutLengthPrefixed(entity, Slice(sorted[i].name().data(), sorted[i].name().size()));
    PutVarint32(entity, static_cast<uint32_t>(sorted[i].value().size()));
  }
  for (const auto& column : sorted) entity->append(column.value().data(), column.value().size());
  return rocksdb::Status::OK();
}

}  // namespace gneiss::compat
