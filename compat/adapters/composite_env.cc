#include "compat/adapters/composite_env.h"

#include <utility>
#include <vector>

namespace gneiss::compat {

namespace {

using rocksdb::DBOptions;
using rocksdb::Env;
using rocksdb::EnvOptions;
using rocksdb::FileOptions;
using rocksdb::ImmutableDBOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::Slice;
using rocksdb::Status;

// What the old functions have no argument for. Options are never written to; a debug context may be, so it is fresh.
const IOOptions& DefaultIo() {
  static const IOOptions* const options = new IOOptions;
  return *options;
}

class SequentialFromFs final : public rocksdb::SequentialFile {
 public:
  explicit SequentialFromFs(std::unique_ptr<rocksdb::FSSequentialFile> file) : file_(std::move(file)) {}

  Status Read(size_t n, Slice* result, char* scratch) override {
    IODebugContext debug;
    return file_->Read(n, DefaultIo(), result, scratch, &debug);
  }
  Status PositionedRead(uint64_t offset, size_t n, Slice* result, char* scratch) override {
    IODebugContext debug;
    return file_->PositionedRead(offset, n, DefaultIo(), result, scratch, &debug);
  }
  Status Skip(uint64_t n) override { return file_->Skip(n); }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  Status InvalidateCache(size_t offset, size_t length) override { return file_->InvalidateCache(offset, length); }

 private:
  const std::unique_ptr<rocksdb::FSSequentialFile> file_;
};

class RandomAccessFromFs final : public rocksdb::RandomAccessFile {
 public:
  explicit RandomAccessFromFs(std::unique_ptr<rocksdb::FSRandomAccessFile> file) : file_(std::move(file)) {}

  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    IODebugContext debug;
    return file_->Read(offset, n, DefaultIo(), result, scratch, &debug);
  }
  Status MultiRead(rocksdb::ReadRequest* requests, size_t count) override {
    IODebugContext debug;
    std::vector<rocksdb::FSReadRequest> new_style(count);
    for (size_t i = 0; i < count; ++i) {
      new_style[i].offset = requests[i].offset;
      new_style[i].len = requests[i].len;
      new_style[i].scratch = requests[i].scratch;
    }
    const Status status = file_->MultiRead(new_style.data(), count, DefaultIo(), &debug);
    for (size_t i = 0; i < count; ++i) {
      requests[i].result = new_style[i].result;
      requests[i].status = new_style[i].status;
    }
    return status;
  }
  Status Prefetch(uint64_t offset, size_t n) override {
    IODebugContext debug;
    return file_->Prefetch(offset, n, DefaultIo(), &debug);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return file_->GetUniqueId(id, max_size); }
  void Hint(AccessPattern pattern) override {
    file_->Hint(static_cast<rocksdb::FSRandomAccessFile::AccessPattern>(pattern));
  }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  Status InvalidateCache(size_t offset, size_t length) override { return file_->InvalidateCache(offset, length); }

 private:
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
};

class WritableFromFs final : public rocksdb::WritableFile {
 public:
  explicit WritableFromFs(std::unique_ptr<rocksdb::FSWritableFile> file) : file_(std::move(file)) {}

