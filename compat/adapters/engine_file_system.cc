#include "compat/adapters/engine_file_system.h"

#include <utility>

#include "compat/adapters/aligned_io.h"
#include "compat/adapters/immutable_db_options.h"
#include "compat/status_map.h"
#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/mutex.h"
#include "engine/base/perf.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

// An error that a user's file system calls retryable, or that is about one file which need not be written to again, is
// no more than a soft one; lost data is for good. A lack of space is known by its sub-code.
static Status ToEngine(const rocksdb::IOStatus& status) {
  if (status.ok()) return Status::Ok();
  const bool is_about_a_file = status.GetScope() == rocksdb::IOStatus::kIOErrorScopeFile;
  Status error = ToEngineError(status);
  if (status.GetDataLoss() && !is_about_a_file)
    return std::move(error).WithSeverity(Status::Severity::kUnrecoverableError);
  if (error.IsNoSpace() || !(is_about_a_file || status.GetRetryable())) return error;
  return std::move(error).WithSeverity(Status::Severity::kSoftError);
}

namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

class UserSequentialFile final : public gneiss::SequentialFile {
 public:
  explicit UserSequentialFile(std::unique_ptr<rocksdb::FSSequentialFile> file) : file_(std::move(file)) {}

  Status Read(size_t size, Slice* result, char* scratch) override {
    rocksdb::Slice got;
    const IOStatus status = file_->use_direct_io() ? ReadAligned(size, &got, scratch)
                                                   : file_->Read(size, IOOptions(), &got, scratch, nullptr);
    *result = ToEngine(got);
    position_ += got.size();
    return ToEngine(status);
  }
  Status Skip(uint64_t bytes) override {
    position_ += bytes;
    return file_->use_direct_io() ? Status::Ok() : ToEngine(file_->Skip(bytes));
  }

 private:
  IOStatus ReadAligned(size_t size, rocksdb::Slice* got, char* scratch) {
    const auto read = [this](uint64_t offset, size_t n, rocksdb::Slice* piece, char* buffer) {
      return file_->PositionedRead(offset, n, IOOptions(), piece, buffer, nullptr);
    };
    return AlignedRead(read, file_->GetRequiredBufferAlignment(), position_, size, got, scratch);
  }

  const std::unique_ptr<rocksdb::FSSequentialFile> file_;
  uint64_t position_ = 0;
};

class UserRandomAccessFile final : public gneiss::RandomAccessFile {
 public:
  explicit UserRandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : file_(std::move(file)), is_direct_(file_->use_direct_io()) {}

  Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override {
    const IoTimer timer(&IoCounters::read_nanos);
    rocksdb::Slice got;
    const IOStatus status = is_direct_ ? ReadAligned(offset, size, &got, scratch)
                                       : file_->Read(offset, size, IOOptions(), &got, scratch, nullptr);
    CountBytesRead(got.size());
    *result = ToEngine(got);
    return ToEngine(status);
  }
  // A file that cannot read ahead says NotSupported, which is no error to the engine.
  Status Prefetch(uint64_t offset, size_t size) override {
    const IOStatus status = file_->Prefetch(offset, size, IOOptions(), nullptr);
    return status.IsNotSupported() ? Status::Ok() : ToEngine(status);
  }
  void Hint(AccessPattern pattern) override {
    file_->Hint(static_cast<rocksdb::FSRandomAccessFile::AccessPattern>(pattern));
  }

 private:
  IOStatus ReadAligned(uint64_t offset, size_t size, rocksdb::Slice* got, char* scratch) const {
    const auto read = [this](uint64_t from, size_t n, rocksdb::Slice* piece, char* buffer) {
      return file_->Read(from, n, IOOptions(), piece, buffer, nullptr);
    };
    return AlignedRead(read, file_->GetRequiredBufferAlignment(), offset, size, got, scratch);
  }

  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  const bool is_direct_;
};

// How one kind of file is to be written.
struct WriteRules {
  bool flushes_every_append = false;  // logs: a record must not wait in the user's buffer
  bool hands_off_checksum = false;
  bool uses_fsync = false;
};

