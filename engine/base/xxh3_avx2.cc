// Compiled with -mavx2, so it includes nothing but xxHash, all of whose functions are static: none of another file may
// be replaced by one made for a processor that has AVX2.
#define XXH_INLINE_ALL
#include "engine/base/xxh3_avx2.h"

#include <xxhash.h>

namespace gneiss {

uint64_t Xxh3Avx2(const char* bytes, size_t size) { return XXH3_64bits(bytes, size); }

}  // namespace gneiss
