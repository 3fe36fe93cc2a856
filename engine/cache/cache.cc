#include "engine/cache/cache.h"

#include <algorithm>
#include <atomic>

#include "engine/base/hash.h"
#include "engine/base/mutex.h"
#include "engine/cache/cache_shard.h"

namespace gneiss {
namespace {

constexpr size_t kShardBytesMin = size_t{512} << 10;
constexpr int kShardBitsUsual = 6;
constexpr int kShardBitsMax = 19;

int ShardBits(const CacheConfig& config) {
  if (config.shard_bits >= 0) return std::min(config.shard_bits, kShardBitsMax);
  int bits = 0;
  while (bits < kShardBitsUsual && config.capacity_bytes >> (bits + 1) >= kShardBytesMin) ++bits;
  return bits;
}

class ClockCache final : public Cache {
 public:
  explicit ClockCache(const CacheConfig& config)
      : shard_bits_(ShardBits(config)),
        shards_(new CacheShard[ShardCount()]),
        capacity_(config.capacity_bytes),
        is_strict_(config.is_strict) {
    for (size_t i = 0; i < ShardCount(); ++i) shards_[i].Configure(config, ShardCapacity(config.capacity_bytes));
  }

  Status Insert(Slice key, void* value, size_t charge, Deleter deleter, Priority priority, Handle** handle) override {
    const uint64_t hash = Xxh3(key);
    return ShardOf(hash)->Insert(key, hash, value, charge, deleter, priority, handle);
  }
  Handle* Lookup(Slice key) override {
    const uint64_t hash = Xxh3(key);
    return ShardOf(hash)->Lookup(key, hash);
  }
  Handle* Lookup(Slice key, uint32_t* place) override {
    const uint64_t hash = Xxh3(key);
    return ShardOf(hash)->Lookup(key, hash, place);
  }
  bool Admits(Slice key, size_t charge, uint32_t* place) override {
    const uint64_t hash = Xxh3(key);
    return ShardOf(hash)->Admits(hash, charge, place);
  }
  void Prefetch(Slice key, uint32_t* place) override { ShardOf(Xxh3(key))->Prefetch(place); }
  void Ref(Handle* handle) override { Entry(handle)->state.fetch_add(1, std::memory_order_relaxed); }
  bool Release(Handle* handle, bool erase_if_last_ref) override {
    return ShardOf(Entry(handle)->Hash())->Release(Entry(handle), erase_if_last_ref);
  }
  void* Value(Handle* handle) override { return Entry(handle)->item.value; }
  size_t Charge(Handle* handle) const override { return Entry(handle)->item.charge; }
  void Erase(Slice key) override {
    const uint64_t hash = Xxh3(key);
    ShardOf(hash)->Erase(key, hash);
  }
  uint64_t NewId() override { return next_id_.fetch_add(1, std::memory_order_relaxed); }

  void SetCapacity(size_t capacity) override {
    MutexLock lock(&settings_mutex_);
    capacity_.store(capacity, std::memory_order_relaxed);
    for (size_t i = 0; i < ShardCount(); ++i) shards_[i].SetCapacity(ShardCapacity(capacity));
  }
  void SetStrictCapacityLimit(bool strict) override {
    MutexLock lock(&settings_mutex_);
    is_strict_.store(strict, std::memory_order_relaxed);
    for (size_t i = 0; i < ShardCount(); ++i) shards_[i].SetStrict(strict);
  }
  bool HasStrictCapacityLimit() const override { return is_strict_.load(std::memory_order_relaxed); }
  size_t GetCapacity() const override { return capacity_.load(std::memory_order_relaxed); }
  size_t GetUsage() const override {
    size_t sum = 0;
    for (size_t i = 0; i < ShardCount(); ++i) sum += shards_[i].Usage();
    return sum;
  }
  size_t GetPinnedUsage() const override {
    size_t sum = 0;
    for (size_t i = 0; i < ShardCount(); ++i) sum += shards_[i].PinnedUsage();
    return sum;
  }
  void EraseUnreferenced() override {
    for (size_t i = 0; i < ShardCount(); ++i) shards_[i].EraseUnreferenced();
  }
  void ForEach(const std::function<void(Slice, void*, size_t, Deleter)>& visit) override {
    for (size_t i = 0; i < ShardCount(); ++i) shards_[i].ForEach(visit);
  }

 private:
  static CacheEntry* Entry(Handle* handle) { return static_cast<CacheEntry*>(handle); }
  size_t ShardCount() const { return size_t{1} << shard_bits_; }
  size_t ShardCapacity(size_t capacity) const {
    return (capacity >> shard_bits_) + ((capacity & (ShardCount() - 1)) != 0);
  }
  // By the highest bits: the shard's table uses the lowest.
  CacheShard* ShardOf(uint64_t hash) const { return &shards_[hash >> 32 >> (32 - shard_bits_)]; }

  const int shard_bits_;
  const std::unique_ptr<CacheShard[]> shards_;
  Mutex settings_mutex_;
  std::atomic<size_t> capacity_;
  std::atomic<bool> is_strict_;
  std::atomic<uint64_t> next_id_{1};
};

}  // namespace

std::unique_ptr<Cache> NewCache(const CacheConfig& config) { return std::make_unique<ClockCache>(config); }

}  // namespace gneiss
