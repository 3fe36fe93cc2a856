#include "compat/adapters/timed_env.h"

#include "compat/adapters/composite_env.h"
#include "compat/adapters/scoped_timer.h"

namespace gneiss::compat {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::PerfContext;

class TimedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit TimedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return kTimedFileSystemName; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_sequential_file_nanos);
    return target_->NewSequentialFile(name, options, result, debug);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_random_access_file_nanos);
    return target_->NewRandomAccessFile(name, options, result, debug);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_writable_file_nanos);
    return target_->NewWritableFile(name, options, result, debug);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_reuse_writable_file_nanos);
    return target_->ReuseWritableFile(name, old_name, options, result, debug);
  }
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_random_rw_file_nanos);
    return target_->NewRandomRWFile(name, options, result, debug);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_directory_nanos);
    return target_->NewDirectory(name, options, result, debug);
  }
  IOStatus FileExists(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_file_exists_nanos);
    return target_->FileExists(name, options, debug);
  }
  IOStatus GetChildren(const std::string& dir, const IOOptions& options, std::vector<std::string>* names,
                       IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_get_children_nanos);
    return target_->GetChildren(dir, options, names, debug);
  }
  IOStatus GetChildrenFileAttributes(const std::string& dir, const IOOptions& options,
                                     std::vector<rocksdb::FileAttributes>* result, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_get_children_file_attributes_nanos);
    return target_->GetChildrenFileAttributes(dir, options, result, debug);
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_delete_file_nanos);
    return target_->DeleteFile(name, options, debug);
  }
  IOStatus CreateDir(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_create_dir_nanos);
    return target_->CreateDir(name, options, debug);
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_create_dir_if_missing_nanos);
    return target_->CreateDirIfMissing(name, options, debug);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_delete_dir_nanos);
    return target_->DeleteDir(name, options, debug);
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_get_file_size_nanos);
    return target_->GetFileSize(name, options, size, debug);
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions& options, uint64_t* time,
                                   IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_get_file_modification_time_nanos);
    return target_->GetFileModificationTime(name, options, time, debug);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_rename_file_nanos);
    return target_->RenameFile(from, to, options, debug);
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_link_file_nanos);
    return target_->LinkFile(from, to, options, debug);
  }
  IOStatus LockFile(const std::string& name, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_lock_file_nanos);
    return target_->LockFile(name, options, lock, debug);
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions& options, IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_unlock_file_nanos);
    return target_->UnlockFile(lock, options, debug);
  }
  IOStatus NewLogger(const std::string& name, const IOOptions& options, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext* debug) override {
    ScopedTimer timer(&PerfContext::env_new_logger_nanos);
    return target_->NewLogger(name, options, result, debug);
  }
};

}  // namespace

std::unique_ptr<rocksdb::FileSystem> NewTimedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base) {
  return std::make_unique<TimedFileSystem>(base);
}

}  // namespace gneiss::compat

namespace rocksdb {

Env* NewTimedEnv(Env* base_env) {
  return new CompositeEnvWrapper(base_env, gneiss::compat::NewTimedFileSystem(base_env->GetFileSystem()));
}

}  // namespace rocksdb
