#include "engine/version/table_file.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "engine/base/no_memory.h"
#include "engine/io/file_name.h"
#include "engine/iter/range_tombstone_builder.h"
#include "engine/table/unique_id.h"

namespace gneiss {

namespace {

void DeleteReader(Slice /*key*/, void* value) { delete static_cast<TableReader*>(value); }

std::string ToHex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llX", static_cast<unsigned long long>(number));
  return text;
}

class OpenTableKey {
 public:
  OpenTableKey(uint64_t column_family_tag, uint64_t number) {
    EncodeU64(bytes_, column_family_tag);
    EncodeU64(bytes_ + 8, number);
  }
  Slice slice() const { return Slice(bytes_, sizeof(bytes_)); }

 private:
  char bytes_[16];
};

}  // namespace

// ---- TableOpener

const std::string& TableOpener::DirectoryOf(const TableMeta& meta) const {
  return meta.path_id < config_.paths.size() ? config_.paths[meta.path_id] : config_.paths.back();
}

std::string TableOpener::PathOf(const TableMeta& meta) const {
  const std::string& directory = DirectoryOf(meta);
  std::string path = TableName(directory, meta.number);
  if (!config_.fs->FileExists(path).IsNotFound()) return path;
  std::string legacy_path = LegacyTableName(directory, meta.number);
  return config_.fs->FileExists(legacy_path).ok() ? legacy_path : path;
}

Status TableOpener::OpenFile(const TableMeta& meta, std::string* path, std::unique_ptr<RandomAccessFile>* file) const {
  const std::string& directory = DirectoryOf(meta);
  *path = TableName(directory, meta.number);
  Status status = config_.fs->OpenRandomAccess(*path, config_.file_options, file);
  if (!status.IsPathNotFound()) return status;
  const std::string legacy_path = LegacyTableName(directory, meta.number);
  if (!config_.fs->OpenRandomAccess(legacy_path, config_.file_options, file).ok()) return status;
  *path = legacy_path;
  return Status::Ok();
}

Status TableOpener::Open(const TableMeta& meta, int level, uint64_t cache_id,
                         std::unique_ptr<TableReader>* reader) const {
  const TableReadConfig& read = config_.read;
  const bool is_timed = read.stats != nullptr && read.stats->WantsTimers();
  const uint64_t start_us = is_timed ? read.clock->NowMicros() : 0;
  std::unique_ptr<RandomAccessFile> file;
  TableReader::OpenParams params;
  AddTicker(read.stats, Ticker::kFilesOpened);
  Status status = OpenFile(meta, &params.path, &file);
  if (status.ok()) {
    if (config_.advise_random) file->Hint(AccessPattern::kRandom);
    params.file_bytes = meta.file_bytes;
    params.file_number = meta.number;
    params.level = level;
    params.cache_id = cache_id;
    params.largest_seq = meta.largest_seq;
    status = TableReader::Open(read, params, std::move(file), reader);
  }
  if (status.ok()) {
    status = CheckUniqueId(meta, (*reader)->properties());
    if (!status.ok()) reader->reset();
  }
  if (!status.ok()) AddTicker(read.stats, Ticker::kFileErrors);
  if (is_timed) RecordHistogram(read.stats, Histogram::kTableOpen, read.clock->NowMicros() - start_us);
  return status;
}

// Another table may have come under this one's name.
Status TableOpener::CheckUniqueId(const TableMeta& meta, const TableProperties& properties) const {
  if (!config_.verifies_unique_ids || meta.unique_id == decltype(meta.unique_id){}) return Status::Ok();
  const auto actual = TableUniqueId(properties.db_id, properties.db_session_id, properties.original_file_number);
  if (actual == meta.unique_id) return Status::Ok();
  const auto text = [](const std::array<uint64_t, 2>& id) { return ToHex(id[0]) + "-" + ToHex(id[1]); };
  return Status::Corruption("Mismatch in unique ID on table file " + std::to_string(meta.number) +
                            ". Expected: " + text(meta.unique_id) + " Actual: " + text(actual));
}

