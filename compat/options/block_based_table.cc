#include "compat/options/block_based_table.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/flush_block_policy.h>
#include <rocksdb/persistent_cache.h>
#include <rocksdb/utilities/options_type.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "compat/not_supported.h"
#include "compat/options/enum_names.h"
#include "compat/options/option_field.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::CacheEntryRole;
using rocksdb::ConfigOptions;
using rocksdb::OptionType;
using rocksdb::OptionTypeFlags;
using rocksdb::OptionTypeInfo;
using rocksdb::OptionVerificationType;
using rocksdb::Status;
using Decision = rocksdb::CacheEntryRoleOptions::Decision;

constexpr size_t kDefaultCacheBytes = 8 << 20;
constexpr uint32_t kFormatVersionMax = 5;

const OptionMap& MetadataCacheFields() {
  using Options = rocksdb::MetadataCacheOptions;
  static const OptionMap* const map =
      NewOptionMap({{"unpartitioned_pinning", Field(&Options::unpartitioned_pinning)},
                    {"partition_pinning", Field(&Options::partition_pinning)},
                    {"top_level_index_pinning", Field(&Options::top_level_index_pinning)}});
  return *map;
}

// A cache is read from text ("1M", "capacity=1M;num_shard_bits=4") but never printed or compared.
OptionTypeInfo CacheField(std::shared_ptr<rocksdb::Cache> BlockBasedTableOptions::*field) {
  return {OffsetOf<BlockBasedTableOptions>(field), OptionType::kUnknown, OptionVerificationType::kNormal,
          OptionTypeFlags::kCompareNever | OptionTypeFlags::kDontSerialize,
          [](const ConfigOptions& how, const std::string&, const std::string& value, void* cache) {
            return rocksdb::Cache::CreateFromString(how, value, static_cast<std::shared_ptr<rocksdb::Cache>*>(cache));
          }};
}

// Releases 6.10 to 6.14 printed eight bytes of this four-byte number; the upper half is dropped.
OptionTypeInfo ReadAmpField() {
  return Field(&BlockBasedTableOptions::read_amp_bytes_per_bit)
      .SetParseFunc([](const ConfigOptions&, const std::string&, const std::string& value, void* field) {
        *static_cast<uint32_t*>(field) = static_cast<uint32_t>(ParseUint64(value));
        return Status::OK();
      });
}

const OptionMap& TableFields() {
  using O = BlockBasedTableOptions;
  constexpr auto kMutable = OptionTypeFlags::kMutable;
  static const OptionMap* const map = NewOptionMap(
      {{"initial_auto_readahead_size", Field(&O::initial_auto_readahead_size, kMutable)},
       {"pin_top_level_index_and_filter", Field(&O::pin_top_level_index_and_filter)},
       {"block_align", Field(&O::block_align)},
       {"block_size_deviation", Field(&O::block_size_deviation)},
       {"checksum", Field(&O::checksum)},
       {"index_shortening", Field(&O::index_shortening)},
       {"num_file_reads_for_auto_readahead", Field(&O::num_file_reads_for_auto_readahead, kMutable)},
       {"whole_key_filtering", Field(&O::whole_key_filtering)},
       {"data_block_index_type", Field(&O::data_block_index_type)},
       {"index_type", Field(&O::index_type)},
       {"no_block_cache", Field(&O::no_block_cache)},
       {"index_block_restart_interval", Field(&O::index_block_restart_interval)},
       {"data_block_hash_table_util_ratio", Field(&O::data_block_hash_table_util_ratio)},
       {"prepopulate_block_cache", Field(&O::prepopulate_block_cache, kMutable)},
       {"pin_l0_filter_and_index_blocks_in_cache", Field(&O::pin_l0_filter_and_index_blocks_in_cache)},
       {"filter_policy",
        OptionTypeInfo::AsCustomSharedPtr<const rocksdb::FilterPolicy>(
            OffsetOf<O>(&O::filter_policy), OptionVerificationType::kByNameAllowFromNull, OptionTypeFlags::kNone)},
       {"cache_index_and_filter_blocks_with_high_priority",
        Field(&O::cache_index_and_filter_blocks_with_high_priority)},
       {"verify_compression", Field(&O::verify_compression)},
       {"block_restart_interval", Field(&O::block_restart_interval, kMutable)},
       {"max_auto_readahead_size", Field(&O::max_auto_readahead_size, kMutable)},
       {"flush_block_policy_factory", OptionTypeInfo::AsCustomSharedPtr<rocksdb::FlushBlockPolicyFactory>(
                                          OffsetOf<O>(&O::flush_block_policy_factory), OptionVerificationType::kByName,
                                          OptionTypeFlags::kCompareNever)},
       {"partition_filters", Field(&O::partition_filters)},
       {"cache_index_and_filter_blocks", Field(&O::cache_index_and_filter_blocks)},
       {"block_size", Field(&O::block_size, kMutable)},
       {"metadata_block_size", Field(&O::metadata_block_size)},
       {"optimize_filters_for_memory", Field(&O::optimize_filters_for_memory)},
       {"detect_filter_construct_corruption", Field(&O::detect_filter_construct_corruption, kMutable)},
       {"format_version", Field(&O::format_version)},
       {"metadata_cache_options", OptionTypeInfo::Struct("metadata_cache_options", &MetadataCacheFields(),
                                                         OffsetOf<O>(&O::metadata_cache_options),
                                                         OptionVerificationType::kNormal, OptionTypeFlags::kNone)},
       {"read_amp_bytes_per_bit", ReadAmpField()},
       {"enable_index_compression", Field(&O::enable_index_compression)}},
      {{"block_cache", CacheField(&O::block_cache)},
       {"block_cache_compressed", CacheField(&O::block_cache_compressed)},
       {"hash_index_allow_collision", Retired()},
       {"index_per_partition", Retired()},
       {"reserve_table_builder_memory", Retired()},
       {"reserve_table_reader_memory", Retired()},
       {"skip_table_builder_flush", Retired()}});
  return *map;
}

