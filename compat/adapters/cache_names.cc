// The names of cache entry roles, and the keys of the "block-cache-entry-stats" property.
#include <rocksdb/cache.h>

#include <array>
#include <string>

namespace rocksdb {

const std::string& GetCacheEntryRoleName(CacheEntryRole role) {
  static const auto& names =
      *new std::array<std::string, kNumCacheEntryRoles>{"data-block",          "filter-block",
                                                        "filter-meta-block",   "deprecated-filter-block",
                                                        "index-block",         "other-block",
                                                        "write-buffer",        "compression-dictionary-building-buffer",
                                                        "filter-construction", "block-based-table-reader",
                                                        "file-metadata",       "blob-value",
                                                        "blob-cache",          "misc"};
  return names[static_cast<size_t>(role)];
}

const std::string& BlockCacheEntryStatsMapKeys::CacheId() {
  static const auto& key = *new std::string("id");
  return key;
}

const std::string& BlockCacheEntryStatsMapKeys::CacheCapacityBytes() {
  static const auto& key = *new std::string("capacity");
  return key;
}

const std::string& BlockCacheEntryStatsMapKeys::LastCollectionDurationSeconds() {
  static const auto& key = *new std::string("secs_for_last_collection");
  return key;
}

const std::string& BlockCacheEntryStatsMapKeys::LastCollectionAgeSeconds() {
  static const auto& key = *new std::string("secs_since_last_collection");
  return key;
}

std::string BlockCacheEntryStatsMapKeys::EntryCount(CacheEntryRole role) {
  return "count." + GetCacheEntryRoleName(role);
}

std::string BlockCacheEntryStatsMapKeys::UsedBytes(CacheEntryRole role) {
  return "bytes." + GetCacheEntryRoleName(role);
}

std::string BlockCacheEntryStatsMapKeys::UsedPercent(CacheEntryRole role) {
  return "percent." + GetCacheEntryRoleName(role);
}

}  // namespace rocksdb
