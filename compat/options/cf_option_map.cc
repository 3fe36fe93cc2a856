// ColumnFamilyOptions by name: the fields in the order of OPTIONS files, and the Configurable around them.
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/convenience.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>

#include "compat/options/option_field.h"
#include "compat/options/options_configurable.h"
#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::ColumnFamilyOptions;
using rocksdb::CompressionOptions;
using rocksdb::ConfigOptions;
using rocksdb::OptionType;
using rocksdb::OptionTypeFlags;
using rocksdb::OptionTypeInfo;
using rocksdb::OptionVerificationType;
using rocksdb::Status;
using rocksdb::TableFactory;

constexpr auto kMutable = OptionTypeFlags::kMutable;

template <class Base, class Member>
OptionTypeInfo Cf(Member Base::*field, OptionTypeFlags flags = OptionTypeFlags::kNone) {
  return FieldOf<ColumnFamilyOptions>(field, flags);
}

template <class T, class Base>
OptionTypeInfo Shared(std::shared_ptr<T> Base::*field, OptionVerificationType verification, OptionTypeFlags flags) {
  return OptionTypeInfo::AsCustomSharedPtr<T>(OffsetOf<ColumnFamilyOptions>(field), verification, flags);
}

// ---- nested structs ----

const OptionMap& CompressionFields() {
  using O = CompressionOptions;
  static const OptionMap* const map =
      NewOptionMap({{"max_dict_buffer_bytes", Field(&O::max_dict_buffer_bytes, kMutable)},
                    {"enabled", Field(&O::enabled, kMutable)},
                    {"max_dict_bytes", Field(&O::max_dict_bytes, kMutable)},
                    {"parallel_threads", Field(&O::parallel_threads, kMutable)},
                    {"zstd_max_train_bytes", Field(&O::zstd_max_train_bytes, kMutable)},
                    {"level", Field(&O::level, kMutable)},
                    {"use_zstd_dict_trainer", Field(&O::use_zstd_dict_trainer, kMutable)},
                    {"strategy", Field(&O::strategy, kMutable)},
                    {"window_bits", Field(&O::window_bits, kMutable)}});
  return *map;
}

const OptionMap& FifoFields() {
  using O = rocksdb::CompactionOptionsFIFO;
  static const OptionMap* const map =
      NewOptionMap({{"allow_compaction", Field(&O::allow_compaction, kMutable)},
                    {"age_for_warm", Field(&O::age_for_warm, kMutable)},
                    {"max_table_files_size", Field(&O::max_table_files_size, kMutable)}},
                   {{"ttl", Retired()}});
  return *map;
}

const OptionMap& UniversalFields() {
  using O = rocksdb::CompactionOptionsUniversal;
  static const OptionMap* const map =
      NewOptionMap({{"incremental", Field(&O::incremental, kMutable)},
                    {"compression_size_percent", Field(&O::compression_size_percent, kMutable)},
                    {"allow_trivial_move", Field(&O::allow_trivial_move, kMutable)},
                    {"max_size_amplification_percent", Field(&O::max_size_amplification_percent, kMutable)},
                    {"max_merge_width", Field(&O::max_merge_width, kMutable)},
                    {"stop_style", Field(&O::stop_style, kMutable)},
                    {"min_merge_width", Field(&O::min_merge_width, kMutable)},
                    {"size_ratio", Field(&O::size_ratio, kMutable)}});
  return *map;
}

std::vector<std::string> SplitAtColons(const std::string& text) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t colon = text.find(':'); colon != std::string::npos; colon = text.find(':', begin)) {
    parts.push_back(text.substr(begin, colon - begin));
    begin = colon + 1;
  }
  if (begin < text.size()) parts.push_back(text.substr(begin));
  return parts;
}

