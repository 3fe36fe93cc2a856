// The reading half of DbImpl. A value found in a cached block is pinned there; one found in a memtable is copied into
// the caller's own buffer.

#include <rocksdb/rate_limiter.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "compat/db/db_impl.h"
#include "compat/db/iterator.h"
#include "compat/db/read_params.h"
#include "compat/db/timestamps.h"
#include "compat/status_map.h"

namespace gneiss::compat {

namespace {

rocksdb::Status CheckIteratorOptions(const rocksdb::ReadOptions& options) {
  if (options.managed) return rocksdb::Status::NotSupported("Managed iterator is not supported anymore.");
  if (options.read_tier == rocksdb::kPersistedTier) {
    return rocksdb::Status::NotSupported("ReadTier::kPersistedData is not yet supported in iterators.");
  }
  return rocksdb::Status::OK();
}

// What else the options must be for an iterator over the family.
rocksdb::Status CheckIteratorTimestamps(const rocksdb::ReadOptions& options,
                                        const rocksdb::ColumnFamilyHandle* family) {
  const rocksdb::Status checked = CheckReadTimestamp(options, family);
  return checked.ok() && options.iter_start_ts != nullptr ? CheckTimestamp(family, *options.iter_start_ts) : checked;
}

void MoveInto(PinnedValue* from, rocksdb::PinnableSlice* to) {
  if (from->is_pinned()) {
    const rocksdb::Slice value = ToRocks(from->slice());
    const Pin pin = from->TakePin();
    to->PinSlice(value, pin.release, pin.argument1, pin.argument2);
  } else {
    to->PinSelf();  // the bytes lie in its own buffer already
  }
}

// Family by family, each in the order of its keys.
std::vector<size_t> PlacesInKeyOrder(size_t num_keys, rocksdb::ColumnFamilyHandle* const* families,
                                     const rocksdb::Slice* keys) {
  std::vector<size_t> places(num_keys);
  std::iota(places.begin(), places.end(), size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) {
    const ColumnFamily& family = *FamilyOf(families[a]);
    if (families[a]->GetID() != families[b]->GetID()) return families[a]->GetID() < families[b]->GetID();
    return family.order.OfBareKeys().Compare(ToEngine(keys[a]), ToEngine(keys[b])) < 0;
  });
  return places;
}

// ReadOptions::value_size_soft_limit: the value that passes it is still given, those after it are not.
void AbortBeyond(uint64_t limit, const std::vector<size_t>& places, rocksdb::PinnableSlice* values,
                 rocksdb::Status* statuses) {
  uint64_t bytes = 0;
  for (const size_t place : places) {
    if (bytes > limit) {
      values[place].Reset();
      statuses[place] = rocksdb::Status::Aborted();
    } else if (statuses[place].ok()) {
      bytes += values[place].size();
    }
  }
}

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

}  // namespace

bool ReadOptionsGate::IsPastDeadline() const {
  return deadline_us_ != 0 && core_.db_options.env->NowMicros() >= static_cast<uint64_t>(deadline_us_);
}

Status ReadOptionsGate::BeforeRead(uint64_t bytes) {
  if (IsPastDeadline()) return Status::TimedOut("Deadline exceeded");
  rocksdb::RateLimiter* const limiter = core_.db_options.rate_limiter.get();
  if (limiter == nullptr || priority_ == rocksdb::Env::IO_TOTAL) return Status::Ok();
  for (auto left = static_cast<int64_t>(bytes); left > 0;) {
    const int64_t piece = std::min(left, limiter->GetSingleBurstBytes());
    limiter->Request(piece, priority_, core_.db_options.statistics.get(), rocksdb::RateLimiter::OpType::kRead);
    left -= piece;
  }
  return Status::Ok();
}

rocksdb::Status DbImpl::Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, rocksdb::PinnableSlice* value) {
  ColumnFamily* const inner = FamilyOf(family).get();
  if (options.timestamp != nullptr || inner->order.has_timestamps()) [[unlikely]]
    return GetAt(options, family, key, value, nullptr);
  value->Reset();
  PinnedValue found(value->GetSelf());
  Status status;
  if (NeedsGate(options)) [[unlikely]] {
    ReadOptionsGate gate(*core_, options);
    status = core_->database->Get(ReadParamsOf(options, &gate), inner, ToEngine(key), &found);
  } else {
    status = core_->database->Get(ReadParamsOf(options), inner, ToEngine(key), &found);
  }
  if (!status.ok()) return ToRocks(status);
  MoveInto(&found, value);
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::Slice& key, rocksdb::PinnableSlice* value, std::string* timestamp) {
  if (timestamp == nullptr) return Get(options, family, key, value);
  if (HasTimestamps(family)) return GetAt(options, family, key, value, timestamp);
  const rocksdb::Status status = Get(options, family, key, value);
  // RocksDB clears it once the options are found to fit.
  if (!status.IsInvalidArgument()) timestamp->clear();
  return status;
}

