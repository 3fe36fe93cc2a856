// rocksdb::WriteBatch over the wire format of docs/formats/write_batch.md.

#include "rocksdb/write_batch.h"

#include <rocksdb/comparator.h>
#include <rocksdb/db.h>
#include <rocksdb/wide_columns.h>

#include <algorithm>
#include <cstring>
#include <stack>
#include <vector>

#include "compat/db/wide_column_entity.h"
#include "compat/db/write_batch_internal.h"
#include "compat/status_map.h"
#include "engine/base/hash.h"
#include "engine/wal/write_batch.h"

namespace rocksdb {

using gneiss::Kind;

struct SavePoints {
  std::stack<SavePoint, std::vector<SavePoint>> stack;
};

// One hash per record, over its encoded bytes: what was added is what is written.
struct WriteBatch::ProtectionInfo {
  std::vector<uint64_t> hashes;
};

namespace {

enum ContentFlag : uint32_t {
  kDeferred = 1 << 0,
  kHasPut = 1 << 1,
  kHasDelete = 1 << 2,
  kHasSingleDelete = 1 << 3,
  kHasMerge = 1 << 4,
  kHasBeginPrepare = 1 << 5,
  kHasEndPrepare = 1 << 6,
  kHasCommit = 1 << 7,
  kHasRollback = 1 << 8,
  kHasDeleteRange = 1 << 9,
  kHasBlobIndex = 1 << 10,
  kHasBeginUnprepare = 1 << 11,
  kHasPutEntity = 1 << 12,
};

Slice FromEngine(gneiss::Slice slice) { return {slice.data(), slice.size()}; }

uint32_t FlagOf(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return kHasPut;
    case Kind::kDelete:
      return kHasDelete;
    case Kind::kSingleDelete:
      return kHasSingleDelete;
    case Kind::kMerge:
      return kHasMerge;
    case Kind::kRangeDelete:
      return kHasDeleteRange;
    case Kind::kBlobIndex:
      return kHasBlobIndex;
    case Kind::kWideColumn:
      return kHasPutEntity;
    case Kind::kBeginPrepare:
    case Kind::kBeginPersistedPrepare:
      return kHasBeginPrepare;
    case Kind::kBeginUnprepare:
      return kHasBeginPrepare | kHasBeginUnprepare;
    case Kind::kEndPrepare:
      return kHasEndPrepare;
    case Kind::kCommit:
    case Kind::kCommitWithTimestamp:
      return kHasCommit;
    case Kind::kRollback:
      return kHasRollback;
    default:
      return 0;
  }
}

struct Family {
  uint32_t id = 0;
  bool is_mismatch = false;  // the batch was told of another timestamp size for the default family
  size_t timestamp_bytes = 0;

