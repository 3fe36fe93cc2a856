// A CacheCharge counts memory that lies elsewhere against a cache: the cache holds dummies of that size, which push out
// what it could hold otherwise.
//
// Units:   bytes; charged by whole dummies.
// Owner:   shares the cache, and gives all of it back when it goes.
// Threads: safe from any thread.
// Errors:  a cache without room makes Add answer false, and takes as many dummies as it can.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/memory_charge.h"
#include "engine/base/mutex.h"
#include "engine/cache/cache.h"
#include "engine/cache/cache_role.h"

namespace gneiss {

class CacheCharge final : public MemoryCharge {
 public:
  static constexpr size_t kDummyBytes = size_t{256} << 10;

  // `role` is one of those that name memory outside of the cache.
  CacheCharge(std::shared_ptr<Cache> cache, CacheRole role);
  ~CacheCharge() override;
  CacheCharge(const CacheCharge&) = delete;
  CacheCharge& operator=(const CacheCharge&) = delete;

  bool Add(size_t bytes) override EXCLUDES(mutex_);
  void Remove(size_t bytes) override EXCLUDES(mutex_);

 private:
  bool AddDummy() REQUIRES(mutex_);
  void DropDummies(size_t count) REQUIRES(mutex_);

  const std::shared_ptr<Cache> cache_;
  const Cache::Deleter deleter_;  // frees nothing, and says what the dummies are for
  Mutex mutex_;
  size_t used_bytes_ GUARDED_BY(mutex_) = 0;
  std::vector<Cache::Handle*> dummies_ GUARDED_BY(mutex_);
};

}  // namespace gneiss