rocksdb::Status DbImpl::GetAt(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                              const rocksdb::Slice& key, rocksdb::PinnableSlice* value, std::string* timestamp) {
  if (const rocksdb::Status checked = CheckReadTimestamp(options, family); !checked.ok()) return checked;
  value->Reset();
  PinnedValue found(value->GetSelf());
  ReadOptionsGate gate(*core_, options);
  DbReadParams params = ReadParamsOf(options, NeedsGate(options) ? &gate : nullptr);
  const Slice read_timestamp = ToEngine(*options.timestamp);
  params.timestamp = &read_timestamp;
  const Status status = core_->database->GetAt(params, FamilyOf(family).get(), ToEngine(key), &found, timestamp);
  if (!status.ok()) return ToRocks(status);
  MoveInto(&found, value);
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::GetEntity(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                                  const rocksdb::Slice& key, rocksdb::PinnableWideColumns* columns) {
  if (family == nullptr) {
    return rocksdb::Status::InvalidArgument("Cannot call GetEntity without a column family handle");
  }
  if (columns == nullptr) {
    return rocksdb::Status::InvalidArgument("Cannot call GetEntity without a PinnableWideColumns object");
  }
  columns->Reset();
  if (const rocksdb::Status checked = CheckReadTimestamp(options, family); !checked.ok()) return checked;
  if (HasTimestamps(family)) return GetEntityAt(options, family, key, columns);
  PinnedValue found;
  bool is_entity = false;
  const Status status =
      core_->database->GetEntity(ReadParamsOf(options), FamilyOf(family).get(), ToEngine(key), &found, &is_entity);
  if (!status.ok()) return ToRocks(status);
  rocksdb::Cleanable pin;
  rocksdb::Cleanable* to_pin = nullptr;
  const rocksdb::Slice bytes = ToRocks(found.slice());
  if (found.is_pinned()) {
    const Pin taken = found.TakePin();
    pin.RegisterCleanup(taken.release, taken.argument1, taken.argument2);
    to_pin = &pin;
  }
  if (is_entity) return columns->SetWideColumnValue(bytes, to_pin);
  columns->SetPlainValue(bytes, to_pin);
  return rocksdb::Status::OK();
}

// Such families hold no entities: every value is a plain one.
rocksdb::Status DbImpl::GetEntityAt(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                                    const rocksdb::Slice& key, rocksdb::PinnableWideColumns* columns) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = GetAt(options, family, key, &value, nullptr);
  if (status.ok()) columns->SetPlainValue(value);
  return status;
}

rocksdb::Status DbImpl::GetMergeOperands(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                                         const rocksdb::Slice& key, rocksdb::PinnableSlice* operands,
                                         rocksdb::GetMergeOperandsOptions* operands_options, int* operand_count) {
  if (const rocksdb::Status checked = CheckReadTimestamp(options, family); !checked.ok()) return checked;
  const int room = operands_options->expected_max_number_of_operands;
  for (int i = 0; i < room; ++i) operands[i].Reset();
  std::vector<std::string> found;
  if (HasTimestamps(family)) {
    // Nothing is merged in such a family: a value is all there is.
    rocksdb::PinnableSlice value;
    if (const rocksdb::Status status = GetAt(options, family, key, &value, nullptr); !status.ok()) return status;
    found.push_back(value.ToString());
  } else {
    const Status status =
        core_->database->GetOperands(ReadParamsOf(options), FamilyOf(family).get(), ToEngine(key), &found);
    if (!status.ok()) return ToRocks(status);
  }
  *operand_count = static_cast<int>(found.size());
  if (*operand_count > room) {
    return rocksdb::Status::Incomplete(rocksdb::Status::SubCode::KMergeOperandsInsufficientCapacity);
  }
  for (size_t i = 0; i < found.size(); ++i) {
    *operands[i].GetSelf() = std::move(found[i]);
    operands[i].PinSelf();
  }
  return rocksdb::Status::OK();
}

void DbImpl::MultiGet(const rocksdb::ReadOptions& options, size_t num_keys, rocksdb::ColumnFamilyHandle** families,
                      const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, rocksdb::Status* statuses,
                      bool sorted_input) {
  MultiGet(options, num_keys, families, keys, values, /*timestamps=*/nullptr, statuses, sorted_input);
}

