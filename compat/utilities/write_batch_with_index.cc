// rocksdb/utilities/write_batch_with_index.h
#include <rocksdb/utilities/write_batch_with_index.h>

#include "compat/not_supported.h"
#include "compat/utilities/batch_index.h"

namespace rocksdb {

using gneiss::compat::BatchCursor;
using gneiss::compat::BatchIndex;
using gneiss::compat::BatchLookup;
using gneiss::compat::FamilyId;
using gneiss::compat::LookUpInBatch;

struct WriteBatchWithIndex::Rep {
  Rep(const Comparator* default_comparator, size_t reserved_bytes, bool overwrite_key, size_t max_bytes,
      size_t protection_bytes_per_key)
      : batch(reserved_bytes, max_bytes, protection_bytes_per_key, default_comparator->timestamp_size()),
        index(&batch, {default_comparator, overwrite_key}) {}

  // Appends through add(batch) and indexes what came.
  template <class Append>
  Status Add(ColumnFamilyHandle* family, Append append) {
    const size_t offset = batch.GetDataSize();
    Status status = append(&batch);
    if (status.ok()) index.Add(family, offset);
    return status;
  }
  BatchLookup LookUp(ColumnFamilyHandle* family, const Slice& key) {
    return LookUpInBatch(index, &merge_operators, family, key);
  }

  WriteBatch batch;
  BatchIndex index;
  gneiss::compat::MergeOperators merge_operators;
};

namespace {

Status NeedsHandle() { return Status::InvalidArgument("column family handle cannot be nullptr"); }

WriteType TypeOf(gneiss::Kind kind) {
  switch (kind) {
    case gneiss::Kind::kPut:
      return kPutRecord;
    case gneiss::Kind::kMerge:
      return kMergeRecord;
    case gneiss::Kind::kDelete:
      return kDeleteRecord;
    case gneiss::Kind::kSingleDelete:
      return kSingleDeleteRecord;
    default:
      return kUnknownRecord;
  }
}

class EntryIterator final : public WBWIIterator {
 public:
  EntryIterator(const BatchIndex* index, uint32_t family_id) : cursor_(index, family_id) {}
  bool Valid() const override { return cursor_.Valid(); }
  void SeekToFirst() override { cursor_.SeekToFirst(); }
  void SeekToLast() override { cursor_.SeekToLast(); }
  void Seek(const Slice& key) override { cursor_.Seek(key); }
  void SeekForPrev(const Slice& key) override { cursor_.SeekForPrev(key); }
  void Next() override { cursor_.Next(); }
  void Prev() override { cursor_.Prev(); }
  WriteEntry Entry() const override {
    const gneiss::BatchRecord record = cursor_.record();
    return {TypeOf(record.kind), record.key, record.value};
  }
  Status status() const override { return Status::OK(); }

 private:
  BatchCursor cursor_;
};

// What a lookup in the batch alone says when the database below does not matter. False when it does.
bool Settles(const BatchLookup& found, Status* status) {
  switch (found.outcome) {
    case BatchLookup::Outcome::kFound:
      *status = Status::OK();
      return true;
    case BatchLookup::Outcome::kDeleted:
      *status = Status::NotFound();
      return true;
    case BatchLookup::Outcome::kError:
      *status = found.status;
      return true;
    default:
      return false;
  }
}

}  // namespace

WriteBatchWithIndex::WriteBatchWithIndex(const Comparator* backup_index_comparator, size_t reserved_bytes,
                                         bool overwrite_key, size_t max_bytes, size_t protection_bytes_per_key)
    : rep(std::make_unique<Rep>(backup_index_comparator, reserved_bytes, overwrite_key, max_bytes,
                                protection_bytes_per_key)) {}

WriteBatchWithIndex::~WriteBatchWithIndex() = default;
WriteBatchWithIndex::WriteBatchWithIndex(WriteBatchWithIndex&&) = default;
WriteBatchWithIndex& WriteBatchWithIndex::operator=(WriteBatchWithIndex&&) = default;

Status WriteBatchWithIndex::Put(ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->Put(column_family, key, value); });
}

Status WriteBatchWithIndex::Put(const Slice& key, const Slice& value) {
  return rep->Add(nullptr, [&](WriteBatch* batch) { return batch->Put(key, value); });
}

Status WriteBatchWithIndex::Put(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts,
                                const Slice& value) {
  if (column_family == nullptr) return NeedsHandle();
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->Put(column_family, key, ts, value); });
}

