// Opening and closing a database.
//
// Open, each step resting on the one before:
//   1. lock the directory; read CURRENT and the MANIFEST, or decide to create        (LockAndCheckDirectory,
//   RecoverManifest)
//   2. build the families' Versions; check that their tables are there               (AddFamilies)
//   3. replay the logs into memtables, spilling full ones into level-0 tables        (recover.cc)
//   4. write a fresh MANIFEST with all of that, start a fresh log                    (StartWriting)
//   5. create missing families, write OPTIONS, delete leftovers, start background work

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "engine/base/read_guard.h"
#include "engine/db/followed.h"
#include "engine/io/file_name.h"

namespace gneiss {

namespace {

std::vector<std::string> PathsOf(const DatabaseConfig& config, const std::string& dir) {
  return config.paths.empty() ? std::vector<std::string>{dir} : config.paths;
}

// A version-4 UUID, as RocksDB writes into IDENTITY.
std::string NewUuid() {
  std::random_device device;
  uint64_t words[2];
  for (uint64_t& word : words) word = (uint64_t{device()} << 32) | device();
  words[0] = (words[0] & ~uint64_t{0xf000}) | 0x4000;
  words[1] = (words[1] & ~(uint64_t{3} << 62)) | (uint64_t{1} << 63);
  char text[40];
  std::snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(words[0] >> 32),
                static_cast<unsigned>((words[0] >> 16) & 0xffff), static_cast<unsigned>(words[0] & 0xffff),
                static_cast<unsigned>(words[1] >> 48), static_cast<unsigned long long>(words[1] & 0xffffffffffffULL));
  return text;
}

}  // namespace

DatabaseImpl::DatabaseImpl(const DatabaseConfig& config, std::string dir)
    : config_(config),
      dir_(std::move(dir)),
      wal_dir_(config.wal_dir.empty() ? dir_ : config.wal_dir),
      counted_since_unix_micros_(static_cast<uint64_t>(config.clock->UnixSeconds()) * 1'000'000),
      open_tables_(NewCache({.capacity_bytes = 1, .shard_bits = 4, .charges_metadata = false})),
      is_open_limited_(std::make_shared<std::atomic<bool>>(false)),
      wal_directory_(std::make_shared<WalDirectory>(config, wal_dir_)),
      obsolete_files_(std::make_shared<ObsoleteFiles>(config, wal_directory_)),
      wals_(config_, wal_dir_),
      throttle_(config.clock, config.delayed_write_bytes_per_second),
      configured_wal_bytes_max_(config.wal_bytes_max),
      bytes_per_sync_(config.bytes_per_sync),
      background_compactions_max_(config.background_compactions_max),
      avoids_flush_during_shutdown_(config.avoid_flush_during_shutdown),
      // Writers soon wait for a flush that does not get on; merges have time.
      flush_pool_(
          std::make_unique<ThreadPool>(ThreadPool::Config{.threads_max = std::max(1, config.background_flushes_max),
                                                          .priority = ThreadPool::CpuPriority::kNormal,
                                                          .name = "gneiss:flush"})),
      compaction_pool_(std::make_unique<ThreadPool>(
          ThreadPool::Config{.threads_max = std::max(1, config.background_compactions_max), .name = "gneiss:compact"})),
      memory_pool_(std::make_unique<ThreadPool>(
          ThreadPool::Config{.priority = ThreadPool::CpuPriority::kIdle, .name = "gneiss:memory"})),
      recovery_pool_(std::make_unique<ThreadPool>(ThreadPool::Config{
          .threads_max = 2, .priority = ThreadPool::CpuPriority::kNormal, .name = "gneiss:recover"})) {
  LimitOpenTables(config.max_open_files);
}

DatabaseImpl::~DatabaseImpl() {
  DropBadAlloc([this] { Close().IgnoreError("a destructor has no one to tell"); });
  families_.clear();
  commit_families_.clear();
  ReclaimAll();  // tables and their files must not outlive the file system that opened them
}

