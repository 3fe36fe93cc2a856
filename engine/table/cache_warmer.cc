#include "engine/table/cache_warmer.h"

#include "engine/table/block_source.h"
#include "engine/table/table_filter.h"

namespace gneiss {

CacheWarmer::CacheWarmer(const CacheWarming& config, const KeyOrder& order, StatsSink* stats)
    : config_(config),
      order_(order),
      stats_(stats),
      meta_cache_({.cache = config.cache,
                   .cache_id = config.cache_id,
                   .stats = stats,
                   .has_high_priority = config.has_high_priority}) {}

void CacheWarmer::AddData(uint64_t offset, Slice payload) const {
  const Block::Heads heads = order_.is_bytewise() ? Block::Heads::kBuild : Block::Heads::kNone;
  std::unique_ptr<Block> block = Block::Parse(BlockBytes::CopyOf(payload), heads);
  if (block == nullptr) return;
  const BlockCacheKey key = {.cache_id = config_.cache_id, .offset = offset};
  CacheDataBlock(config_.cache, key.AsSlice(), std::move(block), stats_);
}

void CacheWarmer::AddIndex(uint64_t offset, const TableIndex::Format& format,
                           const std::vector<std::string>& payloads) const {
  auto index = std::make_unique<TableIndex>(order_, format);
  for (const std::string& payload : payloads) {
    if (!index->Append(payload, offset).ok()) return;  // blocks lie before the index
  }
  index->Prepare();
  meta_cache_.Put(offset, &kIndexTickers, std::move(index));
}

void CacheWarmer::AddFilter(uint64_t offset, Slice bits) const {
  meta_cache_.Put(offset, &kFilterTickers, std::make_unique<TableFilter>(BlockBytes::CopyOf(bits)));
}

void CacheWarmer::AddPartitionedFilter(uint64_t offset, const TableIndex::Format& format, Slice top,
                                       const std::vector<Slice>& parts) const {
  auto index = std::make_unique<TableIndex>(order_, format);
  if (!index->Append(top, offset).ok() || index->size() != parts.size()) return;
  index->Prepare();
  auto filter = std::make_unique<TableFilter>(std::move(index));
  for (const Slice part : parts) filter->AddPart(BlockBytes::CopyOf(part));
  meta_cache_.Put(offset, &kFilterTickers, std::move(filter));
}

void CacheWarmer::AddDictionary(uint64_t offset, Slice dictionary) const {
  meta_cache_.Put(offset, &kDictionaryTickers, std::make_unique<UncompressionDictionary>(std::string(dictionary)));
}

}  // namespace gneiss
