// Reading a MANIFEST: records -> edits -> atomic groups made whole -> the fold of all edits.
#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "engine/io/file_name.h"
#include "engine/version/manifest.h"
#include "engine/wal/log_reader.h"

namespace gneiss {

namespace {

constexpr const char* kDefaultFamilyName = "default";
constexpr uint64_t kFileNumberMax = 0x3FFFFFFFFFFFFFFF;

using ApplyEdit = std::function<Status(const VersionEdit&)>;

class FirstCorruption final : public LogReader::Reporter {
 public:
  void Corruption(size_t /*bytes*/, const Status& why) override {
    if (status_.ok()) status_ = why;
  }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

// Hands on edits that stand alone at once, those of an atomic group when the group is complete.
class AtomicGroups {
 public:
  explicit AtomicGroups(ApplyEdit apply) : apply_(std::move(apply)) {}

  Status Add(VersionEdit edit) {
    if (!edit.remaining_in_atomic_group) return group_.empty() ? apply_(edit) : Mixed();
    const uint64_t remaining = *edit.remaining_in_atomic_group;
    if (group_.empty()) {
      group_size_ = remaining + 1;
    } else if (group_.size() + 1 + remaining != group_size_) {
      return Mixed();
    }
    group_.push_back(std::move(edit));
    if (remaining != 0) return Status::Ok();
    for (const VersionEdit& member : std::exchange(group_, {})) GNEISS_RETURN_IF_ERROR(apply_(member));
    return Status::Ok();
  }

 private:
  static Status Mixed() { return Status::Corruption("corrupted atomic group"); }

  const ApplyEdit apply_;
  std::vector<VersionEdit> group_;
  uint64_t group_size_ = 0;
};

Status ReadCurrent(FileSystem* fs, const std::string& dir, std::string* path, uint64_t* number) {
  std::string name;
  GNEISS_RETURN_IF_ERROR(ReadWholeFile(fs, CurrentName(dir), &name));
  if (name.empty() || name.back() != '\n') return Status::Corruption("CURRENT file does not end with newline");
  name.pop_back();
  FileKind kind = FileKind::kTemp;
  if (!ParseFileName(name, number, &kind) || kind != FileKind::kManifest)
    return Status::Corruption("CURRENT file corrupted");
  *path = dir + (dir.empty() || dir.back() != '/' ? "/" : "") + name;
  return Status::Ok();
}

// Applies the edits of one MANIFEST, all at once or as they are written.
class EditReader {
 public:
  EditReader(std::string path, std::unique_ptr<SequentialFile> file, ApplyEdit apply)
      : path_(std::move(path)), groups_(std::move(apply)), log_(std::move(file), 0, &damage_) {}

  const std::string& path() const { return path_; }
  LogReader& log() { return log_; }

  // Applies what is there, then asks `finish`. A Corruption from either is told with the file's name.
  Status Read(const std::function<Status()>& finish) {
    Status status = ApplyAll();
    if (status.ok()) status = finish();
    if (!status.IsCorruption()) return status;
    return Status::Corruption(std::string(status.message()) + " in file " + path_);
  }

 private:
  Status ApplyAll() {
    Slice record;
    while (log_.ReadRecord(&record) && damage_.status().ok()) {
      VersionEdit edit;
      GNEISS_RETURN_IF_ERROR(VersionEdit::Decode(record, &edit));
      GNEISS_RETURN_IF_ERROR(groups_.Add(std::move(edit)));
    }
    return damage_.status();
  }

  const std::string path_;
  FirstCorruption damage_;
  AtomicGroups groups_;
  LogReader log_;
};

Status ForEachEdit(FileSystem* fs, const std::string& path, const ApplyEdit& apply,
                   const std::function<Status()>& finish, uint64_t* manifest_bytes) {
  std::unique_ptr<SequentialFile> file;
  GNEISS_RETURN_IF_ERROR(fs->OpenSequential(path, &file));
  EditReader reader(path, std::move(file), apply);
  const Status status = reader.Read(finish);
  *manifest_bytes = reader.log().LastRecordEnd();
  return status;
}

// ---- the fold

class StateFold {
 public:
  // With a probe, a family ends where the last of its states with all files was; without one, at its last state.
  explicit StateFold(RecoveredState* state, FileProbe* probe = nullptr) : state_(state), probe_(probe) {
    AddFamily(0, kDefaultFamilyName);
  }

  Status Apply(const VersionEdit& edit);
  Status Finish();