Status Database::Open(const DatabaseConfig& config, const std::string& dir,
                      const std::vector<FamilyDescriptor>& families, std::vector<FamilyPtr>* handles,
                      std::unique_ptr<Database>* database) {
  auto impl = std::make_unique<DatabaseImpl>(config, dir);
  GNEISS_RETURN_IF_ERROR(impl->OpenFamilies(families, handles));
  *database = std::move(impl);
  return Status::Ok();
}

Status DatabaseImpl::OpenFamilies(const std::vector<FamilyDescriptor>& families, std::vector<FamilyPtr>* handles) {
  bool is_new = false;
  GNEISS_RETURN_IF_ERROR(LockAndCheckDirectory(&is_new));
  GNEISS_RETURN_IF_ERROR(MakePathsOf(families));
  RecoveredState state;
  if (is_new) {
    state.families[0] = {.id = 0, .name = kDefaultFamilyName, .comparator = {}};
  } else {
    GNEISS_RETURN_IF_ERROR(config_.is_best_efforts ? RecoverBestEfforts(families, &state)
                                                   : RecoverManifest(config_.fs, dir_, &state));
  }
  next_file_number_.store(state.next_file_number, std::memory_order_relaxed);
  recovered_manifest_number_ = state.manifest_number;
  recovered_manifest_bytes_ = state.manifest_bytes;
  db_id_ = state.db_id;
  GNEISS_RETURN_IF_ERROR(LoadIdentity());
  GNEISS_RETURN_IF_ERROR(AddFamilies(state, families));
  if (!config_.is_read_only) GNEISS_RETURN_IF_ERROR(SkipNumbersOfLeftovers());
  GNEISS_RETURN_IF_ERROR(config_.is_secondary ? CatchUp() : ReplayLogs(state));
  GNEISS_RETURN_IF_ERROR(AddMissingFamilies(families));
  const std::map<std::string, FamilyPtr> by_name = FamiliesByName();
  for (const FamilyDescriptor& descriptor : families) handles->push_back(by_name.at(descriptor.name));
  is_open_ = true;
  if (config_.is_read_only) return Status::Ok();
  if (const Status persisted = PersistOptions(); !persisted.ok()) {
    return Status::IoError("DB::Open() failed --- Unable to persist Options file", persisted.ToString());
  }
  GNEISS_RETURN_IF_ERROR(wal_directory_->CreateArchive());
  GNEISS_RETURN_IF_ERROR(FindObsoleteFiles());
  obsolete_files_->SetScheduler([this] { SchedulePurge(); });
  SchedulePurge();
  TellStalls();
  MutexLock lock(&mutex_);
  MaybeScheduleAll();
  return Status::Ok();
}

std::map<std::string, FamilyPtr> DatabaseImpl::FamiliesByName() {
  std::map<std::string, FamilyPtr> by_name;
  MutexLock lock(&mutex_);
  for (const auto& [id, family] : families_) by_name.emplace(family->name, family);
  return by_name;
}

Status DatabaseImpl::AddMissingFamilies(const std::vector<FamilyDescriptor>& families) {
  std::vector<FamilyDescriptor> missing;
  std::set<std::string> missing_names;
  const std::map<std::string, FamilyPtr> by_name = FamiliesByName();
  for (const FamilyDescriptor& descriptor : families) {
    if (by_name.count(descriptor.name) == 0 && missing_names.insert(descriptor.name).second) {
      missing.push_back(descriptor);
    }
  }
  if (missing.empty()) return Status::Ok();
  if (config_.is_read_only) return ReadOnlyError();
  std::vector<FamilyPtr> made;
  return AddNewFamilies(missing, &made);
}

