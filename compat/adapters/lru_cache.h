// rocksdb::Cache over the engine's own cache: what NewLRUCache, NewClockCache and HyperClockCacheOptions make.
//
// A database whose block cache is one of these uses the engine's cache inside it directly. Programs that insert their
// own values go through the functions of rocksdb::Cache, which keep a value and its deleter in a small box. As with
// RocksDB, users that share one cache tell their keys apart with NewId().
//
// Units:   capacity and charge count bytes.
// Owner:   shared; an aliasing pointer from EngineCacheOf keeps the whole object alive.
// Threads: every method is safe from any thread.
// Errors:  Insert with a handle answers MemoryLimit when a strict capacity leaves no room; without a handle the value
// is
//          dropped at once and the answer is OK. With a secondary cache configured, Insert answers NotSupported.
#pragma once

#include <rocksdb/cache.h>

#include <memory>
#include <string>

#include "engine/cache/cache.h"

namespace gneiss::compat {

class LruCache final : public rocksdb::Cache {
 public:
  // `options.num_shard_bits` must not be negative here.
  LruCache(const char* name, const rocksdb::LRUCacheOptions& options);

  gneiss::Cache* engine_cache() { return cache_.get(); }
  // NotSupported when the options asked for what is not built: a secondary cache.
  rocksdb::Status CheckSupported() const;

  const char* Name() const override { return name_; }
  rocksdb::Status Insert(const rocksdb::Slice& key, void* value, size_t charge, DeleterFn deleter, Handle** handle,
                         Priority priority) override;
  using rocksdb::Cache::Insert;
  Handle* Lookup(const rocksdb::Slice& key, rocksdb::Statistics* stats) override;
  using rocksdb::Cache::Lookup;
  bool Ref(Handle* handle) override;
  bool Release(Handle* handle, bool erase_if_last_ref) override;
  using rocksdb::Cache::Release;
  void* Value(Handle* handle) override;
  void Erase(const rocksdb::Slice& key) override;
  uint64_t NewId() override { return cache_->NewId(); }
  void SetCapacity(size_t capacity) override { cache_->SetCapacity(capacity); }
  void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return cache_->GetCapacity(); }
  size_t GetUsage() const override { return cache_->GetUsage(); }
  size_t GetUsage(Handle* handle) const override { return GetCharge(handle); }
  size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
  size_t GetOccupancyCount() const override;
  size_t GetCharge(Handle* handle) const override;
  DeleterFn GetDeleter(Handle* handle) const override;
  void ApplyToAllEntries(
      const std::function<void(const rocksdb::Slice& key, void* value, size_t charge, DeleterFn deleter)>& callback,
      const ApplyToAllEntriesOptions& options) override;
  void EraseUnRefEntries() override { cache_->EraseUnreferenced(); }
  std::string GetPrintableOptions() const override;

 private:
  const char* const name_;
  const rocksdb::LRUCacheOptions options_;
  const size_t box_charge_;  // what the box around a value counts
  const std::unique_ptr<gneiss::Cache> cache_;
};

// Null for options that RocksDB rejects: 20 shard bits or more, pool ratios outside 0..1 or above 1 together.
std::shared_ptr<rocksdb::Cache> NewNamedCache(const char* name, const rocksdb::LRUCacheOptions& options);

}  // namespace gneiss::compat
