// Rebuilding a database that lost its MANIFEST, from its tables and logs.
//
//   1. put old MANIFESTs aside, into lost/
//   2. read every table from end to end: whose it is, its keys, its sequence numbers, its blobs; put aside what cannot
//      be read, tables whose blobs are gone, and blob files that no table needs
//   3. replay what can be read of the logs into tables; put the logs aside
//   4. arrange each family's tables and write a new MANIFEST
//
// Nothing tells which level a table was in. Level 0 takes all tables when their ages are clear: tables that share keys
// share no sequence numbers, and refer to no more blobs than there are. Else the tables are merged, every entry of
// theirs, into one run of the last level: there the entries of a key lie together, newest first.

#include <algorithm>
#include <set>

#include "engine/base/read_guard.h"
#include "engine/compaction/blob_uses.h"
#include "engine/compaction/table_span.h"
#include "engine/db/external_table.h"
#include "engine/db/followed.h"
#include "engine/db/repair_blobs.h"
#include "engine/io/file_name.h"
#include "engine/iter/merging_iterator.h"
#include "engine/table/unique_id.h"

namespace gneiss {

namespace {

struct FoundFiles {
  std::vector<std::string> manifests;                        // paths
  std::vector<std::pair<uint64_t, uint32_t>> tables;         // number, path id
  std::vector<std::pair<uint64_t, std::string>> blob_files;  // number, path
  std::vector<uint64_t> logs;
  uint64_t next_number = 1;
};

Status FindFiles(FileSystem* fs, const std::vector<std::string>& paths, const std::string& wal_dir, FoundFiles* found) {
  std::vector<std::string> dirs = paths;
  if (std::find(dirs.begin(), dirs.end(), wal_dir) == dirs.end()) dirs.push_back(wal_dir);
  bool is_empty = true;
  for (size_t path_id = 0; path_id < dirs.size(); ++path_id) {
    std::vector<std::string> names;
    GNEISS_RETURN_IF_ERROR(fs->List(dirs[path_id], &names));
    if (!names.empty()) is_empty = false;
    for (const std::string& name : names) {
      uint64_t number = 0;
      FileKind kind;
      if (!ParseFileName(name, &number, &kind)) continue;
      found->next_number = std::max(found->next_number, number + 1);
      if (kind == FileKind::kManifest) found->manifests.push_back(dirs[path_id] + "/" + name);
      if (kind == FileKind::kWal) found->logs.push_back(number);
      if (kind == FileKind::kBlob) found->blob_files.emplace_back(number, dirs[path_id] + "/" + name);
      if (kind == FileKind::kTable) found->tables.emplace_back(number, static_cast<uint32_t>(path_id));
    }
  }
  std::sort(found->tables.begin(), found->tables.end());
  std::sort(found->logs.begin(), found->logs.end());
  return is_empty ? Status::Corruption(dirs.front(), "repair found no files") : Status::Ok();
}

void Widen(const KeyOrder& order, Slice key, SeqNo seq, TableMeta* meta) {
  if (meta->smallest.empty() || order.CompareInternal(key, meta->smallest.Encode()) < 0) {
    meta->smallest = InternalKey::FromBytes(key);
  }
  if (meta->largest.empty() || order.CompareInternal(meta->largest.Encode(), key) < 0) {
    meta->largest = InternalKey::FromBytes(key);
  }
  meta->smallest_seq = std::min(meta->smallest_seq, seq);
  meta->largest_seq = std::max(meta->largest_seq, seq);
}

// Keys, sequence numbers and references to blobs, by reading all of the table.
Status ReadThrough(const TableReader& reader, const KeyOrder& order, TableMeta* meta, BlobUses* uses) {
  ReadParams params;
  params.fill_cache = false;
  params.total_order_seek = true;
  params.is_compaction = true;
  meta->smallest_seq = kSeqMax;
  const std::unique_ptr<InternalIterator> entries = reader.NewIterator(params);
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    Widen(order, entries->key(), SeqOf(entries->key()), meta);
    GNEISS_RETURN_IF_ERROR(uses->Note(entries->key(), entries->value()));
  }
  GNEISS_RETURN_IF_ERROR(entries->status());
  meta->oldest_blob_file_number = uses->oldest();
  const std::unique_ptr<InternalIterator> tombstones = reader.NewRangeTombstoneIterator(params);
  if (tombstones != nullptr) {
    for (tombstones->SeekToFirst(); tombstones->Valid(); tombstones->Next()) {
      const SeqNo seq = SeqOf(tombstones->key());
      Widen(order, tombstones->key(), seq, meta);
      Widen(order, InternalKey(tombstones->value(), kSeqMax, Kind::kRangeDelete).Encode(), seq, meta);
    }
    GNEISS_RETURN_IF_ERROR(tombstones->status());
  }
  return meta->smallest.empty() ? Status::Corruption("the table is empty") : Status::Ok();
}

// Newest first, and no doubt about it.
bool AreAgesClear(const KeyOrder& order, const Tables& tables) {
  for (size_t i = 0; i < tables.size(); ++i) {
    for (size_t j = i + 1; j < tables.size(); ++j) {
      const TableMeta& a = tables[i]->meta();
      const TableMeta& b = tables[j]->meta();
      const bool shares_seqs = a.smallest_seq <= b.largest_seq && b.smallest_seq <= a.largest_seq;
      if (shares_seqs && DoesOverlap(order, *tables[i], RangeOf(*tables[j]))) return false;
    }
  }
  return true;
}

}  // namespace