Status DatabaseImpl::LockAndCheckDirectory(bool* is_new) {
  FileSystem* const fs = config_.fs;
  if (!config_.is_read_only) {
    if (config_.create_if_missing) {
      GNEISS_RETURN_IF_ERROR(fs->CreateDirIfMissing(dir_));
    }
    if (wal_dir_ != dir_) GNEISS_RETURN_IF_ERROR(fs->CreateDirIfMissing(wal_dir_));
    for (const std::string& path : config_.paths) GNEISS_RETURN_IF_ERROR(fs->CreateDirIfMissing(path));
    GNEISS_RETURN_IF_ERROR(fs->Lock(LockName(dir_), &lock_));
  }
  bool is_there = false;
  GNEISS_RETURN_IF_ERROR(IsDatabaseThere(&is_there));
  *is_new = !is_there;
  if (*is_new && config_.is_read_only) {
    std::string unread;  // whoever only reads is told what reading it says
    GNEISS_RETURN_IF_ERROR(ReadWholeFile(fs, CurrentName(dir_), &unread));
    return Status::NotFound("CURRENT file is missing: the database does not exist", dir_);
  }
  if (*is_new && !config_.create_if_missing) {
    return Status::InvalidArgument(CurrentName(dir_), "does not exist (create_if_missing is false)");
  }
  if (!*is_new && config_.error_if_exists) return Status::InvalidArgument(dir_, "exists (error_if_exists is true)");
  return Status::Ok();
}

// Best efforts need no CURRENT.
Status DatabaseImpl::IsDatabaseThere(bool* is_there) {
  if (config_.is_best_efforts) {
    std::vector<uint64_t> numbers;
    const Status listed = ListManifests(config_.fs, dir_, &numbers);
    *is_there = !numbers.empty();
    return listed.IsPathNotFound() || listed.IsNotFound() ? Status::Ok() : listed;
  }
  const Status current = config_.fs->FileExists(CurrentName(dir_));
  *is_there = current.ok();
  return current.IsNotFound() ? Status::Ok() : current;
}

// Most families share the database's paths.
Status DatabaseImpl::MakePathsOf(const std::vector<FamilyDescriptor>& descriptors) {
  if (config_.is_read_only) return Status::Ok();
  std::set<std::string> paths;
  for (const FamilyDescriptor& descriptor : descriptors) {
    paths.insert(descriptor.config.paths.begin(), descriptor.config.paths.end());
  }
  for (const std::string& path : paths) GNEISS_RETURN_IF_ERROR(config_.fs->CreateDirIfMissing(path));
  return Status::Ok();
}

Status DatabaseImpl::LoadIdentity() {
  const std::string path = IdentityName(dir_);
  std::string text;
  const Status read = ReadWholeFile(config_.fs, path, &text);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (db_id_.empty() && read.ok()) db_id_ = text;
  if (config_.is_read_only || (read.ok() && !text.empty() && text == db_id_)) return Status::Ok();
  if (db_id_.empty()) db_id_ = NewUuid();
  const std::string temp = TempName(dir_, next_file_number_.fetch_add(1, std::memory_order_relaxed));
  GNEISS_RETURN_IF_ERROR(WriteWholeFile(config_.fs, temp, db_id_, /*sync=*/true));
  GNEISS_RETURN_IF_ERROR(config_.fs->Rename(temp, path));
  return SyncDirectory(config_.fs, dir_);
}

FamilyPtr DatabaseImpl::MakeFamily(uint32_t id, const FamilyDescriptor& descriptor) {
  TableOpener::Config opener{
      .fs = config_.fs,
      .file_options = config_.file_options,
      .paths = descriptor.config.paths.empty() ? PathsOf(config_, dir_) : descriptor.config.paths,
      .read = descriptor.config.table_read,
      .verifies_unique_ids = config_.verifies_unique_ids,
      .open_tables = open_tables_,
      .is_open_limited = is_open_limited_,
      .column_family_tag = id};
  BlobFileOpener::Config blob_opener{.fs = config_.fs,
                                     .file_options = config_.file_options,
                                     .path = opener.paths.front(),
                                     .column_family_id = id,
                                     .stats = config_.stats,
                                     .clock = config_.clock,
                                     .cache = descriptor.config.blob_cache,
                                     .open_files = open_tables_,
                                     .is_open_limited = is_open_limited_};
  auto family = std::make_shared<ColumnFamily>(id, descriptor.name, descriptor.config,
                                               std::make_shared<const TableOpener>(std::move(opener)),
                                               std::make_shared<const BlobFileOpener>(std::move(blob_opener)));
  family->merge_operator.store(descriptor.config.compaction.merge_operator.get(), std::memory_order_relaxed);
  family->version = std::make_shared<const Version>(family->order, descriptor.config.compaction.level_count);
  family->levels.resize(static_cast<size_t>(descriptor.config.compaction.level_count));
  family->cursors.resize(static_cast<size_t>(descriptor.config.compaction.level_count));
  family->memtable_budget = config_.memtable_budget;
  family->PrepareMemtableMemoryIn(memory_pool_.get());
  family->active = family->NewMemtable(LatestSeq() + 1);
  return family;
}

