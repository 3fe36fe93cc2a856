// An IndexBuilder collects one separator and one handle per data block and lays out the index block.
//
// Format:  docs/formats/table.md. Since format_version 3 separators are stored as user keys when no user key runs over
// a
//          block boundary; since 4, handles as differences.
// Algorithm: separators are kept until Finish, when it is known whether user keys are enough.
// Owner:   owns its bytes. Threads: one thread. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/key/key_order.h"
#include "engine/table/block_handle.h"
#include "engine/table/table_options.h"

namespace gneiss {

class IndexBuilder {
 public:
  IndexBuilder(const TableFormat& format, const KeyOrder& order);

  // Blocks come in file order. `next_first_key` is null for the last one.
  void AddBlock(Slice last_key, const Slice* next_first_key, Slice first_key, const BlockHandle& handle);

  bool key_is_user_key() const { return key_is_user_key_; }
  bool value_is_delta_encoded() const { return value_is_delta_encoded_; }
  // The index block's payload.
  std::string Finish();

 private:
  struct Entry {
    size_t separator_at;
    size_t separator_size;
    size_t first_key_at;
    size_t first_key_size;
    BlockHandle handle;
  };

  const KeyOrder order_;
  const int restart_interval_;
  const IndexShortening shortening_;
  const bool has_first_key_;
  const bool value_is_delta_encoded_;
  bool key_is_user_key_;
  std::string keys_;
  std::string separator_;
  std::vector<Entry> entries_;
};

}  // namespace gneiss
