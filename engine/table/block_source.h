// A BlockSource gives a table's blocks: from the block cache, else from the file, verified and uncompressed.
//
// Units:   bytes.
// Owner:   owns the file; a BlockRef keeps its block alive, also after eviction and after the source is gone (but for
//          files mapped into memory).
// Threads: every const method is safe from any thread; a BlockRef and a ReadAhead belong to one thread.
// Errors:  Corruption with file and offset; Incomplete when only the cache may be asked and the block is not there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/uncompression_dictionary.h"
#include "engine/io/file_system.h"
#include "engine/key/pinned_value.h"
#include "engine/table/block.h"
#include "engine/table/footer.h"
#include "engine/table/meta_cache.h"
#include "engine/table/read_ahead.h"
#include "engine/table/table_options.h"

namespace gneiss {

// Keeps one block alive: by a handle of the cache, or by owning it.
class BlockRef {
 public:
  BlockRef() = default;
  explicit BlockRef(std::unique_ptr<const Block> block) : block_(block.release()) {}
  BlockRef(Cache* cache, Cache::Handle* handle, const Block* block) : block_(block), cache_(cache), handle_(handle) {}
  BlockRef(BlockRef&& other) noexcept { *this = std::move(other); }
  BlockRef& operator=(BlockRef&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(cache_, other.cache_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~BlockRef() { Reset(); }

  const Block* get() const { return block_; }
  const Block* operator->() const { return block_; }
  explicit operator bool() const { return block_ != nullptr; }
  void Reset();
  // What would let go of the block. No release function when the block's bytes are not its own: those must be copied.
  Pin AsPin() const;
  // After somebody took AsPin().
  void Disown() { block_ = nullptr; }

 private:
  const Block* block_ = nullptr;
  Cache* cache_ = nullptr;
  Cache::Handle* handle_ = nullptr;
};

// Puts a data block into the cache, if that takes it, and counts it there. The result keeps it alive in either case.
BlockRef CacheDataBlock(Cache* cache, Slice key, std::unique_ptr<Block> block, StatsSink* stats);

class BlockSource {
 public:
  struct Config {
    std::string path;
    uint64_t file_bytes = 0;
    Cache* cache = nullptr;  // for data blocks; may be null
    uint64_t cache_id = 0;
    KeyOrder order;
    StatsSink* stats = nullptr;
    Clock* clock = nullptr;
    int level = -1;  // of the table, for counters; -1: unknown
  };
  BlockSource(const Config& config, std::unique_ptr<RandomAccessFile> file) : config_(config), file_(std::move(file)) {}

  // First of all: reads the footer, and with it the end of the file, where most meta blocks are.
  Status Open();
  void DropTail();  // when all meta blocks are read
  const Footer& footer() const { return footer_; }
  const std::string& path() const { return config_.path; }
  uint64_t file_bytes() const { return config_.file_bytes; }
  // For data blocks compressed with one: where it is. With `cache` it is read when it is needed and lies there; without
  // it, or with `is_pinned`, it is read at once and held.
  Status SetDictionary(const BlockHandle& handle, const MetaCache* cache, bool is_pinned);
  size_t MemoryBytes() const { return dictionary_.owns() ? dictionary_->MemoryBytes() : 0; }

  // A data block; `ahead` may be null.
  // `cache_place` is kept with the handle (Cache::Lookup).
  Status GetDataBlock(const ReadParams& params, const BlockHandle& handle, uint32_t* cache_place, ReadAhead* ahead,
                      BlockRef* block) const;
  // The same in steps, for a read that will come to this block: begins to bring it near; has it, if the cache does (it
  // counts as a hit when it is used); else reads it.
  void PrefetchDataBlock(const BlockHandle& handle, uint32_t* cache_place) const {
    if (config_.cache != nullptr) config_.cache->Prefetch(CacheKeyOf(handle).AsSlice(), cache_place);
  }
  BlockRef FindDataBlock(const BlockHandle& handle, uint32_t* cache_place) const;
  void CountHit(const Block& block) const;
  Status ReadDataBlock(const ReadParams& params, const BlockHandle& handle, uint32_t* cache_place, ReadAhead* ahead,
                       BlockRef* block) const;
  void EraseFromCache(const BlockHandle& handle) const {
    if (config_.cache != nullptr) config_.cache->Erase(CacheKeyOf(handle).AsSlice());
  }
  // Any other block, not cached, not compressed with the dictionary.
  Status ReadMeta(const BlockHandle& handle, bool verify_checksum, BlockBytes* bytes) const;
  // A block as it lies in the file, with its trailer, unverified.
  Status ReadWithTrailer(const BlockHandle& handle, std::string* raw) const;
  // Reads past the cache and checks the checksum; nothing is kept.
  Status Verify(const BlockHandle& handle, ReadAhead* ahead) const;

  Status DamagedBlock(const char* what, const BlockHandle& handle) const;
  Status InFile(const Status& status) const;  // names the file

 private:
  BlockCacheKey CacheKeyOf(const BlockHandle& handle) const {
    return {.cache_id = config_.cache_id, .offset = handle.offset};
  }
  // `dictionary` may be null.
  Status ReadBlock(const BlockHandle& handle, bool verify_checksum, const UncompressionDictionary* dictionary,
                   ReadAhead* ahead, BlockBytes* bytes, Histogram timed_as = Histogram::kReadBlockMicros) const;
  Status LoadDictionary(std::unique_ptr<UncompressionDictionary>* dictionary) const;
  Status GetDictionary(const ReadParams& params, MetaRef<UncompressionDictionary>* dictionary) const;
  // *raw lies in *buffer, or elsewhere; `lives_with_file` says which elsewhere.
  Status ReadRaw(const BlockHandle& handle, ReadAhead* ahead, RecycledBuffer* buffer, Slice* raw,
                 bool* lives_with_file) const;
  Status Unpack(Compression type, const UncompressionDictionary* dictionary, Slice payload, const BlockHandle& handle,
                BlockBytes* bytes) const;

  const Config config_;
  const std::unique_ptr<RandomAccessFile> file_;
  Footer footer_;
  std::optional<BlockHandle> dictionary_handle_;
  const MetaCache* dictionary_cache_ = nullptr;
  MetaRef<UncompressionDictionary> dictionary_;  // empty when the cache decides how long it stays
  // The file's end, read at once and kept only while the table opens.
  std::unique_ptr<char[]> tail_buffer_;
  Slice tail_;
};

}  // namespace gneiss
