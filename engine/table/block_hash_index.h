// A BlockHashIndex is built beside a data block: it leads a reader from a user key's hash to the restart interval in
// which the key lies.
//
// Format:  docs/formats/block.md. Units: one byte per bucket.
// Owner:   owns what it collects. Threads: one thread.
// Errors:  none; a block with too many restart points gets no hash index.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/slice.h"

namespace gneiss {

// The bit of a block's footer that announces it.
inline constexpr uint32_t kHashIndexBit = uint32_t{1} << 31;

class BlockHashIndex {
 public:
  // Blocks above this size have none: their footers use the bit that announces it.
  static constexpr size_t kBlockBytesMax = size_t{1} << 16;

  explicit BlockHashIndex(double keys_per_bucket) : buckets_per_key_(1 / keys_per_bucket) {}

  void Add(Slice user_key, size_t restart);
  bool is_usable() const { return is_usable_; }
  size_t Bytes() const { return BucketCount() + sizeof(uint16_t); }
  void AppendTo(std::string* block) const;
  void Reset();

 private:
  struct Place {
    uint32_t hash;
    uint8_t restart;
  };

  uint16_t BucketCount() const { return static_cast<uint16_t>(static_cast<uint32_t>(buckets_wanted_) | 1); }

  const double buckets_per_key_;
  double buckets_wanted_ = 0;
  bool is_usable_ = true;
  std::vector<Place> places_;
};

}  // namespace gneiss
