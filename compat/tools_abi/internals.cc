#include "compat/tools_abi/internals.h"

#include <rocksdb/convenience.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <sstream>

#include "compat/not_supported.h"
#include "compat/utilities/unique_id.h"
#include "engine/base/coding.h"
#include "engine/base/crc32c.h"
#include "engine/base/hash.h"

namespace rocksdb {

const uint64_t kMicrosInSecond = 1000 * 1000;

namespace {

class Uint64Order : public Comparator {
 public:
  const char* Name() const override { return "rocksdb.Uint64Comparator"; }
  int Compare(const Slice& a, const Slice& b) const override {
    const uint64_t left = gneiss::DecodeU64(a.data());
    const uint64_t right = gneiss::DecodeU64(b.data());
    return left == right ? 0 : left < right ? -1 : 1;
  }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

// Steps of the bijection between unique ids and cache keys. Each is its own inverse.
uint64_t ReverseBits(uint64_t word) {
  uint64_t reversed = 0;
  for (int i = 0; i < 64; ++i) reversed |= (word >> i & 1) << (63 - i);
  return reversed;
}

uint64_t MixDownward(uint64_t word) {
  constexpr uint64_t kUpperHalves[] = {0xffffffff00000000, 0xffff0000ffff0000, 0xff00ff00ff00ff00,
                                       0xf0f0f0f0f0f0f0f0, 0xcccccccccccccccc, 0xaaaaaaaaaaaaaaaa};
  int shift = 32;
  for (const uint64_t upper_half : kUpperHalves) {
    word ^= (word & upper_half) >> shift;
    shift /= 2;
  }
  return word;
}

OffsetableCacheKey BaseCacheKey(const std::string& db_id, const std::string& session_id, uint64_t file_number) {
  uint64_t upper;
  uint64_t lower;
  if (!gneiss::compat::DecodeSessionId(session_id, &upper, &lower).ok()) {
    const XXH128_hash_t hash = XXH3_128bits(session_id.data(), session_id.size());
    upper = hash.high64;
    lower = hash.low64 != 0 ? hash.low64 : hash.high64 | 1;
  }
  const auto id = gneiss::compat::InternalUniqueId(db_id, upper, lower, file_number);
  const uint64_t session = id[0] != 0 ? id[0] : id[1];
  const uint64_t file = MixDownward(session) ^ ReverseBits(id[1]);
  const uint64_t offset = ReverseBits(session);
  // The first word of a key must not be zero.
  return file != 0 ? OffsetableCacheKey(file, offset) : OffsetableCacheKey(offset, file);
}

}  // namespace

std::vector<std::string> StringSplit(const std::string& text, char delim) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, delim);) parts.push_back(part);
  return parts;
}

std::string TimeToHumanString(int unix_time) {
  const time_t seconds = unix_time;
  tm local{};
  char text[80];
  localtime_r(&seconds, &local);
  strftime(text, sizeof(text), "%c", &local);
  return text;
}

std::string BytesToHumanString(uint64_t bytes) {
  constexpr const char* kUnits[] = {"KB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  char text[40];
  snprintf(text, sizeof(text), "%.2f %s", size, kUnits[unit]);
  return text;
}

void DumpMallocStats(std::string*) {}

char* EncodeVarint32(char* to, uint32_t value) { return gneiss::EncodeVarint32(to, value); }

const char* GetVarint32PtrFallback(const char* p, const char* limit, uint32_t* value) {
  return gneiss::DecodeVarint32(p, limit, value);
}

uint64_t Hash64(const char* data, size_t size) { return gneiss::Xxph3({data, size}); }

std::shared_ptr<Cache> NewFastLRUCache(size_t capacity, size_t, int num_shard_bits, bool strict_capacity_limit,
                                       CacheMetadataChargePolicy metadata_charge_policy) {
  LRUCacheOptions options;
  options.capacity = capacity;
  options.num_shard_bits = num_shard_bits;
  options.strict_capacity_limit = strict_capacity_limit;
  options.metadata_charge_policy = metadata_charge_policy;
  return NewLRUCache(options);
}

uint32_t crc32c::Extend(uint32_t crc, const char* data, size_t size) { return gneiss::Crc32cExtend(crc, data, size); }

SyncPoint* SyncPoint::GetInstance() {
  static SyncPoint instance;
  return &instance;
}

void SyncPoint::Process(const Slice&, void*) {}

CompressionContextCache* CompressionContextCache::Instance() {
  static CompressionContextCache instance;
  return &instance;
}

ZSTDUncompressCachedData CompressionContextCache::GetCachedZSTDUncompressData() { return {}; }

void CompressionContextCache::ReturnCachedZSTDUncompressData(int64_t) {}

std::string Random::RandomString(int length) {
  std::string text(static_cast<size_t>(length), '\0');
  for (char& c : text) c = static_cast<char>(' ' + Uniform(95));
  return text;
}

const Comparator* test::Uint64Comparator() {
  static const Uint64Order order;
  return &order;
}

const Comparator* test::BytewiseComparatorWithU64TsWrapper() {
  const Comparator* comparator = nullptr;
  Comparator::CreateFromString(ConfigOptions(), "leveldb.BytewiseComparator.u64ts", &comparator).PermitUncheckedError();
  return comparator;
}

Slice test::CompressibleString(Random* random, double compressed_fraction, int length, std::string* text) {
  const std::string pattern = random->RandomString(std::max(1, static_cast<int>(length * compressed_fraction)));
  text->clear();
  while (text->size() < static_cast<size_t>(length)) text->append(pattern);
  text->resize(static_cast<size_t>(length));
  return *text;
}

std::string DBImpl::GenerateDbSessionId(Env*) { return gneiss::compat::NewSessionId(); }

void DBImpl::TEST_ResetDbSessionIdGen() { gneiss::compat::ResetSessionIds(); }

void BlockBasedTable::SetupBaseCacheKey(const TableProperties* properties, const std::string& current_session_id,
                                        uint64_t current_file_number, OffsetableCacheKey* key, bool* is_stable) {
  const bool knows_origin =
      properties != nullptr && !properties->db_session_id.empty() && properties->orig_file_number > 0;
  if (is_stable != nullptr) *is_stable = knows_origin;
  *key = knows_origin ? BaseCacheKey(properties->db_id, properties->db_session_id, properties->orig_file_number)
                      : BaseCacheKey("unknown", current_session_id, current_file_number);
}

Status blob_db::BlobDB::Open(const Options&, const BlobDBOptions&, const std::string&, BlobDB**) {
  return gneiss::compat::NotBuilt("blob_db::BlobDB");
}

Status blob_db::DestroyBlobDB(const std::string&, const Options&, const BlobDBOptions&) {
  return gneiss::compat::NotBuilt("blob_db::DestroyBlobDB");
}

}  // namespace rocksdb

extern "C" {

uint32_t ROCKSDB_XXH32(const void* data, size_t size, uint32_t seed) {
  return gneiss::XxHash32({static_cast<const char*>(data), size}, seed);
}

uint64_t ROCKSDB_XXH64(const void* data, size_t size, uint64_t seed) {
  return gneiss::XxHash64({static_cast<const char*>(data), size}, seed);
}

uint64_t ROCKSDB_XXH3_64bits(const void* data, size_t size) {
  return gneiss::Xxh3({static_cast<const char*>(data), size});
}

}  // extern "C"
