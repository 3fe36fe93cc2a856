#include "compat/adapters/lru_cache.h"

#include <rocksdb/secondary_cache.h>
#include <rocksdb/utilities/options_type.h>

#include <cstdio>

#include "compat/adapters/cache_roles.h"
#include "compat/adapters/register_factory.h"
#include "compat/not_supported.h"
#include "compat/options/option_field.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

using rocksdb::LRUCacheOptions;

// What the engine's cache holds for a value that came in through rocksdb::Cache.
struct Box {
  void* value;
  rocksdb::Cache::DeleterFn deleter;
};

void FreeBox(Slice key, void* value) {
  auto* const box = static_cast<Box*>(value);
  if (box->deleter != nullptr) box->deleter(ToRocks(key), box->value);
  delete box;
}

gneiss::Cache::Handle* Inner(rocksdb::Cache::Handle* handle) {
  return reinterpret_cast<gneiss::Cache::Handle*>(handle);
}

CacheConfig ConfigOf(const LRUCacheOptions& options) {
  return {.capacity_bytes = options.capacity,
          .shard_bits = options.num_shard_bits,
          .is_strict = options.strict_capacity_limit,
          .high_priority_ratio = options.high_pri_pool_ratio,
          .low_priority_ratio = options.low_pri_pool_ratio,
          .charges_metadata = options.metadata_charge_policy == rocksdb::kFullChargeCacheMetadata};
}

bool IsShare(double ratio) { return ratio >= 0.0 && ratio <= 1.0; }

// As many shards as keep each at 512 KiB or more, 64 at most.
int DefaultShardBits(size_t capacity) {
  constexpr size_t kShardBytesMin = 512 * 1024;
  int bits = 0;
  while (bits < 6 && capacity / kShardBytesMin >> (bits + 1) != 0) ++bits;
  return bits;
}

}  // namespace

LruCache::LruCache(const char* name, const LRUCacheOptions& options)
    : Cache(options.memory_allocator),
      name_(name),
      options_(options),
      box_charge_(options.metadata_charge_policy == rocksdb::kFullChargeCacheMetadata ? sizeof(Box) : 0),
      cache_(NewCache(ConfigOf(options))) {}

rocksdb::Status LruCache::CheckSupported() const {
  return options_.secondary_cache == nullptr ? rocksdb::Status::OK() : NotBuilt("LRUCacheOptions::secondary_cache");
}

rocksdb::Status LruCache::Insert(const rocksdb::Slice& key, void* value, size_t charge, DeleterFn deleter,
                                 Handle** handle, Priority priority) {
  if (options_.secondary_cache != nullptr) return CheckSupported();
  auto box = std::make_unique<Box>(Box{value, deleter});
  gneiss::Cache::Handle* pinned = nullptr;
  const Status status =
      cache_->Insert(ToEngine(key), box.get(), charge + box_charge_, &FreeBox,
                     static_cast<gneiss::Cache::Priority>(priority), handle == nullptr ? nullptr : &pinned);
  if (status.sub_code() == Status::SubCode::kMemoryLimit) {
    return rocksdb::Status::MemoryLimit("Insert failed due to LRU cache being full.");
  }
  if (!status.ok()) return ToRocks(status);
  box.release();
  if (handle != nullptr) *handle = reinterpret_cast<Handle*>(pinned);
  return rocksdb::Status::OK();
}

rocksdb::Cache::Handle* LruCache::Lookup(const rocksdb::Slice& key, rocksdb::Statistics* /*stats*/) {
  return reinterpret_cast<Handle*>(cache_->Lookup(ToEngine(key)));
}

bool LruCache::Ref(Handle* handle) {
  cache_->Ref(Inner(handle));
  return true;
}

bool LruCache::Release(Handle* handle, bool erase_if_last_ref) {
  return handle != nullptr && cache_->Release(Inner(handle), erase_if_last_ref);
}

