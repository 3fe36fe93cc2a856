#include "engine/table/table_filter_builder.h"

#include <algorithm>

namespace gneiss {

void TableFilterBuilder::AddWithPrefix(Slice user_key) {
  const bool has_prefix = prefix_extractor_->InDomain(user_key);
  if (whole_key_filtering_) {
    if (!has_prefix) {
      bits_->AddKey(user_key);
    } else if (!has_last_key_ || last_key_ != user_key) {
      bits_->AddKey(user_key);
      has_last_key_ = true;
      last_key_ = user_key;
    }
  }
  if (!has_prefix) return;
  const Slice prefix = prefix_extractor_->Prefix(user_key);
  if (!has_last_prefix_ || last_prefix_ != prefix) {
    bits_->AddKey(prefix);
    has_last_prefix_ = true;
    last_prefix_ = prefix;
  }
}

size_t TableFilterBuilder::KeysPerPart(size_t part_bytes) const {
  size_t keys = bits_->KeysFor(part_bytes);
  // Parts smaller than the smallest filter get the size of that.
  for (size_t bytes = std::max(part_bytes + 4, size_t{16}); keys == 0 && bytes <= 100000; bytes += bytes / 4) {
    keys = bits_->KeysFor(bytes);
  }
  return std::max(keys, size_t{1});
}

void TableFilterBuilder::EndPart(Slice separator, const Slice* next_user_key) {
  // A seek to the next key's prefix may be sent to this part.
  if (prefix_extractor_ != nullptr && next_user_key != nullptr && prefix_extractor_->InDomain(*next_user_key)) {
    const Slice prefix = prefix_extractor_->Prefix(*next_user_key);
    if (!has_last_prefix_ || prefix != last_prefix_) bits_->AddKey(prefix);
  }
  finished_keys_ += bits_->KeyCount();
  parts_.push_back({.separator = std::string(separator), .bits = bits_->Finish()});
  has_last_key_ = false;
  // And one back from the next key to this part's last prefix, to the next.
  if (has_last_prefix_) bits_->AddKey(last_prefix_);
}

}  // namespace gneiss
