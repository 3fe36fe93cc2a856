// What a cache entry is for. Each kind of entry has a deleter of its own, so the deleter tells.
//
// Owner:   marks are static objects beside the deleters that they name.
// Threads: marks are made while the library loads; RoleOf is safe from any thread.
// Errors:  none. A deleter that nobody marked is kOther.
#pragma once

#include <cstdint>

#include "engine/cache/cache.h"

namespace gneiss {

enum class CacheRole : uint8_t {
  kDataBlock,
  kFilter,
  kIndex,
  kBlob,
  kOther,
  // Memory outside of the cache that counts against it (cache_charge.h):
  kDictionaryBuffer,
  kFilterConstruction,
  kTableReader,
  kFileMetadata,
};

class CacheRoleMark {
 public:
  CacheRoleMark(Cache::Deleter deleter, CacheRole role) : deleter_(deleter), role_(role), next_(first_) {
    first_ = this;
  }
  CacheRoleMark(const CacheRoleMark&) = delete;
  CacheRoleMark& operator=(const CacheRoleMark&) = delete;

  static CacheRole RoleOf(Cache::Deleter deleter);

 private:
  static inline constinit const CacheRoleMark* first_ = nullptr;  // known before any mark is made

  const Cache::Deleter deleter_;
  const CacheRole role_;
  const CacheRoleMark* const next_;
};

}  // namespace gneiss
