#include "compat/options/engine_config.h"

#include <rocksdb/env.h>
#include <rocksdb/statistics.h>
#include <rocksdb/system_clock.h>

#include <mutex>
#include <unordered_map>
#include <vector>

#include "compat/adapters/engine_cache.h"
#include "compat/adapters/table_partitioner.h"
#include "compat/options/block_based_table.h"
#include "compat/options/filter_policy.h"
#include "compat/options/flush_block_policy.h"
#include "engine/cache/cache_charge.h"

namespace gneiss::compat {

namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;

rocksdb::Slice Foreign(Slice slice) { return {slice.data(), slice.size()}; }
Slice Native(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// How the keys of a comparator with timestamps sort without them.
class BareComparatorOrder : public UserOrder {
 public:
  explicit BareComparatorOrder(const rocksdb::Comparator* comparator) : comparator_(comparator) {}
  const char* Name() const override { return comparator_->Name(); }
  int Compare(Slice a, Slice b) const override {
    return comparator_->CompareWithoutTimestamp(Foreign(a), false, Foreign(b), false);
  }
  void FindShortestSeparator(std::string* /*start*/, Slice /*limit*/) const override {}
  void FindShortSuccessor(std::string* /*key*/) const override {}

 private:
  const rocksdb::Comparator* const comparator_;
};

class ComparatorOrder : public UserOrder {
 public:
  explicit ComparatorOrder(const rocksdb::Comparator* comparator)
      : comparator_(comparator), timestamp_bytes_(comparator->timestamp_size()), bare_(comparator) {}
  const char* Name() const override { return comparator_->Name(); }
  int Compare(Slice a, Slice b) const override {
    if (IsCut(a) || IsCut(b)) [[unlikely]]
      return CompareCut(a, b);
    return comparator_->Compare(Foreign(a), Foreign(b));
  }
  int CompareWithoutTimestamp(Slice a, Slice b) const override {
    if (IsCut(a) || IsCut(b)) [[unlikely]]
      return CompareCut(a, b);
    return comparator_->CompareWithoutTimestamp(Foreign(a), true, Foreign(b), true);
  }
  int CompareTimestamp(Slice a, Slice b) const override {
    return comparator_->CompareTimestamp(Foreign(a), Foreign(b));
  }
  const UserOrder* BareOrder() const override { return &bare_; }
  void FindShortestSeparator(std::string* start, Slice limit) const override {
    comparator_->FindShortestSeparator(start, Foreign(limit));
  }
  void FindShortSuccessor(std::string* key) const override { comparator_->FindShortSuccessor(key); }

 private:
  // Only a damaged file holds keys too short for a timestamp. They come first, and never reach the comparator.
  bool IsCut(Slice key) const { return key.size() < timestamp_bytes_; }
  int CompareCut(Slice a, Slice b) const {
    if (IsCut(a) != IsCut(b)) return IsCut(a) ? -1 : 1;
    return a.compare(b);
  }

  const rocksdb::Comparator* const comparator_;
  const size_t timestamp_bytes_;
  const BareComparatorOrder bare_;
};

class TransformExtractor : public PrefixExtractor {
 public:
  explicit TransformExtractor(std::shared_ptr<const rocksdb::SliceTransform> transform)
      : transform_(std::move(transform)),
        name_(transform_->AsString()),
        is_capped_(transform_->IsInstanceOf("rocksdb.CappedPrefix")) {}
  std::string Name() const override { return name_; }
  bool InDomain(Slice user_key) const override { return transform_->InDomain(Foreign(user_key)); }
  Slice Prefix(Slice user_key) const override { return Native(transform_->Transform(Foreign(user_key))); }
  bool IsByLength() const override { return is_capped_; }

 private:
  const std::shared_ptr<const rocksdb::SliceTransform> transform_;
  const std::string name_;
  const bool is_capped_;
};

class FixedPrefixExtractor : public PrefixExtractor {
 public:
  FixedPrefixExtractor(std::string name, size_t length) : name_(std::move(name)), length_(length) {}
  std::string Name() const override { return name_; }
  bool InDomain(Slice user_key) const override { return user_key.size() >= length_; }
  Slice Prefix(Slice user_key) const override { return {user_key.data(), length_}; }
  bool IsByLength() const override { return true; }

 private:
  const std::string name_;
  const size_t length_;
};

class UserMergeOperator : public MergeOperator {
 public:
  UserMergeOperator(std::shared_ptr<rocksdb::MergeOperator> user, std::shared_ptr<rocksdb::Logger> logger,
                    std::shared_ptr<rocksdb::Statistics> statistics, std::shared_ptr<rocksdb::SystemClock> clock)
      : user_(std::move(user)),
        logger_(std::move(logger)),
        statistics_(std::move(statistics)),
        clock_(std::move(clock)) {}

  const char* Name() const override { return user_->Name(); }
  bool AllowsSingleOperand() const override { return user_->AllowSingleOperand(); }

  bool FullMerge(Slice user_key, const Slice* base, const std::vector<Slice>& operands,
                 std::string* result) const override {
    std::vector<rocksdb::Slice> foreign;
    foreign.reserve(operands.size());
    for (const Slice operand : operands) foreign.push_back(Foreign(operand));
    const rocksdb::Slice key = Foreign(user_key);
    const rocksdb::Slice foreign_base = base == nullptr ? rocksdb::Slice() : Foreign(*base);
    // The operator either fills the result or points at the operand that is the result.
    rocksdb::Slice chosen(nullptr, 0);
    result->clear();
    const rocksdb::MergeOperator::MergeOperationInput in(key, base == nullptr ? nullptr : &foreign_base, foreign,
                                                         logger_.get());
    rocksdb::MergeOperator::MergeOperationOutput out(*result, chosen);
    if (!TimedFullMerge(in, &out)) return false;
    if (chosen.data() != nullptr) result->assign(chosen.data(), chosen.size());
    return true;
  }

  bool PartialMerge(Slice user_key, const std::vector<Slice>& operands, std::string* result) const override {
    std::deque<rocksdb::Slice> foreign;
    for (const Slice operand : operands) foreign.push_back(Foreign(operand));
    result->clear();
    return user_->PartialMergeMulti(Foreign(user_key), foreign, result, logger_.get());
  }

 private:
  bool TimedFullMerge(const rocksdb::MergeOperator::MergeOperationInput& in,
                      rocksdb::MergeOperator::MergeOperationOutput* out) const {
    if (statistics_ == nullptr) return user_->FullMergeV2(in, out);
    const uint64_t start_ns = clock_->NowNanos();
    const bool is_merged = user_->FullMergeV2(in, out);
    statistics_->recordTick(rocksdb::MERGE_OPERATION_TOTAL_TIME, clock_->NowNanos() - start_ns);
    if (!is_merged) statistics_->recordTick(rocksdb::NUMBER_MERGE_FAILURES, 1);
    return is_merged;
  }

  const std::shared_ptr<rocksdb::MergeOperator> user_;
  const std::shared_ptr<rocksdb::Logger> logger_;
  const std::shared_ptr<rocksdb::Statistics> statistics_;  // null: nobody counts
  const std::shared_ptr<rocksdb::SystemClock> clock_;
};

IndexType IndexTypeOf(BlockBasedTableOptions::IndexType type) { return static_cast<IndexType>(type); }
static_assert(static_cast<int>(IndexType::kBinaryWithFirstKey) == BlockBasedTableOptions::kBinarySearchWithFirstKey);

IndexShortening IndexShorteningOf(BlockBasedTableOptions::IndexShorteningMode mode) {
  return static_cast<IndexShortening>(mode);
}
static_assert(static_cast<int>(IndexShortening::kSeparatorsAndSuccessor) ==
              static_cast<int>(BlockBasedTableOptions::IndexShorteningMode::kShortenSeparatorsAndSuccessor));

void SetUniversal(const rocksdb::CompactionOptionsUniversal& options, CompactionConfig* config) {
  config->universal_size_ratio = options.size_ratio;
  config->universal_min_merge_width = options.min_merge_width;
  config->universal_max_merge_width = options.max_merge_width;
  config->universal_max_size_amplification_percent = options.max_size_amplification_percent;
  config->universal_compression_size_percent = options.compression_size_percent;
  config->universal_allow_trivial_move = options.allow_trivial_move;
}

void SetCompression(const ColumnFamilyOptions& options, CompactionConfig* config) {
  config->compression = CompressionOf(options.compression);
  for (const rocksdb::CompressionType type : options.compression_per_level) {
    config->compression_per_level.push_back(CompressionOf(type));
  }
  config->has_bottommost_compression = options.bottommost_compression != rocksdb::kDisableCompressionOption;
  config->bottommost_compression = CompressionOf(options.bottommost_compression);
  config->compression_config = CompressionConfigOf(options.compression_opts);
  config->bottommost_compression_config = options.bottommost_compression_opts.enabled
                                              ? CompressionConfigOf(options.bottommost_compression_opts)
                                              : config->compression_config;
}

void SetLevels(const ColumnFamilyOptions& options, CompactionConfig* config) {
  config->level_count = options.num_levels;
  config->level0_compaction_trigger = options.level0_file_num_compaction_trigger;
  config->level0_slowdown_trigger = options.level0_slowdown_writes_trigger;
  config->level0_stop_trigger = options.level0_stop_writes_trigger;
  config->pending_bytes_soft_limit = options.soft_pending_compaction_bytes_limit;
  config->pending_bytes_hard_limit = options.hard_pending_compaction_bytes_limit;
  config->level_compaction_dynamic_level_bytes = options.level_compaction_dynamic_level_bytes;
  config->level_base_bytes_max = options.max_bytes_for_level_base;
  config->level_bytes_multiplier = options.max_bytes_for_level_multiplier;
  config->level_bytes_multiplier_additional = options.max_bytes_for_level_multiplier_additional;
  config->target_file_bytes_base = options.target_file_size_base;
  config->target_file_bytes_multiplier = options.target_file_size_multiplier;
  config->compaction_bytes_max = options.max_compaction_bytes;
}

void SetBlobs(const ColumnFamilyOptions& options, BlobConfig* config) {
  config->writes_files = options.enable_blob_files;
  config->value_bytes_min = options.min_blob_size;
  config->file_bytes_max = options.blob_file_size;
  config->compression = CompressionOf(options.blob_compression_type);
  config->starting_level = options.blob_file_starting_level;
  config->warms_cache_at_flush = options.prepopulate_blob_cache == rocksdb::PrepopulateBlobCache::kFlushOnly;
  config->collects_garbage = options.enable_blob_garbage_collection;
  config->age_cutoff = options.blob_garbage_collection_age_cutoff;
  config->force_threshold = options.blob_garbage_collection_force_threshold;
  config->readahead_bytes = options.blob_compaction_readahead_size;
}

}  // namespace

KeyOrder KeyOrderOf(const rocksdb::Comparator* comparator) {
  if (comparator == rocksdb::BytewiseComparator()) return KeyOrder::Bytewise();
  if (comparator == rocksdb::ReverseBytewiseComparator()) return KeyOrder::ReverseBytewise();
  static std::mutex mutex;
  static auto* const orders = new std::unordered_map<const rocksdb::Comparator*, std::unique_ptr<ComparatorOrder>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<ComparatorOrder>& order = (*orders)[comparator];
  if (order == nullptr) order = std::make_unique<ComparatorOrder>(comparator);
  return KeyOrder::Custom(order.get(), static_cast<uint32_t>(comparator->timestamp_size()));
}

std::shared_ptr<const PrefixExtractor> PrefixExtractorOf(std::shared_ptr<const rocksdb::SliceTransform> transform) {
  if (transform == nullptr) return nullptr;
  size_t length = 0;
  const bool is_fixed = transform->IsInstanceOf("rocksdb.FixedPrefix") && transform->FullLengthEnabled(&length);
  if (is_fixed) return std::make_shared<FixedPrefixExtractor>(transform->AsString(), length);
  return std::make_shared<TransformExtractor>(std::move(transform));
}

std::shared_ptr<const MergeOperator> MergeOperatorOf(std::shared_ptr<rocksdb::MergeOperator> merge_operator,
                                                     std::shared_ptr<rocksdb::Logger> logger,
                                                     std::shared_ptr<rocksdb::Statistics> statistics) {
  if (merge_operator == nullptr) return nullptr;
  return std::make_shared<UserMergeOperator>(std::move(merge_operator), std::move(logger), std::move(statistics),
                                             rocksdb::SystemClock::Default());
}

// Timed by the database's clock.
static std::shared_ptr<const MergeOperator> MergeOperatorIn(const ColumnFamilyOptions& options,
                                                            const rocksdb::DBOptions& db_options) {
  if (options.merge_operator == nullptr) return nullptr;
  rocksdb::Env* const env = db_options.env == nullptr ? rocksdb::Env::Default() : db_options.env;
  return std::make_shared<UserMergeOperator>(options.merge_operator, db_options.info_log, db_options.statistics,
                                             env->GetSystemClock());
}

Compression CompressionOf(rocksdb::CompressionType type) {
  if (type == rocksdb::kZSTDNotFinalCompression) return Compression::kZstd;
  return type <= rocksdb::kZSTD ? static_cast<Compression>(type) : Compression::kNone;
}

CompressionConfig CompressionConfigOf(const rocksdb::CompressionOptions& options) {
  CompressionConfig config;
  config.window_bits = options.window_bits;
  config.level = options.level;
  config.strategy = options.strategy;
  config.dictionary_bytes_max = options.max_dict_bytes;
  config.zstd_train_bytes_max = options.zstd_max_train_bytes;
  config.is_enabled = options.enabled;
  config.dictionary_buffer_bytes_max = options.max_dict_buffer_bytes;
  config.trains_zstd_dictionary = options.use_zstd_dict_trainer;
  return config;
}

// Null: memory of that role does not count against the block cache.
static std::shared_ptr<MemoryCharge> ChargeFor(const BlockBasedTableOptions& table, rocksdb::CacheEntryRole rocks_role,
                                               CacheRole role, bool is_default = false) {
  using Decision = rocksdb::CacheEntryRoleOptions::Decision;
  if (table.block_cache == nullptr) return nullptr;
  const auto& roles = table.cache_usage_options.options_overrides;
  const auto found = roles.find(rocks_role);
  Decision decision = found == roles.end() ? Decision::kFallback : found->second.charged;
  if (decision == Decision::kFallback) decision = table.cache_usage_options.options.charged;
  const bool is_charged = decision == Decision::kEnabled || (decision == Decision::kFallback && is_default);
  return is_charged ? std::make_shared<CacheCharge>(EngineCacheOf(table.block_cache), role) : nullptr;
}

TableFormat TableFormatOf(const ColumnFamilyOptions& options) {
  const BlockBasedTableOptions& table = *BlockBasedOptionsOf(options.table_factory.get());
  TableFormat format;
  format.format_version = table.format_version;
  format.checksum = static_cast<ChecksumType>(table.checksum);
  format.block_bytes = table.block_size;
  format.block_size_deviation_percent = table.block_size_deviation;
  format.restart_interval = table.block_restart_interval;
  format.index_restart_interval = table.index_block_restart_interval;
  format.metadata_block_bytes = table.metadata_block_size;
  format.index_type = IndexTypeOf(table.index_type);
  format.index_shortening = IndexShorteningOf(table.index_shortening);
  format.partition_filters = table.partition_filters;
  format.delta_encode_keys = table.use_delta_encoding;
  format.whole_key_filtering = table.whole_key_filtering;
  format.block_align = table.block_align;
  format.data_block_hash_index = table.data_block_index_type == BlockBasedTableOptions::kDataBlockBinaryAndHash;
  format.data_block_hash_ratio = table.data_block_hash_table_util_ratio;
  format.verify_compression = table.verify_compression;
  format.compress_index = table.enable_index_compression;
  format.filter = FilterConfigOf(table);
  format.block_cutters = BlockCuttersOf(table);
  format.filter.charge = ChargeFor(table, rocksdb::CacheEntryRole::kFilterConstruction, CacheRole::kFilterConstruction);
  format.dictionary_charge = ChargeFor(table, rocksdb::CacheEntryRole::kCompressionDictionaryBuildingBuffer,
                                       CacheRole::kDictionaryBuffer, /*is_default=*/true);
  return format;
}

static MetaPinning PinningOf(const BlockBasedTableOptions& table, rocksdb::PinningTier tier) {
  switch (tier) {
    case rocksdb::PinningTier::kNone:
      return MetaPinning::kNone;
    case rocksdb::PinningTier::kFlushedAndSimilar:
      return MetaPinning::kLevel0;
    case rocksdb::PinningTier::kAll:
      return MetaPinning::kAll;
    case rocksdb::PinningTier::kFallback:
      break;
  }
  return table.pin_l0_filter_and_index_blocks_in_cache ? MetaPinning::kLevel0 : MetaPinning::kNone;
}

TableReadConfig TableReadConfigOf(const ColumnFamilyOptions& options) {
  const BlockBasedTableOptions& table = *BlockBasedOptionsOf(options.table_factory.get());
  TableReadConfig config;
  config.order = KeyOrderOf(options.comparator);
  config.block_cache = EngineCacheOf(table.block_cache);
  config.cache_index_and_filter_blocks = table.cache_index_and_filter_blocks;
  config.cache_index_and_filter_blocks_with_high_priority = table.cache_index_and_filter_blocks_with_high_priority;
  config.pinning = PinningOf(table, table.metadata_cache_options.unpartitioned_pinning);
  config.partition_pinning = PinningOf(table, table.metadata_cache_options.partition_pinning);
  config.whole_key_filtering = table.whole_key_filtering;
  config.prefix_extractor = PrefixExtractorOf(options.prefix_extractor);
  config.readahead_initial_bytes = table.initial_auto_readahead_size;
  config.readahead_max_bytes = table.max_auto_readahead_size;
  config.warms_cache_at_flush =
      table.prepopulate_block_cache == BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
  config.reader_charge = ChargeFor(table, rocksdb::CacheEntryRole::kBlockBasedTableReader, CacheRole::kTableReader);
  config.metadata_charge = ChargeFor(table, rocksdb::CacheEntryRole::kFileMetadata, CacheRole::kFileMetadata);
  return config;
}

CompactionConfig CompactionConfigOf(const ColumnFamilyOptions& options, const rocksdb::DBOptions& db_options) {
  CompactionConfig config;
  config.style = static_cast<CompactionStyle>(options.compaction_style);
  config.priority = static_cast<CompactionPriority>(options.compaction_pri);
  config.disable_auto_compactions = options.disable_auto_compactions;
  SetLevels(options, &config);
  config.ttl_seconds = options.ttl;
  config.periodic_seconds = options.periodic_compaction_seconds;
  config.subcompactions_max = static_cast<int>(db_options.max_subcompactions);
  config.readahead_bytes = db_options.compaction_readahead_size;
  config.enforces_single_delete_contracts = db_options.enforce_single_del_contracts;
  config.force_consistency_checks = options.force_consistency_checks;
  config.rereads_new_tables = options.paranoid_file_checks;
  SetCompression(options, &config);
  config.merge_operator = MergeOperatorIn(options, db_options);
  SetBlobs(options, &config.blob);
  config.partitioner_factory = PartitionerFactoryOf(options.sst_partitioner_factory);
  for (const rocksdb::DbPath& path : options.cf_paths) config.path_target_bytes.push_back(path.target_size);
  SetUniversal(options.compaction_options_universal, &config);
  config.fifo_max_table_bytes = options.compaction_options_fifo.max_table_files_size;
  config.fifo_allow_compaction = options.compaction_options_fifo.allow_compaction;
  config.write_buffer_bytes = options.write_buffer_size;
  config.leaves_out_bottommost_filters = options.optimize_filters_for_hits;
  return config;
}

}  // namespace gneiss::compat