void DbImpl::MultiGet(const rocksdb::ReadOptions& options, size_t num_keys, rocksdb::ColumnFamilyHandle** families,
                      const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, std::string* timestamps,
                      rocksdb::Status* statuses, bool /*sorted_input*/) {
  bool is_refused = false;
  for (size_t i = 0; i < num_keys; ++i) {
    statuses[i] = CheckReadTimestamp(options, families[i]);
    is_refused = is_refused || !statuses[i].ok();
  }
  if (is_refused) {
    for (size_t i = 0; i < num_keys; ++i) {
      if (!statuses[i].ok()) continue;
      statuses[i] = rocksdb::Status::Incomplete("DB not queried due to invalid argument(s) in the same MultiGet");
    }
    return;
  }
  ReadOptionsGate gate(*core_, options);
  if (gate.IsPastDeadline()) {
    std::fill_n(statuses, num_keys, rocksdb::Status::TimedOut());
    return;
  }
  std::vector<MultiGetRequest> requests(num_keys);
  const auto found = std::make_unique<std::optional<PinnedValue>[]>(num_keys);
  for (size_t i = 0; i < num_keys; ++i) {
    values[i].Reset();
    found[i].emplace(values[i].GetSelf());
    requests[i].family = FamilyOf(families[i]).get();
    requests[i].key = ToEngine(keys[i]);
    requests[i].value = &*found[i];
    if (timestamps == nullptr) continue;
    timestamps[i].clear();
    requests[i].timestamp = &timestamps[i];
  }
  DbReadParams params = ReadParamsOf(options, NeedsGate(options) ? &gate : nullptr);
  const Slice read_timestamp = options.timestamp == nullptr ? Slice() : ToEngine(*options.timestamp);
  if (options.timestamp != nullptr) params.timestamp = &read_timestamp;
  core_->database->MultiGet(params, requests.data(), num_keys);
  for (size_t i = 0; i < num_keys; ++i) {
    statuses[i] = ToRocks(requests[i].status);
    if (statuses[i].ok()) MoveInto(&*found[i], &values[i]);
  }
  if (options.value_size_soft_limit == kNoLimit) return;
  AbortBeyond(options.value_size_soft_limit, PlacesInKeyOrder(num_keys, families, keys), values, statuses);
}

void DbImpl::MultiGet(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, size_t num_keys,
                      const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, rocksdb::Status* statuses,
                      bool sorted_input) {
  MultiGet(options, family, num_keys, keys, values, /*timestamps=*/nullptr, statuses, sorted_input);
}

void DbImpl::MultiGet(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, size_t num_keys,
                      const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, std::string* timestamps,
                      rocksdb::Status* statuses, bool sorted_input) {
  std::vector<rocksdb::ColumnFamilyHandle*> families(num_keys, family);
  MultiGet(options, num_keys, families.data(), keys, values, timestamps, statuses, sorted_input);
}

std::vector<rocksdb::Status> DbImpl::MultiGet(const rocksdb::ReadOptions& options,
                                              const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                              const std::vector<rocksdb::Slice>& keys,
                                              std::vector<std::string>* values) {
  return MultiGet(options, families, keys, values, /*timestamps=*/nullptr);
}

std::vector<rocksdb::Status> DbImpl::MultiGet(const rocksdb::ReadOptions& options,
                                              const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                              const std::vector<rocksdb::Slice>& keys, std::vector<std::string>* values,
                                              std::vector<std::string>* timestamps) {
  values->resize(keys.size());
  if (timestamps != nullptr) timestamps->resize(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::ColumnFamilyHandle*> handles = families;
  rocksdb::ReadOptions unlimited = options;
  unlimited.value_size_soft_limit = kNoLimit;
  MultiGet(unlimited, keys.size(), handles.data(), keys.data(), found.data(),
           timestamps == nullptr ? nullptr : timestamps->data(), statuses.data(), false);
  if (options.value_size_soft_limit != kNoLimit) {  // these values count in the caller's order
    std::vector<size_t> places(keys.size());
    std::iota(places.begin(), places.end(), size_t{0});
    AbortBeyond(options.value_size_soft_limit, places, found.data(), statuses.data());
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) (*values)[i].assign(found[i].data(), found[i].size());
  }
  return statuses;
}

bool DbImpl::KeyMayExist(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                         const rocksdb::Slice& key, std::string* value, std::string* timestamp, bool* value_found) {
  rocksdb::ReadOptions in_memory = options;
  in_memory.read_tier = rocksdb::kBlockCacheTier;
  rocksdb::PinnableSlice found;
  const rocksdb::Status status = Get(in_memory, family, key, &found, timestamp);
  if (status.ok() && value != nullptr) value->assign(found.data(), found.size());
  if (value_found != nullptr) *value_found = !status.IsIncomplete();  // "not there" is an answer too, as in RocksDB
  return status.ok() || status.IsIncomplete();
}

// What a secondary cannot give: it does not keep the primary from dropping what a snapshot would need.
rocksdb::Status DbImpl::CheckSecondaryIterator(const rocksdb::ReadOptions& options) const {
  if (!is_secondary_) return rocksdb::Status::OK();
  if (options.tailing) return rocksdb::Status::NotSupported("tailing iterator not supported in secondary mode");
  if (options.snapshot != nullptr) return rocksdb::Status::NotSupported("snapshot not supported in secondary mode");
  return rocksdb::Status::OK();
}

