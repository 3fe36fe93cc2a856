#include "engine/table/index_builder.h"

#include "engine/base/coding.h"
#include "engine/table/block_builder.h"

namespace gneiss {

IndexBuilder::IndexBuilder(const TableFormat& format, const KeyOrder& order)
    : order_(order),
      restart_interval_(format.index_restart_interval < 1 ? 1 : format.index_restart_interval),
      shortening_(format.index_shortening),
      has_first_key_(format.index_type == IndexType::kBinaryWithFirstKey),
      // Aligned blocks do not follow each other without gaps, so their offsets cannot be derived.
      value_is_delta_encoded_(format.format_version >= 4 && !format.block_align),
      key_is_user_key_(format.format_version >= 3) {}

void IndexBuilder::AddBlock(Slice last_key, const Slice* next_first_key, Slice first_key, const BlockHandle& handle) {
  separator_ = last_key;
  if (next_first_key == nullptr) {
    if (shortening_ == IndexShortening::kSeparatorsAndSuccessor) order_.FindShortInternalSuccessor(&separator_);
  } else {
    if (shortening_ != IndexShortening::kNone) order_.FindShortestInternalSeparator(&separator_, *next_first_key);
    if (key_is_user_key_ && order_.Compare(UserKeyOf(separator_), UserKeyOf(*next_first_key)) == 0) {
      key_is_user_key_ = false;
    }
  }
  Entry entry = {.separator_at = keys_.size(),
                 .separator_size = separator_.size(),
                 .first_key_at = 0,
                 .first_key_size = 0,
                 .handle = handle};
  keys_.append(separator_);
  if (has_first_key_) {
    entry.first_key_at = keys_.size();
    entry.first_key_size = first_key.size();
    keys_.append(first_key);
  }
  entries_.push_back(entry);
}

std::string IndexBuilder::Finish() {
  BlockBuilder builder({.restart_interval = restart_interval_, .omit_value_size = value_is_delta_encoded_});
  std::string value;
  std::string delta;
  uint64_t last_size = 0;
  for (const Entry& entry : entries_) {
    value.clear();
    entry.handle.AppendTo(&value);
    delta.clear();
    PutVarint64(&delta, ZigZag(static_cast<int64_t>(entry.handle.size - last_size)));
    if (has_first_key_) {
      const Slice first_key = Slice(keys_).substr(entry.first_key_at, entry.first_key_size);
      PutLengthPrefixed(&value, first_key);
      PutLengthPrefixed(&delta, first_key);
    }
    const Slice separator = Slice(keys_).substr(entry.separator_at, entry.separator_size);
    builder.Add(key_is_user_key_ ? UserKeyOf(separator) : separator, value, delta);
    last_size = entry.handle.size;
  }
  return std::move(*builder.Finish());
}

}  // namespace gneiss