// The engine syncs a log while it appends to it. A user's file that does not say that this is safe is given one call at
// a time.
class UserWritableFile final : public gneiss::WritableFile {
 public:
  UserWritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, const WriteRules& rules)
      : file_(std::move(file)),
        rules_(rules),
        is_direct_(file_->use_direct_io()),
        syncs_beside_appends_(!is_direct_ && rules.flushes_every_append && file_->IsSyncThreadSafe()) {
    if (is_direct_) aligned_ = std::make_unique<AlignedWriter>(file_.get());
  }

  Status Append(Slice bytes) override {
    const IoTimer timer(&IoCounters::write_nanos);
    MutexLock lock(&mutex_);
    CountBytesWritten(bytes.size());
    IOStatus status = is_direct_ ? aligned_->Append(bytes) : AppendPlainly(bytes);
    if (status.ok() && rules_.flushes_every_append) status = FlushBuffers();
    return ToEngine(status);
  }
  Status Sync() override {
    const IoTimer timer(&IoCounters::fsync_nanos);
    if (syncs_beside_appends_) return ToEngine(SyncFile());
    MutexLock lock(&mutex_);
    const IOStatus flushed = FlushBuffers();
    return ToEngine(flushed.ok() ? SyncFile() : flushed);
  }
  Status Close() override {
    MutexLock lock(&mutex_);
    IOStatus status = is_direct_ ? aligned_->Finish() : IOStatus::OK();
    if (status.ok()) status = file_->Flush(IOOptions(), nullptr);
    const IOStatus closed = file_->Close(IOOptions(), nullptr);
    return ToEngine(status.ok() ? closed : status);
  }
  Status Truncate(uint64_t size) override {
    if (is_direct_) return Status::NotSupported("Truncate of a file that is written with direct I/O");
    MutexLock lock(&mutex_);
    return ToEngine(file_->Truncate(size, IOOptions(), nullptr));
  }
  Status RangeSync(uint64_t offset, uint64_t size) override {
    MutexLock lock(&mutex_);
    const IOStatus flushed = FlushBuffers();
    return ToEngine(flushed.ok() ? file_->RangeSync(offset, size, IOOptions(), nullptr) : flushed);
  }
  // Only a hint: a file system that cannot allocate ahead takes the bytes as they come.
  Status Allocate(uint64_t offset, uint64_t size) override {
    MutexLock lock(&mutex_);
    file_->Allocate(offset, size, IOOptions(), nullptr).PermitUncheckedError();
    return Status::Ok();
  }

 private:
  IOStatus AppendPlainly(Slice bytes) {
    if (!rules_.hands_off_checksum) return file_->Append(ToRocks(bytes), IOOptions(), nullptr);
    std::string checksum;
    PutU32(&checksum, Crc32c(bytes));
    const rocksdb::DataVerificationInfo info{checksum};
    return file_->Append(ToRocks(bytes), IOOptions(), info, nullptr);
  }
  IOStatus FlushBuffers() REQUIRES(mutex_) {
    const IOStatus status = is_direct_ ? aligned_->WriteTail() : IOStatus::OK();
    return status.ok() ? file_->Flush(IOOptions(), nullptr) : status;
  }
  IOStatus SyncFile() {
    return rules_.uses_fsync ? file_->Fsync(IOOptions(), nullptr) : file_->Sync(IOOptions(), nullptr);
  }

  const std::unique_ptr<rocksdb::FSWritableFile> file_;
  const WriteRules rules_;
  const bool is_direct_;
  const bool syncs_beside_appends_;
  Mutex mutex_;
  std::unique_ptr<AlignedWriter> aligned_ PT_GUARDED_BY(mutex_);  // for direct I/O
};

class UserDirectory final : public gneiss::Directory {
 public:
  explicit UserDirectory(std::unique_ptr<rocksdb::FSDirectory> directory) : directory_(std::move(directory)) {}
  ~UserDirectory() override { directory_->Close(IOOptions(), nullptr).PermitUncheckedError(); }

  Status Sync() override {
    return ToEngine(directory_->FsyncWithDirOptions(IOOptions(), nullptr, rocksdb::DirFsyncOptions()));
  }

 private:
  const std::unique_ptr<rocksdb::FSDirectory> directory_;
};