Status DatabaseImpl::AddFamilies(const RecoveredState& state, const std::vector<FamilyDescriptor>& families) {
  allocated_seq_ = state.last_seq;
  published_seq_.store(state.last_seq);
  std::string not_opened;
  const FamilyDescriptor stats_family = {.name = kStatsFamilyName, .config = {}};
  std::map<std::string, const FamilyDescriptor*> descriptors;
  for (const FamilyDescriptor& descriptor : families) descriptors.emplace(descriptor.name, &descriptor);
  std::set<std::string> recovered_names;
  for (const auto& [id, recovered] : state.families) {
    recovered_names.insert(recovered.name);
    const auto descriptor = descriptors.find(recovered.name);
    const bool is_carried = !config_.is_read_only && recovered.name == kStatsFamilyName;
    if (descriptor == descriptors.end() && !is_carried) {
      if (!config_.is_read_only) not_opened += (not_opened.empty() ? "" : ", ") + recovered.name;
      continue;
    }
    const FamilyPtr family = MakeFamily(id, descriptor == descriptors.end() ? stats_family : *descriptor->second);
    if (!recovered.comparator.empty() && recovered.comparator != family->order.Name()) {
      return Status::InvalidArgument(family->order.Name(),
                                     "does not match existing comparator " + recovered.comparator);
    }
    family->log_number = recovered.log_number;
    GNEISS_RETURN_IF_ERROR(SetRecoveredHistory(recovered, family.get()));
    GNEISS_RETURN_IF_ERROR(LoadTables(recovered, family.get()));
    if (config_.paranoid_checks && !config_.is_secondary) GNEISS_RETURN_IF_ERROR(CheckTablesOnDisk(*family));
    MutexLock lock(&mutex_);
    families_[id] = family;
    if (commit_families_.size() <= id) commit_families_.resize(id + 1);
    commit_families_[id] = family;
  }
  if (!not_opened.empty()) return Status::InvalidArgument("Column families not opened", not_opened);
  for (const FamilyDescriptor& descriptor : families) {
    if (recovered_names.count(descriptor.name) == 0 && (config_.is_read_only || !config_.create_missing_families)) {
      return Status::InvalidArgument("Column family not found", descriptor.name);
    }
  }
  MutexLock lock(&mutex_);
  if (families_.count(0) == 0) return Status::InvalidArgument("Default column family not specified");
  max_family_id_ = std::max(state.max_column_family, families_.rbegin()->first);
  for (const auto& [id, family] : families_) InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
  LimitLogs();
  return Status::Ok();
}

Status DatabaseImpl::SetRecoveredHistory(const RecoveredFamily& recovered, ColumnFamily* family) {
  const size_t bytes = recovered.full_history_ts_low.size();
  if (bytes != 0 && bytes != family->order.timestamp_bytes()) {
    return Status::Corruption("full_history_ts_low of " + family->name + " has " + std::to_string(bytes) + " bytes");
  }
  family->SetHistoryStart(recovered.full_history_ts_low);
  return Status::Ok();
}

