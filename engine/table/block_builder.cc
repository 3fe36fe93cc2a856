#include "engine/table/block_builder.h"

#include "engine/base/coding.h"
#include "engine/base/short_bytes.h"
#include "engine/key/internal_key.h"

namespace gneiss {

BlockBuilder::BlockBuilder(const Options& options) : options_(options) {
  restarts_.push_back(0);
  if (options.hash_keys_per_bucket > 0) hash_index_.emplace(options.hash_keys_per_bucket);
}

void BlockBuilder::Add(Slice key, Slice value, Slice delta_value) {
  size_t shared = 0;
  if (entries_since_restart_ >= options_.restart_interval) {
    restarts_.push_back(static_cast<uint32_t>(buffer_.size()));
    entries_since_restart_ = 0;
  } else if (options_.delta_encode_keys && !buffer_.empty()) {
    shared = CommonPrefix(key, last_key_);
  }
  const Slice tail = key.substr(shared);

  char header[3 * kVarint32BytesMax];
  char* end = EncodeVarint32(header, static_cast<uint32_t>(shared));
  end = EncodeVarint32(end, static_cast<uint32_t>(tail.size()));
  if (!options_.omit_value_size) end = EncodeVarint32(end, static_cast<uint32_t>(value.size()));
  buffer_.append(header, static_cast<size_t>(end - header));
  buffer_.append(tail);
  buffer_.append(options_.omit_value_size && shared != 0 ? delta_value : value);

  last_key_.resize(shared);
  last_key_.append(tail);
  ++entries_since_restart_;
  if (hash_index_) hash_index_->Add(UserKeyOf(key), restarts_.size() - 1);
}

size_t BlockBuilder::EstimatedBytesWith(Slice key, Slice value) const {
  const bool is_restart = entries_since_restart_ >= options_.restart_interval;
  const bool is_full_value = !options_.omit_value_size || is_restart;
  size_t bytes = EstimatedBytes() + key.size() + (is_full_value ? value.size() : value.size() / 2);
  if (is_restart) bytes += sizeof(uint32_t);
  bytes += sizeof(int32_t);  // the shared length, at most
  bytes += static_cast<size_t>(VarintLength(key.size()));
  if (is_full_value) bytes += static_cast<size_t>(VarintLength(value.size()));
  return bytes;
}

std::string* BlockBuilder::Finish() {
  const bool has_hash_index = HashIndexBytes() > 0 && EstimatedBytes() <= BlockHashIndex::kBlockBytesMax;
  for (const uint32_t restart : restarts_) PutU32(&buffer_, restart);
  if (has_hash_index) hash_index_->AppendTo(&buffer_);
  PutU32(&buffer_, static_cast<uint32_t>(restarts_.size()) | (has_hash_index ? kHashIndexBit : 0));
  return &buffer_;
}

void BlockBuilder::Reset() {
  buffer_.clear();
  restarts_.resize(1);
  entries_since_restart_ = 0;
  if (hash_index_) hash_index_->Reset();
}

}  // namespace gneiss
