// What a database says of itself: sizes, counts, files.

#include <algorithm>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"

namespace gneiss {

Status DatabaseImpl::DisableFileDeletions() {
  if (config_.is_read_only) return ReadOnlyError();
  obsolete_files_->Disable();
  return Status::Ok();
}

Status DatabaseImpl::EnableFileDeletions(bool force) {
  if (config_.is_read_only) return ReadOnlyError();
  obsolete_files_->Enable(force);
  return Status::Ok();
}

uint64_t DatabaseImpl::ApproximateBytes(const FamilyPtr& family, Slice start, Slice end, bool include_files,
                                        bool include_memtables) {
  uint64_t bytes = 0;
  if (include_memtables) bytes += EstimateMemtables(family, start, end).bytes;
  if (!include_files) return bytes;
  VersionPtr version;
  {
    MutexLock lock(&mutex_);
    version = family->version;
  }
  return bytes + version->ApproximateBytes(start, end, ReadParams{});
}

Memtable::RangeEstimate DatabaseImpl::EstimateMemtables(const FamilyPtr& family, Slice start, Slice end) {
  std::vector<MemtablePtr> memtables;
  {
    MutexLock lock(&mutex_);
    memtables = family->SealedNewestFirst();
    memtables.push_back(family->active);
  }
  Memtable::RangeEstimate total;
  for (const MemtablePtr& memtable : memtables) {
    const Memtable::RangeEstimate part = memtable->EstimateRange(start, end);
    total.entries += part.entries;
    total.bytes += part.bytes;
  }
  return total;
}

FamilyFacts DatabaseImpl::Facts(const FamilyPtr& family) {
  Reclaim();  // Versions without a reader are not counted
  MutexLock lock(&mutex_);
  FamilyFacts facts;
  facts.live_versions = static_cast<uint64_t>(std::count_if(family->versions.begin(), family->versions.end(),
                                                            [](const auto& version) { return !version.expired(); }));
  facts.version = family->version;
  for (const auto& version : family->versions) {
    if (VersionPtr held = version.lock(); held != nullptr && held != family->version) {
      facts.older_versions.push_back(std::move(held));
    }
  }
  facts.compaction = family->compaction_state;
  facts.sealed_count = family->sealed.size();
  const bool is_flush_due =
      !family->sealed.empty() &&
      (family->is_flush_requested ||
       family->sealed.size() >= static_cast<size_t>(family->config()->write_buffers_to_merge_min));
  facts.flush_pending = is_flush_due && !family->is_flushing ? 1 : 0;
  facts.compaction_pending =
      NeedsCompaction(*family->version, family->compaction_state, family->config()->compaction) ? 1 : 0;
  facts.active_bytes = family->active->MemoryUsage();
  facts.active_entries = family->active->EntryCount();
  facts.active_deletes = family->active->DeletionCount();
  facts.all_memtables_bytes = facts.active_bytes;
  facts.earliest_seq_in_memory = family->active->earliest_seq();
  for (const SealedMemtable& sealed : family->sealed) {
    facts.all_memtables_bytes += sealed.memtable->MemoryUsage();
    facts.sealed_entries += sealed.memtable->EntryCount();
    facts.sealed_deletes += sealed.memtable->DeletionCount();
    facts.earliest_seq_in_memory = std::min(facts.earliest_seq_in_memory, sealed.memtable->earliest_seq());
  }
  facts.pinned_memtables_bytes = facts.all_memtables_bytes;
  facts.super_version_number = family->history.Newest()->number;
  facts.log_number = family->log_number;
  facts.levels = family->levels;
  facts.counters = family->counters;
  return facts;
}

DatabaseFacts DatabaseImpl::Facts() {
  DatabaseFacts facts;
  facts.snapshot_count = snapshots_.Count();
  int64_t oldest_seconds = 0;
  if (snapshots_.Oldest(&facts.oldest_snapshot_seq, &oldest_seconds)) {
    facts.oldest_snapshot_unix_seconds = static_cast<uint64_t>(oldest_seconds);
  }
  facts.is_file_deletion_enabled = obsolete_files_->IsEnabled();
  facts.min_obsolete_table_number = obsolete_files_->MinTableNumber();
  facts.is_write_stopped = throttle_.mode() == Throttle::Mode::kStopped;
  facts.delayed_write_bytes_per_second = throttle_.BytesPerSecond();
  facts.counted_since_unix_micros = counted_since_unix_micros_.load(std::memory_order_relaxed);
  MutexLock lock(&mutex_);
  facts.commits = commit_counters_.Load().Since(commits_at_reset_);
  facts.running_flushes = static_cast<uint64_t>(running_flushes_);
  facts.running_compactions = static_cast<uint64_t>(running_compactions_);
  facts.background_errors = background_error_count_;
  facts.min_log_number_to_keep = MinLogNumber();
  return facts;
}

void DatabaseImpl::ResetFacts() {
  counted_since_unix_micros_.store(static_cast<uint64_t>(config_.clock->UnixSeconds()) * 1'000'000,
                                   std::memory_order_relaxed);
  MutexLock lock(&mutex_);
  commits_at_reset_ = commit_counters_.Load();
  background_error_count_ = 0;
  for (const auto& [id, family] : families_) {
    family->counters = FamilyCounters();
    for (LevelCounters& level : family->levels) level = LevelCounters();
  }
}

Status DatabaseImpl::VerifyChecksums(const ReadParams& params) {
  std::vector<VersionPtr> versions;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) versions.push_back(family->version);
  }
  Status result;
  for (const VersionPtr& version : versions) {
    for (int level = 0; level < version->LevelCount(); ++level) {
      version->level(level).ForEachTable([&](const TableFilePtr& table) {
        if (!result.ok()) return;
        ReaderRef reader;
        result = table->Reader(level, &reader);
        if (result.ok()) result = reader->VerifyChecksums(params);
      });
    }
  }
  return result;
}

