#include "engine/version/blob_file.h"

#include <utility>

#include "engine/base/no_memory.h"
#include "engine/io/file_name.h"

namespace gneiss {

namespace {

void DeleteReader(Slice /*key*/, void* value) { delete static_cast<BlobFileReader*>(value); }

// File numbers are unique over tables and blob files, so both may lie in one cache of open files.
class OpenFileKey {
 public:
  OpenFileKey(uint64_t column_family_id, uint64_t number) {
    EncodeU64(bytes_, column_family_id);
    EncodeU64(bytes_ + 8, number);
  }
  Slice slice() const { return Slice(bytes_, sizeof(bytes_)); }

 private:
  char bytes_[16];
};

}  // namespace

std::string BlobFileOpener::PathOf(uint64_t number) const { return BlobName(config_.path, number); }

Status BlobFileOpener::Open(uint64_t number, std::unique_ptr<BlobFileReader>* reader) const {
  const Status status = BlobFileReader::Open({.fs = config_.fs,
                                              .file_options = config_.file_options,
                                              .path = PathOf(number),
                                              .column_family_id = config_.column_family_id,
                                              .stats = config_.stats,
                                              .clock = config_.clock},
                                             reader);
  if (!status.ok()) AddTicker(config_.stats, Ticker::kFileErrors);
  return status;
}

BlobFile::BlobFile(BlobFileMeta meta, std::shared_ptr<const BlobFileOpener> opener, std::shared_ptr<FileReaper> reaper,
                   uint64_t cache_id)
    : meta_(std::move(meta)),
      opener_(std::move(opener)),
      reaper_(std::move(reaper)),
      cache_id_(cache_id != 0 || opener_->config().cache == nullptr ? cache_id : opener_->config().cache->NewId()) {
  opener_->all_file_bytes_.fetch_add(meta_.FileBytes(), std::memory_order_relaxed);
}

BlobFile::~BlobFile() {
  opener_->all_file_bytes_.fetch_sub(meta_.FileBytes(), std::memory_order_relaxed);
  delete reader_.load(std::memory_order_acquire);
  const BlobFileOpener::Config& config = opener_->config();
  if (config.open_files != nullptr)
    config.open_files->Erase(OpenFileKey(config.column_family_id, meta_.number).slice());
  if (is_obsolete_.load(std::memory_order_acquire) && reaper_ != nullptr) {
    DropBadAlloc([this] { reaper_->BlobFileUnreferenced(meta_.number, opener_->PathOf(meta_.number)); });
  }
}

BlobFile::Opened::~Opened() {
  if (handle != nullptr) cache->Release(handle);
}

bool BlobFile::FindOpen(Slice key, Opened* opened) const {
  if (const BlobFileReader* open = reader_.load(std::memory_order_acquire); open != nullptr) {
    opened->reader = open;
    return true;
  }
  if (!opener_->IsOpenLimited()) return false;
  Cache* const cache = opener_->config().open_files.get();
  opened->handle = cache->Lookup(key);
  if (opened->handle == nullptr) return false;
  opened->cache = cache;
  opened->reader = static_cast<const BlobFileReader*>(cache->Value(opened->handle));
  return true;
}

Status BlobFile::Reader(Opened* opened) const {
  const BlobFileOpener::Config& config = opener_->config();
  const OpenFileKey key(config.column_family_id, meta_.number);
  if (FindOpen(key.slice(), opened)) return Status::Ok();
  // Only readers of this file wait here, and they need it open; the second look finds what another one opened.
  MutexLock lock(&open_mutex_);
  if (FindOpen(key.slice(), opened)) return Status::Ok();
  std::unique_ptr<BlobFileReader> reader;
  GNEISS_RETURN_IF_ERROR(opener_->Open(meta_.number, &reader));
  if (!opener_->IsOpenLimited()) {
    opened->reader = reader.get();
    reader_.store(reader.release(), std::memory_order_release);
    return Status::Ok();
  }
  GNEISS_RETURN_IF_ERROR(
      config.open_files->Insert(key.slice(), reader.get(), 1, &DeleteReader, Cache::Priority::kLow, &opened->handle));
  opened->cache = config.open_files.get();
  opened->reader = reader.release();
  return Status::Ok();
}

Status BlobFile::Read(const ReadParams& params, Slice user_key, const BlobReference& reference, BlobReadAhead* ahead,
                      PinnedValue* value) const {
  const BlobFileOpener::Config& config = opener_->config();
  const BlobCacheKey key{.file_id = cache_id_, .offset = reference.offset};
  Cache* const cache = config.cache.get();
  if (cache != nullptr && FindCachedBlob(cache, key, config.stats, value)) return Status::Ok();
  if (params.cache_only) return Status::Incomplete("Cannot read blob(s): no disk I/O allowed");
  Opened opened;
  GNEISS_RETURN_IF_ERROR(Reader(&opened));
  BlobBytes bytes;
  GNEISS_RETURN_IF_ERROR(opened.reader->Read(reference, user_key, params.verify_checksums, ahead, &bytes));
  if (cache != nullptr && params.fill_cache) {
    CacheAndPinBlob(cache, key, config.stats, std::move(bytes), value);
  } else {
    PinBlob(std::move(bytes), value);
  }
  return Status::Ok();
}

}  // namespace gneiss