 private:
  struct Family {
    RecoveredFamily* recovered;
    std::unordered_map<uint64_t, int> levels;  // of tables, by number
    // With a probe only. A lost blob file counts as long as a table may refer to it.
    std::set<uint64_t> lost_tables;
    uint64_t lost_blob_file_max = 0;
    RecoveredFamily last_whole;
    bool IsWhole() const;
  };

  void AddFamily(uint32_t id, const std::string& name);
  Family* Find(uint32_t id);
  Status AddFamily(const VersionEdit& edit);
  Status DropFamily(const VersionEdit& edit);
  Status AddWals(const VersionEdit& edit);
  void DeleteWals(uint64_t before);
  Status ChangeTables(const VersionEdit& edit);
  Status NoteLostFiles(const VersionEdit& edit, Family* family);
  Status ApplyToTables(const VersionEdit& edit, Family* family);
  void GoBackToWhole();
  Status DeleteTable(Family* family, int level, uint64_t number);
  Status AddTable(Family* family, int level, const TableMeta& table);
  Status AddBlobFile(RecoveredFamily* family, const BlobFileMeta& file);
  static Status AddBlobGarbage(RecoveredFamily* family, const BlobGarbage& garbage);
  void NoteFamilyFacts(const VersionEdit& edit, RecoveredFamily* family);
  Status NoteDatabaseFacts(const VersionEdit& edit);
  void UseNumber(uint64_t number) { number_max_ = std::max(number_max_, number); }