// Older releases wrote "window_bits:level:strategy[:max_dict_bytes[:zstd_max_train_bytes[:parallel_threads[:enabled
// [:max_dict_buffer_bytes[:use_zstd_dict_trainer]]]]]]". parallel_threads came later than enabled, so as the last part
// of six it is `enabled`.
Status ParseCompressionList(const std::string& value, const std::string& name, CompressionOptions* options) {
  const std::vector<std::string> parts = SplitAtColons(value);
  const size_t count = parts.size();
  if (count < 3 || count > 9) {
    return Status::InvalidArgument("unable to parse the specified CF option " + name);
  }
  options->window_bits = ParseInt(parts[0]);
  options->level = ParseInt(parts[1]);
  options->strategy = ParseInt(parts[2]);
  if (count > 3) options->max_dict_bytes = static_cast<uint32_t>(ParseInt(parts[3]));
  if (count > 4) options->zstd_max_train_bytes = static_cast<uint32_t>(ParseInt(parts[4]));
  if (count == 6) options->enabled = ParseBool(parts[5]);
  if (count > 6) {
    options->parallel_threads = static_cast<uint32_t>(ParseInt(parts[5]));
    options->enabled = ParseBool(parts[6]);
  }
  if (count > 7) options->max_dict_buffer_bytes = ParseUint64(parts[7]);
  if (count > 8) options->use_zstd_dict_trainer = ParseBool(parts[8]);
  return Status::OK();
}

OptionTypeInfo CompressionField(const char* name, CompressionOptions ColumnFamilyOptions::*field) {
  const std::string struct_name = name;
  return OptionTypeInfo::Struct(
      name, &CompressionFields(), OffsetOf<ColumnFamilyOptions>(field), OptionVerificationType::kNormal,
      kMutable | OptionTypeFlags::kCompareNever,
      [struct_name](const ConfigOptions& how, const std::string& option, const std::string& value, void* options) {
        if (option == struct_name && value.find('=') == std::string::npos) {
          return ParseCompressionList(value, option, static_cast<CompressionOptions*>(options));
        }
        return OptionTypeInfo::ParseStruct(how, struct_name, &CompressionFields(), option, value, options);
      });
}

// Older releases wrote a number alone: the size.
OptionTypeInfo FifoField() {
  static const std::string name = "compaction_options_fifo";
  return OptionTypeInfo::Struct(
      name, &FifoFields(), OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::compaction_options_fifo),
      OptionVerificationType::kNormal, kMutable,
      [](const ConfigOptions& how, const std::string& option, const std::string& value, void* options) {
        if (option == name && value.find('=') == std::string::npos) {
          static_cast<rocksdb::CompactionOptionsFIFO*>(options)->max_table_files_size = ParseUint64(value);
          return Status::OK();
        }
        return OptionTypeInfo::ParseStruct(how, name, &FifoFields(), option, value, options);
      });
}

OptionTypeInfo UniversalField() {
  return OptionTypeInfo::Struct("compaction_options_universal", &UniversalFields(),
                                OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::compaction_options_universal),
                                OptionVerificationType::kNormal, kMutable);
}

// ---- vectors and objects ----

OptionTypeInfo LevelMultipliersField() {
  return OptionTypeInfo::Vector<int>(
      OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::max_bytes_for_level_multiplier_additional),
      OptionVerificationType::kNormal, kMutable, {0, OptionType::kInt});
}

OptionTypeInfo CompressionPerLevelField() {
  return OptionTypeInfo::Vector<rocksdb::CompressionType>(
      OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::compression_per_level), OptionVerificationType::kNormal,
      kMutable, {0, OptionType::kCompressionType});
}

OptionTypeInfo CollectorsField() {
  using Factory = rocksdb::TablePropertiesCollectorFactory;
  return OptionTypeInfo::Vector<std::shared_ptr<Factory>>(
      OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::table_properties_collector_factories),
      OptionVerificationType::kByName, OptionTypeFlags::kNone,
      OptionTypeInfo::AsCustomSharedPtr<Factory>(0, OptionVerificationType::kByName, OptionTypeFlags::kNone));
}

OptionTypeInfo ComparatorField() {
  using rocksdb::Comparator;
  return OptionTypeInfo::AsCustomRawPtr<const Comparator>(
             OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::comparator), OptionVerificationType::kByName,
             OptionTypeFlags::kCompareLoose)
      .SetSerializeFunc([](const ConfigOptions& how, const std::string&, const void* field, std::string* value) {
        const auto* comparator = *static_cast<const Comparator* const*>(field);
        if (comparator == nullptr) {
          *value = kNullText;
        } else if (how.mutable_options_only) {
          value->clear();
        } else {
          const Comparator* root = comparator->GetRootComparator();
          *value = (root == nullptr ? comparator : root)->ToString(how);
        }
        return Status::OK();
      });
}