class UserLock final : public gneiss::FileLock {
 public:
  explicit UserLock(std::shared_ptr<rocksdb::FileSystem> fs) : fs_(std::move(fs)) {}
  ~UserLock() override {
    if (lock_ != nullptr) fs_->UnlockFile(lock_, IOOptions(), nullptr).PermitUncheckedError();
  }
  IOStatus Acquire(const std::string& path) { return fs_->LockFile(path, IOOptions(), &lock_, nullptr); }

 private:
  const std::shared_ptr<rocksdb::FileSystem> fs_;
  rocksdb::FileLock* lock_ = nullptr;
};

FileKind KindOf(const std::string& path) {
  uint64_t number = 0;
  FileKind kind = FileKind::kTemp;
  const Slice name = Slice(path).substr(path.rfind('/') + 1);
  return ParseFileName(name, &number, &kind) ? kind : FileKind::kTemp;
}

class EngineFileSystem final : public gneiss::FileSystem {
 public:
  EngineFileSystem(std::shared_ptr<rocksdb::FileSystem> fs, const rocksdb::DBOptions& options)
      : fs_(std::move(fs)),
        options_(options),
        immutable_options_{options.use_direct_reads, options.use_direct_io_for_flush_and_compaction},
        file_options_(options) {}

  Status OpenSequential(const std::string& path, std::unique_ptr<SequentialFile>* file) override {
    std::unique_ptr<rocksdb::FSSequentialFile> opened;
    const IOStatus status = fs_->NewSequentialFile(path, SequentialOptions(KindOf(path)), &opened, nullptr);
    if (status.ok()) *file = std::make_unique<UserSequentialFile>(std::move(opened));
    return ToEngine(status);
  }
  Status OpenRandomAccess(const std::string& path, const FileOptions& options,
                          std::unique_ptr<RandomAccessFile>* file) override {
    rocksdb::FileOptions file_options = file_options_;
    file_options.use_direct_reads = options.use_direct_reads;
    file_options.use_mmap_reads = options.use_mmap_reads;
    std::unique_ptr<rocksdb::FSRandomAccessFile> opened;
    const IOStatus status = fs_->NewRandomAccessFile(path, file_options, &opened, nullptr);
    if (status.ok()) *file = std::make_unique<UserRandomAccessFile>(std::move(opened));
    return ToEngine(status);
  }
  Status Create(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override {
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    const IOStatus status = fs_->NewWritableFile(path, WritableOptions(KindOf(path), options), &opened, nullptr);
    return Wrap(status, path, std::move(opened), file);
  }
  Status Reopen(const std::string& path, const FileOptions& options, std::unique_ptr<WritableFile>* file) override {
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    const IOStatus status = fs_->ReopenWritableFile(path, WritableOptions(KindOf(path), options), &opened, nullptr);
    // The bytes of the last block that is not full would have to be read back first.
    if (status.ok() && opened->use_direct_io()) return Status::NotSupported("Reopening a file for direct I/O", path);
    return Wrap(status, path, std::move(opened), file);
  }
  Status Reuse(const std::string& path, const std::string& old_path, std::unique_ptr<WritableFile>* file) override {
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    const IOStatus status = fs_->ReuseWritableFile(path, old_path, WritableOptions(KindOf(path), {}), &opened, nullptr);
    return Wrap(status, path, std::move(opened), file);
  }
  Status OpenDirectory(const std::string& path, std::unique_ptr<Directory>* directory) override {
    std::unique_ptr<rocksdb::FSDirectory> opened;
    const IOStatus status = fs_->NewDirectory(path, IOOptions(), &opened, nullptr);
    if (status.ok()) *directory = std::make_unique<UserDirectory>(std::move(opened));
    return ToEngine(status);
  }

  Status FileExists(const std::string& path) override { return ToEngine(fs_->FileExists(path, IOOptions(), nullptr)); }
  Status List(const std::string& directory, std::vector<std::string>* names) override {
    const IOStatus status = fs_->GetChildren(directory, IOOptions(), names, nullptr);
    std::erase_if(*names, [](const std::string& name) { return name == "." || name == ".."; });
    return ToEngine(status);
  }
  Status Remove(const std::string& path) override { return ToEngine(fs_->DeleteFile(path, IOOptions(), nullptr)); }
  Status CreateDir(const std::string& path) override { return ToEngine(fs_->CreateDir(path, IOOptions(), nullptr)); }
  Status CreateDirIfMissing(const std::string& path) override {
    return ToEngine(fs_->CreateDirIfMissing(path, IOOptions(), nullptr));
  }
  Status RemoveDir(const std::string& path) override { return ToEngine(fs_->DeleteDir(path, IOOptions(), nullptr)); }
  Status FileSize(const std::string& path, uint64_t* size) override {
    return ToEngine(fs_->GetFileSize(path, IOOptions(), size, nullptr));
  }
  Status ModifiedUnixSeconds(const std::string& path, uint64_t* seconds) override {
    return ToEngine(fs_->GetFileModificationTime(path, IOOptions(), seconds, nullptr));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return ToEngine(fs_->RenameFile(from, to, IOOptions(), nullptr));
  }
  Status Link(const std::string& from, const std::string& to) override {
    return ToEngine(fs_->LinkFile(from, to, IOOptions(), nullptr));
  }
  Status Overwrite(const std::string& path, uint64_t offset, Slice bytes) override {
    std::unique_ptr<rocksdb::FSRandomRWFile> file;
    IOStatus status = fs_->NewRandomRWFile(path, file_options_, &file, nullptr);
    if (status.ok()) status = file->Write(offset, ToRocks(bytes), IOOptions(), nullptr);
    if (status.ok()) status = file->Sync(IOOptions(), nullptr);
    if (status.ok()) status = file->Close(IOOptions(), nullptr);
    return ToEngine(status);
  }
  Status Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override {
    auto held = std::make_unique<UserLock>(fs_);
    const IOStatus status = held->Acquire(path);
    if (status.ok()) *lock = std::move(held);
    return ToEngine(status);
  }

 private:
  rocksdb::FileOptions SequentialOptions(FileKind kind) const {
    if (kind == FileKind::kWal) return fs_->OptimizeForLogRead(file_options_);
    if (kind == FileKind::kManifest) return fs_->OptimizeForManifestRead(file_options_);
    return file_options_;
  }

  rocksdb::FileOptions WritableOptions(FileKind kind, const FileOptions& asked) const {
    rocksdb::FileOptions options = file_options_;
    options.use_mmap_writes = asked.use_mmap_writes;
    options.use_direct_writes = asked.use_direct_writes;
    if (kind == FileKind::kWal) return fs_->OptimizeForLogWrite(options, options_);
    if (kind == FileKind::kManifest) return fs_->OptimizeForManifestWrite(options);
    if (kind == FileKind::kTable || kind == FileKind::kBlob) {
      return fs_->OptimizeForCompactionTableWrite(options, immutable_options_);
    }
    return options;
  }

  Status Wrap(const IOStatus& status, const std::string& path, std::unique_ptr<rocksdb::FSWritableFile> opened,
              std::unique_ptr<WritableFile>* file) {
    if (!status.ok()) return ToEngine(status);
    const FileKind kind = KindOf(path);
    // FileKind has rocksdb::FileType's order.
    const auto file_type = static_cast<rocksdb::FileType>(kind);
    const WriteRules rules{
        .flushes_every_append = kind == FileKind::kWal || kind == FileKind::kManifest,
        .hands_off_checksum = options_.checksum_handoff_file_types.Contains(file_type),
        .uses_fsync = options_.use_fsync,
    };
    *file = std::make_unique<UserWritableFile>(std::move(opened), rules);
    return Status::Ok();
  }

  const std::shared_ptr<rocksdb::FileSystem> fs_;
  rocksdb::DBOptions options_;  // FileTypeSet::Contains is not const
  const rocksdb::ImmutableDBOptions immutable_options_;
  const rocksdb::FileOptions file_options_;
};

}  // namespace

std::unique_ptr<gneiss::FileSystem> NewEngineFileSystem(const std::shared_ptr<rocksdb::FileSystem>& fs,
                                                        const rocksdb::DBOptions& options) {
  if (fs == rocksdb::FileSystem::Default()) return nullptr;
  return std::make_unique<EngineFileSystem>(fs, options);
}

}  // namespace gneiss::compat
