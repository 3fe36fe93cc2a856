// An IndexBuilder collects one separator and one handle per data block and lays out the index: one block, or partitions
// and a block over them.
//
// Format:  docs/formats/table.md. Since format_version 3 separators are stored as user keys when no user key runs over
// a
//          block boundary; since 4, handles as differences.
// Algorithm: separators are kept until the end, when it is known whether user keys are enough. Partitions end as they
//          do in RocksDB: by the size that the partition's block would have so far.
// Owner:   owns its bytes. Threads: one thread. Errors: none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/key/key_order.h"
#include "engine/table/block_builder.h"
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

  // For a filter whose partitions follow the index's. A cut asked for happens at the next block.
  void RequestCut() { is_cut_requested_ = true; }
  // Whether a partition has ended since the last call; the filter's then ends too, under last_separator().
  bool TakeCut() { return std::exchange(has_cut_, false); }
  Slice last_separator() const { return separator_; }

  // At the end, not partitioned: the index block's payload.
  std::string Finish() const { return LayOut(0, entries_.size()); }
  // At the end, partitioned: the payloads of the partitions, in order.
  size_t partition_count() const { return partition_ends_.size(); }
  std::string LayOutPartition(size_t i) const;
  Slice PartitionSeparator(size_t i) const { return SeparatorOf(entries_[partition_ends_[i] - 1]); }

  // The block above the partitions, of an index or of a filter: their separators and handles.
  class Top {
   public:
    explicit Top(const IndexBuilder& index) : block_(index.block_options_), key_is_user_key_(index.key_is_user_key_) {}
    void Add(Slice separator, const BlockHandle& handle);
    std::string Finish() { return std::move(*block_.Finish()); }

   private:
    BlockBuilder block_;
    const bool key_is_user_key_;
    uint64_t last_size_ = 0;
  };

 private:
  struct Entry {
    size_t separator_at;
    size_t separator_size;
    size_t first_key_at;
    size_t first_key_size;
    BlockHandle handle;
  };

  Slice SeparatorOf(const Entry& entry) const { return Slice(keys_).substr(entry.separator_at, entry.separator_size); }
  Slice AsStored(Slice separator) const { return key_is_user_key_ ? UserKeyOf(separator) : separator; }
  std::string LayOut(size_t begin, size_t end) const;
  void MakeSeparator(Slice last_key, const Slice* next_first_key);
  bool IsPartitionFull(Slice last_key, const BlockHandle& handle) const;
  void EndPartition();
  void NotePartitionSize(const BlockHandle& handle);

  const KeyOrder order_;
  const BlockBuilder::Options block_options_;
  const IndexShortening shortening_;
  const bool has_first_key_;
  const bool is_partitioned_;
  const size_t partition_bytes_;
  const size_t deviation_limit_bytes_;
  const bool value_is_delta_encoded_;
  bool key_is_user_key_;
  std::string keys_;
  std::string separator_;
  std::vector<Entry> entries_;

  std::vector<size_t> partition_ends_;  // entries before each partition's end
  // What the open partition would look like, with internal and with user keys.
  BlockBuilder partition_;
  BlockBuilder partition_of_user_keys_;
  uint64_t last_size_ = 0;
  bool is_cut_requested_ = false;
  bool has_cut_ = false;
};

// Where RocksDB's flush policy begins to look ahead. Zero: never.
size_t DeviationLimit(size_t block_bytes, int deviation_percent);

}  // namespace gneiss
