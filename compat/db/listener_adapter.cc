#include "compat/db/listener_adapter.h"

#include <thread>

#include "compat/db/table_properties_map.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

uint64_t ThisThread() { return static_cast<uint64_t>(std::hash<std::thread::id>()(std::this_thread::get_id())); }

class ListenerAdapter final : public EventSink {
 public:
  ListenerAdapter(DbCore* core, std::vector<std::shared_ptr<rocksdb::EventListener>> listeners)
      : core_(core), listeners_(std::move(listeners)) {}

  void OnFlushBegin(const FlushEvent& event) override {
    const rocksdb::FlushJobInfo info = InfoOf(event);
    for (const auto& listener : listeners_) listener->OnFlushBegin(core_->db.load(), info);
  }
  void OnFlushCompleted(const FlushEvent& event) override {
    const rocksdb::FlushJobInfo info = InfoOf(event);
    for (const auto& listener : listeners_) listener->OnFlushCompleted(core_->db.load(), info);
  }
  void OnCompactionBegin(const CompactionEvent& event) override {
    const rocksdb::CompactionJobInfo info = InfoOf(event);
    for (const auto& listener : listeners_) listener->OnCompactionBegin(core_->db.load(), info);
  }
  void OnCompactionCompleted(const CompactionEvent& event) override {
    const rocksdb::CompactionJobInfo info = InfoOf(event);
    for (const auto& listener : listeners_) listener->OnCompactionCompleted(core_->db.load(), info);
  }
  void OnBackgroundError(BackgroundErrorReason reason, Status* status) override {
    rocksdb::Status shown = ToRocks(*status);
    for (const auto& listener : listeners_) {
      listener->OnBackgroundError(static_cast<rocksdb::BackgroundErrorReason>(reason), &shown);
    }
    if (shown.ok()) *status = Status::Ok();
  }
  void OnTableFileDeleted(const std::string& path, uint64_t /*number*/, const Status& status) override {
    rocksdb::TableFileDeletionInfo info;
    info.db_name = core_->name;
    info.file_path = path;
    info.status = ToRocks(status);
    for (const auto& listener : listeners_) listener->OnTableFileDeleted(info);
  }

 private:
  static rocksdb::FlushJobInfo InfoOf(const FlushEvent& event) {
    rocksdb::FlushJobInfo info;
    info.cf_id = event.family_id;
    info.cf_name = event.family_name;
    info.file_path = event.file_path;
    info.file_number = event.file_number;
    info.oldest_blob_file_number = 0;
    info.thread_id = ThisThread();
    info.job_id = event.job_id;
    info.triggered_writes_slowdown = event.triggered_slowdown;
    info.triggered_writes_stop = event.triggered_stop;
    info.smallest_seqno = event.smallest_seq;
    info.largest_seqno = event.largest_seq;
    info.table_properties = RocksPropertiesOf(event.properties);
    info.flush_reason = rocksdb::FlushReason::kOthers;
    info.blob_compression_type = rocksdb::kNoCompression;
    return info;
  }

  static rocksdb::CompactionJobInfo InfoOf(const CompactionEvent& event) {
    rocksdb::CompactionJobInfo info;
    info.cf_id = event.family_id;
    info.cf_name = event.family_name;
    info.status = ToRocks(event.status);
    info.thread_id = ThisThread();
    info.job_id = event.job_id;
    info.base_input_level = event.work->inputs.front().level;
    info.output_level = event.work->output_level;
    info.compaction_reason = static_cast<rocksdb::CompactionReason>(event.work->reason_number);
    for (const CompactionInput& input : event.work->inputs) {
      for (const TableFilePtr& table : input.tables) {
        info.input_file_infos.push_back({input.level, table->meta().number, 0});
      }
    }
    if (event.result == nullptr) return info;
    for (const OutputTable& output : event.result->outputs) {
      info.output_file_infos.push_back({event.work->output_level, output.meta.number, 0});
    }
    info.stats.elapsed_micros = event.result->elapsed_us;
    info.stats.cpu_micros = event.result->cpu_us;
    info.stats.num_input_records = event.result->counts.input_entries;
    info.stats.num_input_files = event.work->InputTableCount();
    info.stats.num_output_files = event.result->outputs.size();
    info.stats.total_input_bytes = event.result->bytes_read;
    info.stats.total_output_bytes = event.result->bytes_written;
    info.stats.is_manual_compaction = event.work->is_manual;
    info.stats.is_full_compaction = event.work->is_full;
    return info;
  }

  DbCore* const core_;
  const std::vector<std::shared_ptr<rocksdb::EventListener>> listeners_;
};

}  // namespace

std::unique_ptr<EventSink> NewListenerAdapter(DbCore* core,
                                              std::vector<std::shared_ptr<rocksdb::EventListener>> listeners) {
  return std::make_unique<ListenerAdapter>(core, std::move(listeners));
}

}  // namespace gneiss::compat
