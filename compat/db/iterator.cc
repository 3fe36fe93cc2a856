#include "compat/db/iterator.h"

#include "compat/db/table_properties_map.h"
#include "compat/status_map.h"

namespace rocksdb {

namespace {

// An iterator over nothing, with a status.
class EmptyIterator final : public Iterator {
 public:
  explicit EmptyIterator(const Status& status) : status_(status) {}
  bool Valid() const override { return false; }
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(const Slice& /*target*/) override {}
  void SeekForPrev(const Slice& /*target*/) override {}
  void Next() override {}
  void Prev() override {}
  Slice key() const override { return {}; }
  Slice value() const override { return {}; }
  Status status() const override { return status_; }

 private:
  const Status status_;
};

}  // namespace

Status Iterator::GetProperty(std::string prop_name, std::string* prop) {
  if (prop == nullptr) return Status::InvalidArgument("prop is nullptr");
  if (prop_name == "rocksdb.iterator.is-key-pinned") {
    *prop = "0";
    return Status::OK();
  }
  return Status::InvalidArgument("Unidentified property.");
}

Iterator* NewEmptyIterator() { return new EmptyIterator(Status::OK()); }
Iterator* NewErrorIterator(const Status& status) { return new EmptyIterator(status); }

}  // namespace rocksdb

