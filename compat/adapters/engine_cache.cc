#include "compat/adapters/engine_cache.h"

#include <utility>

#include "compat/adapters/lru_cache.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

// The engine's values go into a user's cache in a box, because the two kinds of deleter are called differently.
struct Box {
  void* value;
  gneiss::Cache::Deleter deleter;
};

void FreeBox(const rocksdb::Slice& key, void* value) {
  auto* const box = static_cast<Box*>(value);
  if (box->deleter != nullptr) box->deleter(ToEngine(key), box->value);
  delete box;
}

class UserCache final : public gneiss::Cache {
 public:
  explicit UserCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  Status Insert(Slice key, void* value, size_t charge, Deleter deleter, Priority priority, Handle** handle) override {
    auto* const box = new Box{value, deleter};
    rocksdb::Cache::Handle* pinned = nullptr;
    const rocksdb::Status status =
        cache_->Insert(ToRocks(key), box, charge, &FreeBox, handle == nullptr ? nullptr : &pinned,
                       static_cast<rocksdb::Cache::Priority>(priority));
    if (!status.ok()) {
      delete box;
      return ToEngine(status);
    }
    if (handle != nullptr) *handle = reinterpret_cast<Handle*>(pinned);
    return Status::Ok();
  }
  Handle* Lookup(Slice key) override { return reinterpret_cast<Handle*>(cache_->Lookup(ToRocks(key))); }
  void Ref(Handle* handle) override { cache_->Ref(Outer(handle)); }
  bool Release(Handle* handle, bool erase_if_last_ref) override {
    return cache_->Release(Outer(handle), erase_if_last_ref);
  }
  void* Value(Handle* handle) override { return static_cast<Box*>(cache_->Value(Outer(handle)))->value; }
  size_t Charge(Handle* handle) const override { return cache_->GetCharge(Outer(handle)); }
  void Erase(Slice key) override { cache_->Erase(ToRocks(key)); }
  uint64_t NewId() override { return cache_->NewId(); }
  void SetCapacity(size_t capacity) override { cache_->SetCapacity(capacity); }
  void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return cache_->GetCapacity(); }
  size_t GetUsage() const override { return cache_->GetUsage(); }
  size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
  void EraseUnreferenced() override { cache_->EraseUnRefEntries(); }
  // Only the engine's entries: others' values mean nothing to it.
  void ForEach(const std::function<void(Slice, void*, size_t, Deleter)>& visit) override {
    cache_->ApplyToAllEntries(
        [&](const rocksdb::Slice& key, void* value, size_t charge, rocksdb::Cache::DeleterFn deleter) {
          if (deleter != &FreeBox) return;
          const auto* const box = static_cast<Box*>(value);
          visit(ToEngine(key), box->value, charge, box->deleter);
        },
        {});
  }

 private:
  static rocksdb::Cache::Handle* Outer(Handle* handle) { return reinterpret_cast<rocksdb::Cache::Handle*>(handle); }

  const std::shared_ptr<rocksdb::Cache> cache_;
};

}  // namespace

std::shared_ptr<gneiss::Cache> EngineCacheOf(const std::shared_ptr<rocksdb::Cache>& cache) {
  if (cache == nullptr) return nullptr;
  if (auto* const ours = dynamic_cast<LruCache*>(cache.get())) {
    return std::shared_ptr<gneiss::Cache>(cache, ours->engine_cache());
  }
  return std::make_shared<UserCache>(cache);
}

rocksdb::Status CheckCacheSupported(const std::shared_ptr<rocksdb::Cache>& cache) {
  const auto* const ours = dynamic_cast<const LruCache*>(cache.get());
  return ours == nullptr ? rocksdb::Status::OK() : ours->CheckSupported();
}

std::optional<CacheRole> EngineRoleOf(const void* value, rocksdb::Cache::DeleterFn deleter) {
  if (deleter != &FreeBox) return std::nullopt;
  return CacheRoleMark::RoleOf(static_cast<const Box*>(value)->deleter);
}

}  // namespace gneiss::compat
