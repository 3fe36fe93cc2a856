// Admission decides whether a full cache takes a value that was asked for and not found.
//
// A value read once drives out one that was read, too, and is driven out before it is read again. So what was not
// asked for lately is refused, and taken when it is asked for again within about as many misses as the cache has
// entries (CDNs know this as cache on second hit: Maggs, Sitaraman, "Algorithmic Nuggets in Content Delivery", 2015).
// Refusing what comes again at once would cost a second read for nothing. Where an eighth of what is refused comes back
// within a short time, all is taken but a sixteenth of the keys, which show when that ends.
// Format:  a place (Cache::Lookup) with the highest bit says at which miss its key was refused.
// Cost:    hit rates with room for a tenth of 200,000 keys, by LRU, by the clock alone, and with admission:
//          zipf 0.6              25.4  27.4  34.9 %     keys again within 50 others     86.8  87.3  86.9 %
//          zipf 0.99             73.8  75.6  79.0 %     each key twenty times in a row  95.0  95.0  94.7 %
//          zipf 0.99 with scans  63.1  65.0  69.6 %     zipf 0.99 over other keys after
//          loop over 30,000       0.0   0.0  49.7 %       200,000 reads                 72.0  72.1  71.1 %
//          uniform               10.0  10.0  10.0 %       50,000 reads                  66.4  66.3  64.3 %
//          A random read of a full cache saves what inserting and evicting cost: 3.75 -> 3.31 us with 8 MB.
// Threads: as its owner's lock has it; a place is read and written as an atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gneiss {

class Admission {
 public:
  static bool IsEntry(uint32_t place) { return static_cast<int32_t>(place) > 0; }

  // Of a miss in a full cache of so many entries.
  bool Admits(uint64_t hash, size_t entry_count, uint32_t* place) {
    const uint32_t now = ++misses_ & ~kRefused;
    if (takes_all_ && !IsInSample(hash)) return true;
    const std::atomic_ref<uint32_t> kept(*place);
    const uint32_t last = kept.load(std::memory_order_relaxed);
    const uint32_t age = (now - last) & ~kRefused;
    if ((last & kRefused) != 0 && age <= entry_count) {
      if (age <= entry_count / kSoonFraction + 1) ++came_soon_;
      return true;
    }
    kept.store(now | kRefused, std::memory_order_relaxed);
    if (++refused_ == kRefusedPerTurn) BeginTurn();
    return false;
  }

 private:
  static constexpr uint32_t kRefused = uint32_t{1} << 31;
  static constexpr uint32_t kRefusedPerTurn = 64;
  static constexpr uint32_t kCameSoonMax = kRefusedPerTurn / 8;
  static constexpr size_t kSoonFraction = 8;  // of as many misses as there are entries

  // By bits that choose neither a shard nor, in most tables, a line.
  static bool IsInSample(uint64_t hash) { return (hash >> 20 & 15) == 0; }
  void BeginTurn() {
    takes_all_ = came_soon_ > kCameSoonMax;
    refused_ = 0;
    came_soon_ = 0;
  }

  uint32_t misses_ = 0;
  uint32_t refused_ = 0;
  uint32_t came_soon_ = 0;
  bool takes_all_ = false;
};

}  // namespace gneiss
