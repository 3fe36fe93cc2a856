#include "engine/cache/cache.h"

#include <atomic>
#include <functional>
#include <list>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/mutex.h"

namespace gneiss {
namespace {

struct Entry : Cache::Handle {
  std::string key;
  void* value = nullptr;
  size_t charge = 0;        // as the caller gave it
  size_t total_charge = 0;  // with the entry's own bytes when those count
  Cache::Deleter deleter = nullptr;
  Cache::Priority priority = Cache::Priority::kLow;
  uint32_t pins = 0;
  bool is_in_cache = false;
  size_t shard = 0;
  std::list<Entry*>::iterator place;  // in the list of unpinned entries, while there
};

void FreeEntry(Entry* entry) {
  if (entry->deleter != nullptr) entry->deleter(entry->key, entry->value);
  delete entry;
}

struct Shard {
  Mutex mutex;
  std::unordered_map<std::string_view, Entry*> table GUARDED_BY(mutex);
  std::list<Entry*> unpinned GUARDED_BY(mutex);  // oldest first
  size_t usage GUARDED_BY(mutex) = 0;
  size_t unpinned_usage GUARDED_BY(mutex) = 0;
  size_t capacity GUARDED_BY(mutex) = 0;
};

class LruCache final : public Cache {
 public:
  explicit LruCache(const CacheConfig& config)
      : charges_metadata_(config.charges_metadata),
        is_strict_(config.is_strict),
        shards_(size_t{1} << (config.shard_bits < 0 ? 4 : config.shard_bits)) {
    SetCapacity(config.capacity_bytes);
  }
  ~LruCache() override { EraseUnreferenced(); }

  Status Insert(Slice key, void* value, size_t charge, Deleter deleter, Priority priority, Handle** handle) override {
    auto entry = std::make_unique<Entry>();
    entry->key = key;
    entry->value = value;
    entry->charge = charge;
    entry->total_charge = charge + (charges_metadata_ ? sizeof(Entry) + key.size() : 0);
    entry->deleter = deleter;
    entry->priority = priority;
    entry->shard = ShardOf(key);
    Shard& shard = shards_[entry->shard];
    std::vector<Entry*> dead;
    Status status;
    {
      MutexLock lock(&shard.mutex);
      Shrink(&shard, entry->total_charge, &dead);
      const bool has_room = shard.usage + entry->total_charge <= shard.capacity;
      if (has_room || (handle != nullptr && !is_strict_.load(std::memory_order_relaxed))) {
        if (const auto old = shard.table.find(key); old != shard.table.end()) Detach(&shard, old->second, &dead);
        Entry* const added = entry.release();
        added->is_in_cache = true;
        shard.table.emplace(added->key, added);
        shard.usage += added->total_charge;
        if (handle != nullptr) {
          added->pins = 1;
          *handle = added;
        } else {
          Park(&shard, added);
        }
      } else if (handle == nullptr) {
        dead.push_back(entry.release());
      } else {
        status = Status::Make(Status::Code::kIncomplete, "Insert failed due to LRU cache being full.", {},
                              Status::SubCode::kMemoryLimit);
      }
    }
    for (Entry* e : dead) FreeEntry(e);
    return status;
  }

  Handle* Lookup(Slice key) override {
    Shard& shard = shards_[ShardOf(key)];
    MutexLock lock(&shard.mutex);
    const auto found = shard.table.find(key);
    if (found == shard.table.end()) return nullptr;
    Entry* const entry = found->second;
    if (entry->pins++ == 0) Unpark(&shard, entry);
    return entry;
  }
  void Ref(Handle* handle) override {
    auto* const entry = static_cast<Entry*>(handle);
    MutexLock lock(&shards_[entry->shard].mutex);
    ++entry->pins;
  }
  bool Release(Handle* handle, bool erase_if_last_ref) override {
    auto* const entry = static_cast<Entry*>(handle);
    Shard& shard = shards_[entry->shard];
    {
      MutexLock lock(&shard.mutex);
      if (--entry->pins > 0) return false;
      if (entry->is_in_cache && !erase_if_last_ref && shard.usage <= shard.capacity) {
        Park(&shard, entry);
        return false;
      }
      if (entry->is_in_cache) shard.table.erase(entry->key);
      entry->is_in_cache = false;
      shard.usage -= entry->total_charge;
    }
    FreeEntry(entry);
    return true;
  }
  void* Value(Handle* handle) override { return static_cast<Entry*>(handle)->value; }
  size_t Charge(Handle* handle) const override { return static_cast<Entry*>(handle)->charge; }

