// Compactions that a caller shapes: of the files named, of a range when there is time, of level 0 by mere renaming.

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

Status DatabaseImpl::CompactFiles(const CompactFilesParams& params, const FamilyPtr& family,
                                  CompactFilesReport* report) {
  if (config_.is_read_only) return ReadOnlyError();
  if (params.path_id >= family->opener->config().paths.size()) {
    return Status::InvalidArgument("Output path does not exist");
  }
  const FilesRequest request{.family_name = family->name,
                             .table_numbers = params.table_numbers,
                             .output_level = params.output_level,
                             .path_id = params.path_id,
                             .output_file_bytes_max = params.output_file_bytes_max};
  CompactionWork work;
  {
    MutexLock lock(&mutex_);
    if (is_shutting_down_.load()) return Status::ShutdownInProgress("the database is closing");
    if (!background_error_.ok()) return background_error_;
    if (family->is_dropped.load()) return Status::ColumnFamilyDropped("Column family dropped");
    GNEISS_RETURN_IF_ERROR(
        ChooseFiles(*family->version, family->config()->compaction, family->compaction_state, request, &work));
    if (IsOutputClaimed(*family, work)) {
      return Status::Aborted("A running compaction is writing to the same output level in an overlapping key range");
    }
    BeginWork(family.get(), work);
    ++running_compactions_;
  }
  const std::atomic<bool>* const canceled = params.canceled != nullptr ? params.canceled : &are_jobs_cancelled_;
  const Status status = DoWork(
      family, std::move(work),
      {.canceled = canceled, .subcompactions_max = params.subcompactions_max, .files = &params, .report = report});
  {
    MutexLock lock(&mutex_);
    --running_compactions_;
    MaybeScheduleCompaction(family);
    state_changed_.SignalAll();
  }
  Reclaim();
  return status;
}

Status DatabaseImpl::SuggestCompactRange(const FamilyPtr& family, const OptionalRange& range) {
  if (config_.is_read_only) return ReadOnlyError();
  MutexLock lock(&mutex_);
  const Version& version = *family->version;
  for (int level = 0; level < version.LastNonEmptyLevel(); ++level) {
    for (const TableFilePtr& table : version.Overlapping(level, range.begin, range.end, /*expand_level0=*/true)) {
      table->is_suggested_for_compaction = true;
    }
  }
  UpdateCompactionState(family.get());
  MaybeScheduleCompaction(family);
  return Status::Ok();
}

Status DatabaseImpl::PromoteLevel0(const FamilyPtr& family, int target_level) {
  if (config_.is_read_only) return ReadOnlyError();
  if (target_level < 1) return Status::InvalidArgument("Invalid target level");
  CompactionWork work{.type = CompactionWork::Type::kMove};
  {
    MutexLock lock(&mutex_);
    const Version& version = *family->version;
    if (target_level >= version.LevelCount()) return Status::InvalidArgument("Target level does not exist");
    Tables level0 = Level0Tables(version);
    if (IsBusy(level0)) return Status::InvalidArgument("PromoteL0 called during L0 compaction");
    if (!AreDisjoint(family->order, level0)) return Status::InvalidArgument("L0 has overlapping files");
    for (int level = 1; level <= target_level; ++level) {
      if (version.level(level).table_count > 0) {
        return Status::InvalidArgument("All levels up to target_level must be empty");
      }
    }
    if (level0.empty()) return Status::Ok();
    work.inputs.push_back({.level = 0, .tables = std::move(level0)});
    work.output_level = target_level;
    // What a running merge still reads from level 0 is busy; one that writes between 0 and the target would have to.
    BeginWork(family.get(), work);
  }
  FamilyChange change{.family = family, .edit = EditOfMoveOrDrop(work)};
  const Status status = Install({std::move(change)});
  MutexLock lock(&mutex_);
  EndWork(family.get(), work);
  MaybeScheduleCompaction(family);
  return status;
}

}  // namespace gneiss
