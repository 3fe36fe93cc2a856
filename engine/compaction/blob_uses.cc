#include "engine/compaction/blob_uses.h"

#include <algorithm>

#include "engine/blob/blob_format.h"

namespace gneiss {

Status BlobUses::Note(Slice internal_key, Slice value) {
  if (!IsReference(internal_key)) return Status::Ok();
  BlobReference reference;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(value, &reference));
  BlobUse& use = uses_[reference.file_number];
  ++use.count;
  use.bytes += reference.size + BlobRecordOverhead(UserKeyOf(internal_key).size());
  return Status::Ok();
}

void BlobUses::Add(const BlobUses& other) {
  for (const auto& [number, use] : other.uses_) {
    uses_[number].count += use.count;
    uses_[number].bytes += use.bytes;
  }
}

bool BlobUses::FitInto(const std::map<uint64_t, BlobFileMeta>& files) const {
  return std::all_of(uses_.begin(), uses_.end(), [&files](const auto& each) {
    const auto& [number, use] = each;
    const auto found = files.find(number);
    return found != files.end() && use.count <= found->second.blob_count && use.bytes <= found->second.blob_bytes;
  });
}

void BlobUses::AddGarbageOf(const BlobFileMeta& file, VersionEdit* edit) const {
  const BlobUse use = Of(file.number);
  // Tables that hold an entry twice refer to its blob twice.
  const BlobGarbage garbage = {.file_number = file.number,
                               .blob_count = file.blob_count - std::min(use.count, file.blob_count),
                               .blob_bytes = file.blob_bytes - std::min(use.bytes, file.blob_bytes)};
  if (garbage.blob_count > 0) edit->blob_garbage.push_back(garbage);
}

}  // namespace gneiss
