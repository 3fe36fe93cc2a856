// A secondary follows a primary that has the database open, in another process. Whenever it is asked to catch up it
// reads what the primary has appended to its MANIFEST and logs since, and never writes.
//
// Each log's entries go into memtables of their own, which leave when the MANIFEST shows them in tables. Readers may
// see the newest of those memtables while entries are added: their sequence numbers are published afterwards.
//
// What it reads may change meanwhile, so a reading counts only when
//   1. every table that the MANIFEST names could be opened (an open file stays readable when the primary deletes it),
//   2. every log that was listed was there, and
//   3. a second look at the MANIFEST shows that no log needed by the first one could be gone.
// Else it looks again. When it cannot go on from where it stopped (another MANIFEST, a log that is not what it was,
// damage) it forgets what it has read and reads everything anew.

#include <algorithm>
#include <set>

#include "engine/base/read_guard.h"
#include "engine/db/followed.h"
#include "engine/io/file_name.h"

namespace gneiss {

namespace {

constexpr int kAttemptsMax = 100;

bool IsGone(const Status& status) { return status.IsPathNotFound() || status.IsNotFound(); }

using TableMetas = std::map<uint64_t, TableMeta>;

const TableMeta* Find(const std::map<int, TableMetas>& tables, int level, uint64_t number) {
  const auto of_level = tables.find(level);
  if (of_level == tables.end()) return nullptr;
  const auto found = of_level->second.find(number);
  return found == of_level->second.end() ? nullptr : &found->second;
}

// What turns the version into the one that was recovered.
VersionEdit EditBetween(const Version& version, const RecoveredFamily& recovered) {
  VersionEdit edit;
  std::set<uint64_t> kept;
  for (int level = 0; level < version.LevelCount(); ++level) {
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      const uint64_t number = table->meta().number;
      const TableMeta* const now = Find(recovered.tables, level, number);
      if (now != nullptr && IsSameTable(*now, table->meta())) {
        kept.insert(number);
      } else {
        edit.deleted_tables.emplace_back(level, number);
      }
    });
  }
  for (const auto& [level, tables] : recovered.tables) {
    for (const auto& [number, meta] : tables) {
      if (kept.count(number) == 0) edit.added_tables.emplace_back(level, meta);
    }
  }
  for (const auto& [number, file] : recovered.blob_files) {
    const BlobFileUse* const use = version.FindBlobFile(number);
    BlobGarbage more = file.second;
    if (use == nullptr) {
      edit.added_blob_files.push_back(file.first);
    } else {
      more.blob_count -= use->garbage_count;
      more.blob_bytes -= use->garbage_bytes;
    }
    if (more.blob_count > 0) edit.blob_garbage.push_back(more);
  }
  return edit;
}

bool ChangesFiles(const VersionEdit& edit) {
  return !edit.deleted_tables.empty() || !edit.added_tables.empty() || !edit.added_blob_files.empty() ||
         !edit.blob_garbage.empty();
}

Status OpenAllTables(const Version& version) {
  Status status;
  for (int level = 0; level < version.LevelCount(); ++level) {
    version.level(level).ForEachTable([&](const TableFilePtr& table) {
      ReaderRef reader;
      if (status.ok()) status = table->Reader(level, &reader);
    });
  }
  return status;
}

}  // namespace

Status DatabaseImpl::CatchUp() {
  if (!config_.is_secondary) return Status::NotSupported("Supported only by secondary instance");
  return AsOnlyWriter([this] {
    Status status;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const bool is_anew = followed_ == nullptr;
      bool is_current = false;
      status = CatchBadAlloc([&] { return FollowPrimary(&is_current); });
      if (status.ok() && is_current) return status;
      if (status.ok()) {
        status = Status::TryAgain("the primary goes on too fast");
      } else if (!IsGone(status)) {
        followed_.reset();
        if (is_anew && status.code() != Status::Code::kTryAgain) return status;
      }
    }
    return status;
  });
}

Status DatabaseImpl::FollowPrimary(bool* is_current) {
  if (followed_ == nullptr) followed_ = std::make_unique<Followed>(config_.fs, dir_);
  bool has_changed = false;
  GNEISS_RETURN_IF_ERROR(followed_->manifest.ReadOn(&has_changed));
  followed_->are_tables_due = followed_->are_tables_due || has_changed;
  if (followed_->are_tables_due) GNEISS_RETURN_IF_ERROR(FollowTables());
  followed_->are_tables_due = false;
  GNEISS_RETURN_IF_ERROR(FollowLogs());
  GNEISS_RETURN_IF_ERROR(followed_->manifest.ReadOn(&has_changed));
  followed_->are_tables_due = has_changed;
  *is_current = !has_changed || !MayFollowedLogsBeGone();
  if (*is_current) InstallFollowed();
  if (!followed_->can_go_on) followed_.reset();
  return Status::Ok();
}

