#include "engine/db/wal_directory.h"

#include <algorithm>

#include "engine/io/file_name.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/write_batch.h"

namespace gneiss {

namespace {

constexpr uint64_t kSecondsBetweenPurges = 600;

bool IsMissing(const Status& status) { return status.IsNotFound() || status.IsPathNotFound(); }

class FirstDamage final : public LogReader::Reporter {
 public:
  void Corruption(size_t /*bytes*/, const Status& why) override {
    if (status_.ok()) status_ = why;
  }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

}  // namespace

std::string WalDirectory::PathOf(const WalFile& file) const {
  return file.is_archived ? ArchivedWalName(dir_, file.number) : WalName(dir_, file.number);
}

bool WalDirectory::Exists(const WalFile& file) const { return config_.fs->FileExists(PathOf(file)).ok(); }

Status WalDirectory::CreateArchive() {
  return KeepsArchive() ? config_.fs->CreateDirIfMissing(dir_ + "/archive") : Status::Ok();
}

// The live directory first: a log that moves in between is then seen twice, and not missed.
Status WalDirectory::List(std::vector<WalFile>* files) {
  std::vector<WalFile> live;
  files->clear();
  GNEISS_RETURN_IF_ERROR(ListPlace(/*is_archived=*/false, &live));
  const Status archive = config_.fs->FileExists(dir_ + "/archive");
  if (archive.ok()) {
    GNEISS_RETURN_IF_ERROR(ListPlace(/*is_archived=*/true, files));
  } else if (!archive.IsNotFound()) {
    return archive;
  }
  const uint64_t archived_max = files->empty() ? 0 : files->back().number;
  for (const WalFile& file : live) {
    if (file.number > archived_max) files->push_back(file);
  }
  return Status::Ok();
}

Status WalDirectory::ListPlace(bool is_archived, std::vector<WalFile>* files) {
  std::vector<std::string> names;
  GNEISS_RETURN_IF_ERROR(config_.fs->List(is_archived ? dir_ + "/archive" : dir_, &names));
  for (const std::string& name : names) {
    WalFile file{.is_archived = is_archived};
    FileKind kind;
    if (!ParseFileName(name, &file.number, &kind) || kind != FileKind::kWal) continue;
    bool is_gone = false;
    GNEISS_RETURN_IF_ERROR(Describe(&file, &is_gone));
    if (!is_gone && file.first_seq != 0) files->push_back(file);
  }
  std::sort(files->begin(), files->end(), [](const WalFile& a, const WalFile& b) { return a.number < b.number; });
  return Status::Ok();
}

Status WalDirectory::Describe(WalFile* file, bool* is_gone) {
  {
    MutexLock lock(&mutex_);
    const auto known = first_seqs_.find(file->number);
    if (known != first_seqs_.end()) file->first_seq = known->second;
  }
  const WalFile archived{.number = file->number, .is_archived = true};
  if (file->first_seq == 0) {
    Status status = ReadFirstSeq(*file, &file->first_seq);
    if (!status.ok() && !file->is_archived && !Exists(*file)) status = ReadFirstSeq(archived, &file->first_seq);
    if (!status.ok()) {
      *is_gone = !Exists(*file) && !Exists(archived);
      return *is_gone ? Status::Ok() : status;
    }
    if (file->first_seq == 0) return Status::Ok();
    MutexLock lock(&mutex_);
    first_seqs_.emplace(file->number, file->first_seq);
  }
  Status status = config_.fs->FileSize(PathOf(*file), &file->bytes);
  if (!status.ok() && !file->is_archived) status = config_.fs->FileSize(PathOf(archived), &file->bytes);
  *is_gone = !status.ok() && !Exists(*file) && !Exists(archived);
  return *is_gone ? Status::Ok() : status;
}

// 0 when there is no record yet. A compressed log without one counts as beginning at 1: it is listed.
Status WalDirectory::ReadFirstSeq(const WalFile& file, SeqNo* seq) const {
  *seq = 0;
  std::unique_ptr<SequentialFile> opened;
  GNEISS_RETURN_IF_ERROR(config_.fs->OpenSequential(PathOf(file), &opened));
  FirstDamage damage;
  LogReader reader(std::move(opened), file.number, &damage);
  Slice record;
  if (reader.ReadRecord(&record) && (damage.status().ok() || !config_.paranoid_checks)) {
    if (!HasBatchHeader(record)) return Status::Corruption("log record too small", PathOf(file));
    *seq = BatchSeq(record);
    return Status::Ok();
  }
  if (damage.status().ok() && reader.is_compressed()) *seq = 1;
  return damage.status();
}

Status WalDirectory::OpenForReading(const WalFile& file, std::unique_ptr<SequentialFile>* opened) const {
  Status status = config_.fs->OpenSequential(PathOf(file), opened);
  if (status.ok() || file.is_archived) return status;
  return config_.fs->OpenSequential(ArchivedWalName(dir_, file.number), opened);
}

Status WalDirectory::Archive(const std::string& path, uint64_t number) {
  const std::string archived = ArchivedWalName(dir_, number);
  const Status status = config_.fs->Rename(path, archived);
  Log(config_.logger, LogLevel::kInfo, "Move log file %s to %s -- %s", path.c_str(), archived.c_str(),
      status.ToString().c_str());
  return status;
}

bool WalDirectory::IsPurgeDue(uint64_t now_seconds) {
  const uint64_t interval = config_.wal_size_limit_bytes > 0 ? kSecondsBetweenPurges : config_.wal_ttl_seconds / 2;
  MutexLock lock(&mutex_);
  if (purged_unix_seconds_ + interval > now_seconds) return false;
  purged_unix_seconds_ = now_seconds;
  return true;
}

bool WalDirectory::DeleteArchived(uint64_t number) {
  const std::string path = ArchivedWalName(dir_, number);
  const Status status = config_.fs->Remove(path);
  if (!status.ok() && !IsMissing(status)) {
    Log(config_.logger, LogLevel::kWarn, "Can't delete file: %s: %s", path.c_str(), status.ToString().c_str());
    return false;
  }
  MutexLock lock(&mutex_);
  first_seqs_.erase(number);
  return true;
}

// By age first. Then by size, as RocksDB reckons: as many of the newest logs stay as would fit if each were as large as
// the largest.
void WalDirectory::PurgeArchive() {
  const auto now_seconds = static_cast<uint64_t>(config_.clock->UnixSeconds());
  if (!KeepsArchive() || !IsPurgeDue(now_seconds)) return;
  std::vector<std::string> names;
  if (const Status listed = config_.fs->List(dir_ + "/archive", &names); !listed.ok()) {
    Log(config_.logger, LogLevel::kError, "Can't get archive files: %s", listed.ToString().c_str());
    return;
  }
  std::vector<uint64_t> kept;
  uint64_t largest_bytes = 0;
  for (const std::string& name : names) {
    uint64_t number = 0;
    FileKind kind;
    if (!ParseFileName(name, &number, &kind) || kind != FileKind::kWal) continue;
    const std::string path = ArchivedWalName(dir_, number);
    uint64_t modified_seconds = now_seconds;
    uint64_t bytes = 0;
    Status status = config_.fs->ModifiedUnixSeconds(path, &modified_seconds);
    if (status.ok()) status = config_.fs->FileSize(path, &bytes);
    if (!status.ok()) {
      Log(config_.logger, LogLevel::kWarn, "Can't look at %s: %s", path.c_str(), status.ToString().c_str());
      continue;
    }
    const bool is_old = config_.wal_ttl_seconds > 0 && now_seconds > modified_seconds &&
                        now_seconds - modified_seconds > config_.wal_ttl_seconds;
    const bool is_empty = config_.wal_size_limit_bytes > 0 && bytes == 0;
    if ((is_old || is_empty) && DeleteArchived(number)) continue;
    kept.push_back(number);
    largest_bytes = std::max(largest_bytes, bytes);
  }
  if (config_.wal_size_limit_bytes == 0 || largest_bytes == 0) return;
  const uint64_t keep_count = config_.wal_size_limit_bytes / largest_bytes;
  std::sort(kept.begin(), kept.end());
  for (size_t i = 0; i + keep_count < kept.size(); ++i) DeleteArchived(kept[i]);
}

}  // namespace gneiss
