// The writing half of DbImpl: a single put is a batch of one, built in a buffer that the thread keeps.

#include <rocksdb/rate_limiter.h>

#include <algorithm>

#include "compat/db/db_impl.h"
#include "compat/db/read_params.h"
#include "compat/db/timestamps.h"
#include "compat/db/write_batch_internal.h"
#include "compat/not_supported.h"
#include "compat/status_map.h"
#include "engine/wal/write_batch.h"

namespace gneiss::compat {

namespace {

// A thread that wrote a large value gives the memory back.
constexpr size_t kKeptBufferBytesMax = 64 << 10;

}  // namespace

rocksdb::Status DbImpl::WriteOne(const rocksdb::WriteOptions& options, Kind tag, Kind family_tag,
                                 rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key,
                                 const rocksdb::Slice* value) {
  if (key.size() > UINT32_MAX) return rocksdb::Status::InvalidArgument("key is too large");
  if (value != nullptr && value->size() > UINT32_MAX) return rocksdb::Status::InvalidArgument("value is too large");
  const ColumnFamily& inner = *FamilyOf(family);
  if (inner.order.has_timestamps()) [[unlikely]]
    return TimestampsEnabledError(inner.name);
  if (options.protection_bytes_per_key != 0 && options.protection_bytes_per_key != 8) [[unlikely]] {
    return rocksdb::WriteBatchInternal::Protect(nullptr, options.protection_bytes_per_key);
  }
  thread_local std::string rep;
  rep.clear();
  rep.resize(kBatchHeaderBytes);
  EncodeU32(rep.data() + 8, 1);
  const uint32_t id = inner.id;
  if (id == 0) {
    rep.push_back(static_cast<char>(tag));
  } else {
    rep.push_back(static_cast<char>(family_tag));
    PutVarint32(&rep, id);
  }
  PutLengthPrefixed(&rep, ToEngine(key));
  if (value != nullptr) PutLengthPrefixed(&rep, ToEngine(*value));
  if (options.rate_limiter_priority != rocksdb::Env::IO_TOTAL) [[unlikely]] {
    if (const rocksdb::Status charged = ChargeRateLimiter(options, rep.size()); !charged.ok()) return charged;
  }
  const Status status = core_->database->Write(WriteParamsOf(options), &rep);
  if (rep.capacity() > kKeptBufferBytesMax) std::string().swap(rep);
  return ToRocks(status);
}

rocksdb::Status DbImpl::Put(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, const rocksdb::Slice& value) {
  return WriteOne(options, Kind::kPut, Kind::kColumnFamilyPut, family, key, &value);
}
rocksdb::Status DbImpl::Put(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, const rocksdb::Slice& ts, const rocksdb::Slice& value) {
  if (const rocksdb::Status checked = CheckTimestamp(family, ts); !checked.ok()) return checked;
  return DB::Put(options, family, key, ts, value);
}
rocksdb::Status DbImpl::Delete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const rocksdb::Slice& key) {
  return WriteOne(options, Kind::kDelete, Kind::kColumnFamilyDelete, family, key, nullptr);
}
rocksdb::Status DbImpl::Delete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                               const rocksdb::Slice& key, const rocksdb::Slice& ts) {
  if (const rocksdb::Status checked = CheckTimestamp(family, ts); !checked.ok()) return checked;
  return DB::Delete(options, family, key, ts);
}
rocksdb::Status DbImpl::SingleDelete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                                     const rocksdb::Slice& key) {
  return WriteOne(options, Kind::kSingleDelete, Kind::kColumnFamilySingleDelete, family, key, nullptr);
}
rocksdb::Status DbImpl::SingleDelete(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                                     const rocksdb::Slice& key, const rocksdb::Slice& ts) {
  if (const rocksdb::Status checked = CheckTimestamp(family, ts); !checked.ok()) return checked;
  return DB::SingleDelete(options, family, key, ts);
}
rocksdb::Status DbImpl::Merge(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                              const rocksdb::Slice& key, const rocksdb::Slice& value) {
  if (const rocksdb::Status checked = CheckNoTimestamps(family); !checked.ok()) return checked;
  if (FamilyOf(family)->merge_operator.load(std::memory_order_relaxed) == nullptr) {
    return rocksdb::Status::NotSupported("Provide a merge_operator when opening DB");
  }
  return WriteOne(options, Kind::kMerge, Kind::kColumnFamilyMerge, family, key, &value);
}

rocksdb::Status DbImpl::DeleteRange(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                                    const rocksdb::Slice& begin, const rocksdb::Slice& end) {
  if (const rocksdb::Status checked = CheckNoTimestamps(family); !checked.ok()) return checked;
  return DB::DeleteRange(options, family, begin, end);
}
rocksdb::Status DbImpl::DeleteRange(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                                    const rocksdb::Slice& begin, const rocksdb::Slice& end, const rocksdb::Slice& ts) {
  if (const rocksdb::Status checked = CheckTimestamp(family, ts); !checked.ok()) return checked;
  return DB::DeleteRange(options, family, begin, end, ts);
}
rocksdb::Status DbImpl::PutEntity(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                                  const rocksdb::Slice& key, const rocksdb::WideColumns& columns) {
  if (family != nullptr) {  // else the batch says what is wrong
    if (const rocksdb::Status checked = CheckNoTimestamps(family); !checked.ok()) return checked;
  }
  return DB::PutEntity(options, family, key, columns);
}

