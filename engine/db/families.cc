// Creating, dropping and changing column families. The set changes only while no other writer commits.

#include "engine/base/read_guard.h"
#include "engine/db/database_impl.h"

namespace gneiss {

namespace {

std::string ToHex(Slice bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

}  // namespace

Status ColumnFamily::CheckReadTimestamp(Slice timestamp) const {
  const std::string start = HistoryStart();
  if (start.empty() || order.CompareTimestamp(timestamp, start) >= 0) return Status::Ok();
  return Status::InvalidArgument("Read timestamp: " + ToHex(timestamp) +
                                 " is smaller than full_history_ts_low: " + ToHex(start) + "\n");
}

FamilyPtr DatabaseImpl::DefaultFamily() { return commit_families_[0]; }

Status DatabaseImpl::CreateFamily(const FamilyDescriptor& descriptor, FamilyPtr* handle) {
  if (config_.is_read_only) return ReadOnlyError();
  GNEISS_RETURN_IF_ERROR(MakePathsOf({descriptor}));
  std::vector<FamilyPtr> made;
  GNEISS_RETURN_IF_ERROR(AddNewFamilies({descriptor}, &made));
  *handle = made.front();
  return PersistOptions();
}

// With one sync of the MANIFEST for all of them.
Status DatabaseImpl::AddNewFamilies(const std::vector<FamilyDescriptor>& descriptors, std::vector<FamilyPtr>* made) {
  GNEISS_RETURN_IF_ERROR(InManifestTurn([&] { return LogNewFamilies(descriptors, made); }));
  return AsOnlyWriter([&] {
    for (const FamilyPtr& family : *made) {
      if (commit_families_.size() <= family->id) commit_families_.resize(family->id + 1);
      commit_families_[family->id] = family;
    }
    MutexLock lock(&mutex_);
    LimitLogs();
    return Status::Ok();
  });
}

Status DatabaseImpl::LogNewFamilies(const std::vector<FamilyDescriptor>& descriptors, std::vector<FamilyPtr>* made) {
  uint32_t first_id = 0;
  {
    MutexLock lock(&mutex_);
    if (!background_error_.ok()) return background_error_;
    for (const FamilyDescriptor& descriptor : descriptors) {
      for (const auto& [known_id, family] : families_) {
        if (family->name == descriptor.name) return Status::InvalidArgument("Column family already exists");
      }
    }
    first_id = max_family_id_ + 1;
    max_family_id_ += static_cast<uint32_t>(descriptors.size());
  }
  std::vector<FamilyPtr> families;
  std::vector<VersionEdit> edits;
  for (const FamilyDescriptor& descriptor : descriptors) {
    const uint32_t id = first_id + static_cast<uint32_t>(families.size());
    const FamilyPtr& family = families.emplace_back(MakeFamily(id, descriptor));
    family->log_number = wals_.current_number();
    VersionEdit& edit = edits.emplace_back();
    edit.column_family_id = id;
    edit.added_column_family = descriptor.name;
    edit.comparator = family->order.Name();
    edit.log_number = family->log_number;
    edit.max_column_family = id;
  }
  GNEISS_RETURN_IF_ERROR(LogEdits(edits, EditGrouping::kEachAlone));
  // In the same turn as the edits: a MANIFEST begun in the next one holds what families_ says.
  return WholeOrStale([&] {
    MutexLock lock(&mutex_);
    for (const FamilyPtr& family : families) {
      families_[family->id] = family;
      InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
    }
    *made = std::move(families);
    return Status::Ok();
  });
}

Status DatabaseImpl::DropFamily(const FamilyPtr& family) {
  if (config_.is_read_only) return ReadOnlyError();
  if (family->id == 0) return Status::InvalidArgument("Can't drop default column family");
  const Status logged = InManifestTurn([&] {
    GNEISS_RETURN_IF_ERROR(BackgroundError());
    if (family->is_dropped.load()) return Status::InvalidArgument("Column family already dropped!\n");
    VersionEdit edit;
    edit.column_family_id = family->id;
    edit.drops_column_family = true;
    GNEISS_RETURN_IF_ERROR(LogEdits({edit}));
    family->is_dropped.store(true);  // no later MANIFEST names it
    return Status::Ok();
  });
  GNEISS_RETURN_IF_ERROR(logged);
  const Status removed = AsOnlyWriter([&] {
    commit_families_[family->id] = nullptr;
    MutexLock lock(&mutex_);
    families_.erase(family->id);
    // The files go when the last handle and reader does.
    for (int level = 0; level < family->version->LevelCount(); ++level) {
      family->version->level(level).ForEachTable([](const TableFilePtr& table) { table->MarkObsolete(); });
    }
    for (const BlobFileUse& use : family->version->blob_files()) use.file->MarkObsolete();
    UpdateThrottle();
    LimitLogs();
    return Status::Ok();
  });
  GNEISS_RETURN_IF_ERROR(removed);
  TellStalls();
  DropOldLogs();
  return PersistOptions();
}

Status DatabaseImpl::RaiseHistoryStart(const FamilyPtr& family, Slice timestamp) {
  if (config_.is_read_only) return ReadOnlyError();
  return InManifestTurn([&] {
    GNEISS_RETURN_IF_ERROR(BackgroundError());
    const std::string current = family->HistoryStart();
    if (family->is_dropped.load()) return Status::ColumnFamilyDropped("");
    if (!current.empty() && family->order.CompareTimestamp(timestamp, current) < 0) {
      return Status::InvalidArgument("Cannot decrease full_history_ts_low");
    }
    VersionEdit edit;
    edit.column_family_id = family->id;
    edit.full_history_ts_low = std::string(timestamp);
    GNEISS_RETURN_IF_ERROR(LogEdits({edit}));
    return WholeOrStale([&] {
      family->SetHistoryStart(timestamp);
      return Status::Ok();
    });
  });
}

Status DatabaseImpl::SetFamilyConfig(const FamilyPtr& family, const FamilyConfig& config) {
  if (config_.is_read_only) return ReadOnlyError();
  {
    MutexLock lock(&mutex_);
    family->SetConfig(std::make_shared<const FamilyConfig>(config));
    InstallSuperVersion(family.get(), /*preserves_snapshots=*/true);
    LimitLogs();
    MaybeScheduleFlush(family);
    MaybeScheduleCompaction(family);
  }
  TellStalls();
  Reclaim();
  return PersistOptions();
}

}  // namespace gneiss