// As RocksDB's messages spell the roles: "BlockBasedTableReader". The public names have hyphens.
std::string CamelName(CacheEntryRole role) {
  std::string camel;
  bool upper = true;
  for (const char c : rocksdb::GetCacheEntryRoleName(role)) {
    if (c != '-') camel += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '-';
  }
  return camel;
}

bool CanBeCharged(CacheEntryRole role) {
  return role == CacheEntryRole::kCompressionDictionaryBuildingBuffer || role == CacheEntryRole::kFilterConstruction ||
         role == CacheEntryRole::kBlockBasedTableReader || role == CacheEntryRole::kFileMetadata ||
         role == CacheEntryRole::kBlobCache;
}

// What is wrong with charging `role` to the block cache; null if nothing.
const char* ChargeProblem(const BlockBasedTableOptions& options, const rocksdb::ColumnFamilyOptions& cf_options,
                          CacheEntryRole role) {
  if (options.no_block_cache) return "block cache is disabled";
  if (role != CacheEntryRole::kBlobCache) return nullptr;
  if (cf_options.blob_cache == nullptr) return "blob cache is not configured";
  if (options.block_cache == cf_options.blob_cache) return "blob cache is the same as block cache";
  if (cf_options.blob_cache->GetCapacity() > options.block_cache->GetCapacity()) {
    return "blob cache capacity is larger than block cache capacity";
  }
  return nullptr;
}

Status ValidateCacheUsage(const BlockBasedTableOptions& options, const rocksdb::ColumnFamilyOptions& cf_options) {
  for (const auto& [role, role_options] : options.cache_usage_options.options_overrides) {
    if (role_options.charged != Decision::kFallback && !CanBeCharged(role)) {
      return Status::NotSupported("Enable/Disable CacheEntryRoleOptions::charged for CacheEntryRole " +
                                  CamelName(role) + " is not supported");
    }
    if (role_options.charged != Decision::kEnabled) continue;
    if (const char* problem = ChargeProblem(options, cf_options, role)) {
      return Status::InvalidArgument("Enable CacheEntryRoleOptions::charged for CacheEntryRole " + CamelName(role) +
                                     " but " + problem);
    }
  }
  return Status::OK();
}