Status DatabaseImpl::LoadTables(const RecoveredFamily& recovered, ColumnFamily* family) {
  VersionEdit edit;
  for (const auto& [level, tables] : recovered.tables) {
    if (level >= family->version->LevelCount()) {
      return Status::InvalidArgument("db has more levels than options.num_levels");
    }
    for (const auto& [number, meta] : tables) edit.added_tables.emplace_back(level, meta);
  }
  for (const auto& [number, file] : recovered.blob_files) {
    edit.added_blob_files.push_back(file.first);
    if (file.second.blob_count > 0) edit.blob_garbage.push_back(file.second);
  }
  VersionPtr next;
  GNEISS_RETURN_IF_ERROR(family->version->Apply(
      edit, [&](const TableMeta& meta) { return MakeTable(*family, meta); }, &next,
      [&](const BlobFileMeta& meta) { return MakeBlobFile(*family, meta); }));
  family->version = std::move(next);
  for (const auto& [level, cursor] : recovered.compact_cursors) {
    if (level < family->version->LevelCount()) family->cursors[static_cast<size_t>(level)] = cursor;
  }
  return Status::Ok();
}

Status DatabaseImpl::CheckTablesOnDisk(const ColumnFamily& family) {
  std::string problems;
  for (int level = 0; level < family.version->LevelCount(); ++level) {
    family.version->level(level).ForEachTable([&](const TableFilePtr& table) {
      const std::string path = family.opener->PathOf(table->meta());
      uint64_t bytes = 0;
      const Status status = config_.fs->FileSize(path, &bytes);
      if (!status.ok()) {
        problems += "Can't access " + path.substr(path.rfind('/')) + ": " + status.ToString() + "\n";
      } else if (bytes != table->meta().file_bytes) {
        problems += "Sst file size mismatch: " + path + ". Size recorded in manifest " +
                    std::to_string(table->meta().file_bytes) + ", actual size " + std::to_string(bytes) + "\n";
      }
    });
  }
  return problems.empty() ? Status::Ok() : Status::Corruption(problems);
}

// Everything recovered becomes durable in a fresh MANIFEST; writing goes on in a fresh log. Tables that the replay
// wrote come after the state that was found, as edits of their own: best efforts can then go back to it.
Status DatabaseImpl::StartWriting(const RecoveredState& state, Replay* replay) {
  const uint64_t log_number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
  std::vector<FamilyChange> changes;
  std::vector<VersionPtr> next;
  std::vector<VersionEdit> edits;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) {
      VersionEdit& edit = replay->edits[id];
      edit.column_family_id = id;
      // Data left in memtables still needs the logs it came from.
      edit.log_number = family->active->empty() ? log_number : replay->log_numbers[id];
      if (edit.added_tables.empty() && edit.added_blob_files.empty()) {
        family->log_number = *edit.log_number;
        continue;
      }
      next.emplace_back();
      GNEISS_RETURN_IF_ERROR(family->version->Apply(
          edit, [&, f = family.get()](const TableMeta& meta) { return MakeTable(*f, meta); }, &next.back(),
          [&, f = family.get()](const BlobFileMeta& meta) { return MakeBlobFile(*f, meta); }));
      changes.push_back({.family = family, .edit = edit});
    }
    const uint64_t min_log_number = MinLogNumberAfter(changes);
    for (const FamilyChange& change : changes) edits.push_back(change.edit);
    if (!edits.empty()) edits.back().min_log_number_to_keep = min_log_number;
    tracked_wals_.erase(tracked_wals_.begin(), tracked_wals_.lower_bound(min_log_number));
  }
  return InManifestTurn([&] {
    GNEISS_RETURN_IF_ERROR(
        wals_.Rotate(log_number, config_.is_read_only ? 0 : commit_families_[0]->config()->write_buffer_bytes));
    GNEISS_RETURN_IF_ERROR(NewManifest(edits));
    if (state.manifest_number != 0) {
      obsolete_files_->Add(FileKind::kManifest, state.manifest_number, ManifestName(dir_, state.manifest_number));
    }
    MutexLock lock(&mutex_);
    for (size_t i = 0; i < changes.size(); ++i) {
      changes[i].family->version = std::move(next[i]);
      changes[i].family->log_number = *changes[i].edit.log_number;
    }
    for (const auto& [id, family] : families_) InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
    return Status::Ok();
  });
}

