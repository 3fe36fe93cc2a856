#include "engine/table/hash_index_builder.h"

#include "engine/base/coding.h"

namespace gneiss {

bool HashIndexBuilder::HasPrefix(Slice user_key) const {
  const Slice bare_key = order_.BareKey(user_key);
  if (!extractor_->InDomain(bare_key)) return false;
  if (!order_.has_timestamps()) return true;
  return extractor_->InDomain(user_key) && extractor_->Prefix(user_key) == extractor_->Prefix(bare_key);
}

void HashIndexBuilder::AddKey(Slice user_key) {
  if (!is_usable_) return;
  if (!HasPrefix(user_key)) {
    is_usable_ = false;
    return;
  }
  const Slice prefix = extractor_->Prefix(user_key);
  if (!has_prefix_ || prefix != prefix_) {
    EndPrefix();
    prefix_ = prefix;
    first_block_ = block_;
    has_prefix_ = true;
  }
  last_block_ = block_;
}

void HashIndexBuilder::EndPrefix() {
  if (!has_prefix_) return;
  prefixes_.append(prefix_);
  PutVarint32(&metadata_, static_cast<uint32_t>(prefix_.size()));
  PutVarint32(&metadata_, first_block_);
  PutVarint32(&metadata_, last_block_ - first_block_ + 1);
  has_prefix_ = false;
}

bool HashIndexBuilder::Finish() {
  EndPrefix();
  return is_usable_;
}

}  // namespace gneiss