  Status Mismatch() const { return Status::InvalidArgument("Default cf timestamp size mismatch"); }
};

Family FamilyOf(const WriteBatch& batch, ColumnFamilyHandle* handle) {
  const size_t told_bytes = WriteBatchInternal::DefaultTimestampSize(batch);
  if (handle == nullptr) return {.timestamp_bytes = told_bytes};
  const Comparator* const comparator = handle->GetComparator();
  if (comparator == nullptr) return {.id = handle->GetID()};
  const uint32_t id = handle->GetID();
  const size_t bytes = comparator->timestamp_size();
  return {.id = id, .is_mismatch = id == 0 && bytes != told_bytes, .timestamp_bytes = bytes};
}

// For calls that families with timestamps do not take.
Status CheckNoTimestamps(const Family& family) {
  if (family.is_mismatch) return family.Mismatch();
  if (family.timestamp_bytes == 0) return Status::OK();
  return Status::InvalidArgument("Cannot call this method on column family enabling timestamp");
}

Status CheckTimestamp(ColumnFamilyHandle* handle, const Slice& ts) {
  if (handle == nullptr) return Status::InvalidArgument("column family handle cannot be null");
  const size_t expected = handle->GetComparator()->timestamp_size();
  if (expected == 0) return Status::InvalidArgument("timestamp disabled");
  if (expected != ts.size()) return Status::InvalidArgument("timestamp size mismatch");
  return Status::OK();
}

// A key with room for the timestamp that UpdateTimestamps will fill in.
struct KeyParts {
  KeyParts(const Slice& key, size_t timestamp_bytes) : zeros(timestamp_bytes, '\0'), slices{key, zeros} {
    parts = SliceParts(slices, timestamp_bytes == 0 ? 1 : 2);
  }
  KeyParts(const Slice& key, const Slice& ts) : slices{key, ts}, parts(slices, 2) {}
  std::string zeros;
  Slice slices[2];
  SliceParts parts;
};

Status AddOne(WriteBatch* batch, Kind tag, Kind family_tag, ColumnFamilyHandle* handle, const Slice& key,
              const Slice* value) {
  if (key.size() > UINT32_MAX) return Status::InvalidArgument("key is too large");
  if (value != nullptr && value->size() > UINT32_MAX) return Status::InvalidArgument("value is too large");
  const Family family = FamilyOf(*batch, handle);
  if (family.is_mismatch) [[unlikely]]
    return family.Mismatch();
  const KeyParts key_parts(key, family.timestamp_bytes);
  if (family.timestamp_bytes > 0) WriteBatchInternal::NoteTimestamps(batch, /*needs_update=*/true);
  const SliceParts value_parts(value, 1);
  if (value == nullptr) {
    return WriteBatchInternal::Append(batch, tag, family_tag, family.id, {{&key_parts.parts}}, FlagOf(tag));
  }
  return WriteBatchInternal::Append(batch, tag, family_tag, family.id, {{&key_parts.parts}, {&value_parts}},
                                    FlagOf(tag));
}

Status AddWithTimestamp(WriteBatch* batch, Kind tag, Kind family_tag, ColumnFamilyHandle* handle, const Slice& key,
                        const Slice& ts, const Slice* value) {
  const Status checked = CheckTimestamp(handle, ts);
  if (!checked.ok()) return checked;
  const KeyParts key_parts(key, ts);
  WriteBatchInternal::NoteTimestamps(batch, /*needs_update=*/false);
  const SliceParts value_parts(value, 1);
  if (value == nullptr) {
    return WriteBatchInternal::Append(batch, tag, family_tag, handle->GetID(), {{&key_parts.parts}}, FlagOf(tag));
  }
  return WriteBatchInternal::Append(batch, tag, family_tag, handle->GetID(), {{&key_parts.parts}, {&value_parts}},
                                    FlagOf(tag));
}

Status AddRange(WriteBatch* batch, uint32_t family_id, const KeyParts& begin, const KeyParts& end) {
  return WriteBatchInternal::Append(batch, Kind::kRangeDelete, Kind::kColumnFamilyRangeDelete, family_id,
                                    {{&begin.parts}, {&end.parts}}, FlagOf(Kind::kRangeDelete));
}

Status AddParts(WriteBatch* batch, Kind tag, Kind family_tag, ColumnFamilyHandle* handle, const SliceParts& key,
                const SliceParts* value) {
  const Family family = FamilyOf(*batch, handle);
  if (const Status checked = CheckNoTimestamps(family); !checked.ok()) return checked;
  if (value == nullptr) {
    return WriteBatchInternal::Append(batch, tag, family_tag, family.id, {{&key}}, FlagOf(tag));
  }
  return WriteBatchInternal::Append(batch, tag, family_tag, family.id, {{&key}, {value}}, FlagOf(tag));
}

// Puts small pieces together, so that a batch grows once per record and not once per piece.
class PieceBuffer {
 public:
  explicit PieceBuffer(std::string* out) : out_(out) {}

  void AddByte(char byte) {
    Reserve(1);
    *end_++ = byte;
  }
  void AddVarint(uint32_t value) {
    Reserve(gneiss::kVarint64BytesMax);
    end_ = gneiss::EncodeVarint64(end_, value);
  }
  void Add(const Slice& piece) {
    if (piece.size() > sizeof(bytes_) / 2) {
      Flush();
      out_->append(piece.data(), piece.size());
      return;
    }
    Reserve(piece.size());
    std::memcpy(end_, piece.data(), piece.size());
    end_ += piece.size();
  }
  void Flush() {
    out_->append(bytes_, static_cast<size_t>(end_ - bytes_));
    end_ = bytes_;
  }

