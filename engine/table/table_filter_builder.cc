#include "engine/table/table_filter_builder.h"

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
  if (!whole_key_filtering_) {
    bits_->AddKey(prefix);
  } else if (!has_last_prefix_ || last_prefix_ != prefix) {
    bits_->AddKey(prefix);
    has_last_prefix_ = true;
    last_prefix_ = prefix;
  }
}

}  // namespace gneiss
