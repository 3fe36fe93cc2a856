#include "engine/table/index_builder.h"

#include "engine/base/coding.h"

namespace gneiss {

namespace {

// Aligned blocks do not follow each other without gaps, so their offsets cannot be derived.
bool HasDeltaValues(const TableFormat& format) { return format.format_version >= 4 && !format.block_align; }

// A handle, as it is and as the difference to one of `last_size` before it.
struct EncodedHandle {
  EncodedHandle(const BlockHandle& handle, uint64_t last_size) {
    handle.AppendTo(&full);
    PutVarint64(&delta, ZigZag(static_cast<int64_t>(handle.size - last_size)));
  }
  std::string full;
  std::string delta;
};

}  // namespace

size_t DeviationLimit(size_t block_bytes, int deviation_percent) {
  return (block_bytes * static_cast<size_t>(100 - deviation_percent) + 99) / 100;
}

IndexBuilder::IndexBuilder(const TableFormat& format, const KeyOrder& order)
    : order_(order),
      block_options_({.restart_interval = format.index_restart_interval < 1 ? 1 : format.index_restart_interval,
                      .omit_value_size = HasDeltaValues(format)}),
      shortening_(format.index_shortening),
      has_first_key_(format.index_type == IndexType::kBinaryWithFirstKey),
      is_partitioned_(format.index_type == IndexType::kTwoLevel),
      partition_bytes_(format.metadata_block_bytes),
      deviation_limit_bytes_(DeviationLimit(format.metadata_block_bytes, format.block_size_deviation_percent)),
      value_is_delta_encoded_(HasDeltaValues(format)),
      key_is_user_key_(format.format_version >= 3),
      partition_(block_options_),
      partition_of_user_keys_(block_options_) {}

void IndexBuilder::MakeSeparator(Slice last_key, const Slice* next_first_key) {
  const bool is_last = next_first_key == nullptr;
  if (is_last && shortening_ == IndexShortening::kSeparatorsAndSuccessor) {
    order_.ShortInternalSuccessor(last_key, &separator_);
  } else if (!is_last && shortening_ != IndexShortening::kNone) {
    order_.ShortestInternalSeparator(last_key, *next_first_key, &separator_);
  } else {
    separator_ = last_key;
  }
  if (!is_last && key_is_user_key_ && order_.CompareStored(UserKeyOf(separator_), UserKeyOf(*next_first_key)) == 0) {
    key_is_user_key_ = false;
  }
}

void IndexBuilder::AddBlock(Slice last_key, const Slice* next_first_key, Slice first_key, const BlockHandle& handle) {
  const bool is_last = next_first_key == nullptr;
  if (partition_.empty()) is_cut_requested_ = false;  // this block begins a partition anyway
  if (is_partitioned_ && !is_last && !partition_.empty() && (is_cut_requested_ || IsPartitionFull(last_key, handle))) {
    EndPartition();
  }
  MakeSeparator(last_key, next_first_key);
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
  if (!is_partitioned_) return;
  NotePartitionSize(handle);
  if (is_last) EndPartition();
}

void IndexBuilder::NotePartitionSize(const BlockHandle& handle) {
  const EncodedHandle encoded(handle, last_size_);
  last_size_ = handle.size;
  partition_.Add(separator_, encoded.full, encoded.delta);
  if (key_is_user_key_) partition_of_user_keys_.Add(UserKeyOf(separator_), encoded.full, encoded.delta);
}

bool IndexBuilder::IsPartitionFull(Slice last_key, const BlockHandle& handle) const {
  const BlockBuilder& block = key_is_user_key_ ? partition_of_user_keys_ : partition_;
  const size_t bytes = block.EstimatedBytes();
  if (bytes >= partition_bytes_) return true;
  if (deviation_limit_bytes_ == 0 || bytes <= deviation_limit_bytes_) return false;
  return block.EstimatedBytesWith(last_key, EncodedHandle(handle, 0).full) > partition_bytes_;
}

void IndexBuilder::EndPartition() {
  partition_ends_.push_back(entries_.size());
  partition_.Reset();
  partition_of_user_keys_.Reset();
  is_cut_requested_ = false;
  has_cut_ = true;
}

std::string IndexBuilder::LayOut(size_t begin, size_t end) const {
  BlockBuilder builder(block_options_);
  uint64_t last_size = 0;
  for (size_t i = begin; i < end; ++i) {
    const Entry& entry = entries_[i];
    EncodedHandle value(entry.handle, last_size);
    if (has_first_key_) {
      const Slice first_key = Slice(keys_).substr(entry.first_key_at, entry.first_key_size);
      PutLengthPrefixed(&value.full, first_key);
      PutLengthPrefixed(&value.delta, first_key);
    }
    builder.Add(AsStored(SeparatorOf(entry)), value.full, value.delta);
    last_size = entry.handle.size;
  }
  return std::move(*builder.Finish());
}

std::string IndexBuilder::LayOutPartition(size_t i) const {
  return LayOut(i == 0 ? 0 : partition_ends_[i - 1], partition_ends_[i]);
}

void IndexBuilder::Top::Add(Slice separator, const BlockHandle& handle) {
  const EncodedHandle value(handle, last_size_);
  last_size_ = handle.size;
  block_.Add(key_is_user_key_ ? UserKeyOf(separator) : separator, value.full, value.delta);
}

}  // namespace gneiss