Status RepairDatabase(const DatabaseConfig& config, const std::string& dir, const RepairParams& params) {
  DatabaseConfig repairing = config;
  repairing.wal_recovery_mode = WalRecoveryMode::kSkipAnyCorruptedRecords;
  repairing.events = nullptr;
  DatabaseImpl database(repairing, dir);
  return database.Repair(params);
}

Status DatabaseImpl::Repair(const RepairParams& params) {
  FileSystem* const fs = config_.fs;
  GNEISS_RETURN_IF_ERROR(fs->Lock(LockName(dir_), &lock_));
  const std::vector<std::string> paths = config_.paths.empty() ? std::vector<std::string>{dir_} : config_.paths;
  FoundFiles found;
  GNEISS_RETURN_IF_ERROR(FindFiles(fs, paths, wal_dir_, &found));
  next_file_number_.store(found.next_number);
  for (const std::string& manifest : found.manifests) PutAside(manifest);
  GNEISS_RETURN_IF_ERROR(LoadIdentity());
  FamilyPtr default_family;
  GNEISS_RETURN_IF_ERROR(RepairFamily(params, 0, kDefaultFamilyName, &default_family));

  std::map<uint32_t, std::map<uint64_t, BlobFileMeta>> blob_files;
  for (const auto& [number, path] : found.blob_files) {
    uint32_t family_id = 0;
    BlobFileMeta meta;
    const Status scanned = ScanBlobFile(fs, path, number, &family_id, &meta);
    if (scanned.ok()) blob_files[family_id][number] = std::move(meta);
  }
  std::map<uint32_t, Tables> tables;
  std::map<uint32_t, BlobUses> blob_uses;
  for (const auto& [number, path_id] : found.tables) {
    TableFilePtr table;
    FamilyPtr family;
    BlobUses uses;
    Status scanned = ScanTable(params, number, path_id, &family, &table, &uses);
    if (scanned.ok() && !uses.FitInto(blob_files[family->id])) {
      scanned = Status::Corruption("it refers to blobs that are not there");
    }
    if (scanned.ok()) {
      allocated_seq_ = std::max(allocated_seq_, table->meta().largest_seq);
      tables[family->id].push_back(std::move(table));
      blob_uses[family->id].Add(uses);
      continue;
    }
    Log(config_.logger, LogLevel::kWarn, "Table #%llu: ignoring %s", static_cast<unsigned long long>(number),
        scanned.ToString().c_str());
    PutAside(TableName(paths[path_id], number));
  }
  for (auto& [family_id, files] : blob_files) {
    std::erase_if(files, [&uses = blob_uses[family_id]](const auto& each) { return !uses.Has(each.first); });
  }
  for (const auto& [number, path] : found.blob_files) {
    const bool is_needed = std::any_of(blob_files.begin(), blob_files.end(),
                                       [number = number](const auto& each) { return each.second.contains(number); });
    if (!is_needed) PutAside(path);
  }
  Replay replay;
  for (const uint64_t number : found.logs) {
    std::unique_ptr<ReplayedLog> log;
    Status replayed = OpenLogToReplay(number, &log);
    if (replayed.ok()) replayed = ReplayLog(log.get(), &replay);
    if (!replayed.ok()) {
      Log(config_.logger, LogLevel::kWarn, "Log #%llu: ignoring conversion error: %s",
          static_cast<unsigned long long>(number), replayed.ToString().c_str());
    }
  }
  std::vector<FamilyPtr> families;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, family] : families_) families.push_back(family);
  }
  for (const FamilyPtr& family : families) {
    if (!family->active->empty()) GNEISS_RETURN_IF_ERROR(FlushRecovered(family.get(), &replay));
    for (const auto& [level, meta] : replay.edits[family->id].added_tables) {
      tables[family->id].push_back(MakeTable(*family, meta));
    }
    VersionEdit edit;
    edit.added_blob_files = replay.edits[family->id].added_blob_files;
    for (const auto& [number, meta] : blob_files[family->id]) edit.added_blob_files.push_back(meta);
    GNEISS_RETURN_IF_ERROR(
        ArrangeTables(family.get(), std::move(tables[family->id]), blob_uses[family->id], std::move(edit)));
  }
  published_seq_.store(allocated_seq_);
  GNEISS_RETURN_IF_ERROR(NewManifest({}));
  for (const uint64_t number : found.logs) PutAside(WalName(wal_dir_, number));
  Log(config_.logger, LogLevel::kWarn, "**** Repaired %s; %zu tables and %zu logs were found ****", dir_.c_str(),
      found.tables.size(), found.logs.size());
  return Close();
}

