#include "engine/table/table_index.h"

#include <algorithm>
#include <bit>

#include "engine/base/coding.h"
#include "engine/base/short_bytes.h"
#include "engine/table/block.h"

namespace gneiss {

namespace {

constexpr size_t kEntriesPerBucket = 2;
constexpr uint64_t kBlockBytesMax = 0x7fffffff;
constexpr size_t kKeysBytesMax = 0xffffffff;

// Walks the entries of an index block, whose values have no stored length when handles are delta-encoded.
class IndexBlockReader {
 public:
  IndexBlockReader(const Block& block, const TableIndex::Format& format)
      : next_(block.entries()), limit_(block.entries_end()), format_(format) {}

  bool IsAtEnd() const { return next_ >= limit_; }
  bool ReadEntry();
  Slice key() const { return key_; }
  const BlockHandle& handle() const { return handle_; }

 private:
  bool ReadKey(uint32_t* shared, uint32_t* value_bytes);
  bool ReadValue(uint32_t shared);

  const char* next_;
  const char* const limit_;
  const TableIndex::Format format_;
  std::string key_;
  BlockHandle handle_;
};

bool IndexBlockReader::ReadKey(uint32_t* shared, uint32_t* value_bytes) {
  uint32_t tail = 0;
  next_ = DecodeVarint32(next_, limit_, shared);
  if (next_ != nullptr) next_ = DecodeVarint32(next_, limit_, &tail);
  if (next_ != nullptr && !format_.value_is_delta_encoded) next_ = DecodeVarint32(next_, limit_, value_bytes);
  if (next_ == nullptr || *shared > key_.size() || static_cast<size_t>(limit_ - next_) < tail) return false;
  key_.resize(*shared);
  key_.append(next_, tail);
  next_ += tail;
  return format_.key_is_user_key || key_.size() >= kTrailerBytes;
}

bool IndexBlockReader::ReadValue(uint32_t shared) {
  if (format_.value_is_delta_encoded && shared != 0) {
    uint64_t delta = 0;
    next_ = DecodeVarint64(next_, limit_, &delta);
    handle_.offset = handle_.EndWithTrailer();
    handle_.size += static_cast<uint64_t>(UnZigZag(delta));
  } else {
    next_ = DecodeVarint64(next_, limit_, &handle_.offset);
    if (next_ != nullptr) next_ = DecodeVarint64(next_, limit_, &handle_.size);
  }
  if (next_ == nullptr) return false;
  if (format_.has_first_key) {
    Slice rest(next_, static_cast<size_t>(limit_ - next_));
    Slice first_key;
    if (!GetLengthPrefixed(&rest, &first_key)) return false;
    next_ = rest.data();
  }
  return true;
}

bool IndexBlockReader::ReadEntry() {
  uint32_t shared = 0;
  uint32_t value_bytes = 0;
  if (!ReadKey(&shared, &value_bytes)) return false;
  const char* value = next_;
  if (!ReadValue(shared)) return false;
  if (format_.value_is_delta_encoded) return true;
  // Longer values are room for what a later version may add.
  if (static_cast<size_t>(limit_ - value) < value_bytes || next_ > value + value_bytes) return false;
  next_ = value + value_bytes;
  return true;
}

}  // namespace

Status TableIndex::Append(Slice payload, uint64_t file_bytes) {
  const std::unique_ptr<Block> block = Block::Parse({.owned = {}, .payload = payload});
  if (block == nullptr) return Status::Corruption("bad index block contents");
  IndexBlockReader reader(*block, format_);
  while (!reader.IsAtEnd()) {
    if (!reader.ReadEntry()) return Status::Corruption("bad entry in index block");
    const BlockHandle& handle = reader.handle();
    if (handle.offset > file_bytes || handle.size > file_bytes || handle.EndWithTrailer() > file_bytes) {
      return Status::Corruption("index points behind the end of the file");
    }
    if (handle.size > kBlockBytesMax || keys_.size() + reader.key().size() > kKeysBytesMax) {
      return Status::NotSupported("blocks of more than 2 GiB");
    }
    keys_.append(reader.key());
    entries_.push_back({.head = 0,
                        .offset = handle.offset,
                        .size = static_cast<uint32_t>(handle.size),
                        .key_end = static_cast<uint32_t>(keys_.size())});
  }
  return Status::Ok();
}

bool TableIndex::SetHeads() {
  const Slice first = SeparatorUserKey(0);
  shared_prefix_ = first.substr(0, CommonPrefix(first, SeparatorUserKey(size() - 1)));
  uint64_t last_head = 0;
  for (size_t i = 0; i < size(); ++i) {
    const Slice user_key = SeparatorUserKey(i);
    if (user_key.substr(0, shared_prefix_.size()) != shared_prefix_) return false;
    entries_[i].head = HeadOf(user_key);
    if (entries_[i].head < last_head) return false;
    last_head = entries_[i].head;
  }
  return true;
}

void TableIndex::Prepare() {
  keys_.shrink_to_fit();
  entries_.shrink_to_fit();
  // Only damage that no checksum covers puts separators out of order; then heads would mislead.
  if (!order_.is_bytewise() || entries_.empty() || !SetHeads()) return;
  const uint64_t range = entries_.back().head - entries_.front().head;
  const auto wanted_bits = static_cast<int>(std::bit_width(size() / kEntriesPerBucket));
  bucket_shift_ = std::max(0, static_cast<int>(std::bit_width(range)) - wanted_bits);
  bucket_starts_.assign(static_cast<size_t>(range >> bucket_shift_) + 2, 0);
  for (const Entry& entry : entries_) ++bucket_starts_[BucketOf(entry.head) + 1];
  for (size_t i = 1; i < bucket_starts_.size(); ++i) bucket_starts_[i] += bucket_starts_[i - 1];
}

bool TableIndex::IsBefore(size_t i, Slice internal_key) const {
  if (format_.key_is_user_key) return order_.CompareStored(separator(i), UserKeyOf(internal_key)) < 0;
  if (format_.compares_user_keys_only) return order_.CompareStored(SeparatorUserKey(i), UserKeyOf(internal_key)) < 0;
  return order_.CompareInternal(separator(i), internal_key) < 0;
}

size_t TableIndex::SearchFull(size_t left, size_t right, Slice internal_key) const {
  while (left < right) {
    const size_t middle = left + (right - left) / 2;
    if (IsBefore(middle, internal_key)) {
      left = middle + 1;
    } else {
      right = middle;
    }
  }
  return left;
}

size_t TableIndex::LowerBound(Slice internal_key) const {
  if (bucket_starts_.empty()) return SearchFull(0, size(), internal_key);
  const Slice user_key = UserKeyOf(internal_key);
  const int order = user_key.substr(0, shared_prefix_.size()).compare(shared_prefix_);
  if (order != 0) return order < 0 ? 0 : size();
  const uint64_t head = HeadOf(user_key);
  if (head < entries_.front().head) return 0;
  if (head > entries_.back().head) return size();
  const size_t bucket = BucketOf(head);
  size_t left = bucket_starts_[bucket];
  size_t right = bucket_starts_[bucket + 1];
  while (left < right) {
    const size_t middle = left + (right - left) / 2;
    if (entries_[middle].head < head) {
      left = middle + 1;
    } else {
      right = middle;
    }
  }
  // Equal heads all lie in this bucket.
  right = left;
  while (right < bucket_starts_[bucket + 1] && entries_[right].head == head) ++right;
  return SearchFull(left, right, internal_key);
}

void TableIndex::Prefetch(Slice user_key) const {
  if (bucket_starts_.empty() || user_key.size() < shared_prefix_.size()) return;
  const uint64_t head = HeadOf(user_key);
  if (head >= entries_.front().head && head <= entries_.back().head) {
    __builtin_prefetch(&bucket_starts_[BucketOf(head)]);
  }
}

size_t TableIndex::MemoryBytes() const {
  return sizeof(*this) + keys_.capacity() + entries_.capacity() * sizeof(Entry) +
         bucket_starts_.capacity() * sizeof(uint32_t);
}

}  // namespace gneiss
