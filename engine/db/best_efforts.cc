// Opening what is left of a database that has lost files: each family goes back to the newest state that the MANIFEST
// tells of and whose files are all whole. Logs are not replayed, because what they hold may build on what was lost.
// What is left unused is put into lost/, not deleted.

#include <algorithm>

#include "engine/db/database_impl.h"
#include "engine/io/file_name.h"

namespace gneiss {

// A file is whole when it has the size that the MANIFEST says and can be opened.
class DatabaseImpl::WholeFiles final : public FileProbe {
 public:
  WholeFiles(DatabaseImpl* database, const std::vector<FamilyDescriptor>& families)
      : database_(database), descriptors_(families) {}

  Status Check(const RecoveredFamily& recovered, int level, const TableMeta& meta) override {
    const FamilyPtr family = FamilyOf(recovered);
    if (family == nullptr) return Status::Ok();
    GNEISS_RETURN_IF_ERROR(CheckSize(family->opener->PathOf(meta), meta.file_bytes));
    std::unique_ptr<TableReader> reader;
    return family->opener->Open(meta, level, /*cache_id=*/0, &reader);
  }
  Status Check(const RecoveredFamily& recovered, const BlobFileMeta& meta) override {
    const FamilyPtr family = FamilyOf(recovered);
    if (family == nullptr) return Status::Ok();
    GNEISS_RETURN_IF_ERROR(CheckSize(family->blob_opener->PathOf(meta.number), meta.FileBytes()));
    std::unique_ptr<BlobFileReader> reader;
    return family->blob_opener->Open(meta.number, &reader);
  }

 private:
  // Null for families that the caller does not open.
  FamilyPtr FamilyOf(const RecoveredFamily& recovered) {
    FamilyPtr& family = families_[recovered.id];
    if (family != nullptr && family->name == recovered.name) return family;
    const auto descriptor = std::find_if(descriptors_.begin(), descriptors_.end(),
                                         [&](const FamilyDescriptor& each) { return each.name == recovered.name; });
    family = descriptor == descriptors_.end() ? nullptr : database_->MakeFamily(recovered.id, *descriptor);
    return family;
  }
  Status CheckSize(const std::string& path, uint64_t expected) {
    uint64_t bytes = 0;
    GNEISS_RETURN_IF_ERROR(database_->config_.fs->FileSize(path, &bytes));
    return bytes == expected ? Status::Ok() : Status::Corruption("file has another size than the MANIFEST says", path);
  }

  DatabaseImpl* const database_;
  const std::vector<FamilyDescriptor>& descriptors_;
  std::map<uint32_t, FamilyPtr> families_;
};

Status DatabaseImpl::RecoverBestEfforts(const std::vector<FamilyDescriptor>& families, RecoveredState* state) {
  WholeFiles probe(this, families);
  const Status status = RecoverWhatIsWhole(config_.fs, dir_, &probe, state);
  if (status.ok()) {
    Log(config_.logger, LogLevel::kWarn, "Best-efforts recovery from MANIFEST-%06llu",
        static_cast<unsigned long long>(state->manifest_number));
  }
  return status;
}

// Instead of replaying them.
void DatabaseImpl::PutLogsAside(std::vector<uint64_t>* numbers) {
  for (const uint64_t number : std::exchange(*numbers, {})) {
    if (!config_.is_read_only) PutAside(WalName(wal_dir_, number));
  }
}

}  // namespace gneiss
