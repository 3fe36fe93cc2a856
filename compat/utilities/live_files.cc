#include "compat/utilities/live_files.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <memory>
#include <set>

namespace gneiss::compat {

using rocksdb::DB;
using rocksdb::Env;
using rocksdb::LiveFileStorageInfo;
using rocksdb::Status;

Status ListLiveFiles(DB* db, uint64_t wal_bytes_for_flush, std::vector<LiveFileStorageInfo>* files) {
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = wal_bytes_for_flush;
  options.include_checksum_info = true;
  const Status status = db->GetLiveFilesStorageInfo(options, files);
  if (!status.ok()) return status;
  std::set<std::string> directories;
  for (const LiveFileStorageInfo& file : *files) {
    if (file.file_type != rocksdb::kWalFile) directories.insert(file.directory);
  }
  if (directories.size() <= 1) return status;
  return Status::NotSupported("db_paths / cf_paths not supported for Checkpoint nor BackupEngine");
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
