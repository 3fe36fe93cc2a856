#include "compat/utilities/live_files.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engine/io/file_name.h"

namespace gneiss::compat {

using rocksdb::DB;
using rocksdb::Env;
using rocksdb::LiveFileStorageInfo;
using rocksdb::Status;

namespace {

std::string WalDirectory(DB* db) {
  const std::string wal_dir = db->GetDBOptions().wal_dir;
  return wal_dir.empty() ? db->GetName() : wal_dir;
}

Status AppendLogs(DB* db, std::vector<LiveFileStorageInfo>* files) {
  const std::string directory = WalDirectory(db);
  std::vector<std::string> names;
  Status status = db->GetEnv()->GetChildren(directory, &names);
  if (!status.ok()) return status;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    uint64_t number;
    FileKind kind;
    if (!ParseFileName(name, &number, &kind) || kind != FileKind::kWal) continue;
    LiveFileStorageInfo info;
    info.relative_filename = name;
    info.directory = directory;
    info.file_number = number;
    info.file_type = rocksdb::kWalFile;
    info.trim_to_size = true;  // the database goes on writing to it
    status = db->GetEnv()->GetFileSize(directory + "/" + name, &info.size);
    if (!status.ok()) return status;
    files->push_back(std::move(info));
  }
  return Status::OK();
}

uint64_t TotalSize(const std::vector<LiveFileStorageInfo>& files) {
  uint64_t size = 0;
  for (const LiveFileStorageInfo& file : files) size += file.size;
  return size;
}

// Where tables lie; with several paths not all lie in the database's directory.
std::map<std::string, rocksdb::LiveFileMetaData> TablesByName(DB* db) {
  std::vector<rocksdb::LiveFileMetaData> tables;
  db->GetLiveFilesMetaData(&tables);
  std::map<std::string, rocksdb::LiveFileMetaData> by_name;
  for (auto& table : tables) {
    const std::string name = table.relative_filename;
    by_name.emplace(name, std::move(table));
  }
  return by_name;
}

Status Describe(DB* db, const std::string& name, uint64_t manifest_bytes, LiveFileStorageInfo* info) {
  uint64_t number;
  FileKind kind;
  if (!ParseFileName(name, &number, &kind)) return Status::Corruption("Can't parse file name. This is very bad");
  info->relative_filename = name;
  info->directory = db->GetName();
  info->file_number = number;
  info->file_type = static_cast<rocksdb::FileType>(kind);
  if (kind == FileKind::kManifest) {
    info->size = manifest_bytes;
    info->trim_to_size = true;
    return Status::OK();
  }
  return kind == FileKind::kCurrent ? Status::OK()
                                    : db->GetEnv()->GetFileSize(info->directory + "/" + name, &info->size);
}

}  // namespace

Status ListLiveFiles(DB* db, uint64_t wal_bytes_for_flush, std::vector<LiveFileStorageInfo>* files) {
  files->clear();
  std::vector<LiveFileStorageInfo> logs;
  Status status = AppendLogs(db, &logs);
  const bool flushes = TotalSize(logs) >= wal_bytes_for_flush;

  std::vector<std::string> names;
  uint64_t manifest_bytes = 0;
  if (status.ok()) status = db->GetLiveFiles(names, &manifest_bytes, flushes);
  if (!status.ok()) return status;
  const auto tables = TablesByName(db);
  std::string manifest_name;
  for (const std::string& slashed_name : names) {
    LiveFileStorageInfo info;
    status = Status::OK();
    const std::string name = slashed_name.substr(1);
    if (const auto table = tables.find(name); table != tables.end()) {
      static_cast<rocksdb::FileStorageInfo&>(info) = table->second;
      if (info.directory != db->GetName()) {
        return Status::NotSupported("db_paths / cf_paths not supported for Checkpoint nor BackupEngine");
      }
    } else {
      status = Describe(db, name, manifest_bytes, &info);
    }
    if (!status.ok()) return status;
    if (info.file_type == rocksdb::kDescriptorFile) manifest_name = name;
    files->push_back(std::move(info));
  }
  // CURRENT may change any time, so it is made anew.
  for (LiveFileStorageInfo& file : *files) {
    if (file.file_type != rocksdb::kCurrentFile) continue;
    file.replacement_contents = manifest_name + "\n";
    file.size = file.replacement_contents.size();
  }
  // The logs come last: with them the copy also holds what was written since the list was made.
  status = db->FlushWAL(/*sync=*/false);
  return status.ok() ? AppendLogs(db, files) : status;
}

Status CopyFile(Env* env, const std::string& from, const std::string& to, uint64_t max_bytes, bool use_fsync,
                uint64_t* copied_bytes) {
  constexpr size_t kPieceBytes = 256 << 10;
  std::unique_ptr<rocksdb::SequentialFile> source;
  std::unique_ptr<rocksdb::WritableFile> target;
  Status status = env->NewSequentialFile(from, &source, rocksdb::EnvOptions());
  if (status.ok()) status = env->NewWritableFile(to, &target, rocksdb::EnvOptions());
  if (!status.ok()) return status;
  const auto buffer = std::make_unique<char[]>(kPieceBytes);
  const uint64_t end = max_bytes == 0 ? UINT64_MAX : max_bytes;
  *copied_bytes = 0;
  while (*copied_bytes < end) {
    rocksdb::Slice piece;
    status = source->Read(std::min<uint64_t>(end - *copied_bytes, kPieceBytes), &piece, buffer.get());
    if (!status.ok()) return status;
    if (piece.empty()) break;
    status = target->Append(piece);
    if (!status.ok()) return status;
    *copied_bytes += piece.size();
  }
  status = use_fsync ? target->Fsync() : target->Sync();
  return status.ok() ? target->Close() : status;
}

Status LinkOrCopyFiles(Env* env, const std::vector<LiveFileStorageInfo>& files, const std::string& dir,
                       bool use_fsync) {
  bool can_link = true;
  for (const LiveFileStorageInfo& file : files) {
    const std::string from = file.directory + "/" + file.relative_filename;
    const std::string to = dir + "/" + file.relative_filename;
    Status status;
    if (!file.replacement_contents.empty()) {
      status = rocksdb::WriteStringToFile(env, file.replacement_contents, to, /*should_sync=*/true);
    } else {
      bool is_linked = false;
      if (can_link && !file.trim_to_size) {
        status = env->LinkFile(from, to);
        is_linked = !status.IsNotSupported();
        if (!is_linked) can_link = false;
      }
      uint64_t copied_bytes = file.size;
      if (!is_linked) status = CopyFile(env, from, to, file.trim_to_size ? file.size : 0, use_fsync, &copied_bytes);
      // A log may have been closed meanwhile and have lost the space allocated ahead; nothing else may shrink.
      if (status.ok() && copied_bytes < file.size && file.file_type != rocksdb::kWalFile) {
        status = Status::Corruption("file too small", from);
      }
    }
    if (!status.ok()) return status;
  }
  return Status::OK();
}

}  // namespace gneiss::compat
