#include "engine/cache/cache_shard.h"

#include <new>

#include "engine/base/no_memory.h"

namespace gneiss {
namespace {

constexpr size_t kFirstLines = 8;
constexpr size_t kEntriesPerLine = 4;  // on average, of the seven that fit
// An entry and its share of the tables, the outgrown ones too.
constexpr size_t kMetadataBytes = sizeof(CacheEntry) + 2 * 64 / kEntriesPerLine;

// How many pinned entries the hand passes for nothing before an insert gives up looking for room. An insert that was
// not satisfied leaves the shard over its capacity, and then entries go as they are released.
constexpr size_t kFutilePinnedMax = 512;

// What entries start with. Most values are read once: with nothing to count down, one that is not hit in the first
// round of the hand goes. On zipf traces that is worth two points of hit rate over LRU; starting from one is worth
// half.
constexpr uint64_t kHighCountdown = CacheEntry::kCountdownMax * CacheEntry::kCountdownOne;
constexpr uint64_t kPreferredCountdown = CacheEntry::kCountdownOne;
constexpr uint64_t kUsualCountdown = 0;

}  // namespace

// Items taken out under the lock. Declared before the lock is taken, so that their deleters run after it is given back.
class CacheShard::Dead {
 public:
  Dead() = default;
  ~Dead() {
    if (has_first_) first_.Delete();
    for (CacheItem& item : others_) item.Delete();
  }
  Dead(const Dead&) = delete;
  Dead& operator=(const Dead&) = delete;

  bool IsEmpty() const { return !has_first_; }
  void Add(const CacheItem& item) {
    if (has_first_) {
      DropBadAlloc([&] { others_.push_back(item); });  // better never deleted than under the lock
    } else {
      first_ = item;
      has_first_ = true;
    }
  }