uint64_t TableOpener::AverageValueBytes() const {
  const uint64_t values = values_seen_.load(std::memory_order_relaxed);
  const uint64_t raw_bytes = raw_bytes_seen_.load(std::memory_order_relaxed);
  if (values == 0 || raw_bytes == 0) return 0;
  const double raw_average =
      static_cast<double>(value_bytes_seen_.load(std::memory_order_relaxed)) / static_cast<double>(values);
  const double stored_part =
      static_cast<double>(file_bytes_seen_.load(std::memory_order_relaxed)) / static_cast<double>(raw_bytes);
  return static_cast<uint64_t>(raw_average * stored_part);
}

void TableOpener::NoteValues(const TableProperties& properties, uint64_t file_bytes) const {
  const uint64_t deletions = std::min(properties.deletions, properties.entries);
  values_seen_.fetch_add(properties.entries - deletions, std::memory_order_relaxed);
  value_bytes_seen_.fetch_add(properties.raw_value_bytes, std::memory_order_relaxed);
  raw_bytes_seen_.fetch_add(properties.raw_key_bytes + properties.raw_value_bytes, std::memory_order_relaxed);
  file_bytes_seen_.fetch_add(file_bytes, std::memory_order_relaxed);
}

// ---- ReaderRef

ReaderRef::ReaderRef(ReaderRef&& other) noexcept
    : reader_(std::exchange(other.reader_, nullptr)),
      cache_(std::exchange(other.cache_, nullptr)),
      handle_(std::exchange(other.handle_, nullptr)) {}

ReaderRef& ReaderRef::operator=(ReaderRef&& other) noexcept {
  std::swap(reader_, other.reader_);
  std::swap(cache_, other.cache_);
  std::swap(handle_, other.handle_);
  return *this;
}

void ReaderRef::Reset() {
  if (handle_ != nullptr) cache_->Release(handle_);
  reader_ = nullptr;
  cache_ = nullptr;
  handle_ = nullptr;
}

// ---- TableRemains

namespace {

// A cached reader borrows the opener's configuration, so it goes first.
void CloseCached(const TableOpener& opener, uint64_t number) {
  const TableOpener::Config& config = opener.config();
  if (config.open_tables != nullptr) config.open_tables->Erase(OpenTableKey(config.column_family_tag, number).slice());
}

}  // namespace

TableRemains::~TableRemains() {
  const TableOpener::Config& config = opener_->config();
  if (reader_ != nullptr) {
    reader_->EraseFromCache();
    reader_.reset();
  } else if (config.open_tables != nullptr) {
    Cache* const open_tables = config.open_tables.get();
    Cache::Handle* const handle = open_tables->Lookup(OpenTableKey(config.column_family_tag, number_).slice());
    if (handle != nullptr) {
      static_cast<const TableReader*>(open_tables->Value(handle))->EraseFromCache();
      open_tables->Release(handle);
    }
  }
  CloseCached(*opener_, number_);
}

// ---- TableFile

namespace {

uint64_t NewBlockCacheId(const TableOpener& opener) {
  Cache* const cache = opener.config().read.block_cache.get();
  return cache == nullptr ? 0 : cache->NewId();
}

}  // namespace

TableFile::TableFile(TableMeta meta, std::shared_ptr<const TableOpener> opener, std::shared_ptr<FileReaper> reaper,
                     uint64_t cache_id)
    : meta_(std::move(meta)),
      opener_(std::move(opener)),
      reaper_(std::move(reaper)),
      cache_id_(cache_id != 0 ? cache_id : NewBlockCacheId(*opener_)),
      charged_(opener_->config().read.metadata_charge) {
  if (!charged_.counts()) return;
  has_room_ = charged_.Set(sizeof(*this) + meta_.smallest.Encode().size() + meta_.largest.Encode().size() +
                           meta_.file_checksum.size() + meta_.file_checksum_function.size());
}