 private:
  void Reserve(size_t bytes) {
    if (static_cast<size_t>(bytes_ + sizeof(bytes_) - end_) < bytes) Flush();
  }

  std::string* const out_;
  char bytes_[512];
  char* end_ = bytes_;
};

}  // namespace

WriteBatch::WriteBatch(size_t reserved_bytes, size_t max_bytes, size_t protection_bytes_per_key,
                       size_t default_cf_ts_sz)
    : content_flags_(0), max_bytes_(max_bytes), default_cf_ts_sz_(default_cf_ts_sz) {
  if (protection_bytes_per_key != 0) prot_info_ = std::make_unique<ProtectionInfo>();
  rep_.reserve(std::max(reserved_bytes, gneiss::kBatchHeaderBytes));
  rep_.resize(gneiss::kBatchHeaderBytes);
}

WriteBatch::WriteBatch(const std::string& rep) : content_flags_(kDeferred), max_bytes_(0), rep_(rep) {}
WriteBatch::WriteBatch(std::string&& rep) : content_flags_(kDeferred), max_bytes_(0), rep_(std::move(rep)) {}

WriteBatch::WriteBatch(const WriteBatch& src)
    : wal_term_point_(src.wal_term_point_),
      is_latest_persistent_state_(src.is_latest_persistent_state_),
      needs_in_place_update_ts_(src.needs_in_place_update_ts_),
      has_key_with_ts_(src.has_key_with_ts_),
      content_flags_(src.content_flags_.load(std::memory_order_relaxed)),
      max_bytes_(src.max_bytes_),
      default_cf_ts_sz_(src.default_cf_ts_sz_),
      rep_(src.rep_) {
  if (src.save_points_ != nullptr) save_points_ = std::make_unique<SavePoints>(*src.save_points_);
  if (src.prot_info_ != nullptr) prot_info_ = std::make_unique<ProtectionInfo>(*src.prot_info_);
}

WriteBatch::WriteBatch(WriteBatch&& src) noexcept
    : save_points_(std::move(src.save_points_)),
      wal_term_point_(src.wal_term_point_),
      is_latest_persistent_state_(src.is_latest_persistent_state_),
      needs_in_place_update_ts_(src.needs_in_place_update_ts_),
      has_key_with_ts_(src.has_key_with_ts_),
      content_flags_(src.content_flags_.load(std::memory_order_relaxed)),
      max_bytes_(src.max_bytes_),
      prot_info_(std::move(src.prot_info_)),
      default_cf_ts_sz_(src.default_cf_ts_sz_),
      rep_(std::move(src.rep_)) {}

WriteBatch& WriteBatch::operator=(const WriteBatch& src) {
  if (&src != this) {
    this->~WriteBatch();
    new (this) WriteBatch(src);
  }
  return *this;
}

WriteBatch& WriteBatch::operator=(WriteBatch&& src) {
  if (&src != this) {
    this->~WriteBatch();
    new (this) WriteBatch(std::move(src));
  }
  return *this;
}

WriteBatch::~WriteBatch() = default;

WriteBatch::Handler::~Handler() = default;
void WriteBatch::Handler::LogData(const Slice& /*blob*/) {}
bool WriteBatch::Handler::Continue() { return true; }

void WriteBatch::Clear() {
  rep_.clear();
  rep_.resize(gneiss::kBatchHeaderBytes);
  content_flags_.store(0, std::memory_order_relaxed);
  if (save_points_ != nullptr) save_points_.reset();
  if (prot_info_ != nullptr) prot_info_->hashes.clear();
  wal_term_point_.clear();
  needs_in_place_update_ts_ = false;
  has_key_with_ts_ = false;
  default_cf_ts_sz_ = 0;
}

uint32_t WriteBatch::Count() const { return gneiss::BatchCount(rep_); }