// One "  name: value" line per option, as the LOG shows them.
class LinePrinter {
 public:
  template <class Value>
  void Line(const char* name, const char* format, Value value) {
    char buffer[200];
    std::snprintf(buffer, sizeof(buffer), format, value);
    text_.append("  ").append(name).append(": ").append(buffer).append("\n");
  }
  void Number(const char* name, uint64_t value) {
    text_.append(std::string("  ") + name + ": " + std::to_string(value) + "\n");
  }
  void Int(const char* name, int value) { Line(name, "%d", value); }
  void Pointer(const char* name, const void* value) { Line(name, "%p", value); }
  void Cache(const char* name, const char* options_name, const rocksdb::Cache* cache) {
    Pointer(name, cache);
    if (cache == nullptr) return;
    Line("block_cache_name", "%s", cache->Name());
    text_.append(std::string("  ") + options_name + ":\n").append(cache->GetPrintableOptions());
  }
  void Raw(const std::string& text) { text_.append(text); }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

BlockBasedTableFactory::BlockBasedTableFactory(const BlockBasedTableOptions& options) : options_(options) {
  Sanitize();
  RegisterOptions(&options_, &TableFields());
}

void BlockBasedTableFactory::Sanitize() {
  if (options_.flush_block_policy_factory == nullptr) {
    options_.flush_block_policy_factory = std::make_shared<rocksdb::FlushBlockBySizePolicyFactory>();
  }
  if (options_.no_block_cache) {
    options_.block_cache.reset();
  } else if (options_.block_cache == nullptr) {
    rocksdb::LRUCacheOptions cache;
    cache.capacity = kDefaultCacheBytes;
    cache.high_pri_pool_ratio = 0.0;  // a pool of its own is not worth it in so small a cache
    cache.low_pri_pool_ratio = 0.0;
    options_.block_cache = rocksdb::NewLRUCache(cache);
  }
  if (options_.block_size_deviation < 0 || options_.block_size_deviation > 100) options_.block_size_deviation = 0;
  options_.block_restart_interval = std::max(options_.block_restart_interval, 1);
  options_.index_block_restart_interval = std::max(options_.index_block_restart_interval, 1);
  // A hash index points at single entries; partitioned filters need a partitioned index.
  if (options_.index_type == BlockBasedTableOptions::kHashSearch) options_.index_block_restart_interval = 1;
  if (options_.index_type != BlockBasedTableOptions::kTwoLevelIndexSearch) options_.partition_filters = false;
  SanitizeCacheUsage();
}

void BlockBasedTableFactory::SanitizeCacheUsage() {
  const rocksdb::CacheEntryRoleOptions fallback = options_.cache_usage_options.options;
  for (uint32_t i = 0; i < rocksdb::kNumCacheEntryRoles; ++i) {
    auto& role = options_.cache_usage_options.options_overrides.try_emplace(static_cast<CacheEntryRole>(i), fallback)
                     .first->second;
    if (role.charged == Decision::kFallback) role.charged = fallback.charged;
  }
}

Status BlockBasedTableFactory::PrepareOptions(const ConfigOptions& opts) {
  Sanitize();
  return TableFactory::PrepareOptions(opts);
}

Status BlockBasedTableFactory::ValidateOptions(const rocksdb::DBOptions& db_opts,
                                               const rocksdb::ColumnFamilyOptions& cf_opts) const {
  const BlockBasedTableOptions& o = options_;
  if (o.index_type == BlockBasedTableOptions::kHashSearch && cf_opts.prefix_extractor == nullptr) {
    return Status::InvalidArgument("Hash index is specified for block-based table, but prefix_extractor is not given");
  }
  if (o.cache_index_and_filter_blocks && o.no_block_cache) {
    return Status::InvalidArgument("Enable cache_index_and_filter_blocks, , but block cache is disabled");
  }
  if (o.pin_l0_filter_and_index_blocks_in_cache && o.no_block_cache) {
    return Status::InvalidArgument("Enable pin_l0_filter_and_index_blocks_in_cache, , but block cache is disabled");
  }
  if (o.format_version > kFormatVersionMax) {
    return Status::InvalidArgument(
        "Unsupported BlockBasedTable format_version. Please check include/rocksdb/table.h for more info");
  }
  if (o.block_align && cf_opts.compression != rocksdb::kNoCompression) {
    return Status::InvalidArgument("Enable block_align, but compression enabled");
  }
  if (o.block_align && (o.block_size & (o.block_size - 1)) != 0) {
    return Status::InvalidArgument("Block alignment requested but block size is not a power of 2");
  }
  if (o.block_size > std::numeric_limits<uint32_t>::max()) {
    return Status::InvalidArgument("block size exceeds maximum number (4GiB) allowed");
  }
  if (o.data_block_index_type == BlockBasedTableOptions::kDataBlockBinaryAndHash &&
      o.data_block_hash_table_util_ratio <= 0) {
    return Status::InvalidArgument(
        "data_block_hash_table_util_ratio should be greater than 0 when data_block_index_type is set to "
        "kDataBlockBinaryAndHash");
  }
  if (db_opts.unordered_write && cf_opts.max_successive_merges > 0) {
    return Status::InvalidArgument(
        "max_successive_merges larger than 0 is currently inconsistent with unordered_write");
  }
  Status s = ValidateCacheUsage(o, cf_opts);
  if (!s.ok()) return s;
  if (o.block_cache != nullptr && o.block_cache == o.block_cache_compressed) {
    return Status::InvalidArgument(
        "block_cache same as block_cache_compressed not currently supported, and would be bad for performance anyway");
  }
  std::string name;
  if (!rocksdb::SerializeEnum(EnumNames<rocksdb::ChecksumType>(), o.checksum, &name)) {
    return Status::InvalidArgument("Unrecognized ChecksumType for checksum: " +
                                   std::to_string(static_cast<uint32_t>(o.checksum)));
  }
  return TableFactory::ValidateOptions(db_opts, cf_opts);
}

std::string BlockBasedTableFactory::GetPrintableOptions() const {
  const BlockBasedTableOptions& o = options_;
  LinePrinter out;
  char policy[200];
  std::snprintf(policy, sizeof(policy), "  flush_block_policy_factory: %s (%p)\n", o.flush_block_policy_factory->Name(),
                static_cast<const void*>(o.flush_block_policy_factory.get()));
  out.Raw(policy);
  out.Int("cache_index_and_filter_blocks", o.cache_index_and_filter_blocks);
  out.Int("cache_index_and_filter_blocks_with_high_priority", o.cache_index_and_filter_blocks_with_high_priority);
  out.Int("pin_l0_filter_and_index_blocks_in_cache", o.pin_l0_filter_and_index_blocks_in_cache);
  out.Int("pin_top_level_index_and_filter", o.pin_top_level_index_and_filter);
  out.Int("index_type", o.index_type);
  out.Int("data_block_index_type", o.data_block_index_type);
  out.Int("index_shortening", static_cast<int>(o.index_shortening));
  out.Line("data_block_hash_table_util_ratio", "%lf", o.data_block_hash_table_util_ratio);
  out.Int("checksum", o.checksum);
  out.Int("no_block_cache", o.no_block_cache);
  out.Cache("block_cache", "block_cache_options", o.block_cache.get());
  out.Cache("block_cache_compressed", "block_cache_compressed_options", o.block_cache_compressed.get());
  out.Pointer("persistent_cache", o.persistent_cache.get());
  if (o.persistent_cache != nullptr)
    out.Raw("  persistent_cache_options:\n" + o.persistent_cache->GetPrintableOptions());
  out.Number("block_size", o.block_size);
  out.Int("block_size_deviation", o.block_size_deviation);
  out.Int("block_restart_interval", o.block_restart_interval);
  out.Int("index_block_restart_interval", o.index_block_restart_interval);
  out.Number("metadata_block_size", o.metadata_block_size);
  out.Int("partition_filters", o.partition_filters);
  out.Int("use_delta_encoding", o.use_delta_encoding);
  out.Line("filter_policy", "%s", o.filter_policy == nullptr ? kNullText : o.filter_policy->Name());
  out.Int("whole_key_filtering", o.whole_key_filtering);
  out.Int("verify_compression", o.verify_compression);
  out.Number("read_amp_bytes_per_bit", o.read_amp_bytes_per_bit);
  out.Number("format_version", o.format_version);
  out.Int("enable_index_compression", o.enable_index_compression);
  out.Int("block_align", o.block_align);
  out.Number("max_auto_readahead_size", o.max_auto_readahead_size);
  out.Int("prepopulate_block_cache", static_cast<int>(o.prepopulate_block_cache));
  out.Number("initial_auto_readahead_size", o.initial_auto_readahead_size);
  out.Number("num_file_reads_for_auto_readahead", o.num_file_reads_for_auto_readahead);
  return out.Take();
}

Status BlockBasedTableFactory::NewTableReader(const rocksdb::ReadOptions&, const rocksdb::TableReaderOptions&,
                                              std::unique_ptr<rocksdb::RandomAccessFileReader>&&, uint64_t,
                                              std::unique_ptr<rocksdb::TableReader>*, bool) const {
  return NotBuilt("TableFactory::NewTableReader");
}

rocksdb::TableBuilder* BlockBasedTableFactory::NewTableBuilder(const rocksdb::TableBuilderOptions&,
                                                               rocksdb::WritableFileWriter*) const {
  FailNotBuilt("TableFactory::NewTableBuilder");
}

const void* BlockBasedTableFactory::GetOptionsPtr(const std::string& name) const {
  if (name == kBlockCacheOpts()) return options_.no_block_cache ? nullptr : options_.block_cache.get();
  return TableFactory::GetOptionsPtr(name);
}

// The older string API (unescaped) reports every object it cannot make; the newer one leaves such an option alone.
Status BlockBasedTableFactory::ParseOption(const ConfigOptions& config_options, const OptionTypeInfo& opt_info,
                                           const std::string& opt_name, const std::string& opt_value, void* opt_ptr) {
  Status s = TableFactory::ParseOption(config_options, opt_info, opt_name, opt_value, opt_ptr);
  return config_options.input_strings_escaped && opt_info.IsByName() ? Status::OK() : s;
}

const BlockBasedTableOptions* BlockBasedOptionsOf(const rocksdb::TableFactory* factory) {
  return factory == nullptr ? nullptr : factory->GetOptions<BlockBasedTableOptions>();
}

}  // namespace gneiss::compat

