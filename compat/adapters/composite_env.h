// An Env whose files come from a FileSystem and whose time comes from a SystemClock.
//
// ComposedEnv turns the old Env functions into calls of file_system_ and system_clock_; a subclass adds the threads.
// CompositeEnvWrapper takes threads and host facts from another Env. Programs built against RocksDB make
// CompositeEnvWrapper objects themselves, so its name, constructor and size are part of the ABI.
//
// Owner:   shares the FileSystem and the clock; the wrapper owns its target when it was given a shared_ptr.
// Threads: as the FileSystem's and the clock's functions.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <memory>
#include <string>
#include <vector>

namespace gneiss::compat {

class ComposedEnv : public rocksdb::Env {
 public:
  ComposedEnv(const std::shared_ptr<rocksdb::FileSystem>& fs, const std::shared_ptr<rocksdb::SystemClock>& clock)
      : Env(fs, clock) {}

  rocksdb::Status RegisterDbPaths(const std::vector<std::string>& paths) override;
  rocksdb::Status UnregisterDbPaths(const std::vector<std::string>& paths) override;

  rocksdb::Status NewSequentialFile(const std::string& name, std::unique_ptr<rocksdb::SequentialFile>* result,
                                    const rocksdb::EnvOptions& options) override;
  rocksdb::Status NewRandomAccessFile(const std::string& name, std::unique_ptr<rocksdb::RandomAccessFile>* result,
                                      const rocksdb::EnvOptions& options) override;
  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* result,
                                  const rocksdb::EnvOptions& options) override;
  rocksdb::Status ReopenWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* result,
                                     const rocksdb::EnvOptions& options) override;
  rocksdb::Status ReuseWritableFile(const std::string& name, const std::string& old_name,
                                    std::unique_ptr<rocksdb::WritableFile>* result,
                                    const rocksdb::EnvOptions& options) override;
  rocksdb::Status NewRandomRWFile(const std::string& name, std::unique_ptr<rocksdb::RandomRWFile>* result,
                                  const rocksdb::EnvOptions& options) override;
  rocksdb::Status NewMemoryMappedFileBuffer(const std::string& name,
                                            std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* result) override;
  rocksdb::Status NewDirectory(const std::string& name, std::unique_ptr<rocksdb::Directory>* result) override;
  rocksdb::Status NewLogger(const std::string& name, std::shared_ptr<rocksdb::Logger>* result) override;

  rocksdb::Status FileExists(const std::string& name) override;
  rocksdb::Status GetChildren(const std::string& dir, std::vector<std::string>* names) override;
  rocksdb::Status GetChildrenFileAttributes(const std::string& dir, std::vector<FileAttributes>* result) override;
  rocksdb::Status DeleteFile(const std::string& name) override;
  rocksdb::Status Truncate(const std::string& name, size_t size) override;
  rocksdb::Status CreateDir(const std::string& name) override;
  rocksdb::Status CreateDirIfMissing(const std::string& name) override;
  rocksdb::Status DeleteDir(const std::string& name) override;
  rocksdb::Status GetFileSize(const std::string& name, uint64_t* size) override;
  rocksdb::Status GetFileModificationTime(const std::string& name, uint64_t* time) override;
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override;
  rocksdb::Status LinkFile(const std::string& from, const std::string& to) override;
  rocksdb::Status NumFileLinks(const std::string& name, uint64_t* count) override;
  rocksdb::Status AreFilesSame(const std::string& first, const std::string& second, bool* result) override;
  rocksdb::Status LockFile(const std::string& name, rocksdb::FileLock** lock) override;
  rocksdb::Status UnlockFile(rocksdb::FileLock* lock) override;
  rocksdb::Status GetTestDirectory(std::string* path) override;
  rocksdb::Status GetAbsolutePath(const std::string& path, std::string* result) override;
  rocksdb::Status IsDirectory(const std::string& path, bool* result) override;
  rocksdb::Status GetFreeSpace(const std::string& path, uint64_t* free_bytes) override;

  uint64_t NowMicros() override { return system_clock_->NowMicros(); }
  uint64_t NowNanos() override { return system_clock_->NowNanos(); }
  uint64_t NowCPUNanos() override { return system_clock_->CPUNanos(); }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override { return system_clock_->GetCurrentTime(unix_time); }
  std::string TimeToString(uint64_t time) override { return system_clock_->TimeToString(time); }

  void SanitizeEnvOptions(rocksdb::EnvOptions* options) const override;
  rocksdb::EnvOptions OptimizeForLogRead(const rocksdb::EnvOptions& options) const override;
  rocksdb::EnvOptions OptimizeForManifestRead(const rocksdb::EnvOptions& options) const override;
  rocksdb::EnvOptions OptimizeForLogWrite(const rocksdb::EnvOptions& options,
                                          const rocksdb::DBOptions& db_options) const override;
  rocksdb::EnvOptions OptimizeForManifestWrite(const rocksdb::EnvOptions& options) const override;
  rocksdb::EnvOptions OptimizeForCompactionTableWrite(const rocksdb::EnvOptions& options,
                                                      const rocksdb::ImmutableDBOptions& db_options) const override;
  rocksdb::EnvOptions OptimizeForCompactionTableRead(const rocksdb::EnvOptions& options,
                                                     const rocksdb::ImmutableDBOptions& db_options) const override;
  rocksdb::EnvOptions OptimizeForBlobFileRead(const rocksdb::EnvOptions& options,
                                              const rocksdb::ImmutableDBOptions& db_options) const override;
};

}  // namespace gneiss::compat

