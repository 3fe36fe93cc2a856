#include "engine/table/block_hash_index.h"

#include "engine/base/coding.h"
#include "engine/base/hash.h"

namespace gneiss {

namespace {

constexpr uint8_t kNoKey = 255;
constexpr uint8_t kSeveralRestarts = 254;
constexpr size_t kRestartMax = 253;
constexpr uint32_t kHashSeed = 397;

}  // namespace

void BlockHashIndex::Add(Slice user_key, size_t restart) {
  if (restart > kRestartMax) is_usable_ = false;
  if (!is_usable_) return;
  places_.push_back({.hash = LegacyHash32(user_key, kHashSeed), .restart = static_cast<uint8_t>(restart)});
  buckets_wanted_ += buckets_per_key_;
}

void BlockHashIndex::AppendTo(std::string* block) const {
  std::string buckets(BucketCount(), static_cast<char>(kNoKey));
  for (const Place& place : places_) {
    char& bucket = buckets[place.hash % buckets.size()];
    const auto held = static_cast<uint8_t>(bucket);
    if (held == place.restart) continue;
    bucket = static_cast<char>(held == kNoKey ? place.restart : kSeveralRestarts);
  }
  block->append(buckets);
  PutU16(block, BucketCount());
}

void BlockHashIndex::Reset() {
  buckets_wanted_ = 0;
  is_usable_ = true;
  places_.clear();
}

}  // namespace gneiss
