// The hash functions that RocksDB's formats name. xxHash itself comes from libxxhash, behind hash.cc.
#pragma once

#include <cstdint>

#include "engine/base/slice.h"

namespace gneiss {

uint32_t XxHash32(Slice bytes, uint32_t seed = 0);
uint64_t XxHash64(Slice bytes, uint64_t seed = 0);
uint64_t Xxh3(Slice bytes);  // XXH3_64bits, the stable one of xxHash 0.8

// The 64-bit hash behind RocksDB's filters and unique ids: the preview XXH3 of xxHash 0.7.2, which differs from Xxh3
// for many lengths. Pinned by vectors in hash_test.cc taken from files that RocksDB wrote.
uint64_t Xxph3(Slice bytes, uint64_t seed = 0);

// LevelDB's 32-bit hash with seed (util/hash.h), behind the legacy Bloom filters and the data-block hash index.
uint32_t LegacyHash32(Slice bytes, uint32_t seed);

}  // namespace gneiss
