// The record format shared by write-ahead logs and MANIFESTs: docs/formats/log.md.
//
// A file is a row of 32 KiB blocks. A record is cut into fragments that do not cross blocks; what is left of a block
// and too small for a fragment's header is filled with zeros. A fragment:
//   crc32c u32 (masked; over type, [log number,] payload) | length u16 | type u8 | [log number u32, recyclable only] |
//   payload
// A kSetCompression fragment, whose payload is the codec as u32, may come first: then every record's payload is one
// zstd frame (7), or stays as it is (0).
#pragma once

#include <cstddef>
#include <cstdint>

namespace gneiss {

enum class FragmentType : uint8_t {
  kZero = 0,  // space allocated ahead
  kFull = 1,
  kFirst = 2,
  kMiddle = 3,
  kLast = 4,
  kRecyclableFull = 5,
  kRecyclableFirst = 6,
  kRecyclableMiddle = 7,
  kRecyclableLast = 8,
  kSetCompression = 9,
};
inline constexpr size_t kFragmentTypes = 10;

inline constexpr bool IsRecyclable(FragmentType type) {
  return type >= FragmentType::kRecyclableFull && type <= FragmentType::kRecyclableLast;
}

inline constexpr size_t kLogBlockBytes = 32768;
inline constexpr size_t kFragmentHeaderBytes = 7;
inline constexpr size_t kRecyclableFragmentHeaderBytes = 11;

}  // namespace gneiss
