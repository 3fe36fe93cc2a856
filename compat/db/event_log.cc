#include "compat/db/event_log.h"

#include <cinttypes>
#include <cstdio>

namespace gneiss::compat {

namespace {

// {"name": value, ...}, in the order added.
class JsonLine {
 public:
  JsonLine& Add(const char* name, uint64_t value) { return Append(name, std::to_string(value)); }
  JsonLine& Add(const char* name, double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%g", value);
    return Append(name, text);
  }
  JsonLine& Add(const char* name, const std::string& value) { return Append(name, "\"" + value + "\""); }
  JsonLine& Add(const char* name, const char* value) { return Add(name, std::string(value)); }
  JsonLine& Add(const char* name, const JsonLine& value) { return Append(name, value.Text()); }
  JsonLine& Add(const char* name, const std::vector<uint64_t>& values) {
    std::string list;
    for (const uint64_t value : values) list += (list.empty() ? "" : ", ") + std::to_string(value);
    return Append(name, "[" + list + "]");
  }
  std::string Text() const { return "{" + text_ + "}"; }

 private:
  JsonLine& Append(const char* name, const std::string& value) {
    text_ += std::string(text_.empty() ? "" : ", ") + "\"" + name + "\": " + value;
    return *this;
  }
  std::string text_;
};

const char* FlushCauseName(FlushCause cause) {
  switch (cause) {
    case FlushCause::kManual:
      return "Manual Flush";
    case FlushCause::kWriteBufferManager:
      return "Write Buffer Manager";
    case FlushCause::kWriteBufferFull:
      return "Write Buffer Full";
    case FlushCause::kErrorRecovery:
      return "Error Recovery";
    case FlushCause::kOther:
      break;
  }
  return "Other Reasons";
}

uint64_t Average(uint64_t sum, uint64_t count) { return count == 0 ? 0 : sum / count; }

JsonLine JsonOf(const TableProperties& table) {
  JsonLine json;
  json.Add("data_size", table.data_bytes)
      .Add("index_size", table.index_bytes)
      .Add("index_partitions", table.index_partitions)
      .Add("top_level_index_size", table.top_level_index_bytes)
      .Add("index_key_is_user_key", table.index_key_is_user_key)
      .Add("index_value_is_delta_encoded", table.index_value_is_delta_encoded)
      .Add("filter_size", table.filter_bytes)
      .Add("raw_key_size", table.raw_key_bytes)
      .Add("raw_average_key_size", Average(table.raw_key_bytes, table.entries))
      .Add("raw_value_size", table.raw_value_bytes)
      .Add("raw_average_value_size", Average(table.raw_value_bytes, table.entries))
      .Add("num_data_blocks", table.data_blocks)
      .Add("num_entries", table.entries)
      .Add("num_filter_entries", table.filter_entries)
      .Add("num_deletions", table.deletions)
      .Add("num_merge_operands", table.merge_operands)
      .Add("num_range_deletions", table.range_deletions)
      .Add("format_version", table.format_version)
      .Add("fixed_key_len", table.fixed_key_bytes)
      .Add("filter_policy", table.filter_policy_name)
      .Add("column_family_name", table.column_family_name)
      .Add("column_family_id", table.column_family_id)
      .Add("comparator", table.comparator_name)
      .Add("merge_operator", table.merge_operator_name)
      .Add("prefix_extractor_name", table.prefix_extractor_name)
      .Add("property_collectors", table.property_collectors_names)
      .Add("compression", table.compression_name)
      .Add("compression_options", table.compression_options)
      .Add("creation_time", table.creation_unix_seconds)
      .Add("oldest_key_time", table.oldest_key_unix_seconds)
      .Add("file_creation_time", table.file_creation_unix_seconds)
      .Add("slow_compression_estimated_data_size", table.slow_compression_estimated_bytes)
      .Add("fast_compression_estimated_data_size", table.fast_compression_estimated_bytes)
      .Add("db_id", table.db_id)
      .Add("db_session_id", table.db_session_id)
      .Add("orig_file_number", table.original_file_number)
      .Add("seqno_to_time_mapping", "N/A");
  return json;
}

std::vector<uint64_t> Numbers(const std::vector<size_t>& counts) { return {counts.begin(), counts.end()}; }

class EventLog final : public EventSink {
 public:
  EventLog(const DbCore* core, std::shared_ptr<rocksdb::Logger> log, std::unique_ptr<EventSink> next)
      : core_(core), log_(std::move(log)), next_(next != nullptr ? std::move(next) : std::make_unique<EventSink>()) {}

  void OnFlushBegin(const FlushEvent& event) override {
    Write(Begin(event.job_id, "flush_started")
              .Add("num_memtables", event.memtables)
              .Add("num_entries", event.entries)
              .Add("num_deletes", event.deletions)
              .Add("total_data_size", event.memory_bytes)
              .Add("memory_usage", event.memory_bytes)
              .Add("flush_reason", FlushCauseName(event.cause)));
    next_->OnFlushBegin(event);
  }

  void OnFlushCompleted(const FlushEvent& event) override {
    WriteTableCreation(event.family_name, event.job_id, event.file_number, event.file_bytes, event.smallest_seq,
                       event.largest_seq, event.properties);
    Write(Begin(event.job_id, "flush_finished")
              .Add("output_compression", event.compression_name)
              .Add("lsm_state", Numbers(event.tables_per_level))
              .Add("immutable_memtables", event.sealed_left));
    next_->OnFlushCompleted(event);
  }

