#include "engine/table/table_filter_builder.h"

#include <algorithm>

namespace gneiss {

void TableFilterBuilder::AddWithPrefix(Slice user_key) {
  const bool has_prefix = prefix_extractor_->InDomain(user_key);
  if (!whole_key_filtering_) return AddPrefixAlone(user_key, has_prefix);
  if (!has_prefix) {
    AddBits(user_key);
    return;
  }
  if (!has_last_key_ || last_key_ != user_key) {
    AddBits(user_key);
    has_last_key_ = true;
    last_key_ = user_key;
  }
  const Slice prefix = prefix_extractor_->Prefix(user_key);
  if (!has_last_prefix_ || last_prefix_ != prefix) {
    AddBits(prefix);
    has_last_prefix_ = true;
    last_prefix_ = prefix;
  }
}

void TableFilterBuilder::AddPrefixAlone(Slice user_key, bool has_prefix) {
  if (has_last_prefix_ && !has_empty_prefix_) {
    // RocksDB 7.8.3 adds an empty prefix behind the first one. It denies nothing, and so filters are alike.
    AddBits({});
    has_empty_prefix_ = true;
  }
  if (!has_prefix) return;
  const Slice prefix = prefix_extractor_->Prefix(user_key);
  AddBits(prefix);
  has_last_prefix_ = true;
  if (last_prefix_ != prefix) last_prefix_ = prefix;
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
    if (!has_last_prefix_ || prefix != last_prefix_) AddBits(prefix);
  }
  finished_keys_ += bits_->KeyCount();
  parts_.push_back({.separator = std::string(separator), .bits = bits_->Finish()});
  if (const Status checked = bits_->CheckLast(parts_.back().bits); part_status_.ok()) part_status_ = checked;
  has_last_key_ = false;
  keys_in_part_ = 0;
  // And one back from the next key to this part's last prefix, to the next.
  if (has_last_prefix_) AddBits(last_prefix_);
}

}  // namespace gneiss
