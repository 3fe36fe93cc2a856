#include "engine/filter/filter_fit.h"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/filter/bloom.h"
#include "engine/filter/ribbon.h"

namespace gneiss {

namespace {

constexpr double kBalanceOne = 4294967296.0;
// Behind the bits, in memory as in the file: the filter's own trailer, and the block's.
constexpr size_t kTrailersBytes = kFilterTrailerBytes + 5;

size_t UsableBytes(size_t bytes) {
  const std::unique_ptr<char[]> probe(new char[bytes]);
  return malloc_usable_size(probe.get());
}

}  // namespace

size_t FilterFit::BytesNear(size_t target_bytes, size_t unit_bytes, const std::function<double(size_t)>& miss_rate,
                            std::atomic<int64_t>* balance) {
  const double target_rate = miss_rate(target_bytes);
  const auto saved = -static_cast<double>(balance->load(std::memory_order_relaxed)) / kBalanceOne;
  size_t bytes = target_bytes;
  // No further below the target than by a quarter, so that no filter is far from what was asked for.
  for (size_t sixteenths = 12; saved > 0 && sixteenths < 16; ++sixteenths) {
    const size_t smaller = target_bytes * sixteenths / 16 / unit_bytes * unit_bytes;
    if (smaller == 0 || miss_rate(smaller) > target_rate + saved) continue;
    bytes = smaller;
    break;
  }
  const size_t requested = bytes + kTrailersBytes;
  const size_t usable = UsableBytes(requested);
  // More than a third in addition is no rounding; to use it would cost space in the file for little accuracy.
  if (usable > requested && usable - usable / 4 <= requested) {
    bytes = (usable - kTrailersBytes) / unit_bytes * unit_bytes;
  }
  balance->fetch_add(static_cast<int64_t>((miss_rate(bytes) - target_rate) * kBalanceOne), std::memory_order_relaxed);
  return bytes;
}

double FilterFit::BloomMissRate(size_t keys, size_t bytes, int probes) {
  const double in_bits =
      1.0 / RibbonSize::MissesFor(8.0 * static_cast<double>(bytes) / static_cast<double>(keys), probes);
  // Two keys may have one hash.
  const double of_hash = static_cast<double>(keys) * std::pow(0.5, 64);
  return in_bits + of_hash - in_bits * of_hash;
}

}  // namespace gneiss
