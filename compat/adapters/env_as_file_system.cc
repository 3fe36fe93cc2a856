#include "compat/adapters/env_as_file_system.h"

#include <utility>
#include <vector>

namespace gneiss::compat {

namespace {

using rocksdb::Env;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using rocksdb::Status;

IOStatus Io(Status status) { return rocksdb::status_to_io_status(std::move(status)); }

class SequentialFromEnv final : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialFromEnv(std::unique_ptr<rocksdb::SequentialFile> file) : file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    return Io(file_->Read(n, result, scratch));
  }
  IOStatus PositionedRead(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                          IODebugContext*) override {
    return Io(file_->PositionedRead(offset, n, result, scratch));
  }
  IOStatus Skip(uint64_t n) override { return Io(file_->Skip(n)); }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  IOStatus InvalidateCache(size_t offset, size_t length) override { return Io(file_->InvalidateCache(offset, length)); }

 private:
  const std::unique_ptr<rocksdb::SequentialFile> file_;
};

class RandomAccessFromEnv final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFromEnv(std::unique_ptr<rocksdb::RandomAccessFile> file) : file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return Io(file_->Read(offset, n, result, scratch));
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions&, IODebugContext*) override {
    std::vector<rocksdb::ReadRequest> old_style(count);
    for (size_t i = 0; i < count; ++i) {
      old_style[i].offset = requests[i].offset;
      old_style[i].len = requests[i].len;
      old_style[i].scratch = requests[i].scratch;
    }
    Status status = file_->MultiRead(old_style.data(), count);
    for (size_t i = 0; i < count; ++i) {
      requests[i].result = old_style[i].result;
      requests[i].status = Io(std::move(old_style[i].status));
    }
    return Io(std::move(status));
  }
  IOStatus Prefetch(uint64_t offset, size_t n, const IOOptions&, IODebugContext*) override {
    return Io(file_->Prefetch(offset, n));
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return file_->GetUniqueId(id, max_size); }
  void Hint(AccessPattern pattern) override {
    file_->Hint(static_cast<rocksdb::RandomAccessFile::AccessPattern>(pattern));
  }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  IOStatus InvalidateCache(size_t offset, size_t length) override { return Io(file_->InvalidateCache(offset, length)); }

 private:
  const std::unique_ptr<rocksdb::RandomAccessFile> file_;
};

