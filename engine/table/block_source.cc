#include "engine/table/block_source.h"

#include <algorithm>

#include "engine/base/coding.h"
#include "engine/base/perf.h"
#include "engine/cache/cache_role.h"

namespace gneiss {

namespace {

constexpr size_t kRawBlockBytesMax = 0x7fffffff;
// A table's meta blocks take about a thirtieth of it; most tables open with one read.
constexpr uint64_t kTailFraction = 32;
constexpr uint64_t kTailBytesMin = 4 << 10;
constexpr uint64_t kTailBytesMax = 512 << 10;

void DeleteBlock(Slice /*key*/, void* value) { delete static_cast<const Block*>(value); }
const CacheRoleMark kBlockMark(&DeleteBlock, CacheRole::kDataBlock);
const CacheRoleMark kDictionaryMark(&DeleteMeta<UncompressionDictionary>, CacheRole::kOther);

// Before format_version 2, lz4 payloads began with the raw size as eight bytes; now it is a varint32.
bool UpgradeLz4(Slice payload, std::string* upgraded) {
  uint64_t raw_bytes = 0;
  if (!GetU64(&payload, &raw_bytes) || raw_bytes > kRawBlockBytesMax) return false;
  PutVarint32(upgraded, static_cast<uint32_t>(raw_bytes));
  upgraded->append(payload);
  return true;
}

}  // namespace

void BlockRef::Reset() {
  if (block_ == nullptr) return;
  if (handle_ != nullptr) {
    cache_->Release(handle_);
  } else {
    delete block_;
  }
  block_ = nullptr;
}

Pin BlockRef::AsPin() const {
  if (handle_ != nullptr) {
    const auto release = [](void* cache, void* handle) {
      static_cast<Cache*>(cache)->Release(static_cast<Cache::Handle*>(handle));
    };
    return {.release = release, .argument1 = cache_, .argument2 = handle_};
  }
  if (!block_->owns_payload()) return {};
  const auto release = [](void* block, void*) { delete static_cast<const Block*>(block); };
  return {.release = release, .argument1 = const_cast<Block*>(block_), .argument2 = nullptr};
}

Status BlockSource::InFile(const Status& status) const {
  return status.ok() ? status : Status::Make(status.code(), status.message(), config_.path, status.sub_code());
}

Status BlockSource::DamagedBlock(const char* what, const BlockHandle& handle) const {
  return Status::Corruption(std::string(what) + " in " + config_.path + " offset " + std::to_string(handle.offset) +
                            " size " + std::to_string(handle.size));
}

Status BlockSource::Open() {
  if (config_.file_bytes < kFooterBytesMin) {
    return Status::Corruption("file is too short (" + std::to_string(config_.file_bytes) +
                              " bytes) to be an sstable: " + config_.path);
  }
  const uint64_t wanted = std::clamp(config_.file_bytes / kTailFraction, kTailBytesMin, kTailBytesMax);
  const auto size = static_cast<size_t>(std::min(wanted, config_.file_bytes));
  tail_buffer_.reset(new char[size]);
  GNEISS_RETURN_IF_ERROR(file_->Read(config_.file_bytes - size, size, &tail_, tail_buffer_.get()));
  if (tail_.size() != size) {
    return Status::Corruption("file is shorter than the " + std::to_string(config_.file_bytes) +
                              " bytes expected: " + config_.path);
  }
  return footer_.DecodeFrom(tail_, config_.path);
}

void BlockSource::DropTail() {
  tail_ = {};
  tail_buffer_.reset();
}

Status BlockSource::SetDictionary(const BlockHandle& handle, const MetaCache* cache, bool is_pinned) {
  dictionary_handle_ = handle;
  dictionary_cache_ = cache;
  if (cache != nullptr) return is_pinned ? GetDictionary({}, &dictionary_) : Status::Ok();
  std::unique_ptr<UncompressionDictionary> loaded;
  GNEISS_RETURN_IF_ERROR(LoadDictionary(&loaded));
  dictionary_ = MetaRef<UncompressionDictionary>(std::unique_ptr<const UncompressionDictionary>(std::move(loaded)));
  return Status::Ok();
}

Status BlockSource::LoadDictionary(std::unique_ptr<UncompressionDictionary>* dictionary) const {
  BlockBytes bytes;
  GNEISS_RETURN_IF_ERROR(ReadMeta(*dictionary_handle_, true, &bytes));
  PerfAdd(&PerfCounters::compression_dict_block_read_count);
  *dictionary = std::make_unique<UncompressionDictionary>(std::string(bytes.payload));
  return Status::Ok();
}

Status BlockSource::GetDictionary(const ReadParams& params, MetaRef<UncompressionDictionary>* dictionary) const {
  if (dictionary_.get() != nullptr) {
    *dictionary = MetaRef<UncompressionDictionary>(dictionary_.get());
    return Status::Ok();
  }
  const auto load = [this](std::unique_ptr<UncompressionDictionary>* value) { return LoadDictionary(value); };
  return dictionary_cache_->Get(params, dictionary_handle_->offset, &kDictionaryTickers, load, dictionary);
}

BlockRef BlockSource::FindDataBlock(const BlockHandle& handle, uint32_t* cache_place) const {
  if (config_.cache == nullptr) return {};
  Cache::Handle* const found = config_.cache->Lookup(CacheKeyOf(handle).AsSlice(), cache_place);
  if (found == nullptr) return {};
  const auto* const cached = static_cast<const Block*>(config_.cache->Value(found));
  cached->PrefetchHeads();
  return BlockRef(config_.cache, found, cached);
}

void BlockSource::CountHit(const Block& block) const {
  PerfCount(&PerfCounters::block_cache_hit_count, config_.level, LevelPerf::kBlockCacheHit);
  if (config_.stats == nullptr) return;
  config_.stats->Add(Ticker::kBlockCacheHit, 1);
  config_.stats->Add(Ticker::kBlockCacheDataHit, 1);
  config_.stats->Add(Ticker::kBlockCacheBytesRead, block.MemoryBytes());
}

Status BlockSource::GetDataBlock(const ReadParams& params, const BlockHandle& handle, uint32_t* cache_place,
                                 ReadAhead* ahead, BlockRef* block) const {
  if (*block = FindDataBlock(handle, cache_place); *block) {
    CountHit(*block->get());
    return Status::Ok();
  }
  return ReadDataBlock(params, handle, cache_place, ahead, block);
}

Status BlockSource::ReadDataBlock(const ReadParams& params, const BlockHandle& handle, uint32_t* cache_place,
                                  ReadAhead* ahead, BlockRef* block) const {
  if (config_.cache != nullptr) {
    AddTicker(config_.stats, Ticker::kBlockCacheMiss);
    AddTicker(config_.stats, Ticker::kBlockCacheDataMiss);
    PerfAddAt(config_.level, LevelPerf::kBlockCacheMiss);
  }
  if (params.cache_only) return Status::Incomplete("no blocking io");
  if (params.gate != nullptr) GNEISS_RETURN_IF_ERROR(params.gate->BeforeRead(handle.size));
  MetaRef<UncompressionDictionary> dictionary;
  if (dictionary_handle_.has_value()) GNEISS_RETURN_IF_ERROR(GetDictionary(params, &dictionary));
  BlockBytes bytes;
  const Histogram timed_as = params.is_compaction ? Histogram::kReadBlockCompactionMicros : Histogram::kReadBlockMicros;
  GNEISS_RETURN_IF_ERROR(ReadBlock(handle, params.verify_checksums, dictionary.get(), ahead, &bytes, timed_as));
  const bool is_cached = config_.cache != nullptr && params.fill_cache && !params.is_compaction &&
                         static_cast<bool>(bytes.owned) &&
                         config_.cache->Admits(CacheKeyOf(handle).AsSlice(), bytes.payload.size(), cache_place);
  const Block::Heads heads = is_cached && config_.order.is_bytewise() ? Block::Heads::kBuild : Block::Heads::kNone;
  std::unique_ptr<Block> parsed = Block::Parse(std::move(bytes), heads);
  if (parsed == nullptr) return DamagedBlock("bad block contents", handle);
  *block = is_cached ? CacheDataBlock(config_.cache, CacheKeyOf(handle).AsSlice(), std::move(parsed), config_.stats)
                     : BlockRef(std::move(parsed));
  return Status::Ok();
}

BlockRef CacheDataBlock(Cache* cache, Slice key, std::unique_ptr<Block> block, StatsSink* stats) {
  const size_t charge = block->MemoryBytes();
  Cache::Handle* handle = nullptr;
  const Status inserted = cache->Insert(key, block.get(), charge, &DeleteBlock, Cache::Priority::kLow, &handle);
  if (!inserted.ok()) {
    AddTicker(stats, Ticker::kBlockCacheAddFailures);
    return BlockRef(std::move(block));
  }
  AddTicker(stats, Ticker::kBlockCacheAdd);
  AddTicker(stats, Ticker::kBlockCacheDataAdd);
  AddTicker(stats, Ticker::kBlockCacheBytesWrite, charge);
  AddTicker(stats, Ticker::kBlockCacheDataBytesInsert, charge);
  return BlockRef(cache, handle, block.release());
}

Status BlockSource::ReadMeta(const BlockHandle& handle, bool verify_checksum, BlockBytes* bytes) const {
  return ReadBlock(handle, verify_checksum, nullptr, nullptr, bytes);
}

Status BlockSource::ReadWithTrailer(const BlockHandle& handle, std::string* raw) const {
  RecycledBuffer buffer;
  Slice bytes;
  bool lives_with_file = false;
  GNEISS_RETURN_IF_ERROR(ReadRaw(handle, nullptr, &buffer, &bytes, &lives_with_file));
  *raw = bytes;
  return Status::Ok();
}

Status BlockSource::Verify(const BlockHandle& handle, ReadAhead* ahead) const {
  RecycledBuffer buffer;
  Slice raw;
  bool lives_with_file = false;
  GNEISS_RETURN_IF_ERROR(ReadRaw(handle, ahead, &buffer, &raw, &lives_with_file));
  AddTicker(config_.stats, Ticker::kVerifyChecksumReadBytes, raw.size());
  AddTicker(config_.stats, Ticker::kBlockChecksums);
  return VerifyBlockChecksum(footer_.checksum, raw, config_.path, handle.offset);
}

Status BlockSource::ReadRaw(const BlockHandle& handle, ReadAhead* ahead, RecycledBuffer* buffer, Slice* raw,
                            bool* lives_with_file) const {
  if (handle.offset > config_.file_bytes || handle.size > config_.file_bytes ||
      handle.EndWithTrailer() > config_.file_bytes) {
    return DamagedBlock("block handle points behind the end of the file", handle);
  }
  const auto size = static_cast<size_t>(handle.size) + kBlockTrailerBytes;
  *raw = {};
  *lives_with_file = false;
  const uint64_t tail_offset = config_.file_bytes - tail_.size();
  if (handle.offset >= tail_offset) {
    *raw = tail_.substr(static_cast<size_t>(handle.offset - tail_offset), size);
  } else if (ahead != nullptr) {
    GNEISS_RETURN_IF_ERROR(ahead->Read(*file_, config_.file_bytes, handle.offset, size, raw));
  }
  if (raw->data() != nullptr) return Status::Ok();
  *buffer = RecycledBuffer(size);
  GNEISS_RETURN_IF_ERROR(file_->Read(handle.offset, size, raw, buffer->get()));
  if (raw->size() != size) {
    return Status::Corruption("truncated block read from " + config_.path + " offset " + std::to_string(handle.offset) +
                              ", expected " + std::to_string(size) + " bytes, got " + std::to_string(raw->size()));
  }
  *lives_with_file = raw->data() != buffer->get();
  return Status::Ok();
}

Status BlockSource::ReadBlock(const BlockHandle& handle, bool verify_checksum,
                              const UncompressionDictionary* dictionary, ReadAhead* ahead, BlockBytes* bytes,
                              Histogram timed_as) const {
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  RecycledBuffer buffer;
  Slice raw;
  bool lives_with_file = false;
  {
    const PerfTimer timer(&PerfCounters::block_read_time);
    GNEISS_RETURN_IF_ERROR(ReadRaw(handle, ahead, &buffer, &raw, &lives_with_file));
  }
  PerfAdd(&PerfCounters::block_read_count);
  PerfAdd(&PerfCounters::block_read_byte, raw.size());
  if (is_timed) RecordHistogram(config_.stats, timed_as, config_.clock->NowMicros() - start_us);
  if (verify_checksum) {
    AddTicker(config_.stats, Ticker::kBlockChecksums);
    const PerfTimer timer(&PerfCounters::block_checksum_time);
    GNEISS_RETURN_IF_ERROR(VerifyBlockChecksum(footer_.checksum, raw, config_.path, handle.offset));
  }
  const Slice payload = raw.substr(0, static_cast<size_t>(handle.size));
  const auto type = static_cast<Compression>(raw[payload.size()]);
  if (type != Compression::kNone) return Unpack(type, dictionary, payload, handle, bytes);
  if (raw.data() == buffer.get() || lives_with_file) {
    if (lives_with_file) buffer.Reset();
    *bytes = {.owned = std::move(buffer), .payload = payload};
  } else {
    *bytes = BlockBytes::CopyOf(payload);
  }
  return Status::Ok();
}

Status BlockSource::Unpack(Compression type, const UncompressionDictionary* dictionary, Slice payload,
                           const BlockHandle& handle, BlockBytes* bytes) const {
  if (!CompressionAvailable(type)) {
    return Status::NotSupported("Unsupported compression method for this build", CompressionName(type));
  }
  // Before format_version 2, lz4 gave its size in eight bytes, zlib and bzip2 not at all.
  const bool is_old = footer_.format_version < 2;
  const bool is_unsized = is_old && (type == Compression::kZlib || type == Compression::kBzip2);
  std::string upgraded;
  if (is_old && (type == Compression::kLz4 || type == Compression::kLz4hc)) {
    if (!UpgradeLz4(payload, &upgraded)) return DamagedBlock("Corrupted compressed block contents", handle);
    payload = upgraded;
  }
  const bool is_timed = config_.stats != nullptr && config_.stats->WantsTimers();
  const uint64_t start_us = is_timed ? config_.clock->NowMicros() : 0;
  const PerfTimer timer(&PerfCounters::block_decompress_time);
  RawBuffer raw;
  const Slice dictionary_bytes = dictionary == nullptr ? Slice() : dictionary->bytes();
  const Status uncompressed = is_unsized ? UncompressUnsized(type, dictionary_bytes, payload, kRawBlockBytesMax, &raw)
                              : dictionary == nullptr
                                  ? Uncompress(type, dictionary_bytes, payload, kRawBlockBytesMax, &raw)
                                  : Uncompress(type, *dictionary, payload, kRawBlockBytesMax, &raw);
  if (!uncompressed.ok()) {
    return DamagedBlock((std::string("Corrupted compressed block contents: ") + CompressionName(type)).c_str(), handle);
  }
  if (is_timed) RecordHistogram(config_.stats, Histogram::kDecompressMicros, config_.clock->NowMicros() - start_us);
  RecordHistogram(config_.stats, Histogram::kBytesDecompressed, raw.size_bytes);
  AddTicker(config_.stats, Ticker::kBlocksDecompressed);
  bytes->payload = Slice(raw.bytes.get(), raw.size_bytes);
  bytes->owned = std::move(raw.bytes);
  return Status::Ok();
}

}  // namespace gneiss
