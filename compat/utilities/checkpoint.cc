// rocksdb/utilities/checkpoint.h: a second directory that opens as the database was, sharing its table files.
//
// Order:   everything is put into "<dir>.tmp", which takes its final name last, so a directory of that name is
// complete. Threads: the database may go on writing. Errors:  InvalidArgument when the directory exists; the Env's,
// after which the staging directory is removed.
#include <rocksdb/utilities/checkpoint.h>

#include "compat/utilities/live_files.h"

namespace rocksdb {

namespace {

using gneiss::compat::KeepFiles;
using gneiss::compat::LinkOrCopyFiles;

// A directory being filled under a temporary name.
class Staging {
 public:
  Staging(Env* env, const std::string& final_name) : env_(env), final_name_(final_name) {}
  ~Staging() {
    if (!is_finished_) Remove();
  }

  Status Begin(const char* exists_error, const char* name_error) {
    Status status = env_->FileExists(final_name_);
    if (status.ok()) return Status::InvalidArgument(exists_error);
    if (!status.IsNotFound()) return status;
    const size_t last = final_name_.find_last_not_of('/');
    if (last == std::string::npos) return Status::InvalidArgument(name_error);
    path_ = final_name_.substr(0, last + 1) + ".tmp";
    Remove();  // what an interrupted run left
    return env_->CreateDir(path_);
  }
  Status Finish() {
    Status status = env_->RenameFile(path_, final_name_);
    if (!status.ok()) return status;
    is_finished_ = true;
    std::unique_ptr<Directory> directory;
    status = env_->NewDirectory(final_name_, &directory);
    return status.ok() ? directory->Fsync() : status;
  }
  const std::string& path() const { return path_; }

 private:
  void Remove() {
    std::vector<std::string> names;
    if (path_.empty() || !env_->GetChildren(path_, &names).ok()) return;
    for (const std::string& name : names) env_->DeleteFile(path_ + "/" + name).PermitUncheckedError();
    env_->DeleteDir(path_).PermitUncheckedError();
  }

  Env* env_;
  const std::string final_name_;
  std::string path_;
  bool is_finished_ = false;
};

class DbCheckpoint : public Checkpoint {
 public:
  explicit DbCheckpoint(DB* db) : db_(db) {}

  Status CreateCheckpoint(const std::string& dir, uint64_t log_size_for_flush, uint64_t* sequence_number) override {
    Staging staging(db_->GetEnv(), dir);
    Status status = staging.Begin("Directory exists", "invalid checkpoint directory name");
    if (!status.ok()) return status;
    const DBOptions options = db_->GetDBOptions();
    uint64_t sequence = 0;
    {
      const KeepFiles keep(db_);
      status = keep.status();
      sequence = db_->GetLatestSequenceNumber();
      std::vector<LiveFileStorageInfo> files;
      if (status.ok()) status = gneiss::compat::ListLiveFiles(db_, log_size_for_flush, &files);
      if (status.ok()) status = LinkOrCopyFiles(db_->GetEnv(), files, staging.path(), options.use_fsync);
    }
    if (status.ok()) status = staging.Finish();
    if (status.ok() && sequence_number != nullptr) *sequence_number = sequence;
    Info(options.info_log, "Checkpoint %s at sequence number %llu: %s", dir.c_str(),
         static_cast<unsigned long long>(sequence), status.ToString().c_str());
    return status;
  }

  Status ExportColumnFamily(ColumnFamilyHandle* handle, const std::string& dir,
                            ExportImportFilesMetaData** metadata) override {
    Staging staging(db_->GetEnv(), dir);
    Status status = staging.Begin("Specified export_dir exists", "Specified export_dir invalid");
    if (status.ok()) status = db_->Flush(FlushOptions(), handle);
    if (!status.ok()) return status;
    ColumnFamilyMetaData family;
    {
      const KeepFiles keep(db_);
      status = keep.status();
      db_->GetColumnFamilyMetaData(handle, &family);
      std::vector<LiveFileStorageInfo> files;
      for (const LevelMetaData& level : family.levels) {
        for (const SstFileMetaData& file : level.files) {
          static_cast<FileStorageInfo&>(files.emplace_back()) = file;
        }
      }
      const bool use_fsync = db_->GetDBOptions().use_fsync;
      if (status.ok()) status = LinkOrCopyFiles(db_->GetEnv(), files, staging.path(), use_fsync);
    }
    if (status.ok()) status = staging.Finish();
    if (!status.ok()) return status;
    auto result = std::make_unique<ExportImportFilesMetaData>();
    result->db_comparator_name = handle->GetComparator()->Name();
    for (const LevelMetaData& level : family.levels) {
      for (const SstFileMetaData& file : level.files) {
        LiveFileMetaData& exported = result->files.emplace_back();
        static_cast<SstFileMetaData&>(exported) = file;
        exported.db_path = dir;
        exported.directory = dir;
        exported.column_family_name = family.name;
        exported.level = level.level;
      }
    }
    *metadata = result.release();
    return status;
  }

 private:
  DB* db_;
};

}  // namespace

Status Checkpoint::Create(DB* db, Checkpoint** checkpoint_ptr) {
  *checkpoint_ptr = new DbCheckpoint(db);
  return Status::OK();
}

// Checkpoint can be subclassed; these are what a subclass that does not override them answers, as in RocksDB.
Status Checkpoint::CreateCheckpoint(const std::string&, uint64_t, uint64_t*) { return Status::NotSupported(""); }

Status Checkpoint::ExportColumnFamily(ColumnFamilyHandle*, const std::string&, ExportImportFilesMetaData**) {
  return Status::NotSupported("");
}

}  // namespace rocksdb
