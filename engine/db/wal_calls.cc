// The public calls over logs: holding them up, listing them, reading updates back.

#include <algorithm>

#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"

namespace gneiss {

// Whoever locks first leads the commit queue until the last unlock.
Status DatabaseImpl::LockWal() {
  if (config_.is_read_only) return ReadOnlyError();
  {
    MutexLock lock(&mutex_);
    if (wal_locks_ > 0) {
      ++wal_locks_;
      return Status::Ok();
    }
  }
  auto writer = std::make_unique<Writer>(WriteParams{});
  commit_queue_.Join(writer.get());  // an exclusive writer always comes to lead
  bool is_late = false;
  {
    MutexLock lock(&mutex_);
    is_late = is_closing_;  // Close has undone all locks and waits for the queue
  }
  const Status flushed = is_late ? ClosedError() : wals_.Flush();
  {
    MutexLock lock(&mutex_);
    wal_lock_ = std::move(writer);
    wal_locks_ = 1;
  }
  if (flushed.IsShutdownInProgress()) {
    UnlockWal().IgnoreError("it is locked");
    return flushed;
  }
  if (flushed.ok()) return flushed;
  SetBackgroundError(flushed, BackgroundErrorReason::kWriteCallback);
  UnlockWal().IgnoreError("it is locked");
  return flushed;
}

Status DatabaseImpl::UnlockWal() {
  std::unique_ptr<Writer> writer;
  {
    MutexLock lock(&mutex_);
    if (wal_locks_ == 0) return Status::Aborted("No LockWAL() in effect");
    if (--wal_locks_ > 0) return Status::Ok();
    writer = std::move(wal_lock_);
  }
  commit_queue_.FinishAlone(writer.get());
  return Status::Ok();
}

Status DatabaseImpl::ListWals(std::vector<WalFile>* files) {
  // What is no longer needed goes first; then a deletion in the middle of the listing would look like an error.
  obsolete_files_->Purge();
  obsolete_files_->Disable();
  obsolete_files_->WaitForPurge();
  std::vector<uint64_t> required;
  {
    MutexLock lock(&mutex_);
    for (const auto& [number, bytes] : tracked_wals_) required.push_back(number);
  }
  const Status status = wal_directory_->List(files);
  obsolete_files_->Enable(/*force=*/false);
  GNEISS_RETURN_IF_ERROR(status);
  for (const uint64_t number : required) {
    const auto is_it = [number](const WalFile& file) { return file.number == number; };
    if (std::any_of(files->begin(), files->end(), is_it)) continue;
    return Status::Corruption("WAL file " + std::to_string(number) + " required by manifest but not in directory list");
  }
  // An open log's file may be longer than what it holds, and is cut when it is closed.
  for (WalFile& file : *files) file.bytes = std::min(file.bytes, wals_.WrittenBytes(file.number));
  return status;
}

Status DatabaseImpl::CurrentWal(WalFile* file) {
  *file = WalFile{.number = wals_.current_number()};
  if (file->number == 0)
    return Status::Make(Status::Code::kIoError, "log file not available", {}, Status::SubCode::kPathNotFound);
  GNEISS_RETURN_IF_ERROR(config_.fs->FileSize(WalName(wal_dir_, file->number), &file->bytes));
  file->bytes = std::min(file->bytes, wals_.WrittenBytes(file->number));
  return Status::Ok();
}

Status DatabaseImpl::UpdatesSince(SeqNo seq, std::unique_ptr<UpdateIterator>* iterator) {
  if (seq > LatestSeq()) return Status::NotFound("Requested sequence not yet written in the db");
  std::vector<WalFile> files;
  GNEISS_RETURN_IF_ERROR(wal_directory_->List(&files));
  *iterator = std::make_unique<UpdateIterator>(config_, *wal_directory_, published_seq_, std::move(files), seq);
  return (*iterator)->status();
}

}  // namespace gneiss