Status WriteBatch::Put(ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  return AddOne(this, Kind::kPut, Kind::kColumnFamilyPut, column_family, key, &value);
}
Status WriteBatch::Put(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts, const Slice& value) {
  return AddWithTimestamp(this, Kind::kPut, Kind::kColumnFamilyPut, column_family, key, ts, &value);
}
Status WriteBatch::Put(ColumnFamilyHandle* column_family, const SliceParts& key, const SliceParts& value) {
  return AddParts(this, Kind::kPut, Kind::kColumnFamilyPut, column_family, key, &value);
}

Status WriteBatch::PutEntity(ColumnFamilyHandle* column_family, const Slice& key, const WideColumns& columns) {
  if (column_family == nullptr) {
    return Status::InvalidArgument("Cannot call this method without a column family handle");
  }
  if (const Status checked = CheckNoTimestamps(FamilyOf(*this, column_family)); !checked.ok()) return checked;
  std::string entity;
  const Status encoded = gneiss::compat::EncodeEntity(columns, &entity);
  if (!encoded.ok()) return encoded;
  const Slice value(entity);
  return AddOne(this, Kind::kWideColumn, Kind::kColumnFamilyWideColumn, column_family, key, &value);
}

Status WriteBatch::Delete(ColumnFamilyHandle* column_family, const Slice& key) {
  return AddOne(this, Kind::kDelete, Kind::kColumnFamilyDelete, column_family, key, nullptr);
}
Status WriteBatch::Delete(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts) {
  return AddWithTimestamp(this, Kind::kDelete, Kind::kColumnFamilyDelete, column_family, key, ts, nullptr);
}
Status WriteBatch::Delete(ColumnFamilyHandle* column_family, const SliceParts& key) {
  return AddParts(this, Kind::kDelete, Kind::kColumnFamilyDelete, column_family, key, nullptr);
}

Status WriteBatch::SingleDelete(ColumnFamilyHandle* column_family, const Slice& key) {
  return AddOne(this, Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, column_family, key, nullptr);
}
Status WriteBatch::SingleDelete(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts) {
  return AddWithTimestamp(this, Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, column_family, key, ts, nullptr);
}
Status WriteBatch::SingleDelete(ColumnFamilyHandle* column_family, const SliceParts& key) {
  return AddParts(this, Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, column_family, key, nullptr);
}

Status WriteBatch::DeleteRange(ColumnFamilyHandle* column_family, const Slice& begin_key, const Slice& end_key) {
  const Family family = FamilyOf(*this, column_family);
  if (family.is_mismatch) [[unlikely]]
    return family.Mismatch();
  const KeyParts begin(begin_key, family.timestamp_bytes);
  const KeyParts end(end_key, family.timestamp_bytes);
  if (family.timestamp_bytes > 0) WriteBatchInternal::NoteTimestamps(this, /*needs_update=*/true);
  return AddRange(this, family.id, begin, end);
}
Status WriteBatch::DeleteRange(ColumnFamilyHandle* column_family, const Slice& begin_key, const Slice& end_key,
                               const Slice& ts) {
  const Status checked = CheckTimestamp(column_family, ts);
  if (!checked.ok()) return checked;
  WriteBatchInternal::NoteTimestamps(this, /*needs_update=*/false);
  return AddRange(this, column_family->GetID(), KeyParts(begin_key, ts), KeyParts(end_key, ts));
}
Status WriteBatch::DeleteRange(ColumnFamilyHandle* column_family, const SliceParts& begin_key,
                               const SliceParts& end_key) {
  return AddParts(this, Kind::kRangeDelete, Kind::kColumnFamilyRangeDelete, column_family, begin_key, &end_key);
}

Status WriteBatch::Merge(ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  if (const Status checked = CheckNoTimestamps(FamilyOf(*this, column_family)); !checked.ok()) return checked;
  return AddOne(this, Kind::kMerge, Kind::kColumnFamilyMerge, column_family, key, &value);
}
Status WriteBatch::Merge(ColumnFamilyHandle* column_family, const SliceParts& key, const SliceParts& value) {
  return AddParts(this, Kind::kMerge, Kind::kColumnFamilyMerge, column_family, key, &value);
}

