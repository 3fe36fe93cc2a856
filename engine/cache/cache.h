// A Cache keeps values of any kind in memory up to a capacity, found by key: data blocks, indexes, filters.
//
// Units:   capacity and charge count bytes.
// Owner:   the cache owns its values and calls their deleter; a Handle keeps one alive, also after eviction.
// Threads: every method is safe from any thread; none blocks on I/O. No deleter runs under the cache's lock.
// Errors:  Insert answers MemoryLimit (Incomplete, sub-code kMemoryLimit) when a strict capacity leaves no room.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

class Cache {
 public:
  struct Handle {};  // opaque
  using Deleter = void (*)(Slice key, void* value);
  enum class Priority : uint8_t { kHigh, kLow, kBottom };

  virtual ~Cache() = default;
  // On success *handle (may be null: then nothing is pinned) pins the value. On failure the caller keeps the value.
  // A value under the same key is replaced; its pins stay good.
  virtual Status Insert(Slice key, void* value, size_t charge, Deleter deleter, Priority priority, Handle** handle) = 0;
  virtual Handle* Lookup(Slice key) = 0;  // null when absent; else the caller must Release
  // The same for a caller that asks for one key again and again and keeps a number beside it, zero at first: where the
  // key was last found, or refused. It saves the walk through the table. Read and written as an atomic.
  virtual Handle* Lookup(Slice key, uint32_t* /*place*/) { return Lookup(key); }
  // After a lookup with this place found nothing: is a value of about this charge worth inserting? A full cache may
  // leave to others what is not asked for again soon (Admission). Asked once per miss.
  virtual bool Admits(Slice /*key*/, size_t /*charge*/, uint32_t* /*place*/) { return true; }
  // Brings what a lookup with this place reads first into the processor's cache.
  virtual void Prefetch(Slice /*key*/, uint32_t* /*place*/) {}
  virtual void Ref(Handle* handle) = 0;
  virtual bool Release(Handle* handle, bool erase_if_last_ref = false) = 0;  // true when the value was freed
  virtual void* Value(Handle* handle) = 0;
  virtual size_t Charge(Handle* handle) const = 0;
  virtual void Erase(Slice key) = 0;
  virtual uint64_t NewId() = 0;  // distinct per call: prefixes keys so that users of one cache do not collide
  virtual void SetCapacity(size_t capacity) = 0;
  virtual void SetStrictCapacityLimit(bool strict) = 0;
  virtual bool HasStrictCapacityLimit() const = 0;
  virtual size_t GetCapacity() const = 0;
  virtual size_t GetUsage() const = 0;
  virtual size_t GetPinnedUsage() const = 0;
  virtual void EraseUnreferenced() = 0;
  // Calls `visit` for every entry, a shard at a time under its lock.
  virtual void ForEach(const std::function<void(Slice key, void* value, size_t charge, Deleter deleter)>& visit) = 0;
};

struct CacheConfig {
  size_t capacity_bytes = 8 << 20;
  int shard_bits = -1;  // -1: chosen from the capacity
  bool is_strict = false;
  double high_priority_ratio = 0.5;
  double low_priority_ratio = 0.0;
  bool charges_metadata = true;  // count the cache's own bytes per entry too
};
std::unique_ptr<Cache> NewCache(const CacheConfig& config);

}  // namespace gneiss
