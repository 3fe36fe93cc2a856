// The blob files of a Version: which stay, and reading a value from one.
//
// A table knows only the oldest blob file it refers to; it is linked to that one. So:
//   1. A file older than every file with linked tables is referred to by none and goes.
//   2. A file without linked tables all of whose blobs are garbage goes.
//   3. Any other file stays: tables linked to an older one may refer to it as well.
// These are RocksDB's rules, so that both libraries find the same files needed in one MANIFEST.
#include <algorithm>
#include <map>

#include "engine/version/version_change.h"

namespace gneiss {

namespace {

Status Inconsistent(const std::string& what) { return Status::Corruption("VersionBuilder", what); }
std::string Named(uint64_t number) { return "Blob file #" + std::to_string(number); }

using Uses = std::map<uint64_t, BlobFileUse>;

Status AddGarbage(const BlobGarbage& garbage, Uses* uses) {
  const auto found = uses->find(garbage.file_number);
  if (found == uses->end()) return Inconsistent(Named(garbage.file_number) + " not found");
  BlobFileUse& use = found->second;
  const BlobFileMeta& meta = use.file->meta();
  if (garbage.blob_count > meta.blob_count - use.garbage_count ||
      garbage.blob_bytes > meta.blob_bytes - use.garbage_bytes) {
    return Inconsistent("Garbage overflow for blob file #" + std::to_string(garbage.file_number));
  }
  use.garbage_count += garbage.blob_count;
  use.garbage_bytes += garbage.blob_bytes;
  return Status::Ok();
}

void Unlink(const TableMeta& table, Uses* uses) {
  const auto found = uses->find(table.oldest_blob_file_number);
  if (found == uses->end()) return;
  std::vector<uint64_t>& linked = found->second.linked_tables;
  const auto at = std::lower_bound(linked.begin(), linked.end(), table.number);
  if (at != linked.end() && *at == table.number) linked.erase(at);
}

void Link(const TableMeta& table, Uses* uses) {
  const auto found = uses->find(table.oldest_blob_file_number);
  if (found == uses->end()) return;
  std::vector<uint64_t>& linked = found->second.linked_tables;
  linked.insert(std::lower_bound(linked.begin(), linked.end(), table.number), table.number);
}

bool IsAllGarbage(const BlobFileUse& use) { return use.garbage_count >= use.file->meta().blob_count; }

// Rules 1 and 2.
void DropUnneeded(Uses* uses) {
  const auto oldest_linked =
      std::find_if(uses->begin(), uses->end(), [](const auto& each) { return !each.second.linked_tables.empty(); });
  if (oldest_linked != uses->end()) uses->erase(uses->begin(), oldest_linked);
  std::erase_if(*uses, [](const auto& each) { return each.second.linked_tables.empty() && IsAllGarbage(each.second); });
}

}  // namespace

const std::vector<BlobFileUse>& Version::blob_files() const {
  static const std::vector<BlobFileUse> kNone;
  return blob_files_ == nullptr ? kNone : *blob_files_;
}

const BlobFileUse* Version::FindBlobFile(uint64_t number) const {
  const std::vector<BlobFileUse>& uses = blob_files();
  const auto found = std::lower_bound(uses.begin(), uses.end(), number, [](const BlobFileUse& use, uint64_t wanted) {
    return use.file->meta().number < wanted;
  });
  return found != uses.end() && found->file->meta().number == number ? &*found : nullptr;
}

Status Version::ReadBlob(const ReadParams& params, Slice user_key, Slice reference, PinnedValue* value) const {
  BlobReference decoded;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(reference, &decoded));
  return ReadBlob(params, user_key, decoded, nullptr, value);
}

Status Version::ReadBlob(const ReadParams& params, Slice user_key, const BlobReference& reference, BlobReadAhead* ahead,
                         PinnedValue* value) const {
  const BlobFileUse* const use = FindBlobFile(reference.file_number);
  if (use == nullptr) return Status::Corruption("Invalid blob file number");
  return use->file->Read(params, user_key, reference, ahead, value);
}

Status Version::ApplyToBlobFiles(const VersionEdit& edit, const Change& change, const MakeBlobFile& make_blob_file,
                                 Version* next) const {
  const auto refers = [](const TableMeta& table) { return table.oldest_blob_file_number != 0; };
  const bool is_touched = !edit.added_blob_files.empty() || !edit.blob_garbage.empty() ||
                          std::any_of(edit.added_tables.begin(), edit.added_tables.end(),
                                      [&](const auto& added) { return refers(added.second); }) ||
                          std::any_of(change.deleted.begin(), change.deleted.end(),
                                      [&](const auto& deleted) { return refers(deleted.second.table->meta()); });
  if (!is_touched) return Status::Ok();

  Uses uses;
  for (const BlobFileUse& use : blob_files()) uses.emplace_hint(uses.end(), use.file->meta().number, use);
  for (const BlobFileMeta& meta : edit.added_blob_files) {
    if (uses.contains(meta.number)) return Inconsistent(Named(meta.number) + " already added");
    uses[meta.number].file = make_blob_file(meta);
  }
  for (const BlobGarbage& garbage : edit.blob_garbage) GNEISS_RETURN_IF_ERROR(AddGarbage(garbage, &uses));
  for (const auto& [number, deleted] : change.deleted) Unlink(deleted.table->meta(), &uses);
  for (const auto& [level, meta] : edit.added_tables) Link(meta, &uses);
  DropUnneeded(&uses);

  auto kept = std::make_shared<std::vector<BlobFileUse>>();
  for (auto& [number, use] : uses) {
    // What a table is linked to holds at least that table's blob: the counts contradict each other.
    if (IsAllGarbage(use)) return Inconsistent(Named(number) + " consists entirely of garbage");
    kept->push_back(std::move(use));
  }
  next->blob_files_ = kept->empty() ? nullptr : std::move(kept);
  return Status::Ok();
}

}  // namespace gneiss
