// A HashIndexBuilder notes which data blocks hold each prefix: the two meta blocks beside an index of type kHashSearch.
//
// Format:  docs/formats/table.md. The index itself is a binary-search index; a reader that does without these blocks
//          finds the same.
// Keys:    a reader takes the prefix of whatever key it seeks. So one key outside of the extractor's domain, or one
//          whose timestamp reaches into its prefix, makes such a map wrong for the table: then there is none.
// Owner:   owns its bytes; the extractor is the caller's. Threads: one thread. Errors: none.
#pragma once

#include <cstdint>
#include <string>

#include "engine/key/key_order.h"
#include "engine/key/prefix_extractor.h"

namespace gneiss {

class HashIndexBuilder {
 public:
  HashIndexBuilder(const PrefixExtractor* extractor, const KeyOrder& order) : extractor_(extractor), order_(order) {}

  // Keys in order, each in the block that EndBlock ends next.
  void AddKey(Slice user_key);
  void EndBlock() { ++block_; }

  // After the last block. False: this table gets no map.
  bool Finish();
  const std::string& prefixes() const { return prefixes_; }
  const std::string& metadata() const { return metadata_; }

 private:
  bool HasPrefix(Slice user_key) const;
  void EndPrefix();

  const PrefixExtractor* const extractor_;
  const KeyOrder order_;
  bool is_usable_ = true;
  uint32_t block_ = 0;  // in which the next key lies
  std::string prefix_;  // the last key's; its blocks are not noted yet
  uint32_t first_block_ = 0;
  uint32_t last_block_ = 0;
  bool has_prefix_ = false;
  std::string prefixes_;
  std::string metadata_;
};

}  // namespace gneiss
