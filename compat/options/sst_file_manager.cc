#include "compat/options/sst_file_manager.h"

#include <rocksdb/statistics.h>

#include <algorithm>

#include "compat/options/text.h"
#include "engine/base/start_thread.h"

namespace gneiss::compat {

namespace {

using rocksdb::IOOptions;
using rocksdb::Status;

constexpr char kTrashSuffix[] = ".trash";
constexpr uint64_t kMicrosPerSecond = 1'000'000;

}  // namespace

SstFileManager::SstFileManager(Config config)
    : config_(std::move(config)),
      delete_rate_(config_.delete_bytes_per_second),
      trash_ratio_max_(config_.trash_ratio_max) {
  MutexLock lock(&mutex_);
  StartDeleter();
}

SstFileManager::~SstFileManager() {
  {
    MutexLock lock(&mutex_);
    is_stopping_ = true;
    work_or_stop_.SignalAll();
    trash_empty_.SignalAll();
  }
  if (deleter_.joinable()) deleter_.join();
}

void SstFileManager::StartDeleter() {
  if (delete_rate_ > 0 && !deleter_.joinable()) deleter_ = StartThread([this] { RunDeleter(); });
}

// ---- sizes ----

void SstFileManager::Add(const std::string& path, uint64_t size_bytes) {
  uint64_t& tracked = files_[path];
  total_bytes_ += size_bytes - tracked;
  tracked = size_bytes;
}

void SstFileManager::Remove(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  total_bytes_ -= found->second;
  files_.erase(found);
}

void SstFileManager::OnAddFile(const std::string& path, uint64_t size_bytes) {
  MutexLock lock(&mutex_);
  Add(path, size_bytes);
}

Status SstFileManager::OnAddFile(const std::string& path) {
  uint64_t size_bytes = 0;
  Status s = config_.fs->GetFileSize(path, IOOptions(), &size_bytes, nullptr);
  if (s.ok()) OnAddFile(path, size_bytes);
  return s;
}

void SstFileManager::OnDeleteFile(const std::string& path) {
  MutexLock lock(&mutex_);
  Remove(path);
}

uint64_t SstFileManager::GetTotalSize() {
  MutexLock lock(&mutex_);
  return total_bytes_;
}

std::unordered_map<std::string, uint64_t> SstFileManager::GetTrackedFiles() {
  MutexLock lock(&mutex_);
  return files_;
}

uint64_t SstFileManager::GetTotalTrashSize() {
  MutexLock lock(&mutex_);
  return trash_bytes_;
}

// ---- bounds ----

void SstFileManager::SetMaxAllowedSpaceUsage(uint64_t max_allowed_space) {
  MutexLock lock(&mutex_);
  bytes_max_ = max_allowed_space;
}

void SstFileManager::SetCompactionBufferSize(uint64_t compaction_buffer_size) {
  MutexLock lock(&mutex_);
  compaction_buffer_bytes_ = compaction_buffer_size;
}

bool SstFileManager::IsMaxAllowedSpaceReached() {
  MutexLock lock(&mutex_);
  return bytes_max_ > 0 && total_bytes_ >= bytes_max_;
}

bool SstFileManager::IsMaxAllowedSpaceReachedIncludingCompactions() {
  MutexLock lock(&mutex_);
  return bytes_max_ > 0 && total_bytes_ + reserved_bytes_ >= bytes_max_;
}

bool SstFileManager::ReserveForCompaction(uint64_t input_bytes) {
  MutexLock lock(&mutex_);
  const uint64_t needed_bytes = reserved_bytes_ + input_bytes + compaction_buffer_bytes_;
  if (bytes_max_ > 0 && needed_bytes + total_bytes_ > bytes_max_) return false;
  reserved_bytes_ += input_bytes;
  return true;
}

void SstFileManager::OnCompactionCompletion(uint64_t input_bytes) {
  MutexLock lock(&mutex_);
  reserved_bytes_ -= std::min(reserved_bytes_, input_bytes);
}

// ---- settings ----

int64_t SstFileManager::GetDeleteRateBytesPerSecond() {
  MutexLock lock(&mutex_);
  return delete_rate_;
}

void SstFileManager::SetDeleteRateBytesPerSecond(int64_t delete_rate) {
  MutexLock lock(&mutex_);
  delete_rate_ = delete_rate;
  StartDeleter();
}

double SstFileManager::GetMaxTrashDBRatio() {
  MutexLock lock(&mutex_);
  return trash_ratio_max_;
}

void SstFileManager::SetMaxTrashDBRatio(double ratio) {
  MutexLock lock(&mutex_);
  trash_ratio_max_ = ratio;
}

void SstFileManager::SetStatisticsPtr(const std::shared_ptr<rocksdb::Statistics>& stats) {
  MutexLock lock(&mutex_);
  stats_ = stats;
}

void SstFileManager::CountTicker(uint32_t ticker) {
  std::shared_ptr<rocksdb::Statistics> stats;
  {
    MutexLock lock(&mutex_);
    stats = stats_;
  }
  if (stats != nullptr) stats->recordTick(ticker, 1);
}

// ---- deletion ----

Status SstFileManager::DeleteNow(const std::string& path) {
  Status s = config_.fs->DeleteFile(path, IOOptions(), nullptr);
  if (!s.ok()) return s;
  OnDeleteFile(path);
  CountTicker(rocksdb::FILES_DELETED_IMMEDIATELY);
  return s;
}

Status SstFileManager::ScheduleFileDeletion(const std::string& path, const std::string& directory,
                                            bool must_be_background) {
  bool is_immediate = false;
  {
    MutexLock lock(&mutex_);
    const bool is_trash_full = static_cast<double>(trash_bytes_) > static_cast<double>(total_bytes_) * trash_ratio_max_;
    is_immediate = delete_rate_ <= 0 || (is_trash_full && !must_be_background);
  }
  if (is_immediate) return DeleteNow(path);

  std::string trash_path;
  Status s = MarkAsTrash(path, &trash_path);
  if (!s.ok()) {
    rocksdb::Error(config_.log, "Failed to mark %s as trash -- %s", path.c_str(), s.ToString().c_str());
    return DeleteNow(path);
  }
  uint64_t size_bytes = 0;
  if (!config_.fs->GetFileSize(trash_path, IOOptions(), &size_bytes, nullptr).ok()) size_bytes = 0;
  CountTicker(rocksdb::FILES_MARKED_TRASH);
  MutexLock lock(&mutex_);
  trash_bytes_ += size_bytes;
  trash_.push_back({trash_path, directory});
  work_or_stop_.SignalAll();
  return s;
}

// A file that is trash already keeps its name; else the first free of "x.trash", "x0.trash", "x1.trash" ...
Status SstFileManager::MarkAsTrash(const std::string& path, std::string* trash_path) {
  *trash_path = path;
  if (EndsWith(path, kTrashSuffix)) return Status::OK();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) return Status::InvalidArgument("file_path is corrupted");
  *trash_path = path + kTrashSuffix;
  Status exists = config_.fs->FileExists(*trash_path, IOOptions(), nullptr);
  for (int i = 0; exists.ok(); ++i) {
    *trash_path = path + std::to_string(i) + kTrashSuffix;
    exists = config_.fs->FileExists(*trash_path, IOOptions(), nullptr);
  }
  if (!exists.IsNotFound()) return exists;
  Status s = config_.fs->RenameFile(path, *trash_path, IOOptions(), nullptr);
  if (!s.ok()) return s;
  MutexLock lock(&mutex_);
  const auto tracked = files_.find(path);
  const uint64_t size_bytes = tracked == files_.end() ? 0 : tracked->second;
  Add(*trash_path, size_bytes);
  Remove(path);
  return s;
}

