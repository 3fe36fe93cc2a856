// A TableFilterBuilder decides what of each user key goes into a table's filter: the whole key, its prefix, or both;
// and it keeps the finished parts of a partitioned filter.
//
// Owner:   the prefix extractor is shared; the bits are built by engine/filter. Threads: one thread. Errors: none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/filter/filter.h"
#include "engine/key/prefix_extractor.h"

namespace gneiss {

class TableFilterBuilder {
 public:
  TableFilterBuilder(std::unique_ptr<FilterBuilder> bits, const PrefixExtractor* prefix_extractor,
                     bool whole_key_filtering)
      : bits_(std::move(bits)), prefix_extractor_(prefix_extractor), whole_key_filtering_(whole_key_filtering) {}

  // Keys come in table order.
  void Add(Slice user_key) {
    if (prefix_extractor_ == nullptr) {
      if (whole_key_filtering_) AddBits(user_key);
      return;
    }
    AddWithPrefix(user_key);
  }
  size_t KeyCount() const { return finished_keys_ + bits_->KeyCount(); }
  // At the end, not partitioned: the filter block's payload.
  std::string Finish() { return bits_->Finish(); }
  // When it is about to be written: whether it is what was built, of the keys that were added, as far as anybody looks.
  Status CheckLast(Slice bits) { return bits_->CheckLast(bits); }

  struct Part {
    std::string separator;  // an internal key at or behind the part's keys
    std::string bits;
  };
  // Partitioned: at how many keys a part should end, and how many this one was given, repeated ones too.
  size_t KeysPerPart(size_t part_bytes) const;
  size_t KeysInPart() const { return keys_in_part_; }
  // `next_user_key` is null at the end.
  void EndPart(Slice separator, const Slice* next_user_key);
  const std::vector<Part>& parts() const { return parts_; }
  const Status& part_status() const { return part_status_; }  // what CheckLast says of them

 private:
  void AddBits(Slice key_or_prefix) {
    bits_->AddKey(key_or_prefix);
    ++keys_in_part_;
  }
  void AddWithPrefix(Slice user_key);
  void AddPrefixAlone(Slice user_key, bool has_prefix);

  const std::unique_ptr<FilterBuilder> bits_;
  const PrefixExtractor* const prefix_extractor_;
  const bool whole_key_filtering_;
  // Keys and prefixes alternate, so that the bits' own check of neighbours does not see repetitions.
  bool has_last_key_ = false;
  bool has_last_prefix_ = false;
  bool has_empty_prefix_ = false;
  size_t finished_keys_ = 0;
  size_t keys_in_part_ = 0;
  std::vector<Part> parts_;
  Status part_status_;
  std::string last_key_;
  std::string last_prefix_;
};

}  // namespace gneiss