// Into lost/, beside the file. What cannot be moved stays: it is named by no MANIFEST.
void DatabaseImpl::PutAside(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string lost = path.substr(0, slash) + "/lost";
  config_.fs->CreateDirIfMissing(lost).IgnoreError("the renaming tells");
  const Status moved = config_.fs->Rename(path, lost + path.substr(slash));
  Log(config_.logger, LogLevel::kInfo, "Archiving %s: %s", path.c_str(), moved.ToString().c_str());
}

// The family of this id and name, made when it is met first.
Status DatabaseImpl::RepairFamily(const RepairParams& params, uint32_t id, const std::string& name, FamilyPtr* family) {
  {
    MutexLock lock(&mutex_);
    if (const auto known = families_.find(id); known != families_.end()) {
      *family = known->second;
      // Tables written outside of a database have no name.
      const bool is_same = name.empty() || (*family)->name == name;
      return is_same ? Status::Ok() : Status::Corruption(dir_, "inconsistent column family name");
    }
  }
  FamilyDescriptor descriptor;
  const auto given = std::find_if(params.families.begin(), params.families.end(),
                                  [&](const FamilyDescriptor& each) { return each.name == name; });
  if (given != params.families.end()) {
    descriptor = *given;
  } else if (params.unknown_family.has_value()) {
    descriptor = *params.unknown_family;
  } else {
    return Status::Corruption("Encountered unknown column family with name=" + name + ", id=" + std::to_string(id));
  }
  descriptor.name = name;
  *family = MakeFamily(id, descriptor);
  if (commit_families_.size() <= id) commit_families_.resize(id + 1);
  commit_families_[id] = *family;
  MutexLock lock(&mutex_);
  families_[id] = *family;
  max_family_id_ = std::max(max_family_id_, id);
  InstallSuperVersion(family->get(), /*preserves_snapshots=*/true);
  return Status::Ok();
}

Status DatabaseImpl::ScanTable(const RepairParams& params, uint64_t number, uint32_t path_id, FamilyPtr* family,
                               TableFilePtr* table, BlobUses* uses) {
  TableMeta meta{.number = number, .path_id = path_id};
  const TableOpener& any_opener = *DefaultFamily()->opener;
  GNEISS_RETURN_IF_ERROR(config_.fs->FileSize(any_opener.PathOf(meta), &meta.file_bytes));
  TableProperties properties;
  {
    // Whose it is must be known before its keys can be compared.
    std::unique_ptr<TableReader> reader;
    GNEISS_RETURN_IF_ERROR(any_opener.Open(
        TableMeta{.number = number, .path_id = path_id, .file_bytes = meta.file_bytes, .largest_seq = kSeqMax}, -1,
        /*cache_id=*/0, &reader));
    properties = reader->properties();
  }
  const bool is_unknown = properties.column_family_id == kUnknownColumnFamily;
  GNEISS_RETURN_IF_ERROR(RepairFamily(params, is_unknown ? 0 : static_cast<uint32_t>(properties.column_family_id),
                                      properties.column_family_name, family));
  meta.unique_id = TableUniqueId(properties.db_id, properties.db_session_id, properties.original_file_number);
  meta.oldest_ancestor_unix_seconds = properties.creation_unix_seconds;
  meta.file_creation_unix_seconds = properties.file_creation_unix_seconds;
  std::unique_ptr<TableReader> reader;
  GNEISS_RETURN_IF_ERROR((*family)->opener->Open(
      TableMeta{.number = number, .path_id = path_id, .file_bytes = meta.file_bytes, .largest_seq = kSeqMax}, -1,
      /*cache_id=*/0, &reader));
  GNEISS_RETURN_IF_ERROR(ReadThrough(*reader, (*family)->order, &meta, uses));
  *table = MakeTable(**family, meta);
  return Status::Ok();
}