namespace gneiss::compat {

IteratorHandle::IteratorHandle(std::shared_ptr<DbCore> core, const rocksdb::ReadOptions& options,
                               std::shared_ptr<const rocksdb::SliceTransform> prefix_extractor, const KeyOrder& order)
    : core_(std::move(core)),
      options_(options),
      prefix_extractor_(options.prefix_same_as_start ? std::move(prefix_extractor) : nullptr),
      order_(order),
      shows_versions_(order.has_timestamps() && options.iter_start_ts != nullptr),
      gate_(*core_, options) {
  if (options_.timestamp != nullptr) timestamp_ = ToEngine(*options_.timestamp);
  if (options_.iter_start_ts != nullptr) start_timestamp_ = ToEngine(*options_.iter_start_ts);
}

// The caller may have put other bytes behind his bounds.
void IteratorHandle::ReadBounds() {
  if (options_.iterate_lower_bound != nullptr) lower_ = ToEngine(*options_.iterate_lower_bound);
  if (options_.iterate_upper_bound != nullptr) upper_ = ToEngine(*options_.iterate_upper_bound);
  if (!shows_versions_) return;
  lower_bytes_ = order_.BeforeVersions(lower_);
  lower_ = lower_bytes_;
  upper_bytes_ = order_.BeforeVersions(upper_);
  upper_ = upper_bytes_;
}

// Where versions are shown a target is the one at `timestamp`.
Slice IteratorHandle::TargetOf(const rocksdb::Slice& target, const rocksdb::Slice* timestamp) {
  if (!shows_versions_) return ToEngine(target);
  target_bytes_.assign(target.data(), target.size());
  target_bytes_.append(timestamp->data(), timestamp->size());
  return target_bytes_;
}

IteratorParams IteratorHandle::ParamsOf() {
  ReadBounds();
  IteratorParams params = {
      .table = TableParamsOf(options_),
      .snapshot = options_.tailing ? nullptr : SnapshotOf(options_.snapshot),  // a tail has no past
      .lower_bound = options_.iterate_lower_bound == nullptr ? nullptr : &lower_,
      .upper_bound = options_.iterate_upper_bound == nullptr ? nullptr : &upper_,
      .timestamp = order_.has_timestamps() ? &timestamp_ : nullptr,
      .start_timestamp = shows_versions_ ? &start_timestamp_ : nullptr,
      .auto_prefix_mode = options_.auto_prefix_mode,
      .memtable_only = options_.read_tier == rocksdb::kMemtableTier,
      .max_skippable_internal_keys = options_.max_skippable_internal_keys};
  if (NeedsGate(options_)) params.table.gate = &gate_;
  if (options_.table_filter) {
    table_filter_ = [this](const TableProperties& table) { return options_.table_filter(RocksPropertiesOf(table)); };
    params.table.table_filter = &table_filter_;
  }
  return params;
}

void IteratorHandle::Open(const FamilyPtr& family) { inner_ = core_->database->NewIterator(ParamsOf(), family); }

// A tailing iterator looks at the newest data.
void IteratorHandle::BeforeSeek() {
  is_past_prefix_ = false;
  has_prefix_ = false;
  refusal_ = rocksdb::Status::OK();
  is_key_kept_ = false;
  ReadBounds();
  if (options_.tailing && inner_->seq() != core_->database->LatestSeq()) Open(inner_->family());
}

void IteratorHandle::NotePrefix(const rocksdb::Slice& target) {
  if (prefix_extractor_ == nullptr || !prefix_extractor_->InDomain(target)) return;
  prefix_ = prefix_extractor_->Transform(target).ToString();
  has_prefix_ = true;
}

void IteratorHandle::CheckPrefix() {
  if (!has_prefix_ || !inner_->Valid()) return;
  const rocksdb::Slice found = BareKey();
  is_past_prefix_ =
      !prefix_extractor_->InDomain(found) || prefix_extractor_->Transform(found) != rocksdb::Slice(prefix_);
}

void IteratorHandle::SeekToFirst() {
  BeforeSeek();
  inner_->SeekToFirst();
  if (prefix_extractor_ != nullptr && inner_->Valid()) NotePrefix(BareKey());
}

// A tailing iterator goes forward only, as RocksDB's do.
bool IteratorHandle::RefusesBackwards(const char* call) {
  if (!options_.tailing) return false;
  refusal_ = rocksdb::Status::NotSupported(call);
  return true;
}

void IteratorHandle::SeekToLast() {
  if (RefusesBackwards("ForwardIterator::SeekToLast()")) return;
  BeforeSeek();
  inner_->SeekToLast();
  if (prefix_extractor_ != nullptr && inner_->Valid()) NotePrefix(BareKey());
}

void IteratorHandle::Seek(const rocksdb::Slice& target) {
  BeforeSeek();
  NotePrefix(target);
  inner_->Seek(TargetOf(target, options_.timestamp));
  CheckPrefix();
}

void IteratorHandle::SeekForPrev(const rocksdb::Slice& target) {
  if (RefusesBackwards("ForwardIterator::SeekForPrev()")) return;
  BeforeSeek();
  NotePrefix(target);
  inner_->SeekForPrev(TargetOf(target, options_.iter_start_ts));
  CheckPrefix();
}

void IteratorHandle::Next() {
  is_key_kept_ = false;
  inner_->Next();
  if (has_prefix_) CheckPrefix();
}

void IteratorHandle::Prev() {
  if (RefusesBackwards("ForwardIterator::Prev")) return;
  is_key_kept_ = false;
  inner_->Prev();
  if (has_prefix_) CheckPrefix();
}

rocksdb::Slice IteratorHandle::key() const {
  if (options_.pin_data) [[unlikely]]
    return KeptKey();
  return ShownKey();
}

rocksdb::Slice IteratorHandle::ShownKey() const {
  return ToRocks(shows_versions_ ? inner_->stored_internal_key() : inner_->key());
}

rocksdb::Slice IteratorHandle::BareKey() const {
  return ToRocks(shows_versions_ ? order_.BareKey(inner_->key()) : inner_->key());
}

rocksdb::Slice IteratorHandle::timestamp() const {
  return order_.has_timestamps() ? ToRocks(inner_->timestamp()) : rocksdb::Slice();
}

// pin_data promises keys that stay as long as the iterator. A copy of each holds under any table format.
rocksdb::Slice IteratorHandle::KeptKey() const {
  if (!is_key_kept_) {
    kept_keys_.push_front(ShownKey().ToString());
    is_key_kept_ = true;
  }
  return kept_keys_.front();
}
rocksdb::Slice IteratorHandle::value() const { return ToRocks(inner_->value()); }
const rocksdb::WideColumns& IteratorHandle::columns() const {
  if (!inner_->is_entity()) {
    columns_.SetPlainValue(ToRocks(inner_->value()));
  } else if (!columns_.SetWideColumnValue(ToRocks(inner_->entity())).ok()) {
    return rocksdb::kNoWideColumns;  // the iterator has looked: it shows no entity that does not decode
  }
  return columns_.columns();
}
rocksdb::Status IteratorHandle::status() const { return refusal_.ok() ? ToRocks(inner_->status()) : refusal_; }

rocksdb::Status IteratorHandle::Refresh() {
  if (options_.tailing) return rocksdb::Status::NotSupported("Refresh() is not supported");
  if (options_.snapshot != nullptr || core_->database == nullptr) {
    return rocksdb::Status::NotSupported("Creating renew iterator is not allowed.");
  }
  Open(inner_->family());
  is_past_prefix_ = false;
  has_prefix_ = false;
  refusal_ = rocksdb::Status::OK();
  is_key_kept_ = false;
  return rocksdb::Status::OK();
}

rocksdb::Status IteratorHandle::GetProperty(std::string name, std::string* value) {
  if (value == nullptr) return rocksdb::Status::InvalidArgument("prop is nullptr");
  if (name == "rocksdb.iterator.super-version-number") {
    *value = std::to_string(inner_->super_version_number());
    return rocksdb::Status::OK();
  }
  if (name == "rocksdb.iterator.is-key-pinned") {
    *value = !Valid() ? "Iterator is not valid." : options_.pin_data ? "1" : "0";
    return rocksdb::Status::OK();
  }
  if (name == "rocksdb.iterator.internal-key") {
    *value = std::string(order_.has_timestamps() ? UserKeyOf(inner_->stored_internal_key()) : inner_->key());
    return rocksdb::Status::OK();
  }
  return rocksdb::Status::InvalidArgument("Unidentified property.");
}

}  // namespace gneiss::compat