namespace rocksdb {

class CompositeEnvWrapper : public gneiss::compat::ComposedEnv {
 public:
  explicit CompositeEnvWrapper(Env* env) : CompositeEnvWrapper(env, env->GetFileSystem(), env->GetSystemClock()) {}
  CompositeEnvWrapper(Env* env, const std::shared_ptr<FileSystem>& fs)
      : CompositeEnvWrapper(env, fs, env->GetSystemClock()) {}
  CompositeEnvWrapper(Env* env, const std::shared_ptr<FileSystem>& fs, const std::shared_ptr<SystemClock>& clock);
  CompositeEnvWrapper(const std::shared_ptr<Env>& env, const std::shared_ptr<FileSystem>& fs,
                      const std::shared_ptr<SystemClock>& clock);
  ~CompositeEnvWrapper() override;

  static const char* kClassName() { return "CompositeEnv"; }
  const char* Name() const override { return kClassName(); }
  // A subclass with its own name is still a CompositeEnv.
  bool IsInstanceOf(const std::string& name) const override {
    return name == kClassName() || ComposedEnv::IsInstanceOf(name);
  }
  const Customizable* Inner() const override { return target_.env; }

  Status PrepareOptions(const ConfigOptions& options) override;
  std::string SerializeOptions(const ConfigOptions& options, const std::string& header) const override;

  Status LoadLibrary(const std::string& name, const std::string& path,
                     std::shared_ptr<DynamicLibrary>* result) override {
    return target_.env->LoadLibrary(name, path, result);
  }
  void Schedule(void (*function)(void*), void* arg, Priority pri, void* tag, void (*take_back)(void*)) override {
    target_.env->Schedule(function, arg, pri, tag, take_back);
  }
  int UnSchedule(void* tag, Priority pri) override { return target_.env->UnSchedule(tag, pri); }
  void StartThread(void (*function)(void*), void* arg) override { target_.env->StartThread(function, arg); }
  void WaitForJoin() override { target_.env->WaitForJoin(); }
  unsigned int GetThreadPoolQueueLen(Priority pri) const override { return target_.env->GetThreadPoolQueueLen(pri); }
  int ReserveThreads(int count, Priority pri) override { return target_.env->ReserveThreads(count, pri); }
  int ReleaseThreads(int count, Priority pri) override { return target_.env->ReleaseThreads(count, pri); }
  void SetBackgroundThreads(int number, Priority pri) override { target_.env->SetBackgroundThreads(number, pri); }
  int GetBackgroundThreads(Priority pri) override { return target_.env->GetBackgroundThreads(pri); }
  void IncBackgroundThreadsIfNeeded(int number, Priority pri) override {
    target_.env->IncBackgroundThreadsIfNeeded(number, pri);
  }
  void LowerThreadPoolIOPriority(Priority pool) override { target_.env->LowerThreadPoolIOPriority(pool); }
  void LowerThreadPoolCPUPriority(Priority pool) override { target_.env->LowerThreadPoolCPUPriority(pool); }
  Status LowerThreadPoolCPUPriority(Priority pool, CpuPriority pri) override {
    return target_.env->LowerThreadPoolCPUPriority(pool, pri);
  }
  Status SetAllowNonOwnerAccess(bool allow) override { return target_.env->SetAllowNonOwnerAccess(allow); }
  Status GetHostName(char* name, uint64_t len) override { return target_.env->GetHostName(name, len); }
  Status GetThreadList(std::vector<ThreadStatus>* threads) override { return target_.env->GetThreadList(threads); }
  ThreadStatusUpdater* GetThreadStatusUpdater() const override { return target_.env->GetThreadStatusUpdater(); }
  uint64_t GetThreadID() const override { return target_.env->GetThreadID(); }
  std::string GenerateUniqueId() override { return target_.env->GenerateUniqueId(); }

 private:
  EnvWrapper::Target target_;
};
static_assert(sizeof(CompositeEnvWrapper) == 96, "client programs allocate this object");

}  // namespace rocksdb