// `edit` has the blob files; `found_uses` what the tables that were found, not written by the replay, refer to.
Status DatabaseImpl::ArrangeTables(ColumnFamily* family, Tables tables, const BlobUses& found_uses, VersionEdit edit) {
  const auto make_table = [&](const TableMeta& meta) { return MakeTable(*family, meta); };
  const auto make_blob_file = [&](const BlobFileMeta& meta) { return MakeBlobFile(*family, meta); };
  VersionPtr next;
  bool is_arranged = false;
  std::map<uint64_t, BlobFileMeta> blob_files;
  for (const BlobFileMeta& file : edit.added_blob_files) blob_files[file.number] = file;
  if (AreAgesClear(family->order, tables) && found_uses.FitInto(blob_files)) {
    VersionEdit as_found = edit;
    for (const TableFilePtr& table : tables) as_found.added_tables.emplace_back(0, table->meta());
    for (const BlobFileMeta& file : edit.added_blob_files) {
      if (found_uses.Has(file.number)) found_uses.AddGarbageOf(file, &as_found);
    }
    is_arranged = family->version->Apply(as_found, make_table, &next, make_blob_file).ok();
  }
  if (!is_arranged) {
    std::vector<OutputTable> merged;
    BlobUses uses;
    GNEISS_RETURN_IF_ERROR(MergeWhole(family, tables, &merged, &uses));
    for (OutputTable& output : merged) {
      edit.added_tables.emplace_back(family->version->LevelCount() - 1, std::move(output.meta));
    }
    for (const BlobFileMeta& file : edit.added_blob_files) uses.AddGarbageOf(file, &edit);
    GNEISS_RETURN_IF_ERROR(family->version->Apply(edit, make_table, &next, make_blob_file));
    // The new tables hold every entry of the old ones.
    for (const TableFilePtr& table : tables) PutAside(family->opener->PathOf(table->meta()));
  }
  family->version = std::move(next);
  MutexLock lock(&mutex_);
  InstallSuperVersion(family, /*preserves_snapshots=*/true);
  return Status::Ok();
}

// `uses`: what the outputs refer to.
Status DatabaseImpl::MergeWhole(ColumnFamily* family, Tables tables, std::vector<OutputTable>* outputs,
                                BlobUses* uses) {
  // Of equal entries, as an obsolete table may hold them, the newest file's counts.
  std::sort(tables.begin(), tables.end(),
            [](const TableFilePtr& a, const TableFilePtr& b) { return a->meta().number > b->meta().number; });
  ReadParams params;
  params.fill_cache = false;
  params.is_compaction = true;
  std::vector<std::unique_ptr<InternalIterator>> children;
  std::vector<ReaderRef> readers;
  std::vector<std::pair<InternalKey, std::string>> tombstones;
  for (const TableFilePtr& table : tables) {
    ReaderRef& reader = readers.emplace_back();
    GNEISS_RETURN_IF_ERROR(table->Reader(0, &reader));
    children.push_back(reader->NewIterator(params));
    GNEISS_RETURN_IF_ERROR(table->ForEachTombstone(0, params, [&](Slice start, Slice end, SeqNo seq) {
      tombstones.emplace_back(InternalKey(start, seq, Kind::kRangeDelete), end);
    }));
  }
  const auto config = family->config();
  const int last_level = family->version->LevelCount() - 1;
  TableOutputConfig output_config = OutputConfig(*family, *config, last_level, 1, /*is_bottommost=*/true);
  if (last_level > 0) output_config.file_bytes_max = config->compaction.target_file_bytes_base;
  TableOutput output(std::move(output_config));
  output.SetRangeTombstones(std::move(tombstones));
  const std::unique_ptr<InternalIterator> entries = NewMergingIterator(family->order, std::move(children));
  std::string last;
  std::set<std::string> references;  // of the last user key
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    if (!last.empty() && family->order.CompareInternal(last, entries->key()) == 0) continue;
    if (last.empty() || !family->order.Equal(UserKeyOf(last), UserKeyOf(entries->key()))) references.clear();
    last.assign(entries->key());
    // An obsolete table has the same entry under the sequence number that it had before a compaction made that zero.
    if (BlobUses::IsReference(last) && !references.emplace(entries->value()).second) continue;
    GNEISS_RETURN_IF_ERROR(uses->Note(entries->key(), entries->value()));
    GNEISS_RETURN_IF_ERROR(output.Add(entries->key(), entries->value()));
  }
  GNEISS_RETURN_IF_ERROR(entries->status());
  return output.Finish(outputs);
}

}  // namespace gneiss
