// A DictionaryBuffer holds back a table's first data blocks until a compression dictionary is made of them.
//
// Algorithm: the dictionary is a sample: whole blocks, spread over those held back, until it is full.
// Units:   bytes. Owner: owns copies of the blocks. Threads: one thread. Errors: none.
#pragma once

#include <string>
#include <vector>

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

  void Hold(HeldBlock block) {
    bytes_ += block.payload.size();
    blocks_.push_back(std::move(block));
  }
  size_t bytes() const { return bytes_; }
  const std::vector<HeldBlock>& blocks() const { return blocks_; }
  std::string MakeDictionary(size_t bytes_max) const;

 private:
  std::vector<HeldBlock> blocks_;
  size_t bytes_ = 0;
};

}  // namespace gneiss
