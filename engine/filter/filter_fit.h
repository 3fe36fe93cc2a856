// FilterFit chooses the size of a filter so that little of the memory allocated for it stays unused
// (optimize_filters_for_memory).
//
// Algorithm: the allocator gives more than asked for: what it gives is put to use. Such a filter lets pass fewer keys
//          than it was meant to. That is kept in a balance, and spent by a later filter: it may be smaller, and let
//          pass more, as long as the balance allows it. Over many filters accuracy is as asked for.
// Units:   bytes of a filter's bits, without its trailer; rates of false positives; the balance counts rates in 2^-32.
// Threads: plain functions. Of a balance shared by threads each sees what others have brought to account.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace gneiss {

struct FilterFit {
  // About `target_bytes`, a multiple of `unit_bytes` as that is. `miss_rate` says what a size brings.
  static size_t BytesNear(size_t target_bytes, size_t unit_bytes, const std::function<double(size_t)>& miss_rate,
                          std::atomic<int64_t>* balance);

  // Of a Bloom filter in lines of 512 bits for 64-bit hashes.
  static double BloomMissRate(size_t keys, size_t bytes, int probes);
};

}  // namespace gneiss
