#include "engine/table/footer.h"

#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/hash.h"

namespace gneiss {

namespace {

constexpr size_t kHandlesBytes = 2 * 2 * kVarint64BytesMax;  // two handles, zero-padded
constexpr size_t kMagicBytes = 8;
// Mixes the last byte into an XXH3 of the bytes before it.
constexpr uint32_t kXxh3LastByteFactor = 0x6b9083d9;

uint32_t Xxh3WithLastByte(Slice bytes) {
  if (bytes.empty()) return 0;
  const auto last_byte = static_cast<uint8_t>(bytes.back());
  bytes.remove_suffix(1);
  return static_cast<uint32_t>(Xxh3(bytes)) ^ (last_byte * kXxh3LastByteFactor);
}

// Foreign magic numbers are shown as RocksDB shows them.
Status BadMagic(uint64_t found, const std::string& path) {
  return Status::Corruption("Bad table magic number: expected " + std::to_string(kTableMagic) + ", found " +
                            std::to_string(found) + " in " + path);
}

}  // namespace

void Footer::AppendTo(std::string* out) const {
  if (format_version > 0) out->push_back(static_cast<char>(checksum));
  const size_t handles_end = out->size() + kHandlesBytes;
  metaindex.AppendTo(out);
  index.AppendTo(out);
  out->resize(handles_end, '\0');
  if (format_version > 0) {
    PutU32(out, format_version);
    PutU64(out, kTableMagic);
  } else {
    PutU64(out, kLegacyTableMagic);
  }
}

Status Footer::DecodeFrom(Slice tail, const std::string& path) {
  if (tail.size() < kFooterBytesMin) {
    return Status::Corruption("file is too short (" + std::to_string(tail.size()) +
                              " bytes) to be an sstable: " + path);
  }
  const char* magic_at = tail.data() + tail.size() - kMagicBytes;
  const uint64_t magic = DecodeU64(magic_at);
  Slice handles;
  if (magic == kLegacyTableMagic) {
    format_version = 0;
    checksum = ChecksumType::kCrc32c;
    handles = Slice(magic_at - kHandlesBytes, kHandlesBytes);
  } else if (magic != kTableMagic) {
    return BadMagic(magic, path);
  } else {
    if (tail.size() < kFooterBytesMax) return Status::Corruption("Input is too short to be an SST file", path);
    const char* version_at = magic_at - 4;
    format_version = DecodeU32(version_at);
    if (format_version > kFormatVersionMax) {
      return Status::Corruption("Corrupt or unsupported format_version: " + std::to_string(format_version), path);
    }
    handles = Slice(version_at - kHandlesBytes, kHandlesBytes);
    const auto type = static_cast<uint8_t>(handles.data()[-1]);
    if (type > static_cast<uint8_t>(ChecksumType::kXxh3)) {
      return Status::Corruption("Corrupt or unsupported checksum type: " + std::to_string(type), path);
    }
    checksum = static_cast<ChecksumType>(type);
  }
  if (!metaindex.DecodeFrom(&handles) || !index.DecodeFrom(&handles)) {
    return Status::Corruption("bad block handle", path);
  }
  return Status::Ok();
}

uint32_t BlockChecksum(ChecksumType type, Slice bytes) {
  switch (type) {
    case ChecksumType::kNone:
      return 0;
    case ChecksumType::kCrc32c:
      return MaskCrc(Crc32c(bytes));
    case ChecksumType::kXxHash:
      return XxHash32(bytes);
    case ChecksumType::kXxHash64:
      return static_cast<uint32_t>(XxHash64(bytes));
    case ChecksumType::kXxh3:
      return Xxh3WithLastByte(bytes);
  }
  return 0;
}

Status VerifyBlockChecksum(ChecksumType type, Slice block_with_trailer, const std::string& path, uint64_t offset) {
  const size_t payload_bytes = block_with_trailer.size() - kBlockTrailerBytes;
  uint32_t stored = DecodeU32(block_with_trailer.data() + payload_bytes + 1);
  uint32_t computed = BlockChecksum(type, block_with_trailer.substr(0, payload_bytes + 1));
  if (stored == computed) [[likely]]
    return Status::Ok();
  if (type == ChecksumType::kCrc32c) {
    stored = UnmaskCrc(stored);
    computed = UnmaskCrc(computed);
  }
  return Status::Corruption("block checksum mismatch: stored = " + std::to_string(stored) + ", computed = " +
                            std::to_string(computed) + ", type = " + std::to_string(static_cast<int>(type)) + "  in " +
                            path + " offset " + std::to_string(offset) + " size " + std::to_string(payload_bytes));
}

}  // namespace gneiss
