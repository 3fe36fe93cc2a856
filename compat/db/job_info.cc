#include "compat/db/job_info.h"

#include <thread>

#include "compat/db/table_properties_map.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

void AddInputs(const CompactionEvent& event, rocksdb::CompactionJobInfo* info) {
  for (const CompactionInput& input : event.work->inputs) {
    for (const TableFilePtr& table : input.tables) {
      const TableMeta& meta = table->meta();
      const std::string path = event.opener->PathOf(meta);
      info->input_files.push_back(path);
      info->input_file_infos.push_back({input.level, meta.number, meta.oldest_blob_file_number});
      if (const TableReader* reader = table->ReaderIfOpen(); reader != nullptr) {
        info->table_properties[path] =
            std::make_shared<const rocksdb::TableProperties>(RocksPropertiesOf(reader->properties()));
      }
    }
  }
}

void AddOutputs(const CompactionEvent& event, rocksdb::CompactionJobInfo* info) {
  for (const OutputTable& output : event.result->outputs) {
    const std::string path = event.opener->PathOf(output.meta);
    info->output_files.push_back(path);
    info->output_file_infos.push_back(
        {event.work->output_level, output.meta.number, output.meta.oldest_blob_file_number});
    info->table_properties[path] =
        std::make_shared<const rocksdb::TableProperties>(RocksPropertiesOf(output.properties));
  }
}

void AddBlobFiles(const CompactionEvent& event, rocksdb::CompactionJobInfo* info) {
  for (const OutputBlobFile& file : event.result->blob_files) {
    const BlobFileMeta& meta = file.meta;
    info->blob_file_addition_infos.emplace_back(event.blob_opener->PathOf(meta.number), meta.number, meta.blob_count,
                                                meta.blob_bytes);
  }
  for (const BlobGarbage& garbage : event.result->blob_garbage) {
    info->blob_file_garbage_infos.emplace_back(event.blob_opener->PathOf(garbage.file_number), garbage.file_number,
                                               garbage.blob_count, garbage.blob_bytes);
  }
}

void AddStats(const CompactionEvent& event, rocksdb::CompactionJobStats* stats) {
  const CompactionResult& result = *event.result;
  stats->elapsed_micros = result.elapsed_us;
  stats->cpu_micros = result.cpu_us;
  stats->num_input_records = result.counts.input_entries;
  stats->num_input_files = event.work->InputTableCount();
  for (const CompactionInput& input : event.work->inputs) {
    if (input.level == event.work->output_level) stats->num_input_files_at_output_level += input.tables.size();
  }
  for (const OutputTable& output : result.outputs) stats->num_output_records += output.properties.entries;
  stats->num_output_files = result.outputs.size();
  stats->total_input_bytes = result.bytes_read;
  stats->total_output_bytes = result.bytes_written;
  stats->num_output_files_blob = result.blob_files.size();
  stats->total_output_bytes_blob = result.blob_bytes_written;
  stats->num_blobs_read = result.blobs_read;
  stats->total_blob_bytes_read = result.blob_bytes_read;
  stats->total_input_raw_key_bytes = result.counts.input_key_bytes;
  stats->total_input_raw_value_bytes = result.counts.input_value_bytes;
  stats->num_input_deletion_records = result.counts.input_deletions;
  stats->num_records_replaced = result.counts.dropped_hidden;
}

}  // namespace

rocksdb::CompactionJobInfo JobInfoOf(const CompactionEvent& event) {
  rocksdb::CompactionJobInfo info;
  info.cf_id = event.family_id;
  info.cf_name = event.family_name;
  info.status = ToRocks(event.status);
  info.thread_id = static_cast<uint64_t>(std::hash<std::thread::id>()(std::this_thread::get_id()));
  info.job_id = event.job_id;
  info.base_input_level = event.work->inputs.front().level;
  info.output_level = event.work->output_level;
  info.compaction_reason = static_cast<rocksdb::CompactionReason>(event.work->reason_number);
  info.compression = static_cast<rocksdb::CompressionType>(event.compression);
  info.blob_compression_type = static_cast<rocksdb::CompressionType>(event.blob_compression);
  AddInputs(event, &info);
  info.stats.is_manual_compaction = event.work->is_manual;
  info.stats.is_full_compaction = event.work->is_full;
  if (event.result == nullptr) return info;
  AddOutputs(event, &info);
  AddBlobFiles(event, &info);
  AddStats(event, &info.stats);
  return info;
}

}  // namespace gneiss::compat