  void Erase(Slice key) override {
    Shard& shard = shards_[ShardOf(key)];
    std::vector<Entry*> dead;
    {
      MutexLock lock(&shard.mutex);
      if (const auto found = shard.table.find(key); found != shard.table.end()) Detach(&shard, found->second, &dead);
    }
    for (Entry* e : dead) FreeEntry(e);
  }
  uint64_t NewId() override { return next_id_.fetch_add(1, std::memory_order_relaxed); }

  void SetCapacity(size_t capacity) override {
    capacity_.store(capacity, std::memory_order_relaxed);
    for (Shard& shard : shards_) {
      std::vector<Entry*> dead;
      {
        MutexLock lock(&shard.mutex);
        shard.capacity = (capacity + shards_.size() - 1) / shards_.size();
        Shrink(&shard, 0, &dead);
      }
      for (Entry* e : dead) FreeEntry(e);
    }
  }
  void SetStrictCapacityLimit(bool strict) override { is_strict_.store(strict, std::memory_order_relaxed); }
  bool HasStrictCapacityLimit() const override { return is_strict_.load(std::memory_order_relaxed); }
  size_t GetCapacity() const override { return capacity_.load(std::memory_order_relaxed); }
  size_t GetUsage() const override {
    size_t sum = 0;
    for (Shard& shard : shards_) {
      MutexLock lock(&shard.mutex);
      sum += shard.usage;
    }
    return sum;
  }
  size_t GetPinnedUsage() const override {
    size_t sum = 0;
    for (Shard& shard : shards_) {
      MutexLock lock(&shard.mutex);
      sum += shard.usage - shard.unpinned_usage;
    }
    return sum;
  }
  void EraseUnreferenced() override {
    for (Shard& shard : shards_) {
      std::vector<Entry*> dead;
      {
        MutexLock lock(&shard.mutex);
        while (!shard.unpinned.empty()) Detach(&shard, shard.unpinned.front(), &dead);
      }
      for (Entry* e : dead) FreeEntry(e);
    }
  }
  void ForEach(const std::function<void(Slice, void*, size_t, Deleter)>& visit) override {
    for (Shard& shard : shards_) {
      MutexLock lock(&shard.mutex);
      for (const auto& [key, entry] : shard.table) visit(key, entry->value, entry->charge, entry->deleter);
    }
  }

 private:
  size_t ShardOf(Slice key) const { return std::hash<std::string_view>()(key) & (shards_.size() - 1); }

  // The list holds entries in the cache that nobody pins.
  static void Park(Shard* shard, Entry* entry) REQUIRES(shard->mutex) {
    entry->place = shard->unpinned.insert(shard->unpinned.end(), entry);
    shard->unpinned_usage += entry->total_charge;
  }
  static void Unpark(Shard* shard, Entry* entry) REQUIRES(shard->mutex) {
    shard->unpinned.erase(entry->place);
    shard->unpinned_usage -= entry->total_charge;
  }
  // Takes an entry out of the table; it dies now or with its last pin.
  static void Detach(Shard* shard, Entry* entry, std::vector<Entry*>* dead) REQUIRES(shard->mutex) {
    shard->table.erase(entry->key);
    entry->is_in_cache = false;
    if (entry->pins > 0) return;
    Unpark(shard, entry);
    shard->usage -= entry->total_charge;
    dead->push_back(entry);
  }
  static void Shrink(Shard* shard, size_t room, std::vector<Entry*>* dead) REQUIRES(shard->mutex) {
    while (shard->usage + room > shard->capacity && !shard->unpinned.empty()) {
      Detach(shard, shard->unpinned.front(), dead);
    }
  }

  const bool charges_metadata_;
  std::atomic<bool> is_strict_;
  std::atomic<size_t> capacity_{0};
  std::atomic<uint64_t> next_id_{1};
  mutable std::vector<Shard> shards_;
};

}  // namespace

std::unique_ptr<Cache> NewCache(const CacheConfig& config) { return std::make_unique<LruCache>(config); }

}  // namespace gneiss
