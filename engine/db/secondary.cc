// A secondary follows a primary that has the database open, in another process: it reads the primary's MANIFEST and
// logs anew whenever it is asked to catch up, and never writes.
//
// What it reads may change meanwhile, so a reading counts only when
//   1. every table that the MANIFEST names could be opened (an open file stays readable when the primary deletes it),
//   2. every log was there, and
//   3. a second look at the MANIFEST shows that no log needed by the first one could be gone.
// Else it starts over with the newer state.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

constexpr int kAttemptsMax = 100;

bool IsGone(const Status& status) { return status.IsPathNotFound() || status.IsNotFound(); }

VersionEdit ReplacementEdit(const Version& version, const RecoveredFamily& recovered) {
  VersionEdit edit;
  for (int level = 0; level < version.LevelCount(); ++level) {
    version.level(level).ForEachTable(
        [&](const TableFilePtr& table) { edit.deleted_tables.emplace_back(level, table->meta().number); });
  }
  for (const auto& [level, tables] : recovered.tables) {
    for (const auto& [number, meta] : tables) edit.added_tables.emplace_back(level, meta);
  }
  for (const auto& [number, file] : recovered.blob_files) {
    if (version.FindBlobFile(number) == nullptr) edit.added_blob_files.push_back(file.first);
  }
  return edit;
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

// Has the primary flushed since? Then it may have deleted logs that the older state still needs.
bool MayLogsBeGone(const RecoveredState& before, const RecoveredState& now) {
  if (now.min_log_number_to_keep > before.min_log_number_to_keep) return true;
  return std::any_of(before.families.begin(), before.families.end(), [&](const auto& each) {
    const auto found = now.families.find(each.first);
    return found != now.families.end() && found->second.log_number > each.second.log_number;
  });
}

}  // namespace

Status DatabaseImpl::CatchUp() {
  if (!config_.is_secondary) return Status::NotSupported("Supported only by secondary instance");
  MutexLock one_at_a_time(&catch_up_mutex_);
  Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    RecoveredState state;
    status = RecoverManifest(config_.fs, dir_, &state);
    if (status.ok()) status = FollowState(state);
    if (status.ok()) {
      RecoveredState now;
      status = RecoverManifest(config_.fs, dir_, &now);
      if (status.ok() && !MayLogsBeGone(state, now)) {
        InstallFollowed();
        return Status::Ok();
      }
      if (status.ok()) status = Status::TryAgain("the primary goes on too fast");
    }
    if (!IsGone(status) && status.code() != Status::Code::kTryAgain) return status;
  }
  return status;
}

// Builds, beside what readers see, the Versions of a state and memtables of the logs it needs.
Status DatabaseImpl::FollowState(const RecoveredState& state) {
  std::vector<FamilyPtr> families;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) families.push_back(family);
  }
  followed_versions_.clear();
  allocated_seq_ = std::max(allocated_seq_, state.last_seq);
  for (const FamilyPtr& family : families) {
    const auto recovered = state.families.find(family->id);
    if (recovered == state.families.end()) {
      family->is_dropped.store(true);  // handles go on reading what was there
      continue;
    }
    VersionPtr next;
    GNEISS_RETURN_IF_ERROR(family->version->Apply(
        ReplacementEdit(*family->version, recovered->second),
        [&](const TableMeta& meta) { return MakeTable(*family, meta); }, &next,
        [&](const BlobFileMeta& meta) { return MakeBlobFile(*family, meta); }));
    GNEISS_RETURN_IF_ERROR(OpenAllTables(*next));
    followed_versions_[family->id] = std::move(next);
    auto fresh = std::make_shared<Memtable>(Memtable::Config{.order = family->order,
                                                             .arena_block_bytes = family->config()->arena_block_bytes,
                                                             .budget = family->memtable_budget},
                                            family->next_memtable_id++, 0);
    MutexLock lock(&mutex_);
    family->log_number = recovered->second.log_number;
    GNEISS_RETURN_IF_ERROR(SetRecoveredHistory(recovered->second, family.get()));
    family->active = std::move(fresh);
  }
  return ReplayLogs(state);
}

// The sequence number was published by the replay, first: with an older one, what a compaction of the primary dropped
// would be missing.
void DatabaseImpl::InstallFollowed() {
  {
    MutexLock lock(&mutex_);
    for (auto& [id, version] : followed_versions_) {
      const FamilyPtr& family = families_.at(id);
      family->version = std::move(version);
      InstallSuperVersion(family.get(), /*preserves_snapshots=*/false);  // entries came past the commit path
    }
  }
  followed_versions_.clear();
  Reclaim();
}

}  // namespace gneiss
