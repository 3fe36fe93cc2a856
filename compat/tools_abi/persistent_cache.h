// The persistent read cache that db_bench --read_cache_path asks for. Gneiss has none: opening it says so.
//
// Layout:  db_bench lays these objects out inline, as RocksDB 7.8.3 does, and takes the vtables from here, so the
// virtual
//          functions stand in upstream's order. No function here touches a field.
// Owner:   the program.
// Threads: nothing to guard.
// Errors:  whatever can return a Status returns NotSupported; the rest names itself and aborts.
#pragma once

#include <rocksdb/persistent_cache.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace rocksdb {

class CacheWriteBuffer;
class BlockCacheFile;

class PersistentCacheTier : public PersistentCache {
 public:
  using Tier = std::shared_ptr<PersistentCacheTier>;

  ~PersistentCacheTier() override = default;
  virtual Status Open();
  virtual Status Close();
  virtual bool Reserve(size_t size);
  virtual bool Erase(const Slice& key);
  virtual std::string PrintStats();
  StatsType Stats() override;
  uint64_t NewId() override;
  virtual Tier& next_tier();
  virtual void set_next_tier(const Tier& tier);
  virtual void TEST_Flush();

 private:
  Tier next_tier_;
  std::atomic<uint64_t> last_id_{1};
};
static_assert(sizeof(PersistentCacheTier) == 32);

class BlockCacheTier : public PersistentCacheTier {
 public:
  ~BlockCacheTier() override;
  Status Insert(const Slice& key, const char* data, size_t size) override;
  Status Lookup(const Slice& key, std::unique_ptr<char[]>* data, size_t* size) override;
  Status Open() override;
  Status Close() override;
  bool Erase(const Slice& key) override;
  bool Reserve(size_t size) override;
  bool IsCompressed() override;
  std::string GetPrintableOptions() const override;
  StatsType Stats() override;
  void TEST_Flush() override;
};

class BlockCacheTierMetadata {
 public:
  virtual ~BlockCacheTierMetadata() = default;
  virtual void Clear();

 protected:
  virtual void RemoveAllKeys(BlockCacheFile* file);
};

class Writer {
 public:
  explicit Writer(PersistentCacheTier* cache) : cache_(cache) {}
  virtual ~Writer() = default;
  virtual void Write(WritableFile* file, CacheWriteBuffer* buffer, uint64_t file_offset,
                     std::function<void()> callback) = 0;
  virtual void Stop() = 0;

 private:
  [[maybe_unused]] PersistentCacheTier* const cache_;
};

class ThreadedWriter : public Writer {
 public:
  ThreadedWriter(PersistentCacheTier* cache, size_t queue_depth, size_t io_size);
  void Write(WritableFile* file, CacheWriteBuffer* buffer, uint64_t file_offset,
             std::function<void()> callback) override;
  void Stop() override;
};

}  // namespace rocksdb
