#include "engine/iter/point_lookup.h"

#include <algorithm>
#include <utility>

#include "engine/base/perf.h"
#include "engine/iter/wide_column.h"

namespace gneiss {

bool PointLookup::Offer(Kind kind, SeqNo entry_seq, Slice entry_value, Pin* pin) {
  if (is_done()) return false;
  if (entry_seq < covered_below_) return End();
  switch (kind) {
    case Kind::kPut:
      return operands_.empty() ? Found(entry_value, pin) : FoldOnto(entry_value);
    case Kind::kDelete:
    case Kind::kSingleDelete:
    case Kind::kDeleteWithTimestamp:
      return End();
    case Kind::kMerge:
      return AddOperand(entry_value);
    case Kind::kWideColumn:
      return OfferWideColumn(entry_value, pin);
    case Kind::kBlobIndex:
      return OfferBlob(entry_value);
    default:
      Fail(Status::Corruption("Corrupted value not expected."));
      return false;
  }
}

bool PointLookup::OfferVersion(Slice stored_user_key, Kind kind, SeqNo entry_seq, Slice entry_value, Pin* pin) {
  if (entry_seq > seq_) return !is_done();
  const KeyOrder& order = versions_->order;
  if (!order.HoldsTimestamp(stored_user_key)) {
    Fail(Status::Corruption("user key is too short for a timestamp"));
    return false;
  }
  if (operands_.empty()) {
    const bool is_covered = entry_seq < covered_below_;
    versions_->timestamp = is_covered ? Slice(versions_->covering_timestamp) : order.TimestampOf(stored_user_key);
  }
  stored_key_ = stored_user_key;
  return Offer(kind, entry_seq, entry_value, pin);
}

void PointLookup::CoverBelow(SeqNo tombstone_seq, Slice tombstone_timestamp) {
  if (tombstone_seq <= covered_below_) return;
  covered_below_ = tombstone_seq;
  versions_->covering_timestamp = tombstone_timestamp;
  if (operands_.empty()) versions_->timestamp = tombstone_timestamp;  // until a newer version is offered
}

bool PointLookup::Found(Slice entry_value, Pin* pin) {
  state_ = State::kFound;
  if (wants_ == Wants::kOperands) [[unlikely]] {
    operands_.emplace_back(entry_value);
    return false;
  }
  if (value_ == nullptr) return false;
  if (pin != nullptr && pin->release != nullptr) {
    value_->PinBytes(entry_value, *pin);
    pin->release = nullptr;
  } else {
    value_->CopyBytes(entry_value);
  }
  return false;
}

// Nothing older counts: the key was deleted here.
bool PointLookup::End() {
  if (operands_.empty()) {
    state_ = State::kDeleted;
    return false;
  }
  Settle(FoldOperands(nullptr));
  return false;
}

bool PointLookup::FoldOnto(Slice base) {
  Settle(FoldOperands(&base));
  return false;
}

bool PointLookup::AddOperand(Slice operand) {
  if (merge_operator_ == nullptr) {
    Fail(Status::InvalidArgument("merge_operator is not properly initialized."));
    return false;
  }
  operands_.emplace_back(operand);
  return true;
}

bool PointLookup::OfferWideColumn(Slice entity, Pin* pin) {
  if (wants_ == Wants::kOperands) {
    Fail(Status::NotSupported("GetMergeOperands not supported for wide-column entities"));
    return false;
  }
  if (!operands_.empty()) {
    Fail(Status::NotSupported("Merge not supported for wide-column entities"));
    return false;
  }
  if (wants_ == Wants::kEntity) {
    is_entity_ = true;
    return Found(entity, pin);
  }
  Slice value;
  if (Status status = DefaultColumnOf(entity, &value); !status.ok()) {
    Fail(std::move(status));
    return false;
  }
  return Found(value, pin);
}

bool PointLookup::OfferBlob(Slice reference) {
  if (blob_values_ == nullptr) {
    Fail(Status::NotSupported(
        "Encounter unexpected blob index. Please open DB with ROCKSDB_NAMESPACE::blob_db::BlobDB instead."));
    return false;
  }
  if (operands_.empty() && wants_ != Wants::kOperands) {
    Settle(value_ == nullptr ? Status::Ok() : blob_values_->Read(StoredKey(), reference, value_));
    return false;
  }
  PinnedValue base;
  if (Status status = blob_values_->Read(StoredKey(), reference, &base); !status.ok()) {
    Fail(std::move(status));
    return false;
  }
  return FoldOnto(base.slice());
}

void PointLookup::Fail(Status status) {
  if (state_ == State::kFailed) return;
  state_ = State::kFailed;
  status_ = std::move(status);
}

void PointLookup::Settle(Status status) {
  if (status.ok()) {
    state_ = State::kFound;
  } else {
    Fail(std::move(status));
  }
}

Status PointLookup::Finish() {
  if (state_ == State::kSearching) End();
  switch (state_) {
    case State::kFound:
      return Status::Ok();
    case State::kFailed:
      return status_;
    default:
      return Status::NotFound();
  }
}

Status PointLookup::FoldOperands(const Slice* base) {
  if (wants_ == Wants::kOperands) {
    if (base != nullptr) operands_.emplace_back(*base);
    return Status::Ok();
  }
  if (value_ == nullptr) return Status::Ok();
  const std::vector<Slice> oldest_first(operands_.rbegin(), operands_.rend());
  std::string result;
  const PerfTimer timer(&PerfCounters::merge_operator_time_nanos);
  if (!merge_operator_->FullMerge(user_key_, base, oldest_first, &result)) {
    return Status::Corruption("Error: Could not perform merge.");
  }
  value_->TakeBytes(std::move(result));
  return Status::Ok();
}

}  // namespace gneiss
