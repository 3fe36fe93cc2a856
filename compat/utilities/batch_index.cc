#include "compat/utilities/batch_index.h"

#include <rocksdb/merge_operator.h>

#include <algorithm>

namespace gneiss::compat {

using rocksdb::ColumnFamilyHandle;
using rocksdb::Comparator;
using rocksdb::Slice;

namespace {

bool IsIndexed(Kind kind) {
  return kind == Kind::kPut || kind == Kind::kDelete || kind == Kind::kSingleDelete || kind == Kind::kMerge;
}

}  // namespace

BatchIndex::BatchIndex(rocksdb::WriteBatch* batch, const Options& options)
    : batch_(batch), options_(options), entries_(Less{this}, &memory_) {}

const Comparator* BatchIndex::ComparatorOf(uint32_t family_id) const {
  const auto found = comparators_.find(family_id);
  return found == comparators_.end() ? options_.default_comparator : found->second;
}

int BatchIndex::CompareKeys(uint32_t family_id, const Slice& a, const Slice& b) const {
  return ComparatorOf(family_id)->CompareWithoutTimestamp(a, /*a_has_ts=*/false, b, /*b_has_ts=*/false);
}

bool BatchIndex::Less::operator()(const Entry& a, const Entry& b) const {
  if (a.family_id != b.family_id) return a.family_id < b.family_id;
  const int order = index->CompareKeys(a.family_id, index->KeyOf(a), index->KeyOf(b));
  return order != 0 ? order < 0 : a.offset < b.offset;
}

bool BatchIndex::Less::operator()(const Entry& a, const Bound& b) const {
  if (a.family_id != b.family_id) return a.family_id < b.family_id;
  const int order = b.key == nullptr ? 0 : index->CompareKeys(a.family_id, index->KeyOf(a), *b.key);
  return order != 0 ? order < 0 : b.after;
}

bool BatchIndex::Less::operator()(const Bound& a, const Entry& b) const {
  if (a.family_id != b.family_id) return a.family_id < b.family_id;
  const int order = a.key == nullptr ? 0 : index->CompareKeys(b.family_id, *a.key, index->KeyOf(b));
  return order != 0 ? order < 0 : !a.after;
}

BatchRecord BatchIndex::RecordOf(const Entry& entry) const {
  const std::string_view rep = batch_->Data();
  BatchRecord record;
  // The reader skips a header; the bytes before the record stand in for one. The record was read when it was indexed.
  BatchReader reader(rep.substr(entry.offset - kBatchHeaderBytes));
  reader.Next(&record).IgnoreError("read before, and the batch only grew");
  record.key = record.key.substr(0, entry.key_size);
  return record;
}

BatchIndex::Entry BatchIndex::MakeEntry(const BatchRecord& record, size_t offset) const {
  const size_t timestamp_size = ComparatorOf(record.column_family_id)->timestamp_size();
  return {.family_id = record.column_family_id,
          .offset = offset,
          .key_offset = static_cast<size_t>(record.key.data() - batch_->Data().data()),
          .key_size = record.key.size() - std::min(timestamp_size, record.key.size())};
}

void BatchIndex::Add(ColumnFamilyHandle* family, size_t offset) {
  if (family != nullptr) comparators_.try_emplace(family->GetID(), family->GetComparator());
  BatchRecord record;
  BatchReader reader(std::string_view(batch_->Data()).substr(offset - kBatchHeaderBytes));
  if (reader.Next(&record).ok()) Insert(MakeEntry(record, offset), record.kind);
}

void BatchIndex::Insert(const Entry& entry, Kind kind) {
  if (options_.overwrites_keys) {
    const Slice key = KeyOf(entry);
    auto newest = entries_.upper_bound(Bound{entry.family_id, &key, /*after=*/true});
    const bool has_older = newest != entries_.begin() && (--newest)->family_id == entry.family_id &&
                           CompareKeys(entry.family_id, KeyOf(*newest), key) == 0;
    if (has_older) {
      if (newest->offset >= sub_batch_start_) {
        sub_batch_start_ = entry.offset;
        ++sub_batches_;
      }
      if (kind != Kind::kMerge) {
        newest->offset = entry.offset;
        newest->key_offset = entry.key_offset;
        newest->key_size = entry.key_size;
        return;
      }
    }
  }
  entries_.insert(entry);
}

rocksdb::Status BatchIndex::Rebuild() {
  Clear();
  const std::string_view rep = batch_->Data();
  BatchReader reader(rep);
  while (!reader.AtEnd()) {
    const size_t offset = rep.size() - reader.RestBytes();
    BatchRecord record;
    const Status status = reader.Next(&record);
    if (!status.ok()) return rocksdb::Status::Corruption(status.message());
    if (IsIndexed(record.kind)) Insert(MakeEntry(record, offset), record.kind);
  }
  return rocksdb::Status::OK();
}

void BatchIndex::Clear() {
  entries_.clear();
  memory_.release();
  sub_batches_ = 1;
  sub_batch_start_ = 0;
}

void BatchCursor::SeekToFirst() { at_ = index_->entries_.lower_bound(BatchIndex::Bound{family_id_, nullptr, false}); }

void BatchCursor::SeekToLast() {
  StepBackFrom(index_->entries_.upper_bound(BatchIndex::Bound{family_id_, nullptr, true}));
}

void BatchCursor::Seek(const Slice& key) {
  at_ = index_->entries_.lower_bound(BatchIndex::Bound{family_id_, &key, false});
}

void BatchCursor::SeekPast(const Slice& key) {
  at_ = index_->entries_.lower_bound(BatchIndex::Bound{family_id_, &key, true});
}

void BatchCursor::SeekForPrev(const Slice& key) {
  StepBackFrom(index_->entries_.lower_bound(BatchIndex::Bound{family_id_, &key, true}));
}

void BatchCursor::SeekBefore(const Slice& key) {
  StepBackFrom(index_->entries_.lower_bound(BatchIndex::Bound{family_id_, &key, false}));
}

void BatchCursor::Next() { ++at_; }

void BatchCursor::Prev() { StepBackFrom(at_); }

void BatchCursor::StepBackFrom(BatchIndex::Entries::const_iterator place) {
  at_ = place;
  if (at_ == index_->entries_.begin()) {
    SetEnd();
  } else {
    --at_;
  }
}

rocksdb::Status MergeOperators::Merge(ColumnFamilyHandle* family, const Slice& key, const Slice* base,
                                      const std::vector<std::string>& operands, std::string* value) {
  using rocksdb::MergeOperator;
  if (family == nullptr) return rocksdb::Status::InvalidArgument("Must provide a column_family");
  auto [found, is_new] = operators_.try_emplace(family->GetID());
  if (is_new) {
    rocksdb::ColumnFamilyDescriptor descriptor;
    const rocksdb::Status status = family->GetDescriptor(&descriptor);
    if (!status.ok()) return status;
    found->second = descriptor.options.merge_operator;
  }
  if (found->second == nullptr) {
    return rocksdb::Status::InvalidArgument("Merge_operator must be set for column_family");
  }
  const std::vector<Slice> list(operands.begin(), operands.end());
  Slice existing_operand(nullptr, 0);
  MergeOperator::MergeOperationOutput out(*value, existing_operand);
  value->clear();
  if (!found->second->FullMergeV2(MergeOperator::MergeOperationInput(key, base, list, nullptr), &out)) {
    return rocksdb::Status::Corruption("Error: Could not perform merge.");
  }
  if (existing_operand.data() != nullptr) value->assign(existing_operand.data(), existing_operand.size());
  return rocksdb::Status::OK();
}

BatchLookup LookUpInBatch(const BatchIndex& index, MergeOperators* merge_operators, ColumnFamilyHandle* family,
                          const Slice& key) {
  using Outcome = BatchLookup::Outcome;
  BatchLookup result;
  const Comparator* order = index.ComparatorOf(FamilyId(family));
  BatchCursor cursor(&index, FamilyId(family));
  // From the newest record of the key to the first that settles its value.
  for (cursor.SeekForPrev(key); cursor.Valid(); cursor.Prev()) {
    if (order->CompareWithoutTimestamp(cursor.key(), false, key, false) != 0) break;
    const BatchRecord record = cursor.record();
    if (record.kind == Kind::kMerge) {
      result.operands.emplace_back(record.value);
      result.outcome = Outcome::kMerging;
      continue;
    }
    result.outcome = record.kind == Kind::kPut ? Outcome::kFound : Outcome::kDeleted;
    result.in_batch = record.value;
    break;
  }
  std::reverse(result.operands.begin(), result.operands.end());
  if (result.operands.empty() || result.outcome == Outcome::kMerging) return result;

  const Slice* base = result.outcome == Outcome::kFound ? &result.in_batch : nullptr;
  result.status = merge_operators->Merge(family, key, base, result.operands, &result.merged);
  result.outcome = result.status.ok() ? Outcome::kFound : Outcome::kError;
  return result;
}

}  // namespace gneiss::compat