void SstFileManager::RunDeleter() {
  MutexLock lock(&mutex_);
  while (true) {
    while (trash_.empty() && !is_stopping_) work_or_stop_.Wait(&mutex_);
    if (is_stopping_) return;
    const Trash trash = trash_.front();
    uint64_t deleted_bytes = 0;
    bool is_complete = true;
    {
      MutexUnlock unlock(&mutex_);
      Status s = DeleteSome(trash, &deleted_bytes, &is_complete);
      if (!s.ok()) {
        rocksdb::Error(config_.log, "Failed to delete %s from trash -- %s", trash.path.c_str(), s.ToString().c_str());
      }
    }
    trash_bytes_ -= std::min(trash_bytes_, deleted_bytes);
    WaitAsRateAsks(deleted_bytes);
    if (is_complete) trash_.pop_front();
    if (trash_.empty()) trash_empty_.SignalAll();
  }
}

void SstFileManager::WaitAsRateAsks(uint64_t deleted_bytes) {
  if (delete_rate_ <= 0) return;
  const uint64_t end_us = config_.clock->NowMicros() +
                          static_cast<uint64_t>(static_cast<double>(deleted_bytes) * kMicrosPerSecond / delete_rate_);
  for (uint64_t now_us = config_.clock->NowMicros(); now_us < end_us && !is_stopping_;
       now_us = config_.clock->NowMicros()) {
    work_or_stop_.WaitFor(&mutex_, end_us - now_us);
  }
}

