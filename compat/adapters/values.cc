// Small public values: the version, CompactionJobStats, and wide columns.
#include <rocksdb/compaction_job_stats.h>
#include <rocksdb/version.h>
#include <rocksdb/wide_columns.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "compat/status_map.h"
#include "engine/base/coding.h"

namespace rocksdb {

std::string GetRocksVersionAsString(bool with_patch) {
  const std::string version = std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR);
  return with_patch ? version + "." + std::to_string(ROCKSDB_PATCH) : version;
}

const std::unordered_map<std::string, std::string>& GetRocksBuildProperties() {
  static const auto* const properties =
      new std::unordered_map<std::string, std::string>{{"rocksdb_build_git_tag", "gneiss"}};
  return *properties;
}

std::string GetRocksBuildInfoAsString(const std::string& program, bool verbose) {
  std::string text = program + " (RocksDB) " + GetRocksVersionAsString(true);
  if (!verbose) return text;
  for (const auto& [name, value] : GetRocksBuildProperties()) text += "\n    " + name + ": " + value;
  return text;
}

void CompactionJobStats::Reset() {
  elapsed_micros = cpu_micros = 0;
  num_input_records = num_blobs_read = num_output_records = 0;
  num_input_files = num_input_files_at_output_level = num_output_files = num_output_files_blob = 0;
  is_full_compaction = is_manual_compaction = false;
  total_input_bytes = total_blob_bytes_read = total_output_bytes = total_output_bytes_blob = 0;
  num_records_replaced = 0;
  total_input_raw_key_bytes = total_input_raw_value_bytes = 0;
  num_input_deletion_records = num_expired_deletion_records = num_corrupt_keys = 0;
  file_write_nanos = file_range_sync_nanos = file_fsync_nanos = file_prepare_write_nanos = 0;
  smallest_output_key_prefix.clear();
  largest_output_key_prefix.clear();
  num_single_del_fallthru = num_single_del_mismatch = 0;
}

// Counts are added; the flags and key prefixes of *this stay.
void CompactionJobStats::Add(const CompactionJobStats& stats) {
  for (const auto counter : {&CompactionJobStats::elapsed_micros,
                             &CompactionJobStats::cpu_micros,
                             &CompactionJobStats::num_input_records,
                             &CompactionJobStats::num_blobs_read,
                             &CompactionJobStats::num_output_records,
                             &CompactionJobStats::total_input_bytes,
                             &CompactionJobStats::total_blob_bytes_read,
                             &CompactionJobStats::total_output_bytes,
                             &CompactionJobStats::total_output_bytes_blob,
                             &CompactionJobStats::num_records_replaced,
                             &CompactionJobStats::total_input_raw_key_bytes,
                             &CompactionJobStats::total_input_raw_value_bytes,
                             &CompactionJobStats::num_input_deletion_records,
                             &CompactionJobStats::num_expired_deletion_records,
                             &CompactionJobStats::num_corrupt_keys,
                             &CompactionJobStats::file_write_nanos,
                             &CompactionJobStats::file_range_sync_nanos,
                             &CompactionJobStats::file_fsync_nanos,
                             &CompactionJobStats::file_prepare_write_nanos,
                             &CompactionJobStats::num_single_del_fallthru,
                             &CompactionJobStats::num_single_del_mismatch}) {
    this->*counter += stats.*counter;
  }
  num_input_files += stats.num_input_files;
  num_input_files_at_output_level += stats.num_input_files_at_output_level;
  num_output_files += stats.num_output_files;
  num_output_files_blob += stats.num_output_files_blob;
}

const Slice kDefaultWideColumnName;
const WideColumns kNoWideColumns;

// Version, column count, then name and value size of each column in name order, then the values one after the other.
Status PinnableWideColumns::CreateIndexForWideColumns() {
  constexpr uint32_t kVersion = 1;
  gneiss::Slice in = gneiss::compat::ToEngine(value_);
  columns_.clear();
  uint32_t version = 0;
  uint32_t count = 0;
  if (!gneiss::GetVarint32(&in, &version)) return Status::Corruption("Error decoding wide column version");
  if (version > kVersion) return Status::NotSupported("Unsupported wide column version");
  if (!gneiss::GetVarint32(&in, &count)) return Status::Corruption("Error decoding number of wide columns");

  std::vector<uint32_t> value_sizes;
  for (uint32_t i = 0; i < count; ++i) {
    gneiss::Slice name;
    uint32_t value_size = 0;
    if (!gneiss::GetLengthPrefixed(&in, &name)) return Status::Corruption("Error decoding wide column name");
    if (i > 0 && gneiss::compat::ToEngine(columns_.back().name()) >= name) {
      return Status::Corruption("Wide columns out of order");
    }
    if (!gneiss::GetVarint32(&in, &value_size)) return Status::Corruption("Error decoding wide column value size");
    columns_.emplace_back(gneiss::compat::ToRocks(name), Slice());
    value_sizes.push_back(value_size);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (value_sizes[i] > in.size()) return Status::Corruption("Error decoding wide column value payload");
    columns_[i].value() = Slice(in.data(), value_sizes[i]);
    in.remove_prefix(value_sizes[i]);
  }
  return Status::OK();
}

}  // namespace rocksdb
