#include "tests/disk/disk_file_system.h"

#include <mutex>
#include <set>
#include <utility>

namespace gneiss::disk {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// One slash between names, none at the end.
std::string Clean(const std::string& path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean.push_back(c);
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

// A disk, its gate, and the name that a file was opened by.
struct Place {
  std::shared_ptr<Disk> disk;
  Gate* gate;
  std::string path;

  IOStatus Enter(Call call) const {
    size_t none = 0;
    return gate->Enter(call, path, &none);
  }
};

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SequentialFile(Place place, Disk::FilePtr file) : place_(std::move(place)), file_(std::move(file)) {}
  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    *result = Slice();
    IOStatus status = place_.Enter(Call::kRead);
    if (!status.ok()) return status;
    *result = Slice(scratch, place_.disk->Read(*file_, position_, n, scratch));
    position_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t n) override {
    position_ += n;
    return IOStatus::OK();
  }

 private:
  const Place place_;
  const Disk::FilePtr file_;
  uint64_t position_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccessFile(Place place, Disk::FilePtr file) : place_(std::move(place)), file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    *result = Slice();
    IOStatus status = place_.Enter(Call::kRead);
    if (status.ok()) *result = Slice(scratch, place_.disk->Read(*file_, offset, n, scratch));
    return status;
  }

 private:
  const Place place_;
  const Disk::FilePtr file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(Place place, Disk::FilePtr file, const FileOptions& options)
      : FSWritableFile(options), place_(std::move(place)), file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    size_t bytes = data.size();
    IOStatus status = place_.gate->Enter(Call::kAppend, place_.path, &bytes);
    if (status.ok()) bytes = data.size();
    if (bytes > 0) place_.disk->Append(file_.get(), data.data(), bytes);
    return status;
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    IOStatus status = place_.Enter(Call::kTruncate);
    if (status.ok()) place_.disk->Truncate(file_.get(), size);
    return status;
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return place_.Enter(Call::kClose); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return place_.Enter(Call::kFlush); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    IOStatus status = place_.Enter(Call::kSync);
    place_.disk->Sync(file_.get(), status.ok());
    return status;
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return place_.disk->Size(*file_); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return place_.Enter(Call::kRangeSync);
  }
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return place_.Enter(Call::kAllocate);
  }

 private:
  const Place place_;
  const Disk::FilePtr file_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  explicit Directory(Place place) : place_(std::move(place)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    IOStatus status = place_.Enter(Call::kSyncDir);
    return status.ok() ? place_.disk->SyncDir(place_.path) : status;
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const Place place_;
};

struct HeldLock final : rocksdb::FileLock {
  explicit HeldLock(std::string of) : path(std::move(of)) {}
  const std::string path;
};

