// Taking in table files from outside, atomically over column families.
//
//   1. look at every file, bring it into the database's directory           (no lock; failures leave nothing behind)
//   2. become the only writer; flush memtables that hold keys of the files  (NeedsFlush)
//   3. take the manifest turn; give each file its level and its seq         (PlaceTable)
//   4. log the edits as one atomic group, install, publish the last seq     (FinishIngest)
//
// A file goes to the deepest level where nothing in its way is older than it and no running merge will write. It keeps
// seq 0 while nothing in the database lies in its key range and no snapshot is open; else it gets a seq of its own.

#include <algorithm>
#include <set>

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"
#include "engine/db/external_table.h"
#include "engine/io/file_name.h"
#include "engine/iter/merging_iterator.h"

namespace gneiss {

namespace {

bool AreDisjoint(const KeyOrder& order, const std::vector<ExternalTable>& tables) {
  std::vector<const TableMeta*> sorted;
  for (const ExternalTable& table : tables) sorted.push_back(&table.meta);
  std::sort(sorted.begin(), sorted.end(), [&](const TableMeta* a, const TableMeta* b) {
    return order.Compare(a->smallest.user_key(), b->smallest.user_key()) < 0;
  });
  for (size_t i = 1; i < sorted.size(); ++i) {
    const InternalKey& end = sorted[i - 1]->largest;
    const int compared = order.Compare(end.user_key(), sorted[i]->smallest.user_key());
    const bool is_end_excluded = end.seq() == kSeqMax;
    if (compared > 0 || (compared == 0 && !is_end_excluded)) return false;
  }
  return true;
}

// Does the iterator show an entry between the user keys, or a tombstone reach into them?
Status HasEntryIn(const KeyOrder& order, InternalIterator* entries, const KeyRange& range, bool* has_entry) {
  entries->Seek(SeekKey(order.BeforeVersions(order.BareKey(*range.begin)), kSeqMax).Encode());
  *has_entry = entries->Valid() && order.Compare(UserKeyOf(entries->key()), *range.end) <= 0;
  return entries->status();
}
bool Reaches(const KeyOrder& order, Slice start, Slice end, const KeyRange& range) {
  return order.Compare(start, *range.end) <= 0 && order.Compare(*range.begin, end) < 0;
}

Status OverlapsMemtable(const Memtable& memtable, const KeyOrder& order, const KeyRange& range, bool* overlaps) {
  GNEISS_RETURN_IF_ERROR(HasEntryIn(order, memtable.NewIterator().get(), range, overlaps));
  const std::unique_ptr<InternalIterator> tombstones = memtable.NewRangeTombstoneIterator();
  if (*overlaps || tombstones == nullptr) return Status::Ok();
  for (tombstones->SeekToFirst(); tombstones->Valid() && !*overlaps; tombstones->Next()) {
    *overlaps = Reaches(order, UserKeyOf(tombstones->key()), tombstones->value(), range);
  }
  return tombstones->status();
}

Status OverlapsLevel(const Version& version, int level, const KeyRange& range, bool* overlaps) {
  const KeyOrder& order = version.order();
  *overlaps = false;
  ReadParams params;
  params.fill_cache = false;
  params.total_order_seek = true;
  const Slice begin = *range.begin;
  const Slice end = *range.end;
  for (const TableFilePtr& table : version.Overlapping(level, &begin, &end)) {
    ReaderRef reader;
    GNEISS_RETURN_IF_ERROR(table->Reader(level, &reader));
    GNEISS_RETURN_IF_ERROR(HasEntryIn(order, reader->NewIterator(params).get(), range, overlaps));
    if (*overlaps) return Status::Ok();
    GNEISS_RETURN_IF_ERROR(table->ForEachTombstone(level, params, [&](Slice start, Slice limit, SeqNo) {
      *overlaps = *overlaps || Reaches(order, start, limit, range);
    }));
    if (*overlaps) return Status::Ok();
  }
  return Status::Ok();
}

KeyRange RangeOfMeta(const TableMeta& meta) {
  return {.begin = meta.smallest.user_key(), .end = meta.largest.user_key()};
}

}  // namespace

struct DatabaseImpl::IngestJob {
  const IngestParams* params = nullptr;
  std::vector<ExternalTable> tables;
  bool has_overlap = false;  // among its own files
  uint64_t consumed_seqs = 0;
};

Status DatabaseImpl::Ingest(const std::vector<IngestParams>& families, std::vector<IngestedTable>* ingested) {
  if (config_.is_read_only) return ReadOnlyError();
  if (IsClosed()) return ClosedError();
  std::vector<IngestJob> jobs(families.size());
  Status status;
  for (size_t i = 0; i < families.size() && status.ok(); ++i) {
    jobs[i].params = &families[i];
    status = PrepareIngest(&jobs[i]);
  }
  if (status.ok()) {
    status = AsOnlyWriter([&] {
      GNEISS_RETURN_IF_ERROR(BackgroundError());
      for (IngestJob& job : jobs) GNEISS_RETURN_IF_ERROR(FlushForIngest(job));
      const Status finished = InManifestTurn([&] { return FinishIngest(&jobs); });
      MutexLock lock(&mutex_);
      for (const IngestJob& job : jobs) MaybeScheduleCompaction(job.params->family);
      return finished;
    });
  }
  Reclaim();
  for (const IngestJob& job : jobs) {
    for (const ExternalTable& table : job.tables) {
      if (status.ok()) {
        ingested->push_back({.family = job.params->family,
                             .outside_path = table.outside_path,
                             .inside_path = table.inside_path,
                             .level = table.level,
                             .seq = table.meta.largest_seq,
                             .properties = table.properties});
        if (job.params->moves_files) {
          config_.fs->Remove(table.outside_path).IgnoreError("the other link is the caller's to clean up");
        }
      } else if (!table.inside_path.empty()) {
        config_.fs->Remove(table.inside_path).IgnoreError("an orphan is swept at the next open");
      }
    }
  }
  return status;
}

Status DatabaseImpl::PrepareIngest(IngestJob* job) {
  const IngestParams& params = *job->params;
  const ColumnFamily& family = *params.family;
  const ExternalTableChecks checks{.verify_checksums = params.verify_checksums,
                                   .readahead_bytes = params.verify_readahead_bytes,
                                   .needs_global_seq = params.allow_blocking_flush || params.allow_global_seq};
  for (const std::string& path : params.paths) {
    ExternalTable table;
    GNEISS_RETURN_IF_ERROR(LookAtExternalTable(*family.opener, path, checks, &table));
    const uint64_t owner = table.properties.column_family_id;
    if (owner != kUnknownColumnFamily && owner != family.id) {
      return Status::InvalidArgument("External file column family id don't match");
    }
    if (table.properties.entries == 0 && table.properties.range_deletions == 0) {
      return Status::InvalidArgument("File contain no entries");
    }
    if (table.meta.smallest.empty() || table.meta.largest.empty()) {
      return Status::Corruption("Generated table have corrupted keys");
    }
    table.meta.number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
    table.meta.temperature = params.temperature;
    job->tables.push_back(std::move(table));
  }
  job->has_overlap = !AreDisjoint(family.order, job->tables);
  const std::string& directory = family.opener->config().paths.front();
  for (ExternalTable& table : job->tables) {
    GNEISS_RETURN_IF_ERROR(BringInside(config_.fs, TableName(directory, table.meta.number), params.moves_files,
                                       params.falls_back_to_copy, &table));
  }
  return SyncDirectory(config_.fs, directory);
}

// Has the family an entry or a tombstone in memory for a key of the range, whose ends are given?
Status DatabaseImpl::OverlapsMemory(const ColumnFamily& family, const KeyRange& range, bool* overlaps) {
  *overlaps = false;
  std::vector<MemtablePtr> memtables;
  {
    MutexLock lock(&mutex_);
    memtables = family.SealedNewestFirst();
    memtables.push_back(family.active);
  }
  for (const MemtablePtr& memtable : memtables) {
    if (*overlaps || memtable->empty()) continue;
    GNEISS_RETURN_IF_ERROR(OverlapsMemtable(*memtable, family.order, range, overlaps));
  }
  return Status::Ok();
}

// As the only writer. What the memtables hold of the files' keys is older than the files.
Status DatabaseImpl::FlushForIngest(const IngestJob& job) {
  const FamilyPtr& family = job.params->family;
  if (family->is_dropped.load()) return Status::ColumnFamilyDropped("");
  bool needs_flush = false;
  for (const ExternalTable& table : job.tables) {
    if (!needs_flush) GNEISS_RETURN_IF_ERROR(OverlapsMemory(*family, RangeOfMeta(table.meta), &needs_flush));
  }
  if (!needs_flush) return Status::Ok();
  if (!job.params->allow_blocking_flush) return Status::InvalidArgument("External file requires flush");
  const uint64_t newest_id = family->active->id();
  GNEISS_RETURN_IF_ERROR(SealTogether(FamiliesToFlushWith(family)));
  MutexLock lock(&mutex_);
  RequestFlush(family);
  while (!family->sealed.empty() && family->sealed.front().memtable->id() <= newest_id) {
    if (!background_error_.ok()) return background_error_;
    if (is_shutting_down_.load()) return Status::ShutdownInProgress("the database is closing");
    state_changed_.Wait(&mutex_);
  }
  return Status::Ok();
}

// With the manifest turn, as the only writer. The level is claimed until the install.
Status DatabaseImpl::PlaceTable(const IngestJob& job, SeqNo last_seq, ExternalTable* table, SeqNo* seq) {
  ColumnFamily* const family = job.params->family.get();
  const KeyRange range = RangeOfMeta(table->meta);
  const auto config = family->config();
  const bool is_universal = config->compaction.style == CompactionStyle::kUniversal;
  const bool is_forced = job.params->keeps_snapshots_repeatable && snapshots_.Count() > 0;
  *seq = is_forced ? last_seq + 1 : 0;
  table->level = 0;
  const Status not_deepest = Status::TryAgain(
      "Files cannot be ingested to Lmax. Please make sure key range of Lmax does not overlap with files to ingest.");
  const bool only_deepest = job.params->fails_if_not_bottommost;
  if (is_forced && (is_universal || job.has_overlap)) return only_deepest ? not_deepest : Status::Ok();

  // Versions change only under the manifest turn.
  const Version& version = *family->version;
  int base_level = 1;
  {
    MutexLock lock(&mutex_);
    base_level = family->compaction_state.base_level;
  }
  const auto fits = [&](int level) {
    if (level == 0) return true;
    const Slice begin = *range.begin;
    const Slice end = *range.end;
    if (!version.Overlapping(level, &begin, &end).empty()) return false;
    MutexLock lock(&mutex_);
    return !IsRangeClaimed(*family, level, range);
  };
  bool overlaps_database = false;
  for (int level = 0; level < version.LevelCount(); ++level) {
    if (level > 0 && level < base_level) continue;
    if (version.level(level).table_count == 0 && is_universal) continue;
    if (version.level(level).table_count > 0) {
      GNEISS_RETURN_IF_ERROR(OverlapsLevel(version, level, range, &overlaps_database));
      if (overlaps_database) break;
      if (is_universal && level > 0) {
        // Runs are ordered by age: the file must not look older than the run that it joins.
        const SeqNo run_seq = version.level(level).LargestSeq();
        if (run_seq == 0 || !fits(level)) continue;
        *seq = run_seq;
      }
    }
    if (fits(level)) table->level = level;
  }
  if (job.has_overlap) {
    table->level = 0;
    *seq = last_seq + 1;
  }
  if (only_deepest && table->level < version.LevelCount() - 1) return not_deepest;
  if (overlaps_database && *seq == 0) *seq = last_seq + 1;
  return Status::Ok();
}

// With the manifest turn, as the only writer.
Status DatabaseImpl::FinishIngest(std::vector<IngestJob>* jobs) {
  const SeqNo before = allocated_seq_;
  std::vector<FamilyChange> changes;
  SeqNo last = before;
  Status status;
  for (IngestJob& job : *jobs) {
    // A new epoch: a file without a seq of its own is hidden from open snapshots by nothing else, and no entry came
    // through the commit path.
    FamilyChange& change =
        changes.emplace_back(FamilyChange{.family = job.params->family, .edit = {}, .preserves_snapshots = false});
    SeqNo family_last = before;
    for (ExternalTable& table : job.tables) {
      SeqNo seq = 0;
      status = PlaceTable(job, family_last, &table, &seq);
      if (status.ok() && table.original_seq != seq) {
        if (!job.params->allow_global_seq) {
          status = Status::InvalidArgument("Global seqno is required, but disabled");
        } else if (table.global_seq_offset == 0) {
          status =
              Status::InvalidArgument("Trying to set global seqno for a file that don't have a global seqno field");
        }
      }
      if (status.ok()) status = AssignGlobalSeq(config_.fs, seq, job.params->writes_global_seq, &table);
      if (!status.ok()) break;
      family_last = std::max(family_last, seq);
      const auto now = static_cast<uint64_t>(config_.clock->UnixSeconds());
      table.meta.oldest_ancestor_unix_seconds = now;
      table.meta.file_creation_unix_seconds = now;
      change.edit.added_tables.emplace_back(table.level, table.meta);
      MutexLock lock(&mutex_);
      ClaimRange(job.params->family.get(), table.meta.number, table.level, RangeOfMeta(table.meta));
    }
    if (!status.ok()) break;
    change.edit.last_seq = family_last;
    last = std::max(last, family_last);
  }
  if (status.ok()) status = InstallInTurn(&changes);
  if (status.ok() && last > before) {
    allocated_seq_ = last;
    published_seq_.store(last, std::memory_order_release);
  }
  MutexLock lock(&mutex_);
  for (const IngestJob& job : *jobs) {
    ColumnFamily* const family = job.params->family.get();
    for (const ExternalTable& table : job.tables) {
      family->output_claims.erase(table.meta.number);
      if (!status.ok()) continue;
      LevelCounters& counters = family->levels[static_cast<size_t>(table.level)];
      (table.is_copy ? counters.bytes_written : counters.bytes_moved) += table.meta.file_bytes;
      ++(table.is_copy ? counters.tables_written : counters.tables_moved);
      Log(config_.logger, LogLevel::kInfo, "[%s] External file %s was ingested in L%d as %s (global seq %llu)",
          family->name.c_str(), table.outside_path.c_str(), table.level, table.inside_path.c_str(),
          static_cast<unsigned long long>(table.meta.largest_seq));
    }
  }
  state_changed_.SignalAll();
  return status;
}

Status DatabaseImpl::Import(const FamilyPtr& family, const std::vector<ImportedTable>& files, bool moves_files) {
  if (config_.is_read_only) return ReadOnlyError();
  if (IsClosed()) return ClosedError();
  if (files.empty()) return Status::InvalidArgument("The list of files is empty");
  std::vector<ExternalTable> tables;
  Status status;
  FamilyChange change{.family = family, .edit = {}, .preserves_snapshots = false};
  SeqNo last = 0;
  const std::string& directory = family->opener->config().paths.front();
  const auto now = static_cast<uint64_t>(config_.clock->UnixSeconds());
  for (const ImportedTable& file : files) {
    ExternalTable& table = tables.emplace_back();
    TableMeta& meta = table.meta;
    meta.number = next_file_number_.fetch_add(1, std::memory_order_relaxed);
    meta.smallest_seq = file.smallest_seq;
    meta.largest_seq = file.largest_seq;
    meta.temperature = file.temperature;
    meta.oldest_ancestor_unix_seconds = now;
    meta.file_creation_unix_seconds = now;
    status = LookAtExportedTable(*family->opener, file.path, &table);
    if (status.ok() && meta.smallest.empty()) status = Status::InvalidArgument("File contain no entries");
    if (status.ok()) {
      status = BringInside(config_.fs, TableName(directory, meta.number), moves_files, /*may_fall_back=*/true, &table);
    }
    if (!status.ok()) break;
    change.edit.added_tables.emplace_back(file.level, meta);
    last = std::max(last, file.largest_seq);
  }
  if (status.ok()) status = SyncDirectory(config_.fs, directory);
  if (status.ok()) {
    status = AsOnlyWriter([&] {
      change.edit.last_seq = std::max(last, allocated_seq_);
      GNEISS_RETURN_IF_ERROR(Install({std::move(change)}));
      allocated_seq_ = std::max(last, allocated_seq_);
      published_seq_.store(allocated_seq_, std::memory_order_release);
      return Status::Ok();
    });
  }
  for (const ExternalTable& table : tables) {
    if (status.ok() && moves_files) {
      config_.fs->Remove(table.outside_path).IgnoreError("the other link is the caller's to clean up");
    } else if (!status.ok() && !table.inside_path.empty()) {
      config_.fs->Remove(table.inside_path).IgnoreError("an orphan is swept at the next open");
    }
  }
  return status;
}

}  // namespace gneiss