Status DatabaseImpl::PersistOptions() {
  const Status status = CatchBadAlloc([this] { return WriteOptionsFile(); });
  if (status.ok() || IsClosed()) return status;
  Log(config_.logger, LogLevel::kWarn, "Unable to persist options -- %s", status.ToString().c_str());
  return config_.requires_options_file ? Status::IoError("Unable to persist options.", status.ToString())
                                       : Status::Ok();
}

Status DatabaseImpl::WriteOptionsFile() {
  if (!config_.render_options_file) return Status::Ok();
  if (IsClosed()) return ClosedError();
  std::vector<std::string> names;
  std::vector<uint32_t> ids;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) {
      names.push_back(family->name);
      ids.push_back(id);
    }
  }
  const std::string text = config_.render_options_file(names, ids);
  if (text.empty()) return Status::Ok();
  const uint64_t number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
  const std::string temp = TempOptionsName(dir_, number);
  GNEISS_RETURN_IF_ERROR(WriteWholeFile(config_.fs, temp, text, /*sync=*/true));
  GNEISS_RETURN_IF_ERROR(config_.fs->Rename(temp, OptionsName(dir_, number)));
  GNEISS_RETURN_IF_ERROR(SyncDirectory(config_.fs, dir_));
  // The two newest stay, as RocksDB keeps them; all of them while somebody copies the database's files.
  if (!obsolete_files_->IsEnabled()) {
    MutexLock lock(&mutex_);
    options_file_number_ = number;
    return Status::Ok();
  }
  std::vector<std::string> children;
  GNEISS_RETURN_IF_ERROR(config_.fs->List(dir_, &children));
  std::set<uint64_t> numbers;
  for (const std::string& name : children) {
    uint64_t found = 0;
    FileKind kind;
    if (ParseFileName(name, &found, &kind) && kind == FileKind::kOptions) numbers.insert(found);
  }
  while (numbers.size() > 2) {
    config_.fs->Remove(OptionsName(dir_, *numbers.begin())).IgnoreError("an old OPTIONS file does no harm");
    numbers.erase(numbers.begin());
  }
  MutexLock lock(&mutex_);
  options_file_number_ = number;
  return Status::Ok();
}

// Files that an earlier life left behind: not in any Version, older than the live logs, or temporary.
// All that hold files with numbers.
std::set<std::string> DatabaseImpl::Directories() {
  std::set<std::string> dirs = {dir_, wal_dir_};
  for (const std::string& path : config_.paths) dirs.insert(path);
  MutexLock lock(&mutex_);
  for (const auto& [id, family] : families_) {
    for (const std::string& path : family->opener->config().paths) dirs.insert(path);
  }
  return dirs;
}

Status DatabaseImpl::FindObsoleteFiles() {
  std::set<uint64_t> live_tables;
  std::set<uint64_t> live_blob_files;
  uint64_t min_log_number = 0;
  {
    MutexLock lock(&mutex_);
    min_log_number = MinLogNumber();
    for (const auto& [id, family] : families_) {
      for (int level = 0; level < family->version->LevelCount(); ++level) {
        family->version->level(level).ForEachTable(
            [&](const TableFilePtr& table) { live_tables.insert(table->meta().number); });
      }
      for (const BlobFileUse& use : family->version->blob_files()) live_blob_files.insert(use.file->meta().number);
    }
  }
  const std::vector<uint64_t> live_logs = wals_.LiveNumbers();
  for (const std::string& dir : Directories()) {
    std::vector<std::string> names;
    GNEISS_RETURN_IF_ERROR(config_.fs->List(dir, &names));
    for (const std::string& name : names) {
      uint64_t number = 0;
      FileKind kind;
      if (!ParseFileName(name, &number, &kind)) continue;
      bool is_obsolete = false;
      if (kind == FileKind::kTable) is_obsolete = live_tables.count(number) == 0;
      if (kind == FileKind::kBlob) is_obsolete = live_blob_files.count(number) == 0;
      if (kind == FileKind::kTemp) is_obsolete = true;
      if (kind == FileKind::kManifest) is_obsolete = number < manifest_->number();
      if (kind == FileKind::kWal) {
        is_obsolete =
            number < min_log_number && std::find(live_logs.begin(), live_logs.end(), number) == live_logs.end();
      }
      if (!is_obsolete) continue;
      if (config_.is_best_efforts && (kind == FileKind::kTable || kind == FileKind::kBlob)) {
        PutAside(dir + "/" + name);
      } else {
        obsolete_files_->Add(kind, number, dir + "/" + name);
      }
    }
  }
  return Status::Ok();
}

