#include "engine/db/obsolete_files.h"

#include <algorithm>

#include "engine/base/no_memory.h"

namespace gneiss {

void ObsoleteFiles::TableUnreferenced(uint64_t number, const std::string& directory,
                                      std::unique_ptr<TableRemains> remains) {
  Add({.kind = FileKind::kTable,
       .number = number,
       .path = TableName(directory, number),
       .remains = std::move(remains)});
}

void ObsoleteFiles::BlobFileUnreferenced(uint64_t number, const std::string& path) {
  DropBadAlloc([&] { Add(FileKind::kBlob, number, path); });
}

void ObsoleteFiles::Add(FileKind kind, uint64_t number, std::string path) {
  Add({.kind = kind, .number = number, .path = std::move(path)});
}

void ObsoleteFiles::Add(Entry entry) {
  std::function<void()> schedule;
  {
    MutexLock lock(&mutex_);
    if (disabled_ == 0 || entry.remains != nullptr) schedule = schedule_;
    waiting_.push_back(std::move(entry));
  }
  if (schedule) schedule();
}

void ObsoleteFiles::SetScheduler(std::function<void()> schedule) {
  MutexLock lock(&mutex_);
  schedule_ = std::move(schedule);
}

int ObsoleteFiles::Disable() {
  MutexLock lock(&mutex_);
  return ++disabled_;
}

int ObsoleteFiles::Enable(bool force) {
  std::function<void()> schedule;
  int left = 0;
  {
    MutexLock lock(&mutex_);
    disabled_ = force ? 0 : std::max(0, disabled_ - 1);
    left = disabled_;
    if (left == 0 && !waiting_.empty()) schedule = schedule_;
  }
  if (schedule) schedule();
  return left;
}

bool ObsoleteFiles::IsEnabled() const {
  MutexLock lock(&mutex_);
  return disabled_ == 0;
}

uint64_t ObsoleteFiles::MinTableNumber() const {
  MutexLock lock(&mutex_);
  uint64_t lowest = UINT64_MAX;
  for (const Entry& entry : waiting_) {
    if (entry.kind == FileKind::kTable) lowest = std::min(lowest, entry.number);
  }
  return lowest;
}

void ObsoleteFiles::Purge() {
  DropBadAlloc([&] { BuryRemains(); });
  std::vector<Entry> entries;
  {
    MutexLock lock(&mutex_);
    if (disabled_ > 0) return;
    entries.swap(waiting_);
    ++purges_;
  }
  for (const Entry& entry : entries) DropBadAlloc([&] { Delete(entry); });
  DropBadAlloc([&] { wal_directory_->PurgeArchive(); });
  MutexLock lock(&mutex_);
  --purges_;
  purged_.SignalAll();
}

void ObsoleteFiles::BuryRemains() {
  std::vector<std::unique_ptr<TableRemains>> all;  // destroyed after the lock is given back
  MutexLock lock(&mutex_);
  all.reserve(waiting_.size());
  for (Entry& entry : waiting_) {
    if (entry.remains != nullptr) all.push_back(std::move(entry.remains));
  }
}

void ObsoleteFiles::WaitForPurge() {
  MutexLock lock(&mutex_);
  while (purges_ > 0) purged_.Wait(&mutex_);
}

// Logs elsewhere than with the tables take up space of others.
Status ObsoleteFiles::Remove(const Entry& entry) {
  const bool is_beside_tables = entry.kind != FileKind::kWal || config_.wal_dir.empty();
  const bool is_data = entry.kind == FileKind::kTable || entry.kind == FileKind::kBlob || entry.kind == FileKind::kWal;
  const bool may_take_time = config_.file_space != nullptr && is_data && is_beside_tables;
  return may_take_time ? config_.file_space->Delete(entry.path) : config_.fs->Remove(entry.path);
}

void ObsoleteFiles::Delete(const Entry& entry) {
  const bool is_archived = entry.kind == FileKind::kWal && wal_directory_->KeepsArchive();
  Status status = is_archived ? wal_directory_->Archive(entry.path, entry.number) : Remove(entry);
  if (status.IsPathNotFound() && entry.kind == FileKind::kTable) {
    // A table from LevelDB's days keeps its old name.
    status = config_.fs->Remove(entry.path.substr(0, entry.path.size() - 3) + "ldb");
  }
  if (!status.ok() && !status.IsPathNotFound()) {
    Log(config_.logger, LogLevel::kError, "Failed to delete %s: %s", entry.path.c_str(), status.ToString().c_str());
  }
  if (entry.kind == FileKind::kTable && config_.events != nullptr) {
    config_.events->OnTableFileDeleted(entry.path, entry.number, status);
  }
  if (entry.kind == FileKind::kBlob && config_.events != nullptr) {
    config_.events->OnBlobFileDeleted(entry.path, entry.number, status);
  }
}

}  // namespace gneiss
