#include "db_bench_port/data/key_format.h"

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

// The low `bytes` bytes of the number, most significant first.
void WriteBigEndian(uint64_t number, int bytes, char* to) {
  for (int i = 0; i < bytes; ++i) to[i] = static_cast<char>(number >> (8 * (bytes - i - 1)));
}

}  // namespace

void KeyFormat::Write(uint64_t number, int64_t key_count, char* to) const {
  char* const end = to + key_bytes_;
  if (keys_per_prefix_ > 0) {
    const uint64_t prefixes = static_cast<uint64_t>(std::max<int64_t>(1, key_count / keys_per_prefix_));
    WriteBigEndian(number % prefixes, std::min(prefix_bytes_, 8), to);
    if (prefix_bytes_ > 8) std::memset(to + 8, '0', prefix_bytes_ - 8);
    to += prefix_bytes_;
  }
  const int number_bytes = std::min(static_cast<int>(end - to), 8);
  WriteBigEndian(number, number_bytes, to);
  to += number_bytes;
  if (to < end) std::memset(to, '0', end - to);
}

}  // namespace bench