Status SstFileManager::DeleteSome(const Trash& trash, uint64_t* deleted_bytes, bool* is_complete) {
  uint64_t size_bytes = 0;
  Status s = config_.fs->GetFileSize(trash.path, IOOptions(), &size_bytes, nullptr);
  if (!s.ok()) return s;
  if (config_.delete_chunk_bytes != 0 && size_bytes > config_.delete_chunk_bytes &&
      CutTail(trash.path, size_bytes).ok()) {
    *deleted_bytes = config_.delete_chunk_bytes;
    *is_complete = false;
    return s;
  }
  s = config_.fs->DeleteFile(trash.path, IOOptions(), nullptr);
  if (!s.ok()) return s;
  *deleted_bytes = size_bytes;
  OnDeleteFile(trash.path);
  if (trash.directory.empty()) return s;
  std::unique_ptr<rocksdb::FSDirectory> directory;
  s = config_.fs->NewDirectory(trash.directory, IOOptions(), &directory, nullptr);
  return s.ok()
             ? directory->FsyncWithDirOptions(
                   IOOptions(), nullptr, rocksdb::DirFsyncOptions(rocksdb::DirFsyncOptions::FsyncReason::kFileDeleted))
             : s;
}

// Not for a file with other links: they would lose their tail too.
Status SstFileManager::CutTail(const std::string& path, uint64_t size_bytes) {
  uint64_t links = 0;
  Status s = config_.fs->NumFileLinks(path, IOOptions(), &links, nullptr);
  if (!s.ok()) return s;
  if (links != 1) return Status::NotSupported("the file has other links");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  s = config_.fs->ReopenWritableFile(path, rocksdb::FileOptions(), &file, nullptr);
  if (s.ok()) s = file->Truncate(size_bytes - config_.delete_chunk_bytes, IOOptions(), nullptr);
  if (s.ok()) s = file->Fsync(IOOptions(), nullptr);
  return s;
}

void SstFileManager::WaitForEmptyTrash() {
  MutexLock lock(&mutex_);
  while (!trash_.empty() && !is_stopping_) trash_empty_.Wait(&mutex_);
}

SstFileManager* BuiltinSstFileManager(rocksdb::SstFileManager* manager) {
  return dynamic_cast<SstFileManager*>(manager);
}

Status DeleteTrashIn(rocksdb::Env* env, SstFileManager* manager, const std::string& directory) {
  std::vector<std::string> children;
  Status s = env->GetChildren(directory, &children);
  if (!s.ok()) return s;
  for (const std::string& child : children) {
    if (!EndsWith(child, kTrashSuffix)) continue;
    const std::string path = directory + "/" + child;
    Status deleted;
    if (manager == nullptr) {
      deleted = env->DeleteFile(path);
    } else {
      deleted = manager->OnAddFile(path);
      if (deleted.ok()) deleted = manager->ScheduleFileDeletion(path, directory, /*must_be_background=*/false);
    }
    if (s.ok()) s = deleted;
  }
  return s;
}

}  // namespace gneiss::compat

namespace rocksdb {

SstFileManager* NewSstFileManager(Env* env, std::shared_ptr<FileSystem> fs, std::shared_ptr<Logger> info_log,
                                  const std::string& trash_dir, int64_t rate_bytes_per_sec, bool delete_existing_trash,
                                  Status* status, double max_trash_db_ratio, uint64_t bytes_max_delete_chunk) {
  gneiss::compat::SstFileManager::Config config;
  config.fs = std::move(fs);
  config.clock = env->GetSystemClock();
  config.log = std::move(info_log);
  config.delete_bytes_per_second = rate_bytes_per_sec;
  config.trash_ratio_max = max_trash_db_ratio;
  config.delete_chunk_bytes = bytes_max_delete_chunk;
  auto* manager = new gneiss::compat::SstFileManager(config);

  // A trash directory of an older release: everything in it goes.
  Status s;
  std::vector<std::string> children;
  if (delete_existing_trash && !trash_dir.empty()) {
    s = config.fs->GetChildren(trash_dir, IOOptions(), &children, nullptr);
  }
  for (const std::string& child : children) {
    if (child == "." || child == "..") continue;
    const std::string path = trash_dir + "/" + child;
    Status deleted = manager->OnAddFile(path);
    if (deleted.ok()) deleted = manager->ScheduleFileDeletion(path, trash_dir, /*must_be_background=*/false);
    if (s.ok()) s = deleted;
  }
  if (status != nullptr) *status = s;
  return manager;
}

SstFileManager* NewSstFileManager(Env* env, std::shared_ptr<Logger> info_log, std::string trash_dir,
                                  int64_t rate_bytes_per_sec, bool delete_existing_trash, Status* status,
                                  double max_trash_db_ratio, uint64_t bytes_max_delete_chunk) {
  return NewSstFileManager(env, env->GetFileSystem(), std::move(info_log), trash_dir, rate_bytes_per_sec,
                           delete_existing_trash, status, max_trash_db_ratio, bytes_max_delete_chunk);
}

}  // namespace rocksdb