Status WriteBatchWithIndex::Delete(ColumnFamilyHandle* column_family, const Slice& key) {
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->Delete(column_family, key); });
}

Status WriteBatchWithIndex::Delete(const Slice& key) {
  return rep->Add(nullptr, [&](WriteBatch* batch) { return batch->Delete(key); });
}

Status WriteBatchWithIndex::Delete(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts) {
  if (column_family == nullptr) return NeedsHandle();
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->Delete(column_family, key, ts); });
}

Status WriteBatchWithIndex::SingleDelete(ColumnFamilyHandle* column_family, const Slice& key) {
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->SingleDelete(column_family, key); });
}

Status WriteBatchWithIndex::SingleDelete(const Slice& key) {
  return rep->Add(nullptr, [&](WriteBatch* batch) { return batch->SingleDelete(key); });
}

Status WriteBatchWithIndex::SingleDelete(ColumnFamilyHandle* column_family, const Slice& key, const Slice& ts) {
  if (column_family == nullptr) return NeedsHandle();
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->SingleDelete(column_family, key, ts); });
}

Status WriteBatchWithIndex::Merge(ColumnFamilyHandle* column_family, const Slice& key, const Slice& value) {
  return rep->Add(column_family, [&](WriteBatch* batch) { return batch->Merge(column_family, key, value); });
}

Status WriteBatchWithIndex::Merge(const Slice& key, const Slice& value) {
  return rep->Add(nullptr, [&](WriteBatch* batch) { return batch->Merge(key, value); });
}

Status WriteBatchWithIndex::PutLogData(const Slice& blob) { return rep->batch.PutLogData(blob); }

void WriteBatchWithIndex::Clear() {
  rep->batch.Clear();
  rep->index.Clear();
}

WriteBatch* WriteBatchWithIndex::GetWriteBatch() { return &rep->batch; }

size_t WriteBatchWithIndex::GetDataSize() const { return rep->batch.GetDataSize(); }

size_t WriteBatchWithIndex::SubBatchCnt() { return rep->index.sub_batches(); }

void WriteBatchWithIndex::SetSavePoint() { rep->batch.SetSavePoint(); }

Status WriteBatchWithIndex::RollbackToSavePoint() {
  Status status = rep->batch.RollbackToSavePoint();
  return status.ok() ? rep->index.Rebuild() : status;
}

Status WriteBatchWithIndex::PopSavePoint() { return rep->batch.PopSavePoint(); }

void WriteBatchWithIndex::SetMaxBytes(size_t max_bytes) { rep->batch.SetMaxBytes(max_bytes); }

WBWIIterator* WriteBatchWithIndex::NewIterator() { return new EntryIterator(&rep->index, 0); }

WBWIIterator* WriteBatchWithIndex::NewIterator(ColumnFamilyHandle* column_family) {
  return new EntryIterator(&rep->index, FamilyId(column_family));
}

Iterator* WriteBatchWithIndex::NewIteratorWithBase(ColumnFamilyHandle* column_family, Iterator* base_iterator,
                                                   const ReadOptions* opts) {
  return gneiss::compat::NewLayeredIterator(&rep->index, &rep->merge_operators, column_family, base_iterator, opts);
}

Iterator* WriteBatchWithIndex::NewIteratorWithBase(Iterator* base_iterator) {
  return NewIteratorWithBase(nullptr, base_iterator, nullptr);
}

Status WriteBatchWithIndex::GetFromBatch(ColumnFamilyHandle* column_family, const DBOptions&, const Slice& key,
                                         std::string* value) {
  const BatchLookup found = rep->LookUp(column_family, key);
  Status status;
  if (!Settles(found, &status)) {
    return found.outcome == BatchLookup::Outcome::kMerging ? Status::MergeInProgress() : Status::NotFound();
  }
  if (status.ok()) value->assign(found.value().data(), found.value().size());
  return status;
}

Status WriteBatchWithIndex::GetFromBatchAndDB(DB* db, const ReadOptions& read_options, const Slice& key,
                                              std::string* value) {
  return GetFromBatchAndDB(db, read_options, db->DefaultColumnFamily(), key, value);
}

Status WriteBatchWithIndex::GetFromBatchAndDB(DB* db, const ReadOptions& read_options, const Slice& key,
                                              PinnableSlice* value) {
  return GetFromBatchAndDB(db, read_options, db->DefaultColumnFamily(), key, value);
}

