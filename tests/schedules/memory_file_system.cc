#include "tests/schedules/memory_file_system.h"

#include <algorithm>

#include "tests/schedules/scheduler.h"

namespace gneiss::schedules {

namespace {

void ReachFile(const void* object) {
  if (IsScheduled()) Reach(Step::kFile, object, __builtin_return_address(0));
}

Status Missing(const std::string& path) {
  return Status::Make(Status::Code::kIoError, path, "No such file or directory", Status::SubCode::kPathNotFound);
}

class Reader final : public SequentialFile, public RandomAccessFile {
 public:
  explicit Reader(MemoryFilePtr file) : file_(std::move(file)) {}
  Status Read(size_t size, Slice* result, char* scratch) override {
    GNEISS_RETURN_IF_ERROR(Read(at_, size, result, scratch));
    at_ += result->size();
    return Status::Ok();
  }
  Status Skip(uint64_t bytes) override {
    at_ += bytes;
    return Status::Ok();
  }
  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override {
    ReachFile(file_.get());
    const size_t begin = std::min<size_t>(offset, file_->bytes.size());
    *result = Slice(scratch, file_->bytes.copy(scratch, size, begin));
    return Status::Ok();
  }

 private:
  const MemoryFilePtr file_;
  uint64_t at_ = 0;
};

class Writer final : public WritableFile {
 public:
  explicit Writer(MemoryFilePtr file) : file_(std::move(file)) {}
  Status Append(Slice bytes) override {
    ReachFile(file_.get());
    file_->bytes.append(bytes);
    return Status::Ok();
  }
  // What is appended while a sync runs need not be durable after it.
  Status Sync() override {
    const size_t size = file_->bytes.size();
    ReachFile(file_.get());
    file_->durable_bytes = std::max(file_->durable_bytes, size);
    ReachFile(file_.get());
    return Status::Ok();
  }
  Status Close() override {
    ReachFile(file_.get());
    return Status::Ok();
  }
  Status Truncate(uint64_t size) override {
    ReachFile(file_.get());
    file_->bytes.resize(size);
    file_->durable_bytes = std::min<size_t>(file_->durable_bytes, size);
    return Status::Ok();
  }

 private:
  const MemoryFilePtr file_;
};

class NamedDirectory final : public Directory {
  Status Sync() override {
    ReachFile(this);
    return Status::Ok();
  }
};
class NoLock final : public FileLock {};

}  // namespace

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::AfterPowerCut() const { return Copy(true); }
std::unique_ptr<MemoryFileSystem> MemoryFileSystem::AfterKill() const { return Copy(false); }

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::Copy(bool is_power_cut) const {
  auto left = std::make_unique<MemoryFileSystem>();
  left->directories_ = directories_;
  for (const auto& [path, file] : files_) {
    const auto copied = std::make_shared<MemoryFile>(*file);
    if (is_power_cut) copied->bytes.resize(copied->durable_bytes);
    left->files_[path] = copied;
  }
  return left;
}

Status MemoryFileSystem::Find(const std::string& path, MemoryFilePtr* file) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return Missing(path);
  *file = found->second;
  return Status::Ok();
}

Status MemoryFileSystem::OpenSequential(const std::string& path, std::unique_ptr<SequentialFile>* file) {
  ReachFile(nullptr);
  MemoryFilePtr found;
  GNEISS_RETURN_IF_ERROR(Find(path, &found));
  *file = std::make_unique<Reader>(std::move(found));
  return Status::Ok();
}

Status MemoryFileSystem::OpenRandomAccess(const std::string& path, const FileOptions& /*options*/,
                                          std::unique_ptr<RandomAccessFile>* file) {
  ReachFile(nullptr);
  MemoryFilePtr found;
  GNEISS_RETURN_IF_ERROR(Find(path, &found));
  *file = std::make_unique<Reader>(std::move(found));
  return Status::Ok();
}

Status MemoryFileSystem::Create(const std::string& path, const FileOptions& /*options*/,
                                std::unique_ptr<WritableFile>* file) {
  ReachFile(nullptr);
  MemoryFilePtr& made = files_[path];
  made = std::make_shared<MemoryFile>();
  *file = std::make_unique<Writer>(made);
  return Status::Ok();
}

Status MemoryFileSystem::Reopen(const std::string& path, const FileOptions& /*options*/,
                                std::unique_ptr<WritableFile>* file) {
  ReachFile(nullptr);
  MemoryFilePtr& found = files_[path];
  if (found == nullptr) found = std::make_shared<MemoryFile>();
  *file = std::make_unique<Writer>(found);
  return Status::Ok();
}

Status MemoryFileSystem::Reuse(const std::string& path, const std::string& /*old_path*/,
                               std::unique_ptr<WritableFile>* /*file*/) {
  return Status::NotSupported("Reusing a file", path);
}

Status MemoryFileSystem::OpenDirectory(const std::string& /*path*/, std::unique_ptr<Directory>* directory) {
  *directory = std::make_unique<NamedDirectory>();
  return Status::Ok();
}

Status MemoryFileSystem::FileExists(const std::string& path) {
  ReachFile(nullptr);
  return files_.contains(path) || directories_.contains(path) ? Status::Ok() : Status::NotFound(path);
}

Status MemoryFileSystem::List(const std::string& directory, std::vector<std::string>* names) {
  ReachFile(nullptr);
  names->clear();
  for (const auto& [path, file] : files_) {
    if (path.starts_with(directory + "/")) names->push_back(path.substr(directory.size() + 1));
  }
  return directories_.contains(directory) ? Status::Ok() : Missing(directory);
}

Status MemoryFileSystem::Remove(const std::string& path) {
  ReachFile(nullptr);
  return files_.erase(path) == 1 ? Status::Ok() : Missing(path);
}

Status MemoryFileSystem::CreateDir(const std::string& path) { return CreateDirIfMissing(path); }
Status MemoryFileSystem::CreateDirIfMissing(const std::string& path) {
  directories_.insert(path);
  return Status::Ok();
}
Status MemoryFileSystem::RemoveDir(const std::string& path) {
  directories_.erase(path);
  return Status::Ok();
}

Status MemoryFileSystem::FileSize(const std::string& path, uint64_t* size) {
  ReachFile(nullptr);
  MemoryFilePtr found;
  GNEISS_RETURN_IF_ERROR(Find(path, &found));
  *size = found->bytes.size();
  return Status::Ok();
}

Status MemoryFileSystem::ModifiedUnixSeconds(const std::string& path, uint64_t* seconds) {
  *seconds = 0;
  return FileExists(path);
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  ReachFile(nullptr);
  const auto found = files_.find(from);
  if (found == files_.end()) return Missing(from);
  files_[to] = found->second;
  files_.erase(from);
  return Status::Ok();
}

Status MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  ReachFile(nullptr);
  MemoryFilePtr found;
  GNEISS_RETURN_IF_ERROR(Find(from, &found));
  files_[to] = found;
  return Status::Ok();
}

Status MemoryFileSystem::Lock(const std::string& path, std::unique_ptr<FileLock>* lock) {
  files_.try_emplace(path, std::make_shared<MemoryFile>());
  *lock = std::make_unique<NoLock>();
  return Status::Ok();
}

}  // namespace gneiss::schedules
