#include "compat/db/table_properties_map.h"

namespace gneiss::compat {

rocksdb::TableProperties RocksPropertiesOf(const TableProperties& p) {
  rocksdb::TableProperties out;
  out.orig_file_number = p.original_file_number;
  out.data_size = p.data_bytes;
  out.index_size = p.index_bytes;
  out.index_partitions = p.index_partitions;
  out.top_level_index_size = p.top_level_index_bytes;
  out.index_key_is_user_key = p.index_key_is_user_key;
  out.index_value_is_delta_encoded = p.index_value_is_delta_encoded;
  out.filter_size = p.filter_bytes;
  out.raw_key_size = p.raw_key_bytes;
  out.raw_value_size = p.raw_value_bytes;
  out.num_data_blocks = p.data_blocks;
  out.num_entries = p.entries;
  out.num_filter_entries = p.filter_entries;
  out.num_deletions = p.deletions;
  out.num_merge_operands = p.merge_operands;
  out.num_range_deletions = p.range_deletions;
  out.format_version = p.format_version;
  out.fixed_key_len = p.fixed_key_bytes;
  out.column_family_id = p.column_family_id;
  out.creation_time = p.creation_unix_seconds;
  out.oldest_key_time = p.oldest_key_unix_seconds;
  out.file_creation_time = p.file_creation_unix_seconds;
  out.slow_compression_estimated_data_size = p.slow_compression_estimated_bytes;
  out.fast_compression_estimated_data_size = p.fast_compression_estimated_bytes;
  out.external_sst_file_global_seqno_offset = p.external_file_global_seq_offset;
  out.db_id = p.db_id;
  out.db_session_id = p.db_session_id;
  out.db_host_id = p.db_host_id;
  out.column_family_name = p.column_family_name;
  out.filter_policy_name = p.filter_policy_name;
  out.comparator_name = p.comparator_name;
  out.merge_operator_name = p.merge_operator_name;
  out.prefix_extractor_name = p.prefix_extractor_name;
  out.property_collectors_names = p.property_collectors_names;
  out.compression_name = p.compression_name;
  out.compression_options = p.compression_options;
  for (const auto& [name, value] : p.user) out.user_collected_properties[name] = value;
  return out;
}

}  // namespace gneiss::compat