void* LruCache::Value(Handle* handle) { return static_cast<Box*>(cache_->Value(Inner(handle)))->value; }

rocksdb::Cache::DeleterFn LruCache::GetDeleter(Handle* handle) const {
  return static_cast<Box*>(cache_->Value(Inner(handle)))->deleter;
}

size_t LruCache::GetCharge(Handle* handle) const { return cache_->Charge(Inner(handle)) - box_charge_; }

void LruCache::Erase(const rocksdb::Slice& key) { cache_->Erase(ToEngine(key)); }

size_t LruCache::GetOccupancyCount() const {
  size_t count = 0;
  cache_->ForEach([&count](Slice, void*, size_t, gneiss::Cache::Deleter) { ++count; });
  return count;
}

void LruCache::ApplyToAllEntries(
    const std::function<void(const rocksdb::Slice& key, void* value, size_t charge, DeleterFn deleter)>& callback,
    const ApplyToAllEntriesOptions& /*options*/) {
  cache_->ForEach([&](Slice key, void* value, size_t charge, gneiss::Cache::Deleter deleter) {
    if (deleter == &FreeBox) {
      const auto* const box = static_cast<Box*>(value);
      callback(ToRocks(key), box->value, charge - box_charge_, box->deleter);
    } else {
      callback(ToRocks(key), value, charge, StandInDeleter(RocksRoleOf(CacheRoleMark::RoleOf(deleter))));
    }
  });
}

std::string LruCache::GetPrintableOptions() const {
  char text[400];
  snprintf(text, sizeof(text),
           "    capacity : %zu\n"
           "    num_shard_bits : %d\n"
           "    strict_capacity_limit : %d\n"
           "    memory_allocator : %s\n"
           "    high_pri_pool_ratio: %.3lf\n"
           "    low_pri_pool_ratio: %.3lf\n",
           GetCapacity(), options_.num_shard_bits, HasStrictCapacityLimit(),
           memory_allocator() == nullptr ? "None" : memory_allocator()->Name(), options_.high_pri_pool_ratio,
           options_.low_pri_pool_ratio);
  return text;
}

std::shared_ptr<rocksdb::Cache> NewNamedCache(const char* name, const LRUCacheOptions& options) {
  if (options.num_shard_bits >= 20) return nullptr;
  if (!IsShare(options.high_pri_pool_ratio) || !IsShare(options.low_pri_pool_ratio) ||
      options.high_pri_pool_ratio + options.low_pri_pool_ratio > 1.0) {
    return nullptr;
  }
  LRUCacheOptions resolved = options;
  if (resolved.num_shard_bits < 0) resolved.num_shard_bits = DefaultShardBits(resolved.capacity);
  return std::make_shared<LruCache>(name, resolved);
}

namespace {

// NewCompressedSecondaryCache cannot say no, so what it returns does.
class UnbuiltSecondaryCache final : public rocksdb::SecondaryCache {
 public:
  const char* Name() const override { return "CompressedSecondaryCache"; }
  rocksdb::Status Insert(const rocksdb::Slice&, void*, const rocksdb::Cache::CacheItemHelper*) override {
    return NotBuilt("NewCompressedSecondaryCache");
  }
  std::unique_ptr<rocksdb::SecondaryCacheResultHandle> Lookup(const rocksdb::Slice&,
                                                              const rocksdb::Cache::CreateCallback&, bool, bool,
                                                              bool& is_in_sec_cache) override {
    is_in_sec_cache = false;
    return nullptr;
  }
  [[nodiscard]] bool SupportForceErase() const override { return false; }
  void Erase(const rocksdb::Slice&) override {}
  void WaitAll(std::vector<rocksdb::SecondaryCacheResultHandle*>) override {}
};

const OptionMap& LruCacheOptionTable() {
  using Options = LRUCacheOptions;
  constexpr auto kMutable = rocksdb::OptionTypeFlags::kMutable;
  static const OptionMap* const table = NewOptionMap({
      {"capacity", FieldOf<Options>(&Options::capacity, kMutable)},
      {"num_shard_bits", FieldOf<Options>(&Options::num_shard_bits, kMutable)},
      {"strict_capacity_limit", FieldOf<Options>(&Options::strict_capacity_limit, kMutable)},
      {"high_pri_pool_ratio", FieldOf<Options>(&Options::high_pri_pool_ratio, kMutable)},
      {"low_pri_pool_ratio", FieldOf<Options>(&Options::low_pri_pool_ratio, kMutable)},
  });
  return *table;
}

}  // namespace

}  // namespace gneiss::compat

