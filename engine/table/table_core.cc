#include "engine/table/table_core.h"

#include "engine/base/coding.h"
#include "engine/base/hash.h"
#include "engine/cache/cache_role.h"

namespace gneiss {

namespace {

// What RocksDB's own filters were called in the metaindex, over its versions.
constexpr const char* kBuiltinFilterNames[] = {kBuiltinFilterName,
                                               "rocksdb.internal.LegacyBloomFilter",
                                               "rocksdb.internal.FastLocalBloomFilter",
                                               "rocksdb.internal.Standard128RibbonFilter",
                                               "rocksdb.internal.DeprecatedBlockBasedBloomFilter",
                                               "bloomfilter",
                                               "ribbonfilter"};

uint64_t CacheIdFor(const TableReadConfig& config, const TableReader::OpenParams& params) {
  if (config.block_cache == nullptr) return 0;
  return params.cache_id != 0 ? params.cache_id : config.block_cache->NewId();
}

const CacheRoleMark kIndexMark(&DeleteMeta<TableIndex>, CacheRole::kIndex);
const CacheRoleMark kFilterMark(&DeleteMeta<TableFilter>, CacheRole::kFilter);

}  // namespace

TableCore::TableCore(const TableReadConfig& config, const TableReader::OpenParams& params,
                     std::unique_ptr<RandomAccessFile> file)
    : config_(config),
      params_(params),
      cache_id_(CacheIdFor(config, params)),
      meta_cache_({.cache = config.block_cache.get(),
                   .cache_id = cache_id_,
                   .stats = config.stats,
                   .level = params.level,
                   .has_high_priority = config.cache_index_and_filter_blocks_with_high_priority}),
      source_({.path = params.path,
               .file_bytes = params.file_bytes,
               .cache = config.block_cache.get(),
               .cache_id = cache_id_,
               .order = config.order,
               .stats = config.stats,
               .clock = config.clock,
               .level = params.level},
              std::move(file)) {}

Status TableCore::Open() {
  GNEISS_RETURN_IF_ERROR(source_.Open());
  BlockBytes bytes;
  GNEISS_RETURN_IF_ERROR(source_.ReadMeta(source_.footer().metaindex, true, &bytes));
  GNEISS_RETURN_IF_ERROR(source_.InFile(DecodeMetaIndex(bytes.payload, &metaindex_)));
  GNEISS_RETURN_IF_ERROR(ReadProperties());
  if (const auto found = metaindex_.find(kCompressionDictionaryBlockName); found != metaindex_.end()) {
    GNEISS_RETURN_IF_ERROR(
        source_.SetDictionary(found->second, IsMetaCached() ? &meta_cache_ : nullptr, IsPinned(config_.pinning)));
  }
  FindFilter();
  GNEISS_RETURN_IF_ERROR(LoadIndexAndFilter());
  source_.DropTail();
  return Status::Ok();
}

Status TableCore::ReadPropertiesBlock(const BlockHandle& handle, TableProperties* properties) const {
  std::string raw;
  GNEISS_RETURN_IF_ERROR(source_.ReadWithTrailer(handle, &raw));
  const ChecksumType checksum = source_.footer().checksum;
  const Status verified = VerifyBlockChecksum(checksum, raw, source_.path(), handle.offset);
  const Slice payload = Slice(raw).substr(0, static_cast<size_t>(handle.size));
  const Status decoded = source_.InFile(DecodeProperties(payload, handle.offset, properties));
  if (verified.ok()) return decoded;
  // Ingestion may have written the global seq over a zero without touching the checksum.
  const uint64_t seq_offset = properties->external_file_global_seq_offset;
  if (!decoded.ok() || seq_offset == 0 || seq_offset + sizeof(uint64_t) > handle.offset + handle.size) return verified;
  EncodeU64(raw.data() + (seq_offset - handle.offset), 0);
  return VerifyBlockChecksum(checksum, raw, source_.path(), handle.offset);
}

std::string TableCore::UserProperty(const char* name) const {
  const auto found = properties_.user.find(name);
  return found == properties_.user.end() ? std::string() : found->second;
}

Status TableCore::ReadProperties() {
  auto found = metaindex_.find(kPropertiesBlockName);
  if (found == metaindex_.end()) found = metaindex_.find(kPropertiesBlockOldName);
  // LevelDB's tables have none.
  if (found == metaindex_.end()) return Status::Ok();
  const BlockHandle& handle = found->second;
  GNEISS_RETURN_IF_ERROR(ReadPropertiesBlock(handle, &properties_));
  if (const std::string type = UserProperty(kIndexTypeProperty); type.size() >= sizeof(uint32_t)) {
    const uint32_t number = DecodeU32(type.data());
    if (number > static_cast<uint32_t>(IndexType::kBinaryWithFirstKey)) {
      return Status::NotSupported("index type " + std::to_string(number), source_.path());
    }
    index_type_ = static_cast<IndexType>(number);
  }
  has_whole_keys_ = UserProperty(kWholeKeyFilteringProperty) != "0";
  has_prefixes_ = UserProperty(kPrefixFilteringProperty) != "0" && config_.prefix_extractor != nullptr &&
                  properties_.prefix_extractor_name == config_.prefix_extractor->Name();
  return ReadGlobalSeq();
}

Status TableCore::ReadGlobalSeq() {
  const std::string version_text = UserProperty(kExternalVersionProperty);
  const std::string seq_text = UserProperty(kGlobalSeqProperty);
  const bool has_seq = properties_.user.count(kGlobalSeqProperty) != 0;
  if (version_text.size() < sizeof(uint32_t)) {
    if (!has_seq) return Status::Ok();
    return Status::Corruption("A non-external sst file have global seqno property", source_.path());
  }
  const uint32_t version = DecodeU32(version_text.data());
  if (version < 2) {
    if (version == 1 && !has_seq) return Status::Ok();
    return Status::Corruption(
        "An external sst file with version " + std::to_string(version) + " have global seqno property", source_.path());
  }
  SeqNo seq = seq_text.size() < sizeof(uint64_t) ? 0 : DecodeU64(seq_text.data());
  if (params_.largest_seq < kSeqMax) {
    if (seq == 0) seq = params_.largest_seq;
    if (seq != params_.largest_seq) {
      return Status::Corruption("An external sst file with version " + std::to_string(version) +
                                    " have global seqno property with value " + std::to_string(seq) +
                                    ", while largest seqno in the file is " + std::to_string(params_.largest_seq),
                                source_.path());
    }
  }
  if (seq > kSeqMax) {
    return Status::Corruption("An external sst file with version " + std::to_string(version) +
                                  " have global seqno property with value " + std::to_string(seq) +
                                  ", which is greater than kMaxSequenceNumber",
                              source_.path());
  }
  global_seq_ = seq;
  return Status::Ok();
}

void TableCore::FindFilter() {
  if (params_.skip_filters) return;
  for (const char* name : kBuiltinFilterNames) {
    if (const auto full = metaindex_.find(std::string(kFullFilterPrefix) + name); full != metaindex_.end()) {
      filter_kind_ = FilterKind::kFull;
      filter_handle_ = full->second;
      return;
    }
    if (const auto parts = metaindex_.find(std::string(kPartitionedFilterPrefix) + name); parts != metaindex_.end()) {
      filter_kind_ = FilterKind::kPartitioned;
      filter_handle_ = parts->second;
      return;
    }
  }
}

TableIndex::Format TableCore::IndexFormat(bool has_first_key) const {
  return {.key_is_user_key = properties_.index_key_is_user_key != 0,
          .value_is_delta_encoded = properties_.index_value_is_delta_encoded != 0,
          .has_first_key = has_first_key,
          .compares_user_keys_only = global_seq_ != BlockCursor::kNoGlobalSeq};
}

Status TableCore::LoadPartitionIndex(const BlockHandle& handle, bool has_first_key,
                                     std::unique_ptr<TableIndex>* index) const {
  auto loaded = std::make_unique<TableIndex>(config_.order, IndexFormat(has_first_key));
  BlockBytes bytes;
  GNEISS_RETURN_IF_ERROR(source_.ReadMeta(handle, true, &bytes));
  GNEISS_RETURN_IF_ERROR(source_.InFile(loaded->Append(bytes.payload, source_.file_bytes())));
  *index = std::move(loaded);
  return Status::Ok();
}

Status TableCore::LoadIndex(std::unique_ptr<TableIndex>* index) const {
  const PerfTimer timer(&PerfCounters::read_index_block_nanos);
  PerfAdd(&PerfCounters::index_block_read_count);
  const bool has_first_key = index_type_ == IndexType::kBinaryWithFirstKey;
  std::unique_ptr<TableIndex> loaded;
  GNEISS_RETURN_IF_ERROR(LoadPartitionIndex(source_.footer().index, has_first_key, &loaded));
  if (index_type_ == IndexType::kTwoLevel) {
    // The partitions together are one index.
    const std::unique_ptr<TableIndex> parts = std::move(loaded);
    loaded = std::make_unique<TableIndex>(config_.order, IndexFormat(false));
    for (size_t i = 0; i < parts->size(); ++i) {
      BlockBytes bytes;
      GNEISS_RETURN_IF_ERROR(source_.ReadMeta(parts->handle(i), true, &bytes));
      GNEISS_RETURN_IF_ERROR(source_.InFile(loaded->Append(bytes.payload, source_.file_bytes())));
    }
  }
  loaded->Prepare();
  *index = std::move(loaded);
  return Status::Ok();
}

// What lies in the cache may outlive this reader, and with it the mapping of its file.
Status TableCore::ReadFilterBlock(const BlockHandle& handle, BlockBytes* bytes) const {
  GNEISS_RETURN_IF_ERROR(source_.ReadMeta(handle, true, bytes));
  if (IsMetaCached() && !static_cast<bool>(bytes->owned)) *bytes = BlockBytes::CopyOf(bytes->payload);
  return Status::Ok();
}

Status TableCore::LoadFilter(std::unique_ptr<TableFilter>* filter) const {
  const PerfTimer timer(&PerfCounters::read_filter_block_nanos);
  PerfAdd(&PerfCounters::filter_block_read_count);
  if (filter_kind_ == FilterKind::kFull) {
    BlockBytes bytes;
    GNEISS_RETURN_IF_ERROR(ReadFilterBlock(filter_handle_, &bytes));
    *filter = std::make_unique<TableFilter>(std::move(bytes));
    return Status::Ok();
  }
  std::unique_ptr<TableIndex> index;
  GNEISS_RETURN_IF_ERROR(LoadPartitionIndex(filter_handle_, false, &index));
  index->Prepare();
  const TableIndex& parts = *index;
  auto loaded = std::make_unique<TableFilter>(std::move(index));
  for (size_t i = 0; i < parts.size(); ++i) {
    BlockBytes bytes;
    GNEISS_RETURN_IF_ERROR(ReadFilterBlock(parts.handle(i), &bytes));
    loaded->AddPart(std::move(bytes));
  }
  *filter = std::move(loaded);
  return Status::Ok();
}

Status TableCore::LoadIndexAndFilter() {
  if (IsMetaCached()) {
    // Others wait for their first use.
    const bool has_parts = index_type_ == IndexType::kTwoLevel;
    if (IsPinned(has_parts ? config_.partition_pinning : config_.pinning)) {
      GNEISS_RETURN_IF_ERROR(GetIndex({}, &index_));
    }
    const bool has_filter_parts = filter_kind_ == FilterKind::kPartitioned;
    const bool pins_filter = has_filter() && IsPinned(has_filter_parts ? config_.partition_pinning : config_.pinning);
    return pins_filter ? GetFilter({}, &filter_) : Status::Ok();
  }
  std::unique_ptr<TableIndex> index;
  GNEISS_RETURN_IF_ERROR(LoadIndex(&index));
  index_ = MetaRef<TableIndex>(std::unique_ptr<const TableIndex>(std::move(index)));
  if (!has_filter()) return Status::Ok();
  std::unique_ptr<TableFilter> filter;
  GNEISS_RETURN_IF_ERROR(LoadFilter(&filter));
  filter_ = MetaRef<TableFilter>(std::unique_ptr<const TableFilter>(std::move(filter)));
  return Status::Ok();
}

Status TableCore::VerifyMetaBlocks() const {
  for (const auto& [name, handle] : metaindex_) {
    if (name == kPropertiesBlockName || name == kPropertiesBlockOldName) {
      TableProperties properties;
      GNEISS_RETURN_IF_ERROR(ReadPropertiesBlock(handle, &properties));
    } else {
      GNEISS_RETURN_IF_ERROR(source_.Verify(handle, nullptr));
    }
  }
  GNEISS_RETURN_IF_ERROR(source_.Verify(source_.footer().metaindex, nullptr));
  // These two read their partitions as well.
  std::unique_ptr<TableIndex> index;
  GNEISS_RETURN_IF_ERROR(LoadIndex(&index));
  std::unique_ptr<TableFilter> filter;
  return has_filter() ? LoadFilter(&filter) : Status::Ok();
}

Status TableCore::GetIndex(const ReadParams& params, MetaRef<TableIndex>* index) const {
  if (index_.get() != nullptr) [[likely]] {
    *index = MetaRef<TableIndex>(index_.get());
    return Status::Ok();
  }
  const auto load = [this](std::unique_ptr<TableIndex>* value) { return LoadIndex(value); };
  return meta_cache_.Get(params, source_.footer().index.offset, &kIndexTickers, load, index);
}

Status TableCore::GetFilter(const ReadParams& params, MetaRef<TableFilter>* filter) const {
  if (filter_.get() != nullptr) [[likely]] {
    *filter = MetaRef<TableFilter>(filter_.get());
    return Status::Ok();
  }
  const auto load = [this](std::unique_ptr<TableFilter>* value) { return LoadFilter(value); };
  return meta_cache_.Get(params, filter_handle_.offset, &kFilterTickers, load, filter);
}

bool TableCore::FilterSays(Slice user_key, Slice key, uint64_t hash, const ReadParams& params) const {
  MetaRef<TableFilter> filter;
  // A filter that cannot be had filters nothing.
  if (!GetFilter(params, &filter).ok()) return true;
  return filter->MayMatch(user_key, key, hash);
}

bool TableCore::MayContain(Slice user_key, Slice bare_key, uint64_t hash, const ReadParams& params) const {
  if (!has_filter()) return true;
  if (has_whole_keys_ && config_.whole_key_filtering) return FilterSays(user_key, bare_key, hash, params);
  return MayContainPrefixOf(user_key, params);
}

bool TableCore::MayContainPrefixOf(Slice user_key, const ReadParams& params) const {
  if (!has_filter() || !has_prefixes_) return true;
  const Slice bare_key = config_.order.BareKey(user_key);
  if (!config_.prefix_extractor->InDomain(bare_key)) return true;
  const Slice prefix = config_.prefix_extractor->Prefix(bare_key);
  const bool may_contain = FilterSays(user_key, prefix, Xxph3(prefix), params);
  AddTicker(config_.stats, Ticker::kBloomPrefixChecked);
  if (!may_contain) AddTicker(config_.stats, Ticker::kBloomPrefixUseful);
  return may_contain;
}

Status TableCore::ReadRangeTombstones(const ReadParams& params, BlockRef* block) const {
  *block = BlockRef();
  const auto found = metaindex_.find(kRangeDeletionBlockName);
  if (found == metaindex_.end()) return Status::Ok();
  if (params.cache_only) return Status::Incomplete("no blocking io");
  BlockBytes bytes;
  GNEISS_RETURN_IF_ERROR(source_.ReadMeta(found->second, params.verify_checksums, &bytes));
  std::unique_ptr<Block> parsed = Block::Parse(std::move(bytes));
  if (parsed == nullptr) return source_.DamagedBlock("bad block contents", found->second);
  *block = BlockRef(std::move(parsed));
  return Status::Ok();
}

void TableCore::EraseFromCache() const {
  if (config_.block_cache == nullptr) return;
  const uint64_t index_offset = source_.footer().index.offset;
  const MetaRef<TableIndex> cached =
      index_.get() != nullptr ? MetaRef<TableIndex>() : meta_cache_.Peek<TableIndex>(index_offset);
  const TableIndex* const index = index_.get() != nullptr ? index_.get() : cached.get();
  for (size_t i = 0; index != nullptr && i < index->size(); ++i) source_.EraseFromCache(index->handle(i));
  for (const auto& [name, handle] : metaindex_) source_.EraseFromCache(handle);
  source_.EraseFromCache(source_.footer().index);
}

size_t TableCore::MemoryBytes() const {
  size_t bytes = sizeof(*this) + source_.MemoryBytes();
  if (index_.owns()) bytes += index_->MemoryBytes();
  if (filter_.owns()) bytes += filter_->MemoryBytes();
  return bytes;
}

Status TableCore::ChargeMemory() {
  charged_ = ChargedBytes(config_.reader_charge);
  if (charged_.Set(MemoryBytes())) return Status::Ok();
  return Status::Make(
      Status::Code::kIncomplete,
      "Can't allocate BlockBasedTableReader due to memory limit based on cache capacity for memory allocation", {},
      Status::SubCode::kMemoryLimit);
}

Status TableCore::DamagedRangeTombstones() const {
  return source_.DamagedBlock("bad entry in block", metaindex_.at(kRangeDeletionBlockName));
}

}  // namespace gneiss