  Status Append(const Slice& data) override {
    IODebugContext debug;
    return file_->Append(data, DefaultIo(), &debug);
  }
  Status Append(const Slice& data, const rocksdb::DataVerificationInfo& info) override {
    IODebugContext debug;
    return file_->Append(data, DefaultIo(), info, &debug);
  }
  Status PositionedAppend(const Slice& data, uint64_t offset) override {
    IODebugContext debug;
    return file_->PositionedAppend(data, offset, DefaultIo(), &debug);
  }
  Status PositionedAppend(const Slice& data, uint64_t offset, const rocksdb::DataVerificationInfo& info) override {
    IODebugContext debug;
    return file_->PositionedAppend(data, offset, DefaultIo(), info, &debug);
  }
  Status Truncate(uint64_t size) override {
    IODebugContext debug;
    return file_->Truncate(size, DefaultIo(), &debug);
  }
  Status Close() override {
    IODebugContext debug;
    return file_->Close(DefaultIo(), &debug);
  }
  Status Flush() override {
    IODebugContext debug;
    return file_->Flush(DefaultIo(), &debug);
  }
  Status Sync() override {
    IODebugContext debug;
    return file_->Sync(DefaultIo(), &debug);
  }
  Status Fsync() override {
    IODebugContext debug;
    return file_->Fsync(DefaultIo(), &debug);
  }
  bool IsSyncThreadSafe() const override { return file_->IsSyncThreadSafe(); }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  void SetIOPriority(Env::IOPriority priority) override { file_->SetIOPriority(priority); }
  Env::IOPriority GetIOPriority() override { return file_->GetIOPriority(); }
  void SetWriteLifeTimeHint(Env::WriteLifeTimeHint hint) override { file_->SetWriteLifeTimeHint(hint); }
  Env::WriteLifeTimeHint GetWriteLifeTimeHint() override { return file_->GetWriteLifeTimeHint(); }
  uint64_t GetFileSize() override {
    IODebugContext debug;
    return file_->GetFileSize(DefaultIo(), &debug);
  }
  void SetPreallocationBlockSize(size_t size) override { file_->SetPreallocationBlockSize(size); }
  void GetPreallocationStatus(size_t* block_size, size_t* last_allocated_block) override {
    file_->GetPreallocationStatus(block_size, last_allocated_block);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return file_->GetUniqueId(id, max_size); }
  Status InvalidateCache(size_t offset, size_t length) override { return file_->InvalidateCache(offset, length); }
  Status RangeSync(uint64_t offset, uint64_t nbytes) override {
    IODebugContext debug;
    return file_->RangeSync(offset, nbytes, DefaultIo(), &debug);
  }
  void PrepareWrite(size_t offset, size_t len) override {
    IODebugContext debug;
    file_->PrepareWrite(offset, len, DefaultIo(), &debug);
  }
  Status Allocate(uint64_t offset, uint64_t len) override {
    IODebugContext debug;
    return file_->Allocate(offset, len, DefaultIo(), &debug);
  }

 private:
  const std::unique_ptr<rocksdb::FSWritableFile> file_;
};

class RandomRWFromFs final : public rocksdb::RandomRWFile {
 public:
  explicit RandomRWFromFs(std::unique_ptr<rocksdb::FSRandomRWFile> file) : file_(std::move(file)) {}

  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  Status Write(uint64_t offset, const Slice& data) override {
    IODebugContext debug;
    return file_->Write(offset, data, DefaultIo(), &debug);
  }
  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    IODebugContext debug;
    return file_->Read(offset, n, DefaultIo(), result, scratch, &debug);
  }
  Status Flush() override {
    IODebugContext debug;
    return file_->Flush(DefaultIo(), &debug);
  }
  Status Sync() override {
    IODebugContext debug;
    return file_->Sync(DefaultIo(), &debug);
  }
  Status Fsync() override {
    IODebugContext debug;
    return file_->Fsync(DefaultIo(), &debug);
  }
  Status Close() override {
    IODebugContext debug;
    return file_->Close(DefaultIo(), &debug);
  }

 private:
  const std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

class DirectoryFromFs final : public rocksdb::Directory {
 public:
  explicit DirectoryFromFs(std::unique_ptr<rocksdb::FSDirectory> directory) : directory_(std::move(directory)) {}

  Status Fsync() override {
    IODebugContext debug;
    return directory_->FsyncWithDirOptions(DefaultIo(), &debug, rocksdb::DirFsyncOptions());
  }
  Status Close() override {
    IODebugContext debug;
    return directory_->Close(DefaultIo(), &debug);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return directory_->GetUniqueId(id, max_size); }

 private:
  const std::unique_ptr<rocksdb::FSDirectory> directory_;
};

// Passes an opened FileSystem file on as its Env kind.
template <typename Adapter, typename FsFile, typename EnvFile>
Status Wrap(const Status& opened, std::unique_ptr<FsFile> file, std::unique_ptr<EnvFile>* result) {
  if (opened.ok()) *result = std::make_unique<Adapter>(std::move(file));
  return opened;
}

}  // namespace

