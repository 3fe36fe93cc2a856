// The properties block of a table: what is in it and how it was made, under RocksDB's property names.
//
// Format: docs/formats/table.md. Numbers are varint64 in the block; unknown names land in `user`.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

struct TableProperties {
  uint64_t original_file_number = 0;
  uint64_t data_bytes = 0;
  uint64_t index_bytes = 0;
  uint64_t index_partitions = 0;
  uint64_t top_level_index_bytes = 0;
  uint64_t index_key_is_user_key = 0;
  uint64_t index_value_is_delta_encoded = 0;
  uint64_t filter_bytes = 0;
  uint64_t raw_key_bytes = 0;
  uint64_t raw_value_bytes = 0;
  uint64_t data_blocks = 0;
  uint64_t entries = 0;
  uint64_t filter_entries = 0;
  uint64_t deletions = 0;
  uint64_t merge_operands = 0;
  uint64_t range_deletions = 0;
  uint64_t format_version = 0;
  uint64_t fixed_key_bytes = 0;
  uint64_t column_family_id = 0x7fffffff;
  uint64_t creation_unix_seconds = 0;
  uint64_t oldest_key_unix_seconds = 0;
  uint64_t file_creation_unix_seconds = 0;
  uint64_t slow_compression_estimated_bytes = 0;
  uint64_t fast_compression_estimated_bytes = 0;
  uint64_t external_file_global_seq_offset = 0;  // in-memory: where the global seq lies in the file
  std::string db_id;
  std::string db_session_id;
  std::string db_host_id;
  std::string column_family_name;
  std::string filter_policy_name;
  std::string comparator_name;
  std::string merge_operator_name;
  std::string prefix_extractor_name;
  std::string property_collectors_names;
  std::string compression_name;
  std::string compression_options;
  std::map<std::string, std::string> user;  // also rocksdb.block.based.table.* and rocksdb.external_sst_file.*
};

}  // namespace gneiss
