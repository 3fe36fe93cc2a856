#include "compat/tools_abi/tool_objects.h"

#include <rocksdb/convenience.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace rocksdb {

namespace {

const MergeOperator& StockSortList() {
  static const std::shared_ptr<MergeOperator> stock = [] {
    std::shared_ptr<MergeOperator> made;
    MergeOperator::CreateFromString(ConfigOptions(), "sortlist", &made).PermitUncheckedError();
    return made;
  }();
  return *stock;
}

uint64_t MultiplyOrSaturate(uint64_t size, double factor) {
  if (size == 0 || factor <= 0) return 0;
  const double product = static_cast<double>(size) * factor;
  return product < static_cast<double>(std::numeric_limits<uint64_t>::max()) ? static_cast<uint64_t>(product) : size;
}

std::vector<uint64_t> MaxFileSizes(const Options& options) {
  std::vector<uint64_t> sizes;
  for (int level = 0; level < options.num_levels; ++level) {
    if (level == 0 && options.compaction_style == kCompactionStyleUniversal) {
      sizes.push_back(std::numeric_limits<uint64_t>::max());
    } else if (level <= 1) {
      sizes.push_back(options.target_file_size_base);
    } else {
      sizes.push_back(MultiplyOrSaturate(sizes.back(), options.target_file_size_multiplier));
    }
  }
  return sizes;
}

}  // namespace

StderrLogger::~StderrLogger() = default;

void StderrLogger::Logv(const char* format, va_list arguments) {
  char line[4096];
  vsnprintf(line, sizeof(line), format, arguments);
  fprintf(stderr, "%s\n", line);
}

bool BytesXOROperator::Merge(const Slice&, const Slice* existing_value, const Slice& value, std::string* new_value,
                             Logger*) const {
  XOR(existing_value, value, new_value);
  return true;
}

void BytesXOROperator::XOR(const Slice* existing_value, const Slice& value, std::string* new_value) const {
  const Slice existing = existing_value == nullptr ? Slice() : *existing_value;
  const bool existing_is_longer = existing.size() > value.size();
  const Slice& shorter = existing_is_longer ? value : existing;
  std::string result = (existing_is_longer ? existing : value).ToString();
  for (size_t i = 0; i < shorter.size(); ++i) result[i] = static_cast<char>(result[i] ^ shorter[i]);
  *new_value = std::move(result);
}

bool SortList::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  return StockSortList().FullMergeV2(in, out);
}

bool SortList::PartialMerge(const Slice& key, const Slice& left_operand, const Slice& right_operand,
                            std::string* new_value, Logger* logger) const {
  return StockSortList().PartialMerge(key, left_operand, right_operand, new_value, logger);
}

bool SortList::PartialMergeMulti(const Slice& key, const std::deque<Slice>& operand_list, std::string* new_value,
                                 Logger* logger) const {
  return StockSortList().PartialMergeMulti(key, operand_list, new_value, logger);
}

void SortList::MakeVector(std::vector<int>& operand, Slice text) const {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto [after, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return;
    operand.push_back(number);
    at = after + 1;  // over the comma
  }
}

MutableCFOptions::MutableCFOptions(const Options& options)
    : write_buffer_size(options.write_buffer_size),
      max_write_buffer_number(options.max_write_buffer_number),
      arena_block_size(options.arena_block_size),
      memtable_prefix_bloom_size_ratio(options.memtable_prefix_bloom_size_ratio),
      memtable_whole_key_filtering(options.memtable_whole_key_filtering),
      memtable_huge_page_size(options.memtable_huge_page_size),
      max_successive_merges(options.max_successive_merges),
      inplace_update_num_locks(options.inplace_update_num_locks),
      prefix_extractor(options.prefix_extractor),
      experimental_mempurge_threshold(options.experimental_mempurge_threshold),
      disable_auto_compactions(options.disable_auto_compactions),
      soft_pending_compaction_bytes_limit(options.soft_pending_compaction_bytes_limit),
      hard_pending_compaction_bytes_limit(options.hard_pending_compaction_bytes_limit),
      level0_file_num_compaction_trigger(options.level0_file_num_compaction_trigger),
      level0_slowdown_writes_trigger(options.level0_slowdown_writes_trigger),
      level0_stop_writes_trigger(options.level0_stop_writes_trigger),
      max_compaction_bytes(options.max_compaction_bytes),
      ignore_max_compaction_bytes_for_input(options.ignore_max_compaction_bytes_for_input),
      target_file_size_base(options.target_file_size_base),
      target_file_size_multiplier(options.target_file_size_multiplier),
      max_bytes_for_level_base(options.max_bytes_for_level_base),
      max_bytes_for_level_multiplier(options.max_bytes_for_level_multiplier),
      ttl(options.ttl),
      periodic_compaction_seconds(options.periodic_compaction_seconds),
      max_bytes_for_level_multiplier_additional(options.max_bytes_for_level_multiplier_additional),
      compaction_options_fifo(options.compaction_options_fifo),
      compaction_options_universal(options.compaction_options_universal),
      enable_blob_files(options.enable_blob_files),
      min_blob_size(options.min_blob_size),
      blob_file_size(options.blob_file_size),
      blob_compression_type(options.blob_compression_type),
      enable_blob_garbage_collection(options.enable_blob_garbage_collection),
      blob_garbage_collection_age_cutoff(options.blob_garbage_collection_age_cutoff),
      blob_garbage_collection_force_threshold(options.blob_garbage_collection_force_threshold),
      blob_compaction_readahead_size(options.blob_compaction_readahead_size),
      blob_file_starting_level(options.blob_file_starting_level),
      prepopulate_blob_cache(options.prepopulate_blob_cache),
      max_sequential_skip_in_iterations(options.max_sequential_skip_in_iterations),
      check_flush_compaction_key_order(options.check_flush_compaction_key_order),
      paranoid_file_checks(options.paranoid_file_checks),
      report_bg_io_stats(options.report_bg_io_stats),
      compression(options.compression),
      bottommost_compression(options.bottommost_compression),
      compression_opts(options.compression_opts),
      bottommost_compression_opts(options.bottommost_compression_opts),
      last_level_temperature(options.last_level_temperature == Temperature::kUnknown ? options.bottommost_temperature
                                                                                     : options.last_level_temperature),
      memtable_protection_bytes_per_key(options.memtable_protection_bytes_per_key),
      sample_for_compression(options.sample_for_compression),
      compression_per_level(options.compression_per_level),
      max_file_size(MaxFileSizes(options)) {}

uint64_t MaxFileSizeForLevel(const MutableCFOptions& options, int level, CompactionStyle style, int base_level,
                             bool level_compaction_dynamic_level_bytes) {
  const bool counts_from_base =
      level_compaction_dynamic_level_bytes && level >= base_level && style == kCompactionStyleLevel;
  return options.max_file_size.at(static_cast<size_t>(counts_from_base ? level - base_level : level));
}

}  // namespace rocksdb
