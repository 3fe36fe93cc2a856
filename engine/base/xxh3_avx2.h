// XXH3_64bits for processors with AVX2, which takes half as long for more than 240 bytes. Call it through Xxh3
// (hash.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace gneiss {

uint64_t Xxh3Avx2(const char* bytes, size_t size);

}  // namespace gneiss
