// The Footer is a table's last bytes: format version, checksum type, and where the metaindex and the index lie. Also
// here: the checksum of a block's trailer, which the footer chooses.
//
// Format:  docs/formats/table.md; format_version 0 has the LevelDB magic number, 1 to 5 RocksDB's.
// Threads: plain values and functions.
// Errors:  Corruption with RocksDB's texts; the caller's path is part of them.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/slice.h"
#include "engine/base/status.h"
#include "engine/table/block_handle.h"
#include "engine/table/table_options.h"

namespace gneiss {

inline constexpr uint64_t kTableMagic = 0x88e241b785f4cff7ULL;
inline constexpr uint64_t kLegacyTableMagic = 0xdb4775248b80fb57ULL;
inline constexpr uint32_t kFormatVersionMax = 5;
inline constexpr size_t kFooterBytesMin = 48;  // format_version 0
inline constexpr size_t kFooterBytesMax = 53;

struct Footer {
  uint32_t format_version = 0;
  ChecksumType checksum = ChecksumType::kCrc32c;
  BlockHandle metaindex;
  BlockHandle index;

  void AppendTo(std::string* out) const;
  // `tail` ends where the file ends.
  Status DecodeFrom(Slice tail, const std::string& path);
};

// The checksum stored behind a payload; `bytes` are the payload and the compression type byte.
uint32_t BlockChecksum(ChecksumType type, Slice bytes);

// Checks a whole block as it lies in the file: payload, compression type, checksum.
Status VerifyBlockChecksum(ChecksumType type, Slice block_with_trailer, const std::string& path, uint64_t offset);

}  // namespace gneiss