  void OnCompactionBegin(const CompactionEvent& event) override {
    if (event.work->type == CompactionWork::Type::kMerge) {
      JsonLine line = Begin(event.job_id, "compaction_started");
      line.Add("compaction_reason", event.work->reason);
      for (const CompactionInput& input : event.work->inputs) {
        std::vector<uint64_t> numbers;
        for (const TableFilePtr& table : input.tables) numbers.push_back(table->meta().number);
        line.Add(("files_L" + std::to_string(input.level)).c_str(), numbers);
      }
      Write(line.Add("score", event.work->score).Add("input_data_size", event.work->InputBytes()));
    }
    next_->OnCompactionBegin(event);
  }

  void OnCompactionCompleted(const CompactionEvent& event) override {
    if (event.status.ok() && event.work->type == CompactionWork::Type::kMove) {
      Write(Begin(event.job_id, "trivial_move")
                .Add("destination_level", static_cast<uint64_t>(event.work->output_level))
                .Add("files", static_cast<uint64_t>(event.work->InputTableCount()))
                .Add("total_files_size", event.work->InputBytes()));
    }
    if (event.work->type == CompactionWork::Type::kMerge && event.result != nullptr) WriteCompaction(event);
    next_->OnCompactionCompleted(event);
  }

  void OnBackgroundError(BackgroundErrorReason reason, Status* status) override {
    rocksdb::Statistics* const statistics = core_->db_options.statistics.get();
    if (statistics != nullptr) {
      statistics->recordTick(rocksdb::ERROR_HANDLER_BG_ERROR_COUNT, 1);
      if (status->IsIoError()) statistics->recordTick(rocksdb::ERROR_HANDLER_BG_IO_ERROR_COUNT, 1);
    }
    next_->OnBackgroundError(reason, status);
  }
  bool OnRecoveryBegin(BackgroundErrorReason reason, const Status& error) override {
    return next_->OnRecoveryBegin(reason, error);
  }
  void OnRecoveryEnd(const Status& before, const Status& now) override { next_->OnRecoveryEnd(before, now); }
  void OnMemtableSealed(const MemtableEvent& event) override { next_->OnMemtableSealed(event); }
  void OnStallChanged(const StallEvent& event) override { next_->OnStallChanged(event); }
  void OnTableFileStarted(const TableStartEvent& event) override { next_->OnTableFileStarted(event); }

  void OnBlobFileBegun(const BlobFileEvent& event) override { next_->OnBlobFileBegun(event); }
  void OnBlobFileFinished(const BlobFileEvent& event) override { next_->OnBlobFileFinished(event); }
  void OnBlobFileDeleted(const std::string& path, uint64_t number, const Status& status) override {
    next_->OnBlobFileDeleted(path, number, status);
  }

  void OnTableFileDeleted(const std::string& path, uint64_t number, const Status& status) override {
    Write(Begin(0, "table_file_deletion").Add("file_number", number));
    next_->OnTableFileDeleted(path, number, status);
  }

 private:
  JsonLine Begin(int job_id, const char* event) const {
    JsonLine line;
    line.Add("time_micros", core_->db_options.env->NowMicros());
    line.Add("job", static_cast<uint64_t>(job_id)).Add("event", event);
    return line;
  }

  void WriteTableCreation(const std::string& family, int job_id, uint64_t number, uint64_t bytes, SeqNo smallest_seq,
                          SeqNo largest_seq, const TableProperties& properties) {
    JsonLine line;
    line.Add("time_micros", core_->db_options.env->NowMicros()).Add("cf_name", family);
    line.Add("job", static_cast<uint64_t>(job_id)).Add("event", "table_file_creation");
    Write(line.Add("file_number", number)
              .Add("file_size", bytes)
              .Add("file_checksum", "")
              .Add("file_checksum_func_name", "Unknown")
              .Add("smallest_seqno", smallest_seq)
              .Add("largest_seqno", largest_seq)
              .Add("table_properties", JsonOf(properties)));
  }

  void WriteCompaction(const CompactionEvent& event) {
    const CompactionResult& result = *event.result;
    uint64_t records = 0;
    for (const OutputTable& output : result.outputs) {
      records += output.properties.entries;
      WriteTableCreation(event.family_name, event.job_id, output.meta.number, output.meta.file_bytes,
                         output.meta.smallest_seq, output.meta.largest_seq, output.properties);
    }
    Write(Begin(event.job_id, "compaction_finished")
              .Add("compaction_time_micros", result.elapsed_us)
              .Add("compaction_time_cpu_micros", result.cpu_us)
              .Add("output_level", static_cast<uint64_t>(event.work->output_level))
              .Add("num_output_files", static_cast<uint64_t>(result.outputs.size()))
              .Add("total_output_size", result.bytes_written)
              .Add("num_input_records", result.counts.input_entries)
              .Add("num_output_records", records)
              .Add("num_subcompactions", static_cast<uint64_t>(result.subcompactions))
              .Add("output_compression", event.compression_name)
              .Add("num_single_delete_mismatches", uint64_t{0})
              .Add("num_single_delete_fallthrough", uint64_t{0})
              .Add("lsm_state", Numbers(event.tables_per_level)));
  }

  // Flushed at once: who follows LOG waits for the last line of a job.
  void Write(const JsonLine& line) {
    rocksdb::Info(log_, "EVENT_LOG_v1 %s", line.Text().c_str());
    log_->Flush();
  }

  const DbCore* const core_;
  const std::shared_ptr<rocksdb::Logger> log_;
  const std::unique_ptr<EventSink> next_;
};

}  // namespace

std::unique_ptr<EventSink> NewEventLog(const DbCore* core, std::shared_ptr<rocksdb::Logger> log,
                                       std::unique_ptr<EventSink> next) {
  return std::make_unique<EventLog>(core, std::move(log), std::move(next));
}

}  // namespace gneiss::compat