OptionTypeInfo MemtableField(OptionVerificationType verification) {
  return {OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::memtable_factory), OptionType::kCustomizable,
          verification, OptionTypeFlags::kShared,
          [](const ConfigOptions& how, const std::string&, const std::string& value, void* field) {
            return rocksdb::MemTableRepFactory::CreateFromString(
                how, value, static_cast<std::shared_ptr<rocksdb::MemTableRepFactory>*>(field));
          }};
}

// "block_based_table_factory={block_size=4k}" sets the options of a factory of that kind: of a copy of the present one
// if it is of the kind, so that a mistake changes nothing.
template <class TableOptions>
OptionTypeInfo TableAlias(const char* alias, TableFactory* (*make)(const TableOptions&)) {
  const std::string name = alias;
  return {OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::table_factory), OptionType::kCustomizable,
          OptionVerificationType::kAlias, OptionTypeFlags::kShared | OptionTypeFlags::kCompareLoose,
          [name, make](const ConfigOptions& how, const std::string& option, const std::string& value, void* field) {
            auto* factory = static_cast<std::shared_ptr<TableFactory>*>(field);
            const TableOptions* present = *factory == nullptr ? nullptr : (*factory)->GetOptions<TableOptions>();
            if (option == name) {
              std::shared_ptr<TableFactory> made(make(present == nullptr ? TableOptions() : *present));
              Status s = made->ConfigureFromString(how, value);
              if (s.ok()) *factory = std::move(made);
              return s;
            }
            if (present == nullptr) return Status::NotFound("Mismatched table option: ", option);
            return (*factory)->ConfigureOption(how, option, value);
          }};
}

OptionTypeInfo TableFactoryField() {
  return Shared(&ColumnFamilyOptions::table_factory, OptionVerificationType::kByName,
                OptionTypeFlags::kCompareLoose | OptionTypeFlags::kStringNameOnly | OptionTypeFlags::kDontPrepare);
}

OptionTypeInfo CompactionFilterField() {
  return OptionTypeInfo::AsCustomRawPtr<const rocksdb::CompactionFilter>(
      OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::compaction_filter), OptionVerificationType::kByName,
      OptionTypeFlags::kAllowNull);
}

OptionTypeInfo BlobCacheField() {
  return {OffsetOf<ColumnFamilyOptions>(&ColumnFamilyOptions::blob_cache), OptionType::kUnknown,
          OptionVerificationType::kNormal, OptionTypeFlags::kCompareNever | OptionTypeFlags::kDontSerialize,
          [](const ConfigOptions& how, const std::string&, const std::string& value, void* cache) {
            return rocksdb::Cache::CreateFromString(how, value, static_cast<std::shared_ptr<rocksdb::Cache>*>(cache));
          }};
}

// last_level_temperature has an older name, bottommost_temperature; both fields are kept the same.
class CfOptionsConfigurable : public OptionsConfigurable<ColumnFamilyOptions> {
 public:
  CfOptionsConfigurable(const ColumnFamilyOptions& options, const StringMap* texts)
      : OptionsConfigurable(options, kCfOptionsName, MutableCfFields(), ImmutableCfFields(), texts) {
    if (options_.last_level_temperature == rocksdb::Temperature::kUnknown) {
      options_.last_level_temperature = options_.bottommost_temperature;
    }
  }

 protected:
  Status ConfigureOptions(const ConfigOptions& how, const StringMap& values, StringMap* unused) override {
    Status s = OptionsConfigurable::ConfigureOptions(how, values, unused);
    options_.bottommost_temperature = options_.last_level_temperature;
    return s;
  }
};

}  // namespace

