#include "engine/db/repair_blobs.h"

#include <algorithm>

#include "engine/blob/blob_format.h"
#include "engine/key/internal_key.h"

namespace gneiss {

Status BlobUses::Note(Slice internal_key, Slice value) {
  if (TrailerKind(TrailerOf(internal_key)) != Kind::kBlobIndex) return Status::Ok();
  BlobReference reference;
  GNEISS_RETURN_IF_ERROR(DecodePlainBlobReference(value, &reference));
  Use& use = uses_[reference.file_number];
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
  const auto found = uses_.find(file.number);
  const Use use = found == uses_.end() ? Use() : found->second;
  // Tables that hold an entry twice refer to its blob twice.
  const BlobGarbage garbage = {.file_number = file.number,
                               .blob_count = file.blob_count - std::min(use.count, file.blob_count),
                               .blob_bytes = file.blob_bytes - std::min(use.bytes, file.blob_bytes)};
  if (garbage.blob_count > 0) edit->blob_garbage.push_back(garbage);
}

Status ScanBlobFile(FileSystem* fs, const std::string& path, uint64_t number, uint32_t* column_family_id,
                    BlobFileMeta* meta) {
  uint64_t file_bytes = 0;
  GNEISS_RETURN_IF_ERROR(fs->FileSize(path, &file_bytes));
  if (file_bytes < kBlobHeaderBytes + kBlobFooterBytes) return Status::Corruption("blob file is too short", path);
  std::unique_ptr<RandomAccessFile> file;
  GNEISS_RETURN_IF_ERROR(fs->OpenRandomAccess(path, FileOptions(), &file));
  char buffer[std::max(kBlobHeaderBytes, kBlobFooterBytes)];
  Slice bytes;
  BlobFileHeader header;
  GNEISS_RETURN_IF_ERROR(file->Read(0, kBlobHeaderBytes, &bytes, buffer));
  GNEISS_RETURN_IF_ERROR(DecodeBlobHeader(bytes, &header));
  uint64_t blob_count = 0;
  GNEISS_RETURN_IF_ERROR(file->Read(file_bytes - kBlobFooterBytes, kBlobFooterBytes, &bytes, buffer));
  GNEISS_RETURN_IF_ERROR(DecodeBlobFooter(bytes, &blob_count));
  *column_family_id = header.column_family_id;
  *meta = {.number = number,
           .blob_count = blob_count,
           .blob_bytes = file_bytes - kBlobHeaderBytes - kBlobFooterBytes,
           .checksum_method = {},
           .checksum = {}};
  return Status::Ok();
}

}  // namespace gneiss
