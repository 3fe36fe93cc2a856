#include "compat/db/listener_adapter.h"

#include <rocksdb/file_checksum.h>

#include <thread>

#include "compat/db/job_info.h"
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
    TellCreated(event.family_name, event.job_id, event.file_path, event.file_bytes, event.properties,
                rocksdb::TableFileCreationReason::kFlush);
    const rocksdb::FlushJobInfo info = InfoOf(event);
    for (const auto& listener : listeners_) listener->OnFlushCompleted(core_->db.load(), info);
  }
  void OnCompactionBegin(const CompactionEvent& event) override {
    const rocksdb::CompactionJobInfo info = JobInfoOf(event);
    for (const auto& listener : listeners_) listener->OnCompactionBegin(core_->db.load(), info);
  }
  void OnCompactionCompleted(const CompactionEvent& event) override {
    if (event.result != nullptr) {
      for (const OutputTable& output : event.result->outputs) {
        TellCreated(event.family_name, event.job_id, event.opener->PathOf(output.meta), output.meta.file_bytes,
                    output.properties, rocksdb::TableFileCreationReason::kCompaction);
      }
    }
    const rocksdb::CompactionJobInfo info = JobInfoOf(event);
    for (const auto& listener : listeners_) listener->OnCompactionCompleted(core_->db.load(), info);
  }
  void OnMemtableSealed(const MemtableEvent& event) override {
    rocksdb::MemTableInfo info;
    info.cf_name = event.family_name;
    info.first_seqno = event.first_seq;
    info.earliest_seqno = event.earliest_seq;
    info.num_entries = event.entries;
    info.num_deletes = event.deletions;
    for (const auto& listener : listeners_) listener->OnMemTableSealed(info);
  }
  void OnStallChanged(const StallEvent& event) override {
    rocksdb::WriteStallInfo info;
    info.cf_name = event.family_name;
    info.condition.cur = static_cast<rocksdb::WriteStallCondition>(event.now);
    info.condition.prev = static_cast<rocksdb::WriteStallCondition>(event.before);
    for (const auto& listener : listeners_) listener->OnStallConditionsChanged(info);
  }
  void OnTableFileStarted(const TableStartEvent& event) override {
    rocksdb::TableFileCreationBriefInfo info;
    info.db_name = core_->name;
    info.cf_name = event.family_name;
    info.file_path = event.file_path;
    info.job_id = event.job_id;
    info.reason =
        event.is_flush ? rocksdb::TableFileCreationReason::kFlush : rocksdb::TableFileCreationReason::kCompaction;
    for (const auto& listener : listeners_) listener->OnTableFileCreationStarted(info);
  }
  void OnBackgroundError(BackgroundErrorReason reason, Status* status) override {
    rocksdb::Status shown = ToRocks(*status);
    for (const auto& listener : listeners_) {
      listener->OnBackgroundError(static_cast<rocksdb::BackgroundErrorReason>(reason), &shown);
    }
    if (shown.ok()) *status = Status::Ok();
  }
  bool OnRecoveryBegin(BackgroundErrorReason reason, const Status& error) override {
    bool is_wanted = true;
    for (const auto& listener : listeners_) {
      if (!is_wanted) break;
      listener->OnErrorRecoveryBegin(static_cast<rocksdb::BackgroundErrorReason>(reason), ToRocks(error), &is_wanted);
    }
    return is_wanted;
  }
  void OnRecoveryEnd(const Status& before, const Status& now) override {
    rocksdb::BackgroundErrorRecoveryInfo info;
    info.old_bg_error = ToRocks(before);
    info.new_bg_error = ToRocks(now);
    for (const auto& listener : listeners_) {
      if (now.ok()) listener->OnErrorRecoveryCompleted(info.old_bg_error);
      listener->OnErrorRecoveryEnd(info);
    }
  }
  void OnBlobFileBegun(const BlobFileEvent& event) override {
    const rocksdb::BlobFileCreationBriefInfo info(core_->name, event.family_name, event.path, event.job_id,
                                                  static_cast<rocksdb::BlobFileCreationReason>(event.reason));
    for (const auto& listener : listeners_) listener->OnBlobFileCreationStarted(info);
  }
  void OnBlobFileFinished(const BlobFileEvent& event) override {
    const rocksdb::BlobFileCreationInfo info(core_->name, event.family_name, event.path, event.job_id,
                                             static_cast<rocksdb::BlobFileCreationReason>(event.reason),
                                             event.blob_count, event.blob_bytes, ToRocks(event.status),
                                             rocksdb::kUnknownFileChecksum, rocksdb::kUnknownFileChecksumFuncName);
    for (const auto& listener : listeners_) listener->OnBlobFileCreated(info);
  }
  void OnBlobFileDeleted(const std::string& path, uint64_t /*number*/, const Status& status) override {
    const rocksdb::BlobFileDeletionInfo info(core_->name, path, 0, ToRocks(status));
    for (const auto& listener : listeners_) listener->OnBlobFileDeleted(info);
  }
  void OnTableFileDeleted(const std::string& path, uint64_t /*number*/, const Status& status) override {
    rocksdb::TableFileDeletionInfo info;
    info.db_name = core_->name;
    info.file_path = path;
    info.status = ToRocks(status);
    for (const auto& listener : listeners_) listener->OnTableFileDeleted(info);
  }

 private:
  void TellCreated(const std::string& family, int job_id, const std::string& path, uint64_t bytes,
                   const TableProperties& properties, rocksdb::TableFileCreationReason reason) {
    rocksdb::TableFileCreationInfo info;
    info.db_name = core_->name;
    info.cf_name = family;
    info.file_path = path;
    info.job_id = job_id;
    info.reason = reason;
    info.file_size = bytes;
    info.table_properties = RocksPropertiesOf(properties);
    info.file_checksum = rocksdb::kUnknownFileChecksum;
    info.file_checksum_func_name = rocksdb::kUnknownFileChecksumFuncName;
    for (const auto& listener : listeners_) listener->OnTableFileCreated(info);
  }

  static rocksdb::FlushJobInfo InfoOf(const FlushEvent& event) {
    rocksdb::FlushJobInfo info;
    info.cf_id = event.family_id;
    info.cf_name = event.family_name;
    info.file_path = event.file_path;
    info.file_number = event.file_number;
    info.oldest_blob_file_number = event.oldest_blob_file_number;
    for (const BlobFileMeta& meta : event.blob_files) {
      info.blob_file_addition_infos.emplace_back(event.blob_opener->PathOf(meta.number), meta.number, meta.blob_count,
                                                 meta.blob_bytes);
    }
    info.thread_id = ThisThread();
    info.job_id = event.job_id;
    info.triggered_writes_slowdown = event.triggered_slowdown;
    info.triggered_writes_stop = event.triggered_stop;
    info.smallest_seqno = event.smallest_seq;
    info.largest_seqno = event.largest_seq;
    info.table_properties = RocksPropertiesOf(event.properties);
    info.flush_reason = static_cast<rocksdb::FlushReason>(event.cause);
    info.blob_compression_type = static_cast<rocksdb::CompressionType>(event.blob_compression);
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
