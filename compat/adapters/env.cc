// rocksdb::Env's own functions, EnvOptions, and the destructors of the file interfaces that env.h declares.
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <rocksdb/system_clock.h>

#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "compat/adapters/composite_env.h"
#include "compat/adapters/env_as_file_system.h"
#include "compat/adapters/immutable_db_options.h"
#include "compat/adapters/mem_env.h"
#include "compat/adapters/register_factory.h"

namespace rocksdb {

namespace {

void RegisterBuiltInEnvs() {
  static std::once_flag registered;
  std::call_once(registered, [] {
    gneiss::compat::RegisterFactory<Env>(gneiss::compat::MemEnv::kClassName(),
                                         [] { return NewMemEnv(Env::Default()); });
    gneiss::compat::RegisterFactory<Env>(CompositeEnvWrapper::kClassName(),
                                         [] { return new CompositeEnvWrapper(Env::Default()); });
  });
}

// A version 4 UUID made of the standard generator's bits, for systems without /proc.
std::string MakeRandomUuid() {
  std::random_device random;
  std::string uuid = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : uuid) {
    const unsigned bits = random() & 15;
    if (c == 'x') c = "0123456789abcdef"[bits];
    if (c == 'y') c = "89ab"[bits & 3];
  }
  return uuid;
}

}  // namespace

Env::Env()
    : thread_status_updater_(nullptr),
      file_system_(gneiss::compat::NewEnvAsFileSystem(this)),
      system_clock_(gneiss::compat::NewEnvAsClock(this)) {}

Env::Env(const std::shared_ptr<FileSystem>& fs)
    : thread_status_updater_(nullptr), file_system_(fs), system_clock_(gneiss::compat::NewEnvAsClock(this)) {}

Env::Env(const std::shared_ptr<FileSystem>& fs, const std::shared_ptr<SystemClock>& clock)
    : thread_status_updater_(nullptr), file_system_(fs), system_clock_(clock) {}

Env::~Env() = default;

const std::shared_ptr<FileSystem>& Env::GetFileSystem() const { return file_system_; }
const std::shared_ptr<SystemClock>& Env::GetSystemClock() const { return system_clock_; }

Status Env::LoadEnv(const std::string& value, Env** result) { return CreateFromString(ConfigOptions(), value, result); }

Status Env::LoadEnv(const std::string& value, Env** result, std::shared_ptr<Env>* guard) {
  return CreateFromString(ConfigOptions(), value, result, guard);
}

Status Env::CreateFromString(const ConfigOptions& config_options, const std::string& value, Env** result) {
  if (value.empty() || Default()->IsInstanceOf(value)) {
    *result = Default();
    return Status::OK();
  }
  RegisterBuiltInEnvs();
  Env* env = *result;
  const Status s = gneiss::compat::LoadObject(config_options, value, &env);
  if (s.ok()) *result = env;
  return s;
}

Status Env::CreateFromString(const ConfigOptions& config_options, const std::string& value, Env** result,
                             std::shared_ptr<Env>* guard) {
  std::string id;
  std::unordered_map<std::string, std::string> options;
  Status s = Customizable::GetOptionsMap(config_options, *result, value, &id, &options);
  if (!s.ok()) return s;
  Env* env = Default();
  std::unique_ptr<Env> made;
  if (!id.empty() && !env->IsInstanceOf(id)) {
    RegisterBuiltInEnvs();
    env = *result;
    s = config_options.registry->NewObject<Env>(id, &env, &made);
  }
  if (s.ok()) {
    s = Customizable::ConfigureNewObject(config_options, env, options);
  } else if (s.IsNotSupported() && config_options.ignore_unsupported_options) {
    s = Status::OK();
  }
  if (!s.ok()) return s;
  guard->reset(made.release());
  *result = env;
  return s;
}

Status Env::CreateFromUri(const ConfigOptions& options, const std::string& env_uri, const std::string& fs_uri,
                          Env** result, std::shared_ptr<Env>* guard) {
  *result = options.env;
  if (env_uri.empty() && fs_uri.empty()) {
    guard->reset();
    return Status::OK();
  }
  if (fs_uri.empty()) return CreateFromString(options, env_uri, result, guard);
  if (!env_uri.empty()) return Status::InvalidArgument("cannot specify both fs_uri and env_uri");
  std::shared_ptr<FileSystem> fs;
  const Status s = FileSystem::CreateFromString(options, fs_uri, &fs);
  if (!s.ok()) return s;
  *guard = std::make_shared<CompositeEnvWrapper>(options.env, fs);
  *result = guard->get();
  return s;
}

Status Env::ReuseWritableFile(const std::string& fname, const std::string& old_fname,
                              std::unique_ptr<WritableFile>* result, const EnvOptions& options) {
  const Status renamed = RenameFile(old_fname, fname);
  return renamed.ok() ? NewWritableFile(fname, result, options) : renamed;
}

