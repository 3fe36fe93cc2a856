// WriteBufferManager: what its inline parts leave open, which is charging a cache and stalling writers.
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <utility>

#include "compat/adapters/cache_reservation.h"
#include "engine/base/no_memory.h"

namespace rocksdb {

CacheReservationManager::~CacheReservationManager() {
  while (!dummies_.empty()) DropDummy();
}

Status CacheReservationManager::Reserve(size_t used_bytes) {
  Status status;
  while (status.ok() && reserved_bytes() < used_bytes) status = AddDummy();
  if (used_bytes < reserved_bytes() / 4 * 3) {
    while (used_bytes + kDummyBytes <= reserved_bytes()) DropDummy();
  }
  return status;
}

Status CacheReservationManager::AddDummy() {
  const uint64_t key[2] = {0, cache_->NewId() + 1};
  Cache::Handle* handle = nullptr;
  dummies_.reserve(dummies_.size() + 1);  // before the insert, so that no handle is lost for want of memory
  const Status status =
      cache_->Insert(Slice(reinterpret_cast<const char*>(key), sizeof(key)), nullptr, kDummyBytes, deleter_, &handle);
  if (!status.ok()) return status;
  dummies_.push_back(handle);
  reserved_bytes_.fetch_add(kDummyBytes, std::memory_order_relaxed);
  return status;
}

void CacheReservationManager::DropDummy() {
  cache_->Release(dummies_.back(), true);
  dummies_.pop_back();
  reserved_bytes_.fetch_sub(kDummyBytes, std::memory_order_relaxed);
}

WriteBufferManager::WriteBufferManager(size_t buffer_size, std::shared_ptr<Cache> cache, bool allow_stall)
    : buffer_size_(buffer_size),
      mutable_limit_(buffer_size * 7 / 8),
      memory_used_(0),
      memory_active_(0),
      cache_res_mgr_(cache == nullptr
                         ? nullptr
                         : std::make_shared<CacheReservationManager>(std::move(cache), CacheEntryRole::kWriteBuffer)),
      allow_stall_(allow_stall),
      stall_active_(false) {}

WriteBufferManager::~WriteBufferManager() = default;

// What was counted is taken off again, also after SetBufferSize(0), and what was not counted is not.
static void TakeOff(std::atomic<size_t>* counter, size_t bytes) {
  size_t now = counter->load(std::memory_order_relaxed);
  while (!counter->compare_exchange_weak(now, now - std::min(now, bytes), std::memory_order_relaxed)) {
  }
}

size_t WriteBufferManager::dummy_entries_in_cache_usage() const {
  return cache_res_mgr_ == nullptr ? 0 : cache_res_mgr_->reserved_bytes();
}

void WriteBufferManager::ReserveMem(size_t mem) {
  if (cache_res_mgr_ != nullptr) {
    ReserveMemWithCache(mem);
  } else if (enabled()) {
    memory_used_.fetch_add(mem, std::memory_order_relaxed);
  }
  if (enabled()) memory_active_.fetch_add(mem, std::memory_order_relaxed);
}

void WriteBufferManager::ScheduleFreeMem(size_t mem) { TakeOff(&memory_active_, mem); }

void WriteBufferManager::FreeMem(size_t mem) {
  if (cache_res_mgr_ != nullptr) {
    FreeMemWithCache(mem);
  } else {
    TakeOff(&memory_used_, mem);
  }
  MaybeEndWriteStall();
}

// A cache without room is no error here, nor a lack of memory: what is used is in use, charged or not.
static void Charge(CacheReservationManager* reservation, size_t used_bytes) {
  gneiss::DropBadAlloc([&] { reservation->Reserve(used_bytes).PermitUncheckedError(); });
}

void WriteBufferManager::ReserveMemWithCache(size_t mem) {
  std::lock_guard<std::mutex> lock(cache_res_mgr_mu_);
  Charge(cache_res_mgr_.get(), memory_used_.fetch_add(mem, std::memory_order_relaxed) + mem);
}

void WriteBufferManager::FreeMemWithCache(size_t mem) {
  std::lock_guard<std::mutex> lock(cache_res_mgr_mu_);
  TakeOff(&memory_used_, mem);
  Charge(cache_res_mgr_.get(), memory_used_.load(std::memory_order_relaxed));
}

void WriteBufferManager::BeginWriteStall(StallInterface* wbm_stall) {
  std::list<StallInterface*> node{wbm_stall};  // allocated outside the lock
  {
    std::lock_guard<std::mutex> lock(mu_);
    if (ShouldStall()) {
      stall_active_.store(true, std::memory_order_relaxed);
      queue_.splice(queue_.end(), node);
    }
  }
  // The stall has ended in the meantime.
  if (!node.empty()) wbm_stall->Signal();
}

// Does not ask enabled(): setting the size to zero must let the writers go.
void WriteBufferManager::MaybeEndWriteStall() {
  if (!allow_stall_) return;
  if (enabled() && IsStallThresholdExceeded()) return;
  std::list<StallInterface*> released;  // freed outside the lock
  std::lock_guard<std::mutex> lock(mu_);
  if (!stall_active_.exchange(false, std::memory_order_relaxed)) return;
  for (StallInterface* waiting : queue_) waiting->Signal();
  released.swap(queue_);
}

// Does not ask enabled() either: who leaves must not be signalled any more.
void WriteBufferManager::RemoveDBFromQueue(StallInterface* wbm_stall) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    queue_.remove(wbm_stall);
  }
  wbm_stall->Signal();
}

}  // namespace rocksdb
