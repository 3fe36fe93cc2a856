// A DictionaryBuffer holds back a table's first data blocks until a compression dictionary is made of them.
//
// Algorithm: samples are whole blocks, spread over those held back. They are the dictionary, or zstd makes one of them
//          (zstd_train_bytes_max), also for other codecs.
// Units:   bytes. Owner: owns copies of the blocks. Threads: one thread. Errors: none.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/compression.h"
#include "engine/base/memory_charge.h"
#include "engine/base/slice.h"

namespace gneiss {

class DictionaryBuffer {
 public:
  // A data block, and what the index needs to know of it.
  struct HeldBlock {
    std::string payload;
    std::string first_key;
    std::string last_key;
    std::string next_first_key;
    bool is_last = false;  // then there is no next_first_key
  };

  // Holds back no more than the config says, nor than a table of `file_bytes_max` will take.
  // `charge` counts what is held; without room for it the buffer is full. May be null.
  DictionaryBuffer(const CompressionConfig& config, uint64_t file_bytes_max, std::shared_ptr<MemoryCharge> charge)
      : config_(config), bytes_max_(std::min(BytesMax(config), file_bytes_max)), charged_(std::move(charge)) {}

  void Hold(HeldBlock block) {
    bytes_ += block.payload.size();
    blocks_.push_back(std::move(block));
    is_full_ = bytes_ > bytes_max_ || !charged_.Set(bytes_);
  }
  bool IsFull() const { return is_full_; }
  const std::vector<HeldBlock>& blocks() const { return blocks_; }
  std::string MakeDictionary() const;

 private:
  static uint64_t BytesMax(const CompressionConfig& config) {
    return config.dictionary_buffer_bytes_max == 0 ? UINT64_MAX : config.dictionary_buffer_bytes_max;
  }

  const CompressionConfig config_;
  const uint64_t bytes_max_;
  ChargedBytes charged_;
  std::vector<HeldBlock> blocks_;
  uint64_t bytes_ = 0;
  bool is_full_ = false;
};

}  // namespace gneiss