  RecoveredState* const state_;
  FileProbe* const probe_;
  std::unordered_map<uint32_t, Family> families_;
  uint64_t min_wal_number_to_keep_ = 0;
  uint64_t number_max_ = 0;  // the highest file number seen
  bool has_log_number_ = false;
  bool has_next_file_number_ = false;
  bool has_last_seq_ = false;
};

void StateFold::AddFamily(uint32_t id, const std::string& name) {
  RecoveredFamily* const recovered = &state_->families[id];
  recovered->id = id;
  recovered->name = name;
  families_[id] = Family{.recovered = recovered};
  state_->max_column_family = std::max(state_->max_column_family, id);
}

StateFold::Family* StateFold::Find(uint32_t id) {
  const auto found = families_.find(id);
  return found != families_.end() ? &found->second : nullptr;
}

Status StateFold::AddFamily(const VersionEdit& edit) {
  if (Find(edit.column_family_id) != nullptr)
    return Status::Corruption("MANIFEST adding the same column family twice: " + *edit.added_column_family);
  AddFamily(edit.column_family_id, *edit.added_column_family);
  return Status::Ok();
}

Status StateFold::DropFamily(const VersionEdit& edit) {
  if (edit.column_family_id == 0) return Status::Corruption("MANIFEST - dropping the default column family");
  if (families_.erase(edit.column_family_id) == 0)
    return Status::Corruption("MANIFEST - dropping non-existing column family");
  state_->families.erase(edit.column_family_id);
  return Status::Ok();
}

Status StateFold::AddWals(const VersionEdit& edit) {
  for (const auto& [number, synced_bytes] : edit.added_wals) {
    UseNumber(number);
    if (number < min_wal_number_to_keep_) continue;
    const auto [wal, is_new] = state_->wals.emplace(number, synced_bytes);
    if (is_new) continue;
    if (!synced_bytes)
      return Status::Corruption("WalSet::AddWal", "WAL " + std::to_string(number) + " is created more than once");
    // Syncs of one log may be told out of order.
    wal->second = std::max(wal->second.value_or(0), *synced_bytes);
  }
  return Status::Ok();
}

void StateFold::DeleteWals(uint64_t before) {
  min_wal_number_to_keep_ = std::max(min_wal_number_to_keep_, before);
  state_->wals.erase(state_->wals.begin(), state_->wals.lower_bound(min_wal_number_to_keep_));
}

Status StateFold::DeleteTable(Family* family, int level, uint64_t number) {
  const auto found = family->levels.find(number);
  if (found == family->levels.end() || found->second != level) {
    std::string where =
        found == family->levels.end() ? "not in the LSM tree" : "on level " + std::to_string(found->second);
    return Status::Corruption("VersionBuilder", "Cannot delete table file #" + std::to_string(number) + " from level " +
                                                    std::to_string(level) + " since it is " + where);
  }
  family->levels.erase(found);
  family->recovered->tables[level].erase(number);
  return Status::Ok();
}

Status StateFold::AddTable(Family* family, int level, const TableMeta& table) {
  UseNumber(table.number);
  if (const auto [present, is_new] = family->levels.emplace(table.number, level); !is_new)
    return Status::Corruption("VersionBuilder", "Cannot add table file #" + std::to_string(table.number) +
                                                    " to level " + std::to_string(level) +
                                                    " since it is already in the LSM tree on level " +
                                                    std::to_string(present->second));
  family->recovered->tables[level].emplace(table.number, table);
  return Status::Ok();
}

Status StateFold::AddBlobFile(RecoveredFamily* family, const BlobFileMeta& file) {
  UseNumber(file.number);
  if (!family->blob_files.emplace(file.number, std::pair{file, BlobGarbage{.file_number = file.number}}).second) {
    return Status::Corruption("VersionBuilder", "Blob file #" + std::to_string(file.number) + " already added");
  }
  return Status::Ok();
}

Status StateFold::AddBlobGarbage(RecoveredFamily* family, const BlobGarbage& garbage) {
  const auto found = family->blob_files.find(garbage.file_number);
  if (found == family->blob_files.end()) {
    return Status::Corruption("VersionBuilder", "Blob file #" + std::to_string(garbage.file_number) + " not found");
  }
  auto& [file, sum] = found->second;
  if (garbage.blob_count > file.blob_count - sum.blob_count || garbage.blob_bytes > file.blob_bytes - sum.blob_bytes) {
    return Status::Corruption("VersionBuilder", "Garbage overflow for blob file #" + std::to_string(file.number));
  }
  sum.blob_count += garbage.blob_count;
  sum.blob_bytes += garbage.blob_bytes;
  return Status::Ok();
}

Status StateFold::ChangeTables(const VersionEdit& edit) {
  Family* const family = Find(edit.column_family_id);
  if (family == nullptr) return Status::Corruption("MANIFEST record referencing unknown column family");
  return probe_ == nullptr ? ApplyToTables(edit, family) : NoteLostFiles(edit, family);
}

bool StateFold::Family::IsWhole() const {
  if (!lost_tables.empty()) return false;
  if (lost_blob_file_max == 0) return true;
  for (const auto& [level, tables] : recovered->tables) {
    for (const auto& [number, table] : tables) {
      if (table.oldest_blob_file_number != 0 && table.oldest_blob_file_number <= lost_blob_file_max) return false;
    }
  }
  return true;
}

bool IsLost(const Status& status) { return status.IsNotFound() || status.IsPathNotFound() || status.IsCorruption(); }

// Applies the edit, and keeps the state before it when that was the last whole one.
Status StateFold::NoteLostFiles(const VersionEdit& edit, Family* family) {
  const bool was_whole = family->IsWhole();
  const size_t lost_before = family->lost_tables.size();
  for (const auto& [level, number] : edit.deleted_tables) family->lost_tables.erase(number);
  for (const auto& [level, table] : edit.added_tables) {
    const Status status = probe_->Check(*family->recovered, level, table);
    if (!status.ok() && !IsLost(status)) return status;
    if (!status.ok()) family->lost_tables.insert(table.number);
  }
  for (const BlobFileMeta& file : edit.added_blob_files) {
    const Status status = probe_->Check(*family->recovered, file);
    if (!status.ok() && !IsLost(status)) return status;
    if (!status.ok()) family->lost_blob_file_max = std::max(family->lost_blob_file_max, file.number);
  }
  const bool may_break = family->lost_tables.size() > lost_before || family->lost_blob_file_max != 0;
  std::optional<RecoveredFamily> before;
  if (was_whole && may_break) before = *family->recovered;
  GNEISS_RETURN_IF_ERROR(ApplyToTables(edit, family));
  if (before && !family->IsWhole()) family->last_whole = std::move(*before);
  return Status::Ok();
}

void StateFold::GoBackToWhole() {
  for (auto& [id, family] : families_) {
    if (family.IsWhole()) continue;
    family.recovered->tables = std::move(family.last_whole.tables);
    family.recovered->blob_files = std::move(family.last_whole.blob_files);
    family.recovered->compact_cursors = std::move(family.last_whole.compact_cursors);
  }
}

Status StateFold::ApplyToTables(const VersionEdit& edit, Family* family) {
  for (const BlobFileMeta& file : edit.added_blob_files) {
    GNEISS_RETURN_IF_ERROR(AddBlobFile(family->recovered, file));
  }
  for (const BlobGarbage& garbage : edit.blob_garbage) {
    GNEISS_RETURN_IF_ERROR(AddBlobGarbage(family->recovered, garbage));
  }
  for (const auto& [level, number] : edit.deleted_tables) GNEISS_RETURN_IF_ERROR(DeleteTable(family, level, number));
  for (const auto& [level, table] : edit.added_tables) GNEISS_RETURN_IF_ERROR(AddTable(family, level, table));
  for (const auto& [level, key] : edit.compact_cursors) family->recovered->compact_cursors[level] = key;
  return Status::Ok();
}

void StateFold::NoteFamilyFacts(const VersionEdit& edit, RecoveredFamily* family) {
  // A log number below the family's is ignored, as RocksDB does.
  if (edit.log_number && *edit.log_number >= family->log_number) {
    family->log_number = *edit.log_number;
    has_log_number_ = true;
    UseNumber(*edit.log_number);
  }
  if (edit.comparator) family->comparator = *edit.comparator;
  if (edit.full_history_ts_low) family->full_history_ts_low = *edit.full_history_ts_low;
}

Status StateFold::NoteDatabaseFacts(const VersionEdit& edit) {
  if (edit.db_id) state_->db_id = *edit.db_id;
  if (edit.prev_log_number) {
    state_->prev_log_number = *edit.prev_log_number;
    UseNumber(*edit.prev_log_number);
  }
  if (edit.next_file_number) {
    has_next_file_number_ = true;
    UseNumber(*edit.next_file_number);
  }
  if (edit.last_seq) {
    has_last_seq_ = true;
    state_->last_seq = std::max(state_->last_seq, *edit.last_seq);
  }
  if (edit.max_column_family) state_->max_column_family = std::max(state_->max_column_family, *edit.max_column_family);
  if (edit.min_log_number_to_keep)
    state_->min_log_number_to_keep = std::max(state_->min_log_number_to_keep, *edit.min_log_number_to_keep);
  if (number_max_ > kFileNumberMax || state_->last_seq > kSeqMax)
    return Status::Corruption("VersionEdit", "file or sequence number out of range");
  return Status::Ok();
}

// An edit is of one sort: families, logs, or tables.
Status StateFold::Apply(const VersionEdit& edit) {
  if (edit.added_column_family) {
    GNEISS_RETURN_IF_ERROR(AddFamily(edit));
  } else if (edit.drops_column_family) {
    GNEISS_RETURN_IF_ERROR(DropFamily(edit));
  } else if (!edit.added_wals.empty()) {
    GNEISS_RETURN_IF_ERROR(AddWals(edit));
    return NoteDatabaseFacts(edit);
  } else if (edit.deleted_wals_before.value_or(0) != 0) {
    DeleteWals(*edit.deleted_wals_before);
    return NoteDatabaseFacts(edit);
  } else {
    GNEISS_RETURN_IF_ERROR(ChangeTables(edit));
  }
  if (Family* const family = Find(edit.column_family_id); family != nullptr) NoteFamilyFacts(edit, family->recovered);
  return NoteDatabaseFacts(edit);
}

Status StateFold::Finish() {
  std::string missing;
  if (!has_log_number_) missing.append(", log_file_number");
  if (!has_next_file_number_) missing.append(", next_file_number");
  if (!has_last_seq_) missing.append(", last_sequence");
  if (!missing.empty()) return Status::Corruption("no " + missing.substr(2) + " entry in MANIFEST");
  if (probe_ != nullptr) GoBackToWhole();
  UseNumber(state_->manifest_number);
  state_->next_file_number = number_max_ + 1;
  return Status::Ok();
}

}  // namespace

class ManifestFollower::Reading {
 public:
  Reading(std::string path, std::unique_ptr<SequentialFile> file, RecoveredState* state)
      : state_(state),
        fold_(state),
        edits_(std::move(path), std::move(file), [this](const VersionEdit& edit) { return fold_.Apply(edit); }) {}