// Has the primary flushed since? Then it may have deleted logs that the older state still needs.
bool DatabaseImpl::MayFollowedLogsBeGone() const {
  const RecoveredState& now = followed_->manifest.state();
  if (now.min_log_number_to_keep > followed_->min_log_number_to_keep) return true;
  return std::any_of(followed_->families.begin(), followed_->families.end(), [&](const auto& each) {
    const auto found = now.families.find(each.first);
    return found == now.families.end() || found->second.log_number > each.second.log_number;
  });
}

// Builds, beside what readers see, the Versions that the MANIFEST tells of.
Status DatabaseImpl::FollowTables() {
  const RecoveredState& state = followed_->manifest.state();
  followed_->min_log_number_to_keep = state.min_log_number_to_keep;
  allocated_seq_ = std::max(allocated_seq_, state.last_seq);
  for (const FamilyPtr& family : AllFamilies()) {
    const auto recovered = state.families.find(family->id);
    if (recovered == state.families.end()) {
      family->is_dropped.store(true);  // handles go on reading what was there
      followed_->families.erase(family->id);
      continue;
    }
    const auto [followed, is_new] = followed_->families.try_emplace(family->id);
    if (is_new) followed->second = {.family = family, .version = family->version, .memtables = {}};
    GNEISS_RETURN_IF_ERROR(FollowFamily(recovered->second, &followed->second));
  }
  return Status::Ok();
}

Status DatabaseImpl::FollowFamily(const RecoveredFamily& recovered, FollowedFamily* followed) {
  ColumnFamily& family = *followed->family;
  GNEISS_RETURN_IF_ERROR(SetRecoveredHistory(recovered, &family));
  VersionPtr next = followed->version;
  if (const VersionEdit edit = EditBetween(*next, recovered); ChangesFiles(edit)) {
    GNEISS_RETURN_IF_ERROR(followed->version->Apply(
        edit, [&](const TableMeta& meta) { return MakeTable(family, meta); }, &next,
        [&](const BlobFileMeta& meta) { return MakeBlobFile(family, meta); }));
  }
  // Also those that opening the database told of: nobody has read them yet.
  GNEISS_RETURN_IF_ERROR(OpenAllTables(*next));
  followed->has_changed = followed->has_changed || next != followed->version;
  followed->version = std::move(next);
  followed->log_number = recovered.log_number;
  const auto end = followed->memtables.lower_bound(recovered.log_number);
  followed->has_changed = followed->has_changed || followed->memtables.begin() != end;
  followed->memtables.erase(followed->memtables.begin(), end);
  return Status::Ok();
}

Status DatabaseImpl::FollowLogs() {
  Followed& followed = *followed_;
  std::vector<std::string> names;
  const Status listed = config_.fs->List(wal_dir_, &names);
  if (!listed.ok() && !IsGone(listed)) return listed;
  if (config_.tracks_wals) GNEISS_RETURN_IF_ERROR(CheckFollowedWals(names));
  TellWalFilterOfFollowed();
  uint64_t lowest = followed.min_log_number_to_keep;
  // With two-phase commits an older log may hold a prepared section.
  if (!config_.allow_2pc) lowest = std::max(lowest, followed.LowestLogNumber());
  std::set<uint64_t> numbers;
  for (const std::string& name : names) {
    uint64_t number = 0;
    FileKind kind;
    if (ParseFileName(name, &number, &kind) && kind == FileKind::kWal && number >= lowest) numbers.insert(number);
  }
  followed.logs.erase(followed.logs.begin(), followed.logs.lower_bound(lowest));
  prepared_.RemoveOfLogsBelow(lowest);
  Replay& replay = followed.replay;
  replay.lowest_log = lowest;
  replay.log_ends.erase(replay.log_ends.begin(), replay.log_ends.lower_bound(lowest));
  // What readers see already must not change.
  replay.lowest_seq = followed.is_installed ? LatestSeq() + 1 : 0;
  replay.is_stopped = false;
  followed.can_go_on = config_.wal_filter == nullptr;
  for (const uint64_t number : numbers) {
    if (replay.is_stopped_by_filter) break;
    GNEISS_RETURN_IF_ERROR(FollowLog(number, /*is_last=*/number == *numbers.rbegin()));
  }
  // The last log may end anywhere; more of it will come.
  if (replay.is_stopped && replay.damaged_log != *numbers.rbegin()) followed.can_go_on = false;
  return Status::Ok();
}