Status WriteBatchWithIndex::GetFromBatchAndDB(DB* db, const ReadOptions& read_options,
                                              ColumnFamilyHandle* column_family, const Slice& key, std::string* value) {
  PinnableSlice pinned(value);
  Status status = GetFromBatchAndDB(db, read_options, column_family, key, &pinned);
  if (status.ok() && pinned.IsPinned()) value->assign(pinned.data(), pinned.size());
  return status;
}

Status WriteBatchWithIndex::GetFromBatchAndDB(DB* db, const ReadOptions& read_options,
                                              ColumnFamilyHandle* column_family, const Slice& key,
                                              PinnableSlice* pinnable_val) {
  return GetFromBatchAndDB(db, read_options, column_family, key, pinnable_val, nullptr);
}

Status WriteBatchWithIndex::GetFromBatchAndDB(DB* db, const ReadOptions& read_options,
                                              ColumnFamilyHandle* column_family, const Slice& key,
                                              PinnableSlice* pinnable_val, ReadCallback* callback) {
  if (callback != nullptr) return gneiss::compat::NotBuilt("WriteBatchWithIndex with a ReadCallback");
  const Comparator* order = rep->index.ComparatorOf(FamilyId(column_family));
  if (order->timestamp_size() > 0 && read_options.timestamp == nullptr) {
    return Status::InvalidArgument("Must specify timestamp");
  }
  BatchLookup found = rep->LookUp(column_family, key);
  Status status;
  if (Settles(found, &status)) {
    if (status.ok()) pinnable_val->PinSelf(found.value());
    return status;
  }
  status = db->Get(read_options, column_family, key, pinnable_val);
  if (found.outcome == BatchLookup::Outcome::kUnknown || !(status.ok() || status.IsNotFound())) return status;

  const Slice base(*pinnable_val);
  std::string merged;
  status = rep->merge_operators.Merge(column_family, key, status.ok() ? &base : nullptr, found.operands, &merged);
  if (status.ok()) {
    pinnable_val->Reset();
    *pinnable_val->GetSelf() = std::move(merged);
    pinnable_val->PinSelf();
  }
  return status;
}

void WriteBatchWithIndex::MultiGetFromBatchAndDB(DB* db, const ReadOptions& read_options,
                                                 ColumnFamilyHandle* column_family, const size_t num_keys,
                                                 const Slice* keys, PinnableSlice* values, Status* statuses,
                                                 bool sorted_input) {
  MultiGetFromBatchAndDB(db, read_options, column_family, num_keys, keys, values, statuses, sorted_input, nullptr);
}

void WriteBatchWithIndex::MultiGetFromBatchAndDB(DB* db, const ReadOptions& read_options,
                                                 ColumnFamilyHandle* column_family, const size_t num_keys,
                                                 const Slice* keys, PinnableSlice* values, Status* statuses,
                                                 bool sorted_input, ReadCallback* callback) {
  if (callback != nullptr) {
    std::fill_n(statuses, num_keys, gneiss::compat::NotBuilt("WriteBatchWithIndex with a ReadCallback"));
    return;
  }
  // Keys that the batch settles are done; the others are asked of the database together.
  std::vector<size_t> open_places;
  std::vector<Slice> open_keys;
  std::vector<BatchLookup> lookups;
  for (size_t i = 0; i < num_keys; ++i) {
    BatchLookup found = rep->LookUp(column_family, keys[i]);
    if (Settles(found, &statuses[i])) {
      if (statuses[i].ok()) values[i].PinSelf(found.value());
      continue;
    }
    open_places.push_back(i);
    open_keys.push_back(keys[i]);
    lookups.push_back(std::move(found));
  }
  std::vector<PinnableSlice> from_db(open_keys.size());
  std::vector<Status> db_statuses(open_keys.size());
  db->MultiGet(read_options, column_family, open_keys.size(), open_keys.data(), from_db.data(), db_statuses.data(),
               sorted_input);
  for (size_t i = 0; i < open_places.size(); ++i) {
    PinnableSlice& value = values[open_places[i]];
    Status& status = statuses[open_places[i]];
    status = db_statuses[i];
    const bool is_merging = lookups[i].outcome == BatchLookup::Outcome::kMerging;
    if (!is_merging || !(status.ok() || status.IsNotFound())) {
      value = std::move(from_db[i]);
      continue;
    }
    const Slice base(from_db[i]);
    std::string merged;
    status = rep->merge_operators.Merge(column_family, open_keys[i], status.ok() ? &base : nullptr, lookups[i].operands,
                                        &merged);
    if (status.ok()) value.PinSelf(merged);
  }
}

}  // namespace rocksdb
