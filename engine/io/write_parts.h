// Writes bytes that lie in several places with as few calls as there can be, whatever each call takes of them.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "engine/base/slice.h"

namespace gneiss {

// From here on a call of its own for what is appended to a log costs less than storing it through a mapping, and parts
// cost less than a copy.
inline constexpr size_t kAppendBytesForCall = size_t{64} << 10;

inline uint64_t TotalBytes(const Slice* parts, size_t count) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += parts[i].size();
  return bytes;
}

// `write(vectors, vector_count, done_bytes)` writes some of the vectors' bytes behind the done_bytes before them and
// returns how many, or -1 with errno. False: it has failed, and errno says why.
template <typename Write>
bool WriteParts(const Slice* parts, size_t count, const Write& write) {
  constexpr size_t kVectorsMax = 64;  // in one call
  uint64_t done_bytes = 0;
  size_t begin = 0;  // what of parts[0] was written
  while (count > 0) {
    std::array<iovec, kVectorsMax> vectors;
    const size_t vector_count = std::min(count, kVectorsMax);
    for (size_t i = 0; i < vector_count; ++i) {
      const Slice left = i == 0 ? parts[0].substr(begin) : parts[i];
      vectors[i] = {.iov_base = const_cast<char*>(left.data()), .iov_len = left.size()};
    }
    const ssize_t written = write(vectors.data(), static_cast<int>(vector_count), done_bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    done_bytes += static_cast<uint64_t>(written);
    begin += static_cast<size_t>(written);
    for (; count > 0 && begin >= parts->size(); ++parts, --count) begin -= parts->size();
  }
  return true;
}

}  // namespace gneiss