// Each step rests on the one before:
//   1. flush what has no log                      (background work still runs)
//   2. stop background work and stalled writers   (is_shutting_down_)
//   3. as the only writer, end writing            (is_closed_: whoever comes later is refused)
//   4. wait for jobs, also those on callers' threads, and for the MANIFEST's writer
//   5. delete what is obsolete, close the files, release the lock
// Callers may read on: what they read is freed with the last handle, iterator or snapshot.
Status DatabaseImpl::Close() {
  {
    MutexLock lock(&mutex_);
    while (is_closing_ && !is_close_done_) state_changed_.Wait(&mutex_);
    if (is_close_done_) return close_status_;
    is_closing_ = true;
  }
  Status status = CatchBadAlloc([this] {
    while (UnlockWal().ok()) {
      // whoever still holds the logs must not hold up closing
    }
    return FlushUnlogged();
  });
  {
    MutexLock lock(&mutex_);
    is_shutting_down_.store(true);
    are_jobs_cancelled_.store(true);
    attention_.fetch_or(kError);
    state_changed_.SignalAll();
  }
  AsOnlyWriter([this] {
    followed_.reset();
    MutexLock lock(&mutex_);
    is_closed_ = true;
    return Status::Ok();
  }).IgnoreError("nothing can fail");
  recovery_pool_->WaitIdle();
  flush_pool_->WaitIdle();
  compaction_pool_->WaitIdle();
  flush_pool_->WaitIdle();
  recovery_pool_->WaitIdle();
  {
    MutexLock lock(&mutex_);
    state_changed_.SignalAll();
    while (running_compactions_ > 0) state_changed_.Wait(&mutex_);
    while (is_manifest_busy_) state_changed_.Wait(&mutex_);
  }
  obsolete_files_->SetScheduler(nullptr);
  ReclaimAll();  // so that files whose last reader has gone are known to be obsolete, while the directory is ours
  obsolete_files_->Purge();
  Status wal_status = CatchBadAlloc([this] { return wals_.Close(); });
  if (status.ok()) status = std::move(wal_status);
  if (manifest_ != nullptr) {
    Status manifest_status = CatchBadAlloc([this] { return manifest_->Close(); });
    if (status.ok()) status = std::move(manifest_status);
  }
  lock_.reset();
  MutexLock lock(&mutex_);
  close_status_ = std::move(status);
  is_close_done_ = true;
  state_changed_.SignalAll();
  return close_status_;
}

Status DatabaseImpl::FlushUnlogged() {
  if (BackgroundError().severity() == Status::Severity::kSoftError) {
    Status cleared;
    ResumeOnce(&cleared).IgnoreError("the error that stays ends this here");
  }
  // Not by manifest_, which is its writer's while jobs still run.
  if (config_.is_read_only || !is_open_.load() || !has_unlogged_data_.load() || avoids_flush_during_shutdown_.load() ||
      !BackgroundError().ok()) {
    return Status::Ok();
  }
  return Flush(FlushParams{.wait = true, .allow_write_stall = true}, AllFamilies());
}

}  // namespace gneiss