 private:
  bool has_first_ = false;  // one is the usual number: it needs no allocation
  CacheItem first_;
  std::vector<CacheItem> others_;
};

CacheShard::CacheShard() {
  tables_.push_back(std::make_unique<EntryTable>(kFirstLines));
  table_.store(tables_.back().get(), std::memory_order_release);
}

CacheShard::~CacheShard() { EraseUnreferenced(); }

void CacheShard::Configure(const CacheConfig& config, size_t capacity) {
  MutexLock lock(&mutex_);
  charges_metadata_ = config.charges_metadata;
  high_priority_ratio_ = config.high_priority_ratio;
  low_priority_ratio_ = config.low_priority_ratio;
  is_strict_ = config.is_strict;
  capacity_ = capacity;
}

CacheEntry* CacheShard::Lookup(Slice key, uint64_t hash) {
  CacheEntry* found = nullptr;
  const EntryTable* const table = table_.load(std::memory_order_acquire);
  table->ForEachMatch(hash, [&](uint32_t number) {
    CacheEntry* const entry = pool_.At(number);
    if (PinIfMatching(entry, key, hash)) found = entry;
    return found != nullptr;
  });
  return found;
}

// An entry that has another key by now is not touched: its countdown must not rise for nothing.
CacheEntry* CacheShard::Lookup(Slice key, uint64_t hash, uint32_t* place) {
  const std::atomic_ref<uint32_t> kept(*place);
  const uint32_t last = kept.load(std::memory_order_acquire);
  if (Admission::IsEntry(last)) [[likely]] {
    CacheEntry* const entry = pool_.At(last - 1);
    if (PinIfMatching(entry, key, hash)) [[likely]]
      return entry;
  }
  CacheEntry* const found = Lookup(key, hash);
  if (found != nullptr) kept.store(found->item.number + 1, std::memory_order_release);
  return found;
}

void CacheShard::Prefetch(uint32_t* place) const {
  const uint32_t last = std::atomic_ref<uint32_t>(*place).load(std::memory_order_acquire);
  if (Admission::IsEntry(last)) __builtin_prefetch(pool_.At(last - 1));
}

bool CacheShard::Admits(uint64_t hash, size_t charge, uint32_t* place) {
  MutexLock lock(&mutex_);
  return Usage() + charge <= capacity_ || admission_.Admits(hash, entry_count_, place);
}

bool CacheShard::PinIfMatching(CacheEntry* entry, Slice key, uint64_t hash) {
  if (entry->Hash() != hash || !entry->TryPin()) return false;
  // It may have been freed and filled anew before it was pinned.
  if (entry->Hash() == hash && entry->item.Key() == key) [[likely]]
    return true;
  DropPin(entry);
  return false;
}

size_t CacheShard::TotalCharge(size_t charge, size_t key_size) const {
  if (!charges_metadata_) return charge;
  return charge + kMetadataBytes + (key_size > CacheItem::kInlineKeyBytes ? key_size : 0);
}

// High priority counts only while high entries keep to their share of the capacity. Low differs from bottom only where
// low entries were given a share.
uint64_t CacheShard::StartState(Cache::Priority priority, size_t total_charge) const {
  const auto high_max = static_cast<size_t>(high_priority_ratio_ * static_cast<double>(capacity_));
  if (priority == Cache::Priority::kHigh && high_usage_ + total_charge <= high_max) {
    return CacheEntry::kVisible | CacheEntry::kHigh | kHighCountdown;
  }
  const bool is_preferred = priority != Cache::Priority::kBottom && low_priority_ratio_ > 0;
  return CacheEntry::kVisible | (is_preferred ? kPreferredCountdown : kUsualCountdown);
}

Status CacheShard::Insert(Slice key, uint64_t hash, void* value, size_t charge, Cache::Deleter deleter,
                          Cache::Priority priority, Cache::Handle** handle) {
  CacheItem item;
  item.value = value;
  item.deleter = deleter;
  item.charge = charge;
  const size_t total_charge = TotalCharge(charge, key.size());
  Dead dead;
  MutexLock lock(&mutex_);
  MakeRoom(total_charge, is_strict_, &dead);
  const bool has_room = Usage() + total_charge <= capacity_;
  if (!has_room && is_strict_ && handle != nullptr) {
    return Status::Make(Status::Code::kIncomplete, "Insert failed because the cache is full.", {},
                        Status::SubCode::kMemoryLimit);
  }
  item.SetKey(key);
  EraseLocked(key, hash, &dead);
  if (!has_room && handle == nullptr) {
    dead.Add(item);  // as if it had come and gone
    return Status::Ok();
  }
  CacheEntry* entry = nullptr;
  try {
    entry = pool_.Take();
    LinkNew(entry, hash);
  } catch (const std::bad_alloc&) {
    if (entry != nullptr) pool_.Give(entry);
    item.deleter = nullptr;  // the value stays the caller's
    item.Delete();
    throw;
  }
  Fill(entry, item, hash, StartState(priority, total_charge) + (handle != nullptr ? 1 : 0));
  if (handle != nullptr) *handle = entry;
  return Status::Ok();
}

// Lookups may find it from here on, and see that it is not visible yet.
void CacheShard::LinkNew(const CacheEntry* entry, uint64_t hash) {
  // Growing comes first: it puts all visible entries into the new table.
  if (entry_count_ + 1 > kEntriesPerLine * tables_.back()->LineCount()) GrowTable();
  tables_.back()->Add(hash, entry->item.number);
  ++entry_count_;
}

void CacheShard::Fill(CacheEntry* entry, const CacheItem& item, uint64_t hash, uint64_t state) {
  const uint32_t number = entry->item.number;
  entry->hash.store(hash, std::memory_order_relaxed);
  entry->item = item;
  entry->item.number = number;
  entry->state.store(state, std::memory_order_release);
  const size_t total_charge = TotalCharge(item.charge, item.key_size);
  AddUsage(total_charge);
  if ((state & CacheEntry::kHigh) != 0) high_usage_ += total_charge;
}

// Readers in the old table find all its entries, which stay where they are, and miss only what is added from now on.
void CacheShard::GrowTable() {
  auto table = std::make_unique<EntryTable>(2 * tables_.back()->LineCount());
  for (uint32_t number = 0; number < pool_.NumberCount(); ++number) {
    const CacheEntry* const entry = pool_.At(number);
    const bool is_linked = CacheEntry::IsVisible(entry->state.load(std::memory_order_relaxed));
    if (is_linked) table->Add(entry->Hash(), number);
  }
  tables_.push_back(std::move(table));
  table_.store(tables_.back().get(), std::memory_order_release);
}

void CacheShard::Erase(Slice key, uint64_t hash) {
  Dead dead;
  MutexLock lock(&mutex_);
  EraseLocked(key, hash, &dead);
}

void CacheShard::EraseLocked(Slice key, uint64_t hash, Dead* dead) {
  CacheEntry* found = nullptr;
  tables_.back()->ForEachMatch(hash, [&](uint32_t number) {
    CacheEntry* const entry = pool_.At(number);
    if (entry->Hash() == hash && entry->item.Key() == key) found = entry;
    return found != nullptr;
  });
  if (found != nullptr) Hide(found, dead);
}

// From here on lookups do not find the entry; it is freed now or by its last pin.
void CacheShard::Hide(CacheEntry* entry, Dead* dead) {
  Unlink(entry);
  const uint64_t old = entry->state.fetch_and(~CacheEntry::kVisible, std::memory_order_acq_rel);
  if (CacheEntry::PinsOf(old) == 0) Free(entry, old, dead);
}

void CacheShard::Unlink(CacheEntry* entry) {
  tables_.back()->Remove(entry->Hash(), entry->item.number);
  --entry_count_;
}

// The entry is invisible, unlinked and without pins.
void CacheShard::Free(CacheEntry* entry, uint64_t last_state, Dead* dead) {
  const size_t total_charge = TotalCharge(entry->item.charge, entry->item.key_size);
  SubtractUsage(total_charge);
  if ((last_state & CacheEntry::kHigh) != 0) high_usage_ -= total_charge;
  dead->Add(entry->item);
  entry->state.store(0, std::memory_order_relaxed);
  pool_.Give(entry);
}

bool CacheShard::Release(CacheEntry* entry, bool erase_if_last) {
  const bool is_plain = !erase_if_last && !is_over_capacity_.load(std::memory_order_relaxed);
  return is_plain ? DropPin(entry) : DropPinAndErase(entry, erase_if_last);
}

bool CacheShard::DropPin(CacheEntry* entry) {
  const uint64_t old = entry->state.fetch_sub(1, std::memory_order_acq_rel);
  if (CacheEntry::PinsOf(old) > 1 || CacheEntry::IsVisible(old)) [[likely]]
    return false;
  Dead dead;
  MutexLock lock(&mutex_);
  Free(entry, old, &dead);
  return true;
}

bool CacheShard::DropPinAndErase(CacheEntry* entry, bool erase_if_last) {
  Dead dead;
  MutexLock lock(&mutex_);
  const bool erases = erase_if_last || Usage() > capacity_;
  uint64_t old = entry->state.load(std::memory_order_relaxed);
  uint64_t next;
  do {
    const bool is_last = CacheEntry::PinsOf(old) == 1;
    next = (old - 1) & (is_last && erases ? ~CacheEntry::kVisible : ~uint64_t{0});
  } while (!entry->state.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (CacheEntry::PinsOf(next) > 0 || CacheEntry::IsVisible(next)) return false;
  if (CacheEntry::IsVisible(old)) Unlink(entry);
  Free(entry, old, &dead);
  return true;
}

// Moves the clock's hand until `room` more bytes fit. A thorough search looks at every entry as often as it takes to
// count each down.
void CacheShard::MakeRoom(size_t room, bool is_thorough, Dead* dead) {
  const uint32_t entry_count = pool_.NumberCount();
  uint64_t steps_left = uint64_t{entry_count} * (CacheEntry::kCountdownMax + 1);
  size_t pinned_left = is_thorough ? SIZE_MAX : kFutilePinnedMax;
  for (; Usage() + room > capacity_ && steps_left > 0 && pinned_left > 0; --steps_left) {
    CacheEntry* const entry = pool_.At(hand_);
    hand_ = hand_ + 1 == entry_count ? 0 : hand_ + 1;
    uint64_t state = entry->state.load(std::memory_order_relaxed);
    if (!CacheEntry::IsVisible(state)) continue;
    if (CacheEntry::PinsOf(state) > 0) {
      --pinned_left;
      continue;
    }
    // If a lookup comes first, the entry is in use and stays.
    const bool is_over = (state & CacheEntry::kCountdownMask) == 0;
    const uint64_t next = is_over ? state & ~CacheEntry::kVisible : state - CacheEntry::kCountdownOne;
    if (!entry->state.compare_exchange_strong(state, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      continue;
    }
    if (is_over) {
      Unlink(entry);
      Free(entry, state, dead);
    }
  }
  if (!dead->IsEmpty()) PrefetchNextVictim(entry_count);
}

// What is evicted was not used for long, so it is far from the processor. The next victim's value is fetched now, for
// the next insert, and the entry behind it for the insert after that.
void CacheShard::PrefetchNextVictim(uint32_t entry_count) const {
  __builtin_prefetch(pool_.At(hand_)->item.value);
  __builtin_prefetch(pool_.At(hand_ + 1 == entry_count ? 0 : hand_ + 1));
}

void CacheShard::AddUsage(size_t more) { NoteUsage(Usage() + more); }
void CacheShard::SubtractUsage(size_t less) { NoteUsage(Usage() - less); }

void CacheShard::NoteUsage(size_t usage) {
  usage_.store(usage, std::memory_order_relaxed);
  const bool is_over = usage > capacity_;
  if (is_over_capacity_.load(std::memory_order_relaxed) != is_over) {
    is_over_capacity_.store(is_over, std::memory_order_relaxed);
  }
}

void CacheShard::EraseUnreferenced() {
  Dead dead;
  MutexLock lock(&mutex_);
  for (uint32_t number = 0; number < pool_.NumberCount(); ++number) {
    CacheEntry* const entry = pool_.At(number);
    uint64_t state = entry->state.load(std::memory_order_relaxed);
    while (CacheEntry::IsVisible(state) && CacheEntry::PinsOf(state) == 0) {
      if (entry->state.compare_exchange_weak(state, state & ~CacheEntry::kVisible, std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) {
        Unlink(entry);
        Free(entry, state, &dead);
        break;
      }
    }
  }
}

void CacheShard::SetCapacity(size_t capacity) {
  Dead dead;
  MutexLock lock(&mutex_);
  capacity_ = capacity;
  MakeRoom(0, true, &dead);
  NoteUsage(Usage());
}

void CacheShard::SetStrict(bool is_strict) {
  MutexLock lock(&mutex_);
  is_strict_ = is_strict;
}

size_t CacheShard::PinnedUsage() {
  MutexLock lock(&mutex_);
  size_t sum = 0;
  for (uint32_t number = 0; number < pool_.NumberCount(); ++number) {
    const CacheEntry* const entry = pool_.At(number);
    const bool is_pinned = CacheEntry::PinsOf(entry->state.load(std::memory_order_relaxed)) > 0;
    if (is_pinned) sum += TotalCharge(entry->item.charge, entry->item.key_size);
  }
  return sum;
}

void CacheShard::ForEach(const std::function<void(Slice, void*, size_t, Cache::Deleter)>& visit) {
  MutexLock lock(&mutex_);
  for (uint32_t number = 0; number < pool_.NumberCount(); ++number) {
    const CacheEntry* const entry = pool_.At(number);
    const bool is_linked = CacheEntry::IsVisible(entry->state.load(std::memory_order_relaxed));
    if (is_linked) visit(entry->item.Key(), entry->item.value, entry->item.charge, entry->item.deleter);
  }
}

}  // namespace gneiss
