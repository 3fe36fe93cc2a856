#include "engine/iter/wide_column.h"

#include <cstdint>

#include "engine/base/coding.h"

namespace gneiss {
namespace {

constexpr uint32_t kWideColumnVersion = 1;

}  // namespace

Status DefaultColumnOf(Slice entity, Slice* value) {
  *value = {};
  uint32_t version = 0;
  if (!GetVarint32(&entity, &version)) return Status::Corruption("Error decoding wide column version");
  if (version > kWideColumnVersion) return Status::NotSupported("Unsupported wide column version");
  uint32_t count = 0;
  if (!GetVarint32(&entity, &count)) return Status::Corruption("Error decoding number of wide columns");

  Slice previous_name;
  uint64_t values_size = 0;
  uint32_t default_size = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Slice name;
    uint32_t size = 0;
    if (!GetLengthPrefixed(&entity, &name)) return Status::Corruption("Error decoding wide column name");
    if (i > 0 && name <= previous_name) return Status::Corruption("Wide columns out of order");
    if (!GetVarint32(&entity, &size)) return Status::Corruption("Error decoding wide column value size");
    if (name.empty()) default_size = size;
    previous_name = name;
    values_size += size;
  }
  if (values_size > entity.size()) return Status::Corruption("Error decoding wide column value payload");
  *value = entity.substr(0, default_size);
  return Status::Ok();
}

Status MergeOnEntityError() { return Status::NotSupported("Merge currently not supported for wide-column entities"); }

}  // namespace gneiss
