#include "engine/compaction/blob_output.h"

#include <utility>

#include "engine/blob/blob_cache.h"
#include "engine/io/file_name.h"

namespace gneiss {

Status BlobOutput::Add(Slice user_key, Slice value, std::string* reference) {
  if (status_.ok()) status_ = TryAdd(user_key, value, reference);
  return status_;
}

Status BlobOutput::TryAdd(Slice user_key, Slice value, std::string* reference) {
  if (writer_ == nullptr) GNEISS_RETURN_IF_ERROR(OpenFile());
  BlobReference written{.file_number = open_.meta.number};
  GNEISS_RETURN_IF_ERROR(writer_->Add(user_key, value, &written));
  if (config_.warm_cache != nullptr) {
    WarmBlobCache(config_.warm_cache, {.file_id = open_.cache_id, .offset = written.offset}, config_.writer.stats,
                  value);
  }
  reference->clear();
  AppendBlobReference(reference, written);
  return writer_->FileBytes() >= config_.file_bytes_max ? CloseFile() : Status::Ok();
}

Status BlobOutput::OpenFile() {
  open_ = OutputBlobFile();
  open_.meta.number = config_.new_file_number();
  if (config_.on_begun) config_.on_begun(open_.meta.number);
  if (config_.warm_cache != nullptr) open_.cache_id = config_.warm_cache->NewId();
  std::unique_ptr<WritableFile> created;
  GNEISS_RETURN_IF_ERROR(config_.fs->Create(BlobName(config_.path, open_.meta.number), config_.file_options, &created));
  file_ = std::make_unique<PacedFile>(std::move(created), config_.pace);
  writer_ = std::make_unique<BlobFileWriter>(config_.writer, file_.get());
  return Status::Ok();
}

Status BlobOutput::CloseFile() {
  open_.meta.blob_count = writer_->blob_count();
  open_.meta.blob_bytes = writer_->blob_bytes();
  const Status status = FinishFile();
  if (config_.on_finished) config_.on_finished(open_.meta, status);
  GNEISS_RETURN_IF_ERROR(status);
  writer_.reset();
  file_.reset();
  finished_.push_back(std::move(open_));
  return Status::Ok();
}

Status BlobOutput::FinishFile() {
  GNEISS_RETURN_IF_ERROR(writer_->Finish());
  StatsSink* const stats = config_.writer.stats;
  const bool is_timed = stats != nullptr && stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.writer.clock->NowMicros() : 0;
  GNEISS_RETURN_IF_ERROR(file_->Sync());
  if (is_timed) stats->Record(Histogram::kBlobSync, config_.writer.clock->NowMicros() - start_us);
  AddTicker(stats, Ticker::kBlobFilesSynced);
  return file_->Close();
}

Status BlobOutput::Finish(std::vector<OutputBlobFile>* files) {
  if (status_.ok() && writer_ != nullptr) status_ = CloseFile();
  GNEISS_RETURN_IF_ERROR(status_);
  if (!finished_.empty()) GNEISS_RETURN_IF_ERROR(SyncDirectory(config_.fs, config_.path));
  *files = std::exchange(finished_, {});
  return Status::Ok();
}

void BlobOutput::Abandon() {
  if (writer_ != nullptr) {
    writer_.reset();
    file_.reset();
    config_.fs->Remove(BlobName(config_.path, open_.meta.number)).IgnoreError("an orphan is swept at the next open");
  }
  for (const OutputBlobFile& done : finished_) {
    config_.fs->Remove(BlobName(config_.path, done.meta.number)).IgnoreError("an orphan is swept at the next open");
  }
  finished_.clear();
}

}  // namespace gneiss
