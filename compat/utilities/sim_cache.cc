// rocksdb/utilities/sim_cache.h: a cache that also tells what hit rate another capacity would have.
//
// Beside the real cache stands one of the other capacity that keeps keys and charges but no values.
//
// Owner:   shares both caches. Handles and values are the real cache's.
// Threads: as the caches; the activity log has its own lock.
// Errors:  a failing activity log stops itself and keeps the error for GetActivityLoggingStatus.
#include <rocksdb/utilities/sim_cache.h>

#include <atomic>
#include <iomanip>
#include <mutex>
#include <sstream>

namespace rocksdb {

namespace {

// One line per operation: "LOOKUP - <hex key>" or "ADD - <hex key> - <charge>".
class ActivityLog {
 public:
  ~ActivityLog() { Stop(); }

  Status Start(const std::string& name, Env* env, uint64_t max_bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    Close();
    Status status = env->NewWritableFile(name, &file_, EnvOptions());
    max_bytes_ = max_bytes;
    written_bytes_ = 0;
    is_open_ = status.ok();
    return status;
  }
  void Stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    Close();
  }
  void ReportLookup(const Slice& key) {
    if (is_open_.load(std::memory_order_relaxed)) Write("LOOKUP - " + key.ToString(/*hex=*/true) + "\n");
  }
  void ReportAdd(const Slice& key, size_t charge) {
    if (!is_open_.load(std::memory_order_relaxed)) return;
    Write("ADD - " + key.ToString(/*hex=*/true) + " - " + std::to_string(charge) + "\n");
  }
  Status status() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return status_;
  }

 private:
  void Write(const std::string& line) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!is_open_) return;
    Keep(file_->Append(line));
    written_bytes_ += line.size();
    if (!status_.ok() || (max_bytes_ > 0 && written_bytes_ >= max_bytes_)) Close();
  }
  void Close() {
    if (!is_open_) return;
    is_open_ = false;
    Keep(file_->Close());
    file_.reset();
  }
  void Keep(const Status& status) {
    if (status_.ok()) status_ = status;
  }

  mutable std::mutex mutex_;
  std::atomic<bool> is_open_{false};
  std::unique_ptr<WritableFile> file_;
  uint64_t max_bytes_ = 0;  // 0: no limit
  uint64_t written_bytes_ = 0;
  Status status_;
};

class SimulatingCache : public SimCache {
 public:
  SimulatingCache(std::shared_ptr<Cache> keys, std::shared_ptr<Cache> cache)
      : cache_(std::move(cache)), keys_(std::move(keys)) {}

  using Cache::Insert;
  Status Insert(const Slice& key, void* value, size_t charge, DeleterFn deleter, Handle** handle,
                Priority priority) override {
    if (Handle* known = keys_->Lookup(key)) {
      keys_->Release(known);
    } else {
      // A key that does not fit is a key the simulated cache does not hold.
      keys_
          ->Insert(
              key, nullptr, charge, [](const Slice&, void*) {}, nullptr, priority)
          .PermitUncheckedError();
    }
    log_.ReportAdd(key, charge);
    return cache_ == nullptr ? Status::OK() : cache_->Insert(key, value, charge, deleter, handle, priority);
  }

  using Cache::Lookup;
  Handle* Lookup(const Slice& key, Statistics* stats) override {
    Handle* known = keys_->Lookup(key);
    if (known != nullptr) {
      keys_->Release(known);
      hits_.fetch_add(1, std::memory_order_relaxed);
    } else {
      misses_.fetch_add(1, std::memory_order_relaxed);
    }
    if (stats != nullptr) stats->recordTick(known != nullptr ? SIM_BLOCK_CACHE_HIT : SIM_BLOCK_CACHE_MISS, 1);
    log_.ReportLookup(key);
    return cache_ == nullptr ? nullptr : cache_->Lookup(key, stats);
  }