// The primary may have dropped a log since it was last looked at.
Status DatabaseImpl::CheckFollowedWals(const std::vector<std::string>& wal_dir_names) {
  const Status status = CheckTrackedWals(followed_->manifest.state(), wal_dir_names);
  if (!status.IsCorruption()) return status;
  bool has_changed = false;
  GNEISS_RETURN_IF_ERROR(followed_->manifest.ReadOn(&has_changed));
  return has_changed ? Status::TryAgain("a log is gone") : status;
}

void DatabaseImpl::TellWalFilterOfFollowed() {
  if (config_.wal_filter == nullptr) return;
  std::map<uint32_t, uint64_t> log_numbers;
  std::map<std::string, uint32_t> ids;
  for (const auto& [id, family] : followed_->families) {
    log_numbers[id] = family.log_number;
    ids[family.family->name] = id;
  }
  config_.wal_filter->OnFamilies(log_numbers, ids);
}

Status DatabaseImpl::FollowLog(uint64_t number, bool is_last) {
  Followed::FollowedLog& followed = followed_->logs[number];
  const bool was_last = std::exchange(followed.was_last, is_last);
  if (followed.log == nullptr) {
    GNEISS_RETURN_IF_ERROR(OpenLogToReplay(number, &followed.log));
  } else {
    // What lies behind the zeros at the end of the last log is looked at when it is no longer the last.
    bool has_more = was_last && !is_last;
    const std::string& path = followed.log->path();
    if (!has_more) GNEISS_RETURN_IF_ERROR(HasMoreRecords(config_.fs, path, followed.log->reader(), &has_more));
    if (!has_more) return Status::Ok();
  }
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(config_.fs->OpenSequential(followed.log->path(), &file));
  followed.log->reader().Reread(std::move(file), /*is_still_written=*/is_last);
  GNEISS_RETURN_IF_ERROR(ReplayLog(followed.log.get(), &followed_->replay));
  if (!followed.log->damage().ok()) followed_->can_go_on = false;
  return Status::Ok();
}

// Null: the family is gone, or its tables hold this log's data already.
Memtable* DatabaseImpl::FollowedMemtable(uint32_t family_id, uint64_t log_number) {
  const auto found = followed_->families.find(family_id);
  if (found == followed_->families.end() || log_number < found->second.log_number) return nullptr;
  MemtablePtr& memtable = found->second.memtables[log_number];
  if (memtable == nullptr) {
    memtable = NewFollowedMemtable(found->second.family.get());
    found->second.has_changed = true;
  }
  return memtable.get();
}

// The primary may take in tables below what is in the logs, so it claims to hold no sequence numbers of its own.
MemtablePtr DatabaseImpl::NewFollowedMemtable(ColumnFamily* family) {
  const Memtable::Config config{.order = family->order,
                                .expected_bytes = family->config()->write_buffer_bytes,
                                .arena_block_bytes = family->config()->arena_block_bytes,
                                .budget = family->memtable_budget};
  MutexLock lock(&mutex_);
  return std::make_shared<Memtable>(config, family->next_memtable_id++, /*earliest_seq=*/0);
}

// All families go on at once: a snapshot that is taken meanwhile sees all of it or nothing. A reader without a snapshot
// may see the sequence number with an older SuperVersion, which then lacks what is newer; the other way round, what a
// compaction of the primary dropped would be missing.
void DatabaseImpl::InstallFollowed() {
  std::vector<ColumnFamily*> changed;
  for (auto& [id, followed] : followed_->families) {
    if (!std::exchange(followed.has_changed, false)) continue;
    changed.push_back(followed.family.get());
    SetFollowed(followed);
  }
  followed_->is_installed = true;
  if (changed.empty()) {
    published_seq_.store(allocated_seq_, std::memory_order_release);
    return;
  }
  {
    MutexLock lock(&mutex_);
    snapshots_.BeginEpoch([&](Epoch epoch, const std::vector<Epoch>& live_epochs) REQUIRES(mutex_) {
      published_seq_.store(allocated_seq_, std::memory_order_release);
      for (ColumnFamily* family : changed) family->history.InstallChanging(NewSuperVersion(family), epoch, live_epochs);
    });
    for (ColumnFamily* family : changed) UpdateCompactionState(family);
  }
  Reclaim();
}

void DatabaseImpl::SetFollowed(const FollowedFamily& followed) {
  ColumnFamily* const family = followed.family.get();
  MemtablePtr active = followed.memtables.empty() ? NewFollowedMemtable(family) : followed.memtables.rbegin()->second;
  MutexLock lock(&mutex_);
  family->version = followed.version;
  family->log_number = followed.log_number;
  family->active = std::move(active);
  family->sealed.clear();
  for (const auto& [log_number, memtable] : followed.memtables) {
    if (memtable == family->active) continue;
    memtable->Seal();
    family->sealed.push_back({.memtable = memtable, .next_log_number = log_number + 1});
  }
}

}  // namespace gneiss