Status TableFile::CheckRoom() const {
  if (has_room_) return Status::Ok();
  return Status::Make(Status::Code::kIncomplete,
                      "Can't allocate FileMetadata due to exceeding the memory limit based on cache capacity", {},
                      Status::SubCode::kMemoryLimit);
}

TableFile::~TableFile() {
  delete tombstone_list_.load(std::memory_order_acquire);
  std::unique_ptr<const TableReader> reader(reader_.load(std::memory_order_acquire));
  if (is_obsolete_.load(std::memory_order_acquire) && reaper_ != nullptr) {
    DropBadAlloc([&] {
      auto remains = std::make_unique<TableRemains>(opener_, meta_.number, std::move(reader));
      reaper_->TableUnreferenced(meta_.number, opener_->DirectoryOf(meta_), std::move(remains));
    });
    return;
  }
  reader.reset();
  CloseCached(*opener_, meta_.number);
}

Status TableFile::Reader(int level, ReaderRef* reader, bool cache_only) const {
  reader->Reset();
  if (const TableReader* open = ReaderIfOpen(); open != nullptr) [[likely]] {
    reader->reader_ = open;
    return Status::Ok();
  }
  const TableOpener::Config& config = opener_->config();
  const OpenTableKey key(config.column_family_tag, meta_.number);
  const bool is_cached = opener_->IsOpenLimited();
  if (is_cached && FindInCache(key.slice(), reader)) return Status::Ok();
  if (cache_only) return Status::Incomplete("Table not found in table_cache, no_io is set");
  // Only readers of this table wait here, and they need it open; the second look finds what another one opened.
  MutexLock lock(&open_mutex_);
  if (!is_cached) return OpenForGood(level, reader);
  return FindInCache(key.slice(), reader) ? Status::Ok() : OpenIntoCache(key.slice(), level, reader);
}

Status TableFile::OpenForGood(int level, ReaderRef* reader) const {
  if (const TableReader* open = ReaderIfOpen(); open != nullptr) {
    reader->reader_ = open;
    return Status::Ok();
  }
  std::unique_ptr<TableReader> opened;
  GNEISS_RETURN_IF_ERROR(opener_->Open(meta_, level, cache_id_, &opened));
  NoteProperties(opened->properties());
  reader->reader_ = opened.get();
  reader_.store(opened.release(), std::memory_order_release);
  return Status::Ok();
}

bool TableFile::FindInCache(Slice key, ReaderRef* reader) const {
  Cache* const cache = opener_->config().open_tables.get();
  Cache::Handle* const handle = cache->Lookup(key);
  if (handle == nullptr) return false;
  reader->reader_ = static_cast<const TableReader*>(cache->Value(handle));
  reader->cache_ = cache;
  reader->handle_ = handle;
  return true;
}

Status TableFile::OpenIntoCache(Slice key, int level, ReaderRef* reader) const {
  std::unique_ptr<TableReader> opened;
  GNEISS_RETURN_IF_ERROR(opener_->Open(meta_, level, cache_id_, &opened));
  NoteProperties(opened->properties());
  Cache* const cache = opener_->config().open_tables.get();
  Cache::Handle* handle = nullptr;
  GNEISS_RETURN_IF_ERROR(cache->Insert(key, opened.get(), 1, &DeleteReader, Cache::Priority::kLow, &handle));
  reader->reader_ = opened.release();
  reader->cache_ = cache;
  reader->handle_ = handle;
  return Status::Ok();
}

void TableFile::NoteProperties(const TableProperties& properties) const {
  const Tombstones found = properties.range_deletions > 0 ? Tombstones::kSome : Tombstones::kNone;
  Tombstones known = Tombstones::kUnknown;
  if (!tombstones_.compare_exchange_strong(known, found, std::memory_order_relaxed)) return;
  const uint64_t deletions = std::min(properties.deletions, properties.entries);
  if (deletions * 2 > properties.entries)
    surplus_deletions_.store(deletions * 2 - properties.entries, std::memory_order_relaxed);
  opener_->NoteValues(properties, meta_.file_bytes);
}

