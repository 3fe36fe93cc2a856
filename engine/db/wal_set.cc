#include "engine/db/wal_set.h"

#include <algorithm>

#include "engine/io/file_name.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {
// A larger step saves nothing more, and a log that ends soon would have taken the space for nothing.
constexpr uint64_t kAllocateAheadMax = uint64_t{4} << 20;
}  // namespace

Status WalSet::Rotate(uint64_t number, uint64_t allocate_ahead_bytes) {
  std::unique_ptr<WritableFile> file;
  if (current_ != nullptr) GNEISS_RETURN_IF_ERROR(current_->Flush());
  GNEISS_RETURN_IF_ERROR(
      config_.fs->Create(WalName(dir_, number), FileOptions{.log_block_bytes = kLogBlockBytes}, &file));
  is_directory_synced_.store(false);
  LogWriter::Config log{.log_number = number,
                        .is_recyclable = config_.is_wal_recyclable,
                        .is_manual_flush = config_.manual_wal_flush,
                        .allocate_ahead_bytes = std::min(allocate_ahead_bytes, kAllocateAheadMax),
                        .compression = config_.wal_compression};
  auto writer = std::make_shared<LogWriter>(log, std::move(file));
  std::optional<LogBefore> before;
  if (current_ != nullptr && current_->HasUnsynced()) {
    before = LogBefore{.number = current_number(), .bytes = current_->FileBytes()};
  }
  MutexLock lock(&mutex_);
  if (!logs_.empty() && current_ != nullptr) {
    logs_.back().bytes = current_->FileBytes();
    closed_bytes_.fetch_add(logs_.back().bytes, std::memory_order_relaxed);
  }
  logs_.push_back({.number = number, .bytes = 0, .writer = writer});
  current_ = std::move(writer);
  log_before_ = before;
  current_bytes_.store(0, std::memory_order_relaxed);
  current_number_.store(number, std::memory_order_release);
  return Status::Ok();
}

Status WalSet::Replace(uint64_t number) {
  is_log_lost_.store(true);
  {
    MutexLock one_at_a_time(&sync_mutex_);
    MutexLock lock(&mutex_);
    for (Log& log : logs_) {
      if (log.writer == nullptr) continue;
      log.bytes = log.writer->FileBytes();
      log.writer->Close().IgnoreError("it failed before; what it held is flushed from memory");
      log.writer = nullptr;
    }
    current_ = nullptr;
  }
  return Rotate(number, 0);
}

void WalSet::AddRecovered(uint64_t number, uint64_t bytes) {
  MutexLock lock(&mutex_);
  logs_.push_back({.number = number, .bytes = bytes, .writer = nullptr});
  closed_bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

Status WalSet::Append(const Slice* records, size_t count) {
  const Status status = log_before_ ? AppendFirst(records, count) : current_->AddRecords(records, count);
  current_bytes_.store(current_->FileBytes(), std::memory_order_relaxed);
  return status;
}

// Only with the first records: an empty log must stay empty.
Status WalSet::AppendFirst(const Slice* records, size_t count) {
  const LogBefore before = *std::exchange(log_before_, std::nullopt);
  bool is_durable = true;
  {
    MutexLock lock(&mutex_);
    for (const Log& log : logs_) is_durable = is_durable && (log.number != before.number || log.writer == nullptr);
  }
  if (is_durable) return current_->AddRecords(records, count);
  const std::string first = EncodeLogBefore(BatchSeq(records[0]), before);
  std::vector<Slice> all = {first};
  all.insert(all.end(), records, records + count);
  return current_->AddRecords(all.data(), all.size());
}

Status WalSet::Flush() { return current_ == nullptr ? Status::Ok() : current_->Flush(); }

Status WalSet::Sync(SyncedLogs* synced) {
  if (is_log_lost_.load()) return Status::IoError("a log failed; what it held is not yet flushed");
  return SyncUpTo(/*with_current=*/true, synced);
}
Status WalSet::SyncClosed(SyncedLogs* synced) { return SyncUpTo(/*with_current=*/false, synced); }

// Older logs first: what is durable must be a prefix of what was written.
Status WalSet::SyncUpTo(bool with_current, SyncedLogs* synced) {
  MutexLock one_at_a_time(&sync_mutex_);
  // A name that is not durable loses the records with it. Only a log begun after this line could be missed, and that
  // clears the mark again.
  const bool syncs_directory = !is_directory_synced_.exchange(true);
  std::vector<Log> unsynced;
  {
    MutexLock lock(&mutex_);
    for (size_t i = 0; i < logs_.size(); ++i) {
      const bool is_current = i + 1 == logs_.size();
      if (logs_[i].writer != nullptr && (with_current || !is_current)) unsynced.push_back(logs_[i]);
    }
  }
  for (const Log& log : unsynced) {
    const bool is_closed = log.number != current_number();
    GNEISS_RETURN_IF_ERROR(log.writer->Sync());
    AddTicker(config_.stats, Ticker::kWalFilesSynced);
    if (!is_closed) continue;
    GNEISS_RETURN_IF_ERROR(log.writer->Close());
    if (log.bytes > 0) synced->emplace_back(log.number, log.bytes);
    MutexLock lock(&mutex_);
    for (Log& kept : logs_) {
      if (kept.number == log.number) kept.writer = nullptr;
    }
  }
  return syncs_directory ? SyncDirectory(config_.fs, dir_) : Status::Ok();
}

std::vector<uint64_t> WalSet::DropBelow(uint64_t number) {
  MutexLock one_at_a_time(&sync_mutex_);
  std::vector<uint64_t> dropped;
  std::vector<std::shared_ptr<LogWriter>> writers;
  {
    MutexLock lock(&mutex_);
    while (!logs_.empty() && logs_.front().number < number && logs_.front().number != current_number()) {
      dropped.push_back(logs_.front().number);
      closed_bytes_.fetch_sub(logs_.front().bytes, std::memory_order_relaxed);
      if (logs_.front().writer != nullptr) writers.push_back(std::move(logs_.front().writer));
      logs_.pop_front();
    }
  }
  for (const auto& writer : writers) writer->Close().IgnoreError("the log holds nothing that is still needed");
  return dropped;
}

Status WalSet::Close() {
  MutexLock one_at_a_time(&sync_mutex_);
  MutexLock lock(&mutex_);
  Status result;
  for (Log& log : logs_) {
    if (log.writer == nullptr) continue;
    const Status status = log.writer->Close();
    if (result.ok()) result = status;
    log.writer = nullptr;
  }
  current_ = nullptr;
  return result;
}

std::vector<uint64_t> WalSet::LiveNumbers() const {
  MutexLock lock(&mutex_);
  std::vector<uint64_t> numbers;
  for (const Log& log : logs_) numbers.push_back(log.number);
  return numbers;
}

uint64_t WalSet::WrittenBytes(uint64_t number) const {
  MutexLock lock(&mutex_);
  for (const Log& log : logs_) {
    if (log.number == number && log.writer != nullptr) return log.writer->FileBytes();
  }
  return UINT64_MAX;
}

uint64_t WalSet::OldestNumber() const {
  MutexLock lock(&mutex_);
  return logs_.empty() ? 0 : logs_.front().number;
}

}  // namespace gneiss
