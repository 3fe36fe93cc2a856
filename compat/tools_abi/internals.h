// Small functions and classes that Debian's db_bench and cache_bench import from RocksDB's inside, with upstream's
// names because no public header has them.
//
// Layout:  of the classes that the programs allocate, as RocksDB 7.8.3 built without NDEBUG.
// Owner:   the program owns what it allocates.
// Threads: any thread, but for a Random, which belongs to one.
// Errors:  BlobDB is NotSupported.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/utilities/stackable_db.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compat/tools_abi/random.h"

namespace rocksdb {

extern const uint64_t kMicrosInSecond;

// Splits at every `delim`; a delimiter at the end starts no empty last part.
std::vector<std::string> StringSplit(const std::string& text, char delim);
std::string TimeToHumanString(int unix_time);
std::string BytesToHumanString(uint64_t bytes);
// jemalloc's statistics, if the program ran on it; the library does not link it, so there is nothing to add.
void DumpMallocStats(std::string* stats);
char* EncodeVarint32(char* to, uint32_t value);
const char* GetVarint32PtrFallback(const char* p, const char* limit, uint32_t* value);
uint64_t Hash64(const char* data, size_t size);
std::shared_ptr<Cache> NewFastLRUCache(size_t capacity, size_t estimated_value_size, int num_shard_bits,
                                       bool strict_capacity_limit, CacheMetadataChargePolicy metadata_charge_policy);

namespace crc32c {
uint32_t Extend(uint32_t crc, const char* data, size_t size);
}

// RocksDB's programs call their test hooks through this; there are none to call.
class SyncPoint {
 public:
  static SyncPoint* GetInstance();
  void Process(const Slice& point, void* argument);
};

// Owns a zstd context; the inline destructor in the program frees it.
class ZSTDUncompressCachedData {
 public:
  ZSTDUncompressCachedData() : context_(ZSTD_createDCtx()) {}
  ZSTDUncompressCachedData(ZSTDUncompressCachedData&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)) {}
  ~ZSTDUncompressCachedData() { ZSTD_freeDCtx(context_); }

 private:
  ZSTD_DCtx* context_;
  [[maybe_unused]] int64_t cache_index_ = -1;  // the object owns its context
};

// Contexts are not cached: each caller gets its own, so none comes back.
class CompressionContextCache {
 public:
  static CompressionContextCache* Instance();
  ZSTDUncompressCachedData GetCachedZSTDUncompressData();
  void ReturnCachedZSTDUncompressData(int64_t index);
};

namespace test {
const Comparator* Uint64Comparator();
const Comparator* BytewiseComparatorWithU64TsWrapper();
// Fills *text with `length` bytes that compress to about `compressed_fraction` of it.
Slice CompressibleString(Random* random, double compressed_fraction, int length, std::string* text);
}  // namespace test

class DBImpl {
 public:
  static std::string GenerateDbSessionId(Env* env);
  static void TEST_ResetDbSessionIdGen();
};

// The block cache key of offset 0 in a file.
class OffsetableCacheKey {
 public:
  OffsetableCacheKey() = default;
  OffsetableCacheKey(uint64_t file, uint64_t offset) : file_(file), offset_(offset) {}
  uint64_t file() const { return file_; }
  uint64_t offset() const { return offset_; }

 private:
  uint64_t file_ = 0;
  uint64_t offset_ = 0;
};
static_assert(sizeof(OffsetableCacheKey) == 16);

class BlockBasedTable {
 public:
  static void SetupBaseCacheKey(const TableProperties* properties, const std::string& current_session_id,
                                uint64_t current_file_number, OffsetableCacheKey* key, bool* is_stable);
};

namespace blob_db {

// Named in signatures only.
struct BlobDBOptions;

class BlobDB : public StackableDB {
 public:
  static Status Open(const Options& options, const BlobDBOptions& blob_options, const std::string& name, BlobDB** db);
};

Status DestroyBlobDB(const std::string& name, const Options& options, const BlobDBOptions& blob_options);

}  // namespace blob_db

}  // namespace rocksdb
