// Counts memory used elsewhere against a block cache: the cache holds dummy entries of that size.
//
// RocksDB's headers name this class without defining it; this is our definition.
//
// Units:   bytes; the reservation grows and shrinks by whole dummies of 256 KiB.
// Owner:   shares the cache; gives the reservation back when it goes.
// Threads: the caller serialises Reserve; reserved_bytes is safe from any thread.
// Errors:  Reserve answers what the cache answered when it had no room. What it holds by then, it keeps.
#pragma once

#include <rocksdb/cache.h>

#include <atomic>
#include <memory>
#include <vector>

#include "compat/adapters/cache_roles.h"

namespace rocksdb {

class CacheReservationManager {
 public:
  static constexpr size_t kDummyBytes = 256 * 1024;

  CacheReservationManager(std::shared_ptr<Cache> cache, CacheEntryRole role)
      : cache_(std::move(cache)), deleter_(gneiss::compat::StandInDeleter(role)) {}
  ~CacheReservationManager();
  CacheReservationManager(const CacheReservationManager&) = delete;
  CacheReservationManager& operator=(const CacheReservationManager&) = delete;

  // Reserves the dummies that cover `used_bytes`. Shrinks only below three quarters of what is reserved, because use
  // that has just fallen tends to rise again.
  Status Reserve(size_t used_bytes);
  size_t reserved_bytes() const { return reserved_bytes_.load(std::memory_order_relaxed); }

 private:
  Status AddDummy();
  void DropDummy();

  const std::shared_ptr<Cache> cache_;
  const Cache::DeleterFn deleter_;  // frees nothing, and says what the dummies are for
  std::vector<Cache::Handle*> dummies_;
  std::atomic<size_t> reserved_bytes_{0};
};

}  // namespace rocksdb
