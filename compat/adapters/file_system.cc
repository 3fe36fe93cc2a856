// rocksdb::FileSystem's own functions, and the helpers that read and write whole files.
#include <rocksdb/file_system.h>
#include <rocksdb/options.h>

#include <mutex>

#include "compat/adapters/file_logger.h"
#include "compat/adapters/immutable_db_options.h"
#include "compat/adapters/mem_env.h"
#include "compat/adapters/posix_file_system.h"
#include "compat/adapters/register_factory.h"
#include "compat/adapters/timed_env.h"

namespace rocksdb {

namespace {

void RegisterBuiltInFileSystems() {
  static std::once_flag registered;
  std::call_once(registered, [] {
    using gneiss::compat::RegisterFactory;
    RegisterFactory<FileSystem>(gneiss::compat::kTimedFileSystemName,
                                [] { return gneiss::compat::NewTimedFileSystem(nullptr).release(); });
    RegisterFactory<FileSystem>(gneiss::compat::kMemFileSystemName,
                                [] { return gneiss::compat::NewMemFileSystem(SystemClock::Default()).release(); });
    ObjectLibrary::Default()->AddFactory<FileSystem>(
        ObjectLibrary::PatternEntry("posix").AddSeparator("://", false),
        [](const std::string& /*uri*/, std::unique_ptr<FileSystem>* guard, std::string* /*error*/) {
          *guard = gneiss::compat::NewPosixFileSystem();
          return guard->get();
        });
  });
}

}  // namespace

FileSystem::FileSystem() = default;
FileSystem::~FileSystem() = default;

Status FileSystem::Load(const std::string& value, std::shared_ptr<FileSystem>* result) {
  return CreateFromString(ConfigOptions(), value, result);
}

Status FileSystem::CreateFromString(const ConfigOptions& options, const std::string& value,
                                    std::shared_ptr<FileSystem>* result) {
  if (Default()->IsInstanceOf(value)) {
    *result = Default();
    return Status::OK();
  }
  RegisterBuiltInFileSystems();
  return gneiss::compat::LoadObject(options, value, result);
}

IOStatus FileSystem::ReuseWritableFile(const std::string& fname, const std::string& old_fname,
                                       const FileOptions& options, std::unique_ptr<FSWritableFile>* result,
                                       IODebugContext* dbg) {
  const IOStatus renamed = RenameFile(old_fname, fname, options.io_options, dbg);
  return renamed.ok() ? NewWritableFile(fname, options, result, dbg) : renamed;
}

IOStatus FileSystem::NewLogger(const std::string& fname, const IOOptions& io_opts, std::shared_ptr<Logger>* result,
                               IODebugContext* dbg) {
  return gneiss::compat::NewFileLogger(this, fname, io_opts, Env::Default(), result, dbg);
}

FileOptions FileSystem::OptimizeForLogRead(const FileOptions& file_options) const {
  FileOptions options = file_options;
  options.use_direct_reads = false;
  return options;
}

FileOptions FileSystem::OptimizeForManifestRead(const FileOptions& file_options) const {
  FileOptions options = file_options;
  options.use_direct_reads = false;
  return options;
}

FileOptions FileSystem::OptimizeForLogWrite(const FileOptions& file_options, const DBOptions& db_options) const {
  FileOptions options = file_options;
  options.bytes_per_sync = db_options.wal_bytes_per_sync;
  options.writable_file_max_buffer_size = db_options.writable_file_max_buffer_size;
  return options;
}

FileOptions FileSystem::OptimizeForManifestWrite(const FileOptions& file_options) const { return file_options; }

FileOptions FileSystem::OptimizeForCompactionTableWrite(const FileOptions& file_options,
                                                        const ImmutableDBOptions& db_options) const {
  FileOptions options = file_options;
  options.use_direct_writes = db_options.use_direct_io_for_flush_and_compaction;
  return options;
}

FileOptions FileSystem::OptimizeForCompactionTableRead(const FileOptions& file_options,
                                                       const ImmutableDBOptions& db_options) const {
  FileOptions options = file_options;
  options.use_direct_reads = db_options.use_direct_reads;
  return options;
}

FileOptions FileSystem::OptimizeForBlobFileRead(const FileOptions& file_options,
                                                const ImmutableDBOptions& db_options) const {
  FileOptions options = file_options;
  options.use_direct_reads = db_options.use_direct_reads;
  return options;
}

DirFsyncOptions::DirFsyncOptions() : reason(kDefault) {}
DirFsyncOptions::DirFsyncOptions(std::string file_renamed_new_name)
    : reason(kFileRenamed), renamed_new_name(std::move(file_renamed_new_name)) {}
DirFsyncOptions::DirFsyncOptions(FsyncReason fsync_reason) : reason(fsync_reason) {}

IOStatus WriteStringToFile(FileSystem* fs, const Slice& data, const std::string& fname, bool should_sync) {
  std::unique_ptr<FSWritableFile> file;
  IOStatus s = fs->NewWritableFile(fname, FileOptions(), &file, nullptr);
  if (!s.ok()) return s;
  s = file->Append(data, IOOptions(), nullptr);
  if (s.ok() && should_sync) s = file->Sync(IOOptions(), nullptr);
  if (s.ok()) s = file->Close(IOOptions(), nullptr);
  // Half a file is worse than none; the first error is the one to report.
  if (!s.ok()) fs->DeleteFile(fname, IOOptions(), nullptr).PermitUncheckedError();
  return s;
}

IOStatus ReadFileToString(FileSystem* fs, const std::string& fname, std::string* data) {
  data->clear();
  std::unique_ptr<FSSequentialFile> file;
  IOStatus s = fs->NewSequentialFile(fname, FileOptions(), &file, nullptr);
  const std::unique_ptr<char[]> buffer(new char[8192]);
  while (s.ok()) {
    Slice piece;
    s = file->Read(8192, IOOptions(), &piece, buffer.get(), nullptr);
    if (!s.ok() || piece.empty()) break;
    data->append(piece.data(), piece.size());
  }
  return s;
}

}  // namespace rocksdb