  Status Read() {
    const Status status = edits_.Read([this] { return fold_.Finish(); });
    state_->manifest_bytes = edits_.log().LastRecordEnd();
    return status;
  }

  Status ReadMore(FileSystem* fs) {
    bool has_more = false;
    GNEISS_RETURN_IF_ERROR(HasMoreRecords(fs, edits_.path(), edits_.log(), &has_more));
    if (!has_more) return Status::Ok();
    std::unique_ptr<SequentialFile> file;
    GNEISS_RETURN_IF_ERROR(fs->OpenSequential(edits_.path(), &file));
    edits_.log().Reread(std::move(file), /*is_still_written=*/true);
    return Read();
  }

 private:
  RecoveredState* const state_;
  StateFold fold_;
  EditReader edits_;
};

ManifestFollower::ManifestFollower(FileSystem* fs, std::string dir) : fs_(fs), dir_(std::move(dir)) {}
ManifestFollower::~ManifestFollower() = default;

Status ManifestFollower::ReadOn(bool* has_changed) {
  *has_changed = false;
  std::string path;
  uint64_t number = 0;
  GNEISS_RETURN_IF_ERROR(ReadCurrent(fs_, dir_, &path, &number));
  const uint64_t bytes_before = state_.manifest_bytes;
  if (reading_ != nullptr) {
    if (number != state_.manifest_number) return Status::TryAgain("CURRENT names another MANIFEST", path);
    GNEISS_RETURN_IF_ERROR(reading_->ReadMore(fs_));
  } else {
    state_.manifest_number = number;
    std::unique_ptr<SequentialFile> file;
    GNEISS_RETURN_IF_ERROR(fs_->OpenSequential(path, &file));
    reading_ = std::make_unique<Reading>(std::move(path), std::move(file), &state_);
    GNEISS_RETURN_IF_ERROR(reading_->Read());
  }
  *has_changed = state_.manifest_bytes != bytes_before;
  return Status::Ok();
}

Status RecoverManifest(FileSystem* fs, const std::string& dir, RecoveredState* state) {
  ManifestFollower follower(fs, dir);
  bool has_changed = false;
  const Status status = follower.ReadOn(&has_changed);
  *state = follower.TakeState();
  return status;
}

Status ListManifests(FileSystem* fs, const std::string& dir, std::vector<uint64_t>* numbers) {
  std::vector<std::string> names;
  GNEISS_RETURN_IF_ERROR(fs->List(dir, &names));
  for (const std::string& name : names) {
    uint64_t number = 0;
    uint64_t bytes = 0;
    FileKind kind = FileKind::kTemp;
    if (!ParseFileName(name, &number, &kind) || kind != FileKind::kManifest) continue;
    if (fs->FileSize(ManifestName(dir, number), &bytes).ok() && bytes > 0) numbers->push_back(number);
  }
  std::sort(numbers->rbegin(), numbers->rend());
  return Status::Ok();
}

Status RecoverWhatIsWhole(FileSystem* fs, const std::string& dir, FileProbe* probe, RecoveredState* state) {
  std::vector<uint64_t> numbers;
  GNEISS_RETURN_IF_ERROR(ListManifests(fs, dir, &numbers));
  Status status = Status::Corruption("Cannot locate MANIFEST file in " + dir);
  for (const uint64_t number : numbers) {
    *state = RecoveredState();
    state->manifest_number = number;
    StateFold fold(state, probe);
    status = ForEachEdit(
        fs, ManifestName(dir, number), [&](const VersionEdit& edit) { return fold.Apply(edit); },
        [&] { return fold.Finish(); }, &state->manifest_bytes);
    if (status.ok()) break;
  }
  state->next_file_number = std::max(state->next_file_number, numbers.empty() ? 0 : numbers.front() + 1);
  return status;
}

Status ListManifestFamilies(FileSystem* fs, const std::string& dir, std::vector<std::string>* names) {
  names->clear();
  std::string path;
  uint64_t number = 0;
  GNEISS_RETURN_IF_ERROR(ReadCurrent(fs, dir, &path, &number));
  std::map<uint32_t, std::string> families{{0, kDefaultFamilyName}};
  const auto apply = [&](const VersionEdit& edit) {
    if (edit.added_column_family) {
      if (!families.emplace(edit.column_family_id, *edit.added_column_family).second)
        return Status::Corruption("Manifest adding the same column family twice");
    } else if (edit.drops_column_family && families.erase(edit.column_family_id) == 0) {
      return Status::Corruption("Manifest - dropping non-existing column family");
    }
    return Status::Ok();
  };
  uint64_t manifest_bytes = 0;
  GNEISS_RETURN_IF_ERROR(ForEachEdit(
      fs, path, apply, [] { return Status::Ok(); }, &manifest_bytes));
  for (auto& [id, name] : families) names->push_back(std::move(name));
  return Status::Ok();
}

}  // namespace gneiss
