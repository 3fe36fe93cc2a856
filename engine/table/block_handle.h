// A BlockHandle says where a block lies in its table: offset and payload size.
//
// Format:  two varint64; a trailer of kBlockTrailerBytes (compression type, checksum) follows each payload and is not
//          part of the size (docs/formats/table.md).
// Units:   bytes. Threads: a plain value.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/coding.h"
#include "engine/base/slice.h"

namespace gneiss {

inline constexpr size_t kBlockTrailerBytes = 5;

struct BlockHandle {
  uint64_t offset = 0;
  uint64_t size = 0;

  bool IsNull() const { return offset == 0 && size == 0; }
  uint64_t EndWithTrailer() const { return offset + size + kBlockTrailerBytes; }

  void AppendTo(std::string* out) const {
    PutVarint64(out, offset);
    PutVarint64(out, size);
  }
  // Takes a handle off the front of *in.
  bool DecodeFrom(Slice* in) { return GetVarint64(in, &offset) && GetVarint64(in, &size); }
};

}  // namespace gneiss