uint64_t TableFile::CompensatedBytes() const {
  const uint64_t surplus_deletions = surplus_deletions_.load(std::memory_order_relaxed);
  if (surplus_deletions == 0) return meta_.file_bytes;
  return meta_.file_bytes + surplus_deletions * opener_->AverageValueBytes() * 2;
}

// ---- range tombstones

namespace {

using AddTombstone = TableFile::AddTombstone;

Status ReadTombstones(const TableReader& reader, const ReadParams& params, const AddTombstone& add) {
  const std::unique_ptr<InternalIterator> iterator = reader.NewRangeTombstoneIterator(params);
  if (iterator == nullptr) return Status::Ok();
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next())
    add(UserKeyOf(iterator->key()), iterator->value(), SeqOf(iterator->key()));
  return iterator->status();
}

}  // namespace

// Where keys have timestamps, a flush ends a table at a tombstone's own timestamp: versions of that key that are newer
// sort before that end.
bool TableFile::MayHoldNewerThanEnd() const {
  const KeyOrder& order = opener_->config().read.order;
  if (!order.has_timestamps()) return false;
  const Slice end = largest_user_key();
  return !order.HoldsTimestamp(end) || order.TimestampOf(end) != std::string(order.timestamp_bytes(), '\xff');
}

Status TableFile::LoadTombstones(const TableReader& reader, const ReadParams& params,
                                 const RangeTombstoneList** list) const {
  *list = tombstone_list_.load(std::memory_order_acquire);
  if (*list != nullptr) return Status::Ok();
  RangeTombstoneBuilder builder(opener_->config().read.order);
  GNEISS_RETURN_IF_ERROR(
      ReadTombstones(reader, params, [&](Slice start, Slice end, SeqNo seq) { builder.Add(start, end, seq); }));
  std::unique_ptr<RangeTombstoneList> loaded = builder.Build();
  // Two readers may load at once; the first one's list stays.
  if (tombstone_list_.compare_exchange_strong(*list, loaded.get(), std::memory_order_acq_rel)) *list = loaded.release();
  return Status::Ok();
}

Status TableFile::CoveringSeq(const TableReader& reader, const ReadParams& params, Slice user_key, SeqNo read_seq,
                              SeqNo* seq) const {
  const RangeTombstoneList* list = nullptr;
  GNEISS_RETURN_IF_ERROR(LoadTombstones(reader, params, &list));
  *seq = list->CoveringSeq(user_key, read_seq);
  return Status::Ok();
}

Status TableFile::ForEachTombstone(int level, const ReadParams& params, const AddTombstone& add) const {
  ReaderRef reader;
  GNEISS_RETURN_IF_ERROR(Reader(level, &reader, params.cache_only));
  if (tombstones() == Tombstones::kNone) return Status::Ok();
  const KeyOrder& order = opener_->config().read.order;
  const auto is_before = [&](Slice a, Slice b) { return order.Compare(a, b) < 0; };
  // The first key behind the table. An order without successors keeps a tombstone that reaches over an inclusive end:
  // such a table ends in the middle of a user key, which neither RocksDB 7.8.3 nor this engine writes.
  std::string end_of_table(largest_user_key());
  const bool is_cut = HasExclusiveEnd() || order.is_bytewise();
  if (!HasExclusiveEnd()) end_of_table.push_back('\0');
  std::string cut_start;
  std::string cut_end;
  return ReadTombstones(*reader.get(), params, [&](Slice start, Slice end, SeqNo seq) {
    if (!order.HoldsTimestamp(start) || !order.HoldsTimestamp(end)) return;  // damaged
    const Slice timestamp_holder = start;
    if (is_before(start, smallest_user_key())) {
      cut_start = order.AtTimestampOf(timestamp_holder, smallest_user_key());
      start = cut_start;
    }
    if (is_cut && is_before(end_of_table, end)) {
      cut_end = order.AtTimestampOf(timestamp_holder, end_of_table);
      end = cut_end;
    }
    if (is_before(start, end)) add(start, end, seq);
  });
}

}  // namespace gneiss