class WritableFromEnv final : public rocksdb::FSWritableFile {
 public:
  explicit WritableFromEnv(std::unique_ptr<rocksdb::WritableFile> file) : file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override { return Io(file_->Append(data)); }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions&, IODebugContext*) override {
    return Io(file_->PositionedAppend(data, offset));
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions&, const rocksdb::DataVerificationInfo&,
                            IODebugContext*) override {
    return Io(file_->PositionedAppend(data, offset));
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override { return Io(file_->Truncate(size)); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return Io(file_->Close()); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return Io(file_->Flush()); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return Io(file_->Sync()); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Io(file_->Fsync()); }
  bool IsSyncThreadSafe() const override { return file_->IsSyncThreadSafe(); }
  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  void SetIOPriority(Env::IOPriority priority) override { file_->SetIOPriority(priority); }
  Env::IOPriority GetIOPriority() override { return file_->GetIOPriority(); }
  void SetWriteLifeTimeHint(Env::WriteLifeTimeHint hint) override { file_->SetWriteLifeTimeHint(hint); }
  Env::WriteLifeTimeHint GetWriteLifeTimeHint() override { return file_->GetWriteLifeTimeHint(); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->GetFileSize(); }
  void SetPreallocationBlockSize(size_t size) override { file_->SetPreallocationBlockSize(size); }
  void GetPreallocationStatus(size_t* block_size, size_t* last_allocated_block) override {
    file_->GetPreallocationStatus(block_size, last_allocated_block);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override { return file_->GetUniqueId(id, max_size); }
  IOStatus InvalidateCache(size_t offset, size_t length) override { return Io(file_->InvalidateCache(offset, length)); }
  IOStatus RangeSync(uint64_t offset, uint64_t nbytes, const IOOptions&, IODebugContext*) override {
    return Io(file_->RangeSync(offset, nbytes));
  }
  void PrepareWrite(size_t offset, size_t len, const IOOptions&, IODebugContext*) override {
    file_->PrepareWrite(offset, len);
  }
  IOStatus Allocate(uint64_t offset, uint64_t len, const IOOptions&, IODebugContext*) override {
    return Io(file_->Allocate(offset, len));
  }

 private:
  const std::unique_ptr<rocksdb::WritableFile> file_;
};

class RandomRWFromEnv final : public rocksdb::FSRandomRWFile {
 public:
  explicit RandomRWFromEnv(std::unique_ptr<rocksdb::RandomRWFile> file) : file_(std::move(file)) {}

  bool use_direct_io() const override { return file_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override { return file_->GetRequiredBufferAlignment(); }
  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions&, IODebugContext*) override {
    return Io(file_->Write(offset, data));
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return Io(file_->Read(offset, n, result, scratch));
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return Io(file_->Flush()); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return Io(file_->Sync()); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Io(file_->Fsync()); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return Io(file_->Close()); }

 private:
  const std::unique_ptr<rocksdb::RandomRWFile> file_;
};

class DirectoryFromEnv final : public rocksdb::FSDirectory {
 public:
  explicit DirectoryFromEnv(std::unique_ptr<rocksdb::Directory> directory) : directory_(std::move(directory)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Io(directory_->Fsync()); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return Io(directory_->Close()); }
  size_t GetUniqueId(char* id, size_t max_size) const override { return directory_->GetUniqueId(id, max_size); }

 private:
  const std::unique_ptr<rocksdb::Directory> directory_;
};

// Passes an opened Env file on as its FileSystem kind.
template <typename Adapter, typename EnvFile, typename FsFile>
IOStatus Wrap(Status opened, std::unique_ptr<EnvFile> file, std::unique_ptr<FsFile>* result) {
  if (opened.ok()) *result = std::make_unique<Adapter>(std::move(file));
  return Io(std::move(opened));
}

// The Env knows only the EnvOptions part; what else FileOptions says is kept.
FileOptions WithEnvPart(const FileOptions& original, const rocksdb::EnvOptions& env_part) {
  FileOptions options = original;
  static_cast<rocksdb::EnvOptions&>(options) = env_part;
  return options;
}

class EnvAsFileSystem final : public rocksdb::FileSystem {
 public:
  explicit EnvAsFileSystem(Env* env) : env_(env) {}

  const char* Name() const override { return "LegacyFileSystem"; }

  Status RegisterDbPaths(const std::vector<std::string>& paths) override { return env_->RegisterDbPaths(paths); }
  Status UnregisterDbPaths(const std::vector<std::string>& paths) override { return env_->UnregisterDbPaths(paths); }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::SequentialFile> file;
    Status opened = env_->NewSequentialFile(name, &file, options);
    return Wrap<SequentialFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::RandomAccessFile> file;
    Status opened = env_->NewRandomAccessFile(name, &file, options);
    return Wrap<RandomAccessFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::WritableFile> file;
    Status opened = env_->NewWritableFile(name, &file, options);
    return Wrap<WritableFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::WritableFile> file;
    Status opened = env_->ReopenWritableFile(name, &file, options);
    return Wrap<WritableFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::WritableFile> file;
    Status opened = env_->ReuseWritableFile(name, old_name, &file, options);
    return Wrap<WritableFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, IODebugContext*) override {
    std::unique_ptr<rocksdb::RandomRWFile> file;
    Status opened = env_->NewRandomRWFile(name, &file, options);
    return Wrap<RandomRWFromEnv>(std::move(opened), std::move(file), result);
  }
  IOStatus NewMemoryMappedFileBuffer(const std::string& name,
                                     std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result) override {
    return Io(env_->NewMemoryMappedFileBuffer(name, result));
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    std::unique_ptr<rocksdb::Directory> directory;
    Status opened = env_->NewDirectory(name, &directory);
    return Wrap<DirectoryFromEnv>(std::move(opened), std::move(directory), result);
  }

  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    return Io(env_->FileExists(name));
  }
  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    return Io(env_->GetChildren(dir, names));
  }
  IOStatus GetChildrenFileAttributes(const std::string& dir, const IOOptions&,
                                     std::vector<rocksdb::FileAttributes>* result, IODebugContext*) override {
    return Io(env_->GetChildrenFileAttributes(dir, result));
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    return Io(env_->DeleteFile(name));
  }
  IOStatus Truncate(const std::string& name, size_t size, const IOOptions&, IODebugContext*) override {
    return Io(env_->Truncate(name, size));
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return Io(env_->CreateDir(name));
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    return Io(env_->CreateDirIfMissing(name));
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return Io(env_->DeleteDir(name));
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size, IODebugContext*) override {
    return Io(env_->GetFileSize(name, size));
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    return Io(env_->GetFileModificationTime(name, time));
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result, IODebugContext*) override {
    return Io(env_->GetAbsolutePath(path, result));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return Io(env_->RenameFile(from, to));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return Io(env_->LinkFile(from, to));
  }
  IOStatus NumFileLinks(const std::string& name, const IOOptions&, uint64_t* count, IODebugContext*) override {
    return Io(env_->NumFileLinks(name, count));
  }
  IOStatus AreFilesSame(const std::string& first, const std::string& second, const IOOptions&, bool* result,
                        IODebugContext*) override {
    return Io(env_->AreFilesSame(first, second, result));
  }
  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
    return Io(env_->LockFile(name, lock));
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    return Io(env_->UnlockFile(lock));
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    return Io(env_->GetTestDirectory(path));
  }
  IOStatus NewLogger(const std::string& name, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    return Io(env_->NewLogger(name, result));
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, uint64_t* free_bytes, IODebugContext*) override {
    return Io(env_->GetFreeSpace(path, free_bytes));
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* result, IODebugContext*) override {
    return Io(env_->IsDirectory(path, result));
  }

  void SanitizeFileOptions(FileOptions* options) const override { env_->SanitizeEnvOptions(options); }
  FileOptions OptimizeForLogRead(const FileOptions& options) const override {
    return WithEnvPart(options, env_->OptimizeForLogRead(options));
  }
  FileOptions OptimizeForManifestRead(const FileOptions& options) const override {
    return WithEnvPart(options, env_->OptimizeForManifestRead(options));
  }
  FileOptions OptimizeForLogWrite(const FileOptions& options, const rocksdb::DBOptions& db_options) const override {
    return WithEnvPart(options, env_->OptimizeForLogWrite(options, db_options));
  }
  FileOptions OptimizeForManifestWrite(const FileOptions& options) const override {
    return WithEnvPart(options, env_->OptimizeForManifestWrite(options));
  }
  FileOptions OptimizeForCompactionTableWrite(const FileOptions& options,
                                              const rocksdb::ImmutableDBOptions& db_options) const override {
    return WithEnvPart(options, env_->OptimizeForCompactionTableWrite(options, db_options));
  }
  FileOptions OptimizeForCompactionTableRead(const FileOptions& options,
                                             const rocksdb::ImmutableDBOptions& db_options) const override {
    return WithEnvPart(options, env_->OptimizeForCompactionTableRead(options, db_options));
  }
  FileOptions OptimizeForBlobFileRead(const FileOptions& options,
                                      const rocksdb::ImmutableDBOptions& db_options) const override {
    return WithEnvPart(options, env_->OptimizeForBlobFileRead(options, db_options));
  }
  std::string SerializeOptions(const rocksdb::ConfigOptions&, const std::string&) const override { return ""; }

 private:
  Env* const env_;
};

class EnvAsClock final : public rocksdb::SystemClock {
 public:
  explicit EnvAsClock(Env* env) : env_(env) {}

  const char* Name() const override { return "LegacySystemClock"; }
  uint64_t NowMicros() override { return env_->NowMicros(); }
  uint64_t NowNanos() override { return env_->NowNanos(); }
  uint64_t CPUMicros() override { return env_->NowCPUNanos() / 1000; }
  uint64_t CPUNanos() override { return env_->NowCPUNanos(); }
  void SleepForMicroseconds(int micros) override { env_->SleepForMicroseconds(micros); }
  Status GetCurrentTime(int64_t* unix_time) override { return env_->GetCurrentTime(unix_time); }
  std::string TimeToString(uint64_t time) override { return env_->TimeToString(time); }
  std::string SerializeOptions(const rocksdb::ConfigOptions&, const std::string&) const override { return ""; }

 private:
  Env* const env_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> NewEnvAsFileSystem(Env* env) { return std::make_shared<EnvAsFileSystem>(env); }
std::shared_ptr<rocksdb::SystemClock> NewEnvAsClock(Env* env) { return std::make_shared<EnvAsClock>(env); }

}  // namespace gneiss::compat