namespace rocksdb {

TableFactory* NewBlockBasedTableFactory(const BlockBasedTableOptions& table_options) {
  return new gneiss::compat::BlockBasedTableFactory(table_options);
}

const std::string BlockBasedTablePropertyNames::kIndexType = "rocksdb.block.based.table.index.type";
const std::string BlockBasedTablePropertyNames::kWholeKeyFiltering = "rocksdb.block.based.table.whole.key.filtering";
const std::string BlockBasedTablePropertyNames::kPrefixFiltering = "rocksdb.block.based.table.prefix.filtering";

Status GetBlockBasedTableOptionsFromMap(const ConfigOptions& config_options,
                                        const BlockBasedTableOptions& table_options,
                                        const std::unordered_map<std::string, std::string>& opts_map,
                                        BlockBasedTableOptions* new_table_options) {
  gneiss::compat::BlockBasedTableFactory factory(table_options);
  Status s = factory.ConfigureFromMap(config_options, opts_map);
  *new_table_options = s.ok() ? factory.options() : table_options;
  return s;
}

Status GetBlockBasedTableOptionsFromMap(const BlockBasedTableOptions& table_options,
                                        const std::unordered_map<std::string, std::string>& opts_map,
                                        BlockBasedTableOptions* new_table_options, bool input_strings_escaped,
                                        bool ignore_unknown_options) {
  ConfigOptions how;
  how.input_strings_escaped = input_strings_escaped;
  how.ignore_unknown_options = ignore_unknown_options;
  how.invoke_prepare_options = false;
  return GetBlockBasedTableOptionsFromMap(how, table_options, opts_map, new_table_options);
}

Status GetBlockBasedTableOptionsFromString(const ConfigOptions& config_options,
                                           const BlockBasedTableOptions& table_options, const std::string& opts_str,
                                           BlockBasedTableOptions* new_table_options) {
  std::unordered_map<std::string, std::string> opts_map;
  Status s = StringToMap(opts_str, &opts_map);
  if (!s.ok()) return s;
  s = GetBlockBasedTableOptionsFromMap(config_options, table_options, opts_map, new_table_options);
  return s.ok() || s.IsInvalidArgument() ? s : Status::InvalidArgument(s.getState());
}

Status GetBlockBasedTableOptionsFromString(const BlockBasedTableOptions& table_options, const std::string& opts_str,
                                           BlockBasedTableOptions* new_table_options) {
  ConfigOptions how;
  how.input_strings_escaped = false;
  how.ignore_unknown_options = false;
  how.ignore_unsupported_options = false;
  how.invoke_prepare_options = false;
  return GetBlockBasedTableOptionsFromString(how, table_options, opts_str, new_table_options);
}

}  // namespace rocksdb
