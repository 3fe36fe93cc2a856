#include "tests/disk/disk.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace gneiss::disk {

using rocksdb::IOStatus;
using Kind = Operation::Kind;

namespace {
IOStatus Missing(const std::string& path) { return IOStatus::PathNotFound(path, "No such file or directory"); }
}  // namespace

void WriteImage(const Image& image, const std::string& root) {
  for (const std::string& directory : image.directories) std::filesystem::create_directories(root + directory);
  for (const auto& [path, bytes] : image.files) {
    std::ofstream out(root + path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
}

// The trace begins with the image, durable, so that a trace alone is enough to build the disk again.
Disk::Disk(const Image& image) : directories_(image.directories) {
  directories_.insert("/");
  for (const std::string& path : directories_) Record(Kind::kCreateDir, 0, 0, {}, path);
  for (const auto& [path, bytes] : image.files) {
    auto file = std::make_shared<File>(File{next_number_++, bytes});
    Record(Kind::kCreate, file->number, 0, {}, path);
    Record(Kind::kWrite, file->number, 0, bytes, path);
    Record(Kind::kSync, file->number, 0, {}, path);
    files_[path] = std::move(file);
  }
  for (const std::string& path : directories_) Record(Kind::kSyncDir, 0, 0, {}, path);
}

IOStatus Disk::Create(const std::string& path, bool truncates, FilePtr* file) {
  const std::lock_guard lock(mutex_);
  if (directories_.count(DirectoryOf(path)) == 0) return Missing(path);
  FilePtr& named = files_[path];
  if (named == nullptr) {
    named = std::make_shared<File>(File{next_number_++, {}});
    Record(Kind::kCreate, named->number, 0, {}, path);
  } else if (truncates && !named->bytes.empty()) {
    named->bytes.clear();
    Record(Kind::kTruncate, named->number, 0, {}, path);
  }
  *file = named;
  return IOStatus::OK();
}

IOStatus Disk::Open(const std::string& path, FilePtr* file) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return Missing(path);
  *file = found->second;
  return IOStatus::OK();
}

void Disk::Append(File* file, const char* bytes, size_t size) {
  const std::lock_guard lock(mutex_);
  Record(Kind::kWrite, file->number, file->bytes.size(), std::string(bytes, size), {});
  file->bytes.append(bytes, size);
}

void Disk::WriteAt(File* file, uint64_t offset, const char* bytes, size_t size) {
  const std::lock_guard lock(mutex_);
  Record(Kind::kWrite, file->number, offset, std::string(bytes, size), {});
  if (file->bytes.size() < offset + size) file->bytes.resize(offset + size);
  std::memcpy(file->bytes.data() + offset, bytes, size);
}

void Disk::Truncate(File* file, uint64_t size) {
  const std::lock_guard lock(mutex_);
  Record(Kind::kTruncate, file->number, size, {}, {});
  file->bytes.resize(size);
}

void Disk::Sync(File* file, bool succeeds) {
  const std::lock_guard lock(mutex_);
  Record(succeeds ? Kind::kSync : Kind::kFailedSync, file->number, 0, {}, {});
}

size_t Disk::Read(const File& file, uint64_t offset, size_t size, char* to) const {
  const std::lock_guard lock(mutex_);
  if (offset >= file.bytes.size()) return 0;
  size = std::min<size_t>(size, file.bytes.size() - offset);
  std::memcpy(to, file.bytes.data() + offset, size);
  return size;
}

uint64_t Disk::Size(const File& file) const {
  const std::lock_guard lock(mutex_);
  return file.bytes.size();
}

IOStatus Disk::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(from);
  if (found == files_.end() || directories_.count(DirectoryOf(to)) == 0) return Missing(from);
  const FilePtr file = found->second;
  files_.erase(found);
  files_[to] = file;
  Record(Kind::kRename, file->number, 0, {}, from, to);
  return IOStatus::OK();
}

IOStatus Disk::Link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(from);
  if (found == files_.end() || directories_.count(DirectoryOf(to)) == 0) return Missing(from);
  if (files_.count(to) != 0) return IOStatus::IOError(to, "File exists");
  files_[to] = found->second;
  Record(Kind::kLink, found->second->number, 0, {}, from, to);
  return IOStatus::OK();
}

IOStatus Disk::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return Missing(path);
  Record(Kind::kRemove, found->second->number, 0, {}, path);
  files_.erase(found);
  return IOStatus::OK();
}

IOStatus Disk::CreateDir(const std::string& path, bool may_exist) {
  const std::lock_guard lock(mutex_);
  if (directories_.count(path) != 0) return may_exist ? IOStatus::OK() : IOStatus::IOError(path, "File exists");
  if (directories_.count(DirectoryOf(path)) == 0) return Missing(path);
  directories_.insert(path);
  Record(Kind::kCreateDir, 0, 0, {}, path);
  return IOStatus::OK();
}

IOStatus Disk::RemoveDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (directories_.erase(path) == 0) return Missing(path);
  Record(Kind::kRemoveDir, 0, 0, {}, path);
  return IOStatus::OK();
}

IOStatus Disk::SyncDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (directories_.count(path) == 0) return Missing(path);
  Record(Kind::kSyncDir, 0, 0, {}, path);
  return IOStatus::OK();
}

bool Disk::IsFile(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return files_.count(path) != 0;
}

bool Disk::IsDir(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return directories_.count(path) != 0;
}

IOStatus Disk::List(const std::string& directory, std::vector<std::string>* names) const {
  const std::lock_guard lock(mutex_);
  names->clear();
  if (directories_.count(directory) == 0) return Missing(directory);
  const auto add = [&](const std::string& path) {
    if (path != "/" && DirectoryOf(path) == directory) names->push_back(path.substr(path.rfind('/') + 1));
  };
  for (const auto& [path, file] : files_) add(path);
  for (const std::string& path : directories_) add(path);
  return IOStatus::OK();
}

size_t Disk::TraceSize() const {
  const std::lock_guard lock(mutex_);
  return trace_.size();
}

Trace Disk::TakeTrace() {
  const std::lock_guard lock(mutex_);
  return std::move(trace_);
}

Image Disk::Now() const {
  const std::lock_guard lock(mutex_);
  Image image;
  image.directories = directories_;
  for (const auto& [path, file] : files_) image.files[path] = file->bytes;
  return image;
}

}  // namespace gneiss::disk
