// A BlockBuilder lays out one block: prefix-compressed entries, then the restart array.
//
// Format:  docs/formats/block.md.
// Units:   bytes.
// Owner:   owns its buffer; the Slice and string that Finish gives hold until Reset.
// Threads: one thread.
// Errors:  none; keys come in the order of the block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/slice.h"
#include "engine/table/block_hash_index.h"

namespace gneiss {

class BlockBuilder {
 public:
  struct Options {
    int restart_interval = 16;  // entries per restart point
    bool delta_encode_keys = true;
    bool omit_value_size = false;     // index blocks of format_version >= 4: values know their own length
    double hash_keys_per_bucket = 0;  // of a hash index, for data blocks; zero: none
  };
  explicit BlockBuilder(const Options& options);

  // With omit_value_size, `delta_value` is stored instead of `value` where the key shares bytes with the last one.
  void Add(Slice key, Slice value, Slice delta_value = {});

  bool empty() const { return buffer_.empty(); }
  Slice last_key() const { return last_key_; }
  // The size of the block as it is, and a careful guess of it with one more entry: RocksDB's numbers, because block
  // boundaries follow from them.
  size_t EstimatedBytes() const {
    return buffer_.size() + restarts_.size() * sizeof(uint32_t) + sizeof(uint32_t) + HashIndexBytes();
  }
  size_t EstimatedBytesWith(Slice key, Slice value) const;

  // Ends the block. The caller may append to the string (a trailer) before Reset.
  std::string* Finish();
  void Reset();  // keeps the buffers' memory, and last_key()

 private:
  size_t HashIndexBytes() const { return hash_index_ && hash_index_->is_usable() ? hash_index_->Bytes() : 0; }

  const Options options_;
  std::optional<BlockHashIndex> hash_index_;
  std::string buffer_;
  std::vector<uint32_t> restarts_;
  int entries_since_restart_ = 0;
  std::string last_key_;
};

}  // namespace gneiss