class DiskFileSystem final : public rocksdb::FileSystem {
 public:
  DiskFileSystem(std::shared_ptr<Disk> disk, Gate* gate) : disk_(std::move(disk)), gate_(gate) {}
  const char* Name() const override { return "DiskFileSystem"; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    return OpenForReading<SequentialFile>(name, result);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) override {
    return OpenForReading<RandomAccessFile>(name, result);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    return OpenForWriting(name, options, true, result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    return OpenForWriting(name, options, false, result);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    result->reset();
    const Place place = At(name);
    IOStatus status = place.Enter(Call::kOpenDir);
    if (status.ok() && !disk_->IsDir(place.path)) status = IOStatus::PathNotFound(name);
    if (status.ok()) *result = std::make_unique<Directory>(place);
    return status;
  }

  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kExists);
    if (!status.ok()) return status;
    return disk_->IsFile(place.path) || disk_->IsDir(place.path) ? IOStatus::OK() : IOStatus::NotFound();
  }
  IOStatus GetChildren(const std::string& name, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kList);
    return status.ok() ? disk_->List(place.path, names) : status;
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size, IODebugContext*) override {
    const Place place = At(name);
    IOStatus status = place.Enter(Call::kSize);
    Disk::FilePtr file;
    if (status.ok()) status = disk_->Open(place.path, &file);
    if (status.ok()) *size = disk_->Size(*file);
    return status;
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* seconds,
                                   IODebugContext*) override {
    *seconds = 0;
    Disk::FilePtr file;
    return disk_->Open(Clean(name), &file);
  }
  IOStatus IsDirectory(const std::string& name, const IOOptions&, bool* is_directory, IODebugContext*) override {
    *is_directory = disk_->IsDir(Clean(name));
    return *is_directory || disk_->IsFile(Clean(name)) ? IOStatus::OK() : IOStatus::PathNotFound(name);
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    const Place place = At(from);
    const IOStatus status = place.Enter(Call::kRename);
    return status.ok() ? disk_->Rename(place.path, Clean(to)) : status;
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    const Place place = At(from);
    const IOStatus status = place.Enter(Call::kLink);
    return status.ok() ? disk_->Link(place.path, Clean(to)) : status;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kRemove);
    return status.ok() ? disk_->Remove(place.path) : status;
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kCreateDir);
    return status.ok() ? disk_->CreateDir(place.path, /*may_exist=*/false) : status;
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kCreateDir);
    return status.ok() ? disk_->CreateDir(place.path, /*may_exist=*/true) : status;
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Place place = At(name);
    const IOStatus status = place.Enter(Call::kRemoveDir);
    return status.ok() ? disk_->RemoveDir(place.path) : status;
  }

  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
    *lock = nullptr;
    const Place place = At(name);
    IOStatus status = place.Enter(Call::kLock);
    Disk::FilePtr file;
    if (status.ok()) status = disk_->Create(place.path, /*truncates=*/false, &file);
    if (!status.ok()) return status;
    const std::lock_guard guard(mutex_);
    if (!held_.insert(place.path).second) return IOStatus::IOError("lock is held", name);
    *lock = new HeldLock(place.path);
    return status;
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<HeldLock> held(static_cast<HeldLock*>(lock));
    const std::lock_guard guard(mutex_);
    held_.erase(held->path);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/test";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result, IODebugContext*) override {
    *result = path;
    return IOStatus::OK();
  }

 private:
  Place At(const std::string& name) const { return {disk_, gate_, Clean(name)}; }

  template <typename Opened, typename Base>
  IOStatus OpenForReading(const std::string& name, std::unique_ptr<Base>* result) {
    result->reset();
    const Place place = At(name);
    IOStatus status = place.Enter(Call::kOpenForReading);
    Disk::FilePtr file;
    if (status.ok()) status = disk_->Open(place.path, &file);
    if (status.ok()) *result = std::make_unique<Opened>(place, std::move(file));
    return status;
  }
  IOStatus OpenForWriting(const std::string& name, const FileOptions& options, bool truncates,
                          std::unique_ptr<rocksdb::FSWritableFile>* result) {
    result->reset();
    const Place place = At(name);
    IOStatus status = place.Enter(Call::kOpenForWriting);
    Disk::FilePtr file;
    if (status.ok()) status = disk_->Create(place.path, truncates, &file);
    if (status.ok()) *result = std::make_unique<WritableFile>(place, std::move(file), options);
    return status;
  }

  const std::shared_ptr<Disk> disk_;
  Gate* const gate_;
  std::mutex mutex_;
  std::set<std::string> held_;
};

}  // namespace

const char* NameOf(Call call) {
  static const char* const kNames[] = {
      "open for reading", "open for writing", "read",     "append", "flush",  "sync",   "range sync",
      "allocate",         "truncate",         "close",    "rename", "link",   "remove", "create dir",
      "remove dir",       "open dir",         "sync dir", "list",   "exists", "size",   "lock"};
  return kNames[static_cast<size_t>(call)];
}

std::shared_ptr<rocksdb::FileSystem> NewDiskFileSystem(std::shared_ptr<Disk> disk, Gate* gate) {
  return std::make_shared<DiskFileSystem>(std::move(disk), gate);
}

}  // namespace gneiss::disk
