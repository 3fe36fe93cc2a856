// The TableCore is what a TableReader and its iterators share: the table's blocks, and its index and filter, held in
// memory or in the cache.
//
// Owner:   the TableReader owns it; its iterators borrow it.
// Threads: every const method is safe from any thread.
// Errors:  those of BlockSource.
#pragma once

#include <memory>

#include "engine/base/perf.h"
#include "engine/table/block_cursor.h"
#include "engine/table/block_source.h"
#include "engine/table/meta_blocks.h"
#include "engine/table/meta_cache.h"
#include "engine/table/table_filter.h"
#include "engine/table/table_index.h"
#include "engine/table/table_options.h"
#include "engine/table/table_properties.h"
#include "engine/table/table_reader.h"

namespace gneiss {

class TableCore {
 public:
  TableCore(const TableReadConfig& config, const TableReader::OpenParams& params,
            std::unique_ptr<RandomAccessFile> file);
  Status Open();

  const TableReadConfig& config() const { return config_; }
  const BlockSource& source() const { return source_; }
  int level() const { return params_.level; }
  const TableProperties& properties() const { return properties_; }
  SeqNo global_seq() const { return global_seq_; }
  size_t MemoryBytes() const;
  Status ChargeMemory();  // once, when open: MemoryLimit where there is no room for what the reader holds

  Status GetIndex(const ReadParams& params, MetaRef<TableIndex>* index) const;
  // What a probe may look at: null when the cache decides how long they stay, or when the filter is not of whole keys.
  const TableIndex* index_at_hand() const { return index_.get(); }
  const TableFilter* filter_at_hand() const {
    return has_whole_keys_ && config_.whole_key_filtering ? filter_.get() : nullptr;
  }
  // Both miss the processor's caches, so they are asked for together.
  void PrefetchIndex(Slice user_key) const {
    if (has_filter() && index_.get() != nullptr) index_.get()->Prefetch(user_key);
  }
  bool has_filter() const { return filter_kind_ != FilterKind::kNone; }
  // False: the table certainly has no entry of this user key, which without its timestamp is `bare_key`.
  bool MayContain(Slice user_key, Slice bare_key, uint64_t hash, const ReadParams& params) const;
  // False: it certainly has none with this prefix, as far as its filter was made with the same extractor.
  bool MayContainPrefixOf(Slice user_key, const ReadParams& params) const;
  // Both keys are in the extractor's domain, with the same prefix.
  bool HaveOnePrefix(Slice a, Slice b) const {
    const PrefixExtractor* const extractor = config_.prefix_extractor.get();
    return extractor != nullptr && extractor->InDomain(a) && extractor->InDomain(b) &&
           extractor->Prefix(a) == extractor->Prefix(b);
  }

  // Starts a cursor on a block of data.
  void Attach(const Block* block, BlockCursor* cursor) const { cursor->Attach(block, config_.order, global_seq_); }
  Status ReadRangeTombstones(const ReadParams& params, BlockRef* block) const;  // an empty ref when there are none
  Status DamagedRangeTombstones() const;
  void EraseFromCache() const;  // see TableReader::EraseFromCache
  // Reads all blocks that are not data, and checks them.
  Status VerifyMetaBlocks() const;

 private:
  enum class FilterKind : uint8_t { kNone, kFull, kPartitioned };

  Status ReadProperties();
  Status ReadPropertiesBlock(const BlockHandle& handle, TableProperties* properties) const;
  Status ReadGlobalSeq();
  void FindFilter();
  Status LoadIndexAndFilter();
  Status LoadIndex(std::unique_ptr<TableIndex>* index) const;
  Status LoadPartitionIndex(const BlockHandle& handle, bool has_first_key, std::unique_ptr<TableIndex>* index) const;
  Status LoadFilter(std::unique_ptr<TableFilter>* filter) const;
  Status ReadFilterBlock(const BlockHandle& handle, BlockBytes* bytes) const;
  Status GetFilter(const ReadParams& params, MetaRef<TableFilter>* filter) const;
  bool FilterSays(Slice user_key, Slice key, uint64_t hash, const ReadParams& params) const;
  std::string UserProperty(const char* name) const;
  TableIndex::Format IndexFormat(bool has_first_key) const;
  bool IsMetaCached() const { return config_.block_cache != nullptr && config_.cache_index_and_filter_blocks; }
  bool IsPinned(MetaPinning pinning) const {
    return pinning == MetaPinning::kAll || (pinning == MetaPinning::kLevel0 && params_.level == 0);
  }

  const TableReadConfig& config_;
  const TableReader::OpenParams params_;
  const uint64_t cache_id_;
  const MetaCache meta_cache_;
  BlockSource source_;
  MetaIndex metaindex_;
  TableProperties properties_;
  SeqNo global_seq_ = BlockCursor::kNoGlobalSeq;
  IndexType index_type_ = IndexType::kBinarySearch;
  FilterKind filter_kind_ = FilterKind::kNone;
  BlockHandle filter_handle_;
  bool has_whole_keys_ = true;  // the filter has
  bool has_prefixes_ = false;   // made by the extractor in use
  // Empty when the cache decides how long they stay.
  MetaRef<TableIndex> index_;
  MetaRef<TableFilter> filter_;
  ChargedBytes charged_;
};

}  // namespace gneiss
