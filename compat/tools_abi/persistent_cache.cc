#include "compat/tools_abi/persistent_cache.h"

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::FailNotBuilt;
using gneiss::compat::NotBuilt;

Status NewPersistentCache(Env*, const std::string&, uint64_t, const std::shared_ptr<Logger>&, bool,
                          std::shared_ptr<PersistentCache>*) {
  return NotBuilt("NewPersistentCache");
}

Status PersistentCacheTier::Open() { return NotBuilt("PersistentCacheTier"); }
Status PersistentCacheTier::Close() { return NotBuilt("PersistentCacheTier"); }
bool PersistentCacheTier::Reserve(size_t) { FailNotBuilt("PersistentCacheTier"); }
bool PersistentCacheTier::Erase(const Slice&) { FailNotBuilt("PersistentCacheTier"); }
std::string PersistentCacheTier::PrintStats() { FailNotBuilt("PersistentCacheTier"); }
PersistentCache::StatsType PersistentCacheTier::Stats() { FailNotBuilt("PersistentCacheTier"); }
uint64_t PersistentCacheTier::NewId() { FailNotBuilt("PersistentCacheTier"); }
PersistentCacheTier::Tier& PersistentCacheTier::next_tier() { FailNotBuilt("PersistentCacheTier"); }
void PersistentCacheTier::set_next_tier(const Tier&) { FailNotBuilt("PersistentCacheTier"); }
void PersistentCacheTier::TEST_Flush() { FailNotBuilt("PersistentCacheTier"); }

BlockCacheTier::~BlockCacheTier() = default;
Status BlockCacheTier::Insert(const Slice&, const char*, size_t) { return NotBuilt("BlockCacheTier"); }
Status BlockCacheTier::Lookup(const Slice&, std::unique_ptr<char[]>*, size_t*) { return NotBuilt("BlockCacheTier"); }
Status BlockCacheTier::Open() { return NotBuilt("BlockCacheTier"); }
Status BlockCacheTier::Close() { return NotBuilt("BlockCacheTier"); }
bool BlockCacheTier::Erase(const Slice&) { FailNotBuilt("BlockCacheTier"); }
bool BlockCacheTier::Reserve(size_t) { FailNotBuilt("BlockCacheTier"); }
bool BlockCacheTier::IsCompressed() { FailNotBuilt("BlockCacheTier"); }
std::string BlockCacheTier::GetPrintableOptions() const { FailNotBuilt("BlockCacheTier"); }
PersistentCache::StatsType BlockCacheTier::Stats() { FailNotBuilt("BlockCacheTier"); }
void BlockCacheTier::TEST_Flush() { FailNotBuilt("BlockCacheTier"); }

void BlockCacheTierMetadata::Clear() { FailNotBuilt("BlockCacheTier"); }
void BlockCacheTierMetadata::RemoveAllKeys(BlockCacheFile*) { FailNotBuilt("BlockCacheTier"); }

// The program constructs a writer before it calls BlockCacheTier::Open, which refuses. So no thread is started here.
ThreadedWriter::ThreadedWriter(PersistentCacheTier* cache, size_t, size_t) : Writer(cache) {}
void ThreadedWriter::Write(WritableFile*, CacheWriteBuffer*, uint64_t, std::function<void()>) {
  FailNotBuilt("BlockCacheTier");
}
void ThreadedWriter::Stop() { FailNotBuilt("BlockCacheTier"); }

}  // namespace rocksdb