Status ComposedEnv::RegisterDbPaths(const std::vector<std::string>& paths) {
  return file_system_->RegisterDbPaths(paths);
}

Status ComposedEnv::UnregisterDbPaths(const std::vector<std::string>& paths) {
  return file_system_->UnregisterDbPaths(paths);
}

Status ComposedEnv::NewSequentialFile(const std::string& name, std::unique_ptr<rocksdb::SequentialFile>* result,
                                      const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  const Status opened = file_system_->NewSequentialFile(name, options, &file, &debug);
  return Wrap<SequentialFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::NewRandomAccessFile(const std::string& name, std::unique_ptr<rocksdb::RandomAccessFile>* result,
                                        const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  const Status opened = file_system_->NewRandomAccessFile(name, options, &file, &debug);
  return Wrap<RandomAccessFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* result,
                                    const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const Status opened = file_system_->NewWritableFile(name, options, &file, &debug);
  return Wrap<WritableFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::ReopenWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* result,
                                       const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const Status opened = file_system_->ReopenWritableFile(name, options, &file, &debug);
  return Wrap<WritableFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::ReuseWritableFile(const std::string& name, const std::string& old_name,
                                      std::unique_ptr<rocksdb::WritableFile>* result, const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const Status opened = file_system_->ReuseWritableFile(name, old_name, options, &file, &debug);
  return Wrap<WritableFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::NewRandomRWFile(const std::string& name, std::unique_ptr<rocksdb::RandomRWFile>* result,
                                    const EnvOptions& options) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  const Status opened = file_system_->NewRandomRWFile(name, options, &file, &debug);
  return Wrap<RandomRWFromFs>(opened, std::move(file), result);
}

Status ComposedEnv::NewMemoryMappedFileBuffer(const std::string& name,
                                              std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result) {
  return file_system_->NewMemoryMappedFileBuffer(name, result);
}

Status ComposedEnv::NewDirectory(const std::string& name, std::unique_ptr<rocksdb::Directory>* result) {
  IODebugContext debug;
  std::unique_ptr<rocksdb::FSDirectory> directory;
  const Status opened = file_system_->NewDirectory(name, DefaultIo(), &directory, &debug);
  return Wrap<DirectoryFromFs>(opened, std::move(directory), result);
}

Status ComposedEnv::NewLogger(const std::string& name, std::shared_ptr<rocksdb::Logger>* result) {
  IODebugContext debug;
  return file_system_->NewLogger(name, DefaultIo(), result, &debug);
}

Status ComposedEnv::FileExists(const std::string& name) {
  IODebugContext debug;
  return file_system_->FileExists(name, DefaultIo(), &debug);
}

Status ComposedEnv::GetChildren(const std::string& dir, std::vector<std::string>* names) {
  IODebugContext debug;
  return file_system_->GetChildren(dir, DefaultIo(), names, &debug);
}

Status ComposedEnv::GetChildrenFileAttributes(const std::string& dir, std::vector<FileAttributes>* result) {
  IODebugContext debug;
  return file_system_->GetChildrenFileAttributes(dir, DefaultIo(), result, &debug);
}

Status ComposedEnv::DeleteFile(const std::string& name) {
  IODebugContext debug;
  return file_system_->DeleteFile(name, DefaultIo(), &debug);
}

Status ComposedEnv::Truncate(const std::string& name, size_t size) {
  IODebugContext debug;
  return file_system_->Truncate(name, size, DefaultIo(), &debug);
}

Status ComposedEnv::CreateDir(const std::string& name) {
  IODebugContext debug;
  return file_system_->CreateDir(name, DefaultIo(), &debug);
}

Status ComposedEnv::CreateDirIfMissing(const std::string& name) {
  IODebugContext debug;
  return file_system_->CreateDirIfMissing(name, DefaultIo(), &debug);
}

Status ComposedEnv::DeleteDir(const std::string& name) {
  IODebugContext debug;
  return file_system_->DeleteDir(name, DefaultIo(), &debug);
}

Status ComposedEnv::GetFileSize(const std::string& name, uint64_t* size) {
  IODebugContext debug;
  return file_system_->GetFileSize(name, DefaultIo(), size, &debug);
}

Status ComposedEnv::GetFileModificationTime(const std::string& name, uint64_t* time) {
  IODebugContext debug;
  return file_system_->GetFileModificationTime(name, DefaultIo(), time, &debug);
}

Status ComposedEnv::RenameFile(const std::string& from, const std::string& to) {
  IODebugContext debug;
  return file_system_->RenameFile(from, to, DefaultIo(), &debug);
}

Status ComposedEnv::LinkFile(const std::string& from, const std::string& to) {
  IODebugContext debug;
  return file_system_->LinkFile(from, to, DefaultIo(), &debug);
}

Status ComposedEnv::NumFileLinks(const std::string& name, uint64_t* count) {
  IODebugContext debug;
  return file_system_->NumFileLinks(name, DefaultIo(), count, &debug);
}

Status ComposedEnv::AreFilesSame(const std::string& first, const std::string& second, bool* result) {
  IODebugContext debug;
  return file_system_->AreFilesSame(first, second, DefaultIo(), result, &debug);
}

Status ComposedEnv::LockFile(const std::string& name, rocksdb::FileLock** lock) {
  IODebugContext debug;
  return file_system_->LockFile(name, DefaultIo(), lock, &debug);
}

Status ComposedEnv::UnlockFile(rocksdb::FileLock* lock) {
  IODebugContext debug;
  return file_system_->UnlockFile(lock, DefaultIo(), &debug);
}

Status ComposedEnv::GetTestDirectory(std::string* path) {
  IODebugContext debug;
  return file_system_->GetTestDirectory(DefaultIo(), path, &debug);
}

Status ComposedEnv::GetAbsolutePath(const std::string& path, std::string* result) {
  IODebugContext debug;
  return file_system_->GetAbsolutePath(path, DefaultIo(), result, &debug);
}

Status ComposedEnv::IsDirectory(const std::string& path, bool* result) {
  IODebugContext debug;
  return file_system_->IsDirectory(path, DefaultIo(), result, &debug);
}

Status ComposedEnv::GetFreeSpace(const std::string& path, uint64_t* free_bytes) {
  IODebugContext debug;
  return file_system_->GetFreeSpace(path, DefaultIo(), free_bytes, &debug);
}

void ComposedEnv::SanitizeEnvOptions(EnvOptions* options) const {
  FileOptions file_options(*options);
  file_system_->SanitizeFileOptions(&file_options);
  *options = file_options;
}

EnvOptions ComposedEnv::OptimizeForLogRead(const EnvOptions& options) const {
  return file_system_->OptimizeForLogRead(options);
}

EnvOptions ComposedEnv::OptimizeForManifestRead(const EnvOptions& options) const {
  return file_system_->OptimizeForManifestRead(options);
}

EnvOptions ComposedEnv::OptimizeForLogWrite(const EnvOptions& options, const DBOptions& db_options) const {
  return file_system_->OptimizeForLogWrite(options, db_options);
}

EnvOptions ComposedEnv::OptimizeForManifestWrite(const EnvOptions& options) const {
  return file_system_->OptimizeForManifestWrite(options);
}

EnvOptions ComposedEnv::OptimizeForCompactionTableWrite(const EnvOptions& options,
                                                        const ImmutableDBOptions& db_options) const {
  return file_system_->OptimizeForCompactionTableWrite(options, db_options);
}

EnvOptions ComposedEnv::OptimizeForCompactionTableRead(const EnvOptions& options,
                                                       const ImmutableDBOptions& db_options) const {
  return file_system_->OptimizeForCompactionTableRead(options, db_options);
}

EnvOptions ComposedEnv::OptimizeForBlobFileRead(const EnvOptions& options, const ImmutableDBOptions& db_options) const {
  return file_system_->OptimizeForBlobFileRead(options, db_options);
}

}  // namespace gneiss::compat
