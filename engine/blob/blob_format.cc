#include "engine/blob/blob_format.h"

#include "engine/base/coding.h"
#include "engine/base/crc32c.h"

namespace gneiss {

namespace {

constexpr uint32_t kMagic = 2395959;
constexpr uint32_t kVersion = 1;
constexpr uint8_t kHasExpiry = 1;  // flag in the header
constexpr uint8_t kZstdNotFinal = 0x40;

// The first byte of a reference.
enum class ReferenceType : uint8_t { kInlinedWithExpiry = 0, kPlain = 1, kWithExpiry = 2, kUnknown = 3 };

constexpr const char* kBadHeader = "Error while decoding blob log header";
constexpr const char* kBadFooter = "Error while decoding blob log footer";
constexpr const char* kBadRecord = "Error while decoding blob record";
constexpr const char* kBadReference = "Error while decoding blob index";
constexpr const char* kHasExpiries = "Unexpected TTL blob file";

uint32_t MaskedCrc(Slice bytes) { return MaskCrc(Crc32c(bytes)); }

}  // namespace

void AppendBlobHeader(std::string* out, const BlobFileHeader& header) {
  PutU32(out, kMagic);
  PutU32(out, kVersion);
  PutU32(out, header.column_family_id);
  out->push_back(0);  // no flags
  out->push_back(static_cast<char>(header.compression));
  PutU64(out, 0);  // no range of expiries
  PutU64(out, 0);
}

Status DecodeBlobHeader(Slice in, BlobFileHeader* header) {
  if (in.size() != kBlobHeaderBytes) return Status::Corruption(kBadHeader, "Unexpected blob file header size");
  if (DecodeU32(in.data()) != kMagic) return Status::Corruption(kBadHeader, "Magic number mismatch");
  if (DecodeU32(in.data() + 4) != kVersion) return Status::Corruption(kBadHeader, "Unknown header version");
  header->column_family_id = DecodeU32(in.data() + 8);
  header->compression = static_cast<uint8_t>(in[13]);
  const bool has_expiry = (static_cast<uint8_t>(in[12]) & kHasExpiry) != 0;
  if (has_expiry || DecodeU64(in.data() + 14) != 0 || DecodeU64(in.data() + 22) != 0) {
    return Status::Corruption(kHasExpiries);
  }
  return Status::Ok();
}

void AppendBlobFooter(std::string* out, uint64_t blob_count) {
  const size_t begin = out->size();
  PutU32(out, kMagic);
  PutU64(out, blob_count);
  PutU64(out, 0);  // no range of expiries
  PutU64(out, 0);
  PutU32(out, MaskedCrc(Slice(*out).substr(begin)));
}

Status DecodeBlobFooter(Slice in, uint64_t* blob_count) {
  if (in.size() != kBlobFooterBytes) return Status::Corruption(kBadFooter, "Unexpected blob file footer size");
  if (DecodeU32(in.data()) != kMagic) return Status::Corruption(kBadFooter, "Magic number mismatch");
  const uint32_t crc = DecodeU32(in.data() + kBlobFooterBytes - 4);
  if (MaskedCrc(in.substr(0, kBlobFooterBytes - 4)) != crc) return Status::Corruption(kBadFooter, "CRC mismatch");
  *blob_count = DecodeU64(in.data() + 4);
  if (DecodeU64(in.data() + 12) != 0 || DecodeU64(in.data() + 20) != 0) return Status::Corruption(kHasExpiries);
  return Status::Ok();
}

void AppendBlobRecordHeader(std::string* out, Slice user_key, Slice value) {
  const size_t begin = out->size();
  PutU64(out, user_key.size());
  PutU64(out, value.size());
  PutU64(out, 0);  // no expiry
  PutU32(out, MaskedCrc(Slice(*out).substr(begin)));
  PutU32(out, MaskCrc(Crc32cExtend(Crc32c(user_key), value.data(), value.size())));
}

Status CheckBlobRecord(Slice record, Slice user_key, uint64_t value_bytes) {
  constexpr size_t kChecked = kBlobRecordHeaderBytes - 8;  // before the two checksums
  if (record.size() < kBlobRecordHeaderBytes) {
    return Status::Corruption(kBadRecord, "Unexpected blob record header size");
  }
  if (MaskedCrc(record.substr(0, kChecked)) != DecodeU32(record.data() + kChecked)) {
    return Status::Corruption(kBadRecord, "Header CRC mismatch");
  }
  if (DecodeU64(record.data()) != user_key.size()) return Status::Corruption("Key size mismatch when reading blob");
  if (DecodeU64(record.data() + 8) != value_bytes) return Status::Corruption("Value size mismatch when reading blob");
  const Slice payload = record.substr(kBlobRecordHeaderBytes);
  if (payload.size() != user_key.size() + value_bytes) {
    return Status::Corruption(kBadRecord, "Unexpected blob record header size");
  }
  if (payload.substr(0, user_key.size()) != user_key) return Status::Corruption("Key mismatch when reading blob");
  if (MaskedCrc(payload) != DecodeU32(record.data() + kChecked + 4)) return Status::Corruption("Blob CRC mismatch");
  return Status::Ok();
}

void AppendBlobReference(std::string* out, const BlobReference& reference) {
  out->push_back(static_cast<char>(ReferenceType::kPlain));
  PutVarint64(out, reference.file_number);
  PutVarint64(out, reference.offset);
  PutVarint64(out, reference.size);
  out->push_back(static_cast<char>(reference.compression));
}

Status DecodeBlobReference(Slice in, BlobReference* reference) {
  *reference = {};
  if (in.empty()) return Status::Corruption(kBadReference, "Corrupted blob offset");
  const auto type = static_cast<uint8_t>(in[0]);
  if (type >= static_cast<uint8_t>(ReferenceType::kUnknown)) {
    return Status::Corruption(kBadReference, "Unknown blob index type: " + std::to_string(static_cast<char>(type)));
  }
  in.remove_prefix(1);
  reference->is_plain = type == static_cast<uint8_t>(ReferenceType::kPlain);
  uint64_t expiry = 0;
  if (!reference->is_plain && !GetVarint64(&in, &expiry)) {
    return Status::Corruption(kBadReference, "Corrupted expiration");
  }
  if (type == static_cast<uint8_t>(ReferenceType::kInlinedWithExpiry)) return Status::Ok();
  if (!GetVarint64(&in, &reference->file_number) || !GetVarint64(&in, &reference->offset) ||
      !GetVarint64(&in, &reference->size) || in.size() != 1) {
    return Status::Corruption(kBadReference, "Corrupted blob offset");
  }
  reference->compression = static_cast<uint8_t>(in[0]);
  return Status::Ok();
}

Status DecodePlainBlobReference(Slice in, BlobReference* reference) {
  GNEISS_RETURN_IF_ERROR(DecodeBlobReference(in, reference));
  if (!reference->is_plain) return Status::Corruption("Unexpected TTL/inlined blob index");
  return Status::Ok();
}

Compression BlobCompressionOf(uint8_t stored) {
  return stored == kZstdNotFinal ? Compression::kZstd : static_cast<Compression>(stored);
}

}  // namespace gneiss