Status DatabaseImpl::GetLiveFiles(std::vector<std::string>* names, uint64_t* manifest_bytes, bool flush_memtables) {
  if (flush_memtables) GNEISS_RETURN_IF_ERROR(Flush(FlushParams{}, AllFamilies()));
  const LiveFileSet files = LiveFiles();
  names->clear();
  for (const LiveTable& table : files.tables) names->push_back(TableName("", table.meta.number));
  for (const LiveBlobFile& file : files.blob_files) names->push_back(BlobName("", file.meta.number));
  names->push_back(CurrentName(""));
  names->push_back(ManifestName("", files.manifest_number));
  if (files.options_number != 0) names->push_back(OptionsName("", files.options_number));
  *manifest_bytes = files.manifest_bytes;
  return Status::Ok();
}

// The manifest turn orders this against installs: the tables and the MANIFEST's length belong together.
LiveFileSet DatabaseImpl::LiveFiles() {
  LiveFileSet files;
  MutexLock lock(&mutex_);
  while (is_manifest_busy_) state_changed_.Wait(&mutex_);
  for (const auto& [id, family] : families_) {
    for (int level = 0; level < family->version->LevelCount(); ++level) {
      family->version->level(level).ForEachTable([&, &each = family](const TableFilePtr& table) {
        files.tables.push_back({.family = each, .level = level, .meta = table->meta()});
      });
    }
    for (const BlobFileUse& use : family->version->blob_files()) {
      files.blob_files.push_back({.family = family, .meta = use.file->meta()});
    }
  }
  files.manifest_number = manifest_ == nullptr ? recovered_manifest_number_ : manifest_->number();
  files.manifest_bytes = manifest_ == nullptr ? recovered_manifest_bytes_ : manifest_->FileBytes();
  files.options_number = options_file_number_;
  files.min_log_number = MinLogNumber();
  return files;
}

}  // namespace gneiss
