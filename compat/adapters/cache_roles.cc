#include "compat/adapters/cache_roles.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "compat/adapters/engine_cache.h"

namespace gneiss::compat {

namespace {

using Deleter = rocksdb::Cache::DeleterFn;
using Deleters = std::array<Deleter, rocksdb::kNumCacheEntryRoles>;

template <size_t>
void DeleteNothing(const rocksdb::Slice& /*key*/, void* /*value*/) {}

template <size_t... roles>
constexpr Deleters ListDeleters(std::index_sequence<roles...> /*all*/) {
  return {&DeleteNothing<roles>...};
}
constexpr Deleters kStandIns = ListDeleters(std::make_index_sequence<rocksdb::kNumCacheEntryRoles>());

}  // namespace

rocksdb::CacheEntryRole RocksRoleOf(CacheRole role) {
  switch (role) {
    case CacheRole::kDataBlock:
      return rocksdb::CacheEntryRole::kDataBlock;
    case CacheRole::kFilter:
      return rocksdb::CacheEntryRole::kFilterBlock;
    case CacheRole::kIndex:
      return rocksdb::CacheEntryRole::kIndexBlock;
    case CacheRole::kBlob:
      return rocksdb::CacheEntryRole::kBlobValue;
    case CacheRole::kDictionaryBuffer:
      return rocksdb::CacheEntryRole::kCompressionDictionaryBuildingBuffer;
    case CacheRole::kFilterConstruction:
      return rocksdb::CacheEntryRole::kFilterConstruction;
    case CacheRole::kTableReader:
      return rocksdb::CacheEntryRole::kBlockBasedTableReader;
    case CacheRole::kFileMetadata:
      return rocksdb::CacheEntryRole::kFileMetadata;
    case CacheRole::kOther:
      break;
  }
  return rocksdb::CacheEntryRole::kMisc;
}

Deleter StandInDeleter(rocksdb::CacheEntryRole role) { return kStandIns[static_cast<size_t>(role)]; }

rocksdb::CacheEntryRole RoleOfEntry(const void* value, Deleter deleter) {
  if (const std::optional<CacheRole> role = EngineRoleOf(value, deleter)) return RocksRoleOf(*role);
  const auto* const found = std::find(kStandIns.begin(), kStandIns.end(), deleter);
  return found == kStandIns.end() ? rocksdb::CacheEntryRole::kMisc
                                  : static_cast<rocksdb::CacheEntryRole>(found - kStandIns.begin());
}

}  // namespace gneiss::compat