Status WriteBatch::PutLogData(const Slice& blob) {
  const uint32_t count = Count();
  const SliceParts parts(&blob, 1);
  const Status status = WriteBatchInternal::Append(this, Kind::kLogData, Kind::kLogData, 0, {{&parts}}, 0);
  WriteBatchInternal::SetCount(this, count);  // log data takes no sequence number
  if (prot_info_ != nullptr && status.ok()) prot_info_->hashes.pop_back();
  return status;
}

void WriteBatch::SetSavePoint() {
  if (save_points_ == nullptr) save_points_ = std::make_unique<SavePoints>();
  save_points_->stack.push(SavePoint(GetDataSize(), Count(), content_flags_.load(std::memory_order_relaxed)));
}

Status WriteBatch::RollbackToSavePoint() {
  if (save_points_ == nullptr || save_points_->stack.empty()) return Status::NotFound();
  const SavePoint point = save_points_->stack.top();
  save_points_->stack.pop();
  if (point.size == rep_.size()) return Status::OK();
  if (point.size == 0) {
    Clear();
    return Status::OK();
  }
  rep_.resize(point.size);
  if (prot_info_ != nullptr) prot_info_->hashes.resize(point.count);
  WriteBatchInternal::SetCount(this, point.count);
  content_flags_.store(point.content_flags, std::memory_order_relaxed);
  return Status::OK();
}

Status WriteBatch::PopSavePoint() {
  if (save_points_ == nullptr || save_points_->stack.empty()) return Status::NotFound();
  save_points_->stack.pop();
  return Status::OK();
}

void WriteBatch::MarkWalTerminationPoint() {
  wal_term_point_.size = GetDataSize();
  wal_term_point_.count = Count();
  wal_term_point_.content_flags = content_flags_.load(std::memory_order_relaxed);
}

size_t WriteBatch::GetProtectionBytesPerKey() const { return prot_info_ == nullptr ? 0 : 8; }

uint32_t WriteBatch::ComputeContentFlags() const {
  uint32_t flags = content_flags_.load(std::memory_order_relaxed);
  if ((flags & kDeferred) == 0) return flags;
  flags = 0;
  gneiss::BatchReader reader(rep_);
  gneiss::BatchRecord record;
  while (rep_.size() >= gneiss::kBatchHeaderBytes && !reader.AtEnd() && reader.Next(&record).ok()) {
    flags |= FlagOf(record.kind);
  }
  content_flags_.store(flags, std::memory_order_relaxed);
  return flags;
}

bool WriteBatch::HasPut() const { return (ComputeContentFlags() & kHasPut) != 0; }
bool WriteBatch::HasPutEntity() const { return (ComputeContentFlags() & kHasPutEntity) != 0; }
bool WriteBatch::HasDelete() const { return (ComputeContentFlags() & kHasDelete) != 0; }
bool WriteBatch::HasSingleDelete() const { return (ComputeContentFlags() & kHasSingleDelete) != 0; }
bool WriteBatch::HasDeleteRange() const { return (ComputeContentFlags() & kHasDeleteRange) != 0; }
bool WriteBatch::HasMerge() const { return (ComputeContentFlags() & kHasMerge) != 0; }
bool WriteBatch::HasBeginPrepare() const { return (ComputeContentFlags() & kHasBeginPrepare) != 0; }
bool WriteBatch::HasEndPrepare() const { return (ComputeContentFlags() & kHasEndPrepare) != 0; }
bool WriteBatch::HasCommit() const { return (ComputeContentFlags() & kHasCommit) != 0; }
bool WriteBatch::HasRollback() const { return (ComputeContentFlags() & kHasRollback) != 0; }

Status WriteBatch::Iterate(Handler* handler) const { return WriteBatchInternal::Iterate(*this, handler); }

Status WriteBatch::VerifyChecksum() const {
  if (prot_info_ == nullptr) return Status::OK();
  gneiss::Slice rest = gneiss::Slice(rep_).substr(gneiss::kBatchHeaderBytes);
  gneiss::BatchReader reader(rep_);
  gneiss::BatchRecord record;
  size_t index = 0;
  while (!reader.AtEnd()) {
    const gneiss::Status status = reader.Next(&record);
    if (!status.ok()) return gneiss::compat::ToRocks(status);
    const size_t bytes = rest.size() - reader.RestBytes();
    const gneiss::Slice encoded = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    if (!gneiss::IsDataRecord(record.kind)) continue;
    if (index >= prot_info_->hashes.size() || prot_info_->hashes[index] != gneiss::Xxh3(encoded)) {
      return Status::Corruption("ProtectionInfo mismatch");
    }
    ++index;
  }
  return index == prot_info_->hashes.size() ? Status::OK() : Status::Corruption("ProtectionInfo mismatch");
}

