#include "engine/db/update_iterator.h"

#include "engine/wal/log_chain.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {

// Behind damage reading goes on: the gap in the sequence numbers then tells of it.
constexpr WalRecoveryMode kReadMode = WalRecoveryMode::kSkipAnyCorruptedRecords;

// From the last log that begins at or before `seq`.
std::vector<WalFile> FilesFrom(SeqNo seq, std::vector<WalFile> files) {
  size_t first = 0;
  for (size_t i = 1; i < files.size() && files[i].first_seq <= seq; ++i) first = i;
  files.erase(files.begin(), files.begin() + static_cast<ptrdiff_t>(first));
  return files;
}

}  // namespace

UpdateIterator::UpdateIterator(const DatabaseConfig& config, const WalDirectory& directory,
                               const std::atomic<SeqNo>& published_seq, std::vector<WalFile> files, SeqNo seq)
    : config_(config),
      directory_(directory),
      published_seq_(published_seq),
      files_(FilesFrom(seq, std::move(files))),
      wanted_seq_(seq) {
  if (files_.empty() || SeekInLog(0) || !status_.ok() || files_.size() == 1) return;
  Log(config_.logger, LogLevel::kInfo, "Start sequence %llu was not found, skipping to the next available",
      static_cast<unsigned long long>(seq));
  Advance();
}

void UpdateIterator::Corruption(size_t bytes, const Status& why) {
  Log(config_.logger, LogLevel::kError, "log #%llu: dropping %zu bytes; %s",
      static_cast<unsigned long long>(files_[file_index_].number), bytes, why.ToString().c_str());
}

bool UpdateIterator::OpenLog(size_t index) {
  file_index_ = index;
  fresh_seq_ = Published();
  std::unique_ptr<SequentialFile> file;
  status_ = directory_.OpenForReading(files_[index], &file);
  if (!status_.ok()) {
    reader_ = nullptr;
    return false;
  }
  reader_ = std::make_unique<LogReader>(std::move(file), files_[index].number, this);
  return true;
}

// The log is looked at anew when what the reader has read ahead may be older than the batches that are wanted.
bool UpdateIterator::Refresh() {
  fresh_seq_ = Published();
  std::unique_ptr<SequentialFile> file;
  if (!directory_.OpenForReading(files_[file_index_], &file).ok()) return false;  // gone, as a log without readers may
  reader_->Reread(std::move(file));
  return true;
}

// Only what is published is read: the log's tail may hold batches that are still being committed.
bool UpdateIterator::ReadBatch(Slice* record) {
  while (last_seq_ < Published()) {
    if (last_seq_ >= fresh_seq_ && !Refresh()) return false;
    if (!reader_->ReadRecord(record, kReadMode)) return false;
    LogBefore ignored;
    if (DecodeLogBefore(*record, &ignored)) continue;  // no batch of anybody's
    if (HasBatchHeader(*record)) return true;
    Corruption(record->size(), Status::Corruption("very small log record"));
  }
  return false;
}

void UpdateIterator::Take(Slice record) {
  batch_.assign(record);
  batch_seq_ = BatchSeq(record);
  last_seq_ = batch_seq_ + BatchCount(record) - 1;
  has_started_ = true;
  is_valid_ = true;
  status_ = Status::Ok();
}

bool UpdateIterator::SeekInLog(size_t index) {
  if (!OpenLog(index)) return false;
  Slice record;
  while (ReadBatch(&record)) {
    last_seq_ = BatchSeq(record) + BatchCount(record) - 1;
    if (last_seq_ < wanted_seq_) continue;
    Take(record);
    return true;
  }
  return false;
}

void UpdateIterator::Next() {
  if (!status_.ok() || files_.empty()) return;
  is_valid_ = false;
  // The wanted batch had not been there yet.
  if (!has_started_ && SeekInLog(0)) return;
  if (!status_.ok()) return;
  Advance();
}

void UpdateIterator::Advance() {
  for (;;) {
    Slice record;
    if (ReadBatch(&record)) {
      if (!has_started_ || BatchSeq(record) == last_seq_ + 1) return Take(record);
      Log(config_.logger, LogLevel::kInfo, "Discontinuity in log records. Got seq=%llu, Expected seq=%llu",
          static_cast<unsigned long long>(BatchSeq(record)), static_cast<unsigned long long>(last_seq_ + 1));
      status_ = Status::NotFound("Gap in sequence numbers");
      return;
    }
    if (file_index_ + 1 >= files_.size()) return ReachEnd();
    if (!OpenLog(file_index_ + 1)) return;
  }
}

void UpdateIterator::ReachEnd() {
  if (last_seq_ != Published()) status_ = Status::TryAgain("Create a new iterator to fetch the new tail.");
}

}  // namespace gneiss