rocksdb::Iterator* DbImpl::NewIterator(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family) {
  if (const rocksdb::Status checked = CheckSecondaryIterator(options); !checked.ok()) {
    return rocksdb::NewErrorIterator(checked);
  }
  if (const rocksdb::Status checked = CheckIteratorOptions(options); !checked.ok())
    return rocksdb::NewErrorIterator(checked);
  if (const rocksdb::Status checked = CheckIteratorTimestamps(options, family); !checked.ok()) {
    return rocksdb::NewErrorIterator(checked);
  }
  std::shared_ptr<const rocksdb::SliceTransform> prefix;
  if (options.prefix_same_as_start) prefix = core_->OptionsOf(family->GetName()).prefix_extractor;
  auto iterator = std::make_unique<IteratorHandle>(core_, options, std::move(prefix), FamilyOf(family)->order);
  iterator->Open(FamilyOf(family));
  return iterator.release();
}

rocksdb::Status DbImpl::NewIterators(const rocksdb::ReadOptions& options,
                                     const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                     std::vector<rocksdb::Iterator*>* iterators) {
  if (const rocksdb::Status checked = CheckIteratorOptions(options); !checked.ok()) return checked;
  for (const rocksdb::ColumnFamilyHandle* family : families) {
    if (const rocksdb::Status checked = CheckIteratorTimestamps(options, family); !checked.ok()) return checked;
  }
  iterators->clear();
  if (const rocksdb::Status checked = CheckSecondaryIterator(options); !checked.ok()) return checked;
  // One snapshot for all, unless the caller brought one.
  const rocksdb::Snapshot* own_snapshot = nullptr;
  if (options.snapshot == nullptr && !options.tailing && families.size() > 1) own_snapshot = GetSnapshot();
  for (rocksdb::ColumnFamilyHandle* family : families) {
    std::shared_ptr<const rocksdb::SliceTransform> prefix;
    if (options.prefix_same_as_start) prefix = core_->OptionsOf(family->GetName()).prefix_extractor;
    auto iterator = std::make_unique<IteratorHandle>(core_, options, std::move(prefix), FamilyOf(family)->order);
    IteratorParams params = iterator->ParamsOf();
    if (own_snapshot != nullptr) params.snapshot = SnapshotOf(own_snapshot);
    iterator->Adopt(core_->database->NewIterator(params, FamilyOf(family)));
    iterators->push_back(iterator.release());
  }
  if (own_snapshot != nullptr) ReleaseSnapshot(own_snapshot);
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::ListEntries(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& begin,
                                    const rocksdb::Slice& end, size_t count_max,
                                    std::vector<rocksdb::KeyVersion>* entries) {
  const FamilyPtr& engine_family = FamilyOf(family);
  const std::unique_ptr<InternalIterator> iterator = core_->database->NewEntryIterator(engine_family);
  const KeyOrder& order = engine_family->order;
  if (begin.empty()) {
    iterator->SeekToFirst();
  } else {
    iterator->Seek(SeekKey(order.BeforeVersions(ToEngine(begin)), kSeqMax).Encode());
  }
  const std::string behind = order.BehindVersions(ToEngine(end));
  for (; iterator->Valid(); iterator->Next()) {
    ParsedKey entry;
    if (!ParseInternalKey(iterator->key(), &entry)) return rocksdb::Status::Corruption("Corrupted Key");
    if (!end.empty() && order.Compare(entry.user_key, behind) > 0) break;
    entries->emplace_back(std::string(entry.user_key), std::string(iterator->value()), entry.seq,
                          static_cast<int>(entry.kind));
    if (entries->size() >= count_max) break;
  }
  return ToRocks(iterator->status());
}

const rocksdb::Snapshot* DbImpl::GetSnapshot() {
  if (core_->has_inplace_updates.load(std::memory_order_relaxed)) return nullptr;
  return new SnapshotHandle(core_, core_->database->GetSnapshot());
}

void DbImpl::ReleaseSnapshot(const rocksdb::Snapshot* snapshot) { delete static_cast<const SnapshotHandle*>(snapshot); }

}  // namespace gneiss::compat

namespace rocksdb {

Snapshot::~Snapshot() = default;

ManagedSnapshot::ManagedSnapshot(DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
ManagedSnapshot::ManagedSnapshot(DB* db, const Snapshot* snapshot) : db_(db), snapshot_(snapshot) {}
ManagedSnapshot::~ManagedSnapshot() {
  if (snapshot_ != nullptr) db_->ReleaseSnapshot(snapshot_);
}
const Snapshot* ManagedSnapshot::snapshot() { return snapshot_; }

}  // namespace rocksdb
