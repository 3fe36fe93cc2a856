// DB::GetLiveFilesStorageInfo: what a checkpoint or a backup copies.

#include <rocksdb/file_checksum.h>
#include <rocksdb/transaction_log.h>

#include "compat/db/db_impl.h"
#include "compat/status_map.h"
#include "engine/io/file_name.h"

namespace gneiss::compat {

namespace {

using rocksdb::LiveFileStorageInfo;

LiveFileStorageInfo InfoOf(const std::string& path, rocksdb::FileType type, uint64_t number, uint64_t bytes) {
  LiveFileStorageInfo info;
  const size_t slash = path.rfind('/');
  info.directory = path.substr(0, slash);
  info.relative_filename = path.substr(slash + 1);
  info.file_type = type;
  info.file_number = number;
  info.size = bytes;
  return info;
}

LiveFileStorageInfo InfoOf(const LiveTable& table) {
  LiveFileStorageInfo info =
      InfoOf(table.family->opener->PathOf(table.meta), rocksdb::kTableFile, table.meta.number, table.meta.file_bytes);
  info.temperature = static_cast<rocksdb::Temperature>(table.meta.temperature);
  if (!table.meta.file_checksum_function.empty()) {
    info.file_checksum_func_name = table.meta.file_checksum_function;
    info.file_checksum = table.meta.file_checksum;
  }
  return info;
}

LiveFileStorageInfo InfoOf(const LiveBlobFile& file) {
  LiveFileStorageInfo info = InfoOf(BlobName(file.family->blob_opener->config().path, file.meta.number),
                                    rocksdb::kBlobFile, file.meta.number, file.meta.FileBytes());
  info.file_checksum_func_name = file.meta.checksum_method;
  info.file_checksum = file.meta.checksum;
  return info;
}

void SetChecksums(bool are_wanted, std::vector<LiveFileStorageInfo>* files) {
  for (LiveFileStorageInfo& file : *files) {
    if (!are_wanted) {
      file.file_checksum.clear();
      file.file_checksum_func_name.clear();
    } else if (file.file_checksum_func_name.empty()) {
      file.file_checksum_func_name = rocksdb::kUnknownFileChecksumFuncName;
      file.file_checksum = rocksdb::kUnknownFileChecksum;
    }
  }
}

uint64_t TotalBytes(const rocksdb::VectorLogPtr& logs) {
  uint64_t bytes = 0;
  for (const auto& log : logs) bytes += log->SizeFileBytes();
  return bytes;
}

}  // namespace

// The tables and the MANIFEST are of one moment; the logs are listed after it, so that they reach at least as far.
rocksdb::Status DbImpl::GetLiveFilesStorageInfo(const rocksdb::LiveFilesStorageInfoOptions& options,
                                                std::vector<LiveFileStorageInfo>* files) {
  files->clear();
  rocksdb::VectorLogPtr logs;
  bool flushes = options.wal_size_for_flush != UINT64_MAX || core_->db_options.allow_2pc;
  if (flushes && options.wal_size_for_flush > 0 && !core_->db_options.allow_2pc) {
    const rocksdb::Status listed = GetSortedWalFiles(logs);
    if (!listed.ok()) return listed;
    flushes = TotalBytes(logs) >= options.wal_size_for_flush;
  }
  if (flushes) {
    const Status flushed = core_->database->Flush(FlushParams{}, AllFamilies());
    if (!flushed.ok()) return ToRocks(flushed);
  }
  const LiveFileSet live = core_->database->LiveFiles();
  std::vector<LiveFileStorageInfo> found;
  for (const LiveTable& table : live.tables) found.push_back(InfoOf(table));
  for (const LiveBlobFile& file : live.blob_files) found.push_back(InfoOf(file));
  const std::string& dir = core_->database->Directory();
  found.push_back(InfoOf(ManifestName(dir, live.manifest_number), rocksdb::kDescriptorFile, live.manifest_number,
                         live.manifest_bytes));
  found.back().trim_to_size = true;
  // CURRENT may be replaced any time, so its contents are told.
  const std::string contents = found.back().relative_filename + "\n";
  found.push_back(InfoOf(CurrentName(dir), rocksdb::kCurrentFile, 0, contents.size()));
  found.back().replacement_contents = contents;
  if (live.options_number != 0) {
    const std::string path = OptionsName(dir, live.options_number);
    uint64_t bytes = 0;
    const rocksdb::Status sized = core_->db_options.env->GetFileSize(path, &bytes);
    if (!sized.ok()) return sized;
    found.push_back(InfoOf(path, rocksdb::kOptionsFile, live.options_number, bytes));
  }
  rocksdb::Status status = FlushWAL(core_->db_options.track_and_verify_wals_in_manifest);
  if (status.ok() || status.IsNotSupported()) status = GetSortedWalFiles(logs);
  if (!status.ok()) return status;
  for (size_t i = 0; i < logs.size(); ++i) {
    const uint64_t number = logs[i]->LogNumber();
    if (logs[i]->Type() != rocksdb::kAliveLogFile || (flushes && number < live.min_log_number)) continue;
    found.push_back(InfoOf(WalName(core_->database->WalDirectoryName(), number), rocksdb::kWalFile, number,
                           logs[i]->SizeFileBytes()));
    found.back().trim_to_size = i + 1 == logs.size();  // only the last one still grows
  }
  SetChecksums(options.include_checksum_info, &found);
  *files = std::move(found);
  return status;
}

}  // namespace gneiss::compat