const OptionMap& MutableCfFields() {
  using O = ColumnFamilyOptions;
  static const OptionMap* const map = NewOptionMap(
      {{"compression_opts", CompressionField("compression_opts", &O::compression_opts)},
       {"memtable_protection_bytes_per_key", Cf(&O::memtable_protection_bytes_per_key, kMutable)},
       {"target_file_size_multiplier", Cf(&O::target_file_size_multiplier, kMutable)},
       {"report_bg_io_stats", Cf(&O::report_bg_io_stats, kMutable)},
       {"write_buffer_size", Cf(&O::write_buffer_size, kMutable)},
       {"memtable_huge_page_size", Cf(&O::memtable_huge_page_size, kMutable)},
       {"max_successive_merges", Cf(&O::max_successive_merges, kMutable)},
       {"max_write_buffer_number", Cf(&O::max_write_buffer_number, kMutable)},
       {"prefix_extractor",
        Shared(&O::prefix_extractor, OptionVerificationType::kByNameAllowNull, kMutable | OptionTypeFlags::kAllowNull)},
       {"bottommost_compression_opts",
        CompressionField("bottommost_compression_opts", &O::bottommost_compression_opts)},
       {"paranoid_file_checks", Cf(&O::paranoid_file_checks, kMutable)},
       {"blob_garbage_collection_force_threshold", Cf(&O::blob_garbage_collection_force_threshold, kMutable)},
       {"enable_blob_files", Cf(&O::enable_blob_files, kMutable)},
       {"blob_file_starting_level", Cf(&O::blob_file_starting_level, kMutable)},
       {"memtable_prefix_bloom_size_ratio", Cf(&O::memtable_prefix_bloom_size_ratio, kMutable)},
       {"inplace_update_num_locks", Cf(&O::inplace_update_num_locks, kMutable)},
       {"blob_compaction_readahead_size", Cf(&O::blob_compaction_readahead_size, kMutable)},
       {"ignore_max_compaction_bytes_for_input", Cf(&O::ignore_max_compaction_bytes_for_input, kMutable)},
       {"arena_block_size", Cf(&O::arena_block_size, kMutable)},
       {"level0_stop_writes_trigger", Cf(&O::level0_stop_writes_trigger, kMutable)},
       {"blob_compression_type", Cf(&O::blob_compression_type, kMutable)},
       {"level0_slowdown_writes_trigger", Cf(&O::level0_slowdown_writes_trigger, kMutable)},
       {"hard_pending_compaction_bytes_limit", Cf(&O::hard_pending_compaction_bytes_limit, kMutable)},
       {"soft_pending_compaction_bytes_limit", Cf(&O::soft_pending_compaction_bytes_limit, kMutable)},
       {"target_file_size_base", Cf(&O::target_file_size_base, kMutable)},
       {"level0_file_num_compaction_trigger", Cf(&O::level0_file_num_compaction_trigger, kMutable)},
       {"max_compaction_bytes", Cf(&O::max_compaction_bytes, kMutable)},
       {"disable_auto_compactions", Cf(&O::disable_auto_compactions, kMutable)},
       {"check_flush_compaction_key_order", Cf(&O::check_flush_compaction_key_order, kMutable)},
       {"min_blob_size", Cf(&O::min_blob_size, kMutable)},
       {"memtable_whole_key_filtering", Cf(&O::memtable_whole_key_filtering, kMutable)},
       {"max_bytes_for_level_base", Cf(&O::max_bytes_for_level_base, kMutable)},
       {"last_level_temperature", Cf(&O::last_level_temperature, kMutable)},
       {"compaction_options_fifo", FifoField()},
       {"max_bytes_for_level_multiplier", Cf(&O::max_bytes_for_level_multiplier, kMutable)},
       {"compression_per_level", CompressionPerLevelField()},
       {"max_bytes_for_level_multiplier_additional", LevelMultipliersField()},
       {"max_sequential_skip_in_iterations", Cf(&O::max_sequential_skip_in_iterations, kMutable)},
       {"prepopulate_blob_cache", Cf(&O::prepopulate_blob_cache, kMutable)},
       {"compression", Cf(&O::compression, kMutable)},
       {"compaction_options_universal", UniversalField()},
       {"blob_garbage_collection_age_cutoff", Cf(&O::blob_garbage_collection_age_cutoff, kMutable)},
       {"ttl", Cf(&O::ttl, kMutable)},
       {"periodic_compaction_seconds", Cf(&O::periodic_compaction_seconds, kMutable)},
       {"sample_for_compression", Cf(&O::sample_for_compression, kMutable)},
       {"blob_file_size", Cf(&O::blob_file_size, kMutable)},
       {"enable_blob_garbage_collection", Cf(&O::enable_blob_garbage_collection, kMutable)},
       {"experimental_mempurge_threshold", Cf(&O::experimental_mempurge_threshold, kMutable)},
       {"bottommost_compression", Cf(&O::bottommost_compression, kMutable)}},
      {{"filter_deletes", Retired(kMutable)},
       {"verify_checksums_in_compaction", Retired(kMutable)},
       {"hard_rate_limit", Retired(kMutable)},
       {"soft_rate_limit", Retired(kMutable)},
       {"expanded_compaction_factor", Retired(kMutable)},
       {"max_grandparent_overlap_factor", Retired(kMutable)},
       {"source_compaction_factor", Retired(kMutable)},
       {"memtable_prefix_bloom_huge_page_tlb_size", Retired(kMutable)},
       {"memtable_prefix_bloom_bits", Retired(kMutable)},
       {"memtable_prefix_bloom_probes", Retired(kMutable)},
       {"min_partial_merge_operands", Retired(kMutable)},
       {"snap_refresh_nanos", Retired(kMutable)},
       {"bottommost_temperature", Retired(kMutable)}});
  return *map;
}

