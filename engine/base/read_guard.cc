// Why it is safe. An epoch counter grows with every Retire. A guard writes the epoch it began in to its thread's slot;
// a retired object carries the epoch at which it was retired and is freed when every busy slot is younger.
//
//   reader  1. slot = epoch   2. full fence   3. load pointer
//   writer  1. swap pointer   2. full fence, epoch += 1   3. look at the slots
//
// Either the writer's look sees the reader's slot, with an epoch not younger than the object's, and waits; or the
// reader's load comes after the writer's swap and finds the new object. A reader that read the epoch long before it
// wrote its slot looks older than it is, which only delays.
#include "engine/base/read_guard.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/mutex.h"

namespace gneiss {

namespace {

constexpr uint64_t kIdle = 0;
constexpr uint64_t kNoReader = UINT64_MAX;

// A sequentially consistent read-modify-write is a full fence on x86; elsewhere the later plain loads need more.
inline void FenceAfterExchange() {
#if !defined(__x86_64__) && !defined(__i386__)
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace

// One per thread that ever held a guard at the same time as others; two cache lines, because lines are fetched in
// pairs.
struct alignas(128) ReadGuard::Slot {
  std::atomic<uint64_t> epoch{kIdle};
  uint32_t depth = 0;    // of nested guards; the owning thread's
  Slot* next = nullptr;  // set once, before the slot is published
};

// There is one domain and it is never destroyed: guards may be used until the last thread has ended.
struct ReclaimDomain {
  using Slot = ReadGuard::Slot;

  struct Retired {
    uint64_t epoch;
    std::function<void()> free;
  };

  // What a thread keeps. Plain data, so it can be used at any time in a thread's life.
  struct ThreadState {
    Slot* slot;
    bool is_ending;  // thread_local objects are being destroyed: nobody else will return the slot
    bool is_reclaiming;
  };

  static ReclaimDomain& Get() {
    // Never destroyed, and needs no memory: the first call may come from a destructor.
    alignas(ReclaimDomain) static char storage[sizeof(ReclaimDomain)];
    static auto* const domain = new (storage) ReclaimDomain;
    return *domain;
  }

  Slot* TakeSlot() EXCLUDES(mutex);
  void ReturnSlot(Slot* slot) EXCLUDES(mutex);
  uint64_t OldestReader() const;
  void FreeUnseen() REQUIRES(reclaim_mutex) EXCLUDES(mutex);
  bool NothingRetiredUpTo(uint64_t last_epoch) EXCLUDES(mutex);

  // The address of such a variable costs no call.
  static constinit thread_local ThreadState thread __attribute__((tls_model("initial-exec")));

  static constinit std::atomic<uint64_t> epoch;
  std::atomic<Slot*> slots{nullptr};
  Mutex reclaim_mutex;  // held while closures run; taken before `mutex`
  Mutex mutex;
  std::vector<Slot*> free_slots GUARDED_BY(mutex);
  std::list<Retired> retired GUARDED_BY(mutex);  // epochs ascend
};

constinit thread_local ReclaimDomain::ThreadState ReclaimDomain::thread{};
constinit std::atomic<uint64_t> ReclaimDomain::epoch{1};

namespace {

// Returns the thread's slot when the thread ends.
struct SlotReturner {
  ~SlotReturner() {
    auto& thread = ReclaimDomain::thread;
    thread.is_ending = true;
    if (thread.slot != nullptr && thread.slot->depth == 0)
      ReclaimDomain::Get().ReturnSlot(std::exchange(thread.slot, nullptr));
  }
};

bool IsInsideGuard() {
  const auto& thread = ReclaimDomain::thread;
  return thread.slot != nullptr && thread.slot->depth != 0;
}

}  // namespace

ReclaimDomain::Slot* ReclaimDomain::TakeSlot() {
  if (!thread.is_ending) {
    thread_local SlotReturner returner;
    static_cast<void>(&returner);
  }
  MutexLock lock(&mutex);
  if (!free_slots.empty()) {
    Slot* const slot = free_slots.back();
    free_slots.pop_back();
    return slot;
  }
  auto* const slot = new Slot;
  slot->next = slots.load(std::memory_order_relaxed);
  slots.store(slot, std::memory_order_release);
  return slot;
}

void ReclaimDomain::ReturnSlot(Slot* slot) {
  MutexLock lock(&mutex);
  free_slots.push_back(slot);
}

// The oldest epoch in which an open guard began.
uint64_t ReclaimDomain::OldestReader() const {
  uint64_t oldest = kNoReader;
  for (const Slot* slot = slots.load(std::memory_order_seq_cst); slot != nullptr; slot = slot->next) {
    const uint64_t began = slot->epoch.load(std::memory_order_seq_cst);
    if (began != kIdle && began < oldest) oldest = began;
  }
  return oldest;
}

void ReclaimDomain::FreeUnseen() {
  std::list<Retired> unseen;
  {
    MutexLock lock(&mutex);
    const uint64_t oldest = OldestReader();
    auto end = retired.begin();
    while (end != retired.end() && end->epoch < oldest) ++end;
    unseen.splice(unseen.begin(), retired, retired.begin(), end);
  }
  thread.is_reclaiming = true;
  for (Retired& object : unseen) object.free();
  thread.is_reclaiming = false;
}

bool ReclaimDomain::NothingRetiredUpTo(uint64_t last_epoch) {
  MutexLock lock(&mutex);
  return retired.empty() || retired.front().epoch > last_epoch;
}

ReadGuard::ReadGuard()
    : slot_([] {
        auto& thread = ReclaimDomain::thread;
        if (thread.slot == nullptr) [[unlikely]]
          thread.slot = ReclaimDomain::Get().TakeSlot();
        return thread.slot;
      }()) {
  if (slot_->depth++ != 0) return;
  slot_->epoch.exchange(ReclaimDomain::epoch.load(std::memory_order_acquire), std::memory_order_seq_cst);
  FenceAfterExchange();
}

ReadGuard::~ReadGuard() {
  if (--slot_->depth != 0) return;
  slot_->epoch.store(kIdle, std::memory_order_release);
  auto& thread = ReclaimDomain::thread;
  if (thread.is_ending) [[unlikely]]
    ReclaimDomain::Get().ReturnSlot(std::exchange(thread.slot, nullptr));
}

// Who retires an object has already let go of it, so lack of memory for the few bytes of the list is waited out.
void Retire(std::function<void()> free) {
  std::list<ReclaimDomain::Retired> object;
  while (object.empty()) {
    try {
      object.emplace_back();
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  object.front().free = std::move(free);
  auto& domain = ReclaimDomain::Get();
  MutexLock lock(&domain.mutex);
  object.front().epoch = ReclaimDomain::epoch.fetch_add(1, std::memory_order_seq_cst);
  FenceAfterExchange();
  domain.retired.splice(domain.retired.end(), object);
}

bool Reclaim() {
  auto& domain = ReclaimDomain::Get();
  const bool may_free = !IsInsideGuard() && !ReclaimDomain::thread.is_reclaiming;
  if (may_free && domain.reclaim_mutex.TryLock()) {
    domain.FreeUnseen();
    domain.reclaim_mutex.Unlock();
  }
  return domain.NothingRetiredUpTo(kNoReader);
}

bool ReclaimWithin(std::chrono::microseconds time) {
  constexpr auto kPause = std::chrono::microseconds(50);
  // Pauses are counted, no clock is asked: a database's clock is the user's.
  for (auto left = time; !Reclaim(); left -= kPause) {
    if (left <= std::chrono::microseconds::zero()) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

void ReclaimAll() {
  auto& domain = ReclaimDomain::Get();
  GNEISS_CHECK(!IsInsideGuard() && !ReclaimDomain::thread.is_reclaiming);
  const uint64_t last_epoch = ReclaimDomain::epoch.load(std::memory_order_seq_cst) - 1;
  constexpr int kYields = 64;
  for (int round = 0;; ++round) {
    {
      // With this lock no closure is still running on another thread.
      MutexLock lock(&domain.reclaim_mutex);
      domain.FreeUnseen();
      if (domain.NothingRetiredUpTo(last_epoch)) return;
    }
    if (round < kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

}  // namespace gneiss