Status WriteBatchInternal::Protect(WriteBatch* batch, size_t bytes_per_key) {
  if (bytes_per_key != 8) return Status::NotSupported("WriteBatch protection info must be zero or eight bytes/key");
  if (batch->prot_info_ != nullptr) return Status::OK();
  auto info = std::make_unique<WriteBatch::ProtectionInfo>();
  gneiss::Slice rest = gneiss::Slice(batch->rep_).substr(gneiss::kBatchHeaderBytes);
  gneiss::BatchReader reader(batch->rep_);
  gneiss::BatchRecord record;
  while (!reader.AtEnd()) {
    const gneiss::Status status = reader.Next(&record);
    if (!status.ok()) return gneiss::compat::ToRocks(status);
    const size_t bytes = rest.size() - reader.RestBytes();
    if (gneiss::IsDataRecord(record.kind)) info->hashes.push_back(gneiss::Xxh3(rest.substr(0, bytes)));
    rest.remove_prefix(bytes);
  }
  batch->prot_info_ = std::move(info);
  return Status::OK();
}

Status WriteBatch::UpdateTimestamps(const Slice& ts, std::function<size_t(uint32_t)> ts_sz_func) {
  // What was changed before must not pass for right afterwards.
  if (const Status verified = VerifyChecksum(); !verified.ok()) return verified;
  gneiss::BatchReader reader(rep_);
  gneiss::BatchRecord record;
  const auto stamp = [&](gneiss::Slice key) {
    const size_t bytes = ts_sz_func(record.column_family_id);
    if (bytes == 0) return Status::OK();
    if (bytes == SIZE_MAX) return Status::NotFound();
    if (ts.empty()) return Status::InvalidArgument("Timestamp is empty");
    if (bytes != ts.size() || key.size() < bytes) return Status::InvalidArgument("timestamp size mismatch");
    rep_.replace(static_cast<size_t>(key.data() - rep_.data()) + key.size() - bytes, bytes, ts.data(), bytes);
    return Status::OK();
  };
  size_t index = 0;
  while (!reader.AtEnd()) {
    const size_t begin = rep_.size() - reader.RestBytes();
    const gneiss::Status read = reader.Next(&record);
    if (!read.ok()) return gneiss::compat::ToRocks(read);
    if (!gneiss::IsDataRecord(record.kind)) continue;
    Status status = stamp(record.key);
    if (status.ok() && record.kind == Kind::kRangeDelete) status = stamp(record.value);
    if (!status.ok()) return status;
    if (prot_info_ == nullptr) continue;
    const size_t end = rep_.size() - reader.RestBytes();
    prot_info_->hashes[index++] = gneiss::Xxh3(gneiss::Slice(rep_).substr(begin, end - begin));
  }
  needs_in_place_update_ts_ = false;
  return Status::OK();
}

SequenceNumber WriteBatchInternal::Sequence(const WriteBatch& batch) { return gneiss::BatchSeq(batch.rep_); }
void WriteBatchInternal::SetSequence(WriteBatch* batch, SequenceNumber seq) {
  gneiss::SetBatchSeq(batch->rep_.data(), seq);
}
void WriteBatchInternal::SetCount(WriteBatch* batch, uint32_t count) {
  gneiss::EncodeU32(batch->rep_.data() + 8, count);
}
uint32_t WriteBatchInternal::ContentFlags(const WriteBatch& batch) { return batch.ComputeContentFlags(); }