const OptionMap& ImmutableCfFields() {
  using O = ColumnFamilyOptions;
  constexpr auto kAllowNull = OptionTypeFlags::kAllowNull;
  static const OptionMap* const map = NewOptionMap(
      {{"min_write_buffer_number_to_merge", Cf(&O::min_write_buffer_number_to_merge)},
       {"preserve_internal_time_seconds", Cf(&O::preserve_internal_time_seconds)},
       {"preclude_last_level_data_seconds", Cf(&O::preclude_last_level_data_seconds)},
       {"sst_partitioner_factory", Shared(&O::sst_partitioner_factory, OptionVerificationType::kByName, kAllowNull)},
       {"num_levels", Cf(&O::num_levels)},
       {"force_consistency_checks", Cf(&O::force_consistency_checks)},
       {"memtable_insert_with_hint_prefix_extractor",
        Shared(&O::memtable_insert_with_hint_prefix_extractor, OptionVerificationType::kByNameAllowNull,
               OptionTypeFlags::kNone)},
       {"memtable_factory", MemtableField(OptionVerificationType::kByName)},
       {"level_compaction_dynamic_file_size", Cf(&O::level_compaction_dynamic_file_size)},
       {"max_write_buffer_number_to_maintain", Cf(&O::max_write_buffer_number_to_maintain)},
       {"optimize_filters_for_hits", Cf(&O::optimize_filters_for_hits)},
       {"table_properties_collectors", CollectorsField()},
       {"level_compaction_dynamic_level_bytes", Cf(&O::level_compaction_dynamic_level_bytes)},
       {"compaction_style", Cf(&O::compaction_style)},
       {"compaction_filter", CompactionFilterField()},
       {"inplace_update_support", Cf(&O::inplace_update_support)},
       {"merge_operator", Shared(&O::merge_operator, OptionVerificationType::kByNameAllowFromNull,
                                 OptionTypeFlags::kCompareLoose | kAllowNull)},
       {"table_factory", TableFactoryField()},
       {"bloom_locality", Cf(&O::bloom_locality)},
       {"comparator", ComparatorField()},
       {"compaction_filter_factory",
        Shared(&O::compaction_filter_factory, OptionVerificationType::kByName, kAllowNull)},
       {"max_write_buffer_size_to_maintain", Cf(&O::max_write_buffer_size_to_maintain)},
       {"compaction_pri", Cf(&O::compaction_pri)}},
      {{"memtable", MemtableField(OptionVerificationType::kAlias)},
       {"block_based_table_factory",
        TableAlias<rocksdb::BlockBasedTableOptions>("block_based_table_factory", rocksdb::NewBlockBasedTableFactory)},
       {"plain_table_factory",
        TableAlias<rocksdb::PlainTableOptions>("plain_table_factory", rocksdb::NewPlainTableFactory)},
       {"blob_cache", BlobCacheField()},
       {"compaction_measure_io_stats", Retired()},
       {"purge_redundant_kvs_while_flush", Retired()},
       {"max_mem_compaction_level", Retired()},
       {"rate_limit_delay_max_milliseconds", Retired()}});
  return *map;
}

std::unique_ptr<rocksdb::Configurable> AsConfigurable(const ColumnFamilyOptions& options, const StringMap* texts) {
  return std::make_unique<CfOptionsConfigurable>(options, texts);
}

}  // namespace gneiss::compat
