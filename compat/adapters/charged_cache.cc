#include "compat/adapters/charged_cache.h"

#include <map>
#include <mutex>
#include <utility>

#include "compat/adapters/cache_reservation.h"
#include "compat/adapters/engine_cache.h"

namespace gneiss::compat {

namespace {

class ChargedCache final : public gneiss::Cache {
 public:
  ChargedCache(const std::shared_ptr<rocksdb::Cache>& cache, const std::shared_ptr<rocksdb::Cache>& charged,
               rocksdb::CacheEntryRole role)
      : cache_(EngineCacheOf(cache)), reservation_(charged, role) {
    UpdateCharge();
  }

  Status Insert(Slice key, void* value, size_t charge, Deleter deleter, Priority priority, Handle** handle) override {
    Status status = cache_->Insert(key, value, charge, deleter, priority, handle);
    UpdateCharge();  // also when others had to go
    return status;
  }
  Handle* Lookup(Slice key) override { return cache_->Lookup(key); }
  void Ref(Handle* handle) override { cache_->Ref(handle); }
  bool Release(Handle* handle, bool erase_if_last_ref) override {
    const bool is_freed = cache_->Release(handle, erase_if_last_ref);
    if (is_freed) UpdateCharge();
    return is_freed;
  }
  void* Value(Handle* handle) override { return cache_->Value(handle); }
  size_t Charge(Handle* handle) const override { return cache_->Charge(handle); }
  void Erase(Slice key) override {
    cache_->Erase(key);
    UpdateCharge();
  }
  uint64_t NewId() override { return cache_->NewId(); }
  void SetCapacity(size_t capacity) override {
    cache_->SetCapacity(capacity);
    UpdateCharge();
  }
  void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return cache_->GetCapacity(); }
  size_t GetUsage() const override { return cache_->GetUsage(); }
  size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
  void EraseUnreferenced() override {
    cache_->EraseUnreferenced();
    UpdateCharge();
  }
  void ForEach(const std::function<void(Slice, void*, size_t, Deleter)>& visit) override { cache_->ForEach(visit); }

 private:
  void UpdateCharge() {
    const std::lock_guard<std::mutex> lock(mutex_);
    reservation_.Reserve(cache_->GetUsage()).PermitUncheckedError();
  }

  const std::shared_ptr<gneiss::Cache> cache_;
  std::mutex mutex_;
  rocksdb::CacheReservationManager reservation_;  // under mutex_
};

}  // namespace

std::shared_ptr<gneiss::Cache> ChargedCacheOf(const std::shared_ptr<rocksdb::Cache>& cache,
                                              const std::shared_ptr<rocksdb::Cache>& charged,
                                              rocksdb::CacheEntryRole role) {
  // An address names one cache only while somebody has it; who has the result keeps both.
  using Pair = std::pair<const rocksdb::Cache*, const rocksdb::Cache*>;
  static std::mutex mutex;
  static auto& known = *new std::map<Pair, std::weak_ptr<ChargedCache>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::erase_if(known, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<ChargedCache>& found = known[{cache.get(), charged.get()}];
  std::shared_ptr<ChargedCache> result = found.lock();
  if (result == nullptr) found = result = std::make_shared<ChargedCache>(cache, charged, role);
  return result;
}

}  // namespace gneiss::compat