Status Env::GetChildrenFileAttributes(const std::string& dir, std::vector<FileAttributes>* result) {
  std::vector<std::string> names;
  const Status listed = GetChildren(dir, &names);
  if (!listed.ok()) return listed;
  result->clear();
  for (std::string& name : names) {
    const std::string path = dir + "/" + name;
    uint64_t size = 0;
    const Status sized = GetFileSize(path, &size);
    if (sized.ok()) {
      result->push_back({std::move(name), size});
    } else if (!FileExists(path).IsNotFound()) {
      return sized;
    }
  }
  return Status::OK();
}

std::string Env::PriorityToString(Priority priority) {
  switch (priority) {
    case BOTTOM:
      return "Bottom";
    case LOW:
      return "Low";
    case HIGH:
      return "High";
    case USER:
      return "User";
    case TOTAL:
      break;
  }
  return "Invalid";
}

Status Env::NewLogger(const std::string& fname, std::shared_ptr<Logger>* result) {
  return NewEnvLogger(fname, this, result);
}

Status Env::GetHostNameString(std::string* result) {
  char name[kMaxHostNameLen] = {};
  const Status s = GetHostName(name, sizeof(name) - 1);
  if (s.ok()) *result = name;
  return s;
}

std::string Env::GenerateUniqueId() {
  std::string uuid;
  std::ifstream("/proc/sys/kernel/random/uuid") >> uuid;
  return uuid.size() == 36 ? uuid : MakeRandomUuid();
}

uint64_t Env::GetThreadID() const { return std::hash<std::thread::id>()(std::this_thread::get_id()); }

EnvOptions Env::OptimizeForLogRead(const EnvOptions& env_options) const {
  EnvOptions options = env_options;
  options.use_direct_reads = false;
  return options;
}

EnvOptions Env::OptimizeForManifestRead(const EnvOptions& env_options) const {
  EnvOptions options = env_options;
  options.use_direct_reads = false;
  return options;
}

EnvOptions Env::OptimizeForLogWrite(const EnvOptions& env_options, const DBOptions& db_options) const {
  EnvOptions options = env_options;
  options.bytes_per_sync = db_options.wal_bytes_per_sync;
  options.writable_file_max_buffer_size = db_options.writable_file_max_buffer_size;
  return options;
}

EnvOptions Env::OptimizeForManifestWrite(const EnvOptions& env_options) const { return env_options; }

EnvOptions Env::OptimizeForCompactionTableWrite(const EnvOptions& env_options,
                                                const ImmutableDBOptions& db_options) const {
  EnvOptions options = env_options;
  options.use_direct_writes = db_options.use_direct_io_for_flush_and_compaction;
  return options;
}

EnvOptions Env::OptimizeForCompactionTableRead(const EnvOptions& env_options,
                                               const ImmutableDBOptions& db_options) const {
  EnvOptions options = env_options;
  options.use_direct_reads = db_options.use_direct_reads;
  return options;
}

EnvOptions Env::OptimizeForBlobFileRead(const EnvOptions& env_options, const ImmutableDBOptions& db_options) const {
  EnvOptions options = env_options;
  options.use_direct_reads = db_options.use_direct_reads;
  return options;
}

// What EnvOptions(DBOptions()) gives, without making a DBOptions.
EnvOptions::EnvOptions() : use_mmap_writes(false), random_access_max_buffer_size(1024 * 1024) {}

EnvOptions::EnvOptions(const DBOptions& options)
    : use_mmap_reads(options.allow_mmap_reads),
      use_mmap_writes(options.allow_mmap_writes),
      use_direct_reads(options.use_direct_reads),
      allow_fallocate(options.allow_fallocate),
      set_fd_cloexec(options.is_fd_close_on_exec),
      bytes_per_sync(options.bytes_per_sync),
      strict_bytes_per_sync(options.strict_bytes_per_sync),
      compaction_readahead_size(options.compaction_readahead_size),
      random_access_max_buffer_size(options.random_access_max_buffer_size),
      writable_file_max_buffer_size(options.writable_file_max_buffer_size),
      rate_limiter(options.rate_limiter.get()) {
  options.env->SanitizeEnvOptions(this);
}

SequentialFile::~SequentialFile() = default;
RandomAccessFile::~RandomAccessFile() = default;
WritableFile::~WritableFile() = default;
MemoryMappedFileBuffer::~MemoryMappedFileBuffer() = default;
FileLock::~FileLock() = default;

Status WriteStringToFile(Env* env, const Slice& data, const std::string& fname, bool should_sync) {
  return WriteStringToFile(env->GetFileSystem().get(), data, fname, should_sync);
}

Status ReadFileToString(Env* env, const std::string& fname, std::string* data) {
  return ReadFileToString(env->GetFileSystem().get(), fname, data);
}

}  // namespace rocksdb