Status WriteBatchInternal::Append(WriteBatch* batch, Kind default_tag, Kind family_tag, uint32_t family_id,
                                  std::initializer_list<Part> parts, uint32_t content_flag) {
  std::string& rep = batch->rep_;
  const size_t before = rep.size();
  PieceBuffer out(&rep);
  out.AddByte(static_cast<char>(family_id == 0 ? default_tag : family_tag));
  if (family_id != 0) out.AddVarint(family_id);
  for (const Part& part : parts) {
    const Slice* const pieces = part.parts->parts;
    const int count = part.parts->num_parts;
    size_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += pieces[i].size();
    out.AddVarint(static_cast<uint32_t>(bytes));
    for (int i = 0; i < count; ++i) out.Add(pieces[i]);
  }
  out.Flush();
  if (batch->max_bytes_ != 0 && rep.size() > batch->max_bytes_) {
    rep.resize(before);
    return Status::MemoryLimit();
  }
  SetCount(batch, batch->Count() + 1);
  if (content_flag != 0) {
    batch->content_flags_.store(batch->content_flags_.load(std::memory_order_relaxed) | content_flag,
                                std::memory_order_relaxed);
  }
  if (batch->prot_info_ != nullptr) {
    batch->prot_info_->hashes.push_back(gneiss::Xxh3(gneiss::Slice(rep).substr(before)));
  }
  return Status::OK();
}

Status WriteBatchInternal::AppendBatch(WriteBatch* batch, const WriteBatch& source) {
  const uint32_t count = batch->Count() + source.Count();
  const uint32_t flags = ContentFlags(*batch) | ContentFlags(source);
  batch->rep_.append(source.rep_, gneiss::kBatchHeaderBytes);
  SetCount(batch, count);
  batch->content_flags_.store(flags, std::memory_order_relaxed);
  return Status::OK();
}

Status WriteBatchInternal::Iterate(const WriteBatch& batch, WriteBatch::Handler* handler) {
  if (batch.rep_.size() < gneiss::kBatchHeaderBytes) return Status::Corruption("malformed WriteBatch (too small)");
  gneiss::BatchReader reader(batch.rep_);
  gneiss::BatchRecord record;
  uint32_t found = 0;
  bool is_empty_batch = true;
  while (!reader.AtEnd() && handler->Continue()) {
    const gneiss::Status read = reader.Next(&record);
    if (!read.ok()) return gneiss::compat::ToRocks(read);
    const Slice key = FromEngine(record.key);
    const Slice value = FromEngine(record.value);
    const uint32_t family = record.column_family_id;
    Status status;
    switch (record.kind) {
      case Kind::kPut:
        status = handler->PutCF(family, key, value);
        break;
      case Kind::kDelete:
        status = handler->DeleteCF(family, key);
        break;
      case Kind::kSingleDelete:
        status = handler->SingleDeleteCF(family, key);
        break;
      case Kind::kRangeDelete:
        status = handler->DeleteRangeCF(family, key, value);
        break;
      case Kind::kMerge:
        status = handler->MergeCF(family, key, value);
        break;
      case Kind::kBlobIndex:
        status = handler->PutBlobIndexCF(family, key, value);
        break;
      case Kind::kWideColumn:
        status = handler->PutEntityCF(family, key, value);
        break;
      case Kind::kLogData:
        handler->LogData(key);
        break;
      case Kind::kBeginPrepare:
      case Kind::kBeginPersistedPrepare:
        status = handler->MarkBeginPrepare();
        break;
      case Kind::kBeginUnprepare:
        status = handler->MarkBeginPrepare(true /* unprepared */);
        break;
      case Kind::kEndPrepare:
        status = handler->MarkEndPrepare(key);
        break;
      case Kind::kCommit:
        status = handler->MarkCommit(key);
        break;
      case Kind::kCommitWithTimestamp:
        status = handler->MarkCommitWithTimestamp(key, value);
        break;
      case Kind::kRollback:
        status = handler->MarkRollback(key);
        break;
      case Kind::kNoop:
        status = handler->MarkNoop(is_empty_batch);
        break;
      default:
        return Status::Corruption("unknown WriteBatch tag");
    }
    if (!status.ok()) return status;
    if (gneiss::IsDataRecord(record.kind)) {
      ++found;
      is_empty_batch = false;
    }
  }
  if (reader.AtEnd() && found != batch.Count()) return Status::Corruption("WriteBatch has wrong count");
  return Status::OK();
}

}  // namespace rocksdb