  bool Ref(Handle* handle) override { return cache_->Ref(handle); }
  using Cache::Release;
  bool Release(Handle* handle, bool erase_if_last_ref) override { return cache_->Release(handle, erase_if_last_ref); }
  void* Value(Handle* handle) override { return cache_->Value(handle); }
  void Erase(const Slice& key) override {
    cache_->Erase(key);
    keys_->Erase(key);
  }
  uint64_t NewId() override { return cache_->NewId(); }
  void SetCapacity(size_t capacity) override { cache_->SetCapacity(capacity); }
  void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
  bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
  size_t GetCapacity() const override { return cache_->GetCapacity(); }
  size_t GetUsage() const override { return cache_->GetUsage(); }
  size_t GetUsage(Handle* handle) const override { return cache_->GetUsage(handle); }
  size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
  size_t GetCharge(Handle* handle) const override { return cache_->GetCharge(handle); }
  DeleterFn GetDeleter(Handle* handle) const override { return cache_->GetDeleter(handle); }
  void DisownData() override {
    cache_->DisownData();
    keys_->DisownData();
  }
  void ApplyToAllEntries(const std::function<void(const Slice&, void*, size_t, DeleterFn)>& callback,
                         const ApplyToAllEntriesOptions& opts) override {
    cache_->ApplyToAllEntries(callback, opts);
  }
  void ApplyToAllCacheEntries(void (*callback)(void*, size_t), bool thread_safe) override {
    cache_->ApplyToAllCacheEntries(callback, thread_safe);
  }
  void EraseUnRefEntries() override {
    cache_->EraseUnRefEntries();
    keys_->EraseUnRefEntries();
  }
  std::string GetPrintableOptions() const override {
    return "    cache_options:\n" + cache_->GetPrintableOptions() + "    sim_cache_options:\n" +
           keys_->GetPrintableOptions();
  }

  size_t GetSimCapacity() const override { return keys_->GetCapacity(); }
  size_t GetSimUsage() const override { return keys_->GetUsage(); }
  void SetSimCapacity(size_t capacity) override { keys_->SetCapacity(capacity); }
  uint64_t get_miss_counter() const override { return misses_.load(std::memory_order_relaxed); }
  uint64_t get_hit_counter() const override { return hits_.load(std::memory_order_relaxed); }
  void reset_counter() override {
    misses_ = 0;
    hits_ = 0;
  }
  std::string ToString() const override {
    const uint64_t hits = get_hit_counter();
    const uint64_t lookups = get_miss_counter() + hits;
    std::ostringstream text;
    text << "SimCache MISSes:  " << lookups - hits << "\nSimCache HITs:    " << hits
         << "\nSimCache HITRATE: " << std::fixed << std::setprecision(2)
         << (lookups == 0 ? 0.0 : static_cast<double>(hits) * 100 / static_cast<double>(lookups)) << "\n";
    return text.str();
  }
  Status StartActivityLogging(const std::string& activity_log_file, Env* env, uint64_t max_logging_size) override {
    return log_.Start(activity_log_file, env, max_logging_size);
  }
  void StopActivityLogging() override { log_.Stop(); }
  Status GetActivityLoggingStatus() override { return log_.status(); }

 private:
  std::shared_ptr<Cache> cache_;
  std::shared_ptr<Cache> keys_;
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> hits_{0};
  ActivityLog log_;
};

}  // namespace

std::shared_ptr<SimCache> NewSimCache(std::shared_ptr<Cache> cache, size_t sim_capacity, int num_shard_bits) {
  LRUCacheOptions options;
  options.capacity = sim_capacity;
  options.num_shard_bits = num_shard_bits;
  options.metadata_charge_policy = kDontChargeCacheMetadata;
  return NewSimCache(NewLRUCache(options), std::move(cache), num_shard_bits);
}

std::shared_ptr<SimCache> NewSimCache(std::shared_ptr<Cache> sim_cache, std::shared_ptr<Cache> cache,
                                      int num_shard_bits) {
  constexpr int kShardBitsEnd = 20;
  if (num_shard_bits >= kShardBitsEnd) return nullptr;
  return std::make_shared<SimulatingCache>(std::move(sim_cache), std::move(cache));
}

}  // namespace rocksdb
