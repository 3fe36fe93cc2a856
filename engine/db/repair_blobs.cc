#include "engine/db/repair_blobs.h"

#include <algorithm>

#include "engine/blob/blob_format.h"

namespace gneiss {

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
