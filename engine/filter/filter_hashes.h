// FilterHashes are the hashes of a filter's keys until the filter is made of them.
//
// Units:   bytes of memory for the charge.
// Owner:   owns the hashes. Threads: one thread.
// Errors:  IsWhole says whether memory still holds what was added, where that is watched over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/memory_charge.h"

namespace gneiss {

class FilterHashes {
 public:
  FilterHashes(bool is_watched, const std::shared_ptr<MemoryCharge>& charge)
      : is_watched_(is_watched), charged_(charge), is_noted_(is_watched || charge != nullptr) {}

  // Repeated neighbours are one.
  void Add(uint64_t hash) {
    if (!values_.empty() && hash == values_.back()) return;
    values_.push_back(hash);
    if (is_noted_) [[unlikely]]
      Note(hash);
  }
  const std::vector<uint64_t>& values() const { return values_; }
  bool IsWhole() const;
  void Clear();

 private:
  static constexpr size_t kChargedAtOnce = (size_t{256} << 10) / sizeof(uint64_t);

  void Note(uint64_t hash) {
    sum_ ^= hash;
    // In pieces: a charge takes a lock.
    if (values_.size() % kChargedAtOnce == kChargedAtOnce / 2) {
      charged_.Set(charged_.bytes() + kChargedAtOnce * sizeof(uint64_t));
    }
  }

  bool is_watched_;
  ChargedBytes charged_;
  bool is_noted_;
  std::vector<uint64_t> values_;
  uint64_t sum_ = 0;  // exclusive or of what was added
};

inline bool FilterHashes::IsWhole() const {
  if (!is_watched_) return true;
  uint64_t sum = 0;
  for (const uint64_t hash : values_) sum ^= hash;
  return sum == sum_;
}

inline void FilterHashes::Clear() {
  values_.clear();
  charged_.Set(0);
  sum_ = 0;
}

}  // namespace gneiss
