// The bytes of a blob file, and of the references to it that tables hold in place of values.
//
// Format:  docs/formats/blob.md: RocksDB's blob log. A file is a header, records, and a footer; a record is a header,
// the
//          user key and the value, maybe compressed. A reference names the file, where the value begins, and its size.
// Units:   bytes, little-endian.
// Errors:  Corruption, with RocksDB's texts. Files and references with an expiry belong to another, older kind of
//          database and are refused.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/compression.h"
#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

inline constexpr size_t kBlobHeaderBytes = 30;
inline constexpr size_t kBlobFooterBytes = 32;
inline constexpr size_t kBlobRecordHeaderBytes = 32;

struct BlobFileHeader {
  uint32_t column_family_id = 0;
  uint8_t compression = 0;  // as stored: Compression, or RocksDB's old number of zstd
};
void AppendBlobHeader(std::string* out, const BlobFileHeader& header);
Status DecodeBlobHeader(Slice in, BlobFileHeader* header);

void AppendBlobFooter(std::string* out, uint64_t blob_count);
Status DecodeBlobFooter(Slice in, uint64_t* blob_count);

// `value` as stored.
void AppendBlobRecordHeader(std::string* out, Slice user_key, Slice value);
// Checks a whole record, read from where its header begins: that it is this key's, of this size, and undamaged.
Status CheckBlobRecord(Slice record, Slice user_key, uint64_t value_bytes);

// What a record takes up besides its value.
inline constexpr uint64_t BlobRecordOverhead(size_t user_key_bytes) { return kBlobRecordHeaderBytes + user_key_bytes; }

// RocksDB's "blob index": the value of a table's entry of kind kBlobIndex.
struct BlobReference {
  bool is_plain = true;  // false: inlined or with an expiry; the rest is then not set
  uint64_t file_number = 0;
  uint64_t offset = 0;  // of the value
  uint64_t size = 0;    // as stored
  uint8_t compression = 0;
};
void AppendBlobReference(std::string* out, const BlobReference& reference);
Status DecodeBlobReference(Slice in, BlobReference* reference);
// The same, and Corruption unless it is plain.
Status DecodePlainBlobReference(Slice in, BlobReference* reference);

// The codec behind a stored compression byte.
Compression BlobCompressionOf(uint8_t stored);

}  // namespace gneiss
