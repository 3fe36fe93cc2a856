// A TableFilterBuilder decides what of each user key goes into a table's filter: the whole key, its prefix, or both.
//
// Owner:   the prefix extractor is shared; the bits are built by engine/filter. Threads: one thread. Errors: none.
#pragma once

#include <memory>
#include <string>

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
      if (whole_key_filtering_) bits_->AddKey(user_key);
      return;
    }
    AddWithPrefix(user_key);
  }
  size_t KeyCount() const { return bits_->KeyCount(); }
  std::string Finish() { return bits_->Finish(); }

 private:
  void AddWithPrefix(Slice user_key);

  const std::unique_ptr<FilterBuilder> bits_;
  const PrefixExtractor* const prefix_extractor_;
  const bool whole_key_filtering_;
  // Keys and prefixes alternate, so that the bits' own check of neighbours does not see repetitions.
  bool has_last_key_ = false;
  bool has_last_prefix_ = false;
  std::string last_key_;
  std::string last_prefix_;
};

}  // namespace gneiss