rocksdb::Status DbImpl::Write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch* updates) {
  if (updates == nullptr) return rocksdb::Status::InvalidArgument("Batch is nullptr!");
  if (options.protection_bytes_per_key != 0) [[unlikely]] {
    const rocksdb::Status protection = rocksdb::WriteBatchInternal::Protect(updates, options.protection_bytes_per_key);
    if (!protection.ok()) return protection;
  }
  if (rocksdb::WriteBatchInternal::NeedsTimestamps(*updates)) {
    return rocksdb::Status::InvalidArgument("write batch must have timestamp(s) set");
  }
  if (updates->GetProtectionBytesPerKey() != 0) {
    const rocksdb::Status verified = updates->VerifyChecksum();
    if (!verified.ok()) return verified;
  }
  if (options.rate_limiter_priority != rocksdb::Env::IO_TOTAL) [[unlikely]] {
    const rocksdb::Status charged = ChargeRateLimiter(options, updates->GetDataSize());
    if (!charged.ok()) return charged;
  }
  WriteParams params = WriteParamsOf(options);
  if (const rocksdb::SavePoint& end = updates->GetWalTerminationPoint(); !end.is_cleared()) {
    params.logged_bytes = end.size;
    params.logged_count = static_cast<uint32_t>(end.count);
  }
  return ToRocks(core_->database->Write(params, rocksdb::WriteBatchInternal::MutableRep(updates)));
}

// WriteOptions::rate_limiter_priority: what goes to the log at once is charged, and nothing else can be.
rocksdb::Status DbImpl::ChargeRateLimiter(const rocksdb::WriteOptions& options, size_t bytes) const {
  if (options.rate_limiter_priority != rocksdb::Env::IO_USER) {
    return rocksdb::Status::InvalidArgument(
        "WriteOptions::rate_limiter_priority only allows Env::IO_TOTAL and Env::IO_USER due to implementation "
        "constraints");
  }
  if (options.disableWAL || core_->db_options.manual_wal_flush) {
    return rocksdb::Status::InvalidArgument(
        "WriteOptions::rate_limiter_priority currently only supports rate-limiting automatic WAL flush, which "
        "requires WriteOptions::disableWAL and DBOptions::manual_wal_flush both set to false");
  }
  rocksdb::RateLimiter* const limiter = core_->db_options.rate_limiter.get();
  if (limiter == nullptr) return rocksdb::Status::OK();
  for (auto left = static_cast<int64_t>(bytes); left > 0;) {
    const int64_t piece = std::min(left, limiter->GetSingleBurstBytes());
    limiter->Request(piece, rocksdb::Env::IO_USER, core_->db_options.statistics.get(),
                     rocksdb::RateLimiter::OpType::kWrite);
    left -= piece;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::FlushWAL(bool sync) { return ToRocks(core_->database->FlushWal(sync)); }
rocksdb::Status DbImpl::SyncWAL() { return ToRocks(core_->database->SyncWal()); }
rocksdb::Status DbImpl::LockWAL() { return ToRocks(core_->database->LockWal()); }
rocksdb::Status DbImpl::UnlockWAL() { return ToRocks(core_->database->UnlockWal()); }
rocksdb::SequenceNumber DbImpl::GetLatestSequenceNumber() const { return core_->database->LatestSeq(); }

}  // namespace gneiss::compat

namespace rocksdb {

namespace {

// For calls with a timestamp.
WriteBatch TimedBatch(DB* db) {
  return WriteBatch(0, 0, 0, db->DefaultColumnFamily()->GetComparator()->timestamp_size());
}

Status WriteBatchOf(DB* db, const WriteOptions& options, Status added, WriteBatch* batch) {
  return added.ok() ? db->Write(options, batch) : added;
}

}  // namespace

// The base class's bodies, for user subclasses of DB that override Write only.
Status DB::Put(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  WriteBatch batch(key.size() + value.size() + 24);
  return WriteBatchOf(this, options, batch.Put(column_family, key, value), &batch);
}
Status DB::Put(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts,
               const Slice& value) {
  WriteBatch batch = TimedBatch(this);
  return WriteBatchOf(this, options, batch.Put(column_family, key, ts, value), &batch);
}
Status DB::PutEntity(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key,
                     const WideColumns& columns) {
  WriteBatch batch = TimedBatch(this);
  return WriteBatchOf(this, options, batch.PutEntity(column_family, key, columns), &batch);
}
Status DB::Delete(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key) {
  WriteBatch batch;
  return WriteBatchOf(this, options, batch.Delete(column_family, key), &batch);
}
Status DB::Delete(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts) {
  WriteBatch batch = TimedBatch(this);
  return WriteBatchOf(this, options, batch.Delete(column_family, key, ts), &batch);
}
Status DB::SingleDelete(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key) {
  WriteBatch batch;
  return WriteBatchOf(this, options, batch.SingleDelete(column_family, key), &batch);
}
Status DB::SingleDelete(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key,
                        const Slice& ts) {
  WriteBatch batch = TimedBatch(this);
  return WriteBatchOf(this, options, batch.SingleDelete(column_family, key, ts), &batch);
}
Status DB::DeleteRange(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& begin_key,
                       const Slice& end_key) {
  WriteBatch batch;
  return WriteBatchOf(this, options, batch.DeleteRange(column_family, begin_key, end_key), &batch);
}
Status DB::DeleteRange(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& begin_key,
                       const Slice& end_key, const Slice& ts) {
  WriteBatch batch = TimedBatch(this);
  return WriteBatchOf(this, options, batch.DeleteRange(column_family, begin_key, end_key, ts), &batch);
}
Status DB::Merge(const WriteOptions& options, ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  WriteBatch batch;
  return WriteBatchOf(this, options, batch.Merge(column_family, key, value), &batch);
}

}  // namespace rocksdb
