// Running ahead of a batch of point reads: each step for all keys before the next.
#include <algorithm>
#include <array>

#include "engine/base/check.h"
#include "engine/table/table_probe.h"
#include "engine/version/version.h"

namespace gneiss {

// The first tables that a read of one key comes to, in its order.
struct Version::Candidates {
  static constexpr size_t kMax = 8;

  // False: no more are wanted. A table that is not open ends the list: the read opens it.
  bool Add(const TableFile& table) {
    if (table.CertainlyLacks(hash)) return true;
    const TableReader* const reader = table.ReaderIfOpen();
    if (reader == nullptr || count == kMax) return false;
    readers[count++] = reader;
    return true;
  }

  uint64_t hash = 0;  // of the key
  std::array<const TableReader*, kMax> readers;
  size_t count = 0;
};

void Version::FindCandidates(const SeekKey& key, Candidates* candidates) const {
  const Slice user_key = key.user_key();
  const uint64_t head = order_.is_bytewise() ? KeyOrder::HeadOf(user_key) : 0;
  for (const Fence& fence : level0_fences_) {
    if (IsInside(fence, user_key, head) && !candidates->Add(*fence.table)) return;
  }
  for (int number = 1; number < LevelCount(); ++number) {
    for (const auto& run : level(number).runs) {
      const Run::Span span = run->TablesFor(order_, key);
      for (size_t i = span.first; i < span.last; ++i) {
        if (!candidates->Add(*run->tables()[i])) return;
      }
    }
  }
}

void Version::ProbeTables(const KeyProbe* keys, size_t count) const {
  GNEISS_CHECK(count <= kProbedKeysMax);
  std::array<Candidates, kProbedKeysMax> candidates;
  for (size_t k = 0; k < count; ++k) {
    const Slice user_key = keys[k].key->user_key();
    candidates[k].hash = keys[k].hash;
    FindCandidates(*keys[k].key, &candidates[k]);
    for (size_t i = 0; i < candidates[k].count; ++i) {
      candidates[k].readers[i]->PrefetchFilter(user_key, keys[k].hash);
    }
  }
  for (size_t k = 0; k < count; ++k) {
    for (size_t i = 0; i < candidates[k].count; ++i) {
      if (candidates[k].readers[i]->FindBlock(*keys[k].key, keys[k].hash, keys[k].probe)) break;
    }
  }
  for (size_t k = 0; k < count; ++k) {
    if (keys[k].probe->reader != nullptr) keys[k].probe->reader->TakeBlock(keys[k].probe);
  }
  for (size_t k = 0; k < count; ++k) {
    if (keys[k].probe->reader != nullptr) {
      keys[k].probe->reader->PrefetchEntry(keys[k].key->user_key(), *keys[k].probe);
    }
  }
}

}  // namespace gneiss
