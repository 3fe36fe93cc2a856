// A TableIndex is a table's index in memory, made for searching: which block may hold a key, and where that block lies.
//
// Algorithm: the index block is decoded once. For the bytewise order each separator has a head: eight bytes of its user
//          key as a number, taken behind the prefix that all separators share. A bucket table over the range of heads
//          narrows a search to a few neighbours; full keys are compared only where heads are equal. Other orders search
//          the full keys.
// Owner:   owns its bytes. Threads: immutable after Append.
// Errors:  Corruption for any bytes that are not an index block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/key/key_order.h"
#include "engine/table/block_handle.h"

namespace gneiss {

class TableIndex {
 public:
  struct Format {
    bool key_is_user_key = false;
    bool value_is_delta_encoded = false;
    bool has_first_key = false;
    bool compares_user_keys_only = false;  // a global seq hides the stored ones
  };
  TableIndex(const KeyOrder& order, const Format& format) : order_(order), format_(format) {}

  // Adds the entries of an index block's payload behind those there are. The handles must lie below `file_bytes`.
  Status Append(Slice payload, uint64_t file_bytes);
  // After the last Append: prepares for searching.
  void Prepare();

  size_t size() const { return entries_.size(); }
  BlockHandle handle(size_t i) const { return {.offset = entries_[i].offset, .size = entries_[i].size}; }
  // Where the cache last held block i: for Cache::Lookup. What others read stays as it is.
  uint32_t* cache_place(size_t i) const { return &entries_[i].cache_place; }
  // Asks for the memory that LowerBound reads first.
  void Prefetch(Slice user_key) const;
  // The first block whose separator is at or behind the key; size() when there is none.
  size_t LowerBound(Slice internal_key) const;
  // Whether entries of this user key may go on in block i + 1. Separators that are user keys say that none does, but
  // for versions that differ in their timestamps.
  bool RunsOver(size_t i, Slice user_key) const {
    if (format_.key_is_user_key && !order_.has_timestamps()) return false;
    return order_.Equal(SeparatorUserKey(i), user_key);
  }
  size_t MemoryBytes() const;

 private:
  // All that a search needs of a block, side by side.
  struct Entry {
    uint64_t head;
    uint64_t offset;
    uint32_t size;
    uint32_t key_end;
    mutable uint32_t cache_place = 0;  // an atomic
  };

  Slice separator(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : entries_[i - 1].key_end;
    return Slice(keys_.data() + begin, entries_[i].key_end - begin);
  }
  Slice SeparatorUserKey(size_t i) const { return format_.key_is_user_key ? separator(i) : UserKeyOf(separator(i)); }
  bool IsBefore(size_t i, Slice internal_key) const;  // separator(i) < internal_key
  size_t SearchFull(size_t left, size_t right, Slice internal_key) const;
  uint64_t HeadOf(Slice user_key) const { return KeyOrder::HeadOf(user_key.substr(shared_prefix_.size())); }
  size_t BucketOf(uint64_t head) const { return static_cast<size_t>((head - entries_.front().head) >> bucket_shift_); }
  bool SetHeads();  // false: separators out of order

  const KeyOrder order_;
  const Format format_;
  std::string keys_;
  std::vector<Entry> entries_;
  // For the bytewise order only; empty otherwise.
  std::string shared_prefix_;
  std::vector<uint32_t> bucket_starts_;  // per bucket the first entry of it or behind; one more than buckets
  int bucket_shift_ = 0;
};

}  // namespace gneiss