namespace rocksdb {

const bool kDefaultToAdaptiveMutex = false;

std::shared_ptr<Cache> NewLRUCache(const LRUCacheOptions& cache_opts) {
  return gneiss::compat::NewNamedCache("LRUCache", cache_opts);
}

std::shared_ptr<Cache> NewLRUCache(size_t capacity, int num_shard_bits, bool strict_capacity_limit,
                                   double high_pri_pool_ratio, std::shared_ptr<MemoryAllocator> memory_allocator,
                                   bool use_adaptive_mutex, CacheMetadataChargePolicy metadata_charge_policy,
                                   double low_pri_pool_ratio) {
  return NewLRUCache(LRUCacheOptions(capacity, num_shard_bits, strict_capacity_limit, high_pri_pool_ratio,
                                     std::move(memory_allocator), use_adaptive_mutex, metadata_charge_policy,
                                     low_pri_pool_ratio));
}

// RocksDB 7.8 answers with an LRU cache, too.
std::shared_ptr<Cache> NewClockCache(size_t capacity, int num_shard_bits, bool strict_capacity_limit,
                                     CacheMetadataChargePolicy metadata_charge_policy) {
  return NewLRUCache(capacity, num_shard_bits, strict_capacity_limit, 0.5, nullptr, kDefaultToAdaptiveMutex,
                     metadata_charge_policy);
}

std::shared_ptr<Cache> HyperClockCacheOptions::MakeSharedCache() const {
  LRUCacheOptions options;
  static_cast<ShardedCacheOptions&>(options) = *this;
  return gneiss::compat::NewNamedCache("HyperClockCache", options);
}

std::shared_ptr<SecondaryCache> NewCompressedSecondaryCache(const CompressedSecondaryCacheOptions& /*opts*/) {
  return std::make_shared<gneiss::compat::UnbuiltSecondaryCache>();
}

std::shared_ptr<SecondaryCache> NewCompressedSecondaryCache(size_t, int, bool, double, double,
                                                            std::shared_ptr<MemoryAllocator>, bool,
                                                            CacheMetadataChargePolicy, CompressionType, uint32_t,
                                                            bool) {
  return std::make_shared<gneiss::compat::UnbuiltSecondaryCache>();
}

Status SecondaryCache::CreateFromString(const ConfigOptions& config_options, const std::string& id,
                                        std::shared_ptr<SecondaryCache>* result) {
  if (id.compare(0, 29, "compressed_secondary_cache://") == 0) {
    return gneiss::compat::NotBuilt("compressed_secondary_cache://");
  }
  return gneiss::compat::LoadObject(config_options, id, result);
}

Status Cache::CreateFromString(const ConfigOptions& config_options, const std::string& value,
                               std::shared_ptr<Cache>* result) {
  // A number alone is the capacity.
  const std::string text = value.find('=') == std::string::npos ? "capacity=" + value : value;
  LRUCacheOptions options;
  const Status parsed =
      OptionTypeInfo::ParseStruct(config_options, "", &gneiss::compat::LruCacheOptionTable(), "", text, &options);
  if (!parsed.ok()) return parsed;
  *result = NewLRUCache(options);
  return Status::OK();
}

}  // namespace rocksdb
