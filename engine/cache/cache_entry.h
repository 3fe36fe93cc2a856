// A CacheEntry is one value in the cache: a cache line with a state word that readers change without a lock.
//
// State:   pins in the low 32 bits; 2 bits of countdown, how many passes of the clock hand the entry survives without a
//          hit; is_visible, lookups may pin it; is_high, it counts as high priority. A free entry's state is 0.
// Owner:   a shard's EntryPool. Entries are reused but not freed while the cache lives, so a reader may look at the
//          state and the hash of an entry it does not hold; at the rest only once it has pinned it.
// Threads: only the holder of the shard's lock makes an entry visible or invisible. An invisible entry is freed by
//          whoever takes away its last pin, or by the one who made it invisible when it had none.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "engine/cache/cache.h"

namespace gneiss {

// What an entry holds, without its state: plain bytes, so that it can be moved out and deleted after the lock.
struct CacheItem {
  static constexpr uint32_t kInlineKeyBytes = 16;

  void SetKey(Slice key);
  Slice Key() const { return Slice(key_size <= kInlineKeyBytes ? key_bytes : LongKey(), key_size); }
  // Ends the item: calls the deleter and frees a long key.
  void Delete();

  void* value = nullptr;
  Cache::Deleter deleter = nullptr;
  size_t charge = 0;  // as the caller gave it
  uint32_t key_size = 0;
  uint32_t number = 0;                   // the entry's, in its pool
  char key_bytes[kInlineKeyBytes] = {};  // the key, or a pointer to a longer one

 private:
  char* LongKey() const {
    char* key;
    std::memcpy(&key, key_bytes, sizeof(key));
    return key;
  }
};

struct alignas(64) CacheEntry : Cache::Handle {
  static constexpr uint64_t kPinsMask = UINT32_MAX;
  static constexpr uint32_t kCountdownMax = 3;
  static constexpr uint64_t kCountdownOne = uint64_t{1} << 32;
  static constexpr uint64_t kCountdownMask = kCountdownMax * kCountdownOne;
  static constexpr uint64_t kVisible = uint64_t{1} << 34;
  static constexpr uint64_t kHigh = uint64_t{1} << 35;

  static bool IsVisible(uint64_t state) { return (state & kVisible) != 0; }
  static uint64_t PinsOf(uint64_t state) { return state & kPinsMask; }

  uint64_t Hash() const { return hash.load(std::memory_order_relaxed); }
  // Pins the entry if lookups may, and notes the hit.
  bool TryPin() {
    uint64_t now = state.load(std::memory_order_relaxed);
    while (IsVisible(now)) {
      const bool is_counted_up = (now & kCountdownMask) == kCountdownMask;
      const uint64_t next = now + 1 + (is_counted_up ? 0 : kCountdownOne);
      if (state.compare_exchange_weak(now, next, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  std::atomic<uint64_t> state{0};
  std::atomic<uint64_t> hash{0};  // of the key; may be read without a pin
  CacheItem item;
};
static_assert(sizeof(CacheEntry) == 64);

inline void CacheItem::SetKey(Slice key) {
  key_size = static_cast<uint32_t>(key.size());
  char* to = key_bytes;
  if (key_size > kInlineKeyBytes) {
    to = new char[key_size];
    std::memcpy(key_bytes, &to, sizeof(to));
  }
  key.copy(to, key_size);
}

inline void CacheItem::Delete() {
  if (deleter != nullptr) deleter(Key(), value);
  if (key_size > kInlineKeyBytes) delete[] LongKey();
}

}  // namespace gneiss
