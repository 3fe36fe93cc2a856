// Filters tell "certainly not in this table" from a key's 64-bit hash, in RocksDB's formats.
//
// Format:  docs/formats/filter.md: Bloom (of format_version 5, and before) and Ribbon.
// Units:   bits per key; hashes are Xxph3(key or prefix).
// Owner:   a FilterReader borrows the block's bytes. Threads: readers are immutable; a builder belongs to one thread.
// Errors:  unknown or damaged filter bytes give a reader that answers "maybe" for every key, as RocksDB's do.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/memory_charge.h"
#include "engine/base/slice.h"
#include "engine/base/status.h"
#include "engine/filter/ribbon.h"

namespace gneiss {

struct FilterConfig {
  enum class Type : uint8_t { kNone, kBloom, kRibbon };
  Type type = Type::kNone;
  double bits_per_key = 0;
  int bloom_before_level = 0;    // ribbon only: levels below this number get Bloom
  bool is_legacy_bloom = false;  // for tables of format_version < 5
  std::string policy_name = {};  // stored in the properties block as rocksdb.filter.policy
  // Of new Bloom and Ribbon filters, not of legacy ones:
  // Sizes are chosen so that little of the memory allocated for a filter stays unused, and this keeps the account of
  // the accuracy gained and lost (filter_fit.h). Null: sizes are exact.
  std::shared_ptr<std::atomic<int64_t>> rounding_balance = nullptr;
  bool detects_corruption = false;                 // FilterBuilder::CheckLast looks
  std::shared_ptr<MemoryCharge> charge = nullptr;  // of what building takes; null: it counts nowhere
};

class FilterBuilder {
 public:
  virtual ~FilterBuilder() = default;
  virtual void AddKey(Slice key_or_prefix) = 0;  // repeated neighbours are counted once
  virtual size_t KeyCount() const = 0;
  virtual std::string Finish() = 0;  // the whole filter block's payload; empty when no key was added. Then starts anew
  // Whether `filter`, as it is about to be written, is what Finish made last, and of the keys that were added:
  // Corruption when not. Looks only where the config detects corruption.
  virtual Status CheckLast(Slice /*filter*/) { return Status::Ok(); }
  virtual size_t KeysFor(size_t block_bytes) const = 0;  // about how many keys make a block of this size
};
// Null for kNone.
std::unique_ptr<FilterBuilder> NewFilterBuilder(const FilterConfig& config);

class FilterReader {
 public:
  FilterReader() = default;  // "maybe" for every key
  explicit FilterReader(Slice contents);
  bool MayMatch(Slice key_or_prefix) const;
  bool MayMatchHash(uint64_t hash) const;                         // hash = Xxph3(key); "maybe" when needs_key()
  bool needs_key() const { return type_ == Type::kLegacyBloom; }  // legacy filters hash the key otherwise
  void Prefetch(uint64_t hash) const;

 private:
  enum class Type : uint8_t { kAlwaysMaybe, kAlwaysNo, kFastLocalBloom, kLegacyBloom, kRibbon };

  // Each leaves "maybe" where it does not know the bytes.
  void ReadFastBloom(const char* trailer);
  void ReadRibbon(const char* trailer);
  void ReadLegacyBloom(int probes, const char* trailer);

  Type type_ = Type::kAlwaysMaybe;
  int probes_ = 0;
  uint32_t log2_line_bytes_ = 6;
  uint32_t line_count_ = 0;
  uint8_t ribbon_seed_ = 0;
  RibbonLayout ribbon_;
  Slice bits_;
};

}  // namespace gneiss
